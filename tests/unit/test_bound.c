/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_bound.c - Clopper-Pearson bounds.
 *
 * Guards against: a bound on the wrong tail, one-sided where two-sided is promised, and arithmetic
 * that is lost at small rates, many trials, or k = n; each would make a report claim more than
 * its exposures prove.
 */
#include "tests/test.h"

#include <math.h>

#include "check/bound.h"

static void near(double got, double want, double relative, const char *what, size_t row)
{
	if (!(fabs(got - want) <= relative * fabs(want) + 1e-300))
		fail_msg("row %zu: %s is %.12g, not %.12g", row, what, got, want);
}

/* Guards against: values that differ from the tables everybody uses. */
static void known_values(void **unused)
{
	static const struct {
		uint64_t k, n;
		double confidence, lower, upper, relative;
	} rows[] = {
		{0, 200, 0.95, 0, 0.0148670392, 1e-8}, /* one-sided */
		{0, 1, 0.95, 0, 0.95, 1e-9},
		{0, 10, 0.99, 0, 0.3690427, 1e-6},
		{5, 10, 0.95, 0.1870860, 0.8129140, 1e-6},
		{1, 100, 0.95, 0.000253146, 0.0544594, 1e-5},
		{10, 10, 0.95, 0.6915029, 1, 1e-6},
		{1, 1, 0.95, 0.025, 1, 1e-9},
		{0, 1000000000, 0.95, 0, 2.9957323e-9, 1e-6},
		{1, 1000000000, 0.95, 2.5317808e-11, 5.5716434e-9, 1e-4},
		{500000000, 1000000000, 0.95, 0.49996901, 0.50003099, 1e-7},
		{1000000000, 1000000000, 0.95, 1 - 3.6888795e-9, 1, 1e-12},
	};
	double lower, upper;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bound_binomial(rows[i].k, rows[i].n, rows[i].confidence, &lower, &upper);
		near(lower, rows[i].lower, rows[i].relative, "the lower bound", i);
		near(upper, rows[i].upper, rows[i].relative, "the upper bound", i);
	}
}

/* P(at least k of n | p), term by term. */
static double at_least(unsigned k, unsigned n, double p)
{
	double sum = 0;
	unsigned i;

	for (i = k; i <= n; i++)
		sum += exp(lgamma(n + 1.) - lgamma(i + 1.) - lgamma(n - i + 1.) + i * log(p) +
			   (n - i) * log1p(-p));
	return sum;
}

/* Guards against: a pair (k, n) no table lists. The bounds are where the tails are as defined. */
static void tails_by_their_definition(void **unused)
{
	static const double confidences[] = {0.5, 0.9, 0.95, 0.999};
	double lower, upper, tail;
	unsigned k, n;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(confidences) / sizeof(confidences[0]); i++) {
		tail = (1 - confidences[i]) / 2;
		for (n = 1; n <= 60; n += 1 + n / 4) {
			for (k = 1; k <= n; k++) {
				bound_binomial(k, n, confidences[i], &lower, &upper);
				near(at_least(k, n, lower), tail, 1e-8, "the lower tail", n);
				if (k < n)
					near(1 - at_least(k + 1, n, upper), tail, 1e-8,
					     "the upper tail", n);
				else
					assert_true(upper == 1);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_values),
		cmocka_unit_test(tails_by_their_definition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
