/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_words.h - the facts of a verdict in words, each in one place. For the report formats.
 *
 * All write to ret (terminated, cut to fit) and return it; what came from a guest, a file or a
 * plan passes through printable().
 */
#ifndef REPORT_REPORT_WORDS_H
#define REPORT_REPORT_WORDS_H

#include <stddef.h>

#include "check/verdict.h"

#define WORDS_MAX 64

/* "none", or "none/writethrough" where the hosts differ. */
char *words_asked(const struct cell_facts *facts, char ret[WORDS_MAX]);
/* The same; '?' for what is not known. */
char *words_effective(const struct cell_facts *facts, char ret[WORDS_MAX]);

/* "clean", "DAMAGED", "withdrew", "3 errors", "fsck 2", "no fsck", or several of them. */
char *words_volume(const struct verdict *verdict, char ret[WORDS_MAX]);

/* "identical", "DIFFER: 12 KiB", "not compared"; "-" where they are not asked for. */
char *words_replicas(const struct cell_facts *facts, char ret[WORDS_MAX]);

/* "< 1.17 %" with no violation, "44-57 %" with; rounded away from what would flatter. */
char *words_rate(const struct verdict *verdict, char ret[WORDS_MAX]);
char *words_round_rate(const struct verdict *verdict, char ret[WORDS_MAX]);

/* "data.04, offset 8192"; "" where the geometry is not known or has no such unit. */
char *words_place(const struct cell_facts *facts, uint64_t unit, char ret[WORDS_MAX]);
/* The same in numbers; false where not known. */
bool words_locate(const struct cell_facts *facts, uint64_t unit, unsigned *ret_file,
		  uint64_t *ret_offset);

/* Where a witness stands. In a cell's folder the file's name is enough, so that a run reads the
 * same wherever it lies; a bare history keeps the path it was given by. */
const char *words_source(const struct cell_facts *facts, const struct witness *witness);

/* "3.20 ms" */
char *words_duration(uint64_t ns, char ret[WORDS_MAX]);

/* What the node saw, as a sentence's second half: "read an old value, though …". */
const char *words_anomaly(enum anomaly anomaly);

/* Why the cell has the verdict it has, where the judge gave no reason; may be "". */
const char *words_reason(const struct verdict *verdict);

#endif
