/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fences.h - until when a write of unknown outcome may still take effect.
 *
 * A `fence` event of a node says: by this time, on its own clock, nothing is under way any more of
 * what it had asked for. So a write that it began before, and of which nothing was heard after,
 * has taken effect by then or never will. Without such an event it may do so at any time to come.
 */
#ifndef ORDER_FENCES_H
#define ORDER_FENCES_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/op.h"

struct fences {
	struct fence {
		uint64_t time;
		/* Filled by feed_prepare: from when on, on the other node's clock, it certainly
		 * lies before (UINT64_MAX: never); its place among the node's completions (fed.h).
		 */
		uint64_t late;
		uint32_t place;
	} * of[NODES]; /* by time, once sorted */
	size_t n[NODES], cap[NODES];
};

/* Take note of an event; what is no fence is passed over. */
int fences_add(struct fences *fences, const struct event *event, struct error *err);

/* After the last event, before the first question. */
void fences_sort(struct fences *fences);
void fences_done(struct fences *fences);

/* The place of the fence that ends what such a write of `node` may still do; 0: none. complete:
 * when its outcome was said to be unknown, or TIME_NONE. */
uint32_t fences_ending(const struct fences *fences, unsigned node, uint64_t invoke,
		       uint64_t complete);

/* The place of the last fence of `of` that certainly lies before what `node` invoked then; 0:
 * none. */
uint32_t fences_known(const struct fences *fences, unsigned of, unsigned node, uint64_t invoke);

#endif
