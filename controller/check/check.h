/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.h - the judge: histories and facts in, verdict out. A pure function of files.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include "check/verdict.h"
#include "order/progress.h"

#define SHARDS_MAX 4096 /* parts that a history can be judged in */

struct check_options {
	double confidence;  /* 0 = as the facts say, or 0.95 */
	double max_rate;    /* 0 = as the facts say; no facts: no demand */
	unsigned passes;    /* PASS_... (passes.h); 0: all */
	unsigned threads;   /* 0: as many as there are cores */
	unsigned group_ops; /* operations of marked units looked at together; 0: many */
	struct judge_progress progress;
	unsigned shard, shards; /* judge the units of shard `shard` (from 1) of `shards`; 0: all */
};

/*
 * Judge a cell of a run: RUN/cells/ID. A history that is damaged makes the function fail
 * (ERROR_USER, file and offset named) unless it is a partial last record of a run that is not
 * marked complete: that is a warning in the verdict. *ret is to be released with verdict_done;
 * it is not set on failure.
 */
int check_cell(const char *run, const char *cell, const struct check_options *options,
	       struct verdict *ret, struct error *err);

/*
 * Judge bare history files (text or binary, told apart by their first bytes), all of one target:
 * headers that contradict each other are an ERROR_USER.
 */
int check_files(const char *const *paths, size_t n, const struct check_options *options,
		struct verdict *ret, struct error *err);

/* The kind and its reason, once all is counted and the facts are there. bare: no facts but what the
 * options said. */
void verdict_decide(struct verdict *verdict, bool bare);

/* Whether what was read is what was expected: 0, 1 or 3 as `stalemate` exits (decisions: 1 is an
 * unexpected violation or an expected one with enough exposures that did not show; 3 is invalid,
 * error, inconclusive, too few exposures). Without an expectation `consistent` is expected. */
int check_read_status(const struct verdict *verdict);

/* The same of the whole cell: replicas that differ are a 1, unless the cell is invalid, or was
 * expected to be violated, and is. */
int check_exit_status(const struct verdict *verdict);

/* One status for all: 1 wins, then 3, then 0. */
int check_exit_status_all(const struct verdict *verdicts, size_t n);

#endif
