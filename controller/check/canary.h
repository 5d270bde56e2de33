/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * canary.h - faults planted on purpose, shown to the judge with every run: a judge that misses one
 * is not to be believed about anything else.
 */
#ifndef CHECK_CANARY_H
#define CHECK_CANARY_H

#include "common/error.h"

/* Plant: write RUN/canary/{a,b}.history, in which unit 0 is read stale and unit 1 torn. */
int canary_plant(const char *run, struct error *err);

/*
 * Judge RUN/canary like any other history. Returns 0 when both faults, and nothing else, are
 * found; -1 with *err saying what was missed (ERROR_WORLD), or that the files are not there or
 * damaged.
 */
int canary_check(const char *run, struct error *err);

#endif
