/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_display.h - what a run says while it is under way: its steps, and what each cell showed.
 *
 * To say the latter it reads the cell's files, as `check` does, and writes their text twin first.
 */
#ifndef CONTROLLER_RUN_DISPLAY_H
#define CONTROLLER_RUN_DISPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "plan/plan.h"
#include "run/runner.h"
#include "host/progress.h"

struct watch;

struct run_display {
	/* set by the caller */
	const struct plan *plan;
	const char *run; /* the run directory */
	FILE *out;
	bool terminal; /* steps in one line that is rewritten, else in a line each */
	/* to be read */
	const struct cell *cell; /* the one under way, or the last; NULL: none has begun */
	/* private */
	struct progress progress;
	size_t index, cells_done;
	uint64_t start, cells_start, cell_start;
	struct watch *watch; /* of this cell; NULL: not watched */
	unsigned violated;   /* units, by the watch */
};

/* The run begins now, and the runner tells the display of it: its progress, context, begin, end and
 * record are set. The display must stay where it is until the run has ended. */
void run_display_begin(struct run_display *display, struct runner *runner);

/* Take the rewritten line away, release what the display holds. */
void run_display_end(struct run_display *display);

#endif
