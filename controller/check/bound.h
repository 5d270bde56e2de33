/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bound.h - exact (Clopper-Pearson) bounds of a probability from n trials. */
#ifndef CHECK_BOUND_H
#define CHECK_BOUND_H

#include <stdint.h>

/*
 * Bounds of the probability of what happened k times in n >= 1 independent trials (k <= n), at this
 * confidence (0 < confidence < 1). k = 0: lower 0 and the one-sided upper 1 - (1 -
 * confidence)^(1/n). Else two-sided: each side may be exceeded with (1 - confidence) / 2.
 */
void bound_binomial(uint64_t k, uint64_t n, double confidence, double *ret_lower,
		    double *ret_upper);

#endif
