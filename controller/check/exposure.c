/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exposure.c - which reads could have shown the fault we look for.
 *
 * A read r of node n is an exposure when
 *   - n had read or written the unit before (p), so that it may hold an older value,
 *   - the other node's write w came after that access and before the read, both certainly
 *     (p -> w -> r), and
 *   - no other access of n certainly lies between w and r (no write of its own that would have
 *     replaced what it held; no read, which would have been the exposure).
 * So there is at most one exposure for each node, unit and newest certain remote write. Only these
 * are the trials of the statistics: ten reads of a unit that nobody wrote prove nothing.
 */
#include "check/judge.h"

#include <stdlib.h>

#include "history/grow.h"

/* What is known of one node while its operations on the unit go by. */
struct accesses {
	uint32_t *ops, *index; /* its reads and writes that succeeded, ascending by index */
	size_t n, cap_ops, cap_index;
	uint32_t *overwritten; /* per own write: most known of the other node so far */
	size_t n_writes, cap_overwritten;
	size_t consumed; /* remote writes already seen off by a read */
};

static int add_access(struct accesses *to, uint32_t op, uint32_t index, struct error *err)
{
	if (grow((void **)&to->ops, &to->cap_ops, to->n, sizeof(op), err) < 0 ||
	    grow((void **)&to->index, &to->cap_index, to->n, sizeof(op), err) < 0)
		return -1;
	to->ops[to->n] = op;
	to->index[to->n++] = index;
	return 0;
}

static int add_own_write(struct accesses *to, uint32_t known, struct error *err)
{
	if (grow((void **)&to->overwritten, &to->cap_overwritten, to->n_writes, sizeof(known),
		 err) < 0)
		return -1;
	if (to->n_writes && to->overwritten[to->n_writes - 1] > known)
		known = to->overwritten[to->n_writes - 1];
	to->overwritten[to->n_writes++] = known;
	return 0;
}

static void judge_read(const struct judge *judge, struct accesses *own, struct reading *reading)
{
	const struct unit_view *view = &judge->view;
	unsigned node = judge->history->ops[reading->op].node, other = !node;
	const uint32_t *known = judge->order->known[reading->op];
	size_t newest = count_up_to(view->ok_index[other], view->n_ok[other], known[other]);
	size_t primed, writes;
	uint32_t write;

	if (newest <= own->consumed)
		return;
	own->consumed = newest;
	write = view->ok_writes[other][newest - 1];
	primed = count_up_to(own->index, own->n, judge->order->known[write][node]);
	if (!primed || reading->state == READING_UNJUDGED)
		return;
	writes = count_up_to(view->ok_index[node], view->n_ok[node], known[node]);
	if (writes && own->overwritten[writes - 1] >= judge->order->index[write])
		return;
	reading->exposed = write;
	reading->primed = own->ops[primed - 1];
}

int exposure_judge(struct judge *judge, struct error *err)
{
	struct unit_view *view = &judge->view;
	struct accesses nodes[NODES] = {0};
	size_t reads = 0, next[NODES] = {0, 0};
	unsigned node;
	int result = -1;

	/* Merge reads and successful writes by their place in the feed. */
	for (;;) {
		uint32_t op = NO_OP, at = UINT32_MAX;
		const uint32_t *position = judge->order->position;

		if (reads < view->n_readings) {
			op = view->readings[reads].op;
			at = position[op];
		}
		for (node = 0; node < NODES; node++) {
			if (next[node] < view->n_ok[node] &&
			    position[view->ok_writes[node][next[node]]] < at) {
				op = view->ok_writes[node][next[node]];
				at = position[op];
			}
		}
		if (op == NO_OP)
			break;
		node = judge->history->ops[op].node;
		if (judge->history->ops[op].kind == OP_READ) {
			judge_read(judge, &nodes[node], &view->readings[reads++]);
		} else {
			next[node]++;
			if (add_own_write(&nodes[node], judge->order->known[op][!node], err) < 0)
				goto out;
		}
		if (add_access(&nodes[node], op, judge->order->index[op], err) < 0)
			goto out;
	}
	result = 0;
out:
	for (node = 0; node < NODES; node++) {
		free(nodes[node].ops);
		free(nodes[node].index);
		free(nodes[node].overwritten);
	}
	return result;
}
