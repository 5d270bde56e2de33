/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dry_run.h - a plan in words and XML, without touching anything. */
#ifndef CONTROLLER_DRY_RUN_H
#define CONTROLLER_DRY_RUN_H

#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "plan/plan.h"
#include "site/accelerator.h"

/*
 * Print what a run of the plan would do, and where: of the lab and of guests of ours the XML; of
 * the user's guests which disk gets which cache mode, and what is done with them. No host is asked.
 * What only a run finds out (loop devices, ports, the image's folder) stands as a name in braces;
 * accelerator says something of this machine, so only of the lab. What was printed before a failure
 * stays.
 */
int dry_run(const struct plan *plan, uint64_t seed, enum accelerator accelerator, FILE *out,
	    struct error *err);

#endif
