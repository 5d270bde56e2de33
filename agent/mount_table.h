/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount_table.h - what is mounted in this guest, as the kernel lists it. */
#ifndef AGENT_MOUNT_TABLE_H
#define AGENT_MOUNT_TABLE_H

#include <limits.h>
#include <stdbool.h>

#include "common/error.h"

#define MOUNT_TABLE "/proc/self/mountinfo"

#define MOUNT_NUMBER_MAX 32 /* of "253:2", terminator included */

/* One line of it. */
struct mount_entry {
	char number[MOUNT_NUMBER_MAX]; /* of the device: "253:2" */
	char point[PATH_MAX];
	char fstype[64], source[256], options[1024];
};

/*
 * What an absolute path lies on. mounts: MOUNT_TABLE, or a test's. Symbolic links are not followed,
 * and no file system but /proc is touched: it never hangs. False with *err (ERROR_WORLD) if that
 * cannot be told; then *ret is not set.
 */
bool mount_table_find(const char *mounts, const char *directory, struct mount_entry *ret,
		      struct error *err);

/* What is mounted of the device with that number; the first of several mounts. False as above, but
 * that there is no reason. */
bool mount_table_find_device(const char *mounts, const char *number, struct mount_entry *ret);

#endif
