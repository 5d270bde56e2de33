/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed.c - see feed.h.
 *
 * K of an operation's own node comes from that node's clock: how many completions lie strictly
 * before its invocation. (Intervals are closed: a completion and an invocation at the same instant
 * overlap.) K of the other node is the greater of two: what the clock bounds prove, and what
 * messages prove. A message (after=NODE:K) proves its K also for every operation that the same
 * node invoked later, by that node's own clock (scan_node.steps); with two nodes there is nothing
 * else to close transitively (a -> b -> a' is in a's own clock already).
 *
 * Each side (feed_side.h) walks its tape in the order of completion. Its next operation is ready
 * once the other side has gone past all that certainly precedes it. Messages are facts, clock
 * bounds are derived: where they contradict each other the bounds are discarded. One common clock
 * is a claim of whoever wrote the history, so there it is an error.
 */
#include "order/feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order/feed_side.h"

/* low is brought up to date with each operation, or with every eighth where there are many: what is
 * said of it is true all the same. */
#define MANY 100000U
#define LOW_EVERY 8U

struct feed {
	const struct tapes *tapes;
	const struct scan *scan;
	struct clock_bounds bounds; /* its places of the last look-up are this feed's own */
	struct side sides[NODES];
	const struct shard *only; /* whose operations are given; NULL: all */
	unsigned turn, low_every; /* operations since low was brought up to date; until it is */
	bool circle;
};

static int refuse(const struct tapes *tapes, const struct scan *scan, unsigned node, uint32_t slot,
		  uint32_t after, const char *why, struct error *err)
{
	char source[256];

	return error_set(err, ERROR_USER, "%s: after=%c:%" PRIu32 " %s",
			 scan_source(tapes, scan, node, slot, source, sizeof(source)),
			 node ? 'a' : 'b', after, why);
}

/* The offsets theta = clock(b) - clock(a) that the messages so far leave possible. */
struct offsets {
	__int128 lo, hi;
};

/* A completion of the other node came before this invocation of `node`: false if no offset allows
 * that, neither at that time nor, with clocks that keep their distance, at all times. */
static bool narrow(struct offsets *offsets, struct clock_bounds *bounds, unsigned node,
		   uint64_t complete, uint64_t invoke)
{
	__int128 end = complete, begin = invoke;
	int64_t lo, hi;

	if (!clock_bounds_at(bounds, !node, complete, &lo, &hi))
		return true;
	if (node ? end + lo >= begin : end - hi >= begin)
		return false;
	if (bounds->n_links)
		return true;
	if (lo > offsets->lo)
		offsets->lo = lo;
	if (hi < offsets->hi)
		offsets->hi = hi;
	if (node && begin - end - 1 < offsets->hi)
		offsets->hi = begin - end - 1; /* end + theta < begin */
	if (!node && end - begin + 1 > offsets->lo)
		offsets->lo = end - begin + 1; /* end - theta < begin */
	return offsets->lo <= offsets->hi;
}

static void discard_clock(struct feed *feed, struct clock_bounds *bounds, unsigned node,
			  uint32_t slot)
{
	char source[256];

	clock_bounds_done(bounds);
	bounds->clock = HISTORY_CLOCK_NONE;
	snprintf(bounds->warning, sizeof(bounds->warning),
		 "%s: its message edges contradict the clock bounds, which are discarded: only "
		 "messages order the nodes",
		 scan_source(feed->tapes, feed->scan, node, slot, source, sizeof(source)));
	feed->bounds = *bounds;
}

static int check_message(struct feed *feed, struct clock_bounds *bounds, unsigned node,
			 const struct message *message, struct offsets *offsets, struct error *err)
{
	struct side *other = &feed->sides[!node];
	const struct tapes *tapes = feed->tapes;
	uint32_t n = feed->scan->nodes[!node].n_completed;
	uint64_t complete, next;

	if (message->after > n)
		return refuse(tapes, feed->scan, node, message->slot, message->after,
			      "counts more completions than that node has", err);
	if (side_time(other, message->after, &complete, err) < 0)
		return -1;
	if (message->after < n) {
		if (side_time(other, message->after + 1, &next, err) < 0)
			return -1;
		if (next == complete)
			return refuse(
				tapes, feed->scan, node, message->slot, message->after,
				"is ambiguous: two completions at that place have the same time",
				err);
	}
	if (feed->bounds.clock == HISTORY_CLOCK_NONE ||
	    narrow(offsets, &feed->bounds, node, complete, message->invoke))
		return 0;
	if (feed->bounds.clock == HISTORY_CLOCK_ONE)
		return refuse(tapes, feed->scan, node, message->slot, message->after,
			      "contradicts the clock: that completion is not before this "
			      "invocation; with two clocks say `# clock none` or give bounds",
			      err);
	discard_clock(feed, bounds, node, message->slot);
	return 0;
}

