/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_block.h - for feed_side.c: blocks of completions, decoded; several of them ahead of their
 * use, by another thread, if that is wished.
 */
#ifndef ORDER_FEED_BLOCK_H
#define ORDER_FEED_BLOCK_H

#include "history/clock_pieces.h"
#include "order/crew.h"
#include "order/scan.h"

/* A block: n of these. */
struct loaded {
	struct op_head *ops;
	uint32_t *slots;
	uint64_t *least; /* the least invocation from here on */
	uint64_t *late;	 /* block_late of each */
	uint32_t n;
	int64_t middle; /* of the clock bounds at its beginning: clock(b) - clock(a) */
};

struct block_reader {
	const struct tapes *tapes;
	const struct scan_node *scan;
	unsigned node;
	struct clock_bounds bounds; /* as the feed's, but with look-ups of its own */
	uint8_t *buf;
	size_t chunk; /* slots read at once */
	struct loaded *blocks;
	unsigned room, current, ready, coming; /* of blocks: in a circle */
	unsigned first;			       /* where those that are coming go */
	size_t next;			       /* the block of the tape to be loaded next */
	struct error err;
	bool failed;
};

/* ahead: blocks may be loaded by another thread. The bounds' owner keeps them. */
int block_reader_open(struct block_reader *reader, const struct tapes *tapes,
		      const struct scan *scan, const struct clock_bounds *bounds, unsigned node,
		      bool ahead, struct error *err);
void block_reader_close(struct block_reader *reader);

/* The next block; NULL in *ret at the end. It stays until the next call. */
int block_reader_next(struct block_reader *reader, struct loaded **ret, struct error *err);

/*
 * Let the crew load some blocks ahead. Until crew_finish and block_reader_came at most
 * BLOCKS_AHEAD more calls of block_reader_next may be made.
 */
#define BLOCKS_AHEAD 3U
void block_reader_expect(struct block_reader *reader, struct crew *crew);
int block_reader_came(struct block_reader *reader, struct error *err);

/* Give each completed operation of a block to use(), in order, reading through buf. */
int block_walk(const struct block_reader *reader, size_t block, uint8_t *buf,
	       void (*use)(void *context, uint32_t i, const struct op_head *op, uint32_t slot),
	       void *context, struct error *err);

/* From when on, on the other node's clock, what completed at that time certainly lies before;
 * UINT64_MAX: never. */
uint64_t block_late(struct clock_bounds *bounds, unsigned node, uint64_t time);

#endif
