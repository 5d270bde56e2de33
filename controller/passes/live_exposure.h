/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_exposure.h - for live.c: which reads could have shown that the nodes do not agree. */
#ifndef PASSES_LIVE_EXPOSURE_H
#define PASSES_LIVE_EXPOSURE_H

#include "order/fed.h"
#include "passes/live_unit.h"

/*
 * Whether this read of the unit is an exposure (docs/checks.md): the other node certainly wrote the
 * unit before, and the reader may still hold what was there. At most one for each such write; the
 * other's latest two are looked at. To be asked before exposure_access of the same read.
 */
bool exposure_read(struct unit_state *unit, const struct fed *op, const uint32_t known[NODES]);

/* An operation that succeeded. */
void exposure_access(struct unit_state *unit, const struct fed *op, const uint32_t known[NODES]);

#endif
