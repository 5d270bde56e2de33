/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_exposure.c - see live_exposure.h. */
#include "passes/live_exposure.h"

bool exposure_read(struct unit_state *unit, const struct fed *op, const uint32_t known[NODES])
{
	unsigned node = op->node, other = !node, i;
	const struct wrote *w;

	for (i = 0; i < 2; i++) {
		w = &unit->wrote[other][i];
		if (w->index && w->index <= known[other])
			break;
	}
	if (i == 2 || w->index <= unit->consumed[node])
		return false;
	unit->consumed[node] = w->index;
	/* It may hold what was there before, and has not replaced that itself since. */
	return unit->first[node] && unit->first[node] <= w->known && unit->most[node] < w->index;
}

void exposure_access(struct unit_state *unit, const struct fed *op, const uint32_t known[NODES])
{
	unsigned node = op->node;
	struct wrote *wrote = unit->wrote[node];

	if (!unit->first[node])
		unit->first[node] = op->index;
	if (op->kind != OP_WRITE)
		return;
	wrote[1] = wrote[0];
	wrote[0] = (struct wrote){op->index, known[!node]};
	if (known[!node] > unit->most[node])
		unit->most[node] = known[!node];
}
