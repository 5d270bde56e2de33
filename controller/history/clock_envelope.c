/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_envelope.c - see clock_envelope.h. What a bound is, and why it widens: clock_link.c.
 *
 * All samples' bounds intersected, as a function of time, are the lower end of a set of V shapes of
 * one slope, their lower envelope. A sweep forward and one backward find it:
 * bound + slope * (x - t) is least for all x > t where bound - slope * t is least, so a running
 * minimum is all that a sweep needs. Samples that are nowhere the least are dropped, so pieces are
 * few: the quickest samples make them. Theta from below is -theta from above, so both ends take the
 * same code.
 *
 * Bounds are kept in 64 bits. What is more than 73 years apart is not: nothing is certain there.
 */
#include "history/clock_envelope.h"

#include <stdlib.h>

#define NO_BOUND ((int64_t)1 << 62) /* beyond CLOCK_LIMIT wherever in a piece; -NO_BOUND too */

/* A bound in its place, or without one: the end of the range. */
enum { POINT_END = 2, POINT_DROPPED };
struct clock_point {
	uint64_t time;
	int kind; /* enum clock_end, POINT_.. */
	__int128 value;
};

int clock_envelope_init(size_t most, uint64_t slope, struct clock_envelope *ret, struct error *err)
{
	struct clock_point *points = calloc(most + 1, 2 * sizeof(*points));

	if (!points)
		return error_set(err, ERROR_WORLD, "out of memory for %zu clock samples", most);
	*ret = (struct clock_envelope){.slope = slope, .points = points};
	return 0;
}

void clock_envelope_done(struct clock_envelope *envelope)
{
	free(envelope->points);
	*envelope = (struct clock_envelope){0};
}

/* A bound in whole ns, rounded up. Beyond CLOCK_LIMIT it stays so, and no span is given for it. */
static int64_t narrow(__int128 bound)
{
	bound = (bound + CLOCK_SCALE - 1) >> CLOCK_SHIFT;
	return bound > CLOCK_LIMIT ? NO_BOUND : bound < -CLOCK_LIMIT ? -NO_BOUND : (int64_t)bound;
}

static int by_time(const void *x, const void *y)
{
	const struct clock_point *a = x, *b = y;

	return (a->time > b->time) - (a->time < b->time);
}

/* Drop the bounds that another one makes superfluous everywhere. Returns how many points remain. */
static size_t drop_superfluous(struct clock_point *points, size_t n, uint64_t slope)
{
	__int128 past[2] = {CLOCK_FAR, CLOCK_FAR}, future[2] = {CLOCK_FAR, CLOCK_FAR}, key;
	struct clock_point *p;
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		p = &points[i];
		key = p->value - clock_rise(slope, p->time);
		if (p->kind >= POINT_END)
			continue;
		if (key < past[p->kind])
			past[p->kind] = key;
		else
			p->kind = POINT_DROPPED;
	}
	for (i = n; i-- > 0;) {
		p = &points[i];
		key = p->value + clock_rise(slope, p->time);
		if (p->kind >= POINT_END)
			continue;
		if (key < future[p->kind])
			future[p->kind] = key;
		else
			p->kind = POINT_DROPPED;
	}
	for (i = 0; i < n; i++) {
		if (points[i].kind != POINT_DROPPED)
			points[kept++] = points[i];
	}
	return kept;
}

