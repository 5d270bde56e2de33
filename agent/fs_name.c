/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fs_name.c - see fs_name.h.
 *
 * By what Linux 6.1 does: GFS2 begins its lines with its lock table, by which its folder in sysfs
 * is called too; the file "id" there has the number of its device. OCFS2 begins them with the name
 * of its block device, which is that of the device in sysfs but for a '/', which is a '!' there.
 * Both have one device, whose number is the st_dev of all their files.
 *
 * Not by statfs(2), which says the type as well: on GFS2 it may take locks of the cluster and read
 * what the test is about.
 */
#include "agent/fs_name.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/mount_table.h"
#include "common/op.h"

const struct fs_name_places fs_name_places = {MOUNT_TABLE, FS_NAME_GFS2, FS_NAME_DEVICES};

void fs_name_gfs2_word(const char *gfs2, const char *table, const char *file, char *ret,
		       size_t size)
{
	char path[2 * PATH_MAX];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/%s/%s", gfs2, table, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, ret, size - 1);
		close(fd);
	}
	ret[got > 0 ? got : 0] = 0;
	ret[strcspn(ret, " \n")] = 0;
}

bool fs_name_gfs2(const char *gfs2, const char *number, char ret[NAME_MAX + 1])
{
	DIR *folder = opendir(gfs2);
	struct dirent *entry;
	char id[MOUNT_NUMBER_MAX];

	ret[0] = 0;
	while (folder && !ret[0] && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		fs_name_gfs2_word(gfs2, entry->d_name, "id", id, sizeof(id));
		if (!strcmp(id, number))
			snprintf(ret, NAME_MAX + 1, "%s", entry->d_name);
	}
	if (folder)
		closedir(folder);
	return ret[0];
}

/* The kernel's name of a block device; "" if it has none. */
static void device_name(const char *devices, const char *number, char ret[NAME_MAX + 1])
{
	char path[PATH_MAX], link[PATH_MAX], *at;
	ssize_t got;

	snprintf(path, sizeof(path), "%s/%s", devices, number);
	got = readlink(path, link, sizeof(link) - 1);
	link[got > 0 ? got : 0] = 0;
	at = strrchr(link, '/');
	snprintf(ret, NAME_MAX + 1, "%.*s", NAME_MAX, at ? at + 1 : link);
	for (at = ret; (at = strchr(at, '!'));)
		*at = '/';
}

char *fs_name_note(const struct fs_name_places *places, dev_t device, char *ret, size_t size)
{
	char number[MOUNT_NUMBER_MAX], name[NAME_MAX + 1] = "";
	struct mount_entry mount;
	const char *type = "unknown";

	snprintf(number, sizeof(number), "%u:%u", major(device), minor(device));
	if (mount_table_find_device(places->mounts, number, &mount))
		type = mount.fstype;
	if (!strcmp(type, "gfs2"))
		fs_name_gfs2(places->gfs2, number, name);
	else if (!strcmp(type, "ocfs2"))
		device_name(places->devices, number, name);
	snprintf(ret, size, EVENT_FILE_SYSTEM "%s %s%s%s", type, number, *name ? " " : "", name);
	return ret;
}
