/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_side.c - see feed_side.h.
 *
 * What is asked of completions gone past is nearly always about the last few, which a ring keeps;
 * what lies further back is read again.
 *
 * What is certain lies before what a side comes to next, so that a block may be put into the ring
 * at once.
 *
 * late: from when on a completion certainly lies before, on the other node's clock. It is made to
 * rise (an operation completed before a later completion of its node, so the greater one is true of
 * both) except where nothing was certain in between: there it begins anew.
 */
#include "order/feed_side.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define RING 32768U /* at most */
#define NEAR 64U

uint64_t side_late_of(struct side *side, uint64_t time)
{
	__int128 late;
	int64_t lo, hi;

	if (!clock_bounds_at(side->bounds, side->node, time, &lo, &hi))
		return UINT64_MAX;
	if (side->bounds->best_guess)
		lo = hi = lo + (int64_t)(((uint64_t)hi - (uint64_t)lo) / 2);
	/* theta = clock(b) - clock(a): on a's clock at most time - lo, on b's at most time + hi */
	late = side->node ? (__int128)time - lo : (__int128)time + hi;
	if (late < 0)
		return 0;
	return late >= UINT64_MAX ? UINT64_MAX : (uint64_t)late + 1;
}

int side_open(struct side *side, const struct tapes *tapes, const struct scan *scan,
	      struct clock_bounds *bounds, const struct shard *only, unsigned node,
	      struct error *err)
{
	size_t room;

	side->scan = &scan->nodes[node];
	side->bounds = bounds;
	side->only = only;
	side->node = node;
	side->others = scan->nodes[!node].n_completed;
	side->low_waits[!node] = bounds->clock != HISTORY_CLOCK_NONE;
	room = side->scan->n_completed < BLOCK_OPS ? side->scan->n_completed : BLOCK_OPS;
	for (side->ring = 64; side->ring <= side->scan->n_completed && side->ring < RING;)
		side->ring *= 2;
	side->least = calloc(room + 1, sizeof(*side->least));
	side->times = calloc(side->ring, sizeof(*side->times));
	side->lates = calloc(side->ring, sizeof(*side->lates));
	side->known_from = calloc(side->ring, sizeof(*side->known_from));
	if (!side->least || !side->times || !side->lates || !side->known_from)
		return error_set(err, ERROR_WORLD, "out of memory");
	if (block_reader_open(&side->reader, tapes, scan, node, err) < 0)
		return -1;
	return feed_block_init(&side->block, &side->reader, true, err);
}

void side_close(struct side *side)
{
	free(side->least);
	free(side->known_from);
	free(side->times);
	free(side->lates);
	feed_block_done(&side->block);
	block_reader_close(&side->reader);
	memset(side, 0, sizeof(*side));
}

/* With clocks that keep their distance, all of the block are late by the same *ret, if no number
 * comes near its end. */
static bool is_even(struct side *side, uint64_t *ret)
{
	uint64_t first = side->block.times[0], last = side->block.times[side->block.n - 1];

	*ret = side_late_of(side, last) - last;
	return !side->bounds->n_links && last < INT64_MAX &&
	       side_late_of(side, last) < UINT64_MAX && side_late_of(side, first);
}

/* The block's completions go into the ring. */
static void fill_ring(struct side *side)
{
	const struct feed_block *block = &side->block;
	uint32_t mask = side->ring - 1, index = side->loaded, i;
	uint32_t known_from = index ? side->known_from[index & mask] : 1;
	uint64_t before = index ? side->lates[index & mask] : 0, late, lateness;
	bool even = is_even(side, &lateness);

	for (i = 0; i < block->n; i++) {
		late = even ? block->times[i] + lateness : side_late_of(side, block->times[i]);
		index++;
		if (before == UINT64_MAX && late != UINT64_MAX)
			known_from = index;
		else if (late < before)
			late = before;
		side->times[index & mask] = block->times[i] + 1;
		side->lates[index & mask] = late;
		side->known_from[index & mask] = known_from;
		before = late;
	}
	side->loaded = index;
}

