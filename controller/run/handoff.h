/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handoff.h - carries out a workload's steps: one node acts, its acknowledgement reaches the
 * controller, then the other node acts. Order rests on these messages alone, on no clock. Steps
 * that are at once have no order, which is what they are for.
 */
#ifndef RUN_HANDOFF_H
#define RUN_HANDOFF_H

#include "plan/workload.h"
#include "run/batch.h"
#include "run/recorder.h"
#include "host/progress.h"

/* How far a workload has come. */
struct handoff_step {
	uint64_t number, all; /* of the steps, from 1; those that are at once are one */
	uint64_t operations;  /* begun so far, those of this step included */
	uint64_t drawn;	      /* at random, from the seed */
	unsigned round;	      /* from 1 */
};

struct handoff {
	const struct workload *workload;
	struct agent_link *const *agents; /* [NODES] */
	struct recorder *recorder;
	const struct progress *progress;
	uint64_t units; /* in the target: a multiple of workload->files */
	uint64_t seed;	/* the order of the files in each round, delays */
	unsigned lanes; /* operations take turns on so many: what one node has under way at once */
	/* Asked before each handoff: false ends the workload there. NULL: it always goes on. */
	bool (*goes_on)(void *context);
	/* Told when a step's operations have been begun on all nodes and none was waited for yet:
	 * the moment for a fault. -1 with *err ends the workload. NULL: nobody is told. */
	int (*begun)(void *context, const struct handoff_step *step, struct error *err);
	void *context;

	/* own */
	struct batch batch[NODES];
	struct message_lanes free;
	uint64_t next_ping, random;
	struct handoff_step step;
	uint64_t step_random;
};

/* All rounds, as long as goes_on says so. On failure what had been commanded stands in the
 * histories as unknown. */
int handoff_carry_out(struct handoff *handoff, struct error *err);

#endif
