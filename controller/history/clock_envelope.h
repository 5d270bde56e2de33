/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_envelope.h - what samples that do not contradict each other bound, as a function of time.
 *
 * The part of clock_link.c that knows no segments but the one at hand, whose range it is told.
 */
#ifndef HISTORY_CLOCK_ENVELOPE_H
#define HISTORY_CLOCK_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "history/clock_segment.h"
#include "common/error.h"

#define CLOCK_LIMIT ((int64_t)1 << 61) /* of bounds and of the length of pieces, ns */

/* By whose clock: of the one that asks (a), or of the one that answers (b). */
enum clock_view_kind { CLOCK_ASKER, CLOCK_ANSWERER };

/* Where samples hold by one of the clocks, both ends included. */
struct clock_range {
	uint64_t from, to;
};

/*
 * The bounds at each time x within from .. to, both included. Bound k (enum clock_end) at x is the
 * lesser of before[k] + slope * (x - from) and after[k] + slope * (to - x): the first comes from
 * the past, the second from the future.
 */
struct clock_piece {
	uint64_t from, to;
	int64_t before[2], after[2];
};

/* Both ends included. */
struct clock_span {
	int64_t lo, hi; /* within +-2^62 */
};

struct clock_point;

struct clock_envelope {
	/* private */
	uint64_t slope;
	struct clock_range range;
	struct clock_point *points;
	size_t n;
};

/* Room for up to `most` samples at a time. Release with clock_envelope_done; *ret is not set on
 * failure (ERROR_WORLD: no memory). */
int clock_envelope_init(size_t most, uint64_t slope, struct clock_envelope *ret, struct error *err);
void clock_envelope_done(struct clock_envelope *envelope);

/* Forget what was there, take the bounds of n samples by one of the clocks. */
void clock_envelope_set(struct clock_envelope *envelope, const struct clock_sample *samples,
			size_t n, const struct clock_range *range, enum clock_view_kind kind);

/* No theta satisfies all of the samples. */
bool clock_envelope_is_empty(const struct clock_envelope *envelope);

/* For how many pieces clock_envelope_pieces needs room. */
size_t clock_envelope_room(const struct clock_envelope *envelope);

/* The pieces within the range, in ascending order, into ret. Returns how many. */
size_t clock_envelope_pieces(const struct clock_envelope *envelope, struct clock_piece *ret);

/* By how much a bound is wider at a distance of up to CLOCK_LIMIT, rounded up. */
static inline int64_t clock_widening(uint64_t slope, uint64_t distance)
{
	return (int64_t)((clock_rise(slope, distance) + CLOCK_SCALE - 1) >> CLOCK_SHIFT);
}

static inline int64_t clock_least(int64_t x, int64_t y)
{
	return x < y ? x : y;
}

/* The bounds at a time within the piece. Beyond CLOCK_LIMIT they say nothing. */
static inline void clock_piece_at(const struct clock_piece *piece, uint64_t time, uint64_t slope,
				  struct clock_span *ret)
{
	int64_t past = clock_widening(slope, time - piece->from);
	int64_t future = clock_widening(slope, piece->to - time);

	ret->hi = clock_least(piece->before[CLOCK_HI] + past, piece->after[CLOCK_HI] + future);
	ret->lo = -clock_least(piece->before[CLOCK_LO] + past, piece->after[CLOCK_LO] + future);
}

#endif
