/* SPDX-License-Identifier: GPL-2.0-or-later */
/* record.c - see record.h for the layout; this file owns its byte order. */
#include "common/record.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <assert.h>

#include "common/record_peek.h"

enum {
	AT_TYPE = 0,
	AT_NODE = 1,
	AT_KIND = 2,
	AT_OUTCOME = 3,
	AT_LANE = 4,
	AT_VALUE_KIND = 6,
	AT_SIDES = 7,
	AT_CHECKSUM = 8,
	AT_COUNT = RECORD_AT_COUNT,
	AT_PART_KINDS = 14,
	AT_BODY = RECORD_AT_UNIT,
	AT_EVENT_TEXT = 24,
	AT_PART_SECTORS = 56,
};
#define EVENT_TEXT_HERE (RECORD_SIZE - AT_EVENT_TEXT)
#define SIDE_TEXT_HERE (RECORD_SIZE - AT_BODY)
#define PART_KIND_BITS 3

static_assert(VALUE_KINDS <= 1 << PART_KIND_BITS, "a part's kind fits its bits");
static_assert(RECORD_PARTS * PART_KIND_BITS <= 16, "the kinds of a side record fit u16");
static_assert(AT_BODY + 6 * 8 == RECORD_SIZE, "an operation fills its record");
static_assert(RECORD_AT_INVOKE == AT_BODY + 8 && RECORD_AT_COMPLETE == AT_BODY + 16,
	      "the body begins with unit, invocation, completion");
static_assert(RECORD_MAX_SIDES < 256, "the side counter is one byte");
static_assert(EVENT_TEXT_HERE + RECORD_MAX_SIDES * SIDE_TEXT_HERE >= EVENT_TEXT_MAX,
	      "an event's text fits the side records allowed");

static uint32_t checksum(const uint8_t *at)
{
	uint8_t copy[RECORD_SIZE];

	memcpy(copy, at, RECORD_SIZE);
	memset(copy + AT_CHECKSUM, 0, 4);
	return (uint32_t)XXH3_64bits(copy, RECORD_SIZE);
}

static void seal(uint8_t *at)
{
	put_u32(at + AT_CHECKSUM, checksum(at));
}

bool record_intact(const uint8_t at[RECORD_SIZE])
{
	return get_u32(at + AT_CHECKSUM) == checksum(at);
}

unsigned record_sides(const uint8_t at[RECORD_SIZE])
{
	return at[AT_SIDES];
}

/* What a value has no use for is 0 in the record, whatever the memory held. */
static bool names_write(enum value_kind kind)
{
	return kind == VALUE_TAG || kind == VALUE_MISDIRECTED;
}

/* The side records of a torn value: RECORD_PARTS parts each. Returns how many. */
static unsigned encode_parts(const struct value *value, uint8_t node, uint8_t *at)
{
	unsigned i, slot = 0, sides = 0;
	uint16_t kinds = 0;

	for (i = 0; i < value->n_parts; i++) {
		const struct part *part = &value->parts[i];

		at[AT_TYPE] = RECORD_PARTS_SIDE;
		at[AT_NODE] = node;
		kinds |= (uint16_t)((unsigned)part->kind << (slot * PART_KIND_BITS));
		put_u64(at + AT_BODY + slot * 8, names_write(part->kind) ? part->write_id : 0);
		at[AT_PART_SECTORS + slot] = (uint8_t)(part->sectors - 1);
		if (++slot == RECORD_PARTS || i + 1 == value->n_parts) {
			at[AT_KIND] = (uint8_t)slot;
			put_u16(at + AT_PART_KINDS, kinds);
			seal(at);
			at += RECORD_SIZE;
			sides++;
			slot = 0;
			kinds = 0;
		}
	}
	return sides;
}

