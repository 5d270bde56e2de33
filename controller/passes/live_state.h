/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_state.h - for live.c: a pass, and what one operation does to one unit (live_step.c). */
#ifndef PASSES_LIVE_STATE_H
#define PASSES_LIVE_STATE_H

#include "passes/live.h"
#include "passes/live_unit.h"
#include "passes/unknown.h"

struct live {
	const struct scan *scan;
	bool exact, all; /* all: nothing can be told, every unit is marked */
	struct shard part;
	struct unit_table units;
	struct lanes fed; /* writes fed so far, of units of this shard */
	struct unknown unknown;
	struct mark *marks;
	size_t n_marks, cap_marks;
	struct round_marks rounds;
	uint8_t gone[CLUSTERS_MAX];
};

/* These return 1 when they marked the unit, 0, or -1 for want of memory. */
int live_read(struct live *live, struct unit_state *unit, const struct fed *op,
	      const uint32_t known[NODES], struct error *err);
int live_write(struct live *live, struct unit_state *unit, const struct fed *op,
	       const uint32_t known[NODES], struct error *err);

/* Mark the unit, which is not followed any further. Returns 1, or -1 for want of memory. */
int live_mark(struct live *live, struct unit_state *unit, unsigned node, uint32_t number,
	      unsigned what, struct error *err);

/* Put a new cluster behind the others, where there is room; returns its place. */
unsigned live_put(struct unit_state *unit, struct clusters *c, uint64_t id, uint8_t state);

/* Cluster v took effect by this place of the node. */
void live_lower(struct clusters *c, unsigned v, unsigned node, uint32_t place);

#endif
