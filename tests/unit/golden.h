/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * golden.h - reports compared with texts in tests/golden/.
 *
 * ACCEPT=1 in the environment rewrites these, to be read in the diff before they are committed. Run
 * from the top of the tree.
 */
#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include "report/report.h"

typedef int report_function(FILE *out, const struct verdict *verdicts, size_t n,
			    const struct report_options *options);

/* The report as text, for the caller to free. The test fails if it cannot be made. */
char *render(report_function *report, const struct verdict *verdicts, size_t n,
	     const struct report_options *options);

/* The report is what the golden file of that name holds, or the test fails. */
void check_report(const char *golden, report_function *report, const struct verdict *verdicts,
		  size_t n, const struct report_options *options);

#endif