static int check_messages(struct feed *feed, struct clock_bounds *bounds, struct error *err)
{
	struct offsets offsets = {INT64_MIN, INT64_MAX};
	unsigned node;
	size_t i;

	for (node = 0; node < NODES; node++) {
		const struct scan_node *from = &feed->scan->nodes[node];

		for (i = 0; i < from->n_messages; i++) {
			if (check_message(feed, bounds, node, &from->messages[i], &offsets, err) <
			    0)
				return -1;
		}
	}
	return 0;
}

/* From how many completions of each node are known to the last place that is. */
static void to_places(const struct fences *fences, unsigned node, uint64_t invoke,
		      uint32_t known[NODES])
{
	uint32_t fence;
	unsigned of;

	for (of = 0; of < NODES; of++) {
		known[of] = place_of(known[of]);
		fence = fences->n[of] ? fences_known(fences, of, node, invoke) : 0;
		if (fence > known[of])
			known[of] = fence;
	}
}

static int fill_pending(struct feed *feed, struct scan *scan, struct error *err)
{
	size_t i;

	for (i = 0; i < scan->n_pending; i++) {
		struct pending *p = &scan->pending[i];
		struct side *own = &feed->sides[p->node], *other = &feed->sides[!p->node];
		uint32_t by_clock;

		p->message = side_message(own, p->invoke);
		if (p->after > p->message)
			p->message = p->after < own->others ? p->after : own->others;
		if (side_count(own, p->invoke, false, &p->known[p->node], err) < 0 ||
		    side_count(other, p->invoke, true, &by_clock, err) < 0)
			return -1;
		p->known[!p->node] = by_clock > p->message ? by_clock : p->message;
		to_places(&scan->fences, p->node, p->invoke, p->known);
		p->message = place_of(p->message);
		p->fence = fences_ending(&scan->fences, p->node, p->invoke, TIME_NONE);
	}
	return 0;
}

static int fill_fences(struct feed *feed, struct scan *scan, struct error *err)
{
	uint32_t count;
	unsigned node;
	size_t i;

	for (node = 0; node < NODES; node++) {
		struct side *own = &feed->sides[node];

		for (i = 0; i < scan->fences.n[node]; i++) {
			struct fence *fence = &scan->fences.of[node][i];

			if (side_count(own, fence->time, false, &count, err) < 0)
				return -1;
			fence->late = side_late_of(own, fence->time);
			fence->place = place_of(count) + 1;
		}
	}
	return 0;
}

/* Without messages, within bounds that are the same at all times, there is an offset that allows
 * all of it. */
static bool may_be_circle(const struct scan *scan, const struct clock_bounds *bounds)
{
	return scan->nodes[0].n_messages || scan->nodes[1].n_messages || bounds->n_links;
}

static struct feed *new_feed(const struct tapes *tapes, const struct scan *scan,
			     const struct clock_bounds *bounds, const struct shard *only,
			     struct error *err)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	unsigned node;

	if (!feed) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	feed->tapes = tapes;
	feed->scan = scan;
	feed->bounds = *bounds;
	feed->only = only;
	feed->low_every = scan->counts.ops < MANY ? 1 : LOW_EVERY;
	for (node = 0; node < NODES; node++) {
		/* A circle is found by who looks at all of it. */
		if (side_open(&feed->sides[node], tapes, scan, &feed->bounds,
			      may_be_circle(scan, bounds) ? NULL : only, node, err) < 0) {
			feed_close(feed);
			return NULL;
		}
	}
	return feed;
}

int feed_prepare(const struct tapes *tapes, struct scan *scan, struct clock_bounds *bounds,
		 struct error *err)
{
	struct feed *feed = new_feed(tapes, scan, bounds, NULL, err);
	int result = -1;

	if (feed && !check_messages(feed, bounds, err) && !fill_fences(feed, scan, err))
		result = fill_pending(feed, scan, err);
	feed_close(feed);
	return result;
}

