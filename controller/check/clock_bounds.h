/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_bounds.h - what samples of two clocks prove about clock(b) - clock(a). */
#ifndef CHECK_CLOCK_BOUNDS_H
#define CHECK_CLOCK_BOUNDS_H

#include "check/history.h"

/*
 * Turn the samples of a history into header.clock = BOUNDS that hold for all of its operations. A
 * history without samples is left alone. No offset satisfies all samples: ERROR_USER.
 */
int clock_bounds_from_samples(struct history *history, struct error *err);

#endif
