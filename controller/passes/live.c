/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.c - see live.h.
 *
 * An operation of value V on a unit joins V's live cluster, or begins it. What is not live:
 *   a write that is still to be fed           in flight: begins, and learns of its write later
 *   one whose outcome is unknown              begins with what the write knew (unknown.h)
 *   else it has been forgotten, or never was  a violation either way: the unit is marked
 * Then V must not contradict another live cluster, or the unit is marked. A marked unit is not
 * followed any further: explain.h looks at it from its beginning.
 *
 * Clusters are looked over for what can be forgotten when there is no room for one more, so that
 * the work is shared by the operations that made them.
 */
#include "passes/live.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "history/grow.h"
#include "passes/live_rules.h"
#include "passes/live_unit.h"
#include "passes/unknown.h"

/* A unit in the exact pass with that many clusters which cannot be forgotten is looked through for
 * a circle; and again when there are twice as many. */
#define CIRCLE_CLUSTERS 16U

struct live {
	const struct scan *scan;
	bool exact, all; /* all: nothing can be told, every unit is marked */
	struct live_part part;
	struct unit_table units;
	struct lanes fed; /* writes fed so far, of units of this shard */
	struct unknown unknown;
	struct mark *marks;
	size_t n_marks, cap_marks;
	struct round_marks rounds;
	uint8_t gone[CLUSTERS_MAX];
};

unsigned live_shard(uint64_t unit, unsigned shards)
{
	uint64_t hash = (unit + 1) * 0xd6e8feb86659fd93ULL;

	return (unsigned)((hash >> 32) * shards >> 32);
}

/* Shares are cut by other bits than shards. */
unsigned live_share(uint64_t unit, unsigned shares)
{
	uint64_t hash = (unit + 1) * 0xd6e8feb86659fd93ULL * 0x9e3779b97f4a7c15ULL;

	return (unsigned)((hash >> 32) * shares >> 32);
}

static bool is_mine(const struct live_part *part, uint64_t unit)
{
	if (part->shards > 1 && live_shard(unit, part->shards) != part->shard)
		return false;
	return part->shares < 2 || live_share(unit, part->shares) == part->share;
}

struct live *live_open(const struct scan *scan, bool exact, const struct live_part *part,
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
				err) < 0)
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

/* Mark the unit, which is not followed any further. Returns 1, or -1 for want of memory. */
static int mark(struct live *live, struct unit_state *unit, unsigned node, uint32_t number,
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
	live->marks[live->n_marks++] = (struct mark){.unit = unit->unit,
						     .number = number,
						     .at = unit->ops,
						     .exposures = unit->exposures,
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
			return mark(live, unit, op->node, op->number, MARK_CONTENT | MARK_DOUBT,
				    err);
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
		return mark(live, unit, op->node, op->number, MARK_ORDER, err);
	return 0;
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
			return mark(live, unit, op->node, op->number, MARK_CONTENT | MARK_DOUBT,
				    err);
	}
	*ret = c->n;
	c->id[c->n] = id;
	c->state[c->n] = state;
	c->x[0][c->n] = c->x[1][c->n] = id == WRITE_ID_INITIAL ? 0 : INDEX_NEVER;
	c->y[0][c->n] = c->y[1][c->n] = 0;
	c->n = ++unit->n;
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
		if (known[node] > c->y[node][v])
			c->y[node][v] = known[node];
	}
}

