/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_internal.h - what the files of the text report share. */
#ifndef REPORT_REPORT_INTERNAL_H
#define REPORT_REPORT_INTERNAL_H

#include "report/report.h"

/* The word behind a verdict: ", expected", " UNEXPECTED", ", undecided" or "". */
const char *report_mark(const struct verdict *verdict);

/* -1 with errno when memory is short. */
int report_table(FILE *out, const struct verdict *verdicts, size_t n,
		 const struct report_options *options);

/* What stands under the table about one cell: its violations with their witnesses, reasons,
 * warnings, the kernel's words. Nothing for a cell without any. title: its name. */
int report_explain(FILE *out, const struct verdict *verdict, const char *title,
		   const struct report_options *options);

#endif
