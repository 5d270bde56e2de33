/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * await_mount.c - see await_mount.h.
 *
 * mountinfo and not statfs(2): a cluster file system whose cluster hangs would hang us too.
 *
 * A GFS2 that was mounted without the cluster's locks works perfectly on each node and destroys
 * itself with two. The options say so if it was mounted that way by option; where the superblock
 * says it, only sysfs does.
 */
#include "agent/await_mount.h"

#include <limits.h>
#include <string.h>

#include "agent/mount_table.h"

static bool has_option(const char *options, const char *option)
{
	size_t len = strlen(option);

	for (; *options; options += strcspn(options, ",") + (options[strcspn(options, ",")] != 0)) {
		if (!strncmp(options, option, len) && (options[len] == ',' || !options[len]))
			return true;
	}
	return false;
}

/* The lock protocol of the GFS2 on device `number`, as the kernel says; "" if it does not. */
static void lock_protocol(const char *gfs2, const char *number, char ret[32])
{
	char table[NAME_MAX + 1];

	ret[0] = 0;
	if (fs_name_gfs2(gfs2, number, table))
		fs_name_gfs2_word(gfs2, table, "lock_module/proto_name", ret, 32);
}

static int check_locks(const struct mount_entry *mount, const char *gfs2, struct error *err)
{
	static const char *const alone[] = {"lockproto=lock_nolock", "localflocks"};
	const char *why = NULL;
	char protocol[32];
	size_t i;

	for (i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
		if (has_option(mount->options, alone[i]))
			why = alone[i];
	}
	if (!why && !strcmp(mount->fstype, "gfs2")) {
		lock_protocol(gfs2, mount->number, protocol);
		if (!strcmp(protocol, "lock_nolock"))
			why = "lock_nolock";
	}
	if (!why)
		return 1;
	return error_set(err, ERROR_WORLD,
			 "%s (%s) is mounted with %s: it locks for this node alone, and two nodes "
			 "destroy it; mount it with the cluster's locks",
			 mount->point, mount->source, why);
}

int await_mount_look(const struct fs_name_places *places, const struct message_await *m,
		     struct error *err)
{
	struct mount_entry mount;

	if (m->directory[0] != '/' || !m->fstype[0])
		return error_set(err, ERROR_USER,
				 "awaiting '%.40s' on '%.200s': a type of file system and an "
				 "absolute path are needed",
				 m->fstype, m->directory);
	if (!mount_table_find(places->mounts, m->directory, &mount, err))
		return 0;
	if (strcmp(mount.fstype, m->fstype) != 0) {
		error_set(err, ERROR_WORLD, "%s is on %s (%s), not %s", m->directory, mount.fstype,
			  mount.source, m->fstype);
		return 0;
	}
	return check_locks(&mount, places->gfs2, err);
}
