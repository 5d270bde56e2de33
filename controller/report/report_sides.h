/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_sides.h - which side's cache mode broke it (check/sides.h), in words and as JSON. */
#ifndef REPORT_REPORT_SIDES_H
#define REPORT_REPORT_SIDES_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "check/sides.h"

#define SIDES_TEXT_MAX 1024

/*
 * One sentence on the modes of a side, and one on whether that is what the modes should do; into
 * ret (terminated, cut to fit), which they return.
 */
char *words_side(const struct sides *sides, enum side side, char ret[SIDES_TEXT_MAX]);
char *words_physics(const struct sides *sides, char ret[SIDES_TEXT_MAX]);

/* The table of pairs and the three sentences, none of them wider than width where it can be;
 * nothing where the cells have no two modes. */
void report_sides(FILE *out, const struct verdict *verdicts, size_t n, unsigned width);

/* The same for programs ("sides" in docs/verdict.schema.json); null where the text has nothing. A
 * new reference, or NULL for want of memory. */
json_t *sides_json(const struct verdict *verdicts, size_t n);

#endif
