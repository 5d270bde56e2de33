/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_unit.c - see live_unit.h.
 *
 * Units are found by a hash of their number, three eighths to three quarters full, and lie in
 * chunks that never move. A block's size class c has room for 4 << c clusters; a block given back
 * waits in a list.
 */
#include "passes/live_unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "history/grow.h"

#define CHUNK_UNITS 512U
#define FIRST_SLOTS 256U

static_assert(sizeof(struct unit_state) == 128, "a unit is two cache lines");
static_assert(CLUSTERS_MAX < 1U << 12 && CLUSTER_CLASSES < 1U << 4, "they fit their bits");

static uint64_t mix(uint64_t unit)
{
	unit *= 0x9e3779b97f4a7c15ULL;
	return unit ^ unit >> 29;
}

struct unit_state *unit_table_at(const struct unit_table *table, uint64_t i)
{
	return &table->chunks[i / CHUNK_UNITS][i % CHUNK_UNITS];
}

static int make_slots(struct unit_table *table, struct error *err)
{
	uint64_t n = table->mask ? 2 * (table->mask + 1) : FIRST_SLOTS, i, at;
	uint32_t *slots = calloc(n, sizeof(*slots));

	if (!slots)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < table->n; i++) {
		at = mix(unit_table_at(table, i)->unit);
		while (slots[at & (n - 1)])
			at++;
		slots[at & (n - 1)] = (uint32_t)i + 1;
	}
	free(table->slots);
	table->slots = slots;
	table->mask = n - 1;
	return 0;
}

static struct unit_state *make_unit(struct unit_table *table, uint64_t unit, struct error *err)
{
	struct unit_state *made;

	if (table->n >= UINT32_MAX - 1) {
		error_set(err, ERROR_USER, "more units than can be judged at once");
		return NULL;
	}
	if (table->n % CHUNK_UNITS == 0) {
		if (grow((void **)&table->chunks, &table->cap_chunks, table->n_chunks,
			 sizeof(void *), err) < 0)
			return NULL;
		table->chunks[table->n_chunks] =
			aligned_alloc(64, CHUNK_UNITS * sizeof(struct unit_state));
		if (!table->chunks[table->n_chunks]) {
			error_set(err, ERROR_WORLD, "out of memory");
			return NULL;
		}
		table->n_chunks++;
	}
	made = unit_table_at(table, table->n++);
	memset(made, 0, sizeof(*made));
	made->unit = unit;
	return made;
}

/* The slot of that unit, or the free one where it would be. */
static uint32_t *find_slot(const struct unit_table *table, uint64_t unit)
{
	uint64_t at;

	for (at = mix(unit); table->slots[at & table->mask]; at++) {
		if (unit_table_at(table, table->slots[at & table->mask] - 1)->unit == unit)
			break;
	}
	return &table->slots[at & table->mask];
}

void unit_table_expect(const struct unit_table *table, uint64_t unit)
{
	if (table->mask)
		__builtin_prefetch(&table->slots[mix(unit) & table->mask]);
}

void unit_table_fetch(const struct unit_table *table, uint64_t unit)
{
	uint32_t slot = table->mask ? table->slots[mix(unit) & table->mask] : 0;

	if (slot) {
		const char *at = (const char *)unit_table_at(table, slot - 1);

		__builtin_prefetch(at, 1);
		__builtin_prefetch(at + 64, 1);
	}
}

struct unit_state *unit_table_find(const struct unit_table *table, uint64_t unit)
{
	uint32_t slot = table->mask ? *find_slot(table, unit) : 0;

	return slot ? unit_table_at(table, slot - 1) : NULL;
}

struct unit_state *unit_table_get(struct unit_table *table, uint64_t unit, struct error *err)
{
	struct unit_state *made;
	uint32_t *slot;

	if (4 * table->n >= 3 * table->mask && make_slots(table, err) < 0)
		return NULL;
	slot = find_slot(table, unit);
	if (*slot)
		return unit_table_at(table, *slot - 1);
	made = make_unit(table, unit, err);
	if (made)
		*slot = (uint32_t)table->n;
	return made;
}

