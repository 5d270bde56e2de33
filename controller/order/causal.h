/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * causal.h - what certainly precedes an operation by evidence that rests on no clock across nodes.
 *
 * As K (order.h), but C: own node by its own clock, the other node by messages and by what was
 * read. Bounded memory; what falls out of it is not claimed.
 */
#ifndef ORDER_CAUSAL_H
#define ORDER_CAUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "order/fed.h"
#include "order/scan.h"
#include "common/error.h"

struct causal;

/* Sizes of the windows, all powers of two. */
struct causal_sizes {
	uint32_t writes;  /* sets of three recent writes */
	uint32_t waiting; /* reads whose write has not been fed yet */
	uint32_t steps;	  /* per node */
};

/* NULL for sizes: those meant for use. NULL for want of memory. Free with causal_free. */
struct causal *causal_new(const struct causal_sizes *sizes, struct error *err);

/* The sizes that are meant for use, but no larger than a history of that many operations needs. */
struct causal *causal_new_for(const struct scan *scan, struct error *err);
void causal_free(struct causal *causal);

/* The next operation in feed order; ret[n]: so many completions of node n precede its invocation.
 */
void causal_step(struct causal *causal, const struct fed *op, uint32_t ret[NODES]);

/* A read that told its node something of the other, and the other node's write it read from. */
struct causal_reason {
	uint64_t unit; /* the first that was read */
	uint8_t read_node, write_node;
	uint32_t read_index, read_number;
	uint32_t write_index, write_number; /* index: INDEX_NEVER if the write never completed */
};

/*
 * Why an operation of `node` that knows own_known completions of its node has C[other] >= index:
 * the earliest read still kept that shows it. False when none does: a message told it, or the read
 * fell out of the window; *ret is not set then.
 */
bool causal_why(const struct causal *causal, unsigned node, uint32_t own_known, unsigned other,
		uint32_t index, struct causal_reason *ret);

/* How often something that may be certain is not claimed, for want of room. */
uint64_t causal_forgotten(const struct causal *causal);

#endif