void clock_envelope_set(struct clock_envelope *envelope, const struct clock_sample *samples,
			size_t n, const struct clock_range *range, enum clock_view_kind kind)
{
	struct clock_point *points = envelope->points;
	uint64_t slope = envelope->slope;
	size_t i, n_points = 0;

	for (i = 0; i < n; i++) {
		const struct clock_sample *s = &samples[i];

		points[n_points++] =
			(struct clock_point){.time = kind == CLOCK_ASKER ? s->a0 : s->b1,
					     .kind = CLOCK_HI,
					     .value = clock_sample_bound(s, CLOCK_HI, slope)};
		points[n_points++] =
			(struct clock_point){.time = kind == CLOCK_ASKER ? s->a3 : s->b2,
					     .kind = CLOCK_LO,
					     .value = clock_sample_bound(s, CLOCK_LO, slope)};
	}
	points[n_points++] = (struct clock_point){.time = range->from, .kind = POINT_END};
	points[n_points++] = (struct clock_point){.time = range->to, .kind = POINT_END};
	qsort(points, n_points, sizeof(*points), by_time);
	envelope->n = drop_superfluous(points, n_points, slope);
	envelope->range = *range;
}

bool clock_envelope_is_empty(const struct clock_envelope *envelope)
{
	__int128 past[2] = {CLOCK_FAR, CLOCK_FAR}, rise;
	const struct clock_point *p;
	size_t i;

	for (i = 0; i < envelope->n; i++) {
		p = &envelope->points[i];
		rise = clock_rise(envelope->slope, p->time);
		if (p->kind >= POINT_END)
			continue;
		if (past[!p->kind] + rise + p->value < 0)
			return true;
		if (p->value - rise < past[p->kind])
			past[p->kind] = p->value - rise;
	}
	return false;
}

/* pieces[i] lies between points i and i + 1. */
static void sweep(const struct clock_point *points, size_t n, uint64_t slope,
		  struct clock_piece *pieces)
{
	__int128 past[2] = {CLOCK_FAR, CLOCK_FAR}, future[2] = {CLOCK_FAR, CLOCK_FAR}, rise;
	const struct clock_point *p;
	size_t i;

	for (i = 0; i + 1 < n; i++) {
		p = &points[i];
		rise = clock_rise(slope, p->time);
		if (p->kind < POINT_END && p->value - rise < past[p->kind])
			past[p->kind] = p->value - rise;
		pieces[i] = (struct clock_piece){
			.from = p->time,
			.to = points[i + 1].time,
			.before = {narrow(past[0] + rise), narrow(past[1] + rise)}};
	}
	for (i = n - 1; i > 0; i--) {
		p = &points[i];
		rise = clock_rise(slope, p->time);
		if (p->kind < POINT_END && p->value + rise < future[p->kind])
			future[p->kind] = p->value + rise;
		pieces[i - 1].after[0] = narrow(future[0] - rise);
		pieces[i - 1].after[1] = narrow(future[1] - rise);
	}
}

/* Cut the first and the last to a length that can be reckoned with. False: it is of no use. */
static bool shorten(struct clock_piece *piece)
{
	bool is_long = piece->to - piece->from > CLOCK_LIMIT;
	int k;

	for (k = 0; k < 2; k++) {
		if (is_long && piece->to == UINT64_MAX)
			piece->after[k] = NO_BOUND;
		else if (is_long && !piece->from)
			piece->before[k] = NO_BOUND;
	}
	if (is_long && piece->to == UINT64_MAX)
		piece->to = piece->from + CLOCK_LIMIT;
	else if (is_long && !piece->from)
		piece->from = piece->to - CLOCK_LIMIT;
	return piece->to - piece->from <= CLOCK_LIMIT;
}

/* Keep what lies within the range and can be reckoned with. Returns how many pieces remain. */
static size_t select_pieces(struct clock_piece *pieces, size_t n, const struct clock_range *range)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		if (pieces[i].from >= range->from && pieces[i].to <= range->to &&
		    pieces[i].from < pieces[i].to && shorten(&pieces[i]))
			pieces[kept++] = pieces[i];
	}
	return kept;
}

size_t clock_envelope_room(const struct clock_envelope *envelope)
{
	return envelope->n;
}

size_t clock_envelope_pieces(const struct clock_envelope *envelope, struct clock_piece *ret)
{
	sweep(envelope->points, envelope->n, envelope->slope, ret);
	return select_pieces(ret, envelope->n - 1, &envelope->range);
}
