/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lane.h - one worker thread that serves requests in order: mount, await, open, run, close.
 *
 * It may hang in a system call for as long as the volume does; whoever submits never does.
 */
#ifndef AGENT_LANE_H
#define AGENT_LANE_H

#include "agent/io.h"
#include "agent/outlet.h"

#define LANE_QUEUE_MAX 64 /* requests waiting */

struct lane;

/* paths: io_paths, or a test's table; it and outlet must outlive the lane. NULL with *err on
 * failure.
 */
struct lane *lane_start(struct outlet *outlet, const struct io_path *const paths[],
			struct error *err);

/* Queue a copy of the request. -1 with *err (ERROR_USER): too many wait already. */
int lane_submit(struct lane *lane, uint64_t connection, const struct frame *request,
		struct error *err);

/* What the controller has heard of while free-running lanes run. -1 with *err: no such message. */
int lane_heard(struct lane *lane, const struct frame *frame, struct error *err);

/*
 * A connection is over: forget what is queued, stop what is running after the operation it is at,
 * then close the target. Does not wait for that. What is submitted later is served after it.
 */
void lane_reset(struct lane *lane);

/* lane_reset, wait for the thread to end and free all; NULL is fine. */
void lane_stop(struct lane *lane);

#endif
