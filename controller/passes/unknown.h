/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unknown.h - writes that may take effect at any time to come: what they knew, until somebody reads
 * them.
 */
#ifndef PASSES_UNKNOWN_H
#define PASSES_UNKNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/op.h"

struct unknown {
	struct unknown_write {
		uint64_t id; /* 0: a free slot */
		uint32_t known[NODES];
	} * writes;
	struct dead_write {
		uint64_t id, unit;
	} * dead; /* forgotten for a unit: to read them there is a violation */
	uint32_t n, mask, n_dead, dead_mask;
};

int unknown_add(struct unknown *unknown, uint64_t id, const uint32_t known[NODES],
		struct error *err);

/* NULL: not one of these. */
const struct unknown_write *unknown_find(const struct unknown *unknown, uint64_t id);

int unknown_forget(struct unknown *unknown, uint64_t id, uint64_t unit, struct error *err);
bool unknown_is_dead(const struct unknown *unknown, uint64_t id, uint64_t unit);
void unknown_done(struct unknown *unknown);

#endif