void unit_table_done(struct unit_table *table)
{
	uint64_t i;
	unsigned c;

	for (i = 0; i < table->n; i++) {
		if (unit_table_at(table, i)->room)
			free(unit_table_at(table, i)->block);
	}
	for (c = 0; c <= CLUSTER_CLASSES; c++) {
		while (table->free_blocks[c]) {
			uint64_t *block = table->free_blocks[c];

			table->free_blocks[c] = (uint64_t *)(uintptr_t)block[0];
			free(block);
		}
	}
	for (i = 0; i < table->n_chunks; i++)
		free(table->chunks[i]);
	free(table->chunks);
	free(table->slots);
	memset(table, 0, sizeof(*table));
}

static unsigned room_of(unsigned class)
{
	return 4U << class;
}

static size_t block_size(unsigned class)
{
	return room_of(class) * (sizeof(uint64_t) + 4 * sizeof(uint32_t) + 1);
}

void clusters_of(struct unit_state *unit, struct clusters *ret)
{
	unsigned cap = room_of(unit->room), node;
	uint32_t *fields;

	ret->n = unit->n;
	if (!unit->room) {
		ret->cap = INLINE_CLUSTERS;
		ret->id = unit->in.id;
		ret->state = unit->state;
		for (node = 0; node < NODES; node++) {
			ret->x[node] = unit->in.x[node];
			ret->y[node] = unit->in.y[node];
		}
		return;
	}
	ret->cap = cap;
	ret->id = unit->block;
	fields = (uint32_t *)(unit->block + cap);
	for (node = 0; node < NODES; node++) {
		ret->x[node] = fields + node * cap;
		ret->y[node] = fields + (2 + node) * cap;
	}
	ret->state = (uint8_t *)(fields + 4 * (size_t)cap);
}

static uint64_t *take_block(struct unit_table *table, unsigned class, struct error *err)
{
	uint64_t *block = table->free_blocks[class];

	if (block) {
		table->free_blocks[class] = (uint64_t *)(uintptr_t)block[0];
		return block;
	}
	block = malloc(block_size(class));
	if (!block)
		error_set(err, ERROR_WORLD, "out of memory");
	return block;
}

static void give_block(struct unit_table *table, unsigned class, uint64_t *block)
{
	block[0] = (uint64_t)(uintptr_t)table->free_blocks[class];
	table->free_blocks[class] = block;
}

static void copy_cluster(struct clusters *to, unsigned i, const struct clusters *from, unsigned k)
{
	unsigned node;

	to->id[i] = from->id[k];
	to->state[i] = from->state[k];
	for (node = 0; node < NODES; node++) {
		to->x[node][i] = from->x[node][k];
		to->y[node][i] = from->y[node][k];
	}
}

int clusters_grow(struct unit_table *table, struct unit_state *unit, struct clusters *c,
		  struct error *err)
{
	unsigned class = unit->room + 1U, old = unit->room, i;
	struct unit_state before = *unit;
	struct clusters from;
	uint64_t *block;

	if (class > CLUSTER_CLASSES)
		return 0;
	block = take_block(table, class, err);
	if (!block)
		return -1;
	clusters_of(&before, &from);
	unit->room = class & 15;
	unit->block = block;
	clusters_of(unit, c);
	for (i = 0; i < from.n; i++)
		copy_cluster(c, i, &from, i);
	if (old)
		give_block(table, old, before.block);
	return 1;
}

void clusters_remove(struct unit_table *table, struct unit_state *unit, struct clusters *c,
		     const uint8_t *gone)
{
	uint64_t *block = unit->room ? unit->block : NULL;
	unsigned class = unit->room, i, n = 0;
	struct clusters from = *c;

	for (i = 0; i < c->n; i++) {
		if (!gone[i])
			copy_cluster(c, n++, c, i);
	}
	c->n = n;
	unit->n = n & 0xfff;
	if (!block || n > INLINE_CLUSTERS)
		return;
	unit->room = 0;
	clusters_of(unit, c);
	for (i = 0; i < n; i++)
		copy_cluster(c, i, &from, i);
	give_block(table, class, block);
}
