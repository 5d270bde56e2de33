/* SPDX-License-Identifier: GPL-2.0-or-later */
/* feed_block.h - for feed_side.c: one node's completions, a block (scan.h) of them at a time. */
#ifndef ORDER_FEED_BLOCK_H
#define ORDER_FEED_BLOCK_H

#include "order/scan.h"
#include "order/shard.h"

/* A block: n completions, in their order. */
struct feed_block {
	uint32_t n;
	uint64_t *times, *invokes; /* of each */
	/* Those that touch a unit of the part: n_ops of them, and which of the n each is. */
	uint32_t n_ops;
	struct op_head *ops;
	uint32_t *slots, *places;
};

struct block_reader {
	const struct tapes *tapes;
	const struct scan_node *scan;
	unsigned node;
	size_t chunk; /* slots read at once */
	uint8_t *buf;
	/* The times of one more block, looked up for what lies further back. */
	size_t old; /* SIZE_MAX: none */
	struct feed_block old_block;
};

/* The tapes and the scan must outlive the reader. Release with block_reader_close, also on
 * failure. */
int block_reader_open(struct block_reader *reader, const struct tapes *tapes,
		      const struct scan *scan, unsigned node, struct error *err);
void block_reader_close(struct block_reader *reader);

/* Room for one of the reader's blocks, with or without operations. */
int feed_block_init(struct feed_block *block, const struct block_reader *reader, bool with_ops,
		    struct error *err);
void feed_block_done(struct feed_block *block);

/* Read the i-th block. only: the part whose operations are wanted, NULL: all. */
int block_read(struct block_reader *reader, size_t i, const struct shard *only,
	       struct feed_block *ret, struct error *err);

/* When the completions of the i-th block were: *ret is the reader's, until the next call. */
int block_times(struct block_reader *reader, size_t i, const uint64_t **ret, struct error *err);

#endif
