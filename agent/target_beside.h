/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target_beside.h - what a target opens at first use beside its ways; for target*.c only. */
#ifndef AGENT_TARGET_BESIDE_H
#define AGENT_TARGET_BESIDE_H

#include "agent/target.h"

void target_beside_init(struct target *target);
void target_beside_close(struct target *target);

/* "log.00" for file 0; "tail.00"; "names.00". */
void target_log_name(unsigned file, char ret[16]);
void target_tail_name(unsigned file, char ret[16]);
void target_names_name(unsigned file, char ret[16]);

/* Open a file of the target's directory, for reading and writing, with `flags` beside; it must be a
 * regular one with one name. -1 with *err (ERROR_WORLD). */
int target_beside_open(const struct target *target, const char *name, int flags, struct error *err);

#define CHURN_PREFIX "c" /* of entries that are no slot's */

/* A descriptor of the file's directory of names, to be closed by our caller. */
int target_names_open(const struct target *target, unsigned file, struct error *err);

/* Remove a file's directory of names, and the entries in it that are ours; `target` is the target's
 * directory. 0 if there is none. -1 with *err (ERROR_WORLD), as when something else is in it. */
int target_names_remove(int target, unsigned file, struct error *err);

#endif
