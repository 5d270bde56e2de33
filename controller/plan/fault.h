/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault.h - what a plan may do to a cell while its workload runs, and when.
 *
 *   guest-pause-a   the guest's processors stand still, and go on after a while (fault-for)
 *   cache-drop-a    host a writes back and forgets what it has cached of the volume
 *
 * Others have a name, so that a plan may say what it expects of cells that a later version runs.
 */
#ifndef PLAN_FAULT_H
#define PLAN_FAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_GUEST_KILL,
	FAULT_HOST_CRASH,
	FAULT_GUEST_PAUSE,
	FAULT_CACHE_DROP,
	FAULT_REPLICATION_CUT,
	FAULT_CLUSTER_CUT,
};

struct fault {
	const char *name; /* guest-pause-a */
	enum fault_kind kind;
	uint8_t node;	  /* whose; 0 where it is of both */
	bool carried_out; /* by this version */
};

/* The fault of that name: a constant. NULL with ERROR_USER, which lists them. */
const struct fault *fault_find(const char *name, struct error *err);

/* The same of those that this version carries out. */
const struct fault *fault_find_carried_out(const char *name, struct error *err);

enum fault_when {
	FAULT_AT_RANDOM, /* at any step of the workload, as the run's seed has it */
	FAULT_AFTER,	 /* as soon as `n` operations have been begun */
	FAULT_IN_ROUND,	 /* with the first step of round `n`, from 1 */
};

struct fault_moment {
	enum fault_when when;
	uint64_t n;
};

/* "random", "after 100 operations", "round 2". -1 with ERROR_USER; *ret is not set then. */
int fault_moment_parse(const char *text, struct fault_moment *ret, struct error *err);

#endif
