/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lanes.c - see lanes.h: a hash table with open addressing, never more than half full. */
#include "order/lanes.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 64U

static uint32_t key_of(uint64_t id)
{
	return (uint32_t)(id >> 40) + 1;
}

static struct lane_top *find(const struct lanes *lanes, uint32_t key)
{
	uint32_t i = key * 0x9e3779b1U;

	for (i ^= i >> 15;; i++) {
		struct lane_top *slot = &lanes->slots[i & lanes->mask];

		if (!slot->key || slot->key == key)
			return slot;
	}
}

static int make_room(struct lanes *lanes, struct error *err)
{
	uint32_t n = lanes->mask ? 2 * (lanes->mask + 1) : FIRST_SLOTS, i;
	struct lanes larger = {.slots = calloc(n, sizeof(struct lane_top)), .mask = n - 1};

	if (!larger.slots)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; lanes->mask && i <= lanes->mask; i++) {
		if (lanes->slots[i].key)
			*find(&larger, lanes->slots[i].key) = lanes->slots[i];
	}
	larger.n = lanes->n;
	free(lanes->slots);
	*lanes = larger;
	return 0;
}

uint64_t lanes_top(const struct lanes *lanes, uint64_t write_id)
{
	return lanes->mask ? find(lanes, key_of(write_id))->top : 0;
}

struct lane_top *lanes_get(struct lanes *lanes, uint64_t write_id, struct error *err)
{
	struct lane_top *slot;

	if (2 * lanes->n >= lanes->mask && make_room(lanes, err) < 0)
		return NULL;
	slot = find(lanes, key_of(write_id));
	if (!slot->key) {
		slot->key = key_of(write_id);
		lanes->n++;
	}
	return slot;
}

int lanes_note(struct lanes *lanes, uint64_t write_id, struct error *err)
{
	struct lane_top *slot = lanes_get(lanes, write_id, err);

	if (!slot)
		return -1;
	if (write_id_sequence(write_id) > slot->top)
		slot->top = write_id_sequence(write_id);
	return 0;
}

void lanes_done(struct lanes *lanes)
{
	free(lanes->slots);
	memset(lanes, 0, sizeof(*lanes));
}
