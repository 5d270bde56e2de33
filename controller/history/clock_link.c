/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_link.c - see clock_link.h.
 *
 * A sample proves theta <= b1 - a0 from the question's departure to its arrival (b still showed b1
 * at most, a showed a0 at least), and theta >= b2 - a3 from the answer's departure to its arrival.
 * So the one holds when a showed a0 and when b showed b1, the other when a showed a3 and when b
 * showed b2: each bound stands at a time that is exactly known, on either clock. No symmetry is
 * assumed.
 *
 * Elsewhere it is wider by slope * distance. With a claim of rho (ppm / 10^6) the slope is
 * rho / (1 - rho), so it is enough whichever clock one calls the right one; and each bound is
 * (1 + slope) ns wider, since clocks show whole ns: what they show is less than 1 ns behind, and
 * distances are less than 1 ns off. A claim of 0 is one of a constant difference of what they show,
 * and widens nothing.
 *
 * All samples' bounds intersected, as a function of time, are the lower end of a set of V shapes of
 * one slope. A sweep forward and one backward find it: bound + slope * (x - t) is least for all
 * x > t where bound - slope * t is least, so a running minimum is all that a sweep needs. Samples
 * that are nowhere the least are dropped, so pieces are few: the quickest samples make them.
 * Theta from below is -theta from above, so both ends take the same code.
 *
 * Segments next to a contradiction (clock_segment.c) hold on that side no further than from their
 * first a3, to their last a0: a sample under way during the step can be true on both sides of it,
 * but it began before the step and ended after. By b's clock a segment holds from what b can
 * have shown at most at that a3, to what it showed at least at that a0.
 *
 * Bounds are kept in 64 bits. What is more than 73 years apart is not: nothing is certain there.
 *
 * All this takes it that no clock runs backwards, as the order of each node's own operations does.
 * Where the samples show that one did, nothing is known.
 */
#include "history/clock_link.h"

#include <stdlib.h>

#include "history/grow.h"

#define LIMIT ((int64_t)1 << 61)    /* of bounds and of the length of pieces, ns */
#define NO_BOUND ((int64_t)1 << 62) /* beyond LIMIT wherever in a piece; -NO_BOUND too */

/* A bound in its place, or without one: the end of a segment. */
enum { POINT_END = 2, POINT_DROPPED };
struct point {
	uint64_t time;
	int kind; /* enum clock_end, POINT_.. */
	__int128 value;
};

struct builder {
	struct clock_segments segments;
	struct point *points; /* of the segment at hand */
	struct clock_link link;
};

/* Where a segment holds by one of the clocks. */
struct range {
	uint64_t from, to;
};

uint64_t clock_slope(uint32_t ppm)
{
	uint64_t rest = 1000000 - ppm;

	return (uint64_t)((ppm * CLOCK_SCALE + rest - 1) / rest);
}

/* By how much a bound is wider at a distance of up to LIMIT, rounded up. */
static inline int64_t widening(uint64_t slope, uint64_t distance)
{
	return (int64_t)((clock_rise(slope, distance) + CLOCK_SCALE - 1) >> CLOCK_SHIFT);
}

/* A bound in whole ns, rounded up. One beyond LIMIT stays beyond it, and no span is given for it.
 */
static int64_t narrow(__int128 bound)
{
	bound = (bound + CLOCK_SCALE - 1) >> CLOCK_SHIFT;
	return bound > LIMIT ? NO_BOUND : bound < -LIMIT ? -NO_BOUND : (int64_t)bound;
}

static inline int64_t least(int64_t x, int64_t y)
{
	return x < y ? x : y;
}

static inline void piece_at(const struct clock_piece *piece, uint64_t time, uint64_t slope,
			    struct clock_span *ret)
{
	int64_t past = widening(slope, time - piece->from);
	int64_t future = widening(slope, piece->to - time);

	ret->hi = least(piece->before[CLOCK_HI] + past, piece->after[CLOCK_HI] + future);
	ret->lo = -least(piece->before[CLOCK_LO] + past, piece->after[CLOCK_LO] + future);
}

static int by_time(const void *x, const void *y)
{
	const struct point *a = x, *b = y;

	return (a->time > b->time) - (a->time < b->time);
}

