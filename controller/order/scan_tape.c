/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan_tape.c - see scan_tape.h.
 *
 * Every record's checksum and fields are looked at here, once; later passes take them as they are.
 */
#include "order/scan_tape.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "history/clock_pieces.h"
#include "history/grow.h"
#include "history/history_binary.h"

static_assert(SCAN_CHUNK * RECORD_SIZE >= 2 * RECORD_MAX, "a chunk holds the longest record");

static int add_block(struct tape_reading *r, const struct op *op, uint64_t slot, struct error *err)
{
	struct scan_node *to = &r->part.nodes[r->node];

	if (to->n_completed % BLOCK_OPS == 0) {
		if (grow((void **)&to->blocks, &to->cap_blocks, to->n_blocks, sizeof(*to->blocks),
			 err) < 0)
			return -1;
		to->blocks[to->n_blocks++] = (struct block){slot, op->complete, UINT64_MAX};
	}
	if (op->invoke < to->blocks[to->n_blocks - 1].invoke_least)
		to->blocks[to->n_blocks - 1].invoke_least = op->invoke;
	if (to->n_completed >= COMPLETIONS_MAX)
		return error_set(err, ERROR_USER, "more operations than can be judged at once");
	to->n_completed++;
	r->in_order &= op->complete >= r->last;
	r->last = op->complete;
	return 0;
}

/* after=, which no node's completions reach when it does not fit. */
static uint32_t count_of(const struct op *op)
{
	return op->after < INDEX_NEVER ? (uint32_t)op->after : INDEX_NEVER;
}

static int add_message(struct tape_reading *r, const struct op *op, uint64_t slot,
		       struct error *err)
{
	struct scan_node *to = &r->part.nodes[r->node];

	if (!op->after)
		return 0;
	if (grow((void **)&to->messages, &to->cap_messages, to->n_messages, sizeof(*to->messages),
		 err) < 0)
		return -1;
	to->messages[to->n_messages++] = (struct message){op->invoke, count_of(op), (uint32_t)slot};
	return 0;
}

static int add_pending(struct scan *scan, const struct op *op, uint64_t slot, struct error *err)
{
	if (grow((void **)&scan->pending, &scan->cap_pending, scan->n_pending,
		 sizeof(*scan->pending), err) < 0)
		return -1;
	scan->pending[scan->n_pending++] = (struct pending){.write_id = op->value.write_id,
							    .unit = op->unit,
							    .invoke = op->invoke,
							    .slot = (uint32_t)slot,
							    .after = count_of(op),
							    .count = op->count,
							    .lane = op->lane,
							    .node = op->node};
	return 0;
}

static int add_write(struct tape_reading *r, const struct op *op, uint64_t slot, struct error *err)
{
	uint64_t id = op->value.write_id;
	struct lane_top *lane = lanes_get(&r->part.lanes, id, err);

	if (!lane)
		return -1;
	if (write_id_sequence(id) > lane->top)
		lane->top = write_id_sequence(id);
	if (op->complete == TIME_NONE)
		return op->outcome == OUTCOME_UNKNOWN ? add_pending(&r->part, op, slot, err) : 0;
	if (write_id_sequence(id) <= lane->completed)
		r->part.names_rise = false;
	lane->completed = write_id_sequence(id);
	return 0;
}

static int add_op(struct tape_reading *r, const struct op *op, uint64_t slot, struct error *err)
{
	struct scan *scan = &r->part;
	struct scan_node *to = &scan->nodes[r->node];

	if (!r->tapes->in_memory && history_check_op(&r->tapes->loaded.header, op, err) < 0)
		return -1;
	if (op->node != r->node)
		return error_set(err, ERROR_USER,
				 "operation of node %c, but the header says that the history holds "
				 "none of it",
				 'a' + op->node);
	op_counts_add(&scan->counts, op->kind, op->outcome);
	if (op->complete == TIME_NONE && (op->kind != OP_WRITE || op->outcome != OUTCOME_UNKNOWN))
		op_counts_add(&scan->bare, op->kind, op->outcome);
	if (op->invoke < to->first_invoke)
		to->first_invoke = op->invoke;
	if (add_message(r, op, slot, err) < 0 ||
	    (op->kind == OP_WRITE && add_write(r, op, slot, err) < 0))
		return -1;
	return op->complete == TIME_NONE ? 0 : add_block(r, op, slot, err);
}

/* A record with side records behind it. */
static int add_shift(struct scan_node *to, uint64_t slot, unsigned sides, struct error *err)
{
	uint32_t before = to->n_shifts ? to->shifts[to->n_shifts - 1].sides : 0;

	if (!sides)
		return 0;
	if (grow((void **)&to->shifts, &to->cap_shifts, to->n_shifts, sizeof(*to->shifts), err) < 0)
		return -1;
	to->shifts[to->n_shifts++] = (struct shift){(uint32_t)slot, before + sides};
	return 0;
}

int scan_add_event(struct scan *scan, const struct event *event, struct error *err)
{
	if (rounds_add(&scan->rounds, event, err) < 0 || fences_add(&scan->fences, event, err) < 0)
		return -1;
	return heard_add(&scan->heard, event, err);
}

int scan_add_ping(struct scan *scan, const struct ping *ping, struct error *err)
{
	if (grow((void **)&scan->pings, &scan->cap_pings, scan->n_pings, sizeof(*scan->pings),
		 err) < 0)
		return -1;
	scan->pings[scan->n_pings++] = *ping;
	return 0;
}

