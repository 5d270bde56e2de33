/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * churn.h - metadata without rest: one step of a lane that creates, writes, renames, links,
 * unlinks, lists and flushes in the directories of names (target_names.c), beside the slots.
 *
 * Nothing of it is recorded or judged: it is there for the file system to notice what is wrong.
 */
#ifndef AGENT_CHURN_H
#define AGENT_CHURN_H

#include "agent/target.h"
#include "common/lane_program.h"

/* Of one lane, which is one thread. */
struct churn {
	const struct target *target;
	const struct lane_set *set;
	unsigned lane;
	int directory[TARGET_FILES_MAX];
	unsigned n; /* of them */
	uint8_t buf[UNIT_MIN];
};

/* target and set must outlive it. -1 with *err (ERROR_WORLD): to be closed even so. */
int churn_open(struct churn *churn, const struct target *target, const struct lane_set *set,
	       unsigned lane, struct error *err);
void churn_close(struct churn *churn);

/* Do a step. 0 also if it came too late (somebody else has just removed, or made, the name), or the
 * volume is full. -1 with *err (ERROR_WORLD): the file system does not do what it should. */
int churn_do(const struct churn *churn, uint32_t step, struct error *err);

#endif
