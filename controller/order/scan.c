/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.c - see scan.h.
 *
 * The tapes are read by a thread each, and what each has found is put together.
 */
#include "order/scan.h"

#include <stdlib.h>
#include <string.h>

#include "order/crew.h"
#include "history/clock_pieces.h"
#include "history/grow.h"
#include "order/scan_tape.h"

/* Events and clock samples of what was loaded are not on the tapes. */
static int take_loaded(const struct history *loaded, struct scan *scan, struct error *err)
{
	size_t i;

	for (i = 0; i < loaded->n_events; i++) {
		if (scan_add_event(scan, &loaded->events[i].event, err) < 0)
			return -1;
	}
	for (i = 0; i < loaded->n_pings; i++) {
		if (scan_add_ping(scan, &loaded->pings[i].ping, err) < 0)
			return -1;
	}
	for (i = 0; i < loaded->n_samples; i++) {
		if (scan_add_sample(scan, &loaded->samples[i].ping, err) < 0)
			return -1;
	}
	return 0;
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
static int join(struct scan *scan, struct tape_reading *r, struct error *err)
{
	struct scan *part = &r->part;
	unsigned node = r->node;
	size_t i;

	if (r->result < 0) {
		if (err)
			*err = r->err;
		return -1;
	}
	if (tape_note_cut(r, err) < 0 || join_lanes(&scan->lanes, &part->lanes, err) < 0)
		return -1;
	for (i = 0; i < part->n_pending; i++) {
		if (grow((void **)&scan->pending, &scan->cap_pending, scan->n_pending,
			 sizeof(*scan->pending), err) < 0)
			return -1;
		scan->pending[scan->n_pending++] = part->pending[i];
	}
	for (i = 0; i < part->n_pings; i++) {
		if (scan_add_ping(scan, &part->pings[i], err) < 0)
			return -1;
	}
	for (i = 0; i < part->n_samples; i++) {
		const struct clock_sample *s = &part->samples[i];

		if (scan_add_sample(scan, &(struct ping){0, s->a0, s->b1, s->b2, s->a3}, err) < 0)
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
	scan->fences.of[node] = part->fences.of[node];
	scan->fences.n[node] = part->fences.n[node];
	scan->fences.cap[node] = part->fences.cap[node];
	part->fences.of[node] = NULL;
	scan->heard.kinds[node] = part->heard.kinds[node];
	scan->heard.n[node] = part->heard.n[node];
	scan->heard.cap[node] = part->heard.cap[node];
	memcpy(scan->heard.volume[node], part->heard.volume[node], FS_VOLUME_MAX);
	scan->heard.noted[node] = part->heard.noted[node];
	scan->heard.fault |= part->heard.fault;
	scan->heard.churned += part->heard.churned;
	part->heard.kinds[node] = NULL;
	return 0;
}

static int by_id(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	return x->write_id < y->write_id ? -1 : x->write_id > y->write_id;
}

/* A history that broke off has lost its last completions: a message counts those that are left. */
static void count_what_is_left(const struct history *loaded, struct scan *scan)
{
	unsigned node;
	size_t i;

	for (node = 0; node < NODES; node++) {
		uint32_t left = scan->nodes[node].n_completed;
		struct scan_node *of = &scan->nodes[!node];

		for (i = 0; i < of->n_messages && loaded->open_ended[node]; i++) {
			if (of->messages[i].after > left)
				of->messages[i].after = left;
		}
		for (i = 0; i < of->n_steps && loaded->open_ended[node]; i++) {
			if (of->steps[i].after > left)
				of->steps[i].after = left;
		}
	}
}

/* 1: done; 0: not in order. */
static int scan_all(struct tapes *tapes, struct crew *crew, struct scan *scan, struct error *err)
{
	struct tape_reading *r = calloc(NODES, sizeof(*r));
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
		crew_add(crew, tape_scan, &r[node]);
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
	fences_sort(&scan->fences);
	count_what_is_left(&tapes->loaded, scan);
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
	fences_done(&scan->fences);
	heard_done(&scan->heard);
	free(scan->pending);
	free(scan->pings);
	free(scan->samples);
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
