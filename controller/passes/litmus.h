/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * litmus.h - store buffering: two reads that each missed the other node's earlier write.
 *
 *	node a				node b
 *	write to X			write to Y
 *	read Y: older than b's write	read X: older than a's write
 *
 * Each unit alone has an order that explains it; both together have none. (Message passing, the
 * other litmus shape, is what causal.h adds to K.)
 */
#ifndef PASSES_LITMUS_H
#define PASSES_LITMUS_H

#include <stdbool.h>
#include <stdint.h>

#include "order/fed.h"
#include "common/error.h"

struct litmus;

/* Sizes of the windows, powers of two. */
struct litmus_sizes {
	uint32_t units; /* a table by the hash of the unit; what collides is not found */
	uint32_t edges; /* per node */
};

struct litmus_op {
	uint64_t unit;
	uint32_t index, number;
	uint8_t node;
};

/*
 * writes[0] certainly ended before reads[0] began, which missed writes[1]; writes[1] certainly
 * ended before reads[1] began, which missed writes[0]. reads[n] and writes[n] are of node n, unit
 * is the unit that the read and the write it missed share.
 */
struct litmus_finding {
	struct litmus_op reads[NODES], writes[NODES];
	bool by_message; /* that the values read are older than the writes missed rests on no clock
			  */
	bool sequential; /* .. nor on messages: the node's own order suffices for all, so the
			    history is not sequentially consistent either */
};

/* NULL for sizes: those meant for use. NULL for want of memory. Free with litmus_free. */
struct litmus *litmus_new(const struct litmus_sizes *sizes, struct error *err);
void litmus_free(struct litmus *litmus);

/*
 * The next operation in feed order. True when it closes a circle; *ret is not set otherwise. The
 * same write is not reported as missed by the same node again. Reads that are stale by themselves
 * are left to the check of their unit.
 */
bool litmus_step(struct litmus *litmus, const struct fed *op, struct litmus_finding *ret);

/* Circles found so far. */
uint64_t litmus_found(const struct litmus *litmus);

#endif
