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
 * Segments next to a contradiction (clock_segment.c) hold on that side no further than from their
 * first a3, to their last a0: a sample under way during the step can be true on both sides of it,
 * but it began before the step and ended after. By b's clock a segment holds from what b can
 * have shown at most at that a3, to what it showed at least at that a0.
 *
 * All this takes it that no clock runs backwards, as the order of each node's own operations does.
 * Where the samples show that one did, nothing is known.
 */
#include "history/clock_link.h"

#include <stdlib.h>

#include "history/grow.h"

struct builder {
	struct clock_segments segments;
	struct clock_envelope envelope; /* of the segment at hand */
	struct clock_link link;
};

uint64_t clock_slope(uint32_t ppm)
{
	uint64_t rest = 1000000 - ppm;

	return (uint64_t)((ppm * CLOCK_SCALE + rest - 1) / rest);
}

/* Append the segment's pieces within its range by one clock; none if it is empty. */
static int add_pieces(struct builder *b, const struct clock_segment *segment,
		      const struct clock_range *range, enum clock_view_kind kind, struct error *err)
{
	struct clock_view *to = &b->link.views[kind];
	size_t room;

	clock_envelope_set(&b->envelope, b->segments.samples + segment->first, segment->n, range,
			   kind);
	if (kind == CLOCK_ASKER && clock_envelope_is_empty(&b->envelope))
		return 0;
	room = clock_envelope_room(&b->envelope);
	while (to->capacity < to->n + room) {
		if (grow((void **)&to->pieces, &to->capacity, to->capacity, sizeof(*to->pieces),
			 err) < 0)
			return -1;
	}
	to->n += clock_envelope_pieces(&b->envelope, to->pieces + to->n);
	return 0;
}

/* Where a segment holds by a's clock: up to the ends of time, but not beyond a contradiction. */
static struct clock_range asker_range(const struct builder *b, const struct clock_segment *segment)
{
	bool last = segment->first + segment->n == b->segments.n_samples;
	struct clock_range range = {segment->first ? UINT64_MAX : 0, last ? UINT64_MAX : 0};
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
static bool answerer_range(const struct builder *b, size_t first, struct clock_range *ret)
{
	const struct clock_view *asker = &b->link.views[CLOCK_ASKER];
	const struct clock_view *answerer = &b->link.views[CLOCK_ANSWERER];
	const struct clock_piece *begin = &asker->pieces[first];
	const struct clock_piece *end = &asker->pieces[asker->n - 1];
	__int128 from = 0, to = UINT64_MAX, unused = 0;
	struct clock_span span;

	if (ret->from > 0) {
		clock_piece_at(begin, begin->from, b->link.slope, &span);
		if (span.hi >= CLOCK_LIMIT)
			return false;
		from = (__int128)begin->from + span.hi;
	}
	if (ret->to < UINT64_MAX) {
		clock_piece_at(end, end->to, b->link.slope, &span);
		if (span.lo <= -CLOCK_LIMIT)
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
	*ret = (struct clock_range){(uint64_t)from, (uint64_t)to};
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
	struct clock_range range;

	if (segment->bad)
		return 0;
	range = asker_range(b, segment);
	if (add_pieces(b, segment, &range, CLOCK_ASKER, err) < 0)
		return -1;
	if (b->link.views[CLOCK_ASKER].n == first)
		return 0;
	note_hole(&b->link, *end, range.from);
	*end = range.to;
	if (!answerer_range(b, first, &range))
		return 0;
	return add_pieces(b, segment, &range, CLOCK_ANSWERER, err);
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
	if (clock_envelope_init(n, slope, &b.envelope, err) < 0)
		goto out;
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
	clock_envelope_done(&b.envelope);
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
	clock_piece_at(&view->pieces[view->last], time, link->slope, ret);
	return ret->hi < CLOCK_LIMIT && ret->lo > -CLOCK_LIMIT && ret->lo <= ret->hi;
}
