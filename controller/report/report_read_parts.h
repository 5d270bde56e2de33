/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_read_parts.h - the parts of a cell that have a file of their own; for report_read.c alone.
 */
#ifndef REPORT_REPORT_READ_PARTS_H
#define REPORT_REPORT_READ_PARTS_H

#include "check/verdict.h"
#include "report/report_fields.h"

/* Read what the cell is into *facts, which cell_facts_init has set. */
int read_facts(struct place *place, const json_t *cell, struct cell_facts *facts);

/* Read "file_system" of the cell into ret->fs; ret->facts must be there already. */
int read_file_system(struct place *place, const json_t *cell, struct verdict *ret);

/* Read how many there are of what into ret, its classes too. */
int read_counts(struct place *place, const json_t *cell, struct verdict *ret);

/* Whether the counts of a verdict that is read whole can be, one beside the other and beside its
 * kind, models, bounds and examples. */
int check_counts(struct place *place, const struct verdict *verdict);

/* Read "examples" of the cell into ret->examples; ret->facts and counts must be there already. On
 * failure *ret owns what verdict_done frees. */
int read_examples(struct place *place, const json_t *cell, struct verdict *ret);

#endif