/* The segment's points by one clock, in order, with the ends of its range. Returns how many. */
static size_t gather(struct builder *b, const struct clock_segment *segment,
		     const struct range *range, int view)
{
	size_t i, n = 0;

	for (i = segment->first; i < segment->first + segment->n; i++) {
		const struct clock_sample *s = &b->segments.samples[i];

		b->points[n++] =
			(struct point){.time = view == CLOCK_ASKER ? s->a0 : s->b1,
				       .kind = CLOCK_HI,
				       .value = clock_sample_bound(s, CLOCK_HI, b->link.slope)};
		b->points[n++] =
			(struct point){.time = view == CLOCK_ASKER ? s->a3 : s->b2,
				       .kind = CLOCK_LO,
				       .value = clock_sample_bound(s, CLOCK_LO, b->link.slope)};
	}
	b->points[n++] = (struct point){.time = range->from, .kind = POINT_END};
	b->points[n++] = (struct point){.time = range->to, .kind = POINT_END};
	qsort(b->points, n, sizeof(*b->points), by_time);
	return n;
}

/* Drop the bounds that another one makes superfluous everywhere. Returns how many points remain. */
static size_t drop_superfluous(struct point *points, size_t n, uint64_t slope)
{
	__int128 past[2] = {CLOCK_FAR, CLOCK_FAR}, future[2] = {CLOCK_FAR, CLOCK_FAR}, key;
	struct point *p;
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

/* pieces[i] lies between points i and i + 1. */
static void sweep(const struct point *points, size_t n, uint64_t slope, struct clock_piece *pieces)
{
	__int128 past[2] = {CLOCK_FAR, CLOCK_FAR}, future[2] = {CLOCK_FAR, CLOCK_FAR}, rise;
	const struct point *p;
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
	bool is_long = piece->to - piece->from > LIMIT;
	int k;

	for (k = 0; k < 2; k++) {
		if (is_long && piece->to == UINT64_MAX)
			piece->after[k] = NO_BOUND;
		else if (is_long && !piece->from)
			piece->before[k] = NO_BOUND;
	}
	if (is_long && piece->to == UINT64_MAX)
		piece->to = piece->from + LIMIT;
	else if (is_long && !piece->from)
		piece->from = piece->to - LIMIT;
	return piece->to - piece->from <= LIMIT;
}

/* Keep what lies within the range and can be reckoned with. Returns how many pieces remain. */
static size_t select_pieces(struct clock_piece *pieces, size_t n, const struct range *range)
{
	size_t i, kept = 0;

	for (i = 0; i < n; i++) {
		if (pieces[i].from >= range->from && pieces[i].to <= range->to &&
		    pieces[i].from < pieces[i].to && shorten(&pieces[i]))
			pieces[kept++] = pieces[i];
	}
	return kept;
}

/* No theta satisfies all of a segment: some point shows it. */
static bool is_empty(const struct point *points, size_t n, uint64_t slope)
{
	__int128 past[2] = {CLOCK_FAR, CLOCK_FAR}, rise;
	const struct point *p;
	size_t i;

	for (i = 0; i < n; i++) {
		p = &points[i];
		rise = clock_rise(slope, p->time);
		if (p->kind >= POINT_END)
			continue;
		if (past[!p->kind] + rise + p->value < 0)
			return true;
		if (p->value - rise < past[p->kind])
			past[p->kind] = p->value - rise;
	}
	return false;
}

/* Append the pieces of segment i within its range by one clock; none if it is empty. */
static int add_pieces(struct builder *b, size_t i, const struct range *range, int view,
		      struct error *err)
{
	struct clock_view *to = &b->link.views[view];
	size_t n = gather(b, &b->segments.segments[i], range, view);

	n = drop_superfluous(b->points, n, b->link.slope);
	if (view == CLOCK_ASKER && is_empty(b->points, n, b->link.slope))
		return 0;
	while (to->capacity < to->n + n) {
		if (grow((void **)&to->pieces, &to->capacity, to->capacity, sizeof(*to->pieces),
			 err) < 0)
			return -1;
	}
	sweep(b->points, n, b->link.slope, to->pieces + to->n);
	to->n += select_pieces(to->pieces + to->n, n - 1, range);
	return 0;
}

/* Where a segment holds by a's clock: up to the ends of time, but not beyond a contradiction. */
static struct range asker_range(const struct builder *b, const struct clock_segment *segment)
{
	bool last = segment->first + segment->n == b->segments.n_samples;
	struct range range = {segment->first ? UINT64_MAX : 0, last ? UINT64_MAX : 0};
	size_t i;

	for (i = segment->first; i < segment->first + segment->n; i++) {
		const struct clock_sample *s = &b->segments.samples[i];

		if (s->a3 < range.from)
			range.from = s->a3;
		if (s->a0 > range.to)
			range.to = s->a0;
	}
	return range;
}

/*
 * Where a segment, whose pieces by a's clock begin at `first`, holds by b's: within what b showed
 * at the ends of a's range. Returns false if that is nowhere.
 */
static bool answerer_range(const struct builder *b, size_t first, struct range *ret)
{
	const struct clock_view *asker = &b->link.views[CLOCK_ASKER];
	const struct clock_view *answerer = &b->link.views[CLOCK_ANSWERER];
	const struct clock_piece *begin = &asker->pieces[first];
	const struct clock_piece *end = &asker->pieces[asker->n - 1];
	__int128 from = 0, to = UINT64_MAX, unused = 0;
	struct clock_span span;

	if (ret->from > 0) {
		piece_at(begin, begin->from, b->link.slope, &span);
		if (span.hi >= LIMIT)
			return false;
		from = (__int128)begin->from + span.hi;
	}
	if (ret->to < UINT64_MAX) {
		piece_at(end, end->to, b->link.slope, &span);
		if (span.lo <= -LIMIT)
			return false;
		to = (__int128)end->to + span.lo;
	}
	/* samples under way at the same time can be in an order that is not b's */
	if (answerer->n)
		unused = (__int128)answerer->pieces[answerer->n - 1].to + 1;
	if (from < unused)
		from = unused;
	if (to > UINT64_MAX)
		to = UINT64_MAX;
	if (from > to)
		return false;
	*ret = (struct range){(uint64_t)from, (uint64_t)to};
	return true;
}

static void note_hole(struct clock_link *link, uint64_t from, uint64_t to)
{
	if (from < to && !link->n_holes++) {
		link->hole_from = from;
		link->hole_to = to;
	}
}

/* *end: up to where a's time has been dealt with. */
static int add_segment(struct builder *b, size_t i, uint64_t *end, struct error *err)
{
	const struct clock_segment *segment = &b->segments.segments[i];
	size_t first = b->link.views[CLOCK_ASKER].n;
	struct range range;

	if (segment->bad)
		return 0;
	range = asker_range(b, segment);
	if (add_pieces(b, i, &range, CLOCK_ASKER, err) < 0)
		return -1;
	if (b->link.views[CLOCK_ASKER].n == first)
		return 0;
	note_hole(&b->link, *end, range.from);
	*end = range.to;
	if (!answerer_range(b, first, &range))
		return 0;
	return add_pieces(b, i, &range, CLOCK_ANSWERER, err);
}

int clock_link_build(const struct clock_sample *samples, size_t n, uint64_t slope,
		     struct clock_link *ret, struct error *err)
{
	struct builder b = {.link = {.slope = slope}};
	uint64_t end = 0;
	int result = -1;
	size_t i;

	if (clock_segments_make(samples, n, slope, &b.segments, err) < 0)
		return -1;
	b.points = calloc(n + 1, 2 * sizeof(*b.points));
	if (!b.points) {
		error_set(err, ERROR_WORLD, "out of memory for %zu clock samples", n);
		goto out;
	}
	b.link.went_back = b.segments.went_back;
	for (i = 0; !b.link.went_back && i < b.segments.n; i++) {
		if (add_segment(&b, i, &end, err) < 0)
			goto out;
	}
	note_hole(&b.link, end, UINT64_MAX);
	*ret = b.link;
	result = 0;
out:
	if (result < 0)
		clock_link_done(&b.link);
	clock_segments_done(&b.segments);
	free(b.points);
	return result;
}

void clock_link_done(struct clock_link *link)
{
	free(link->views[CLOCK_ASKER].pieces);
	free(link->views[CLOCK_ANSWERER].pieces);
	*link = (struct clock_link){0};
}

static inline bool covers(const struct clock_view *view, size_t i, uint64_t time)
{
	return i < view->n && view->pieces[i].from <= time && time <= view->pieces[i].to;
}

/* The piece of that time becomes the last one; false: there is none. */
static bool search(struct clock_view *view, uint64_t time)
{
	size_t low = 0, high = view->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (view->pieces[middle].to < time)
			low = middle + 1;
		else
			high = middle;
	}
	if (!covers(view, low, time))
		return false;
	view->last = low;
	return true;
}

bool clock_link_at(struct clock_link *link, enum clock_view_kind kind, uint64_t time,
		   struct clock_span *ret)
{
	struct clock_view *view = &link->views[kind];

	if (!covers(view, view->last, time)) {
		if (covers(view, view->last + 1, time))
			view->last++;
		else if (covers(view, view->last - 1, time))
			view->last--;
		else if (!search(view, time))
			return false;
	}
	piece_at(&view->pieces[view->last], time, link->slope, ret);
	return ret->hi < LIMIT && ret->lo > -LIMIT && ret->lo <= ret->hi;
}
