/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export.c - see export.h: what both formats share.
 *
 * A read that failed, or whose outcome is unknown, is left out: it changed nothing and says
 * nothing. A write of unknown outcome is called and never returns, up to the end of the history,
 * fenced or not: one that must have returned by a certain time, or never was, no format knows. A
 * failed write took no place in any order. Flushes have no place in a register.
 *
 * Checkers want processes that do one thing at a time. A lane is such a process, as long as its
 * operations do not overlap where they are put on one clock, none of them covers several units,
 * and none ends unknown (a process that does not know how its operation ended never calls again).
 * Otherwise the lane takes another number.
 */
#include "export/export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "export/export_time.h"
#include "export/export_value.h"
#include "history/grow.h"
#include "check/units.h"
#include "common/parse.h"

#define NO_PROCESS UINT32_MAX

struct builder {
	struct export export;
	const struct order *order;
	const struct units *units;
	struct timeline timeline;
	const uint64_t *unit;
	int64_t end; /* the latest time so far */
};

static int add(struct builder *b, uint64_t unit, uint32_t op, enum export_outcome outcome,
	       int64_t call, int64_t ret, struct error *err)
{
	struct export *e = &b->export;

	if (e->n_ops >= UINT32_MAX / 2)
		return error_set(err, ERROR_USER,
				 "more operations than can be exported at once; export one unit");
	if (grow((void **)&e->ops, &e->cap_ops, e->n_ops, sizeof(*e->ops), err) < 0)
		return -1;
	e->ops[e->n_ops++] = (struct export_op){
		.unit = unit, .op = op, .outcome = (uint8_t)outcome, .call = call, .ret = ret};
	if (call > b->end)
		b->end = call;
	if (ret > b->end)
		b->end = ret;
	return 0;
}

/* The touches [first, last) of one unit: returns first, then the calls between them. */
static int add_unit(struct builder *b, size_t first, size_t last, struct error *err)
{
	const struct history *history = b->export.history;
	size_t begin = b->export.n_ops, i;
	int64_t ret;

	timeline_begin(&b->timeline);
	for (i = first; i < last; i++) {
		const struct touch *touch = &b->units->touches[i];
		const struct history_op *op = &history->ops[touch->op];

		if (op->outcome == OUTCOME_UNKNOWN) {
			b->export.fenced += b->order->fence[touch->op] != INDEX_NEVER;
			if (add(b, touch->unit, touch->op, EXPORT_INFO, 0, 0, err) < 0)
				return -1;
			continue;
		}
		if (op->kind == OP_READ &&
		    !export_decided(history, b->order, b->units, first, last, i)) {
			b->export.undecided++;
			continue;
		}
		if (timeline_return(&b->timeline, touch->op, &ret, err) < 0 ||
		    add(b, touch->unit, touch->op, EXPORT_OK, ret, ret, err) < 0)
			return -1;
	}
	for (i = begin; i < b->export.n_ops; i++) {
		struct export_op *op = &b->export.ops[i];

		op->call = timeline_call(&b->timeline, op->op, &b->export.certain, &b->export.lost);
		if (op->call > b->end)
			b->end = op->call;
	}
	return 0;
}

static int add_units(struct builder *b, struct error *err)
{
	const struct units *units = b->units;
	size_t first, last;

	for (first = 0; first < units->n_touches; first = last) {
		for (last = first; last < units->n_touches &&
				   units->touches[last].unit == units->touches[first].unit;
		     last++)
			;
		if (b->unit && *b->unit != units->touches[first].unit)
			continue;
		if (add_unit(b, first, last, err) < 0)
			return -1;
	}
	return 0;
}

