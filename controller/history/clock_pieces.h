/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_pieces.h - what is certain of theta = clock(b) - clock(a), and when.
 *
 * docs/history-format.md, "What samples and pings prove", is the contract.
 */
#ifndef HISTORY_CLOCK_PIECES_H
#define HISTORY_CLOCK_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history/clock_link.h"
#include "common/error.h"
#include "common/op.h"
#include "rundir/facts.h"
#include "rundir/history_file.h"

struct clock_bounds {
	enum history_clock clock;     /* NONE: nothing is known at any time */
	char warning[FACTS_TEXT_MAX]; /* which stretches of time were discarded; "" = none */
	bool best_guess;	      /* set by the caller: answer with the middle of the bounds */
	/* private */
	int64_t lo, hi;	  /* without links */
	unsigned n_links; /* 1: a asks b (samples); 2: the controller asks a, b (pings) */
	struct clock_link links[NODES];
};

/*
 * Work out the bounds. Samples, if there are any, decide; else the header's clock; if that is NONE
 * and the header claims a drift (drift_ppm > 0), pings do, when there are some of both nodes.
 * Samples and pings may come in any order and are not kept. With clock ONE theta is 0 at all times.
 *
 * Where no theta satisfies all samples nothing is certain, and warning says where; when nothing
 * remains, or a clock ran backwards, clock is NONE. Release with clock_bounds_done. *ret is not
 * set on failure (ERROR_WORLD: no memory).
 */
int clock_bounds_build(const struct history_header *header, const struct clock_sample *samples,
		       size_t n_samples, const struct ping *pings, size_t n_pings,
		       struct clock_bounds *ret, struct error *err);
void clock_bounds_done(struct clock_bounds *bounds);

/*
 * Bounds of theta, both included, that held when `node`'s own clock showed `time`; false, and
 * nothing set: nothing is certain then. Quickest when each node's times ascend: the struct
 * remembers the last place of each, so it is not for two threads at once.
 */
bool clock_bounds_at(struct clock_bounds *bounds, unsigned node, uint64_t time, int64_t *ret_lo,
		     int64_t *ret_hi);

#endif
