/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_side.c - see feed_side.h.
 *
 * A block of completions is decoded at a time. What is asked of completions gone past is nearly
 * always about the last few, which a ring keeps; what lies further back is read again.
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
#define CHUNK 4096U

struct old_block {
	size_t block; /* SIZE_MAX: none */
	uint64_t *times;
	uint8_t *buf;
};

/* From when on, on the other node's clock, what completed then certainly lies before. */
static uint64_t late_of(struct side *side, uint64_t time)
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
	      struct clock_bounds *bounds, unsigned node, struct error *err)
{
	size_t block;

	side->tapes = tapes;
	side->scan = &scan->nodes[node];
	side->bounds = bounds;
	side->node = node;
	side->known_from = 1;
	block = side->scan->n_completed < BLOCK_OPS ? side->scan->n_completed : BLOCK_OPS;
	for (side->ring = 64; side->ring <= side->scan->n_completed && side->ring < RING;)
		side->ring *= 2;
	side->ops = calloc(block + 1, sizeof(*side->ops));
	side->slots = calloc(block + 1, sizeof(*side->slots));
	side->least = calloc(block + 1, sizeof(*side->least));
	side->late = calloc(block + 1, sizeof(*side->late));
	side->times = calloc(side->ring, sizeof(*side->times));
	side->lates = calloc(side->ring, sizeof(*side->lates));
	side->old = calloc(1, sizeof(*side->old));
	if (!side->ops || !side->slots || !side->least || !side->late || !side->times ||
	    !side->lates || !side->old)
		return error_set(err, ERROR_WORLD, "out of memory");
	side->old->block = SIZE_MAX;
	side->old->times = calloc(block + 1, sizeof(uint64_t));
	side->chunk =
		tapes->nodes[node].n_slots < CHUNK ? (size_t)tapes->nodes[node].n_slots : CHUNK;
	side->old->buf = malloc((side->chunk + 1) * RECORD_SIZE);
	if (!side->old->times || !side->old->buf)
		return error_set(err, ERROR_WORLD, "out of memory");
	return 0;
}

void side_close(struct side *side)
{
	free(side->ops);
	free(side->slots);
	free(side->least);
	free(side->late);
	free(side->times);
	free(side->lates);
	if (side->old) {
		free(side->old->times);
		free(side->old->buf);
	}
	free(side->old);
	memset(side, 0, sizeof(*side));
}

/* Give each completed operation of a block to use(), in order. */
static int walk_block(struct side *side, size_t block, struct error *err,
		      void (*use)(struct side *side, uint32_t i, const struct op_head *op,
				  uint32_t slot))
{
	uint64_t slot = side->scan->blocks[block].slot,
		 end = side->tapes->nodes[side->node].n_slots;
	uint32_t i = 0, most = side->scan->n_completed - (uint32_t)block * BLOCK_OPS;
	struct op_head op;
	size_t n, at;

	if (block + 1 < side->scan->n_blocks)
		end = side->scan->blocks[block + 1].slot;
	if (most > BLOCK_OPS)
		most = BLOCK_OPS;
	while (slot < end) {
		n = end - slot < side->chunk ? (size_t)(end - slot) : side->chunk;
		if (tape_read(side->tapes, side->node, slot, n, side->old->buf, err) < 0)
			return -1;
		for (at = 0; at < n && i < most;) {
			const uint8_t *record = side->old->buf + at * RECORD_SIZE;

			if (record[0] == RECORD_OP) {
				record_peek(record, &op);
				if (op.complete != TIME_NONE)
					use(side, i++, &op, (uint32_t)(slot + at));
			}
			at += 1 + record_sides(record);
		}
		/* Side records may reach beyond the chunk. */
		slot += at;
		if (i == most)
			break;
	}
	if (i < most)
		return error_set(
			err, ERROR_WORLD, "%s: changed while it was being judged",
			side->tapes->loaded.files[side->tapes->nodes[side->node].file].name);
	return 0;
}

static void use_now(struct side *side, uint32_t i, const struct op_head *op, uint32_t slot)
{
	side->ops[i] = *op;
	side->slots[i] = slot;
	side->n = i + 1;
}

static void use_old(struct side *side, uint32_t i, const struct op_head *op, uint32_t slot)
{
	(void)slot;
	side->old->times[i] = op->complete;
}

static int load_old(struct side *side, size_t block, struct error *err)
{
	if (side->old->block == block)
		return 0;
	side->old->block = SIZE_MAX;
	if (walk_block(side, block, err, use_old) < 0)
		return -1;
	side->old->block = block;
	return 0;
}

