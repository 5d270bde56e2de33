/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_tag.c - the self-describing sector: what a unit holds is told apart, bit by bit. */
#include "tests/test.h"

#include <string.h>

#include "common/tag_sector.h"

#define PER_UNIT 8
#define UNIT (PER_UNIT * SECTOR_SIZE)

static const struct tag_space ours = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, 7};

static struct tag tag_of(uint64_t id, uint64_t unit)
{
	return (struct tag){.write_id = id,
			    .sector = unit * PER_UNIT,
			    .peer = 5,
			    .invoke = 1234567890,
			    .sectors = PER_UNIT};
}

static void stamp(const struct tag_space *space, uint64_t id, uint64_t unit, uint8_t *buf)
{
	struct tag tag = tag_of(id, unit);

	tag_stamp(space, &tag, buf);
}

static struct value read_unit(uint64_t unit, const uint8_t *buf)
{
	struct value value;

	memset(&value, 0xee, sizeof(value));
	tag_read(&ours, unit * PER_UNIT, PER_UNIT, buf, &value);
	return value;
}

/* Guards against: a write that is not recognised, or recognised as another. */
static void test_round_trip(void **state)
{
	static const uint64_t sectors[] = {1, 8, 128};
	uint64_t id = write_id(1, EPOCH_MAX, LANE_MAX, SEQUENCE_MAX);
	static uint8_t buf[UNIT_MAX];
	struct value value;
	size_t i;

	(void)state;
	stamp(&ours, id, 3, buf);
	value = read_unit(3, buf);
	assert_int_equal(value.kind, VALUE_TAG);
	assert_true(value.write_id == id);
	assert_int_equal(value.n_parts, 0);
	stamp(&ours, WRITE_ID_INITIAL, 0, buf);
	value = read_unit(0, buf);
	assert_int_equal(value.kind, VALUE_TAG);
	assert_true(value.write_id == WRITE_ID_INITIAL);
	for (i = 0; i < sizeof(sectors) / sizeof(sectors[0]); i++) {
		struct tag tag = {
			.write_id = id, .sector = 1ULL << 50, .sectors = (uint16_t)sectors[i]};

		tag_stamp(&ours, &tag, buf);
		tag_read(&ours, 1ULL << 50, (unsigned)sectors[i], buf, &value);
		assert_int_equal(value.kind, VALUE_TAG);
	}
}

