/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch.h - a workload's step on one file becomes operations for an agent. */
#ifndef RUN_BATCH_H
#define RUN_BATCH_H

#include "common/message.h"
#include "plan/workload.h"

/* Who does it, and what its operations are to carry. */
struct batch {
	const struct workload *workload;
	uint64_t units;	   /* in the target: a multiple of workload->files */
	unsigned lanes;	   /* operations take turns on so many */
	unsigned lane;	   /* of the next one */
	uint64_t sequence; /* of the node's last write */
	uint64_t peer;	   /* of the other node's, as far as it is known to have been heard of */
	uint64_t after;	   /* completions of the other node, likewise */
	struct message_run run;
};

/* Append one step's operations on one file; a flush is of all files. They must fit
 * (batch_step_size). */
void batch_add(struct batch *batch, const struct workload_step *step, unsigned file);

/* How many operations that is, for a target of so many units; also what is more than an
 * unsigned holds is more than MESSAGE_OPS_MAX. */
uint64_t batch_step_size(const struct workload *workload, const struct workload_step *step,
			 uint64_t units);

/* The lanes of a round in which `writer` is the writer; all but seed and base. */
void batch_lanes(const struct workload *workload, uint64_t units, unsigned writer,
		 struct lane_set *ret);

#endif
