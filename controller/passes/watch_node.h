/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch_node.h - for watch.c: the operations of one node that arrived, and what they prove. */
#ifndef PASSES_WATCH_NODE_H
#define PASSES_WATCH_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "order/fed.h"
#include "common/error.h"
#include "common/record.h"

#define WATCH_STEPS 256U /* messages of a node that tell more than those before */

struct watch_lane {
	uint64_t arrived, fed; /* its last completion that arrived; that was fed */
	uint64_t name;	       /* of its last write that arrived */
	bool over, over_fed;   /* an operation without completion arrived; was fed */
};

/* From this invocation on (exclusive) the node knows so many completions of the other. */
struct watch_step {
	uint64_t invoke;
	uint32_t after;
};

struct watch_node {
	unsigned number;
	unsigned n_lanes;
	struct watch_lane *lanes;
	struct op_head *queue; /* from `head` to `end` (exclusive) they wait to be fed */
	size_t head, end, cap_queue;
	uint64_t last;			      /* completion that arrived */
	uint32_t done;			      /* completions fed */
	uint64_t *times;		      /* of the latest of them, by index: a ring */
	size_t ring;			      /* its size, a power of two */
	struct watch_step steps[WATCH_STEPS]; /* both numbers rise */
	unsigned n_steps;
	uint32_t low[NODES]; /* what all that is still to be fed knows at least */
};

int watch_node_init(struct watch_node *node, unsigned number, unsigned lanes, struct error *err);
void watch_node_done(struct watch_node *node);

/* Whether this can come next: of a lane that is known and sequential, in order, with a new name;
 * and there is room for it. */
bool watch_node_accepts(const struct watch_node *node, const struct op_head *op);

/* It arrived: it waits from now on. */
int watch_node_add(struct watch_node *node, const struct op_head *op, struct error *err);

/* The first of those that wait, until more is added; NULL: none. */
const struct op_head *watch_node_first(const struct watch_node *node);

/* K of an operation about to be fed: of its own node, as far as the ring proves it; of the other
 * node, by messages. */
uint32_t watch_node_own(const struct watch_node *node, const struct op_head *op);
uint32_t watch_node_message(const struct watch_node *node, const struct op_head *op);

/* The first one has been fed. */
int watch_node_fed(struct watch_node *node, struct error *err);

#endif