/* Guards against: any single wrong bit in a sector that passes as a good one. */
static void test_every_bit(void **state)
{
	uint8_t buf[UNIT];
	struct value value;
	unsigned bit;

	(void)state;
	stamp(&ours, 42, 9, buf);
	for (bit = 0; bit < SECTOR_SIZE * 8; bit++) {
		buf[3 * SECTOR_SIZE + bit / 8] ^= (uint8_t)(1 << bit % 8);
		value = read_unit(9, buf);
		assert_int_equal(value.kind, VALUE_TORN);
		assert_int_equal(value.n_parts, 3);
		assert_int_equal(value.parts[0].sectors, 3);
		assert_int_equal(value.parts[1].kind, VALUE_CORRUPT);
		assert_int_equal(value.parts[1].sectors, 1);
		assert_int_equal(value.parts[2].sectors, 4);
		buf[3 * SECTOR_SIZE + bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(read_unit(9, buf).kind, VALUE_TAG);
}

/* Guards against: zeros, leftovers and untouched read buffers taken for one another. */
static void test_no_tags(void **state)
{
	uint8_t buf[UNIT];

	(void)state;
	memset(buf, 0, UNIT);
	assert_int_equal(read_unit(0, buf).kind, VALUE_ZERO);
	buf[UNIT - 1] = 1;
	assert_int_equal(read_unit(0, buf).kind, VALUE_TORN);
	memset(buf, 0xff, UNIT);
	assert_int_equal(read_unit(0, buf).kind, VALUE_CORRUPT);
	tag_poison(buf, UNIT);
	assert_int_equal(read_unit(0, buf).kind, VALUE_CORRUPT);
}

/* Guards against: another run's or volume's data taken for ours, or for garbage. */
static void test_foreign(void **state)
{
	struct tag_space other = ours;
	uint8_t buf[UNIT];

	(void)state;
	other.run[15] ^= 1;
	stamp(&other, 42, 9, buf);
	assert_int_equal(read_unit(9, buf).kind, VALUE_FOREIGN);
	other = ours;
	other.volume++;
	stamp(&other, 42, 9, buf);
	assert_int_equal(read_unit(9, buf).kind, VALUE_FOREIGN);
}

/* Guards against: a block in the wrong place being believed, or its true place being lost. */
static void test_misdirected(void **state)
{
	uint8_t buf[2 * UNIT];
	struct value value;

	(void)state;
	stamp(&ours, 42, 9, buf);
	value = read_unit(4, buf);
	assert_int_equal(value.kind, VALUE_MISDIRECTED);
	assert_int_equal(value.at_unit, 9);
	assert_int_equal(value.write_id, 42);
	assert_int_equal(value.n_parts, 0);
	/* half of our own unit, half of another: one part each */
	stamp(&ours, 42, 4, buf);
	stamp(&ours, 43, 9, buf + UNIT);
	memcpy(buf + UNIT / 2, buf + UNIT + UNIT / 2, UNIT / 2);
	value = read_unit(4, buf);
	assert_int_equal(value.kind, VALUE_TORN);
	assert_int_equal(value.n_parts, 2);
	assert_int_equal(value.parts[1].kind, VALUE_MISDIRECTED);
	assert_int_equal(value.parts[1].sectors, 4);
	assert_int_equal(value.parts[1].write_id, 43);
}

/* Guards against: sectors of one write in the wrong order being one value. */
static void test_shuffled(void **state)
{
	uint8_t buf[UNIT], sector[SECTOR_SIZE];
	struct value value;

	(void)state;
	stamp(&ours, 42, 9, buf);
	memcpy(sector, buf, SECTOR_SIZE);
	memcpy(buf, buf + SECTOR_SIZE, SECTOR_SIZE);
	memcpy(buf + SECTOR_SIZE, sector, SECTOR_SIZE);
	value = read_unit(9, buf);
	assert_int_equal(value.kind, VALUE_TORN);
	assert_int_equal(value.n_parts, 3);
	assert_int_equal(value.parts[0].kind, VALUE_MISDIRECTED);
	assert_int_equal(value.parts[2].sectors, 6);
}

/* Guards against: tears at any sector, and the parts' order and lengths. */
static void test_torn(void **state)
{
	uint8_t old[UNIT], new[UNIT], buf[UNIT];
	struct value value;
	unsigned cut;

	(void)state;
	stamp(&ours, 41, 9, old);
	stamp(&ours, write_id(1, 0, 2, 5), 9, new);
	for (cut = 1; cut < PER_UNIT; cut++) {
		memcpy(buf, new, cut * SECTOR_SIZE);
		memcpy(buf + cut * SECTOR_SIZE, old + cut * SECTOR_SIZE, UNIT - cut * SECTOR_SIZE);
		value = read_unit(9, buf);
		assert_int_equal(value.kind, VALUE_TORN);
		assert_int_equal(value.n_parts, 2);
		assert_int_equal(value.parts[0].sectors, cut);
		assert_true(value.parts[0].write_id == write_id(1, 0, 2, 5));
		assert_int_equal(value.parts[1].sectors, PER_UNIT - cut);
		assert_int_equal(value.parts[1].write_id, 41);
	}
	/* every sector another way: as many parts as there can be */
	memcpy(buf, old, UNIT);
	for (cut = 0; cut < PER_UNIT; cut += 2)
		memset(buf + cut * SECTOR_SIZE, 0, SECTOR_SIZE);
	assert_int_equal(read_unit(9, buf).n_parts, PER_UNIT);
}

/* Guards against: a tear INSIDE a sector that the checksum alone would call corrupt everywhere,
 * with no way to say who wrote which half: each 8 bytes of the body name their writer. */
static void test_body_names_writer(void **state)
{
	uint8_t a[UNIT], b[UNIT];
	unsigned i, same = 0;

	(void)state;
	stamp(&ours, 41, 9, a);
	stamp(&ours, 42, 9, b);
	for (i = 64; i < 504; i += 8) {
		uint64_t x, y;

		memcpy(&x, a + i, 8);
		memcpy(&y, b + i, 8);
		same += x == y;
		assert_true((x ^ y) == (41 ^ 42));
	}
	assert_int_equal(same, 0);
}

/* Guards against: a layout that changed without its version. */
static void test_golden(void **state)
{
	static const uint8_t head[64] = {'S',  'M',  'T',  '1',	 1,  0,	 1,  0,	 1,  2,	 3, 4, 5, 6,
					 7,    8,    9,	   10,	 11, 12, 13, 14, 15, 16, 9, 0, 0, 0,
					 0,    7,    0x30, 0x80, 25, 0,	 0,  0,	 0,  0,	 0, 0, 8, 0,
					 1,    0,    7,	   0,	 0,  0,	 5,  0,	 0,  0,	 0, 0, 0, 0,
					 0xd2, 0x02, 0x96, 0x49, 0,  0,	 0,  0};
	uint8_t buf[UNIT];

	(void)state;
	stamp(&ours, write_id(1, 3, 7, 9), 3, buf);
	assert_memory_equal(buf + SECTOR_SIZE, head, sizeof(head));
}

/* Guards against: a processor with AVX2 that stamps or reads otherwise than one without, so that
 * two hosts do not understand each other. (Without it, this compares a thing with itself.) */
static void test_every_processor(void **state)
{
	uint8_t plain[UNIT], fast[UNIT];
	struct value by_plain, by_fast;
	struct tag tag;
	unsigned i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		tag = tag_of(write_id(i & 1, i, i, i * 0x12345678ULL), i * 77777ULL);
		memset(plain, 0, UNIT);
		memset(fast, 0xff, UNIT);
		stamp_sectors(&ours, &tag, plain);
		tag_stamp(&ours, &tag, fast);
		assert_memory_equal(plain, fast, UNIT);
		plain[i % UNIT] ^= (uint8_t)(i / 2 & 7);
		memset(&by_plain, 0, sizeof(by_plain));
		memset(&by_fast, 0, sizeof(by_fast));
		read_sectors(&ours, tag.sector, PER_UNIT, plain, &by_plain);
		tag_read(&ours, tag.sector, PER_UNIT, plain, &by_fast);
		assert_memory_equal(&by_plain, &by_fast, sizeof(by_plain));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),  cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_no_tags),	    cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_misdirected), cmocka_unit_test(test_shuffled),
		cmocka_unit_test(test_torn),	    cmocka_unit_test(test_body_names_writer),
		cmocka_unit_test(test_golden),	    cmocka_unit_test(test_every_processor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