/* The next block: its operations, and what is derived of them. */
static int load_next(struct side *side, struct error *err)
{
	struct feed_block *block = &side->block;
	uint64_t least = UINT64_MAX;
	int64_t lo, hi;
	uint32_t i;

	side->at = side->next = block->n = 0;
	if (side->next_block == side->scan->n_blocks)
		return 0;
	if (block_read(&side->reader, side->next_block++, side->only, block, err) < 0)
		return -1;
	if (side->next_block < side->scan->n_blocks)
		least = side->scan->blocks[side->next_block].invoke_least;
	for (i = block->n; i--;) {
		least = block->invokes[i] < least ? block->invokes[i] : least;
		side->least[i] = least;
	}
	fill_ring(side);
	side->middle = 0;
	if (clock_bounds_at(side->bounds, side->node, block->times[0], &lo, &hi))
		side->middle = lo + (int64_t)(((uint64_t)hi - (uint64_t)lo) / 2);
	return 0;
}

/* What messages prove of the next operation. */
static void look_at_next(struct side *side)
{
	const struct scan_node *scan = side->scan;
	const struct op_head *op = side_next(side);
	uint32_t after = op->after < side->others ? (uint32_t)op->after : side->others;

	while (side->step < scan->n_steps && scan->steps[side->step].invoke < op->invoke)
		side->step++;
	while (side->step && scan->steps[side->step - 1].invoke >= op->invoke)
		side->step--;
	side->message = side->step ? scan->steps[side->step - 1].after : 0;
	if (after > side->message)
		side->message = after;
}

/* To the operation of the block that is fed next, or of a later one. */
static int go_on(struct side *side, struct error *err)
{
	const struct feed_block *block = &side->block;

	while (side->next == block->n_ops) {
		side->done = side->loaded;
		if (load_next(side, err) < 0)
			return -1;
		if (!block->n)
			return 0;
	}
	side->at = block->places[side->next];
	side->done = side->loaded - block->n + side->at;
	look_at_next(side);
	return 0;
}

int side_begin(struct side *side, struct error *err)
{
	return go_on(side, err);
}

int side_step(struct side *side, struct error *err)
{
	side->next++;
	return go_on(side, err);
}

int side_time(struct side *side, uint32_t index, uint64_t *ret, struct error *err)
{
	const uint64_t *times;

	if (block_times(&side->reader, (index - 1) / BLOCK_OPS, &times, err) < 0)
		return -1;
	*ret = times[(index - 1) % BLOCK_OPS];
	return 0;
}

/* The same for one that the ring has lost. */
static int look_up(struct side *side, uint32_t index, uint64_t time, bool late, bool *ret,
		   struct error *err)
{
	uint64_t at;

	if (side_time(side, index, &at, err) < 0)
		return -1;
	*ret = (late ? side_late_of(side, at) : at + 1) <= time;
	return 0;
}

/* Whether the index-th completion, one gone past, certainly lies before. */
static inline int is_before(struct side *side, uint32_t index, uint64_t time, bool late, bool *ret,
			    struct error *err)
{
	if (side->loaded - index >= side->ring)
		return look_up(side, index, time, late, ret, err);
	*ret = (late ? side->lates : side->times)[index & (side->ring - 1)] <= time;
	return 0;
}

/* All completions up to `lo` lie before, that behind `hi` does not: by halves. */
static int search(struct side *side, uint64_t time, bool late, uint32_t lo, uint32_t hi,
		  uint32_t *ret, struct error *err)
{
	uint32_t at;
	bool before;

	while (lo < hi) {
		at = hi - (hi - lo) / 2;
		if (is_before(side, at, time, late, &before, err) < 0)
			return -1;
		if (before)
			lo = at;
		else
			hi = at - 1;
	}
	*ret = lo;
	return 0;
}

