/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * brute_force.c - is there an order that explains a history? A search that knows no theory.
 *
 * In the manner of Wing and Gong: take any operation next before which nothing is missing, if it is
 * a write, or a read of what is held now; go back when none is left. Where the search has been
 * (what was taken, and which write each unit holds) it need not go again. What must come before
 * what is worked out pair by pair from the definitions, with nothing of the judge's.
 */
#include "tests/test.h"

#include <assert.h>
#include <string.h>

#include "tests/unit/brute_force.h"

#define INITIAL BRUTE_FORCE_MAX /* a unit that holds no write's value */
#define HELD_MAX ((BRUTE_FORCE_MAX + 1) * (BRUTE_FORCE_MAX + 1) * (BRUTE_FORCE_MAX + 1))

static struct search {
	unsigned n;
	unsigned first, units; /* which units are looked at */
	const struct op *ops[BRUTE_FORCE_MAX];
	unsigned number[BRUTE_FORCE_MAX]; /* which of the world's */
	unsigned before[BRUTE_FORCE_MAX]; /* what must come first */
	unsigned behind[BRUTE_FORCE_MAX]; /* after any of these it cannot come any more */
	unsigned needed;		  /* what must come at all */
	uint8_t seen[(HELD_MAX << BRUTE_FORCE_MAX) / 8];
} search;

static_assert(WORLD_UNITS_MAX == 3, "HELD_MAX is for three units");

/* i certainly ended before j began, by a message known to j or to what its node invoked earlier. */
static bool told_before(const struct world *w, unsigned i, unsigned j)
{
	const struct op *a = &w->ops[i], *b = &w->ops[j];
	unsigned k, rank = 0;

	for (k = 0; k < w->n; k++)
		rank += w->ops[k].node == a->node && w->ops[k].complete != TIME_NONE &&
			w->ops[k].complete <= a->complete;
	for (k = 0; k < w->n; k++) {
		const struct op *m = &w->ops[k];

		if (m->node == b->node && m->after && (k == j || m->invoke < b->invoke) &&
		    rank <= m->after)
			return true;
	}
	return false;
}

/* i certainly ended before j began. */
static bool precedes(const struct world *w, unsigned i, unsigned j, enum timing timing)
{
	const struct op *a = &w->ops[i], *b = &w->ops[j];
	int64_t end, begin;

	if (a->complete == TIME_NONE)
		return false;
	if (timing == AS_IT_WAS)
		return w->complete[i] < w->invoke[j];
	if (a->node == b->node)
		return a->complete < b->invoke;
	end = (int64_t)a->complete;
	begin = (int64_t)b->invoke;
	if (w->header.clock != HISTORY_CLOCK_NONE &&
	    (b->node ? end + w->header.theta_hi < begin : end - w->header.theta_lo < begin))
		return true;
	return told_before(w, i, j);
}

/* i, a write that a fence ends, took effect before j began, or never. */
static bool ended_before(const struct world *w, unsigned i, unsigned j, enum timing timing)
{
	const struct op *b = &w->ops[j];
	unsigned node = w->ops[i].node, k, count = 0;
	int64_t end = (int64_t)w->fence_recorded[node], begin = (int64_t)b->invoke;

	if (timing == AS_IT_WAS)
		return w->fence[node] < w->invoke[j];
	if (b->node == node)
		return end < begin;
	if (w->header.clock != HISTORY_CLOCK_NONE &&
	    (b->node ? end + w->header.theta_hi < begin : end - w->header.theta_lo < begin))
		return true;
	/* Or it was told of something that ended after the fence. */
	for (k = 0; k < w->n; k++)
		count += w->ops[k].node == node && w->ops[k].complete < w->fence_recorded[node];
	for (k = 0; k < w->n; k++) {
		if (w->ops[k].node == b->node && w->ops[k].after > count &&
		    (k == j || w->ops[k].invoke < b->invoke))
			return true;
	}
	return false;
}

