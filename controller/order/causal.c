/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * causal.c - see causal.h.
 *
 * Let node n's read r return what node m's write w wrote, r not before w. Then w was invoked before
 * r completed, so whatever was complete when w was invoked was so before anything that node n
 * invoked after r: K_w[m], exact by m's own clock, precedes all b of n with known(b)[n] >=
 * index(r). These are edges in real time, not only causal ones, whatever the offset of the clocks;
 * and C of the other node is the greatest of those and of the messages.
 *
 * Nothing else is to be learnt, by induction over real time: C of the own node is K of it, since
 * with one clock whatever is proven to precede is seen to precede; the part of C_w about node n
 * itself is therefore in n's clock; and a node's own write tells it nothing, for w was invoked
 * before b and C never falls along a node's invocations. So two entries of which one is exact: per
 * node a front of steps (index of read, C of the other node) is all there is to keep.
 *
 * A read that certainly precedes the write whose value it returned (a future read, reported
 * elsewhere) tells nothing. If w was fed before r this cannot be: the feed agrees with K, and with
 * C as well, as a step is learnt when both its read and its write have been fed. If r comes first
 * it waits for w. Operations fed meanwhile are not corrected: their C is smaller than it might be.
 *
 * Writes are kept in sets of three, a cache line each, the oldest of its set giving way. A read of
 * a write that gave way is forgotten only if it might have told more than its node knows already:
 * the greatest K of all that gave way bounds that.
 */
#include "order/causal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "order/front.h"

#define WAYS 3

/* Recent writes, the newest first; a free place has id 0, which is no write's. */
struct write_set {
	uint64_t id[WAYS];
	uint32_t own_known[WAYS]; /* 0: nothing to be learnt of it */
	uint32_t index[WAYS], number[WAYS];
	uint32_t unused;
};
_Static_assert(sizeof(struct write_set) == 64, "a cache line");

/* The first read of a write that is not fed yet; free: id 0. */
struct waiting {
	uint64_t id, unit;
	uint32_t index, number;
};

struct causal {
	struct write_set *sets;
	struct waiting *waiting;
	struct front fronts[NODES];
	/* The epoch and sequence of each lane's last write fed: is a write unknown or forgotten? */
	uint64_t (*fed)[LANE_MAX + 1];
	uint32_t gone[NODES]; /* the greatest own_known of node n's writes that gave way */
	uint32_t set_mask, waiting_mask;
	uint64_t forgotten;
};

static const struct causal_sizes usual = {.writes = 1 << 15, .waiting = 1 << 12, .steps = 1 << 14};

#define SPREAD 0x9e3779b1U /* 2^32 by the golden ratio */

static uint32_t mask_of(uint32_t size)
{
	assert(size && !(size & (size - 1)));
	return size - 1;
}

struct causal *causal_new_for(const struct scan *scan, struct error *err)
{
	struct causal_sizes sizes = {.writes = window_for(scan, usual.writes),
				     .waiting = window_for(scan, usual.waiting),
				     .steps = window_for(scan, usual.steps)};

	return causal_new(&sizes, err);
}

struct causal *causal_new(const struct causal_sizes *sizes, struct error *err)
{
	struct causal *causal = calloc(1, sizeof(*causal));
	void *sets = NULL;
	unsigned node;

	if (!sizes)
		sizes = &usual;
	if (!causal)
		goto no_memory;
	causal->set_mask = mask_of(sizes->writes);
	causal->waiting_mask = mask_of(sizes->waiting);
	if (posix_memalign(&sets, sizeof(*causal->sets), sizes->writes * sizeof(*causal->sets)))
		goto no_memory;
	causal->sets = memset(sets, 0, sizes->writes * sizeof(*causal->sets));
	causal->waiting = calloc(sizes->waiting, sizeof(*causal->waiting));
	causal->fed = calloc(NODES, sizeof(*causal->fed));
	if (!causal->waiting || !causal->fed)
		goto no_memory;
	for (node = 0; node < NODES; node++) {
		if (front_init(&causal->fronts[node], sizes->steps, err) < 0)
			goto fail;
	}
	return causal;
no_memory:
	error_set(err, ERROR_WORLD, "out of memory for the window of writes");
fail:
	causal_free(causal);
	return NULL;
}

void causal_free(struct causal *causal)
{
	unsigned node;

	if (!causal)
		return;
	for (node = 0; node < NODES; node++)
		front_done(&causal->fronts[node]);
	free(causal->sets);
	free(causal->waiting);
	free(causal->fed);
	free(causal);
}

/* Where a write stands among those of its lane. */
static uint64_t rank_of(uint64_t id)
{
	return (uint64_t)write_id_epoch(id) << 40 | write_id_sequence(id);
}

/* A lane's writes follow each other through the table, two in a set; lanes begin far apart. */
static struct write_set *set_of(struct causal *causal, uint64_t id)
{
	uint32_t lane = (uint32_t)(write_id_lane(id) << 1 | write_id_node(id));

	return &causal->sets[(lane * SPREAD + (uint32_t)(id >> 1)) & causal->set_mask];
}

/* A lane has one operation at a time; a feed that knows little of the other node's time may be
 * some ahead. */
