/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live_unit.h - for live.c: one unit and its live clusters, laid out for the cache.
 *
 * A unit is two cache lines, with room for two clusters in it; more of them lie in a block of
 * their own, each field an array (64-bit names first, then four of 32 bits), so that a compiler
 * compares four or eight clusters at a time.
 */
#ifndef PASSES_LIVE_UNIT_H
#define PASSES_LIVE_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/op.h"

#define INLINE_CLUSTERS 2U
#define CLUSTER_CLASSES 9U /* sizes of blocks: 4 << class clusters */
#define CLUSTERS_MAX (4U << CLUSTER_CLASSES)

/* Of a cluster. */
enum {
	CLUSTER_IN_FLIGHT = 1, /* read, but its write has not been fed */
	CLUSTER_UNKNOWN = 2,   /* its write's outcome is unknown, or it never completed */
	CLUSTER_CLOSED = 4,    /* nothing to come can be part of it, but for a violation */
	CLUSTER_UNSEEN = 8,    /* a write that a fence ends, and that may never have been */
};

/* Of a unit. */
enum {
	UNIT_MARKED = 1,
	UNIT_INITIAL_GONE = 2, /* to read the initial value is a violation by now */
};

/* A successful write: its index, and what it knew of the other node. */
struct wrote {
	uint32_t index, known;
};

struct unit_state {
	uint64_t unit;
	uint32_t first[NODES];	      /* index of each node's first access; 0: none */
	struct wrote wrote[NODES][2]; /* each node's latest and latest but one */
	uint32_t most[NODES];	      /* the most that a node's writes knew of the other */
	uint32_t consumed[NODES];     /* the other's write that was exposed last */
	/* By the node that read: fewer than COMPLETIONS_MAX each, and so they leave two bits. */
	uint64_t exposures_a : 31, exposures_b : 31, flags : 2;
	uint32_t ops;
	uint16_t n : 12, room : 4; /* clusters; size class of their block, 0: in the unit */
	uint8_t state[INLINE_CLUSTERS];
	union {
		struct {
			uint64_t id[INLINE_CLUSTERS];
			uint32_t x[NODES][INLINE_CLUSTERS], y[NODES][INLINE_CLUSTERS];
		} in;
		uint64_t *block;
	};
};

/*
 * Where a unit's clusters are: arrays of n. x and y: see cluster.h, but one more each, so that a y
 * of 0 can say that nothing comes before it, not even the initial value: so it is as long as nobody
 * has read what may never have been written.
 */
struct clusters {
	uint64_t *id;
	uint32_t *x[NODES], *y[NODES];
	uint8_t *state;
	unsigned n, cap;
};

/* All units of a pass, and the blocks of those that need one. */
struct unit_table {
	struct unit_state **chunks;
	uint32_t *slots; /* 1 + number of the unit; 0: free */
	uint64_t n, mask;
	size_t n_chunks, cap_chunks;
	uint64_t *free_blocks[CLUSTER_CLASSES +
			      1]; /* by size class; linked through their first word */
};

/* The unit, made when it is new; NULL for want of memory. It stays where it is. */
struct unit_state *unit_table_get(struct unit_table *table, uint64_t unit, struct error *err);

/* It will be asked for soon: fetch where it is found; a little later, what is there. */
void unit_table_expect(const struct unit_table *table, uint64_t unit);
void unit_table_fetch(const struct unit_table *table, uint64_t unit);

/* The unit, or NULL when there is none such. */
struct unit_state *unit_table_find(const struct unit_table *table, uint64_t unit);

/* The i-th unit that was made. */
struct unit_state *unit_table_at(const struct unit_table *table, uint64_t i);
void unit_table_done(struct unit_table *table);

void clusters_of(struct unit_state *unit, struct clusters *ret);

/* Twice the room: 1, and *c is where the clusters are from now on. 0: that would be too many.
 * -1: for want of memory. */
int clusters_grow(struct unit_table *table, struct unit_state *unit, struct clusters *c,
		  struct error *err);

/* Take out those whose bit is set in gone[]; back into the unit when they fit. */
void clusters_remove(struct unit_table *table, struct unit_state *unit, struct clusters *c,
		     const uint8_t *gone);

#endif
