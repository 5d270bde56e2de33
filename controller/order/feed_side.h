/* SPDX-License-Identifier: GPL-2.0-or-later */
/* feed_side.h - for feed.c: one node's half of the feed. */
#ifndef ORDER_FEED_SIDE_H
#define ORDER_FEED_SIDE_H

#include "history/clock_pieces.h"
#include "order/scan.h"

struct side {
	const struct tapes *tapes;
	const struct scan_node *scan;
	struct clock_bounds *bounds;
	unsigned node;
	/* The block of completions at hand: n of them (0: the end), the next one at `at`. */
	struct op_head *ops;
	uint32_t *slots;
	uint64_t *least; /* the least invocation from here on */
	uint64_t *late;	 /* from when on it certainly lies before, on the other's clock */
	uint32_t at, n;
	size_t next_block;
	uint32_t message;    /* of the next operation: what messages prove of the other node */
	uint32_t done;	     /* completions gone past */
	int64_t middle;	     /* of the clock bounds at the block: clock(b) - clock(a) */
	uint32_t low[NODES]; /* every operation to come knows so much */
	uint64_t low_least;  /* the least invocation that low is for */
	/* The latest completions gone past, by index: from when on each lies before what is invoked
	 * then, on this node's clock and on the other's. */
	uint64_t *times, *lates;
	uint32_t ring;	     /* their size, a power of two */
	size_t chunk;	     /* slots read at once */
	uint32_t known_from; /* lates rise from this index on */
	/* Another block, looked up for what lies further back. */
	struct old_block *old;
	size_t step, low_step; /* places in steps */
};

int side_open(struct side *side, const struct tapes *tapes, const struct scan *scan,
	      struct clock_bounds *bounds, unsigned node, struct error *err);
void side_close(struct side *side);

/* Go to the first operation; to the next one. */
int side_begin(struct side *side, struct error *err);
int side_step(struct side *side, struct error *err);

/* How many of the completions gone past certainly lie before `time`: of this node's clock, or
 * (late) of the other's. */
int side_before(struct side *side, uint64_t time, bool late, uint32_t *ret, struct error *err);

/* The same among all completions. Slower. */
int side_count(struct side *side, uint64_t time, bool late, uint32_t *ret, struct error *err);

/* When the index-th operation completed. */
int side_time(struct side *side, uint32_t index, uint64_t *ret, struct error *err);

/* What messages prove at an invocation of this node, those of earlier invocations. */
uint32_t side_message(const struct side *side, uint64_t invoke);

/* Bring own->low up to date. */
int side_low(struct side *own, struct side *other, struct error *err);

#endif
