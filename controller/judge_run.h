/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge_run.h - judge a run directory, cell by cell: what check, report and run share. */
#ifndef CONTROLLER_JUDGE_RUN_H
#define CONTROLLER_JUDGE_RUN_H

#include <stddef.h>

#include "check/check.h"
#include "common/error.h"

#define RUN_UUID_SIZE 37

/*
 * Judge the cells of RUN in their order; only_cell: just that one, NULL: all. options may be NULL.
 * *ret is an array to be released with judge_done; *ret and *ret_n are not set on failure. A run
 * without any cell, or without the one asked for, is an ERROR_USER.
 */
int judge_run(const char *run, const char *only_cell, const struct check_options *options,
	      struct verdict **ret, size_t *ret_n, struct error *err);
void judge_done(struct verdict *verdicts, size_t n);

/* The run's uuid as run.json has it ("uuid"), or "" where it does not say. Returns ret. */
char *judge_run_uuid(const char *run, char ret[RUN_UUID_SIZE]);

#endif
