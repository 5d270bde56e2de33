/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.c - see live.h.
 *
 * Each operation is given to its units (live_step.c). A marked unit is not followed any further:
 * explain.h looks at it from its beginning.
 */
#include "passes/live_state.h"

#include <stdlib.h>

#include "passes/live_rules.h"

static int feed_unit(struct live *live, const struct fed *op, uint64_t number,
		     const uint32_t known[NODES], struct error *err)
{
	struct unit_state *unit = unit_table_get(&live->units, number, err);

	if (!unit)
		return -1;
	if (!unit->ops && live->all &&
	    live_mark(live, unit, op->node, op->number, MARK_CONTENT, err) < 0)
		return -1;
	unit->ops++;
	if (unit->flags & UNIT_MARKED)
		return 0;
	return op->kind == OP_READ ? live_read(live, unit, op, known, err)
				   : live_write(live, unit, op, known, err);
}

int live_feed(struct live *live, const struct fed *op, const uint32_t known[NODES],
	      struct error *err)
{
	unsigned i;

	if (op->kind == OP_FLUSH || (op->kind == OP_READ && op->outcome != OUTCOME_OK) ||
	    (op->kind == OP_WRITE && op->outcome == OUTCOME_FAIL))
		return 0;
	/* Fed from now on: before anything can forget it, so that it is not taken for in flight. */
	if (op->kind == OP_WRITE && lanes_note(&live->fed, op->write_id, err) < 0)
		return -1;
	if (op->kind == OP_WRITE && op->outcome == OUTCOME_UNKNOWN &&
	    unknown_add(&live->unknown, op->write_id, known, err) < 0)
		return -1;
	for (i = 0; i < op->count; i++) {
		if (op->count > 1 && !shard_has(&live->part, op->unit + i))
			continue;
		if (feed_unit(live, op, op->unit + i, known, err) < 0)
			return -1;
	}
	return 0;
}

void live_expect(const struct live *live, const struct fed *sooner, const struct fed *later)
{
	unit_table_fetch(&live->units, sooner->unit);
	unit_table_expect(&live->units, later->unit);
}

/* What is left of a unit: reads of a write that never came, and circles. */
static int end_unit(struct live *live, struct unit_state *unit, struct error *err)
{
	struct clusters c;
	unsigned i;

	if (unit->flags & UNIT_MARKED)
		return 0;
	clusters_of(unit, &c);
	for (i = 0; i < c.n; i++) {
		if (c.state[i] & CLUSTER_IN_FLIGHT)
			return live_mark(live, unit, 0, UINT32_MAX, MARK_CONTENT, err);
	}
	if (live->exact && c.n > 2 && !rules_ordered(&c))
		return live_mark(live, unit, 0, UINT32_MAX, MARK_ORDER, err);
	return 0;
}

int live_end(struct live *live, struct error *err)
{
	uint64_t i;
	size_t k;

	for (i = 0; i < live->units.n; i++) {
		if (end_unit(live, unit_table_at(&live->units, i), err) < 0)
			return -1;
	}
	for (k = 0; k < live->n_marks; k++)
		live->marks[k].ops = unit_table_find(&live->units, live->marks[k].unit)->ops;
	return 0;
}

/* What a fence ends is watched from the beginning, or else it might be read when it is forgotten
 * what contradicts it. */
static int add_unseen(struct live *live, const struct pending *pending, struct error *err)
{
	struct unit_state *unit;
	struct clusters c;
	unsigned i, v;

	for (i = 0; i < pending->count && pending->fence && !live->all; i++) {
		if (!shard_has(&live->part, pending->unit + i))
			continue;
		unit = unit_table_get(&live->units, pending->unit + i, err);
		if (!unit)
			return -1;
		if (unit->flags & UNIT_MARKED)
			continue;
		clusters_of(unit, &c);
		if (c.n == c.cap && clusters_grow(&live->units, unit, &c, err) < 0)
			return -1;
		if (c.n == c.cap) {
			if (live_mark(live, unit, pending->node, pending->slot,
				      MARK_CONTENT | MARK_DOUBT, err) < 0)
				return -1;
			continue;
		}
		v = live_put(unit, &c, pending->write_id, CLUSTER_UNKNOWN | CLUSTER_UNSEEN);
		live_lower(&c, v, pending->node, pending->fence);
	}
	return 0;
}

struct live *live_open(const struct scan *scan, bool exact, const struct shard *part,
		       struct error *err)
{
	struct live *live = calloc(1, sizeof(*live));
	size_t i;

	if (!live) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	live->scan = scan;
	live->exact = exact;
	live->all = !scan->names_rise;
	live->part = *part;
	if (round_marks_init(&live->rounds, &scan->rounds, err) < 0)
		goto out;
	for (i = 0; i < scan->n_pending; i++) {
		if (unknown_add(&live->unknown, scan->pending[i].write_id, scan->pending[i].known,
				err) < 0 ||
		    add_unseen(live, &scan->pending[i], err) < 0)
			goto out;
	}
	return live;
out:
	live_close(live);
	return NULL;
}

void live_close(struct live *live)
{
	if (!live)
		return;
	unit_table_done(&live->units);
	lanes_done(&live->fed);
	unknown_done(&live->unknown);
	round_marks_done(&live->rounds);
	free(live->marks);
	free(live);
}

size_t live_marks(const struct live *live, const struct mark **ret)
{
	*ret = live->marks;
	return live->n_marks;
}

void live_result(const struct live *live, struct live_result *ret)
{
	uint64_t i;

	*ret = (struct live_result){
		.marks = live->marks, .n_marks = live->n_marks, .rounds = &live->rounds};
	for (i = 0; i < live->units.n; i++) {
		const struct unit_state *unit = unit_table_at(&live->units, i);

		if (unit->flags & UNIT_MARKED)
			continue;
		ret->exposures[0] += unit->exposures_a;
		ret->exposures[1] += unit->exposures_b;
	}
}

void live_exposures(const struct live *live, uint64_t unit, uint32_t ret[NODES])
{
	const struct unit_state *found = unit_table_find(&live->units, unit);
	bool counts = found && !(found->flags & UNIT_MARKED);

	ret[0] = counts ? found->exposures_a : 0;
	ret[1] = counts ? found->exposures_b : 0;
}