static unsigned encode_op(const struct op *op, uint8_t *at)
{
	unsigned sides = 0;

	if (op->value.kind == VALUE_TORN)
		sides = encode_parts(&op->value, op->node, at + RECORD_SIZE);
	at[AT_NODE] = op->node;
	at[AT_KIND] = (uint8_t)op->kind;
	at[AT_OUTCOME] = (uint8_t)op->outcome;
	put_u16(at + AT_LANE, op->lane);
	at[AT_VALUE_KIND] = (uint8_t)op->value.kind;
	put_u16(at + AT_COUNT, op->count);
	put_u64(at + AT_BODY, op->unit);
	put_u64(at + AT_BODY + 8, op->invoke);
	put_u64(at + AT_BODY + 16, op->complete);
	put_u64(at + AT_BODY + 24, names_write(op->value.kind) ? op->value.write_id : 0);
	put_u64(at + AT_BODY + 32, op->after);
	put_u64(at + AT_BODY + 40,
		op->value.kind == VALUE_MISDIRECTED ? op->value.at_unit : op->peer);
	return sides;
}

static unsigned encode_event(const struct event *event, uint8_t *at)
{
	size_t size = strnlen(event->text, EVENT_TEXT_MAX), done, n;
	unsigned sides = 0;

	at[AT_NODE] = event->node;
	at[AT_KIND] = (uint8_t)event->kind;
	put_u16(at + AT_LANE, (uint16_t)size);
	put_u64(at + AT_BODY, event->time);
	done = size < EVENT_TEXT_HERE ? size : EVENT_TEXT_HERE;
	memcpy(at + AT_EVENT_TEXT, event->text, done);
	while (done < size) {
		uint8_t *side = at + ++sides * RECORD_SIZE;

		n = size - done < SIDE_TEXT_HERE ? size - done : SIDE_TEXT_HERE;
		side[AT_TYPE] = RECORD_TEXT_SIDE;
		side[AT_NODE] = event->node;
		memcpy(side + AT_BODY, event->text + done, n);
		seal(side);
		done += n;
	}
	return sides;
}

size_t record_encode(const struct record *record, uint8_t ret[RECORD_MAX])
{
	unsigned sides = 0;

	memset(ret, 0, RECORD_MAX);
	if (record->type == RECORD_OP) {
		sides = encode_op(&record->op, ret);
	} else if (record->type == RECORD_EVENT) {
		sides = encode_event(&record->event, ret);
	} else {
		ret[AT_NODE] = record->ping.node;
		put_u64(ret + AT_BODY, record->ping.c0);
		put_u64(ret + AT_BODY + 8, record->ping.n1);
		put_u64(ret + AT_BODY + 16, record->ping.n2);
		put_u64(ret + AT_BODY + 24, record->ping.c3);
	}
	ret[AT_TYPE] = (uint8_t)record->type;
	ret[AT_SIDES] = (uint8_t)sides;
	seal(ret);
	return (1 + sides) * RECORD_SIZE;
}

static int damaged(struct error *err, const char *why)
{
	return error_set(err, ERROR_USER, "damaged record: %s", why);
}

static const char not_zero[] = "bytes that must be 0 are not";

static int decode_parts(const uint8_t *at, unsigned sides, struct value *ret, struct error *err)
{
	unsigned i, n;
	uint16_t kinds;

	ret->n_parts = 0;
	for (; sides; sides--, at += RECORD_SIZE) {
		n = at[AT_KIND];
		if (at[AT_TYPE] != RECORD_PARTS_SIDE || !n || n > RECORD_PARTS)
			return damaged(err, "parts of a torn value expected");
		kinds = get_u16(at + AT_PART_KINDS);
		for (i = 0; i < n; i++) {
			struct part *part = &ret->parts[ret->n_parts];

			if (ret->n_parts == SECTORS_MAX)
				return damaged(err, "more parts than a torn value can have");
			part->sectors = (uint16_t)(at[AT_PART_SECTORS + i] + 1U);
			part->kind = (enum value_kind)(kinds >> (i * PART_KIND_BITS) &
						       ((1 << PART_KIND_BITS) - 1));
			part->write_id = get_u64(at + AT_BODY + i * 8);
			ret->n_parts++;
		}
	}
	return 0;
}

