/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bound.c - see bound.h.
 *
 * P(at least k of n | p) is the regularised incomplete beta function I_p(k, n - k + 1), by its
 * continued fraction (modified Lentz, as in the DLMF 8.17.22); the bounds are where it takes the
 * values wanted, by bisection on log p, since p may be 1e-9.
 */
#include "check/bound.h"

#include <assert.h>
#include <math.h>

/* The continued fraction of I_x(a, b), good for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), h, numerator, delta;
	int m;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	h = d;
	for (m = 1; m < 200000; m++) {
		numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		d = 1 + numerator * d;
		c = 1 + numerator / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		h *= d * c;
		numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
		d = 1 + numerator * d;
		c = 1 + numerator / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		delta = d * c;
		h *= delta;
		if (fabs(delta - 1) < 1e-14)
			break;
	}
	return h;
}

static double beta(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x >= 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

/* The x at which I_x(a, b), which rises with x, is `want`. */
static double inverse(double a, double b, double want)
{
	double lo = -745, hi = 0, middle; /* of log x: from the least double up */
	int i;

	for (i = 0; i < 200; i++) {
		middle = (lo + hi) / 2;
		if (beta(a, b, exp(middle)) < want)
			lo = middle;
		else
			hi = middle;
	}
	return exp((lo + hi) / 2);
}

void bound_binomial(uint64_t k, uint64_t n, double confidence, double *ret_lower, double *ret_upper)
{
	double tail = (1 - confidence) / 2, a = (double)k, rest = (double)(n - k);

	assert(n && k <= n);
	if (!k) {
		*ret_lower = 0;
		*ret_upper = -expm1(log1p(-confidence) / (double)n);
		return;
	}
	*ret_lower = inverse(a, rest + 1, tail);
	*ret_upper = k == n ? 1 : inverse(a + 1, rest, 1 - tail);
}
