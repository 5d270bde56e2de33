/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lane_program.h - what a free-running lane does: a pure function of seed, node, lane and step.
 *
 * Agent and controller both compute it: the agent to do it, the controller to know what was done,
 * and, when an agent falls silent, what may have been.
 */
#ifndef COMMON_LANE_PROGRAM_H
#define COMMON_LANE_PROGRAM_H

#include "common/error.h"
#include "common/op.h"

#define LANES_MAX 8	     /* of one node */
#define LANE_OPS_MAX 1000000 /* of one lane */
#define LANE_WEIGHT_MAX 1000
#define LANE_TIME_MAX_NS (600ULL * 1000000000ULL)

/* A lane is never further ahead of what the controller has heard of it: so many operations, at
 * most, are unknown when it falls silent. */
#define LANE_AHEAD 512

enum lane_pick {
	PICK_RANDOM,
	PICK_SEQUENTIAL, /* one after another */
	PICK_NEAR,	 /* where a lane of the other node may have just written */
	PICKS
};
extern const char *const lane_pick_names[PICKS]; /* random sequential near */

struct lane_program {
	uint8_t node;
	uint8_t pick[2]; /* enum lane_pick, of reads and writes: [OP_READ], [OP_WRITE] */
	uint8_t sync;	 /* writes are flushed before they count as complete */
	uint16_t weight[2];
	uint32_t ops;
	uint8_t churn;	  /* in place of reads and writes: metadata, of which nothing is recorded */
	uint64_t time_ns; /* no operation is begun later than this; 0 = no such limit */
};

/* All lanes of both nodes. Their number on a node is the place among those of that node. */
struct lane_set {
	uint64_t seed;
	uint64_t base; /* sequences of writes are base + step + 1, each lane for itself */
	/* The units: `used` of `per_file` in each of `files`, `stride` apart. */
	uint32_t files, used, stride;
	uint64_t per_file;
	uint32_t n;
	struct lane_program lanes[NODES * LANES_MAX];
};

struct lane_op {
	enum op_kind kind; /* read or write */
	bool sync;
	uint64_t unit;
	uint64_t sequence; /* of a write */
};

/* The set is within all limits, each lane ends, and no unit is beyond `units`. Else -1 with *err
 * (ERROR_USER). */
int lane_set_check(const struct lane_set *set, uint64_t units, struct error *err);

/* How many lanes the node has, and its program number `lane`; NULL if there is none. */
unsigned lane_set_count(const struct lane_set *set, unsigned node);
const struct lane_program *lane_set_get(const struct lane_set *set, unsigned node, unsigned lane);

/* Whether the set's lanes churn: all of them, or none. */
bool lane_set_churns(const struct lane_set *set);

/* A number for one use in one step: a pure function of these and the seed. Uses from LANE_DRAWS on
 * are not lane_set_op's. */
#define LANE_DRAWS 16
uint64_t lane_set_draw(const struct lane_set *set, unsigned node, unsigned lane, uint32_t step,
		       unsigned use);

/* What that lane, one that does not churn, does in that step, from 0. The set was checked. Lane k
 * of n has each n-th unit, from the k-th on, and no other. */
struct lane_op lane_set_op(const struct lane_set *set, unsigned node, unsigned lane, uint32_t step);

#endif