/* The next block: its operations, and what is derived of them. */
static int load_next(struct side *side, struct error *err)
{
	uint64_t least = UINT64_MAX;
	int64_t lo, hi;
	uint32_t i;

	side->at = side->n = 0;
	if (side->next_block == side->scan->n_blocks)
		return 0;
	if (walk_block(side, side->next_block++, err, use_now) < 0)
		return -1;
	if (side->next_block < side->scan->n_blocks)
		least = side->scan->blocks[side->next_block].invoke_least;
	for (i = side->n; i--;) {
		if (side->ops[i].invoke < least)
			least = side->ops[i].invoke;
		side->least[i] = least;
	}
	for (i = 0; i < side->n; i++) {
		side->late[i] = late_of(side, side->ops[i].complete);
	}
	side->middle = 0;
	if (clock_bounds_at(side->bounds, side->node, side->ops[0].complete, &lo, &hi))
		side->middle = lo + (int64_t)(((uint64_t)hi - (uint64_t)lo) / 2);
	return 0;
}

/* What messages prove of the next operation, and its lateness in line with those before. */
static void look_at_next(struct side *side)
{
	const struct scan_node *scan = side->scan;
	const struct op_head *op;
	uint64_t before;

	if (!side->n)
		return;
	op = &side->ops[side->at];
	while (side->step < scan->n_steps && scan->steps[side->step].invoke < op->invoke)
		side->step++;
	while (side->step && scan->steps[side->step - 1].invoke >= op->invoke)
		side->step--;
	side->message = side->step ? scan->steps[side->step - 1].after : 0;
	if (op->after > side->message)
		side->message = (uint32_t)op->after;
	if (!side->done)
		return;
	before = side->lates[side->done & (side->ring - 1)];
	if (before == UINT64_MAX && side->late[side->at] != UINT64_MAX)
		side->known_from = side->done + 1;
	else if (side->late[side->at] < before)
		side->late[side->at] = before;
}

int side_begin(struct side *side, struct error *err)
{
	if (load_next(side, err) < 0)
		return -1;
	look_at_next(side);
	return 0;
}

int side_step(struct side *side, struct error *err)
{
	side->done++;
	side->times[side->done & (side->ring - 1)] = side->ops[side->at].complete + 1;
	side->lates[side->done & (side->ring - 1)] = side->late[side->at];
	if (++side->at == side->n && load_next(side, err) < 0)
		return -1;
	look_at_next(side);
	return 0;
}

int side_time(struct side *side, uint32_t index, uint64_t *ret, struct error *err)
{
	if (load_old(side, (index - 1) / BLOCK_OPS, err) < 0)
		return -1;
	*ret = side->old->times[(index - 1) % BLOCK_OPS];
	return 0;
}

/* The same for one that the ring has lost. */
static int look_up(struct side *side, uint32_t index, uint64_t time, bool late, bool *ret,
		   struct error *err)
{
	uint64_t at;

	if (side_time(side, index, &at, err) < 0)
		return -1;
	*ret = (late ? late_of(side, at) : at + 1) <= time;
	return 0;
}

/* Whether the index-th completion, one gone past, certainly lies before. */
static inline int is_before(struct side *side, uint32_t index, uint64_t time, bool late, bool *ret,
			    struct error *err)
{
	if (side->done - index >= side->ring)
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
	uint32_t mask = side->ring - 1, least = late ? side->known_from - 1 : 0;
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
	uint32_t i, n = 0;
	uint64_t at;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		at = side->scan->blocks[mid].time;
		if (late ? late_of(side, at) <= time : at < time)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret = 0;
	if (!lo)
		return 0;
	if (load_old(side, lo - 1, err) < 0)
		return -1;
	n = side->scan->n_completed - (uint32_t)(lo - 1) * BLOCK_OPS;
	for (i = 0; i < n && i < BLOCK_OPS; i++) {
		at = side->old->times[i];
		if (late ? late_of(side, at) > time : at >= time)
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
	uint32_t low = side->low[of->node], next, mask = of->ring - 1;
	bool before;

	while (low < of->done) {
		next = low + 1;
		/* Over a stretch of which nothing is known, to where bounds are known again. */
		if (late && next < of->known_from && of->known_from <= of->done)
			next = of->known_from;
		if (of->done - next <= mask)
			before = ring[next & mask] <= least;
		else if (look_up(of, next, least, late, &before, err) < 0)
			return -1;
		if (!before)
			break;
		low = next;
	}
	side->low[of->node] = low;
	return 0;
}

int side_low(struct side *own, struct side *other, struct error *err)
{
	const struct scan_node *scan = own->scan;
	unsigned node = own->node;
	uint64_t least;

	if (!own->n) {
		own->low[0] = own->low[1] = LOW_ALL;
		return 0;
	}
	least = own->least[own->at];
	if (least == own->low_least) {
		/* Nothing new but what the other node has gone past. */
		if (own->low[!node] + 1 != other->done ||
		    other->bounds->clock == HISTORY_CLOCK_NONE)
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
