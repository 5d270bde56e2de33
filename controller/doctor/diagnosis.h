/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diagnosis.h - what a look at machines found: a line for each question, with a remedy where the
 * answer is not good.
 *
 * What could not be looked at is never ok: it is a warning that says why.
 */
#ifndef DOCTOR_DIAGNOSIS_H
#define DOCTOR_DIAGNOSIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"

enum level { LEVEL_OK, LEVEL_WARN, LEVEL_FAIL, LEVELS };
extern const char *const level_names[LEVELS]; /* ok warn fail */

struct symptom {
	char subject[80]; /* "host a (root@alpha)" */
	char check[24];	  /* "kvm" */
	enum level level;
	char text[512], remedy[512]; /* remedy: "" if there is nothing to do */
};

struct diagnosis {
	struct symptom *symptoms;
	size_t n, cap;
	bool failed; /* a line was lost for want of memory */
};

/*
 * One line: format is of the text, and of the remedy after a newline, if there is one. Bytes that
 * a terminal might act on are made harmless. For want of memory the whole diagnosis fails: see
 * diagnosis_level.
 */
void diagnosis_add(struct diagnosis *diagnosis, const char *subject, const char *check,
		   enum level level, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The worst of all lines; LEVEL_FAIL for an empty diagnosis, or when a line was lost. */
enum level diagnosis_level(const struct diagnosis *diagnosis);

/* For people: a heading for each subject, then its lines. colour: as terminals have it. */
void diagnosis_text(FILE *file, const struct diagnosis *diagnosis, bool colour);

/* For programs; the form is in the man page. Fails for want of memory. */
int diagnosis_json(FILE *file, const struct diagnosis *diagnosis, struct error *err);

void diagnosis_done(struct diagnosis *diagnosis);

#endif
