/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cell_run.h - one cell on a site: volume, disks, mounts, workload, and everything undone. */
#ifndef RUN_CELL_RUN_H
#define RUN_CELL_RUN_H

#include "plan/plan.h"
#include "plan/workload.h"
#include "run/event_log.h"
#include "run/recorder.h"
#include "site/site.h"

struct cell_run {
	const struct plan *plan;
	const struct cell *cell;
	const struct workload *workload;
	const char *run; /* the run directory */
	struct site *site;
	struct event_log *log;
	uint8_t uuid[16]; /* of the run */
	uint32_t volume;  /* unlike that of any other cell of the run */
	uint64_t seed;
	struct record_listener listener;
};

/*
 * Carry the cell out and write its facts and histories. Returns 0 also when the cell failed (its
 * facts say so); *ret_reboot: the guests must not be used for another cell. -1 with *err: the run
 * cannot go on (interrupted, or its directory cannot be written); the facts are written even so.
 */
int cell_run(const struct cell_run *c, bool *ret_reboot, struct error *err);

/* Write the facts of a cell that was not run, and why. */
int cell_run_skip(const struct plan *plan, const struct cell *cell, const char *run,
		  const char *why, struct error *err);

#endif
