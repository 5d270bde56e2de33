/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_read.h - what report_json wrote, read back: docs/verdict-format.md. */
#ifndef REPORT_REPORT_READ_H
#define REPORT_REPORT_READ_H

#include <stddef.h>

#include "check/verdict.h"

#define REPORT_READ_MAX ((size_t)256 * 1024 * 1024) /* bytes of a file */
#define REPORT_RUN_MAX 37			    /* a uuid and its terminator */

/* The verdicts of a run, or the one of a bare history. */
struct report_read {
	char run[REPORT_RUN_MAX]; /* the run's uuid; "" for bare histories */
	struct verdict *verdicts;
	size_t n;
};

/*
 * Read the len bytes of the file `name`; release with report_read_done. Every key must be there and
 * no other, each of its type and in its range, what follows from other keys must agree with them,
 * and counts must be such as a history can have; else ERROR_USER, with the file and the place in it
 * ("x.json: cells[3].examples[0].unit:
 * ..."). *ret is not set on failure. Of the facts there is what the file holds; what a judge
 * found out of facts that are not in it (invalid, error) is in kind and reason.
 */
int report_read(const char *name, const char *text, size_t len, struct report_read *ret,
		struct error *err);

/* Whether counts fit each other, which report_read has asked already: for verdicts made of others.
 * ERROR_USER if they do not; `name` stands for the file. */
int report_check(const char *name, const struct report_read *read, struct error *err);

/* The same as report_read for the file at `path`. */
int report_read_file(const char *path, struct report_read *ret, struct error *err);

void report_read_done(struct report_read *read);

#endif