static int decode_op(const uint8_t *at, unsigned sides, struct op *ret, struct error *err)
{
	uint64_t extra = get_u64(at + AT_BODY + 40);

	ret->node = at[AT_NODE];
	ret->lane = get_u16(at + AT_LANE);
	ret->kind = (enum op_kind)at[AT_KIND];
	ret->outcome = (enum op_outcome)at[AT_OUTCOME];
	ret->count = get_u16(at + AT_COUNT);
	ret->unit = get_u64(at + AT_BODY);
	ret->invoke = get_u64(at + AT_BODY + 8);
	ret->complete = get_u64(at + AT_BODY + 16);
	ret->after = get_u64(at + AT_BODY + 32);
	ret->value.kind = (enum value_kind)at[AT_VALUE_KIND];
	ret->value.write_id = get_u64(at + AT_BODY + 24);
	ret->value.at_unit = ret->value.kind == VALUE_MISDIRECTED ? extra : 0;
	ret->peer = ret->value.kind == VALUE_MISDIRECTED ? 0 : extra;
	ret->value.n_parts = 0;
	if (ret->value.kind == VALUE_TORN &&
	    decode_parts(at + RECORD_SIZE, sides, &ret->value, err) < 0)
		return -1;
	if (ret->value.kind != VALUE_TORN && sides)
		return damaged(err, "side records without a torn value");
	if (get_u16(at + AT_PART_KINDS) || (ret->value.write_id && !names_write(ret->value.kind)))
		return damaged(err, not_zero);
	return op_validate(ret, err);
}

void record_peek(const uint8_t at[RECORD_SIZE], struct op_head *ret)
{
	ret->unit = record_unit(at);
	ret->invoke = record_invoke(at);
	ret->complete = record_complete(at);
	ret->write_id = get_u64(at + AT_BODY + 24);
	ret->after = get_u64(at + AT_BODY + 32);
	ret->count = record_count(at);
	ret->lane = get_u16(at + AT_LANE);
	ret->node = at[AT_NODE];
	ret->kind = at[AT_KIND];
	ret->outcome = at[AT_OUTCOME];
	ret->value = at[AT_VALUE_KIND];
}

static int decode_event(const uint8_t *at, unsigned sides, struct event *ret, struct error *err)
{
	size_t size = get_u16(at + AT_LANE), done, n;
	unsigned i, needed;

	done = size < EVENT_TEXT_HERE ? size : EVENT_TEXT_HERE;
	needed = (unsigned)((size - done + SIDE_TEXT_HERE - 1) / SIDE_TEXT_HERE);
	if (size > EVENT_TEXT_MAX || sides != needed || at[AT_KIND] >= EVENT_KINDS ||
	    get_u64(at + AT_BODY) == TIME_NONE)
		return damaged(err, "impossible event");
	ret->node = at[AT_NODE];
	ret->kind = (enum event_kind)at[AT_KIND];
	ret->time = get_u64(at + AT_BODY);
	memcpy(ret->text, at + AT_EVENT_TEXT, done);
	for (i = 1; i <= sides; i++, done += n) {
		const uint8_t *side = at + i * RECORD_SIZE;

		if (side[AT_TYPE] != RECORD_TEXT_SIDE)
			return damaged(err, "text of an event expected");
		n = size - done < SIDE_TEXT_HERE ? size - done : SIDE_TEXT_HERE;
		memcpy(ret->text + done, side + AT_BODY, n);
	}
	ret->text[size] = 0;
	if (memchr(ret->text, 0, size))
		return damaged(err, "text with a NUL byte");
	return 0;
}

static int decode_ping(const uint8_t *at, unsigned sides, struct ping *ret, struct error *err)
{
	if (sides)
		return damaged(err, "side records without a torn value");
	ret->node = at[AT_NODE];
	ret->c0 = get_u64(at + AT_BODY);
	ret->n1 = get_u64(at + AT_BODY + 8);
	ret->n2 = get_u64(at + AT_BODY + 16);
	ret->c3 = get_u64(at + AT_BODY + 24);
	if (ret->c0 > ret->c3 || ret->n1 > ret->n2)
		return damaged(err, "a clock sample that runs backwards");
	return 0;
}

static int decode_sample(const uint8_t *at, unsigned sides, struct ping *ret, struct error *err)
{
	if (decode_ping(at, sides, ret, err) < 0)
		return -1;
	if (ret->node || ret->c3 > SAMPLE_TIME_MAX || ret->n2 > SAMPLE_TIME_MAX)
		return damaged(err, "impossible clock sample");
	return 0;
}

