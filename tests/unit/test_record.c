/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_record.c - the 64-byte record: round trips, and what damage does to it. */
#include "tests/test.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/bytes.h"
#include "common/record.h"

static struct record an_op(enum op_kind kind)
{
	struct record record = {.type = RECORD_OP,
				.op = {.node = 1,
				       .lane = LANE_MAX,
				       .kind = kind,
				       .outcome = OUTCOME_OK,
				       .unit = 0x123456789abcULL,
				       .count = 65535,
				       .invoke = 1000,
				       .complete = 2500,
				       .after = 77,
				       .peer = 88}};

	if (kind == OP_WRITE)
		record.op.value =
			(struct value){.kind = VALUE_TAG, .write_id = write_id(1, 3, 7, 9)};
	if (kind == OP_READ)
		record.op.value = (struct value){.kind = VALUE_ZERO};
	if (kind == OP_FLUSH) {
		record.op.unit = 0;
		record.op.count = 1;
	}
	return record;
}

static struct record torn(unsigned parts)
{
	struct record record = an_op(OP_READ);
	unsigned i;

	record.op.value.kind = VALUE_TORN;
	record.op.value.n_parts = parts;
	for (i = 0; i < parts; i++)
		record.op.value.parts[i] =
			(struct part){i & 1 ? VALUE_TAG : VALUE_ZERO, 1, i & 1 ? 1000 + i : 0};
	return record;
}

static void same_op(const struct op *a, const struct op *b)
{
	unsigned i;

	assert_int_equal(a->node, b->node);
	assert_int_equal(a->lane, b->lane);
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->outcome, b->outcome);
	assert_int_equal(a->unit, b->unit);
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->invoke, b->invoke);
	assert_int_equal(a->complete, b->complete);
	assert_int_equal(a->after, b->after);
	assert_int_equal(a->peer, b->peer);
	assert_int_equal(a->value.kind, b->value.kind);
	assert_int_equal(a->value.write_id, b->value.write_id);
	assert_int_equal(a->value.at_unit, b->value.at_unit);
	assert_int_equal(a->value.n_parts, b->value.n_parts);
	for (i = 0; i < a->value.n_parts; i++) {
		assert_int_equal(a->value.parts[i].kind, b->value.parts[i].kind);
		assert_int_equal(a->value.parts[i].sectors, b->value.parts[i].sectors);
		assert_int_equal(a->value.parts[i].write_id, b->value.parts[i].write_id);
	}
}

static void round_trip(const struct record *record, size_t expected)
{
	uint8_t buf[RECORD_MAX];
	struct record back;
	struct error err;
	size_t size = record_encode(record, buf), len;

	assert_int_equal(size, expected);
	for (len = 0; len < size; len++)
		assert_int_equal(record_decode(buf, len, &back, &err), 0);
	assert_int_equal(record_decode(buf, size, &back, &err), (int)size);
	assert_int_equal(back.type, record->type);
	same_op(&back.op, &record->op);
}

/* Guards against: a field lost or two fields swapped between encoder and decoder. */
static void test_op_round_trip(void **state)
{
	struct record record;

	(void)state;
	record = an_op(OP_READ);
	round_trip(&record, RECORD_SIZE);
	record = an_op(OP_WRITE);
	round_trip(&record, RECORD_SIZE);
	record.op.outcome = OUTCOME_UNKNOWN;
	record.op.complete = TIME_NONE;
	round_trip(&record, RECORD_SIZE);
	record = an_op(OP_FLUSH);
	round_trip(&record, RECORD_SIZE);
	record = an_op(OP_READ);
	record.op.peer = 0;
	record.op.value = (struct value){VALUE_MISDIRECTED, write_id(0, 0, 1, 5), 4711, 0, {{0}}};
	round_trip(&record, RECORD_SIZE);
}

/* Guards against: torn values with just as many parts as fill side records, or one more. */
static void test_torn_round_trip(void **state)
{
	static const unsigned parts[] = {2, 4, 5, 6, 10, 127, 128};
	struct record record;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		record = torn(parts[i]);
		round_trip(&record, (1 + (parts[i] + 4) / 5) * RECORD_SIZE);
	}
	record = torn(2);
	record.op.value.parts[0].sectors = 127;
	round_trip(&record, 2 * RECORD_SIZE);
	/* an operation on several units of the largest size has more sectors than one unit */
	record = torn(4);
	for (i = 0; i < 4; i++)
		record.op.value.parts[i].sectors = SECTORS_MAX;
	round_trip(&record, 2 * RECORD_SIZE);
}

/* Guards against: event texts cut at a record's border. */
static void test_event_round_trip(void **state)
{
	static const size_t sizes[] = {0, 1, 39, 40, 41, 88, 89, EVENT_TEXT_MAX};
	struct record record = {.type = RECORD_EVENT}, back;
	uint8_t buf[RECORD_MAX];
	size_t i, size;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		record.event = (struct event){.node = 1, .kind = EVENT_DISCARD, .time = 12345};
		memset(record.event.text, 'x', sizes[i]);
		size = record_encode(&record, buf);
		assert_int_equal(record_decode(buf, size, &back, NULL), (int)size);
		assert_int_equal(back.type, RECORD_EVENT);
		assert_int_equal(back.event.node, 1);
		assert_int_equal(back.event.kind, EVENT_DISCARD);
		assert_int_equal(back.event.time, 12345);
		assert_string_equal(back.event.text, record.event.text);
	}
}

