/* SPDX-License-Identifier: GPL-2.0-or-later */
/* export_time.h - one unit's operations on one clock, without claiming any order that is not
 * certain. */
#ifndef EXPORT_EXPORT_TIME_H
#define EXPORT_EXPORT_TIME_H

#include "history/history.h"
#include "order/order.h"

struct timeline {
	const struct history *history;
	const struct order *order;
	int64_t *times; /* of the returns so far */
	/* Per node: the indices of its returns, ascending, and their places in times. */
	uint32_t *index[NODES], *place[NODES];
	size_t n, n_node[NODES];
	size_t cap, cap_index[NODES], cap_place[NODES];
};

/* Whether all times of the history fit the formats; ERROR_USER with the operation's source. */
int timeline_check(const struct history *history, const struct order *order, struct error *err);

/* Begin another unit; the arrays are kept. timeline_done releases them. */
void timeline_begin(struct timeline *timeline);
void timeline_done(struct timeline *timeline);

/* The unit's next completed operation, in the order of order.feed: when does it return? */
int timeline_return(struct timeline *timeline, uint32_t op, int64_t *ret, struct error *err);

/* When is an operation of the unit called, all returns being known? Adds to *certain the
 * operations that certainly precede it, and to *lost those that do not as exported. */
int64_t timeline_call(const struct timeline *timeline, uint32_t op, uint64_t *certain,
		      uint64_t *lost);

/* The nearest thing to a time on the one clock that an invocation, or (at_end) a completion which
 * there is, has: for what takes no part in the order. */
int64_t timeline_about(const struct history *history, const struct order *order, uint32_t op,
		       bool at_end);

#endif
