/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shard.h - a part of the units: what one process judges of a history (a shard), and what one of
 * its threads does of that (a share).
 *
 * Both are cut by a hash of the unit, by different bits of it, so that neighbours are spread.
 */
#ifndef ORDER_SHARD_H
#define ORDER_SHARD_H

#include <stdbool.h>
#include <stdint.h>

/* number of shards (from 0), and share of shares; 1 of either: all. */
struct shard {
	unsigned number, shards, share, shares;
};

static inline bool shard_has(const struct shard *shard, uint64_t unit)
{
	uint64_t hash = (unit + 1) * 0xd6e8feb86659fd93ULL;

	if (shard->shards > 1 && (hash >> 32) * shard->shards >> 32 != shard->number)
		return false;
	hash *= 0x9e3779b97f4a7c15ULL;
	return shard->shares < 2 || (hash >> 32) * shard->shares >> 32 == shard->share;
}

/* One of `count` units from this one on is of the part. */
static inline bool shard_has_one(const struct shard *shard, uint64_t unit, unsigned count)
{
	bool has = shard_has(shard, unit);
	unsigned i;

	for (i = 1; i < count && !has; i++)
		has = shard_has(shard, unit + i);
	return has;
}

#endif