/* The text form has nothing for what such a record might hold beside its fields. Only for the rare
 * ones: a plain operation has few spare bytes, and decode_op looks at them. */
static bool is_canonical(const struct record *record, const uint8_t *buf, size_t size)
{
	uint8_t bytes[RECORD_MAX];

	return record_encode(record, bytes) == size && !memcmp(bytes, buf, size);
}

int record_decode(const uint8_t *buf, size_t len, struct record *ret, struct error *err)
{
	unsigned sides, i;
	int result;

	if (len < RECORD_SIZE)
		return 0;
	if (!record_intact(buf))
		return damaged(err, "checksum does not match");
	sides = buf[AT_SIDES];
	if (sides > RECORD_MAX_SIDES || buf[AT_NODE] >= NODES)
		return damaged(err, "field out of range");
	if (len < (1 + sides) * RECORD_SIZE)
		return 0;
	for (i = 1; i <= sides; i++) {
		if (!record_intact(buf + i * RECORD_SIZE))
			return damaged(err, "checksum of a side record does not match");
	}
	switch (buf[AT_TYPE]) {
	case RECORD_OP:
		result = decode_op(buf, sides, &ret->op, err);
		break;
	case RECORD_EVENT:
		result = decode_event(buf, sides, &ret->event, err);
		break;
	case RECORD_PING:
		result = decode_ping(buf, sides, &ret->ping, err);
		break;
	case RECORD_SAMPLE:
		result = decode_sample(buf, sides, &ret->ping, err);
		break;
	default:
		return damaged(err, "unknown type");
	}
	if (result < 0)
		return -1;
	ret->type = (enum record_type)buf[AT_TYPE];
	if ((sides || ret->type != RECORD_OP) && !is_canonical(ret, buf, (1 + sides) * RECORD_SIZE))
		return damaged(err, not_zero);
	return (int)((1 + sides) * RECORD_SIZE);
}

static int validate_parts(const struct value *value, struct error *err)
{
	unsigned i;

	if (value->n_parts < 2 || value->n_parts > SECTORS_MAX)
		return error_set(err, ERROR_USER, "a torn value has two parts or more");
	for (i = 0; i < value->n_parts; i++) {
		if (value->parts[i].kind == VALUE_NONE || value->parts[i].kind >= VALUE_TORN)
			return error_set(err, ERROR_USER, "part %u of a torn value is impossible",
					 i + 1);
	}
	return 0;
}

int op_validate(const struct op *op, struct error *err)
{
	bool bare = op->kind == OP_FLUSH || (op->kind == OP_READ && op->outcome != OUTCOME_OK);

	if (op->node >= NODES || op->kind >= OP_KINDS || op->outcome >= OUTCOMES ||
	    op->value.kind >= VALUE_KINDS || op->lane > LANE_MAX)
		return error_set(err, ERROR_USER, "field out of range");
	if (!op->count || op->unit > UINT64_MAX - op->count)
		return error_set(err, ERROR_USER, "impossible range of units");
	if (op->invoke == TIME_NONE)
		return error_set(err, ERROR_USER, "an operation needs the time of its invocation");
	if (op->complete != TIME_NONE && op->complete < op->invoke)
		return error_set(err, ERROR_USER, "completion (%llu) before invocation (%llu)",
				 (unsigned long long)op->complete, (unsigned long long)op->invoke);
	if (op->kind == OP_FLUSH && (op->unit || op->count != 1))
		return error_set(err, ERROR_USER, "a flush has unit 0 and count 1");
	if (op->outcome == OUTCOME_OK && op->complete == TIME_NONE)
		return error_set(err, ERROR_USER, "outcome ok without a completion");
	if (bare ? op->value.kind != VALUE_NONE : op->value.kind == VALUE_NONE)
		return error_set(err, ERROR_USER, "a value does not fit the operation");
	if (op->kind == OP_WRITE &&
	    (op->value.kind != VALUE_TAG || write_id_node(op->value.write_id) != op->node ||
	     !write_id_sequence(op->value.write_id)))
		return error_set(err, ERROR_USER,
				 "a write's value names its own node and a sequence above 0");
	return op->value.kind == VALUE_TORN ? validate_parts(&op->value, err) : 0;
}