static void lower_x(struct clusters *c, unsigned v, unsigned node, uint32_t index)
{
	if (index < c->x[node][v])
		c->x[node][v] = index;
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
		return mark(live, unit, op->node, op->number, MARK_CONTENT, err);
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

static void note_exposure(struct live *live, struct unit_state *unit, const struct fed *op,
			  const uint32_t known[NODES])
{
	unsigned node = op->node, other = !node, i;
	const struct wrote *w;

	for (i = 0; i < 2; i++) {
		w = &unit->wrote[other][i];
		if (w->index && w->index <= known[other])
			break;
	}
	if (i == 2 || w->index <= unit->consumed[node])
		return;
	unit->consumed[node] = w->index;
	/* It may hold what was there before, and has not replaced that itself since. */
	if (!unit->first[node] || unit->first[node] > w->known || unit->most[node] >= w->index)
		return;
	unit->exposures++;
	round_marks_set(&live->rounds, op->round, false);
}

static void note_access(struct unit_state *unit, const struct fed *op, const uint32_t known[NODES])
{
	unsigned node = op->node;
	struct wrote *wrote = unit->wrote[node];

	if (!unit->first[node])
		unit->first[node] = op->index;
	if (op->kind != OP_WRITE)
		return;
	wrote[1] = wrote[0];
	wrote[0] = (struct wrote){op->index, known[!node]};
	if (known[!node] > unit->most[node])
		unit->most[node] = known[!node];
}

/* These two return 1 if the unit had to be marked. */
static int read_unit(struct live *live, struct unit_state *unit, const struct fed *op,
		     const uint32_t known[NODES], struct error *err)
{
	struct clusters c;
	unsigned v;
	int result;

	if (op->value != VALUE_TAG)
		return mark(live, unit, op->node, op->number, MARK_CONTENT, err);
	/* Of a node whose history was not given nothing can be said. */
	if (op->write_id != WRITE_ID_INITIAL &&
	    !(live->scan->header_nodes >> write_id_node(op->write_id) & 1)) {
		if (!unit->first[op->node])
			unit->first[op->node] = op->index;
		return 0;
	}
	note_exposure(live, unit, op, known);
	note_access(unit, op, known);
	clusters_of(unit, &c);
	v = find(&c, op->write_id);
	if (v == c.n) {
		result = begin_read(live, unit, &c, op, &v, err);
		if (result)
			return result;
	}
	if ((c.state[v] & CLUSTER_UNKNOWN) && is_early(live, op))
		return mark(live, unit, op->node, op->number, MARK_CONTENT, err);
	lower_x(&c, v, op->node, op->index);
	raise_y(&c, v, known);
	return rules_conflict(&c, v) ? mark(live, unit, op->node, op->number, MARK_ORDER, err) : 0;
}

static int write_unit(struct live *live, struct unit_state *unit, const struct fed *op,
		      const uint32_t known[NODES], struct error *err)
{
	bool ok = op->outcome == OUTCOME_OK, fresh;
	struct clusters c;
	unsigned v;
	int result;

	if (ok)
		note_access(unit, op, known);
	clusters_of(unit, &c);
	v = find(&c, op->write_id);
	fresh = v == c.n;
	if (fresh && !ok)
		return 0;
	if (fresh) {
		result = begin(live, unit, &c, op, op->write_id, 0, &v, err);
		if (result)
			return result;
	}
	c.state[v] = ok ? 0 : CLUSTER_UNKNOWN;
	/* Somebody read it before it began. */
	if (c.x[0][v] <= known[0] || c.x[1][v] <= known[1])
		return mark(live, unit, op->node, op->number, MARK_CONTENT, err);
	raise_y(&c, v, known);
	if (ok)
		lower_x(&c, v, op->node, op->index);
	if (fresh)
		return 0; /* it ended after everything else began */
	return rules_conflict(&c, v) ? mark(live, unit, op->node, op->number, MARK_ORDER, err) : 0;
}

static int feed_unit(struct live *live, const struct fed *op, uint64_t number,
		     const uint32_t known[NODES], struct error *err)
{
	struct unit_state *unit = unit_table_get(&live->units, number, err);

	if (!unit)
		return -1;
	if (!unit->ops && live->all &&
	    mark(live, unit, op->node, op->number, MARK_CONTENT, err) < 0)
		return -1;
	unit->ops++;
	if (unit->flags & UNIT_MARKED)
		return 0;
	return op->kind == OP_READ ? read_unit(live, unit, op, known, err)
				   : write_unit(live, unit, op, known, err);
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
		if (op->count > 1 && !is_mine(&live->part, op->unit + i))
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
			return mark(live, unit, 0, UINT32_MAX, MARK_CONTENT, err);
	}
	if (live->exact && c.n > 2 && !rules_ordered(&c))
		return mark(live, unit, 0, UINT32_MAX, MARK_ORDER, err);
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

		if (!(unit->flags & UNIT_MARKED))
			ret->exposures += unit->exposures;
	}
}

uint32_t live_exposures(const struct live *live, uint64_t unit)
{
	const struct unit_state *found = unit_table_find(&live->units, unit);

	return found && !(found->flags & UNIT_MARKED) ? found->exposures : 0;
}
