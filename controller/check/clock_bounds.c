/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_bounds.c - see clock_bounds.h.
 *
 * A sample proves b2 - a3 <= theta <= b1 - a0 at its own time, without any belief in symmetric
 * delays. Clocks drift, so at a distance d from it each end may have moved by drift * d. Here each
 * sample is widened by the drift over the longest distance to any operation; then it holds for the
 * whole history, and so does the intersection of all. That is wider than need be (bounds that vary
 * with time would be narrower), but certain and simple. An empty intersection proves that a
 * clock was stepped or that the drift given is too small: nothing is averaged away.
 */
#include "check/clock_bounds.h"

#include <inttypes.h>

struct span {
	uint64_t first, last;
};

static void include(struct span *span, uint64_t time)
{
	if (time < span->first)
		span->first = time;
	if (time > span->last)
		span->last = time;
}

/* The longest way from [from, to] to an end of the span. */
static uint64_t distance(const struct span *span, uint64_t from, uint64_t to)
{
	uint64_t back = to > span->first ? to - span->first : 0;
	uint64_t ahead = span->last > from ? span->last - from : 0;

	return back > ahead ? back : ahead;
}

int clock_bounds_from_samples(struct history *history, struct error *err)
{
	struct span spans[NODES] = {{UINT64_MAX, 0}, {UINT64_MAX, 0}};
	__int128 lo = 0, hi = 0;
	size_t i;

	if (!history->n_samples)
		return 0;
	for (i = 0; i < history->n_ops; i++) {
		const struct history_op *op = &history->ops[i];

		include(&spans[op->node], op->invoke);
		if (op->complete != TIME_NONE)
			include(&spans[op->node], op->complete);
	}
	for (i = 0; i < history->n_samples; i++) {
		const struct history_sample *s = &history->samples[i];
		uint64_t a = distance(&spans[0], s->a0, s->a3);
		uint64_t b = distance(&spans[1], s->b1, s->b2);
		__int128 widen =
			history->header.drift_ppm
				? (__int128)(a > b ? a : b) * history->header.drift_ppm / 1000000 +
					  1
				: 0;
		__int128 low = (__int128)s->b2 - s->a3 - widen;
		__int128 high = (__int128)s->b1 - s->a0 + widen;

		if (!i || low > lo)
			lo = low;
		if (!i || high < hi)
			hi = high;
		if (lo > hi)
			return error_set(
				err, ERROR_USER,
				"%s: sample %zu contradicts the earlier ones: no offset of "
				"the two clocks satisfies all; a clock was stepped or drifts "
				"by more than %" PRIu32 " ppm (see `# drift`)",
				history->files[0].name, i + 1, history->header.drift_ppm);
	}
	/* Centuries apart: such bounds say nothing. */
	history->header.clock = HISTORY_CLOCK_NONE;
	if (lo < INT64_MIN || hi > INT64_MAX)
		return 0;
	history->header.clock = HISTORY_CLOCK_BOUNDS;
	history->header.theta_lo = (int64_t)lo;
	history->header.theta_hi = (int64_t)hi;
	return 0;
}