/* Guards against: a clock sample that cannot be being used to order operations. */
static void test_ping(void **state)
{
	struct record record = {.type = RECORD_PING, .ping = {1, 100, 20, 30, 140}}, back;
	uint8_t buf[RECORD_MAX];

	(void)state;
	assert_int_equal(record_encode(&record, buf), RECORD_SIZE);
	assert_int_equal(record_decode(buf, RECORD_SIZE, &back, NULL), RECORD_SIZE);
	assert_int_equal(back.ping.c0, 100);
	assert_int_equal(back.ping.n1, 20);
	assert_int_equal(back.ping.n2, 30);
	assert_int_equal(back.ping.c3, 140);
	record.ping.n2 = 19;
	record_encode(&record, buf);
	assert_int_equal(record_decode(buf, RECORD_SIZE, &back, NULL), -1);
}

static int decode_sample(uint8_t node, uint64_t a0, uint64_t b1, uint64_t b2, uint64_t a3)
{
	struct record record = {.type = RECORD_SAMPLE, .ping = {node, a0, b1, b2, a3}}, back;
	uint8_t buf[RECORD_MAX];

	assert_int_equal(record_encode(&record, buf), RECORD_SIZE);
	if (record_decode(buf, RECORD_SIZE, &back, NULL) < 0)
		return -1;
	assert_int_equal(back.type, RECORD_SAMPLE);
	assert_int_equal(back.ping.node, 0);
	assert_true(back.ping.c0 == a0 && back.ping.n1 == b1);
	assert_true(back.ping.n2 == b2 && back.ping.c3 == a3);
	return 0;
}

/* Guards against: a sample that is taken for a ping, or one that the text form could not hold. */
static void test_sample(void **state)
{
	uint64_t most = INT64_MAX;

	(void)state;
	assert_int_equal(decode_sample(0, 100, 20, 30, 140), 0);
	assert_int_equal(decode_sample(0, most, most, most, most), 0);
	assert_int_equal(decode_sample(0, 100, 20, 19, 140), -1);
	assert_int_equal(decode_sample(0, 100, 20, 30, 99), -1);
	assert_int_equal(decode_sample(1, 100, 20, 30, 140), -1);
	assert_int_equal(decode_sample(0, 0, 0, most + 1, 0), -1);
	assert_int_equal(decode_sample(0, 0, 0, 0, most + 1), -1);
}

/* Guards against: a flipped bit that goes unnoticed, in the record or in a side record. */
static void test_every_bit(void **state)
{
	struct record record = torn(7), back;
	uint8_t buf[RECORD_MAX];
	struct error err;
	size_t size = record_encode(&record, buf), bit;

	(void)state;
	assert_int_equal(size, 3 * RECORD_SIZE);
	for (bit = 0; bit < size * 8; bit++) {
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(record_decode(buf, size, &back, &err), -1);
		assert_int_equal(err.kind, ERROR_USER);
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(record_decode(buf, size, &back, &err), (int)size);
}

/* What a program that means harm would write: fields of its choice under a good checksum. */
static void reseal(uint8_t *at)
{
	put_u32(at + 8, 0);
	put_u32(at + 8, (uint32_t)XXH3_64bits(at, RECORD_SIZE));
}

/* Guards against: sealed records whose fields are out of range (and, with 130 parts, a write
 * beyond the 128 that fit: it was there). */
static void test_sealed_nonsense(void **state)
{
	static const struct {
		uint8_t at, value;
	} cases[] = {
		{0, 0},		   /* no type */
		{0, 2},		   /* a side record in front */
		{0, 7},		   /* unknown types */
		{0, 99},   {1, 2}, /* node c */
		{2, 3},		   /* kind */
		{3, 3},		   /* outcome */
		{5, 0x10},	   /* lane above LANE_MAX */
		{6, 7},		   /* value kind */
		{6, 0},		   /* a read that is ok, without a value */
		{7, 1},		   /* a side record that is none */
		{7, 255},	   /* more than are allowed */
	};
	uint8_t buf[RECORD_MAX + RECORD_SIZE], good[RECORD_MAX];
	struct record record = an_op(OP_READ), back;
	unsigned i, side;
	size_t size;

	(void)state;
	record_encode(&record, good);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(buf, 0, sizeof(buf));
		memcpy(buf, good, RECORD_SIZE);
		buf[cases[i].at] = cases[i].value;
		reseal(buf);
		reseal(buf + RECORD_SIZE);
		assert_int_equal(record_decode(buf, sizeof(buf), &back, NULL), -1);
	}
	record = torn(128);
	size = record_encode(&record, buf);
	for (side = 1; side < size / RECORD_SIZE; side++) {
		buf[side * RECORD_SIZE + 2] = 5;
		reseal(buf + side * RECORD_SIZE);
	}
	assert_int_equal(record_decode(buf, size, &back, NULL), -1);
	/* an event whose text holds a NUL, and one whose size fits no side records */
	record = (struct record){.type = RECORD_EVENT, .event = {.text = "abc"}};
	record_encode(&record, buf);
	buf[25] = 0;
	reseal(buf);
	assert_int_equal(record_decode(buf, sizeof(buf), &back, NULL), -1);
	put_u16(buf + 4, 41);
	reseal(buf);
	assert_int_equal(record_decode(buf, sizeof(buf), &back, NULL), -1);
	/* a clock sample with side records */
	record = (struct record){.type = RECORD_PING};
	record_encode(&record, buf);
	memset(buf + RECORD_SIZE, 0, RECORD_SIZE);
	buf[7] = 1;
	reseal(buf);
	reseal(buf + RECORD_SIZE);
	assert_int_equal(record_decode(buf, sizeof(buf), &back, NULL), -1);
}

