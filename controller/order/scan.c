/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.c - see scan.h.
 *
 * Every record's checksum and fields are looked at here, once; later passes take them as they are.
 */
#include "order/scan.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order/crew.h"
#include "history/grow.h"
#include "history/history_binary.h"

#define CHUNK 4096U /* slots read at once */
static_assert(CHUNK * RECORD_SIZE >= 2 * RECORD_MAX, "a chunk holds the longest record");

/* One tape being read. */
struct reading {
	struct tapes *tapes;
	unsigned node;
	struct scan part;      /* what this tape adds to the whole */
	uint64_t number, last; /* records so far; the last completion */
	bool in_order;
	bool cut; /* the tape ends with a record that was cut short: that is not said yet */
	int result;
	struct error err;
	struct record record;
	uint8_t buf[CHUNK * RECORD_SIZE];
};

static int add_block(struct reading *r, const struct op *op, uint64_t slot, struct error *err)
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
	if (to->n_completed >= INDEX_NEVER - 2)
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

static int add_message(struct reading *r, const struct op *op, uint64_t slot, struct error *err)
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

static int add_write(struct reading *r, const struct op *op, uint64_t slot, struct error *err)
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

static int add_op(struct reading *r, const struct op *op, uint64_t slot, struct error *err)
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

static int add_ping(struct scan *scan, const struct ping *ping, struct error *err)
{
	if (grow((void **)&scan->pings, &scan->cap_pings, scan->n_pings, sizeof(*scan->pings),
		 err) < 0)
		return -1;
	scan->pings[scan->n_pings++] = *ping;
	return 0;
}

static int add_record(struct reading *r, uint64_t slot, struct error *err)
{
	switch (r->record.type) {
	case RECORD_OP:
		return add_op(r, &r->record.op, slot, err);
	case RECORD_EVENT:
		return rounds_add(&r->part.rounds, &r->record.event, err);
	default:
		return add_ping(&r->part, &r->record.ping, err);
	}
}

/* The record at `slot`, with `have` bytes of it in buf, cannot be decoded. Cut short: the tape ends
 * here. */
