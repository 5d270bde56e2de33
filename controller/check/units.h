/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * units.h - the history turned from time to place: what was done to each unit, and which write a
 * value names.
 */
#ifndef CHECK_UNITS_H
#define CHECK_UNITS_H

#include "history/history.h"
#include "order/lanes.h"
#include "order/order.h"

/* One unit of an operation that may have touched it: a read that returned, a write not failed. */
struct touch {
	uint64_t unit;
	uint32_t op;
	uint32_t at; /* rank: by unit, then order.feed, then what has no completion */
};

struct units {
	struct touch *touches; /* sorted by (unit, at) */
	size_t n_touches, cap_touches;
	struct named_write {
		uint64_t id;
		uint32_t op;
	} * writes; /* all writes, failed ones too, sorted by id */
	size_t n_writes;
	const struct unit_scope *scope;
};

/* Which of a history's units are to be judged, when it is a part of a larger one. */
struct unit_scope {
	const uint64_t *units; /* ascending */
	size_t n;
	const struct lanes *lanes; /* of the whole */
};

/* scope NULL: all of them. One write id used by two writes: ERROR_USER naming both, since no read
 * of it can be judged. Release with units_done; *ret is not set on failure. */
int units_build(const struct history *history, const struct order *order,
		const struct unit_scope *scope, struct units *ret, struct error *err);
void units_done(struct units *units);

/* The write of that name, or NO_OP. */
uint32_t units_find(const struct units *units, uint64_t id);

/* The history may lack the write of that name: its node was not given, or its record was cut off
 * at the end. */
bool units_may_lack(const struct history *history, const struct units *units, uint64_t id);

/* What a read saw of one of its units. */
void units_value(const struct history *history, uint32_t op, uint64_t unit, struct value *ret);

/* Number of entries <= key in an ascending array. */
static inline size_t count_up_to(const uint32_t *sorted, size_t n, uint32_t key)
{
	size_t lo = 0, hi = n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (sorted[mid] <= key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

#endif
