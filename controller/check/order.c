/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order.c - see order.h.
 *
 * K of an operation's own node comes from that node's clock: how many completions lie strictly
 * before its invocation. (Intervals are closed: a completion and an invocation at the same instant
 * overlap.) K of the other node is the greater of two: what the clock bounds prove, and what
 * messages prove. A message (after=NODE:K) proves its K also for every operation that the same
 * node invoked later, by that node's own clock; so the edges are closed transitively, and with two
 * nodes there is nothing else to close (a -> b -> a' is in a's own clock already).
 *
 * Messages are facts, clock bounds are derived: where they contradict each other the bounds are
 * discarded. One common clock is a claim of whoever wrote the history, so there it is an error.
 */
#include "check/order.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct timed {
	uint64_t time;
	uint32_t op;
};

/* One node's operations by completion and by invocation. */
struct side {
	struct timed *completions, *invocations;
	uint32_t n_completions, n_invocations;
};

static int by_time(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->op < y->op ? -1 : x->op > y->op;
}

/* How many completions lie strictly before `time`, which may be any number. */
static uint32_t completed_before(const struct side *side, __int128 time)
{
	uint32_t lo = 0, hi = side->n_completions, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (side->completions[mid].time < time)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int fill_side(const struct history *history, unsigned node, struct side *side,
		     struct order *order, struct error *err)
{
	size_t i;

	side->completions = calloc(history->n_ops + 1, sizeof(struct timed));
	side->invocations = calloc(history->n_ops + 1, sizeof(struct timed));
	if (!side->completions || !side->invocations)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < history->n_ops; i++) {
		const struct history_op *op = &history->ops[i];

		if (op->node != node)
			continue;
		side->invocations[side->n_invocations++] = (struct timed){op->invoke, (uint32_t)i};
		order->index[i] = order->position[i] = INDEX_NEVER;
		if (op->complete != TIME_NONE)
			side->completions[side->n_completions++] =
				(struct timed){op->complete, (uint32_t)i};
	}
	qsort(side->completions, side->n_completions, sizeof(struct timed), by_time);
	qsort(side->invocations, side->n_invocations, sizeof(struct timed), by_time);
	for (i = 0; i < side->n_completions; i++)
		order->index[side->completions[i].op] = (uint32_t)i + 1;
	order->n_completed[node] = side->n_completions;
	return 0;
}

static int refuse(const struct history *history, uint32_t op, const char *why, struct error *err)
{
	char source[256];

	return error_set(err, ERROR_USER, "%s: after=%c:%" PRIu64 " %s",
			 history_source(history, op, source, sizeof(source)),
			 'a' + !history->ops[op].node, history->ops[op].after, why);
}

/* The offsets theta = clock(b) - clock(a) that the bounds and all messages so far leave possible.
 */
struct offsets {
	__int128 lo, hi;
};

/* A completion came before this invocation of the other node: false if no offset allows that. */
static bool narrow(struct offsets *offsets, uint64_t complete, const struct history_op *to)
{
	__int128 end = complete, begin = to->invoke;

	if (to->node && begin - end - 1 < offsets->hi)
		offsets->hi = begin - end - 1; /* end + theta < begin */
	if (!to->node && end - begin + 1 > offsets->lo)
		offsets->lo = end - begin + 1; /* end - theta < begin */
	return offsets->lo <= offsets->hi;
}

/* The edges of this operation leave no room for the clock bounds. */
static void discard_clock(const struct history *history, struct order *order, uint32_t op)
{
	char source[256];

	order->clock = HISTORY_CLOCK_NONE;
	snprintf(order->warning, sizeof(order->warning),
		 "%s: its message edges contradict the clock bounds, which are discarded: only "
		 "messages order the nodes",
		 history_source(history, op, source, sizeof(source)));
}

/* Look at an operation's own message edge. */
static int check_edge(const struct history *history, struct order *order, const struct side *other,
		      uint32_t op, struct offsets *offsets, struct error *err)
{
	const struct history_op *to = &history->ops[op];
	uint64_t complete;

	if (to->after > other->n_completions)
		return refuse(history, op, "counts more completions than that node has", err);
	complete = other->completions[to->after - 1].time;
	if (to->after < other->n_completions && other->completions[to->after].time == complete)
		return refuse(history, op,
			      "is ambiguous: two completions at that place have the same time",
			      err);
	if (order->clock == HISTORY_CLOCK_NONE || narrow(offsets, complete, to))
		return 0;
	if (order->clock == HISTORY_CLOCK_ONE)
		return refuse(history, op,
			      "contradicts the clock: that completion is not before this "
			      "invocation; with two clocks say `# clock none` or give bounds",
			      err);
	discard_clock(history, order, op);
	return 0;
}

/* What messages prove, inherited along the node's own invocations. */
static int fill_messages(const struct history *history, struct order *order, unsigned node,
			 const struct side sides[NODES], struct offsets *offsets, struct error *err)
{
	const struct side *own = &sides[node];
	uint32_t i, j, best = 0;
	uint64_t after;

	for (i = 0; i < own->n_invocations; i = j) {
		uint32_t inherited = best;

		/* Invocations at the same instant do not inherit from each other. */
		for (j = i;
		     j < own->n_invocations && own->invocations[j].time == own->invocations[i].time;
		     j++) {
			uint32_t op = own->invocations[j].op;

			after = history->ops[op].after;
			if (after &&
			    check_edge(history, order, &sides[!node], op, offsets, err) < 0)
				return -1;
			order->message[op] = after > inherited ? (uint32_t)after : inherited;
			if (after > best)
				best = (uint32_t)after;
		}
	}
	return 0;
}