int scan_add_sample(struct scan *scan, const struct ping *from, struct error *err)
{
	if (grow((void **)&scan->samples, &scan->cap_samples, scan->n_samples,
		 sizeof(*scan->samples), err) < 0)
		return -1;
	scan->samples[scan->n_samples++] =
		(struct clock_sample){from->c0, from->n1, from->n2, from->c3};
	return 0;
}

static int add_record(struct tape_reading *r, uint64_t slot, struct error *err)
{
	switch (r->record.type) {
	case RECORD_OP:
		return add_op(r, &r->record.op, slot, err);
	case RECORD_EVENT:
		return scan_add_event(&r->part, &r->record.event, err);
	case RECORD_SAMPLE:
		if (history_check_sample(&r->tapes->loaded.header, err) < 0)
			return -1;
		return scan_add_sample(&r->part, &r->record.ping, err);
	default:
		return scan_add_ping(&r->part, &r->record.ping, err);
	}
}

/* The record at `slot`, with `have` bytes of it in buf, cannot be decoded. Cut short: the tape ends
 * here. */
static int end_of_tape(struct tape_reading *r, uint64_t slot, const uint8_t *buf, size_t have,
		       struct error *err)
{
	struct tape *tape = &r->tapes->nodes[r->node];
	bool last = slot + have / RECORD_SIZE == tape->n_slots;

	if (!last || !history_is_cut_tail(buf, have + (size_t)tape->rest))
		return error_prefix(err, "%s: record %" PRIu64 " at offset %" PRIu64,
				    r->tapes->loaded.files[tape->file].name, r->number + 1,
				    HISTORY_HEADER_SIZE + slot * RECORD_SIZE);
	r->cut = true;
	tape->n_slots = slot;
	tape->rest = 0;
	return 0;
}

int tape_note_cut(const struct tape_reading *r, struct error *err)
{
	struct tape *tape = &r->tapes->nodes[r->node];
	struct history *loaded = &r->tapes->loaded;
	uint8_t nodes = loaded->header.nodes;
	int result;

	if (!r->cut)
		return 0;
	loaded->header.nodes = (uint8_t)(1U << r->node);
	result = history_cut_short(loaded, loaded->files[tape->file].name, r->number + 1,
				   HISTORY_HEADER_SIZE + tape->n_slots * RECORD_SIZE,
				   r->tapes->complete, err);
	loaded->header.nodes = nodes;
	return result;
}

static int read_tape(struct tape_reading *r, struct error *err)
{
	struct tape *tape = &r->tapes->nodes[r->node];
	uint64_t slot = 0;
	size_t n, at;
	int used;

	if (tape->n_slots > UINT32_MAX - 1)
		return error_set(err, ERROR_USER, "more operations than can be judged at once");
	while (slot < tape->n_slots) {
		n = tape->n_slots - slot < SCAN_CHUNK ? (size_t)(tape->n_slots - slot) : SCAN_CHUNK;
		if (tape_read(r->tapes, r->node, slot, n, r->buf, err) < 0)
			return -1;
		for (at = 0; at < n; at += (size_t)used / RECORD_SIZE) {
			const uint8_t *buf = r->buf + at * RECORD_SIZE;
			size_t have = (n - at) * RECORD_SIZE;

			used = record_decode(buf, have, &r->record, err);
			if (!used && slot + n < tape->n_slots && at)
				break; /* the rest of it is in the next chunk */
			if (used <= 0)
				return end_of_tape(r, slot + at, buf, have, err);
			if (add_record(r, slot + at, err) < 0 ||
			    add_shift(&r->part.nodes[r->node], slot + at,
				      (unsigned)used / RECORD_SIZE - 1, err) < 0)
				return error_prefix(
					err, "%s: record %" PRIu64 " at offset %" PRIu64,
					r->tapes->loaded.files[tape->file].name, r->number + 1,
					HISTORY_HEADER_SIZE + (slot + at) * RECORD_SIZE);
			r->number++;
		}
		slot += at;
	}
	if (tape->rest)
		return end_of_tape(r, slot, r->buf, 0, err);
	return 0;
}

static int by_invoke(const void *a, const void *b)
{
	const struct message *x = a, *y = b;

	if (x->invoke != y->invoke)
		return x->invoke < y->invoke ? -1 : 1;
	return x->after < y->after ? -1 : x->after > y->after;
}

/* Sort what was collected of one node, and derive what later passes ask for. */
static int finish_node(struct scan_node *node, struct error *err)
{
	uint64_t least = UINT64_MAX;
	uint32_t best = 0;
	size_t i;

	for (i = node->n_blocks; i--;) {
		if (node->blocks[i].invoke_least < least)
			least = node->blocks[i].invoke_least;
		node->blocks[i].invoke_least = least;
	}
	if (!node->n_messages)
		return 0;
	qsort(node->messages, node->n_messages, sizeof(*node->messages), by_invoke);
	node->steps = calloc(node->n_messages, sizeof(*node->steps));
	if (!node->steps)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < node->n_messages; i++) {
		if (node->messages[i].after <= best)
			continue;
		best = node->messages[i].after;
		node->steps[node->n_steps++] = node->messages[i];
	}
	return 0;
}

void tape_scan(void *reading)
{
	struct tape_reading *r = reading;

	r->part.names_rise = true;
	r->in_order = true;
	r->part.nodes[r->node].first_invoke = UINT64_MAX;
	r->result = read_tape(r, &r->err);
	if (!r->result)
		r->result = finish_node(&r->part.nodes[r->node], &r->err);
}
