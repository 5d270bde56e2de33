/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order.h - which operation certainly ended before which began, for operations held in memory.
 *
 * Each node's completions have places in that node's own clock (fed.h), the index. K of an
 * operation says which places of each node certainly precede its invocation. Then a -> b, "a
 * certainly ended before b began", is nothing but index(a) <= K(b) of a's node. The numbers come
 * from the feed (feed.h); here they are kept by operation.
 */
#ifndef ORDER_ORDER_H
#define ORDER_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "history/clock_pieces.h"
#include "order/fed.h"
#include "history/history.h"

struct pending;

struct order {
	uint32_t *index;	   /* per operation; INDEX_NEVER without a completion */
	uint32_t (*known)[NODES];  /* per operation: K */
	uint32_t *message;	   /* per operation: the part of K of the other node that is
				      proven without clocks */
	uint32_t (*causal)[NODES]; /* per operation: as K, by what was read too; NULL: not known */
	uint32_t *fence;	   /* per write of unknown outcome: the place of the fence that ends
				      it; INDEX_NEVER: none */
	uint32_t *position;	   /* per operation: its place in feed; INDEX_NEVER if none */
	uint32_t *feed;		   /* completed operations, such that a -> b puts a before b */
	uint32_t n_feed;	   /* entries of feed */
	size_t room;		   /* operations that there is room for */
	enum history_clock clock;  /* as used: NONE when the bounds had to be discarded */
	int64_t theta_lo, theta_hi;  /* the loosest bounds of any of the operations */
	struct clock_bounds *bounds; /* owned if owns_bounds */
	bool owns_bounds;
	char warning[FACTS_TEXT_MAX]; /* why the bounds were discarded; "" = they were not */
};

/*
 * Number the completions and compute K for all of a history (without causal). ERROR_USER as
 * feed_open and feed_next have it. Release with order_done; *ret is not set on failure.
 */
int order_build(const struct history *history, struct order *ret, struct error *err);
void order_done(struct order *order);

/* For those who fill one from a feed: room for n operations in all; what is there stays. */
int order_reserve(struct order *order, size_t n, bool causal, struct error *err);

/* The next operation of the feed, or one that never completed: number `op` of the history. */
void order_place(struct order *order, uint32_t op, const struct fed *fed, const uint32_t *causal);
void order_place_pending(struct order *order, uint32_t op, const struct pending *pending);

/* a certainly ended before b began. */
bool order_before(const struct history *history, const struct order *order, uint32_t a, uint32_t b);

/* How sure a -> b (which holds, by a's completion or its fence) is: true when by messages or one
 * clock; else *ret_margin is how far beyond the clock bounds. */
bool order_by_message(const struct history *history, const struct order *order, uint32_t a,
		      uint32_t b, int64_t *ret_margin);

/* The least time that certainly passed from the end of a to the beginning of b (a -> b), in ns;
 * false when nothing is known of their clocks. */
bool order_gap(const struct history *history, const struct order *order, uint32_t a, uint32_t b,
	       uint64_t *ret);

#endif
