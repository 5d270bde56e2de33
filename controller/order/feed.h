/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed.h - both tapes as one sequence of operations, each with what certainly precedes it.
 *
 * The sequence agrees with all that is certain: a -> b (a certainly ended before b began, that is
 * index(a) <= K(b) of a's node) puts a before b.
 */
#ifndef ORDER_FEED_H
#define ORDER_FEED_H

#include "history/clock_pieces.h"
#include "order/scan.h"
#include "order/shard.h"

struct feed;

/*
 * Before the first feed: do the messages and the clock bounds agree? The scan's pending writes are
 * given their K. bounds may be changed: to no clock at all, with its warning set, when the messages
 * leave no offset within them. ERROR_USER when a message cannot be: K above the number of
 * completions, a tie that leaves the K-th completion uncertain, an edge that contradicts the one
 * clock.
 */
int feed_prepare(const struct tapes *tapes, struct scan *scan, struct clock_bounds *bounds,
		 struct error *err);

/*
 * Begin at the front. only: the part of the units whose operations are wanted; NULL for all. The
 * operations of a part are the same as among all, in an order that is right for each unit. Several
 * feeds of the same arguments may be open at once, in different threads. The arguments stay the
 * caller's, and must outlive the feed. NULL on failure; else release with feed_close.
 */
struct feed *feed_open(const struct tapes *tapes, const struct scan *scan,
		       const struct clock_bounds *bounds, const struct shard *only,
		       struct error *err);
void feed_close(struct feed *feed);

/*
 * The next operations, at most max of them, into ret[]; returns how many, 0 at the end, -1 on
 * failure: ERROR_USER when what is certain contradicts itself (a circle of messages and clocks;
 * feed_is_circle tells).
 */
int feed_next(struct feed *feed, struct fed *ret, unsigned max, struct error *err);

/* The failure was a circle. With bounds of two clocks these are then to be doubted, and the
 * history to be fed again without them. */
bool feed_is_circle(const struct feed *feed);

/* Completions gone past, of all. */
uint64_t feed_done(const struct feed *feed);

#endif
