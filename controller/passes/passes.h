/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * passes.h - the feed through all passes: streaming, exact, and across units.
 */
#ifndef PASSES_PASSES_H
#define PASSES_PASSES_H

#include "order/causal.h"
#include "order/feed.h"
#include "order/progress.h"
#include "passes/litmus.h"
#include "passes/live.h"

enum {
	PASS_STREAM = 1,
	PASS_EXACT = 2,
	PASS_ACROSS = 4, /* what was read counts as a message; store buffering */
	PASS_ALL = 7,
};

struct passes_options {
	unsigned passes;
	unsigned shard, shards; /* judge units of this shard (from 1) only; 0: all */
	unsigned threads;	/* 0: as many as there are cores */
	struct judge_progress progress;
};

/* A unit that some pass marked. */
struct marked_unit {
	uint64_t unit;
	uint32_t ops;
	/* By the first pass of those: which of the unit's operations showed it, its node and its
	 * slot (UINT32_MAX: the end did), and the exposures up to there, by reader. */
	uint32_t at, number, exposures[NODES];
	uint8_t node;
	uint8_t what[3]; /* of each pass, stream, exact, across: MARK_... bits */
};

struct passes {
	struct marked_unit *marked; /* ascending by unit */
	size_t n_marked;
	uint64_t exposures[NODES]; /* by the node that read; of units that are not marked */
	struct round_marks rounds;
	struct litmus_finding *litmus; /* the first of them */
	size_t n_litmus;
	uint64_t found_litmus;
	uint64_t undecided;	 /* evidence of what was read that fell out of its window */
	struct op_counts counts; /* of the shard: an operation counts where its first unit is */
};

/*
 * Run the passes. bounds may be changed as feed_prepare has it, and are given up, with a warning,
 * when they and the messages form a circle. Release with passes_done; *ret is not set on failure.
 */
int passes_run(const struct tapes *tapes, struct scan *scan, struct clock_bounds *bounds,
	       const struct passes_options *options, struct passes *ret, struct error *err);
void passes_done(struct passes *passes);

#endif
