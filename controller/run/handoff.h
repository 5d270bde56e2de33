/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handoff.h - carries out a workload of handoffs: one node acts, its acknowledgement reaches the
 * controller, then the other node acts. Order rests on these messages alone, on no clock.
 */
#ifndef RUN_HANDOFF_H
#define RUN_HANDOFF_H

#include "plan/workload.h"
#include "run/recorder.h"
#include "host/progress.h"

struct handoff {
	const struct workload *workload;
	struct agent_link *const *agents; /* [NODES] */
	struct recorder *recorder;
	const struct progress *progress;
	uint64_t units; /* in the target: a multiple of workload->files */
	uint64_t seed;	/* the order of the files in each round */
	unsigned lanes; /* operations take turns on so many: what one node has under way at once */
	/* Asked before each handoff: false ends the workload there. NULL: it always goes on. */
	bool (*goes_on)(void *context);
	void *context;

	/* own */
	uint64_t sequence[NODES]; /* of each node's last write */
	unsigned lane[NODES];	  /* of its next operation */
	uint64_t next_ping;
	struct message_run run;
};

/* All rounds, as long as goes_on says so. On failure what had been commanded stands in the
 * histories as unknown. */
int handoff_carry_out(struct handoff *handoff, struct error *err);

#endif