static int end_of_tape(struct reading *r, uint64_t slot, const uint8_t *buf, size_t have,
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

/* Say so of a tape that was cut. */
static int note_cut(const struct reading *r, struct error *err)
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

static int read_tape(struct reading *r, struct error *err)
{
	struct tape *tape = &r->tapes->nodes[r->node];
	uint64_t slot = 0;
	size_t n, at;
	int used;

	if (tape->n_slots > UINT32_MAX - 1)
		return error_set(err, ERROR_USER, "more operations than can be judged at once");
	while (slot < tape->n_slots) {
		n = tape->n_slots - slot < CHUNK ? (size_t)(tape->n_slots - slot) : CHUNK;
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

static int by_id(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	return x->write_id < y->write_id ? -1 : x->write_id > y->write_id;
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

/* Events and clock samples of what was loaded are not on the tapes. */
static int take_loaded(const struct history *loaded, struct scan *scan, struct error *err)
{
	size_t i;

	for (i = 0; i < loaded->n_events; i++) {
		if (rounds_add(&scan->rounds, &loaded->events[i].event, err) < 0)
			return -1;
	}
	for (i = 0; i < loaded->n_pings; i++) {
		if (add_ping(scan, &loaded->pings[i].ping, err) < 0)
			return -1;
	}
	return 0;
}

static void read_one(void *context)
{
	struct reading *r = context;

	r->part.names_rise = true;
	r->in_order = true;
	r->part.nodes[r->node].first_invoke = UINT64_MAX;
	r->result = read_tape(r, &r->err);
	if (!r->result)
		r->result = finish_node(&r->part.nodes[r->node], &r->err);
}

static int join_lanes(struct lanes *to, const struct lanes *from, struct error *err)
{
	struct lane_top *lane;
	uint32_t i;

	for (i = 0; from->mask && i <= from->mask; i++) {
		if (!from->slots[i].key)
			continue;
		lane = lanes_get(to, (uint64_t)(from->slots[i].key - 1) << 40, err);
		if (!lane)
			return -1;
		*lane = from->slots[i];
	}
	return 0;
}

/* What one tape adds to the whole. A name is of its node, so no lane is on both. */
static int join(struct scan *scan, struct reading *r, struct error *err)
{
	struct scan *part = &r->part;
	unsigned node = r->node;
	size_t i;

	if (r->result < 0) {
		if (err)
			*err = r->err;
		return -1;
	}
	if (note_cut(r, err) < 0 || join_lanes(&scan->lanes, &part->lanes, err) < 0)
		return -1;
	for (i = 0; i < part->n_pending; i++) {
		if (grow((void **)&scan->pending, &scan->cap_pending, scan->n_pending,
			 sizeof(*scan->pending), err) < 0)
			return -1;
		scan->pending[scan->n_pending++] = part->pending[i];
	}
	for (i = 0; i < part->n_pings; i++) {
		if (add_ping(scan, &part->pings[i], err) < 0)
			return -1;
	}
	op_counts_join(&scan->counts, &part->counts);
	op_counts_join(&scan->bare, &part->bare);
	scan->names_rise &= part->names_rise;
	scan->nodes[node] = part->nodes[node];
	memset(&part->nodes[node], 0, sizeof(part->nodes[node]));
	scan->rounds.starts[node] = part->rounds.starts[node];
	scan->rounds.n_starts[node] = part->rounds.n_starts[node];
	scan->rounds.cap_starts[node] = part->rounds.cap_starts[node];
	part->rounds.starts[node] = NULL;
	return 0;
}

/* 1: done; 0: not in order. */
static int scan_all(struct tapes *tapes, struct crew *crew, struct scan *scan, struct error *err)
{
	struct reading *r = calloc(NODES, sizeof(*r));
	bool in_order = true;
	unsigned node;
	int result = -1;

	if (!r)
		return error_set(err, ERROR_WORLD, "out of memory");
	scan->names_rise = true;
	scan->header_nodes = tapes->loaded.header.nodes;
	for (node = 0; node < NODES; node++) {
		r[node].tapes = tapes;
		r[node].node = node;
		crew_add(crew, read_one, &r[node]);
	}
	crew_finish(crew);
	for (node = 0; node < NODES; node++) {
		if (join(scan, &r[node], err) < 0)
			goto out;
		in_order &= r[node].in_order;
	}
	if (tapes->in_memory && take_loaded(&tapes->loaded, scan, err) < 0)
		goto out;
	if (rounds_sort(&scan->rounds, err) < 0)
		goto out;
	if (scan->n_pending)
		qsort(scan->pending, scan->n_pending, sizeof(*scan->pending), by_id);
	result = in_order;
out:
	for (node = 0; node < NODES; node++)
		scan_done(&r[node].part);
	free(r);
	return result;
}

int scan_tapes(struct tapes *tapes, unsigned threads, struct scan *ret, struct error *err)
{
	struct crew *crew = crew_new(threads && threads < NODES ? threads : NODES, err);
	struct scan scan = {0};
	int result = crew ? scan_all(tapes, crew, &scan, err) : -1;

	if (!result) {
		scan_done(&scan);
		result = tapes_load(tapes, err);
		if (!result)
			result = scan_all(tapes, crew, &scan, err);
	}
	crew_free(crew);
	if (result < 0) {
		scan_done(&scan);
		return -1;
	}
	*ret = scan;
	return 0;
}

void scan_done(struct scan *scan)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		free(scan->nodes[node].blocks);
		free(scan->nodes[node].shifts);
		free(scan->nodes[node].messages);
		free(scan->nodes[node].steps);
	}
	lanes_done(&scan->lanes);
	rounds_done(&scan->rounds);
	free(scan->pending);
	free(scan->pings);
	memset(scan, 0, sizeof(*scan));
}

void op_counts_add(struct op_counts *counts, unsigned kind, unsigned outcome)
{
	counts->ops++;
	counts->reads += kind == OP_READ;
	counts->writes += kind == OP_WRITE;
	counts->unknown += outcome == OUTCOME_UNKNOWN;
}

void op_counts_join(struct op_counts *to, const struct op_counts *from)
{
	to->ops += from->ops;
	to->reads += from->reads;
	to->writes += from->writes;
	to->unknown += from->unknown;
}

uint32_t window_for(const struct scan *scan, uint32_t most)
{
	uint32_t size = 64;

	while (size < most && size < 2 * scan->counts.ops)
		size *= 2;
	return size;
}

uint64_t scan_number(const struct tapes *tapes, const struct scan *scan, unsigned node,
		     uint64_t slot)
{
	const struct shift *shifts = scan->nodes[node].shifts;
	size_t lo = 0, hi = scan->nodes[node].n_shifts, mid;

	if (tapes->in_memory)
		return tapes->loaded.ops[tapes->nodes[node].ops[slot]].number;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (shifts[mid].slot < slot)
			lo = mid + 1;
		else
			hi = mid;
	}
	return slot + 1 - (lo ? shifts[lo - 1].sides : 0);
}

char *scan_source(const struct tapes *tapes, const struct scan *scan, unsigned node, uint64_t slot,
		  char *ret, size_t size)
{
	const struct tape *tape = &tapes->nodes[node];

	if (tapes->in_memory)
		return history_source(&tapes->loaded, tape->ops[slot], ret, size);
	return history_place(&tapes->loaded.files[tape->file], scan_number(tapes, scan, node, slot),
			     ret, size);
}
