/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_plan.h - what `run` and `demo` have in common (cmd_run.c): a plan from start to verdict. */
#ifndef CONTROLLER_RUN_PLAN_H
#define CONTROLLER_RUN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/plan.h"
#include "site/accelerator.h"

struct run_options {
	const char *purpose;   /* "run" or "demo" */
	const char *plan_path; /* NULL = the built-in plan */
	const char *out;       /* run directory; NULL = runs/UTC-PLAN */
	const char *only;      /* NULL = all cells */
	uint64_t seed;
	uint64_t boot_ns;	/* 0 = the usual deadline */
	const char *ssh_config; /* NULL = the user's own */
	enum accelerator accelerator;
	bool cold, dry_run;
};

/* Parse the options that both have. Returns -1 to go on, or an exit status. */
int run_options_parse(int argc, char **argv, struct run_options *ret);

/* Carry it out, print progress on stderr and the verdict table on stdout. Returns the status. */
int run_plan(const struct run_options *options);

#endif
