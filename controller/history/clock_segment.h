/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_segment.h - samples of two clocks, cut where they contradict each other. */
#ifndef HISTORY_CLOCK_SEGMENT_H
#define HISTORY_CLOCK_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* `# sample`: a sent at a0, b received at b1 and answered at b2, a had it at a3. */
struct clock_sample {
	uint64_t a0, b1, b2, a3;
};

/* Bounds and slopes are kept in multiples of 2^-40 ns. */
#define CLOCK_SHIFT 40
#define CLOCK_SCALE ((__int128)1 << CLOCK_SHIFT)
#define CLOCK_FAR ((__int128)1 << 120) /* beyond any bound */

/* What a sample bounds: theta from above, or -theta from above (theta from below). */
enum clock_end { CLOCK_HI, CLOCK_LO };

static inline __int128 clock_rise(uint64_t slope, uint64_t time)
{
	return (__int128)((unsigned __int128)slope * time);
}

/* The bound where the sample proves it, for what a clock shows (clock_link.c says why it is wider).
 */
static inline __int128 clock_sample_bound(const struct clock_sample *s, int end, uint64_t slope)
{
	__int128 ns = end == CLOCK_HI ? (__int128)s->b1 - s->a0 : (__int128)s->a3 - s->b2;

	return ns * CLOCK_SCALE + (slope ? CLOCK_SCALE + slope : 0);
}

/* Consecutive samples that one theta satisfies. */
struct clock_segment {
	size_t first, n;
	bool bad; /* its only sample contradicts itself */
};

struct clock_segments {
	struct clock_sample *samples; /* in the order of a0 */
	struct clock_segment *segments;
	size_t n_samples, n;
	bool went_back; /* a clock certainly ran backwards: segments are not set */
};

/* Sort a copy of n >= 1 samples and cut it. *ret is not set on failure (ERROR_WORLD: no memory). */
int clock_segments_make(const struct clock_sample *samples, size_t n, uint64_t slope,
			struct clock_segments *ret, struct error *err);
void clock_segments_done(struct clock_segments *segments);

#endif
