/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export_time.c - see export_time.h.
 *
 * Other checkers know one clock: x precedes y when x's return is before y's call. Two nodes have a
 * partial order instead (order.h), and in general no set of intervals says the same. So each unit
 * is put on a line as follows, which says part of it and never more:
 *
 *   returns  in the order of order.feed, which agrees with all that is certain;
 *   a call   after the longest run of returns from the first on that all certainly precede it, and
 *            not after the next return.
 *
 * Then x returns before y is called only if x is in that run, hence certainly precedes y. Lost is
 * what certainly precedes y but stands behind something that does not; it is counted. With one
 * clock nothing is, and the rule gives back the times as they are. With clock bounds the times
 * are those of a's clock, b's being shifted by the middle of the bounds and moved no further than
 * the rule demands (at most half the width where only clocks order the nodes; messages can make it
 * more). Without clocks times of two nodes cannot be compared, and a time is a place in the feed.
 *
 * A line per unit, not one for all, loses less: every checker for registers takes them one by one.
 */
#include "export/export_time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "history/grow.h"
#include "check/units.h"

/* 146 years in ns: sums of a few times stay within 63 bits. */
#define EXPORT_TIME_MAX ((int64_t)1 << 62)

static __int128 on_one_clock(const struct order *order, unsigned node, uint64_t time)
{
	__int128 middle = ((__int128)order->theta_lo + order->theta_hi) / 2;

	return node && order->clock == HISTORY_CLOCK_BOUNDS ? time - middle : time;
}

int timeline_check(const struct history *history, const struct order *order, struct error *err)
{
	char source[256];
	__int128 time;
	size_t i;

	if (order->clock == HISTORY_CLOCK_NONE)
		return 0;
	for (i = 0; i < history->n_ops; i++) {
		const struct history_op *op = &history->ops[i];

		time = on_one_clock(order, op->node, op->invoke);
		if (time >= -EXPORT_TIME_MAX && op->complete != TIME_NONE)
			time = on_one_clock(order, op->node, op->complete);
		if (time < -EXPORT_TIME_MAX || time > EXPORT_TIME_MAX)
			return error_set(
				err, ERROR_USER,
				"%s: its times on one clock are not within 2^62 ns, which "
				"is what other checkers' formats hold",
				history_source(history, (uint32_t)i, source, sizeof(source)));
	}
	return 0;
}

int64_t timeline_about(const struct history *history, const struct order *order, uint32_t op,
		       bool at_end)
{
	const struct history_op *o = &history->ops[op];

	if (order->clock == HISTORY_CLOCK_NONE)
		return order->position[op] == INDEX_NEVER ? order->n_feed + (int64_t)1
							  : order->position[op] + (int64_t)1;
	return (int64_t)on_one_clock(order, o->node, at_end ? o->complete : o->invoke);
}

void timeline_begin(struct timeline *timeline)
{
	timeline->n = 0;
	memset(timeline->n_node, 0, sizeof(timeline->n_node));
}

void timeline_done(struct timeline *timeline)
{
	unsigned node;

	free(timeline->times);
	for (node = 0; node < NODES; node++) {
		free(timeline->index[node]);
		free(timeline->place[node]);
	}
}

int timeline_return(struct timeline *timeline, uint32_t op, int64_t *ret, struct error *err)
{
	unsigned node = timeline->history->ops[op].node;
	int64_t time = timeline_about(timeline->history, timeline->order, op, true);
	size_t n = timeline->n, n_node = timeline->n_node[node];

	if (grow((void **)&timeline->times, &timeline->cap, n, sizeof(time), err) < 0 ||
	    grow((void **)&timeline->index[node], &timeline->cap_index[node], n_node,
		 sizeof(uint32_t), err) < 0 ||
	    grow((void **)&timeline->place[node], &timeline->cap_place[node], n_node,
		 sizeof(uint32_t), err) < 0)
		return -1;
	/* With one clock the feed is by time, and ties stay ties. Else room for calls in between.
	 */
	if (timeline->order->clock != HISTORY_CLOCK_ONE && n && time <= timeline->times[n - 1])
		time = timeline->times[n - 1] + 1;
	timeline->index[node][n_node] = timeline->order->index[op];
	timeline->place[node][n_node] = (uint32_t)n;
	timeline->times[n] = time;
	timeline->n_node[node]++;
	timeline->n++;
	*ret = time;
	return 0;
}

int64_t timeline_call(const struct timeline *timeline, uint32_t op, uint64_t *certain,
		      uint64_t *lost)
{
	const struct order *order = timeline->order;
	size_t run = timeline->n, known = 0, n;
	int64_t time;
	unsigned node;

	for (node = 0; node < NODES; node++) {
		n = count_up_to(timeline->index[node], timeline->n_node[node],
				order->known[op][node]);
		known += n;
		if (n < timeline->n_node[node] && timeline->place[node][n] < run)
			run = timeline->place[node][n];
	}
	*certain += known;
	*lost += known - run;
	/* Without clocks as late as may be, which overlaps least with what its lane did before. */
	time = order->clock == HISTORY_CLOCK_NONE && run < timeline->n
		       ? timeline->times[run]
		       : timeline_about(timeline->history, order, op, false);
	if (run && time <= timeline->times[run - 1])
		time = timeline->times[run - 1] + 1;
	if (run < timeline->n && time > timeline->times[run])
		time = timeline->times[run];
	return time;
}
