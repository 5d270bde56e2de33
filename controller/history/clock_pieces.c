/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * clock_pieces.c - see clock_pieces.h. clock_link.c knows what one pair of clocks proves.
 *
 * Pings go through the controller's clock c. When a shows x, c shows x - hi_ac(x) at the earliest
 * and x - lo_ac(x) at the latest. No clock runs backwards, so what b shows lies between what it
 * shows, at least, at the one and, at most, at the other: theta >= lo_bc - hi_ac at the earliest
 * time and theta <= hi_bc - lo_ac at the latest. That is the combination at each time of the
 * controller, over all times it can have been. Asked by b's time it is the same with the nodes,
 * and so the sign, exchanged.
 *
 * A claim of 500000 ppm or more claims nothing: bounds would change faster than time goes by.
 */
#include "history/clock_pieces.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PPM_MAX 499999

/* Add what was discarded of one link to the warning; `asker` names its clock. */
static void describe(struct clock_bounds *bounds, const struct clock_link *link, const char *what,
		     const char *asker, uint32_t ppm)
{
	size_t used = strnlen(bounds->warning, sizeof(bounds->warning));
	char *to = bounds->warning + used;
	size_t room = sizeof(bounds->warning) - used;
	const char *comma = used ? "; " : "";

	if (link->went_back)
		snprintf(to, room,
			 "%s%s show that a clock ran backwards: nothing is certain of the clocks",
			 comma, what);
	else if (link->n_holes)
		snprintf(to, room,
			 "%s%zu stretch%s of time discarded, the first from %.3f s to %.3f s of "
			 "%s: no offset of the clocks satisfies all %s there; a clock was stepped "
			 "or drifts by more than %" PRIu32 " ppm",
			 comma, link->n_holes, link->n_holes == 1 ? "" : "es",
			 (double)link->hole_from / 1e9, (double)link->hole_to / 1e9, asker, what,
			 ppm);
}

static int add_link(struct clock_bounds *bounds, const struct clock_sample *samples, size_t n,
		    uint32_t ppm, struct error *err)
{
	if (clock_link_build(samples, n, clock_slope(ppm), &bounds->links[bounds->n_links], err) <
	    0)
		return -1;
	bounds->n_links++;
	return 0;
}

/* A link that holds nowhere makes all unknown. */
static void conclude(struct clock_bounds *bounds)
{
	unsigned i;

	bounds->clock = HISTORY_CLOCK_BOUNDS;
	for (i = 0; i < bounds->n_links; i++) {
		if (!bounds->links[i].views[CLOCK_ASKER].n)
			bounds->clock = HISTORY_CLOCK_NONE;
	}
}

static int from_samples(struct clock_bounds *bounds, const struct clock_sample *samples, size_t n,
			uint32_t ppm, struct error *err)
{
	if (add_link(bounds, samples, n, ppm, err) < 0)
		return -1;
	describe(bounds, &bounds->links[0], "samples", "a's clock", ppm);
	conclude(bounds);
	return 0;
}

static int from_pings(struct clock_bounds *bounds, const struct ping *pings, size_t n, uint32_t ppm,
		      struct error *err)
{
	static const char *const names[NODES] = {"pings of a", "pings of b"};
	struct clock_sample *samples = calloc(n, sizeof(*samples));
	size_t i, n_samples;
	int result = -1;
	unsigned node;

	if (!samples)
		return error_set(err, ERROR_WORLD, "out of memory for %zu clock pings", n);
	for (node = 0; node < NODES; node++) {
		n_samples = 0;
		for (i = 0; i < n; i++) {
			const struct ping *p = &pings[i];

			if (p->node == node)
				samples[n_samples++] =
					(struct clock_sample){p->c0, p->n1, p->n2, p->c3};
		}
		if (!n_samples)
			break;
		if (add_link(bounds, samples, n_samples, ppm, err) < 0)
			goto out;
	}
	result = 0;
	if (bounds->n_links < NODES) /* pings of one node say nothing of the other */
		goto out;
	for (node = 0; node < NODES; node++)
		describe(bounds, &bounds->links[node], names[node], "the controller's clock", ppm);
	conclude(bounds);
out:
	free(samples);
	return result;
}

int clock_bounds_build(const struct history_header *header, const struct clock_sample *samples,
		       size_t n_samples, const struct ping *pings, size_t n_pings,
		       struct clock_bounds *ret, struct error *err)
{
	struct clock_bounds bounds = {.clock = header->clock};
	uint32_t ppm = header->drift_ppm;
	int result = 0;

	if (!n_samples && header->clock == HISTORY_CLOCK_BOUNDS) {
		bounds.lo = header->theta_lo;
		bounds.hi = header->theta_hi;
	} else if (n_samples || (header->clock == HISTORY_CLOCK_NONE && ppm && n_pings)) {
		bounds.clock = HISTORY_CLOCK_NONE;
		if (ppm > PPM_MAX)
			snprintf(bounds.warning, sizeof(bounds.warning),
				 "clocks that may drift by %" PRIu32
				 " ppm: nothing is certain of them",
				 ppm);
		else if (n_samples)
			result = from_samples(&bounds, samples, n_samples, ppm, err);
		else
			result = from_pings(&bounds, pings, n_pings, ppm, err);
	}
	if (result < 0)
		clock_bounds_done(&bounds);
	else
		*ret = bounds;
	return result;
}

void clock_bounds_done(struct clock_bounds *bounds)
{
	unsigned i;

	for (i = 0; i < NODES; i++)
		clock_link_done(&bounds->links[i]);
	*bounds = (struct clock_bounds){.clock = HISTORY_CLOCK_NONE};
}

/* The other node's clock minus this node's: least at the earliest that the controller's clock can
 * have shown then, most at the latest. */
static bool through_controller(struct clock_bounds *bounds, unsigned node, uint64_t time,
			       struct clock_span *ret)
{
	struct clock_link *own = &bounds->links[node], *other = &bounds->links[!node];
	struct clock_span mine, at_early, at_late;
	__int128 early, late;

	if (!clock_link_at(own, CLOCK_ANSWERER, time, &mine))
		return false;
	early = (__int128)time - mine.hi;
	late = (__int128)time - mine.lo;
	if (early < 0) /* no clock shows that */
		early = 0;
	if (late > UINT64_MAX)
		late = UINT64_MAX;
	if (early > late || !clock_link_at(other, CLOCK_ASKER, (uint64_t)early, &at_early) ||
	    !clock_link_at(other, CLOCK_ASKER, (uint64_t)late, &at_late))
		return false;
	ret->lo = (int64_t)(early - time) + at_early.lo;
	ret->hi = (int64_t)(late - time) + at_late.hi;
	return ret->lo <= ret->hi;
}

bool clock_bounds_at(struct clock_bounds *bounds, unsigned node, uint64_t time, int64_t *ret_lo,
		     int64_t *ret_hi)
{
	struct clock_span span = {.lo = bounds->lo, .hi = bounds->hi};
	bool turn = false;

	if (bounds->clock == HISTORY_CLOCK_NONE)
		return false;
	if (bounds->n_links == 1) {
		if (!clock_link_at(&bounds->links[0], node ? CLOCK_ANSWERER : CLOCK_ASKER, time,
				   &span))
			return false;
	} else if (bounds->n_links) {
		if (!through_controller(bounds, node, time, &span))
			return false;
		turn = node; /* a's clock minus b's */
	}
	*ret_lo = turn ? -span.hi : span.lo;
	*ret_hi = turn ? -span.lo : span.hi;
	return true;
}
