/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lane_program.c - see lane_program.h.
 *
 * Each step's random numbers come from a hash of (seed, node, lane, step), so that any step can be
 * computed without those before it. A *near* read needs that: it goes where a lane of the other
 * node writes in about the same step. Which step that lane is really at is not known, so how far
 * back is drawn log-uniform, 0 to 63 steps: a few just written, some a while ago, some not yet.
 *
 * No two lanes of a node have a unit in common. Between nodes it is the file system that keeps a
 * read and a write of a unit apart; within a node nobody does: a page may be read while it is being
 * written, and a sector that is half of either is damage for which no host is to blame.
 */
#include "common/lane_program.h"

#define BACK_BITS 6  /* near: up to 2^6 steps */
#define SEARCH_MAX 8 /* for a write of the other lane, from there backwards */

const char *const lane_pick_names[PICKS] = {"random", "sequential", "near"};

unsigned lane_set_count(const struct lane_set *set, unsigned node)
{
	unsigned i, n = 0;

	for (i = 0; i < set->n; i++)
		n += set->lanes[i].node == node;
	return n;
}

const struct lane_program *lane_set_get(const struct lane_set *set, unsigned node, unsigned lane)
{
	unsigned i;

	for (i = 0; i < set->n; i++) {
		if (set->lanes[i].node == node && !lane--)
			return &set->lanes[i];
	}
	return NULL;
}

bool lane_set_churns(const struct lane_set *set)
{
	return set->n && set->lanes[0].churn;
}

static int check_lane(const struct lane_program *lane, struct error *err)
{
	if (lane->node >= NODES || lane->sync > 1 || lane->pick[OP_READ] >= PICKS ||
	    lane->pick[OP_WRITE] >= PICKS || lane->weight[OP_READ] > LANE_WEIGHT_MAX ||
	    lane->weight[OP_WRITE] > LANE_WEIGHT_MAX)
		return error_set(err, ERROR_USER, "a lane's program is out of range");
	if (lane->churn > 1 || (lane->churn && (lane->weight[OP_READ] || lane->weight[OP_WRITE])))
		return error_set(err, ERROR_USER, "a lane that churns does nothing else");
	if (lane->churn && !lane->time_ns)
		return error_set(err, ERROR_USER, "a lane that churns ends by time");
	if (!lane->churn && !lane->weight[OP_READ] && !lane->weight[OP_WRITE])
		return error_set(err, ERROR_USER, "a lane does nothing");
	if (!lane->ops || lane->ops > LANE_OPS_MAX || lane->time_ns > LANE_TIME_MAX_NS)
		return error_set(err, ERROR_USER, "a lane does not end");
	return 0;
}

int lane_set_check(const struct lane_set *set, uint64_t units, struct error *err)
{
	unsigned i, node;

	if (!set->n || set->n > NODES * LANES_MAX)
		return error_set(err, ERROR_USER, "%u lanes", set->n);
	for (i = 0; i < set->n; i++) {
		if (check_lane(&set->lanes[i], err) < 0)
			return -1;
		if (set->lanes[i].churn != set->lanes[0].churn)
			return error_set(err, ERROR_USER, "all lanes churn, or none does");
	}
	for (node = 0; node < NODES; node++) {
		if (lane_set_count(set, node) > LANES_MAX)
			return error_set(err, ERROR_USER, "more than %d lanes on a node",
					 LANES_MAX);
	}
	if (!set->files || !set->used || !set->stride || !set->per_file ||
	    set->per_file > units / set->files ||
	    (uint64_t)(set->used - 1) * set->stride >= set->per_file ||
	    (uint64_t)set->files * set->used > UINT32_MAX ||
	    (uint64_t)set->files * set->used < LANES_MAX)
		return error_set(err, ERROR_USER, "lanes on units that do not exist");
	if (set->base > SEQUENCE_MAX - LANE_OPS_MAX)
		return error_set(err, ERROR_USER, "sequences of lanes are out of range");
	return 0;
}

/* splitmix64's finisher (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* Independent of each other for each `use`. */
uint64_t lane_set_draw(const struct lane_set *set, unsigned node, unsigned lane, uint32_t step,
		       unsigned use)
{
	uint64_t who = (uint64_t)node << 48 | (uint64_t)lane << 40 | use;

	return mix(mix(set->seed ^ mix(who)) + step * 0x9e3779b97f4a7c15ULL);
}

enum { USE_KIND, USE_UNIT, USE_BACK };

static enum op_kind kind_of(const struct lane_set *set, const struct lane_program *program,
			    unsigned lane, uint32_t step)
{
	unsigned sum = program->weight[OP_READ] + program->weight[OP_WRITE];

	return lane_set_draw(set, program->node, lane, step, USE_KIND) % sum <
			       program->weight[OP_READ]
		       ? OP_READ
		       : OP_WRITE;
}

/* Which of the used units, not near: each n-th of them is this lane's. */
static uint32_t place_of(const struct lane_set *set, const struct lane_program *program,
			 unsigned lane, uint32_t step, enum op_kind kind)
{
	uint32_t n = lane_set_count(set, program->node);
	uint32_t own = (set->files * set->used - lane + n - 1) / n;
	uint64_t at = program->pick[kind] == PICK_SEQUENTIAL
			      ? step
			      : lane_set_draw(set, program->node, lane, step, USE_UNIT);

	return lane + n * (uint32_t)(at % own);
}

static uint32_t place_near(const struct lane_set *set, const struct lane_program *program,
			   unsigned lane, uint32_t step, enum op_kind kind)
{
	unsigned peer = !program->node, lanes = lane_set_count(set, peer), i, at;
	uint64_t back = lane_set_draw(set, program->node, lane, step, USE_BACK);
	const struct lane_program *other;
	uint32_t place;

	back = (back >> 8) % (1ULL << back % (BACK_BITS + 1));
	for (i = 0; lanes && i < SEARCH_MAX && back + i <= step; i++) {
		uint32_t then = (uint32_t)(step - back - i);

		at = lane % lanes;
		other = lane_set_get(set, peer, at);
		if (kind_of(set, other, at, then) != OP_WRITE)
			continue;
		place = place_of(set, other, at, then, OP_WRITE);
		if (place % lane_set_count(set, program->node) == lane)
			return place;
	}
	return place_of(set, program, lane, step, kind);
}

struct lane_op lane_set_op(const struct lane_set *set, unsigned node, unsigned lane, uint32_t step)
{
	const struct lane_program *program = lane_set_get(set, node, lane);
	struct lane_op op = {.kind = kind_of(set, program, lane, step)};
	uint32_t place = program->pick[op.kind] == PICK_NEAR
				 ? place_near(set, program, lane, step, op.kind)
				 : place_of(set, program, lane, step, op.kind);

	op.unit = place / set->used * set->per_file + (uint64_t)(place % set->used) * set->stride;
	if (op.kind == OP_WRITE) {
		op.sync = program->sync;
		op.sequence = set->base + step + 1;
	}
	return op;
}
