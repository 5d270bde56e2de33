/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target_way.h - the files of a target, open for its roles; used by target*.c only. */
#ifndef AGENT_TARGET_WAY_H
#define AGENT_TARGET_WAY_H

#include "agent/target.h"

/*
 * Open the files of a target in one way, or in two where the roles differ. directory: the target's.
 * -1 with *err (ERROR_WORLD); what is open then is target_ways_close's.
 */
int target_ways_open(struct target *target, const struct target_io io[IO_ROLES], int directory,
		     struct error *err);

/* The same of a device that is open already: the descriptor is taken over, whatever is returned.
 * Both roles' paths have the flags it was opened with. */
int target_ways_take(struct target *target, const struct target_io io[IO_ROLES], int device,
		     struct error *err);

void target_ways_close(struct target *target);

/*
 * target_probe.c: do units of this size go past the page cache? Of each way that claims so, one
 * unit is read, after what is cached of its file was dropped: it must succeed, and leave nothing
 * behind in the cache. target->past_cache and unseen say whether that could be seen. -1 with *err
 * (ERROR_WORLD).
 */
int target_probe(struct target *target, struct error *err);

/* Say it clearly if what has just failed (errno) is O_DIRECT itself. Returns -1. */
int target_blame(const struct target *target, const struct target_way *way, struct error *err);

#endif
