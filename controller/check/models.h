/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * models.h - of a violated history: which promises broke, from linearizability down to the weakest,
 * and which nothing contradicts. docs/checks.md, "Weaker models", has the rules.
 */
#ifndef CHECK_MODELS_H
#define CHECK_MODELS_H

#include "check/judge.h"
#include "check/verdict.h"

#define MODEL_BIT(model) (1U << (model))

/*
 * Look at the unit at hand, once register_judge is through with it, and set in judge->broke the bit
 * of each model that it certainly breaks. A unit without findings costs nothing, unless
 * order->causal is there. Fails only for want of memory.
 */
int models_judge(struct judge *judge, struct error *err);

/* Free what models_judge keeps from unit to unit. */
void models_done(struct judge *judge);

/*
 * What all units together come to -> verdict->models. broke: judge->broke of all judges, or-ed.
 * causal: what was read was followed across units (order->causal, or a pass of its own). The
 * counts of the verdict (classes, undecided) must be there.
 */
void models_decide(unsigned broke, bool causal, struct verdict *verdict);

#endif
