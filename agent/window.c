/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * window.c - the operations that are under way at once: as many as the path's queue depth allows.
 *
 * A window slides: as soon as one operation is over the next begins, so that the disk never waits
 * for the slowest of a few, nor while we stamp and verify. All in it are of one kind, each on
 * another lane, since a lane is sequential. Operations begin in the order of the RUN, and their
 * records go out in the order in which they completed: who watches goes by it.
 *
 * The executor's buffer is cut into pieces for as many operations as there may be. They are as
 * large as that of the first one; what does not fit waits until nothing is under way.
 */
#include <stdlib.h>
#include <string.h>

#include "agent/executor_internal.h"

struct slot {
	struct io_request request; /* first: it is what comes back */
	struct record record;
	void *buf;
};

struct window {
	enum op_kind kind;
	size_t space; /* bytes of a piece of the buffer */
	unsigned n, n_idle;
	struct slot *idle[IO_DEPTH_MAX]; /* the last one over is the next to begin: it is cached */
	struct slot slots[IO_DEPTH_MAX];
	bool busy[LANE_MAX + 1];
};

struct window *window_new(void)
{
	return calloc(1, sizeof(struct window));
}

static size_t space_of(const struct target *target, const struct message_op *op)
{
	return ((size_t)op->count * target->unit + TARGET_ALIGN - 1) / TARGET_ALIGN * TARGET_ALIGN;
}

static enum io_role role_of(enum op_kind kind)
{
	return kind == OP_WRITE ? IO_WRITER : IO_READER;
}

/* Nothing is under way: for operations like this one from now on. */
static void start(struct executor *executor, const struct message_op *op)
{
	const struct target *target = executor->target;
	struct window *window = executor->window;
	unsigned i;

	window->kind = (enum op_kind)op->kind;
	window->space = space_of(target, op);
	window->n = target->role[role_of(window->kind)]->io.depth;
	if (window->n > TARGET_OP_MAX / window->space)
		window->n = (unsigned)(TARGET_OP_MAX / window->space);
	for (i = 0; i < window->n; i++) {
		window->slots[i].buf = (uint8_t *)executor->buf + i * window->space;
		window->idle[window->n - 1 - i] = &window->slots[i];
	}
	window->n_idle = window->n;
}

static void begin(struct executor *executor, const struct message_op *op)
{
	struct window *window = executor->window;
	struct slot *slot = window->idle[--window->n_idle];
	enum io_role role = role_of(window->kind);

	window->busy[op->lane] = true;
	target_request(executor->target, role, op->unit, op->count, slot->buf,
		       op->flags & MESSAGE_OP_SYNC && window->kind == OP_WRITE, &slot->request);
	executor_begin(executor, op, slot->buf, &slot->record);
	target_submit(executor->target, role, &slot->request);
}

static void end_one(struct executor *executor)
{
	struct window *window = executor->window;
	struct slot *slot = (struct slot *)target_reap(executor->target, role_of(window->kind));

	window->busy[slot->record.op.lane] = false;
	executor_end(executor, &slot->record, &slot->request);
	window->idle[window->n_idle++] = slot;
}

void window_end_all(struct executor *executor)
{
	while (executor->window->n_idle < executor->window->n)
		end_one(executor);
}

void window_do(struct executor *executor, const struct message_op *op)
{
	struct window *window = executor->window;

	if (op->kind != window->kind || space_of(executor->target, op) > window->space)
		window_end_all(executor);
	while (window->n_idle < window->n && (!window->n_idle || window->busy[op->lane]))
		end_one(executor);
	if (window->n_idle == window->n)
		start(executor, op);
	begin(executor, op);
	if (window->n == 1)
		end_one(executor);
}
