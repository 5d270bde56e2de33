/* SPDX-License-Identifier: GPL-2.0-or-later */
/* feed_block.c - see feed_block.h. */
#include "order/feed_block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 4096U
#define ROOM (2 * BLOCKS_AHEAD + 2) /* the one at hand, those that came, those that are coming */

uint64_t block_late(struct clock_bounds *bounds, unsigned node, uint64_t time)
{
	__int128 late;
	int64_t lo, hi;

	if (!clock_bounds_at(bounds, node, time, &lo, &hi))
		return UINT64_MAX;
	if (bounds->best_guess)
		lo = hi = lo + (int64_t)(((uint64_t)hi - (uint64_t)lo) / 2);
	/* theta = clock(b) - clock(a): on a's clock at most time - lo, on b's at most time + hi */
	late = node ? (__int128)time - lo : (__int128)time + hi;
	if (late < 0)
		return 0;
	return late >= UINT64_MAX ? UINT64_MAX : (uint64_t)late + 1;
}

static int open_block(struct loaded *block, size_t n, struct error *err)
{
	block->ops = calloc(n + 1, sizeof(*block->ops));
	block->slots = calloc(n + 1, sizeof(*block->slots));
	block->least = calloc(n + 1, sizeof(*block->least));
	block->late = calloc(n + 1, sizeof(*block->late));
	if (!block->ops || !block->slots || !block->least || !block->late)
		return error_set(err, ERROR_WORLD, "out of memory");
	return 0;
}

int block_reader_open(struct block_reader *reader, const struct tapes *tapes,
		      const struct scan *scan, const struct clock_bounds *bounds, unsigned node,
		      bool ahead, struct error *err)
{
	uint64_t slots = tapes->nodes[node].n_slots;
	size_t n = scan->nodes[node].n_completed;
	unsigned i;

	*reader = (struct block_reader){.tapes = tapes,
					.scan = &scan->nodes[node],
					.node = node,
					.bounds = *bounds,
					.chunk = slots < CHUNK ? (size_t)slots : CHUNK,
					.room = ahead ? ROOM : 1};
	reader->current = reader->room - 1;
	reader->buf = malloc((reader->chunk + 1) * RECORD_SIZE);
	reader->blocks = calloc(reader->room, sizeof(*reader->blocks));
	if (!reader->buf || !reader->blocks)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < reader->room; i++) {
		if (open_block(&reader->blocks[i], n < BLOCK_OPS ? n : BLOCK_OPS, err) < 0)
			return -1;
	}
	return 0;
}

void block_reader_close(struct block_reader *reader)
{
	unsigned i;

	for (i = 0; reader->blocks && i < reader->room; i++) {
		free(reader->blocks[i].ops);
		free(reader->blocks[i].slots);
		free(reader->blocks[i].least);
		free(reader->blocks[i].late);
	}
	free(reader->blocks);
	free(reader->buf);
	memset(reader, 0, sizeof(*reader));
}

int block_walk(const struct block_reader *reader, size_t block, uint8_t *buf,
	       void (*use)(void *context, uint32_t i, const struct op_head *op, uint32_t slot),
	       void *context, struct error *err)
{
	uint64_t slot = reader->scan->blocks[block].slot,
		 end = reader->tapes->nodes[reader->node].n_slots;
	uint32_t i = 0, most = reader->scan->n_completed - (uint32_t)block * BLOCK_OPS;
	struct op_head op;
	size_t n, at;

	if (block + 1 < reader->scan->n_blocks)
		end = reader->scan->blocks[block + 1].slot;
	if (most > BLOCK_OPS)
		most = BLOCK_OPS;
	while (slot < end) {
		n = end - slot < reader->chunk ? (size_t)(end - slot) : reader->chunk;
		if (tape_read(reader->tapes, reader->node, slot, n, buf, err) < 0)
			return -1;
		for (at = 0; at < n && i < most;) {
			const uint8_t *record = buf + at * RECORD_SIZE;

			if (record[0] == RECORD_OP) {
				record_peek(record, &op);
				if (op.complete != TIME_NONE)
					use(context, i++, &op, (uint32_t)(slot + at));
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
			reader->tapes->loaded.files[reader->tapes->nodes[reader->node].file].name);
	return 0;
}

static void use_now(void *context, uint32_t i, const struct op_head *op, uint32_t slot)
{
	struct loaded *to = context;

	to->ops[i] = *op;
	to->slots[i] = slot;
	to->n = i + 1;
}

/* Load a block: its operations, and what is derived of them. */
static int load(struct block_reader *reader, size_t block, struct loaded *to, struct error *err)
{
	uint64_t least = UINT64_MAX;
	int64_t lo, hi;
	uint32_t i;

	to->n = 0;
	if (block_walk(reader, block, reader->buf, use_now, to, err) < 0)
		return -1;
	if (block + 1 < reader->scan->n_blocks)
		least = reader->scan->blocks[block + 1].invoke_least;
	for (i = to->n; i--;) {
		if (to->ops[i].invoke < least)
			least = to->ops[i].invoke;
		to->least[i] = least;
	}
	for (i = 0; i < to->n; i++)
		to->late[i] = block_late(&reader->bounds, reader->node, to->ops[i].complete);
	to->middle = 0;
	if (clock_bounds_at(&reader->bounds, reader->node, to->ops[0].complete, &lo, &hi))
		to->middle = lo + (int64_t)(((uint64_t)hi - (uint64_t)lo) / 2);
	return 0;
}

int block_reader_next(struct block_reader *reader, struct loaded **ret, struct error *err)
{
	*ret = NULL;
	if (!reader->ready && reader->next == reader->scan->n_blocks)
		return 0;
	reader->current = (reader->current + 1) % reader->room;
	*ret = &reader->blocks[reader->current];
	if (reader->ready) {
		reader->ready--;
		return 0;
	}
	assert(!reader->coming); /* else somebody else is loading it */
	return load(reader, reader->next++, *ret, err);
}

/* By another thread: what it touches is not touched until block_reader_came. */
static void load_ahead(void *context)
{
	struct block_reader *reader = context;
	unsigned i;

	for (i = 0; i < reader->coming && !reader->failed; i++)
		reader->failed =
			load(reader, reader->next + i,
			     &reader->blocks[(reader->first + i) % reader->room], &reader->err) < 0;
}

void block_reader_expect(struct block_reader *reader, struct crew *crew)
{
	size_t left = reader->scan->n_blocks - reader->next;

	reader->coming = left < BLOCKS_AHEAD ? (unsigned)left : BLOCKS_AHEAD;
	if (reader->room == 1 || reader->ready > BLOCKS_AHEAD)
		reader->coming = 0;
	reader->first = reader->current + 1 + reader->ready;
	if (reader->coming)
		crew_add(crew, load_ahead, reader);
}

int block_reader_came(struct block_reader *reader, struct error *err)
{
	if (reader->failed) {
		if (err)
			*err = reader->err;
		return -1;
	}
	reader->next += reader->coming;
	reader->ready += reader->coming;
	reader->coming = 0;
	return 0;
}
