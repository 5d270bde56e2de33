/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch_node.c - see watch_node.h.
 *
 * What every operation to come knows (low): a lane is sequential, so whatever a node has still to
 * feed was invoked at or after W, the least of its lanes' last completions fed. It knows the
 * completions strictly before W and the messages of invocations strictly before W. A lane whose
 * operation never completed is over and holds W back no longer: all that may still come of it are
 * more operations that never completed, of which no read tells anything (for writes see watch.c).
 */
#include "passes/watch_node.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"

#define RING_MAX 65536U	 /* a power of two */
#define QUEUE_MAX 65536U /* operations that wait */

int watch_node_init(struct watch_node *node, unsigned number, unsigned lanes, struct error *err)
{
	node->number = number;
	node->n_lanes = lanes;
	node->lanes = calloc(lanes + (size_t)1, sizeof(*node->lanes));
	return node->lanes ? 0 : error_set(err, ERROR_WORLD, "out of memory");
}

void watch_node_done(struct watch_node *node)
{
	free(node->lanes);
	free(node->queue);
	free(node->times);
}

bool watch_node_accepts(const struct watch_node *node, const struct op_head *op)
{
	const struct watch_lane *lane = node->lanes;

	if (op->lane >= node->n_lanes || op->after >= LOW_ALL)
		return false;
	lane += op->lane;
	if (op->invoke < lane->arrived)
		return false;
	if (op->complete != TIME_NONE && (lane->over || op->complete < node->last))
		return false;
	if (node->end - node->head == QUEUE_MAX || node->done >= LOW_ALL - QUEUE_MAX)
		return false;
	return op->kind != OP_WRITE ||
	       (op->value == VALUE_TAG && write_id_node(op->write_id) == op->node &&
		write_id_lane(op->write_id) == op->lane && write_id_sequence(op->write_id) &&
		op->write_id > lane->name);
}

int watch_node_add(struct watch_node *node, const struct op_head *op, struct error *err)
{
	struct watch_lane *lane = &node->lanes[op->lane];

	if (node->head && 2 * node->head >= node->end) {
		node->end -= node->head;
		memmove(node->queue, node->queue + node->head, node->end * sizeof(*node->queue));
		node->head = 0;
	}
	if (grow((void **)&node->queue, &node->cap_queue, node->end, sizeof(*node->queue), err) < 0)
		return -1;
	node->queue[node->end++] = *op;
	if (op->kind == OP_WRITE)
		lane->name = op->write_id;
	if (op->complete == TIME_NONE)
		lane->over = true;
	else
		lane->arrived = node->last = op->complete;
	return 0;
}

const struct op_head *watch_node_first(const struct watch_node *node)
{
	return node->head < node->end ? &node->queue[node->head] : NULL;
}

/* Fed completions before `time`, as far as the ring proves it. */
static uint32_t count_before(const struct watch_node *node, uint64_t time)
{
	uint32_t least = node->done > node->ring ? node->done - (uint32_t)node->ring : 0, lo, hi;
	uint32_t at;

	for (lo = least, hi = node->done; lo < hi;) {
		at = hi - (hi - lo) / 2;
		if (node->times[at & (node->ring - 1)] < time)
			lo = at;
		else
			hi = at - 1;
	}
	return lo > least ? lo : 0;
}

uint32_t watch_node_own(const struct watch_node *node, const struct op_head *op)
{
	return count_before(node, op->invoke);
}

uint32_t watch_node_message(const struct watch_node *node, const struct op_head *op)
{
	uint32_t best = (uint32_t)op->after;
	unsigned i = node->n_steps;

	while (i && node->steps[i - 1].invoke >= op->invoke)
		i--;
	return i && node->steps[i - 1].after > best ? node->steps[i - 1].after : best;
}

static void drop_steps(struct watch_node *node, unsigned from, unsigned n)
{
	node->n_steps -= n;
	memmove(&node->steps[from], &node->steps[from + n],
		(node->n_steps - from) * sizeof(node->steps[0]));
}

/* Keep both numbers rising. Of too many the oldest is forgotten. */
static void add_step(struct watch_node *node, uint64_t invoke, uint32_t after)
{
	unsigned at, n;

	if (node->n_steps == WATCH_STEPS)
		drop_steps(node, 0, 1);
	for (at = node->n_steps; at && node->steps[at - 1].invoke > invoke; at--)
		;
	if (at && node->steps[at - 1].after >= after)
		return;
	if (at && node->steps[at - 1].invoke == invoke)
		at--;
	for (n = 0; at + n < node->n_steps && node->steps[at + n].after <= after; n++)
		;
	drop_steps(node, at, n);
	memmove(&node->steps[at + 1], &node->steps[at],
		(node->n_steps - at) * sizeof(node->steps[0]));
	node->steps[at] = (struct watch_step){invoke, after};
	node->n_steps++;
}

static void raise_low(struct watch_node *node)
{
	uint32_t *low = node->low, before;
	uint64_t least = UINT64_MAX;
	unsigned i, own = node->number;

	for (i = 0; i < node->n_lanes; i++) {
		if (!node->lanes[i].over_fed && node->lanes[i].fed < least)
			least = node->lanes[i].fed;
	}
	if (least == UINT64_MAX) {
		low[0] = low[1] = LOW_ALL;
		return;
	}
	before = count_before(node, least);
	if (before > low[own])
		low[own] = before;
	for (i = 0; i < node->n_steps && node->steps[i].invoke < least; i++)
		;
	if (!i)
		return;
	if (node->steps[i - 1].after > low[!own])
		low[!own] = node->steps[i - 1].after;
	drop_steps(node, 0, i - 1); /* nobody asks about those times any more */
}

int watch_node_fed(struct watch_node *node, struct error *err)
{
	const struct op_head *op = &node->queue[node->head++];
	struct watch_lane *lane = &node->lanes[op->lane];

	if (op->complete == TIME_NONE) {
		lane->over_fed = true;
	} else {
		node->done++;
		if (node->ring < RING_MAX && grow((void **)&node->times, &node->ring, node->done,
						  sizeof(*node->times), err) < 0)
			return -1;
		node->times[node->done & (node->ring - 1)] = op->complete;
		lane->fed = op->complete;
	}
	if (op->after)
		add_step(node, op->invoke, (uint32_t)op->after);
	raise_low(node);
	return 0;
}
