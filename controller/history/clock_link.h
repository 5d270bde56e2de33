/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_link.h - what questions and answers between two clocks prove of their difference.
 *
 * One clock asks (a), the other answers (b); theta is what b shows minus what a shows at the same
 * instant. The part of clock_pieces.c that knows no nodes and no histories.
 */
#ifndef HISTORY_CLOCK_LINK_H
#define HISTORY_CLOCK_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history/clock_envelope.h"
#include "history/clock_segment.h"
#include "common/error.h"

/* The pieces by one of the two clocks, in ascending order, with holes where nothing is certain. */
struct clock_view {
	struct clock_piece *pieces;
	size_t n, capacity;
	size_t last; /* where the previous look-up ended */
};

struct clock_link {
	struct clock_view views[2]; /* enum clock_view_kind */
	uint64_t slope;
	bool went_back;		     /* a clock certainly ran backwards: nothing is known */
	size_t n_holes;		     /* stretches without bounds */
	uint64_t hole_from, hole_to; /* the first of them, by the asker's clock */
};

/* The slope for a claim of ppm < 500000. */
uint64_t clock_slope(uint32_t ppm);

/*
 * Sort out n >= 1 samples, which need not be in order and are not kept. Release with
 * clock_link_done; *ret is not set on failure (ERROR_WORLD: no memory).
 */
int clock_link_build(const struct clock_sample *samples, size_t n, uint64_t slope,
		     struct clock_link *ret, struct error *err);
void clock_link_done(struct clock_link *link);

/* Bounds of theta that held when the clock of that view showed `time`; false: nothing is certain.
 */
bool clock_link_at(struct clock_link *link, enum clock_view_kind kind, uint64_t time,
		   struct clock_span *ret);

#endif
