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

struct feed {
	struct scan *scan;
	struct clock_bounds *bounds;
	struct side sides[NODES];
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

static void discard_clock(struct feed *feed, unsigned node, uint32_t slot)
{
	const struct tapes *tapes = feed->sides[0].tapes;
	char source[256];

	clock_bounds_done(feed->bounds);
	feed->bounds->clock = HISTORY_CLOCK_NONE;
	snprintf(feed->bounds->warning, sizeof(feed->bounds->warning),
		 "%s: its message edges contradict the clock bounds, which are discarded: only "
		 "messages order the nodes",
		 scan_source(tapes, feed->scan, node, slot, source, sizeof(source)));
}

static int check_message(struct feed *feed, unsigned node, const struct message *message,
			 struct offsets *offsets, struct error *err)
{
	struct side *other = &feed->sides[!node];
	const struct tapes *tapes = other->tapes;
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
	if (feed->bounds->clock == HISTORY_CLOCK_NONE ||
	    narrow(offsets, feed->bounds, node, complete, message->invoke))
		return 0;
	if (feed->bounds->clock == HISTORY_CLOCK_ONE)
		return refuse(tapes, feed->scan, node, message->slot, message->after,
			      "contradicts the clock: that completion is not before this "
			      "invocation; with two clocks say `# clock none` or give bounds",
			      err);
	discard_clock(feed, node, message->slot);
	return 0;
}

static int check_messages(struct feed *feed, struct error *err)
{
	struct offsets offsets = {INT64_MIN, INT64_MAX};
	unsigned node;
	size_t i;

	for (node = 0; node < NODES; node++) {
		const struct scan_node *from = &feed->scan->nodes[node];

		for (i = 0; i < from->n_messages; i++) {
			if (check_message(feed, node, &from->messages[i], &offsets, err) < 0)
				return -1;
		}
	}
	return 0;
}

static int fill_pending(struct feed *feed, struct error *err)
{
	size_t i;

	for (i = 0; i < feed->scan->n_pending; i++) {
		struct pending *p = &feed->scan->pending[i];
		struct side *own = &feed->sides[p->node], *other = &feed->sides[!p->node];
		uint32_t by_clock;

		p->message = side_message(own, p->invoke);
		if (p->after > p->message)
			p->message = p->after;
		if (side_count(own, p->invoke, false, &p->known[p->node], err) < 0 ||
		    side_count(other, p->invoke, true, &by_clock, err) < 0)
			return -1;
		p->known[!p->node] = by_clock > p->message ? by_clock : p->message;
	}
	return 0;
}

struct feed *feed_open(const struct tapes *tapes, struct scan *scan, struct clock_bounds *bounds,
		       struct error *err)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	unsigned node;

	if (!feed) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	feed->scan = scan;
	feed->bounds = bounds;
	for (node = 0; node < NODES; node++) {
		if (side_open(&feed->sides[node], tapes, scan, bounds, node, err) < 0)
			goto out;
	}
	if (check_messages(feed, err) < 0 || fill_pending(feed, err) < 0)
		goto out;
	for (node = 0; node < NODES; node++) {
		if (side_begin(&feed->sides[node], err) < 0)
			goto out;
	}
	return feed;
out:
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
	return own->n && own->message <= other->done &&
	       (!other->n || own->ops[own->at].invoke < other->late[other->at]);
}

/* Take the next operation of this side. */
static int take(struct feed *feed, unsigned node, struct fed *ret, struct error *err)
{
	struct side *own = &feed->sides[node], *other = &feed->sides[!node];
	const struct op_head *op = &own->ops[own->at];
	uint32_t by_clock;

	*ret = (struct fed){.unit = op->unit,
			    .write_id = op->value == VALUE_TAG ? op->write_id : 0,
			    .index = own->done + 1,
			    .message = own->message,
			    .number = own->slots[own->at],
			    .count = op->count,
			    .lane = op->lane,
			    .node = (uint8_t)node,
			    .kind = op->kind,
			    .outcome = op->outcome,
			    .value = op->value};
	memcpy(ret->low[node], own->low, sizeof(own->low));
	memcpy(ret->low[!node], other->low, sizeof(other->low));
	if (side_before(own, op->invoke, false, &ret->known[node], err) < 0 ||
	    side_before(other, op->invoke, true, &by_clock, err) < 0)
		return -1;
	ret->known[!node] = by_clock > own->message ? by_clock : own->message;
	if (op->kind == OP_READ)
		ret->round = rounds_at(&feed->scan->rounds, node, op->invoke);
	if (side_step(own, err) < 0 || side_low(own, other, err) < 0)
		return -1;
	return side_low(other, own, err);
}

int feed_next(struct feed *feed, struct fed *ret, unsigned max, struct error *err)
{
	struct side *a = &feed->sides[0], *b = &feed->sides[1];
	unsigned n, node;
	bool ready[NODES];
	char source[256];

	for (n = 0; n < max && (a->n || b->n); n++) {
		ready[0] = is_ready(a, b);
		ready[1] = is_ready(b, a);
		if (!ready[0] && !ready[1]) {
			feed->circle = true;
			node = !a->n;
			return error_set(
				err, ERROR_USER,
				"%s: what is known of its order (or of an earlier operation's) is "
				"part of a circle: the message edges contradict each other",
				scan_source(a->tapes, feed->scan, node,
					    feed->sides[node].slots[feed->sides[node].at], source,
					    sizeof(source)));
		}
		node = !ready[0] || (ready[1] && (__int128)b->ops[b->at].complete - b->middle <
							 (__int128)a->ops[a->at].complete);
		if (take(feed, node, &ret[n], err) < 0)
			return -1;
	}
	return (int)n;
}

bool feed_is_circle(const struct feed *feed)
{
	return feed->circle;
}
