/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_rules.h - for live.c: what the theory says of a unit's live clusters. */
#ifndef PASSES_LIVE_RULES_H
#define PASSES_LIVE_RULES_H

#include "order/fed.h"
#include "passes/live_unit.h"

/* Cluster v and another each come before the other. */
bool rules_conflict(const struct clusters *c, unsigned v);

/* Some order of all clusters agrees with the edges between them: there is no circle. */
bool rules_ordered(const struct clusters *c);

/*
 * Which clusters can be forgotten, given what every operation to come knows: gone[i] = 1, the
 * others 0; returns how many. Streaming: B, when another cluster A is established for all to
 * come, comes after B, and is known to come after no less (y(A) >= y(B)). Exact: what is closed
 * (so far, and by such an A) and has no predecessor left.
 */
unsigned rules_forget(struct clusters *c, const uint32_t low[NODES][NODES], bool exact,
		      uint8_t *gone);

/* Some cluster but the initial value is established for all to come. */
bool rules_established(const struct clusters *c, const uint32_t low[NODES][NODES]);

#endif
