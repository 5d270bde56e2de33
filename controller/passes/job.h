/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job.h - for passes.c: what one thread does of the passes, with a feed of its own.
 *
 * What goes from one core to another costs about what feeding it does, so that threads share
 * nothing but the files: each reads all of them, and feeds what touches its share of the units.
 */
#ifndef PASSES_JOB_H
#define PASSES_JOB_H

#include "order/shard.h"
#include "passes/passes.h"

#define PASSES 3U /* bits of enum in passes.h, as numbers */
#define PASS_ACROSS_NUMBER 2U

struct job {
	const struct tapes *tapes;
	const struct scan *scan;
	const struct clock_bounds *bounds;
	unsigned passes; /* which of them */
	struct shard part;
	/* Called now and then with the completions gone past since the last time. */
	void (*progress)(void *context, uint64_t done);
	void *context;
	/* What came of it. */
	struct live *lives[PASSES]; /* NULL: not one of its passes */
	struct op_counts counts;    /* of its part: an operation counts where its first unit is */
	struct litmus_finding *litmus; /* the first of them */
	size_t n_litmus, cap_litmus;
	uint64_t found_litmus;
	uint64_t undecided; /* see causal_forgotten */
	int result;	    /* 0; -1 with err set; 1, with err set: a circle */
	struct error err;
};

/* Do it: job is a struct job whose fields before lives are set, the others 0. Release with
 * job_done, which leaves litmus to who has taken it. */
void job_work(void *job);
void job_done(struct job *job);

#endif
