/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report.h - verdicts -> what people and programs read. Nothing is decided here.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "check/verdict.h"

struct report_options {
	bool colour;	     /* of verdicts; all is readable without */
	bool verbose;	     /* up to ten violations of a cell explained, not one */
	unsigned width;	     /* columns to keep to where possible; 0 = 100 */
	const char *run;     /* the run's uuid; NULL or "": bare histories, or not known */
	const char *subject; /* bare histories: what was judged ("x.txt"); may be NULL */
};

/*
 * The verdict table of a run's cells and what explains it; for a bare history (facts.id is empty)
 * a shorter form without a table. options may be NULL. Returns 0, or -1 with errno when writing
 * failed.
 */
int report_text(FILE *out, const struct verdict *verdicts, size_t n,
		const struct report_options *options);

/* docs/verdict.schema.json is the contract. As above; -1 also when memory is short (ENOMEM). */
int report_json(FILE *out, const struct verdict *verdicts, size_t n,
		const struct report_options *options);

/* The worst verdict: violated, then error, invalid, refused, inconclusive,
 * consistent. No cell: error. */
enum verdict_kind report_overall(const struct verdict *verdicts, size_t n);

/* How many came out as expected. */
size_t report_as_expected(const struct verdict *verdicts, size_t n);

#endif
