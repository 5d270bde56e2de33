/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * brute_force.h - is there an order that explains a history? A search that knows no theory.
 *
 * Sets of operations are bits: bit i is operation i of the world, which has at most BRUTE_FORCE_MAX
 * of them, each read of one unit. Operations are explained by an order in which each read returns
 * what the write before it left in its unit, and which agrees with what certainly ended before what
 * began. What failed never happened; what is unknown may have, at any time after its invocation.
 */
#ifndef TESTS_UNIT_BRUTE_FORCE_H
#define TESTS_UNIT_BRUTE_FORCE_H

#include <stdbool.h>

#include "tests/unit/recorded_world.h"

#define BRUTE_FORCE_MAX 12
#define ALL_OPS (~0U)

/* What is certain by what was recorded; or what is so. */
enum timing { AS_RECORDED, AS_IT_WAS };

/* Whether some order explains those operations of the unit that are in `which`. */
bool explained(const struct world *w, unsigned unit, unsigned which, enum timing timing);

/* Whether one order explains all of `which`, on all units together, as recorded. */
bool explained_jointly(const struct world *w, unsigned which);

#endif