struct feed *feed_open(const struct tapes *tapes, const struct scan *scan,
		       const struct clock_bounds *bounds, const struct shard *only,
		       struct error *err)
{
	struct feed *feed = new_feed(tapes, scan, bounds, only, err);

	if (feed && !side_begin(&feed->sides[0], err) && !side_begin(&feed->sides[1], err))
		return feed;
	feed_close(feed);
	return NULL;
}

void feed_close(struct feed *feed)
{
	if (!feed)
		return;
	side_close(&feed->sides[0]);
	side_close(&feed->sides[1]);
	free(feed);
}

/* All that certainly precedes the next operation of this side has been fed. */
static bool is_ready(const struct side *own, const struct side *other)
{
	return side_has_next(own) && own->message <= other->done &&
	       (!side_has_next(other) || side_next(own)->invoke < side_next_late(other));
}

/* Take the next operation of this side. */
static int take(struct feed *feed, unsigned node, struct fed *ret, struct error *err)
{
	struct side *own = &feed->sides[node], *other = &feed->sides[!node];
	const struct op_head *op = side_next(own);
	uint32_t by_clock;

	*ret = (struct fed){.unit = op->unit,
			    .write_id = op->value == VALUE_TAG ? op->write_id : 0,
			    .index = place_of(own->done + 1),
			    .message = place_of(own->message),
			    .number = own->block.slots[own->next],
			    .count = op->count,
			    .lane = op->lane,
			    .node = (uint8_t)node,
			    .kind = op->kind,
			    .outcome = op->outcome,
			    .value = op->value};
	side_low_places(own, ret->low[node]);
	side_low_places(other, ret->low[!node]);
	if (side_before(own, op->invoke, false, &ret->known[node], err) < 0 ||
	    side_before(other, op->invoke, true, &by_clock, err) < 0)
		return -1;
	ret->known[!node] = by_clock > own->message ? by_clock : own->message;
	to_places(&feed->scan->fences, node, op->invoke, ret->known);
	if (op->kind == OP_READ)
		ret->round = rounds_at(&feed->scan->rounds, node, op->invoke);
	else if (op->kind == OP_WRITE && op->outcome == OUTCOME_UNKNOWN)
		ret->fence = fences_ending(&feed->scan->fences, node, op->invoke, op->complete);
	return 0;
}

/* The side whose next operation is next of all: NODES, if each waits for the other. */
static unsigned choose(const struct side *a, const struct side *b)
{
	bool ready[NODES] = {is_ready(a, b), is_ready(b, a)};

	if (ready[0] && ready[1])
		return (__int128)b->block.times[b->at] - b->middle <
		       (__int128)a->block.times[a->at];
	return ready[0] ? 0 : ready[1] ? 1 : NODES;
}

static int refuse_circle(struct feed *feed, struct error *err)
{
	unsigned node = !side_has_next(&feed->sides[0]);
	const struct side *side = &feed->sides[node];
	char source[256];

	feed->circle = true;
	return error_set(err, ERROR_USER,
			 "%s: what is known of its order (or of an earlier operation's) is part of "
			 "a circle: the message edges contradict each other",
			 scan_source(feed->tapes, feed->scan, node, side->block.slots[side->next],
				     source, sizeof(source)));
}

int feed_next(struct feed *feed, struct fed *ret, unsigned max, struct error *err)
{
	struct side *a = &feed->sides[0], *b = &feed->sides[1], *own;
	unsigned n = 0, node;

	while (n < max && (side_has_next(a) || side_has_next(b))) {
		node = choose(a, b);
		if (node == NODES)
			return refuse_circle(feed, err);
		own = &feed->sides[node];
		if (own->only || !feed->only ||
		    shard_has_one(feed->only, side_next(own)->unit, side_next(own)->count)) {
			if (take(feed, node, &ret[n++], err) < 0)
				return -1;
		}
		if (side_step(own, err) < 0)
			return -1;
		if (++feed->turn < feed->low_every)
			continue;
		feed->turn = 0;
		if (side_low(a, b, err) < 0 || side_low(b, a, err) < 0)
			return -1;
	}
	return (int)n;
}

bool feed_is_circle(const struct feed *feed)
{
	return feed->circle;
}

uint64_t feed_done(const struct feed *feed)
{
	return (uint64_t)feed->sides[0].done + feed->sides[1].done;
}