static struct waiting *waiting_of(struct causal *causal, uint64_t id)
{
	uint32_t lane = (uint32_t)(write_id_lane(id) << 1 | write_id_node(id));

	return &causal->waiting[(lane << 3 | (id & 7)) & causal->waiting_mask];
}

static void learn(struct causal *causal, unsigned node, const struct front_step *step)
{
	struct front *front = &causal->fronts[node];
	uint32_t before = front_count(front, step->x);

	/* Most reads: of something older than what the node knows. */
	if (!step->y || (before && front_at(front, before - 1)->y >= step->y))
		return;
	if (!front_insert(front, step))
		causal->forgotten++;
}

static void feed_write(struct causal *causal, const struct fed *op, const uint32_t c[NODES])
{
	struct write_set *set = set_of(causal, op->write_id);
	struct waiting *waiting = waiting_of(causal, op->write_id);
	uint64_t *fed = &causal->fed[op->node][write_id_lane(op->write_id)];
	uint32_t own_known = op->outcome == OUTCOME_FAIL ? 0 : op->known[op->node];
	uint32_t before = c[!op->node] > op->known[!op->node] ? c[!op->node] : op->known[!op->node];
	unsigned way = WAYS - 1, loser;

	if (set->id[way]) {
		loser = write_id_node(set->id[way]);
		if (set->own_known[way] > causal->gone[loser])
			causal->gone[loser] = set->own_known[way];
	}
	for (; way; way--) {
		set->id[way] = set->id[way - 1];
		set->own_known[way] = set->own_known[way - 1];
		set->index[way] = set->index[way - 1];
		set->number[way] = set->number[way - 1];
	}
	set->id[0] = op->write_id;
	set->own_known[0] = own_known;
	set->index[0] = op->index;
	set->number[0] = op->number;
	if (rank_of(op->write_id) > *fed)
		*fed = rank_of(op->write_id);
	if (waiting->id != op->write_id)
		return;
	waiting->id = 0;
	if (waiting->index > before)
		learn(causal, !op->node,
		      &(struct front_step){.unit = waiting->unit,
					   .x = waiting->index,
					   .y = own_known,
					   .read = waiting->number,
					   .write = op->number,
					   .index = op->index});
}

/* A read of a write that is in no set. */
static void feed_unresolved(struct causal *causal, const struct fed *op)
{
	const struct front *front = &causal->fronts[op->node];
	struct waiting *waiting = waiting_of(causal, op->write_id);
	uint32_t knows = front->n ? front_at(front, front->n - 1)->y : 0;

	if (rank_of(op->write_id) <= causal->fed[!op->node][write_id_lane(op->write_id)]) {
		causal->forgotten += causal->gone[!op->node] > knows;
		return;
	}
	if (waiting->id == op->write_id)
		return; /* it has an earlier reader, who will tell more */
	causal->forgotten += waiting->id != 0;
	*waiting = (struct waiting){op->write_id, op->unit, op->index, op->number};
}

static void feed_read(struct causal *causal, const struct fed *op)
{
	const struct write_set *set = set_of(causal, op->write_id);
	unsigned way;

	for (way = 0; way < WAYS; way++) {
		if (set->id[way] == op->write_id) {
			learn(causal, op->node,
			      &(struct front_step){.unit = op->unit,
						   .x = op->index,
						   .y = set->own_known[way],
						   .read = op->number,
						   .write = set->number[way],
						   .index = set->index[way]});
			return;
		}
	}
	feed_unresolved(causal, op);
}

void causal_step(struct causal *causal, const struct fed *op, uint32_t ret[NODES])
{
	const struct front *front = &causal->fronts[op->node];
	uint32_t steps = front_count(front, op->known[op->node]);
	uint32_t other = steps ? front_at(front, steps - 1)->y : 0;
	unsigned writer = write_id_node(op->write_id);

	ret[op->node] = op->known[op->node];
	ret[!op->node] = other > op->message ? other : op->message;
	causal->forgotten += !steps && front->lost > ret[!op->node];
	if (op->value != VALUE_TAG || op->write_id == WRITE_ID_INITIAL)
		return;
	if (op->kind == OP_WRITE && writer == op->node)
		feed_write(causal, op, ret);
	else if (op->kind == OP_READ && writer != op->node && op->outcome == OUTCOME_OK &&
		 op->index != INDEX_NEVER)
		feed_read(causal, op);
}

bool causal_why(const struct causal *causal, unsigned node, uint32_t own_known, unsigned other,
		uint32_t index, struct causal_reason *ret)
{
	const struct front *front = &causal->fronts[node];
	uint32_t i = front_reaches(front, index);
	const struct front_step *step;

	if (other == node || i == front->n)
		return false;
	step = front_at(front, i);
	if (step->x > own_known)
		return false;
	*ret = (struct causal_reason){.unit = step->unit,
				      .read_node = (uint8_t)node,
				      .write_node = (uint8_t)other,
				      .read_index = step->x,
				      .read_number = step->read,
				      .write_index = step->index,
				      .write_number = step->write};
	return true;
}

uint64_t causal_forgotten(const struct causal *causal)
{
	return causal->forgotten;
}
