/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.h - what a program prints, kept up to a limit: its begin, or its end. */
#ifndef SITE_OUTPUT_H
#define SITE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

#define OUTPUT_MAX (1U << 20)	   /* of standard output: its begin */
#define OUTPUT_COMPLAINT_MAX 4096U /* of standard error: its end */

struct output {
	char *text; /* NUL-terminated; may be taken away: set it to NULL then */
	size_t used, max;
	bool keep_end; /* beyond max the oldest bytes are dropped, else the newest */
};

/* On failure *ret has nothing to be released. */
int output_init(struct output *ret, size_t max, bool keep_end, struct error *err);
void output_done(struct output *output);

/* Returns how many bytes were dropped at the begin. */
size_t output_add(struct output *output, const char *bytes, size_t n);

#endif
