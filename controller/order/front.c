/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front.c - see front.h.
 *
 * Searches gallop from the end, where nearly all answers are. An insertion moves at most FRONT_LATE
 * steps and drops any number, each of which was inserted once.
 */
#include "order/front.h"

#include <assert.h>
#include <stdlib.h>

int front_init(struct front *front, uint32_t size, struct error *err)
{
	struct front_step *steps = calloc(size, sizeof(*steps));

	assert(size && !(size & (size - 1)));
	if (!steps)
		return error_set(err, ERROR_WORLD, "out of memory for a window of %u steps", size);
	*front = (struct front){.steps = steps, .mask = size - 1};
	return 0;
}

void front_done(struct front *front)
{
	free(front->steps);
	*front = (struct front){0};
}

uint32_t front_count_search(const struct front *front, uint32_t limit)
{
	uint32_t lo = 0, hi = front->n, jump, mid;

	/* Steps from hi on are beyond the limit. */
	for (jump = 1; hi > jump && front_at(front, hi - jump)->x > limit; jump *= 2)
		hi -= jump;
	if (hi > jump)
		lo = hi - jump;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (front_at(front, mid)->x <= limit)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t front_reaches(const struct front *front, uint32_t wanted)
{
	uint32_t lo = 0, hi = front->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (front_at(front, mid)->y < wanted)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Steps from `end` on move down to `begin`. */
static void close_gap(struct front *front, uint32_t begin, uint32_t end)
{
	for (; end < front->n; begin++, end++)
		*front_at(front, begin) = *front_at(front, end);
	front->n = begin;
}

/* Steps from *place on move up by one. If that costs the oldest step, *place has moved down; there
 * is no room before the oldest: false. */
static bool open_gap(struct front *front, uint32_t *place)
{
	uint32_t i;

	if (front->n > front->mask) {
		if (!*place)
			return false;
		front->lost = front_at(front, 0)->y;
		front->begin++;
		front->n--;
		--*place;
	}
	for (i = front->n++; i > *place; i--)
		*front_at(front, i) = *front_at(front, i - 1);
	return true;
}

bool front_insert(struct front *front, const struct front_step *step)
{
	uint32_t place = front_count(front, step->x), end = front->n;

	if (place) {
		const struct front_step *last = front_at(front, place - 1);

		if (last->y >= step->y)
			return false;
		if (last->x == step->x)
			place--;
	}
	if (place < front->n)
		end = front_reaches(front, step->y + 1);
	if (front->n - end > FRONT_LATE)
		return false;
	if (end > place)
		close_gap(front, place + 1, end);
	else if (!open_gap(front, &place))
		return false;
	*front_at(front, place) = *step;
	return true;
}

void front_remove(struct front *front, uint32_t i)
{
	close_gap(front, i, i + 1);
}
