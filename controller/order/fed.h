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

/* The index of what never certainly took place. */
#define INDEX_NEVER UINT32_MAX

/* low[] of a node of which no more operations come: all that took place is known. */
#define LOW_ALL (UINT32_MAX - 1)

struct fed {
	uint64_t unit;	       /* the first of count */
	uint64_t write_id;     /* the value, if it is a tag; else 0 */
	uint32_t index;	       /* among its node's completions, from 1; INDEX_NEVER: none */
	uint32_t known[NODES]; /* K: completions of each node that certainly precede it */
	uint32_t message;      /* the part of K of the other node that rests on no clock */
	/* What every operation of node n from this one on knows at least: low[n]. */
	uint32_t low[NODES][NODES];
	uint32_t number; /* its slot on its node's tape (tape.h) */
	uint32_t round;	 /* a read: the round it is part of, from 1; 0: none */
	uint16_t count, lane;
	uint8_t node, kind, outcome, value; /* value: enum value_kind */
};

#endif
