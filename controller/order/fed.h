/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fed.h - an operation as the passes see it: what it did, and all that is certain of its place in
 * the order.
 *
 * Operations come in an order that agrees with all certain edges (feed.h). One that never
 * completed precedes nothing and is not among them (scan.h has the writes of that kind: pending).
 */
#ifndef ORDER_FED_H
#define ORDER_FED_H

#include <stdint.h>

#include "common/op.h"

/*
 * A node's completions have places in its own time: the i-th, from 1, is at 2 i. A fence (fences.h)
 * behind c of them is at 2 c + 1. What an operation knows of a node is the last place that
 * certainly precedes it.
 */
static inline uint32_t place_of(uint32_t count)
{
	return 2 * count;
}

#define COMPLETIONS_MAX (UINT32_MAX / 2 - 2) /* of a node */

/* The place of what never certainly took place. */
#define INDEX_NEVER UINT32_MAX

/* low[] of a node of which no more operations come: all that took place is known. */
#define LOW_ALL (UINT32_MAX - 2)

struct fed {
	uint64_t unit;	       /* the first of count */
	uint64_t write_id;     /* the value, if it is a tag; else 0 */
	uint32_t index;	       /* its place in its node's time; INDEX_NEVER: none */
	uint32_t known[NODES]; /* K: the last place of each node that certainly precedes it */
	uint32_t message;      /* the part of K of the other node that rests on no clock */
	/* What every operation of node n from this one on knows at least: low[n]. */
	uint32_t low[NODES][NODES];
	uint32_t number; /* its slot on its node's tape (tape.h) */
	union {
		uint32_t round; /* a read: the round it is part of, from 1; 0: none */
		/* A write of unknown outcome: the place of the fence that ends it; 0: none. */
		uint32_t fence;
	};
	uint16_t count, lane;
	uint8_t node, kind, outcome, value; /* value: enum value_kind */
};

#endif