static void fill_known(const struct history *history, struct order *order,
		       const struct side sides[NODES])
{
	size_t i;

	for (i = 0; i < history->n_ops; i++) {
		const struct history_op *op = &history->ops[i];
		unsigned other = !op->node;
		uint32_t by_clock = 0;
		__int128 begin = op->invoke;

		/* a -> b iff end + hi < begin; b -> a iff end - lo < begin. */
		if (order->clock != HISTORY_CLOCK_NONE)
			by_clock =
				completed_before(&sides[other], op->node ? begin - order->theta_hi
									 : begin + order->theta_lo);
		order->known[i][op->node] = completed_before(&sides[op->node], begin);
		order->known[i][other] =
			by_clock > order->message[i] ? by_clock : order->message[i];
	}
}

/* Merge both nodes' completions into one sequence that agrees with all edges; false if they form a
 * circle. */
static bool fill_feed(struct order *order, const struct side sides[NODES], uint32_t *ret_stuck)
{
	__int128 middle = order->clock == HISTORY_CLOCK_NONE
				  ? 0
				  : ((__int128)order->theta_lo + order->theta_hi) / 2;
	uint32_t done[NODES] = {0, 0};

	order->n_feed = 0;
	while (order->n_feed < sides[0].n_completions + sides[1].n_completions) {
		const struct timed *next[NODES];
		bool ready[NODES];
		unsigned node, take;

		for (node = 0; node < NODES; node++) {
			next[node] = &sides[node].completions[done[node]];
			ready[node] = done[node] < sides[node].n_completions &&
				      order->known[next[node]->op][!node] <= done[!node];
		}
		if (!ready[0] && !ready[1]) {
			*ret_stuck = next[done[0] >= sides[0].n_completions]->op;
			return false;
		}
		take = !ready[0] || (ready[1] && (__int128)next[1]->time - middle < next[0]->time);
		order->position[next[take]->op] = order->n_feed;
		order->feed[order->n_feed++] = next[take]->op;
		done[take]++;
	}
	return true;
}

static int allocate(const struct history *history, struct order *order, struct error *err)
{
	size_t n = history->n_ops + 1;

	order->index = calloc(n, sizeof(*order->index));
	order->known = calloc(n, sizeof(*order->known));
	order->message = calloc(n, sizeof(*order->message));
	order->position = calloc(n, sizeof(*order->position));
	order->feed = calloc(n, sizeof(*order->feed));
	if (!order->index || !order->known || !order->message || !order->position || !order->feed)
		return error_set(err, ERROR_WORLD, "out of memory for %zu operations", n);
	return 0;
}

int order_build(const struct history *history, struct order *ret, struct error *err)
{
	struct order order = {.clock = history->header.clock};
	struct side sides[NODES] = {0};
	struct offsets offsets;
	uint32_t stuck = 0;
	int result = -1;
	unsigned node;

	if (order.clock == HISTORY_CLOCK_BOUNDS) {
		order.theta_lo = history->header.theta_lo;
		order.theta_hi = history->header.theta_hi;
	}
	offsets = (struct offsets){order.theta_lo, order.theta_hi};
	if (allocate(history, &order, err) < 0)
		goto out;
	for (node = 0; node < NODES; node++) {
		if (fill_side(history, node, &sides[node], &order, err) < 0)
			goto out;
	}
	for (node = 0; node < NODES; node++) {
		if (fill_messages(history, &order, node, sides, &offsets, err) < 0)
			goto out;
	}
	fill_known(history, &order, sides);
	if (!fill_feed(&order, sides, &stuck)) {
		refuse(history, stuck,
		       "(or an earlier edge) is part of a circle: the message edges contradict "
		       "each other",
		       err);
		goto out;
	}
	*ret = order;
	result = 0;
out:
	for (node = 0; node < NODES; node++) {
		free(sides[node].completions);
		free(sides[node].invocations);
	}
	if (result < 0)
		order_done(&order);
	return result;
}

void order_done(struct order *order)
{
	free(order->index);
	free(order->known);
	free(order->message);
	free(order->position);
	free(order->feed);
	memset(order, 0, sizeof(*order));
}

bool order_before(const struct history *history, const struct order *order, uint32_t a, uint32_t b)
{
	return order->index[a] <= order->known[b][history->ops[a].node];
}

/* Time from the end of a to the beginning of b for the offset that makes it least. */
static __int128 least_gap(const struct history *history, const struct order *order, uint32_t a,
			  uint32_t b)
{
	const struct history_op *from = &history->ops[a], *to = &history->ops[b];
	__int128 gap = (__int128)to->invoke - from->complete;

	if (from->node == to->node)
		return gap;
	return to->node ? gap - order->theta_hi : gap + order->theta_lo;
}

bool order_by_message(const struct history *history, const struct order *order, uint32_t a,
		      uint32_t b, int64_t *ret_margin)
{
	if (history->ops[a].node == history->ops[b].node || order->clock != HISTORY_CLOCK_BOUNDS ||
	    order->index[a] <= order->message[b])
		return true;
	*ret_margin = (int64_t)least_gap(history, order, a, b);
	return false;
}

bool order_gap(const struct history *history, const struct order *order, uint32_t a, uint32_t b,
	       uint64_t *ret)
{
	__int128 gap;

	if (history->ops[a].complete == TIME_NONE ||
	    (history->ops[a].node != history->ops[b].node && order->clock == HISTORY_CLOCK_NONE))
		return false;
	gap = least_gap(history, order, a, b);
	*ret = gap > 0 ? (uint64_t)gap : 0;
	return true;
}
