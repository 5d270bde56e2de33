/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * free_run.h - free-running lanes: a thread each, which nobody tells what to do next.
 *
 * The caller's thread sends their records, merged in the order of completion, as long as they run.
 */
#ifndef AGENT_FREE_RUN_H
#define AGENT_FREE_RUN_H

#include <stdatomic.h>

#include "agent/executor.h"

struct lane;

/* What the controller has told since LANES came. Written by who reads messages, read by lanes. */
struct free_run_heard {
	_Atomic uint64_t completions;
	_Atomic uint32_t steps[LANES_MAX];
};

struct free_run_options {
	const struct message_lanes *lanes;
	struct free_run_heard *heard;
	/* Sleep for so many ns; true if all is to end. */
	bool (*cancelled)(struct lane *lane, uint64_t ns);
	struct lane *lane;
};

/* Nothing heard yet; and what a HEARD says. -1 with *err: it is none. */
void free_run_forget(struct free_run_heard *heard);
int free_run_hear(struct free_run_heard *heard, const struct frame *frame, struct error *err);

/*
 * Run the node's own lanes to their ends; a note then says how they fared. -1 with *err
 * (ERROR_USER: the set is refused, and nothing was done; ERROR_WORLD: no memory or thread, some may
 * have begun).
 */
int free_run_do(struct executor *executor, const struct free_run_options *options,
		struct error *err);

#endif
