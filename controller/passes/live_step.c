/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_step.c - see live_state.h.
 *
 * An operation of value V on a unit joins V's live cluster, or begins it. What is not live:
 *   a write that is still to be fed           in flight: begins, and learns of its write later
 *   one whose outcome is unknown              begins with what the write knew (unknown.h)
 *   else it has been forgotten, or never was  a violation either way: the unit is marked
 * Then V must not contradict another live cluster, or the unit is marked.
 *
 * Clusters are looked over for what can be forgotten when there is no room for one more, so that
 * the work is shared by the operations that made them.
 *
 * A write of unknown outcome that a fence ends is a cluster as soon as the fence may be known, but
 * unseen: until somebody reads it, nothing comes before it and so nothing contradicts it.
 */
#include "passes/live_state.h"

#include <string.h>

#include "history/grow.h"
#include "passes/live_exposure.h"
#include "passes/live_rules.h"

/* A unit in the exact pass with that many clusters which cannot be forgotten is looked through for
 * a circle; and again when there are twice as many. */
#define CIRCLE_CLUSTERS 16U

int live_mark(struct live *live, struct unit_state *unit, unsigned node, uint32_t number,
	      unsigned what, struct error *err)
{
	struct clusters c;

	if (grow((void **)&live->marks, &live->cap_marks, live->n_marks, sizeof(*live->marks),
		 err) < 0)
		return -1;
	clusters_of(unit, &c);
	memset(live->gone, 1, c.n);
	clusters_remove(&live->units, unit, &c, live->gone);
	unit->flags |= UNIT_MARKED;
	live->marks[live->n_marks++] =
		(struct mark){.unit = unit->unit,
			      .number = number,
			      .at = unit->ops,
			      .exposures = {unit->exposures_a, unit->exposures_b},
			      .node = (uint8_t)node,
			      .what = (uint8_t)what};
	return 1;
}

/* Forget what can be forgotten. Returns 1 if the unit had to be marked. */
static int look_over(struct live *live, struct unit_state *unit, struct clusters *c,
		     const struct fed *op, struct error *err)
{
	unsigned i, n = rules_forget(c, op->low, live->exact, live->gone);

	for (i = 0; i < c->n && n; i++) {
		if (!live->gone[i])
			continue;
		if (c->state[i] & CLUSTER_IN_FLIGHT) {
			/* Its write is nowhere, or began after what superseded it. */
			return live_mark(live, unit, op->node, op->number,
					 MARK_CONTENT | MARK_DOUBT, err);
		}
		if ((c->state[i] & CLUSTER_UNKNOWN) &&
		    unknown_forget(&live->unknown, c->id[i], unit->unit, err) < 0)
			return -1;
	}
	if (!(unit->flags & UNIT_INITIAL_GONE) && rules_established(c, op->low)) {
		for (i = 0; i < c->n && (live->gone[i] || c->id[i] != WRITE_ID_INITIAL); i++)
			;
		if (i == c->n)
			unit->flags |= UNIT_INITIAL_GONE;
	}
	if (n)
		clusters_remove(&live->units, unit, c, live->gone);
	if (live->exact && c->n >= CIRCLE_CLUSTERS && c->n == c->cap && !rules_ordered(c))
		return live_mark(live, unit, op->node, op->number, MARK_ORDER, err);
	return 0;
}

unsigned live_put(struct unit_state *unit, struct clusters *c, uint64_t id, uint8_t state)
{
	unsigned v = c->n;

	c->id[v] = id;
	c->state[v] = state;
	c->x[0][v] = c->x[1][v] = id == WRITE_ID_INITIAL ? 1 : INDEX_NEVER;
	c->y[0][v] = c->y[1][v] = !(state & CLUSTER_UNSEEN);
	c->n = ++unit->n;
	return v;
}

/* Begin a cluster. Returns its place in *ret, or 1 if the unit had to be marked. */
static int begin(struct live *live, struct unit_state *unit, struct clusters *c,
		 const struct fed *op, uint64_t id, uint8_t state, unsigned *ret, struct error *err)
{
	int result;

	if (c->n == c->cap) {
		result = look_over(live, unit, c, op, err);
		if (result)
			return result;
		/* Room until they are looked over again, or that would not pay. */
		if (4 * c->n > 3 * c->cap && clusters_grow(&live->units, unit, c, err) < 0)
			return -1;
		/* Too much at once for this pass: left to who looks at marked units. */
		if (c->n == c->cap)
			return live_mark(live, unit, op->node, op->number,
					 MARK_CONTENT | MARK_DOUBT, err);
	}
	*ret = live_put(unit, c, id, state);
	return 0;
}

static unsigned find(const struct clusters *c, uint64_t id)
{
	unsigned i;

	for (i = 0; i < c->n && c->id[i] != id; i++)
		;
	return i;
}

