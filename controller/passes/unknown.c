/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unknown.c - see unknown.h: two hash tables with open addressing, never more than half full. */
#include "passes/unknown.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 16U

static uint32_t mix(uint64_t a, uint64_t b)
{
	a = (a ^ b * 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL;
	return (uint32_t)(a >> 32);
}

static struct unknown_write *find(const struct unknown *unknown, uint64_t id)
{
	uint32_t i;

	for (i = mix(id, 0);; i++) {
		struct unknown_write *slot = &unknown->writes[i & unknown->mask];

		if (!slot->id || slot->id == id)
			return slot;
	}
}

static struct dead_write *find_dead(const struct unknown *unknown, uint64_t id, uint64_t unit)
{
	uint32_t i;

	for (i = mix(id, unit);; i++) {
		struct dead_write *slot = &unknown->dead[i & unknown->dead_mask];

		if (!slot->id || (slot->id == id && slot->unit == unit))
			return slot;
	}
}

static int make_room(struct unknown *unknown, struct error *err)
{
	uint32_t n = unknown->mask ? 2 * (unknown->mask + 1) : FIRST_SLOTS, i;
	struct unknown larger = *unknown;

	larger.writes = calloc(n, sizeof(*larger.writes));
	if (!larger.writes)
		return error_set(err, ERROR_WORLD, "out of memory");
	larger.mask = n - 1;
	for (i = 0; unknown->mask && i <= unknown->mask; i++) {
		if (unknown->writes[i].id)
			*find(&larger, unknown->writes[i].id) = unknown->writes[i];
	}
	free(unknown->writes);
	*unknown = larger;
	return 0;
}

static int make_room_dead(struct unknown *unknown, struct error *err)
{
	uint32_t n = unknown->dead_mask ? 2 * (unknown->dead_mask + 1) : FIRST_SLOTS, i;
	struct unknown larger = *unknown;

	larger.dead = calloc(n, sizeof(*larger.dead));
	if (!larger.dead)
		return error_set(err, ERROR_WORLD, "out of memory");
	larger.dead_mask = n - 1;
	for (i = 0; unknown->dead_mask && i <= unknown->dead_mask; i++) {
		const struct dead_write *from = &unknown->dead[i];

		if (from->id)
			*find_dead(&larger, from->id, from->unit) = *from;
	}
	free(unknown->dead);
	*unknown = larger;
	return 0;
}

int unknown_add(struct unknown *unknown, uint64_t id, const uint32_t known[NODES],
		struct error *err)
{
	struct unknown_write *slot;

	if (2 * unknown->n >= unknown->mask && make_room(unknown, err) < 0)
		return -1;
	slot = find(unknown, id);
	unknown->n += !slot->id;
	*slot = (struct unknown_write){.id = id, .known = {known[0], known[1]}};
	return 0;
}

const struct unknown_write *unknown_find(const struct unknown *unknown, uint64_t id)
{
	const struct unknown_write *slot = unknown->mask ? find(unknown, id) : NULL;

	return slot && slot->id ? slot : NULL;
}

int unknown_forget(struct unknown *unknown, uint64_t id, uint64_t unit, struct error *err)
{
	struct dead_write *slot;

	if (2 * unknown->n_dead >= unknown->dead_mask && make_room_dead(unknown, err) < 0)
		return -1;
	slot = find_dead(unknown, id, unit);
	unknown->n_dead += !slot->id;
	*slot = (struct dead_write){id, unit};
	return 0;
}

bool unknown_is_dead(const struct unknown *unknown, uint64_t id, uint64_t unit)
{
	return unknown->dead_mask && find_dead(unknown, id, unit)->id;
}

void unknown_done(struct unknown *unknown)
{
	free(unknown->writes);
	free(unknown->dead);
	memset(unknown, 0, sizeof(*unknown));
}
