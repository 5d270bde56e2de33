/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * front.h - a bounded Pareto front of certain facts "from x on, y is reached".
 *
 * A step (x, y) is worth keeping unless another has x as small and y as great. So along the front
 * both rise, and the best y for all steps with x <= limit is that of the last of them. Mostly new
 * steps go to the end. When the front is full its oldest step is lost; so is one that would go
 * before more than FRONT_LATE others. What is lost is not known any more, never known wrongly.
 */
#ifndef ORDER_FRONT_H
#define ORDER_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define FRONT_LATE 64

/* A step, and the read and the write that prove it. */
struct front_step {
	uint64_t unit;
	uint32_t x, y;
	uint32_t read, write; /* their numbers */
	uint32_t index;	      /* of the one whose index is not x */
	uint32_t evidence;    /* bits that are the owner's own */
};

struct front {
	struct front_step *steps; /* a ring of mask + 1 */
	uint32_t mask, begin, n;
	uint32_t lost; /* the greatest y of an oldest step that was lost; 0: none was */
};

/* Room for `size` steps, a power of two. ERROR_WORLD: out of memory, *front is not set. Release
 * with front_done. */
int front_init(struct front *front, uint32_t size, struct error *err);
void front_done(struct front *front);

/* The i-th step of front->n, by ascending x. */
static inline struct front_step *front_at(const struct front *front, uint32_t i)
{
	return &front->steps[(front->begin + i) & front->mask];
}

/* How many steps have x <= limit, when the last one has not. */
uint32_t front_count_search(const struct front *front, uint32_t limit);

/* How many steps have x <= limit: the last of these has their greatest y. */
static inline uint32_t front_count(const struct front *front, uint32_t limit)
{
	if (!front->n || front_at(front, front->n - 1)->x <= limit)
		return front->n;
	return front_count_search(front, limit);
}

/* The first step with y >= wanted: front->n if there is none. */
uint32_t front_reaches(const struct front *front, uint32_t wanted);

/* Add a step and drop what it makes useless; false when it tells nothing new or there is no room
 * at its place. Takes amortised constant time. */
bool front_insert(struct front *front, const struct front_step *step);

void front_remove(struct front *front, uint32_t i);

#endif
