/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - the binary record of a history: 64 bytes, little-endian, checksummed.
 *
 * One operation is one record, followed by side records for what 64 bytes cannot hold (the parts
 * of a torn value, the rest of an event's text). A file of records is append-only, so what was
 * written before a crash is whole; the checksum tells a record from noise wherever reading starts.
 *
 *   off size
 *    0   1  type (enum record_type)
 *    1   1  node
 *    2   1  op: kind        event: kind       parts: number of parts here (1..5)
 *    3   1  op: outcome     -                 -
 *    4   2  op: lane        event: text size  -
 *    6   1  op: value kind
 *    7   1  side records that follow this one
 *    8   4  checksum: low half of XXH3-64 over the record with this field zero
 *   12   2  op: count
 *   14   2  0
 *   16      op: unit, invoke, complete, value's write id, after, extra (at_unit of a misdirected
 *           value, else peer): six u64
 *           event: time u64, text 40 bytes; a text record: 48 bytes more
 *           ping: c0 n1 n2 c3: four u64; sample: a0 b1 b2 a3, likewise (node 0)
 *           parts: five u64 write ids at 16..55; then at 56 five bytes of sectors-1 (u8); the kinds
 *           (3 bits each, from bit 0) in the u16 at 14
 */
#ifndef COMMON_RECORD_H
#define COMMON_RECORD_H

#include <stdbool.h>

#include "common/error.h"
#include "common/op.h"

#define RECORD_SIZE 64
#define RECORD_PARTS 5
#define RECORD_MAX_SIDES ((SECTORS_MAX + RECORD_PARTS - 1) / RECORD_PARTS)
#define RECORD_MAX ((1 + RECORD_MAX_SIDES) * RECORD_SIZE)

enum record_type {
	RECORD_OP = 1,
	RECORD_PARTS_SIDE,
	RECORD_EVENT,
	RECORD_TEXT_SIDE,
	RECORD_PING,
	RECORD_SAMPLE,
};

struct record {
	enum record_type type; /* OP, EVENT, PING or SAMPLE */
	union {
		struct op op;
		struct event event;
		struct ping ping; /* and of a SAMPLE */
	};
};

/* Write the record and its side records to ret[RECORD_MAX]; returns the bytes used. */
size_t record_encode(const struct record *record, uint8_t ret[RECORD_MAX]);

/*
 * Decode the record at the start of buf. Returns the bytes it took (with its side records), 0 if
 * len bytes are too few to hold it whole, or -1 with *err (ERROR_USER) if it is damaged: bad
 * checksum, unknown type, a value out of range, completion before invocation. *ret is undefined
 * unless the result is positive.
 */
int record_decode(const uint8_t *buf, size_t len, struct record *ret, struct error *err);

/* Whether the checksum of the one 64-byte record (main or side) at `at` matches: what tells a
 * record that was cut by a crash from one that says something impossible. */
bool record_intact(const uint8_t at[RECORD_SIZE]);

/* How many side records the intact main record at `at` announces. */
unsigned record_sides(const uint8_t at[RECORD_SIZE]);

/* An operation without the parts of a torn value. */
struct op_head {
	uint64_t unit, invoke, complete, write_id, after;
	uint16_t count, lane;
	uint8_t node, kind, outcome, value; /* value: enum value_kind */
};

/* The fields of a main record that is known to be a valid operation: no check is made again. */
void record_peek(const uint8_t at[RECORD_SIZE], struct op_head *ret);

/*
 * What no operation may be, wherever it comes from: node, lane, count, kind, outcome and value in
 * range and fitting each other, invoke <= complete. Used by both readers (binary and text).
 */
int op_validate(const struct op *op, struct error *err);

#endif
