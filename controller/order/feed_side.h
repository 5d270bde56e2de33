/* SPDX-License-Identifier: GPL-2.0-or-later */
/* feed_side.h - for feed.c: one node's half of the feed. */
#ifndef ORDER_FEED_SIDE_H
#define ORDER_FEED_SIDE_H

#include "history/clock_pieces.h"
#include "order/feed_block.h"

struct side {
	const struct scan_node *scan;
	struct clock_bounds *bounds;
	const struct shard *only; /* NULL: all */
	unsigned node;
	struct block_reader reader;
	/* The block at hand. block.n is 0 at the end, and where nothing is to be fed any more. */
	struct feed_block block;
	uint64_t *least; /* the least invocation from each completion of the block on */
	uint32_t at;	 /* of the completions of the block, the next operation */
	uint32_t next;	 /* and of its operations to be fed */
	size_t next_block;
	uint32_t others;       /* completions of the other node in all */
	uint32_t message;      /* of the next operation: what messages prove of the other node */
	uint32_t done;	       /* completions gone past: all before the next operation */
	int64_t middle;	       /* of the clock bounds at the block: clock(b) - clock(a) */
	uint32_t low[NODES];   /* every operation to come knows so much */
	bool low_waits[NODES]; /* low might be higher if more had gone past */
	uint64_t low_least;    /* the least invocation that low is for */
	/* Completions by index, the block at hand and what was before it: from when on each lies
	 * before what is invoked then, on this node's clock and on the other's; and from which
	 * index on to there the latter rise. */
	uint64_t *times, *lates;
	uint32_t *known_from;
	uint32_t ring;	       /* their size, a power of two */
	uint32_t loaded;       /* completions in there, or gone from it */
	size_t step, low_step; /* places in steps */
};

/* only: the part whose operations are fed, NULL for all. All pointers must outlive the side. */
int side_open(struct side *side, const struct tapes *tapes, const struct scan *scan,
	      struct clock_bounds *bounds, const struct shard *only, unsigned node,
	      struct error *err);
void side_close(struct side *side);

/* Go to the first operation that is fed; to the next one. */
int side_begin(struct side *side, struct error *err);
int side_step(struct side *side, struct error *err);

/* Whether there is one, and which it is. */
static inline bool side_has_next(const struct side *side)
{
	return side->block.n;
}

static inline const struct op_head *side_next(const struct side *side)
{
	return &side->block.ops[side->next];
}

/* From when on, on the other node's clock, that certainly lies before. */
static inline uint64_t side_next_late(const struct side *side)
{
	return side->lates[(side->done + 1) & (side->ring - 1)];
}

/* How many of the completions gone past certainly lie before `time`: of this node's clock, or
 * (late) of the other's. */
int side_before(struct side *side, uint64_t time, bool late, uint32_t *ret, struct error *err);

/* The same among all completions. Slower. */
int side_count(struct side *side, uint64_t time, bool late, uint32_t *ret, struct error *err);

/* From when on, on the other node's clock, what was at `time` of this one's certainly lies before;
 * UINT64_MAX: never. */
uint64_t side_late_of(struct side *side, uint64_t time);

/* When the index-th operation completed. */
int side_time(struct side *side, uint32_t index, uint64_t *ret, struct error *err);

/* What messages prove at an invocation of this node, those of earlier invocations. */
uint32_t side_message(const struct side *side, uint64_t invoke);

/* low as places (fed.h). */
static inline void side_low_places(const struct side *side, uint32_t ret[NODES])
{
	ret[0] = side->low[0] == LOW_ALL ? LOW_ALL : place_of(side->low[0]);
	ret[1] = side->low[1] == LOW_ALL ? LOW_ALL : place_of(side->low[1]);
}

/* Bring own->low up to date. */
int side_low(struct side *own, struct side *other, struct error *err);

#endif
