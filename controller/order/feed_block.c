/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed_block.c - see feed_block.h.
 *
 * Every thread reads every record, and takes few bytes of those that are another thread's.
 */
#include "order/feed_block.h"

#include <stdlib.h>
#include <string.h>

#include "common/record_peek.h"

#define CHUNK 4096U

static size_t room_of(const struct block_reader *reader)
{
	return reader->scan->n_completed < BLOCK_OPS ? reader->scan->n_completed : BLOCK_OPS;
}

int feed_block_init(struct feed_block *block, const struct block_reader *reader, bool with_ops,
		    struct error *err)
{
	size_t room = room_of(reader) + 1;

	*block = (struct feed_block){.times = calloc(room, sizeof(*block->times))};
	if (with_ops) {
		block->invokes = calloc(room, sizeof(*block->invokes));
		block->ops = calloc(room, sizeof(*block->ops));
		block->slots = calloc(room, sizeof(*block->slots));
		block->places = calloc(room, sizeof(*block->places));
	}
	if (block->times &&
	    (!with_ops || (block->invokes && block->ops && block->slots && block->places)))
		return 0;
	feed_block_done(block);
	return error_set(err, ERROR_WORLD, "out of memory");
}

void feed_block_done(struct feed_block *block)
{
	free(block->times);
	free(block->invokes);
	free(block->ops);
	free(block->slots);
	free(block->places);
	memset(block, 0, sizeof(*block));
}

int block_reader_open(struct block_reader *reader, const struct tapes *tapes,
		      const struct scan *scan, unsigned node, struct error *err)
{
	uint64_t slots = tapes->nodes[node].n_slots;

	*reader = (struct block_reader){.tapes = tapes,
					.scan = &scan->nodes[node],
					.node = node,
					.chunk = slots < CHUNK ? (size_t)slots : CHUNK,
					.old = SIZE_MAX};
	reader->buf = malloc((reader->chunk + 1) * RECORD_SIZE);
	if (!reader->buf)
		return error_set(err, ERROR_WORLD, "out of memory");
	return feed_block_init(&reader->old_block, reader, false, err);
}

void block_reader_close(struct block_reader *reader)
{
	feed_block_done(&reader->old_block);
	free(reader->buf);
	memset(reader, 0, sizeof(*reader));
}

/* The i-th completion of the block. Whose it is cannot be guessed, so it is put where the next one
 * of the part goes, and stays there if it is one. */
static inline void take(struct feed_block *block, uint32_t i, const uint8_t *record, uint64_t slot,
			const struct shard *only)
{
	bool wanted = !only || shard_has_one(only, record_unit(record), record_count(record));

	block->invokes[i] = record_invoke(record);
	record_peek(record, &block->ops[block->n_ops]);
	block->slots[block->n_ops] = (uint32_t)slot;
	block->places[block->n_ops] = i;
	block->n_ops += wanted;
}

static inline __attribute__((always_inline)) int walk(struct block_reader *reader, size_t number,
						      bool with_ops, const struct shard *only,
						      struct feed_block *block, struct error *err)
{
	const struct scan_node *scan = reader->scan;
	uint64_t slot = scan->blocks[number].slot, complete,
		 end = number + 1 < scan->n_blocks ? scan->blocks[number + 1].slot
						   : reader->tapes->nodes[reader->node].n_slots;
	uint32_t i = 0, most = scan->n_completed - (uint32_t)number * BLOCK_OPS;
	size_t n, at;

	if (most > BLOCK_OPS)
		most = BLOCK_OPS;
	block->n = block->n_ops = 0;
	while (slot < end && i < most) {
		n = end - slot < reader->chunk ? (size_t)(end - slot) : reader->chunk;
		if (tape_read(reader->tapes, reader->node, slot, n, reader->buf, err) < 0)
			return -1;
		for (at = 0; at < n && i < most;
		     at += 1 + record_sides(reader->buf + at * RECORD_SIZE)) {
			const uint8_t *record = reader->buf + at * RECORD_SIZE;

			if (record[0] != RECORD_OP)
				continue;
			complete = record_complete(record);
			if (complete == TIME_NONE)
				continue;
			if (with_ops)
				take(block, i, record, slot + at, only);
			block->times[i++] = complete;
		}
		slot += at; /* side records may reach beyond the chunk */
	}
	block->n = i;
	if (i < most)
		return error_set(
			err, ERROR_WORLD, "%s: changed while it was being judged",
			reader->tapes->loaded.files[reader->tapes->nodes[reader->node].file].name);
	return 0;
}

int block_read(struct block_reader *reader, size_t i, const struct shard *only,
	       struct feed_block *ret, struct error *err)
{
	return walk(reader, i, true, only, ret, err);
}

int block_times(struct block_reader *reader, size_t i, const uint64_t **ret, struct error *err)
{
	*ret = reader->old_block.times;
	if (reader->old == i)
		return 0;
	reader->old = SIZE_MAX;
	if (walk(reader, i, false, NULL, &reader->old_block, err) < 0)
		return -1;
	reader->old = i;
	return 0;
}