int side_before(struct side *side, uint64_t time, bool late, uint32_t *ret, struct error *err)
{
	const uint64_t *ring = late ? side->lates : side->times;
	uint32_t mask = side->ring - 1,
		 least = late && side->done ? side->known_from[side->done & mask] - 1 : 0;
	uint32_t hi = side->done, step, at;
	bool before = false;

	*ret = 0;
	if (late && side->bounds->clock == HISTORY_CLOCK_NONE)
		return 0;
	/* Nearly always it is one of the last few: a search that never guesses a branch wrong. */
	if (hi - least >= NEAR && NEAR <= mask && ring[(hi - NEAR + 1) & mask] <= time) {
		at = hi - NEAR + 1;
		for (step = NEAR / 2; step; step /= 2)
			at += ring[(at + step) & mask] <= time ? step : 0;
		*ret = at;
		return 0;
	}
	step = 1;
	for (at = hi; at > least; at = at - least > step ? at - step : least, step *= 2) {
		if (is_before(side, at, time, late, &before, err) < 0)
			return -1;
		if (before)
			break;
		hi = at - 1;
	}
	/* Before the place where bounds are known again, nothing was asked. */
	if (!before && hi <= least)
		return 0;
	if (search(side, time, late, before ? at : least, hi, ret, err) < 0)
		return -1;
	if (*ret == least)
		*ret = 0;
	return 0;
}

int side_count(struct side *side, uint64_t time, bool late, uint32_t *ret, struct error *err)
{
	size_t lo = 0, hi = side->scan->n_blocks, mid;
	const uint64_t *times;
	uint32_t i, n = 0;
	uint64_t at;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		at = side->scan->blocks[mid].time;
		if (late ? side_late_of(side, at) <= time : at < time)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret = 0;
	if (!lo)
		return 0;
	if (block_times(&side->reader, lo - 1, &times, err) < 0)
		return -1;
	n = side->scan->n_completed - (uint32_t)(lo - 1) * BLOCK_OPS;
	for (i = 0; i < n && i < BLOCK_OPS; i++) {
		at = times[i];
		if (late ? side_late_of(side, at) > time : at >= time)
			break;
	}
	*ret = (uint32_t)(lo - 1) * BLOCK_OPS + i;
	return 0;
}

uint32_t side_message(const struct side *side, uint64_t invoke)
{
	size_t lo = 0, hi = side->scan->n_steps, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (side->scan->steps[mid].invoke < invoke)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? side->scan->steps[lo - 1].after : 0;
}

/* The completions of `of` that every operation to come of `side` certainly follows. */
static int raise_low(struct side *side, struct side *of, uint64_t least, bool late,
		     struct error *err)
{
	const uint64_t *ring = late ? of->lates : of->times;
	uint32_t low = side->low[of->node], next, mask = of->ring - 1, step;
	uint32_t known_from = late ? of->known_from[of->done & mask] : 1;
	bool before;

	while (low < of->done) {
		next = low + 1;
		/* Over a stretch of which nothing is known, to where bounds are known again. */
		if (next < known_from)
			next = known_from;
		if (of->loaded - next <= mask)
			before = ring[next & mask] <= least;
		else if (look_up(of, next, least, late, &before, err) < 0)
			return -1;
		if (!before)
			break;
		low = next;
		if (of->loaded - next > mask)
			continue;
		/* By halves, without a branch that could be guessed wrong. */
		for (step = NEAR / 2; step; step /= 2) {
			next = low + step;
			low = next <= of->done && ring[next & mask] <= least ? next : low;
		}
	}
	side->low[of->node] = low;
	side->low_waits[of->node] = low >= of->done;
	return 0;
}

int side_low(struct side *own, struct side *other, struct error *err)
{
	const struct scan_node *scan = own->scan;
	unsigned node = own->node;
	uint64_t least;

	if (!side_has_next(own)) {
		own->low[0] = own->low[1] = LOW_ALL;
		return 0;
	}
	least = own->least[own->at];
	if (least == own->low_least) {
		/* Nothing new but what the other node has gone past. */
		if (!own->low_waits[!node])
			return 0;
		return raise_low(own, other, least, true, err);
	}
	own->low_least = least;
	if (raise_low(own, own, least, false, err) < 0 ||
	    (other->bounds->clock != HISTORY_CLOCK_NONE &&
	     raise_low(own, other, least, true, err) < 0))
		return -1;
	while (own->low_step < scan->n_steps && scan->steps[own->low_step].invoke < least)
		own->low_step++;
	if (own->low_step && scan->steps[own->low_step - 1].after > own->low[!node])
		own->low[!node] = scan->steps[own->low_step - 1].after;
	return 0;
}
