/* SPDX-License-Identifier: GPL-2.0-or-later */
/* order.c - see order.h; how K comes about is feed.c's. */
#include "order/order.h"

#include <stdlib.h>
#include <string.h>

#include "order/feed.h"
#include "history/grow.h"

int order_reserve(struct order *order, size_t n, bool causal, struct error *err)
{
	if (order->position && n + 1 <= order->room)
		return 0;
	if (resize((void **)&order->index, n + 1, sizeof(*order->index), err) < 0 ||
	    resize((void **)&order->known, n + 1, sizeof(*order->known), err) < 0 ||
	    resize((void **)&order->message, n + 1, sizeof(*order->message), err) < 0 ||
	    resize((void **)&order->fence, n + 1, sizeof(*order->fence), err) < 0 ||
	    resize((void **)&order->position, n + 1, sizeof(*order->position), err) < 0 ||
	    resize((void **)&order->feed, n + 1, sizeof(*order->feed), err) < 0)
		return -1;
	if (causal && resize((void **)&order->causal, n + 1, sizeof(*order->causal), err) < 0)
		return -1;
	order->room = n + 1;
	return 0;
}

void order_place(struct order *order, uint32_t op, const struct fed *fed, const uint32_t *causal)
{
	bool unknown = fed->kind == OP_WRITE && fed->outcome == OUTCOME_UNKNOWN;

	order->index[op] = fed->index;
	order->message[op] = fed->message;
	memcpy(order->known[op], fed->known, sizeof(fed->known));
	if (causal)
		memcpy(order->causal[op], causal, sizeof(order->causal[op]));
	order->fence[op] = unknown && fed->fence ? fed->fence : INDEX_NEVER;
	order->position[op] = order->n_feed;
	order->feed[order->n_feed++] = op;
}

void order_place_pending(struct order *order, uint32_t op, const struct pending *pending)
{
	order->fence[op] = pending && pending->fence ? pending->fence : INDEX_NEVER;
	order->index[op] = order->position[op] = INDEX_NEVER;
	order->message[op] = pending ? pending->message : 0;
	memset(order->known[op], 0, sizeof(order->known[op]));
	if (pending)
		memcpy(order->known[op], pending->known, sizeof(pending->known));
	if (order->causal)
		memset(order->causal[op], 0, sizeof(order->causal[op]));
	if (order->causal && pending) {
		order->causal[op][pending->node] = pending->known[pending->node];
		order->causal[op][!pending->node] = pending->message;
	}
}

void order_done(struct order *order)
{
	free(order->index);
	free(order->known);
	free(order->message);
	free(order->fence);
	free(order->causal);
	free(order->position);
	free(order->feed);
	if (order->owns_bounds && order->bounds) {
		clock_bounds_done(order->bounds);
		free(order->bounds);
	}
	memset(order, 0, sizeof(*order));
}

static int fill(const struct tapes *tapes, struct scan *scan, struct order *order,
		struct error *err)
{
	struct feed *feed;
	struct fed fed;
	int got = -1;
	size_t i;

	if (feed_prepare(tapes, scan, order->bounds, err) < 0)
		return -1;
	feed = feed_open(tapes, scan, order->bounds, NULL, err);
	if (!feed)
		return -1;
	order->n_feed = 0;
	while ((got = feed_next(feed, &fed, 1, err)) > 0)
		order_place(order, tapes->nodes[fed.node].ops[fed.number], &fed, NULL);
	for (i = 0; i < scan->n_pending && !got; i++)
		order_place_pending(order,
				    tapes->nodes[scan->pending[i].node].ops[scan->pending[i].slot],
				    &scan->pending[i]);
	/* Within bounds that vary with time each edge may be possible, and all together not. */
	if (got < 0 && feed_is_circle(feed) && order->bounds->clock == HISTORY_CLOCK_BOUNDS)
		got = 1;
	feed_close(feed);
	return got;
}

/* The loosest bounds, for who wants one pair of numbers. */
static void find_theta(const struct history *history, struct order *order)
{
	int64_t lo, hi;
	bool first = true;
	size_t i;

	for (i = 0; i < history->n_ops; i++) {
		const struct history_op *op = &history->ops[i];

		if (op->complete == TIME_NONE ||
		    !clock_bounds_at(order->bounds, op->node, op->complete, &lo, &hi))
			continue;
		if (first || lo < order->theta_lo)
			order->theta_lo = lo;
		if (first || hi > order->theta_hi)
			order->theta_hi = hi;
		first = false;
	}
}

int order_build(const struct history *history, struct order *ret, struct error *err)
{
	struct order order = {.owns_bounds = true};
	struct tapes tapes;
	struct scan scan = {0};
	int result = -1;
	size_t i;

	if (tapes_borrow(history, &tapes, err) < 0)
		return -1;
	order.bounds = calloc(1, sizeof(*order.bounds));
	if (!order.bounds) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	if (scan_tapes(&tapes, 1, &scan, err) < 0)
		goto out;
	if (clock_bounds_build(&history->header, scan.samples, scan.n_samples, scan.pings,
			       scan.n_pings, order.bounds, err) < 0 ||
	    order_reserve(&order, history->n_ops, false, err) < 0)
		goto out;
	for (i = 0; i < history->n_ops; i++)
		order_place_pending(&order, (uint32_t)i, NULL);
	result = fill(&tapes, &scan, &order, err);
	if (result > 0) {
		clock_bounds_done(order.bounds);
		result = fill(&tapes, &scan, &order, err);
	}
	if (result)
		goto out;
	order.clock = order.bounds->clock;
	memcpy(order.warning, order.bounds->warning, sizeof(order.warning));
	find_theta(history, &order);
	*ret = order;
	memset(&order, 0, sizeof(order));
out:
	scan_done(&scan);
	tapes_release(&tapes);
	order_done(&order);
	return result;
}

bool order_before(const struct history *history, const struct order *order, uint32_t a, uint32_t b)
{
	return order->index[a] <= order->known[b][history->ops[a].node];
}

/* Time from the end of a to the beginning of b for the offset that makes it least; false when no
 * bounds are known. */
static bool least_gap(const struct history *history, const struct order *order, uint32_t a,
		      uint32_t b, __int128 *ret)
{
	const struct history_op *from = &history->ops[a], *to = &history->ops[b];
	int64_t lo, hi;

	*ret = (__int128)to->invoke - from->complete;
	if (from->node == to->node)
		return true;
	if (!clock_bounds_at(order->bounds, from->node, from->complete, &lo, &hi))
		return false;
	*ret += to->node ? -(__int128)hi : (__int128)lo;
	return true;
}

bool order_by_message(const struct history *history, const struct order *order, uint32_t a,
		      uint32_t b, int64_t *ret_margin)
{
	__int128 gap;

	if (history->ops[a].node == history->ops[b].node || order->clock != HISTORY_CLOCK_BOUNDS)
		return true;
	/* By its fence; how far beyond the bounds is not kept. */
	if (history->ops[a].outcome == OUTCOME_UNKNOWN) {
		*ret_margin = 0;
		return false;
	}
	if (order->index[a] <= order->message[b] || !least_gap(history, order, a, b, &gap))
		return true;
	*ret_margin = (int64_t)gap;
	return false;
}

bool order_gap(const struct history *history, const struct order *order, uint32_t a, uint32_t b,
	       uint64_t *ret)
{
	__int128 gap;

	if (history->ops[a].complete == TIME_NONE || !least_gap(history, order, a, b, &gap))
		return false;
	*ret = gap > 0 ? (uint64_t)gap : 0;
	return true;
}
