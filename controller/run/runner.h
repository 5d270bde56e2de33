/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * runner.h - a plan carried out: the one loop over cells, from an empty run directory to a full
 * one. It judges nothing: what has been written is judged by whoever reads it.
 */
#ifndef RUN_RUNNER_H
#define RUN_RUNNER_H

#include "common/record.h"
#include "plan/plan.h"
#include "site/accelerator.h"
#include "host/progress.h"

struct runner {
	const struct plan *plan;
	const char *run;	  /* the run directory, created by the caller */
	const char *purpose;	  /* "demo" or "run" */
	const char *command_line; /* for the record */
	uint64_t seed;
	enum accelerator accelerator;
	uint64_t boot_ns;	/* deadline for guests of ours to boot; 0 = the usual */
	const char *ssh_config; /* NULL: the user's own */
	bool cold;		/* reboot the guests for each cell */
	const struct progress *progress;
	void *context;
	/* Before a cell / once its files are complete. May be NULL. */
	void (*begin)(void *context, const struct cell *cell, size_t index);
	void (*end)(void *context, const struct cell *cell, size_t index);
	/* Each record of the cell under way, once it is in its history. May be NULL. */
	void (*record)(void *context, const struct record *record);
};

/*
 * Everything: site, cells, site put back as it was, even after a failure or an interruption. Cells
 * that were not reached have facts that say so. 0: all cells were reached; -1 with *err otherwise.
 */
int runner_run(const struct runner *runner, struct error *err);

/* The plan's workloads must exist and fit the target; ERROR_USER otherwise. Touches nothing. */
int runner_check(struct plan *plan, struct error *err);

#endif