/* Whether the search was here before; from now on it was. */
static bool been_here(unsigned done, const unsigned held[WORLD_UNITS_MAX])
{
	unsigned place = done, u;
	bool been;

	for (u = 0; u < search.units; u++)
		place = place * (BRUTE_FORCE_MAX + 1) + held[search.first + u];
	been = search.seen[place / 8] >> place % 8 & 1;
	search.seen[place / 8] |= (uint8_t)(1U << place % 8);
	return been;
}

/* Operation i comes next: false if that cannot be, since it read something else. */
static bool take(unsigned i, unsigned held[WORLD_UNITS_MAX])
{
	const struct op *op = search.ops[i];
	unsigned writer = held[op->unit], u;

	if (op->kind == OP_READ)
		return op->value.write_id ==
		       (writer == INITIAL ? WRITE_ID_INITIAL : search.ops[writer]->value.write_id);
	for (u = 0; u < op->count; u++)
		held[op->unit + u] = i;
	return true;
}

/* done: what was taken; held: per unit, the write whose value it holds. */
static bool explore(unsigned done, const unsigned held[WORLD_UNITS_MAX])
{
	unsigned next[WORLD_UNITS_MAX], i;

	if ((done & search.needed) == search.needed)
		return true;
	if (been_here(done, held))
		return false;
	for (i = 0; i < search.n; i++) {
		if (done >> i & 1 || search.before[i] & ~done || search.behind[i] & done)
			continue;
		memcpy(next, held, sizeof(next));
		if (take(i, next) && explore(done | 1U << i, next))
			return true;
	}
	return false;
}

/* Of `which`, what may have happened and touches one of the units. */
static void choose(const struct world *w, unsigned which)
{
	unsigned i;

	search.n = search.needed = 0;
	for (i = 0; i < w->n; i++) {
		const struct op *op = &w->ops[i];

		if (!(which >> i & 1) || search.first >= op->unit + op->count ||
		    op->unit >= search.first + search.units || op->outcome == OUTCOME_FAIL ||
		    (op->kind == OP_READ && op->outcome != OUTCOME_OK))
			continue;
		if (op->outcome == OUTCOME_OK)
			search.needed |= 1U << search.n;
		search.number[search.n] = i;
		search.ops[search.n++] = op;
	}
}

/* What of it must come before what. */
static void put_in_order(const struct world *w, enum timing timing)
{
	unsigned i, j;

	for (i = 0; i < search.n; i++) {
		search.before[i] = search.behind[i] = 0;
		for (j = 0; j < search.n; j++) {
			if (search.ops[j]->outcome == OUTCOME_OK &&
			    precedes(w, search.number[j], search.number[i], timing))
				search.before[i] |= 1U << j;
			if (world_is_ended(w, search.number[i]) &&
			    ended_before(w, search.number[i], search.number[j], timing))
				search.behind[i] |= 1U << j;
		}
	}
}

static bool search_units(const struct world *w, unsigned first, unsigned units, unsigned which,
			 enum timing timing)
{
	unsigned held[WORLD_UNITS_MAX], states = 1, u;

	assert_true(w->n <= BRUTE_FORCE_MAX);
	search.first = first;
	search.units = units;
	choose(w, which);
	put_in_order(w, timing);
	for (u = 0; u < WORLD_UNITS_MAX; u++)
		held[u] = INITIAL;
	for (u = 0; u < units; u++)
		states *= BRUTE_FORCE_MAX + 1;
	memset(search.seen, 0, ((states << search.n) + 7) / 8);
	return explore(0, held);
}

bool explained(const struct world *w, unsigned unit, unsigned which, enum timing timing)
{
	return search_units(w, unit, 1, which, timing);
}

bool explained_jointly(const struct world *w, unsigned which)
{
	return search_units(w, 0, WORLD_UNITS_MAX, which, AS_RECORDED);
}
