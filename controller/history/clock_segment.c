/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_segment.c - see clock_segment.h.
 *
 * Where no theta satisfies two samples, the drift claimed is wrong or a clock was stepped between
 * them. Samples are taken in the order of their questions; one that contradicts any before it in
 * its segment begins a new one. One that contradicts itself is a segment of its own.
 *
 * Two bounds, of theta from above at t and of -theta from above at t', contradict each other if
 * their sum and slope * |t - t'| is below 0. So the later one is tested against the least of
 * bound - slope * t over the earlier ones, a running minimum. Only an answer still under way when
 * the next question leaves is later than that question's own bound: this pair is not tested here,
 * but by clock_link.c once the segment is whole.
 *
 * If an answer had arrived before a question was sent, but by the other clock the question was
 * there before the answer left, one of the clocks ran backwards.
 */
#include "history/clock_segment.h"

#include <stdlib.h>

struct arrival {
	uint64_t time; /* a3 */
	size_t sample;
};

struct cutter {
	struct clock_segments made;
	struct arrival *arrivals; /* in order */
	uint64_t slope;
	size_t ended;	    /* arrivals before the question at hand */
	uint64_t latest_b2; /* of them */
	size_t seen;	    /* arrivals up to the question at hand */
	/* bound - slope * time of the segment at hand; CLOCK_LO: of those seen */
	__int128 least[2];
};

static int compare(uint64_t x, uint64_t y)
{
	return (x > y) - (x < y);
}

static int by_question(const void *x, const void *y)
{
	const struct clock_sample *a = x, *b = y;

	return a->a0 == b->a0 ? compare(a->a3, b->a3) : compare(a->a0, b->a0);
}

static int by_arrival(const void *x, const void *y)
{
	const struct arrival *a = x, *b = y;

	return a->time == b->time ? compare(a->sample, b->sample) : compare(a->time, b->time);
}

static bool ran_backwards(struct cutter *c, const struct clock_sample *s)
{
	while (c->ended < c->made.n_samples && c->arrivals[c->ended].time < s->a0) {
		uint64_t b2 = c->made.samples[c->arrivals[c->ended++].sample].b2;

		if (b2 > c->latest_b2)
			c->latest_b2 = b2;
	}
	return s->a3 < s->a0 || s->b2 < s->b1 || s->b1 < c->latest_b2;
}

static void count_least(struct cutter *c, const struct clock_sample *s, enum clock_end end)
{
	__int128 key = clock_sample_bound(s, end, c->slope) -
		       clock_rise(c->slope, end == CLOCK_HI ? s->a0 : s->a3);

	if (key < c->least[end])
		c->least[end] = key;
}

/* Count the answers of the segment at hand that sample i's question can have come after. */
static void see_arrivals(struct cutter *c, size_t i)
{
	const struct clock_sample *samples = c->made.samples;
	size_t begin = c->made.n ? c->made.segments[c->made.n - 1].first : 0;

	for (; c->seen < c->made.n_samples; c->seen++) {
		const struct arrival *arrival = &c->arrivals[c->seen];

		if (arrival->time > samples[i].a0 || arrival->sample >= i)
			break;
		if (arrival->sample >= begin)
			count_least(c, &samples[arrival->sample], CLOCK_LO);
	}
}

static void cut(struct cutter *c)
{
	struct clock_segment *now = NULL;
	size_t i;

	for (i = 0; i < c->made.n_samples; i++) {
		const struct clock_sample *s = &c->made.samples[i];
		__int128 hi = clock_sample_bound(s, CLOCK_HI, c->slope);
		__int128 lo = clock_sample_bound(s, CLOCK_LO, c->slope);
		__int128 sent = clock_rise(c->slope, s->a0), had = clock_rise(c->slope, s->a3);
		bool bad = hi + lo + had - sent < 0;

		if (ran_backwards(c, s)) {
			c->made.went_back = true;
			return;
		}
		see_arrivals(c, i);
		if (!now || bad || now->bad || c->least[CLOCK_LO] + sent + hi < 0 ||
		    c->least[CLOCK_HI] + had + lo < 0) {
			now = &c->made.segments[c->made.n++];
			*now = (struct clock_segment){.first = i, .bad = bad};
			c->least[CLOCK_HI] = c->least[CLOCK_LO] = CLOCK_FAR;
		}
		now->n++;
		count_least(c, s, CLOCK_HI);
	}
}

int clock_segments_make(const struct clock_sample *samples, size_t n, uint64_t slope,
			struct clock_segments *ret, struct error *err)
{
	struct cutter c = {
		.made = {.n_samples = n}, .slope = slope, .least = {CLOCK_FAR, CLOCK_FAR}};
	int result = -1;
	size_t i;

	c.made.samples = calloc(n, sizeof(*c.made.samples));
	c.made.segments = calloc(n, sizeof(*c.made.segments));
	c.arrivals = calloc(n, sizeof(*c.arrivals));
	if (!c.made.samples || !c.made.segments || !c.arrivals) {
		error_set(err, ERROR_WORLD, "out of memory for %zu clock samples", n);
		goto out;
	}
	for (i = 0; i < n; i++)
		c.made.samples[i] = samples[i];
	qsort(c.made.samples, n, sizeof(*c.made.samples), by_question);
	for (i = 0; i < n; i++)
		c.arrivals[i] = (struct arrival){c.made.samples[i].a3, i};
	qsort(c.arrivals, n, sizeof(*c.arrivals), by_arrival);
	cut(&c);
	*ret = c.made;
	result = 0;
out:
	if (result < 0)
		clock_segments_done(&c.made);
	free(c.arrivals);
	return result;
}

void clock_segments_done(struct clock_segments *segments)
{
	free(segments->samples);
	free(segments->segments);
	*segments = (struct clock_segments){0};
}