static int add_failed_writes(struct builder *b, struct error *err)
{
	const struct history *history = b->export.history;
	int64_t call, ret;
	size_t i;
	unsigned n;

	for (i = 0; i < history->n_ops; i++) {
		const struct history_op *op = &history->ops[i];

		if (op->kind != OP_WRITE || op->outcome != OUTCOME_FAIL)
			continue;
		call = timeline_about(history, b->order, (uint32_t)i, false);
		ret = op->complete == TIME_NONE
			      ? call
			      : timeline_about(history, b->order, (uint32_t)i, true);
		for (n = 0; n < op->count; n++) {
			if (b->unit && *b->unit != op->unit + n)
				continue;
			if (add(b, op->unit + n, (uint32_t)i, EXPORT_FAIL, call, ret, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct export_event *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->is_return != y->is_return)
		return x->is_return ? 1 : -1;
	return x->op < y->op ? -1 : x->op > y->op;
}

static int make_events(struct builder *b, struct error *err)
{
	struct export *e = &b->export;
	size_t i;

	e->events = calloc(2 * e->n_ops, sizeof(*e->events));
	if (!e->events)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < e->n_ops; i++) {
		if (e->ops[i].outcome == EXPORT_INFO)
			e->ops[i].ret = b->end + 1;
		e->events[e->n_events++] =
			(struct export_event){e->ops[i].call, (uint32_t)i, false};
		e->events[e->n_events++] = (struct export_event){e->ops[i].ret, (uint32_t)i, true};
	}
	qsort(e->events, e->n_events, sizeof(*e->events), by_time);
	return 0;
}

/* Walk the events; each call takes a process of its lane that is free, or a new one. */
static int assign_processes(struct export *e, struct error *err)
{
	size_t n_lanes = NODES * (LANE_MAX + 1), i;
	/* Per lane the free process that was used last; per process the one to use after it. */
	uint32_t *free_of = malloc(n_lanes * sizeof(*free_of));
	uint32_t *next = malloc(e->n_ops * sizeof(*next));
	int result = -1;

	if (!free_of || !next) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	for (i = 0; i < n_lanes; i++)
		free_of[i] = NO_PROCESS;
	for (i = 0; i < e->n_events; i++) {
		struct export_op *op = &e->ops[e->events[i].op];
		const struct history_op *from = &e->history->ops[op->op];
		uint32_t *head = &free_of[from->node * (LANE_MAX + 1) + from->lane];

		if (!e->events[i].is_return) {
			op->process = *head == NO_PROCESS ? e->n_processes++ : *head;
			*head = *head == NO_PROCESS ? NO_PROCESS : next[op->process];
		} else { /* of unknown outcome: after all calls, so that nobody takes it */
			next[op->process] = *head;
			*head = op->process;
		}
	}
	result = 0;
out:
	free(free_of);
	free(next);
	return result;
}

static int nothing(const struct builder *b, struct error *err)
{
	if (b->export.undecided)
		return error_set(err, ERROR_USER,
				 "nothing to export: all that is there is %" PRIu64 " reads that "
				 "prove nothing; give the histories of both nodes",
				 b->export.undecided);
	if (b->unit)
		return error_set(err, ERROR_USER,
				 "nothing to export: no read or write of unit %" PRIu64
				 " in the history",
				 *b->unit);
	return error_set(err, ERROR_USER,
			 "nothing to export: no read that returned and no write in the history");
}

int export_build(const struct history *history, const uint64_t *unit, struct export *ret,
		 struct error *err)
{
	struct builder b = {.export = {.history = history}, .unit = unit, .end = INT64_MIN};
	struct units units = {0};
	struct order order = {0};
	int result = -1;

	if (order_build(history, &order, err) < 0)
		return -1;
	b.order = b.timeline.order = &order;
	b.units = &units;
	b.timeline.history = history;
	if (timeline_check(history, &order, err) < 0 ||
	    units_build(history, &order, NULL, &units, err) < 0 || add_units(&b, err) < 0 ||
	    add_failed_writes(&b, err) < 0)
		goto out;
	if (!b.export.n_ops) {
		nothing(&b, err);
		goto out;
	}
	if (make_events(&b, err) < 0 || assign_processes(&b.export, err) < 0)
		goto out;
	memcpy(b.export.clock_warning, order.warning, sizeof(order.warning));
	*ret = b.export;
	result = 0;
out:
	if (result < 0)
		export_done(&b.export);
	timeline_done(&b.timeline);
	units_done(&units);
	order_done(&order);
	return result;
}

void export_done(struct export *export)
{
	free(export->ops);
	free(export->events);
	memset(export, 0, sizeof(*export));
}

char *export_source(const struct export *export, uint32_t op, char ret[EXPORT_SOURCE_MAX])
{
	char raw[EXPORT_SOURCE_MAX];

	history_source(export->history, export->ops[op].op, raw, sizeof(raw));
	return printable(raw, strlen(raw), ret, EXPORT_SOURCE_MAX);
}

char *export_warning(const struct export *export, char *ret, size_t size)
{
	int n = 0;

	*ret = '\0';
	if (export->undecided)
		n = snprintf(
			ret, size,
			"reads left out, since they prove nothing (a tear during a write, or a "
			"write that these histories may lack): %" PRIu64,
			export->undecided);
	if (export->lost && n >= 0 && (size_t)n < size)
		snprintf(ret + n, size - (size_t)n,
			 "%sone clock cannot say %" PRIu64 " of %" PRIu64 " certain precedences: "
			 "who finds a violation in the export is right, who finds none may have "
			 "missed one that `check` sees",
			 n ? "; " : "", export->lost, export->certain);
	n = (int)strlen(ret);
	if (export->fenced)
		snprintf(ret + n, size - (size_t)n,
			 "%swrites of unknown outcome that a fence ends are exported as if they "
			 "could take effect at any time: %" PRIu64,
			 n ? "; " : "", export->fenced);
	return ret;
}