static void raise_y(struct clusters *c, unsigned v, const uint32_t known[NODES])
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (known[node] >= c->y[node][v])
			c->y[node][v] = known[node] + 1;
	}
}

void live_lower(struct clusters *c, unsigned v, unsigned node, uint32_t index)
{
	if (index < c->x[node][v] - 1)
		c->x[node][v] = index + 1;
}

/* The cluster of a value that is not live: *ret is its place. Returns 1 if the unit was marked. */
static int begin_read(struct live *live, struct unit_state *unit, struct clusters *c,
		      const struct fed *op, unsigned *ret, struct error *err)
{
	uint64_t id = op->write_id;
	const struct unknown_write *unknown = unknown_find(&live->unknown, id);
	uint8_t state = unknown ? CLUSTER_UNKNOWN : 0;
	bool gone;
	int result;

	if (id == WRITE_ID_INITIAL)
		gone = unit->flags & UNIT_INITIAL_GONE;
	else if (unknown)
		gone = unknown_is_dead(&live->unknown, id, unit->unit);
	else
		gone = write_id_sequence(id) <= lanes_top(&live->fed, id);
	if (gone)
		return live_mark(live, unit, op->node, op->number, MARK_CONTENT, err);
	if (!unknown && id != WRITE_ID_INITIAL)
		state = CLUSTER_IN_FLIGHT;
	result = begin(live, unit, c, op, id, state, ret, err);
	if (result)
		return result;
	if (unknown)
		raise_y(c, *ret, unknown->known);
	return 0;
}

/* The read certainly ended before the write whose value it returned began: to be asked where the
 * write is never fed, or was not yet. */
static bool is_early(const struct live *live, const struct fed *op)
{
	const struct unknown_write *unknown = unknown_find(&live->unknown, op->write_id);

	return unknown && op->index <= unknown->known[op->node];
}

int live_read(struct live *live, struct unit_state *unit, const struct fed *op,
	      const uint32_t known[NODES], struct error *err)
{
	struct clusters c;
	unsigned v;
	int result;

	if (op->value != VALUE_TAG)
		return live_mark(live, unit, op->node, op->number, MARK_CONTENT, err);
	/* Of a node whose history was not given nothing can be said. */
	if (op->write_id != WRITE_ID_INITIAL &&
	    !(live->scan->header_nodes >> write_id_node(op->write_id) & 1)) {
		if (!unit->first[op->node])
			unit->first[op->node] = op->index;
		return 0;
	}
	if (exposure_read(unit, op, known)) {
		unit->exposures_a += !op->node;
		unit->exposures_b += op->node;
		round_marks_set(&live->rounds, op->round, false);
	}
	exposure_access(unit, op, known);
	clusters_of(unit, &c);
	v = find(&c, op->write_id);
	if (v == c.n) {
		result = begin_read(live, unit, &c, op, &v, err);
		if (result)
			return result;
	}
	if (c.state[v] & CLUSTER_UNSEEN) {
		c.state[v] &= (uint8_t)~CLUSTER_UNSEEN;
		raise_y(&c, v, unknown_find(&live->unknown, op->write_id)->known);
	}
	if ((c.state[v] & CLUSTER_UNKNOWN) && is_early(live, op))
		return live_mark(live, unit, op->node, op->number, MARK_CONTENT, err);
	live_lower(&c, v, op->node, op->index);
	raise_y(&c, v, known);
	return rules_conflict(&c, v) ? live_mark(live, unit, op->node, op->number, MARK_ORDER, err)
				     : 0;
}

int live_write(struct live *live, struct unit_state *unit, const struct fed *op,
	       const uint32_t known[NODES], struct error *err)
{
	bool ok = op->outcome == OUTCOME_OK, fresh;
	struct clusters c;
	unsigned v;
	int result;

	if (ok)
		exposure_access(unit, op, known);
	clusters_of(unit, &c);
	v = find(&c, op->write_id);
	fresh = v == c.n;
	if (fresh && !ok && !op->fence)
		return 0;
	if (fresh) {
		result = begin(live, unit, &c, op, op->write_id,
			       ok ? 0 : CLUSTER_UNKNOWN | CLUSTER_UNSEEN, &v, err);
		if (result)
			return result;
	}
	if (!ok && op->fence)
		live_lower(&c, v, op->node, op->fence);
	if (!ok && fresh)
		return 0;
	c.state[v] = ok ? 0 : CLUSTER_UNKNOWN;
	/* Somebody read it before it began. */
	if (c.x[0][v] <= known[0] + 1 || c.x[1][v] <= known[1] + 1)
		return live_mark(live, unit, op->node, op->number, MARK_CONTENT, err);
	raise_y(&c, v, known);
	if (ok)
		live_lower(&c, v, op->node, op->index);
	if (fresh)
		return 0; /* it ended after everything else began */
	return rules_conflict(&c, v) ? live_mark(live, unit, op->node, op->number, MARK_ORDER, err)
				     : 0;
}