/* Seal a change of one byte of the record; side records are sealed as they are. */
static void expect_noncanonical(const struct record *record, size_t at, uint8_t value)
{
	uint8_t buf[RECORD_MAX];
	struct record back;
	struct error err;
	size_t size = record_encode(record, buf);

	assert_true(at < size);
	assert_int_equal(record_decode(buf, size, &back, NULL), size);
	assert_int_not_equal(buf[at], value);
	buf[at] = value;
	reseal(buf + at / RECORD_SIZE * RECORD_SIZE);
	assert_int_equal(record_decode(buf, size, &back, &err), -1);
	assert_string_equal(err.text, "damaged record: bytes that must be 0 are not");
}

/* Guards against: a record with more in it than the text form tells, so that the twins of a history
 * are not exact. */
static void test_spare_bytes(void **state)
{
	struct record record = an_op(OP_READ);

	(void)state;
	expect_noncanonical(&record, 15, 1);
	record.op.value.kind = VALUE_ZERO;
	record.op.value.write_id = 7; /* not encoded */
	expect_noncanonical(&record, 40, 7);
	record = torn(6);
	expect_noncanonical(&record, RECORD_SIZE + 1, 0);      /* node of a side record */
	expect_noncanonical(&record, RECORD_SIZE + 63, 1);     /* after the last part */
	expect_noncanonical(&record, 2 * RECORD_SIZE + 57, 1); /* a part that is not there */
	record = (struct record){.type = RECORD_PING};
	expect_noncanonical(&record, 63, 1);
	record = (struct record){.type = RECORD_SAMPLE};
	expect_noncanonical(&record, 48, 1);
	record = (struct record){.type = RECORD_EVENT};
	expect_noncanonical(&record, 24, 1); /* text beyond its size */
}

/* Guards against: impossible operations reaching the judge, one rule each. */
static void test_validate(void **state)
{
	struct op op;

	(void)state;
#define REFUSED(kind, change) \
	do { \
		op = an_op(kind).op; \
		assert_int_equal(op_validate(&op, NULL), 0); \
		change; \
		assert_int_equal(op_validate(&op, NULL), -1); \
	} while (0)
	REFUSED(OP_READ, op.node = 2);
	REFUSED(OP_READ, op.lane = LANE_MAX + 1);
	REFUSED(OP_READ, op.count = 0);
	REFUSED(OP_READ, op.unit = UINT64_MAX - 10);
	REFUSED(OP_READ, op.invoke = TIME_NONE);
	REFUSED(OP_READ, op.complete = 999);
	REFUSED(OP_READ, op.complete = TIME_NONE);
	REFUSED(OP_READ, op.outcome = OUTCOME_UNKNOWN);
	REFUSED(OP_READ, op.value.kind = VALUE_NONE);
	REFUSED(OP_READ, op.value.kind = VALUE_TORN);
	REFUSED(OP_WRITE, op.value.kind = VALUE_ZERO);
	REFUSED(OP_WRITE, op.node = 0);
	REFUSED(OP_WRITE, op.value.write_id = write_id(1, 0, 0, 0));
	REFUSED(OP_FLUSH, op.value.kind = VALUE_ZERO);
	REFUSED(OP_FLUSH, op.unit = 1);
	REFUSED(OP_FLUSH, op.count = 2);
#undef REFUSED
	op = torn(3).op;
	assert_int_equal(op_validate(&op, NULL), 0);
	op.value.parts[1].kind = VALUE_TORN;
	assert_int_equal(op_validate(&op, NULL), -1);
	op = torn(3).op;
	op.value.n_parts = 1;
	assert_int_equal(op_validate(&op, NULL), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_op_round_trip),	 cmocka_unit_test(test_torn_round_trip),
		cmocka_unit_test(test_event_round_trip), cmocka_unit_test(test_ping),
		cmocka_unit_test(test_sample),		 cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_sealed_nonsense),	 cmocka_unit_test(test_validate),
		cmocka_unit_test(test_spare_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
