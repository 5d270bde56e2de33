/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lanes.h - the highest sequence of each lane that writes: what a value's name can be held
 * against.
 *
 * A lane here is a (node, epoch, lane) as in a write's name. Its sequences rise, so one number
 * says which of its writes have been.
 */
#ifndef ORDER_LANES_H
#define ORDER_LANES_H

#include <stdint.h>

#include "common/error.h"
#include "common/op.h"

struct lanes {
	struct lane_top {
		uint32_t key;		 /* 1 + the upper bits of the name; 0: a free slot */
		uint64_t top, completed; /* of all writes; of those that completed */
	} * slots;
	uint32_t n, mask; /* mask 0: no slots yet */
};

/* The highest sequence noted for the lane that this name is of; 0: none. */
uint64_t lanes_top(const struct lanes *lanes, uint64_t write_id);

/* The lane that this name is of, made when it is new; until the next call. NULL for want of
 * memory. */
struct lane_top *lanes_get(struct lanes *lanes, uint64_t write_id, struct error *err);

/* Note this name; the top only rises. */
int lanes_note(struct lanes *lanes, uint64_t write_id, struct error *err);
void lanes_done(struct lanes *lanes);

#endif
