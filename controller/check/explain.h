/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * explain.h - the operations of a few units, taken out of a history of any size, with their order:
 * what judge.h works on.
 */
#ifndef CHECK_EXPLAIN_H
#define CHECK_EXPLAIN_H

#include "order/causal.h"
#include "order/feed.h"
#include "order/order.h"
#include "order/progress.h"
#include "check/verdict.h"

/* Operations taken out at once. */
#define EXPLAIN_OPS 1500000U

struct extract {
	struct history history;	   /* those operations, and the writes that their values name */
	struct order order;	   /* with causal; its bounds are the caller's */
	uint32_t (*across)[NODES]; /* per operation: as order.causal, by clocks too */
	uint32_t *slots;	   /* per operation: its slot on its node's tape */
	uint64_t *sequence;	   /* per operation: its place in the whole feed */
	struct causal *why;	   /* what was read, by clocks too: for causal_why */
	size_t room;
};

/* Of a unit's operations those from the from-th up to before the to-th, from 0. */
struct extract_window {
	uint64_t from, to;
};

/*
 * Take out what was done to the n units (ascending); with a window, which goes with one unit, only
 * that much of it, and those writes before and behind it whose values were read in it. Release with
 * extract_done; *ret is not set on failure, which is feed_open's or feed_next's.
 */
int extract_units(const struct tapes *tapes, struct scan *scan, struct clock_bounds *bounds,
		  const uint64_t *units, size_t n, const struct extract_window *window,
		  const struct judge_progress *progress, struct extract *ret, struct error *err);
void extract_done(struct extract *extract);

/* The operation at a slot as a witness. */
int explain_witness(const struct tapes *tapes, const struct scan *scan, unsigned node,
		    uint64_t slot, const char *role, struct witness *ret, struct error *err);

#endif
