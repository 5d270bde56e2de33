/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fs_name.h - which file system a target lies on, and by what name the kernel's log speaks of it.
 */
#ifndef AGENT_FS_NAME_H
#define AGENT_FS_NAME_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FS_NAME_GFS2 "/sys/fs/gfs2"
#define FS_NAME_DEVICES "/sys/dev/block"

/* Where it is looked up. */
struct fs_name_places {
	const char *mounts;  /* MOUNT_TABLE (mount_table.h), or a test's; so are the others */
	const char *gfs2;    /* FS_NAME_GFS2 */
	const char *devices; /* FS_NAME_DEVICES */
};

/* The kernel's. */
extern const struct fs_name_places fs_name_places;

/* The lock table of the mounted GFS2 on the device with that number ("253:2"), which is the name of
 * its folder below `gfs2`. False if there is none; then ret is "". */
bool fs_name_gfs2(const char *gfs2, const char *number, char ret[NAME_MAX + 1]);

/* The first word of a file in the folder of that lock table; "" if it cannot be read. */
void fs_name_gfs2_word(const char *gfs2, const char *table, const char *file, char *ret,
		       size_t size);

/*
 * The note (EVENT_FILE_SYSTEM) of the file system that files with this st_dev lie on; what cannot
 * be told is left out. Touches no file system but /proc and /sys: never hangs. Returns ret.
 */
char *fs_name_note(const struct fs_name_places *places, dev_t device, char *ret, size_t size);

#endif
