/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * await_mount.c - see await_mount.h.
 *
 * mountinfo and not statfs(2): a cluster file system whose cluster hangs would hang us too. What a
 * path lies on is the mount whose mount point is the longest beginning of it; of several at one
 * place it is the last, which covers the others. Symbolic links are not followed.
 *
 * A GFS2 that was mounted without the cluster's locks works perfectly on each node and destroys
 * itself with two. The options say so if it was mounted that way by option; where the superblock
 * says it, only sysfs does.
 */
#include "agent/await_mount.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_FIELDS 16

/* One line of mountinfo. */
struct mount {
	char number[32]; /* of the device: "253:2" */
	char point[PATH_MAX];
	char fstype[64], source[256], options[1024];
};

/* "\040" for a blank, and the like. */
static void unescape(const char *from, char *ret, size_t size)
{
	size_t n = 0;

	while (*from && n + 1 < size) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			ret[n++] = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
					  (from[3] - '0'));
			from += 4;
		} else {
			ret[n++] = *from++;
		}
	}
	ret[n] = 0;
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG...] - FSTYPE SOURCE SUPEROPTIONS */
static bool parse_line(char *line, struct mount *ret)
{
	char *field[LINE_FIELDS], *at = line, *word;
	unsigned n = 0, dash;

	while (n < LINE_FIELDS && (word = strsep(&at, " \n"))) {
		if (*word)
			field[n++] = word;
	}
	for (dash = 6; dash < n && strcmp(field[dash], "-") != 0; dash++)
		;
	if (dash + 2 >= n)
		return false;
	snprintf(ret->number, sizeof(ret->number), "%s", field[2]);
	unescape(field[4], ret->point, sizeof(ret->point));
	snprintf(ret->fstype, sizeof(ret->fstype), "%s", field[dash + 1]);
	unescape(field[dash + 2], ret->source, sizeof(ret->source));
	snprintf(ret->options, sizeof(ret->options), "%s,%s", field[5],
		 dash + 3 < n ? field[dash + 3] : "");
	return true;
}

static bool lies_below(const char *path, const char *point)
{
	size_t len = strlen(point);

	if (len && point[len - 1] == '/')
		len--;
	return !strncmp(path, point, len) && (!path[len] || path[len] == '/');
}

/* What the directory lies on; false with *err if that cannot be told. */
static bool find_mount(const char *mounts, const char *directory, struct mount *ret,
		       struct error *err)
{
	FILE *file = fopen(mounts, "re");
	struct mount mount;
	char *line = NULL;
	size_t size = 0, best = 0;
	bool found = false;

	if (!file) {
		error_set_errno(err, ERROR_WORLD, "cannot read %s", mounts);
		return false;
	}
	while (getline(&line, &size, file) > 0) {
		if (!parse_line(line, &mount) || !lies_below(directory, mount.point) ||
		    strlen(mount.point) < best)
			continue;
		best = strlen(mount.point);
		found = true;
		*ret = mount;
	}
	free(line);
	fclose(file);
	if (!found)
		error_set(err, ERROR_WORLD, "%s is on no mounted file system", directory);
	return found;
}

static bool has_option(const char *options, const char *option)
{
	size_t len = strlen(option);

	for (; *options; options += strcspn(options, ",") + (options[strcspn(options, ",")] != 0)) {
		if (!strncmp(options, option, len) && (options[len] == ',' || !options[len]))
			return true;
	}
	return false;
}

/* The first word of the file "NAME/file" below `folder`; "" if it cannot be read. */
static void read_word(int folder, const char *name, const char *file, char *ret, size_t size)
{
	char path[NAME_MAX + 32];
	ssize_t got = -1;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", name, file);
	fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		got = read(fd, ret, size - 1);
		close(fd);
	}
	ret[got > 0 ? got : 0] = 0;
	ret[strcspn(ret, " \n")] = 0;
}

/* The lock protocol of the GFS2 on device `number`, as the kernel says; "" if it does not. */
static void lock_protocol(const char *gfs2, const char *number, char ret[32])
{
	DIR *folder = opendir(gfs2);
	struct dirent *entry;
	char id[32];

	ret[0] = 0;
	while (folder && !ret[0] && (entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		read_word(dirfd(folder), entry->d_name, "id", id, sizeof(id));
		if (!strcmp(id, number))
			read_word(dirfd(folder), entry->d_name, "lock_module/proto_name", ret, 32);
	}
	if (folder)
		closedir(folder);
}

static int check_locks(const struct mount *mount, const char *gfs2, struct error *err)
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

int await_mount_look(const char *mounts, const char *gfs2, const struct message_await *m,
		     struct error *err)
{
	struct mount mount;

	if (m->directory[0] != '/' || !m->fstype[0])
		return error_set(err, ERROR_USER,
				 "awaiting '%.40s' on '%.200s': a type of file system and an "
				 "absolute path are needed",
				 m->fstype, m->directory);
	if (!find_mount(mounts, m->directory, &mount, err))
		return 0;
	if (strcmp(mount.fstype, m->fstype) != 0) {
		error_set(err, ERROR_WORLD, "%s is on %s (%s), not %s", m->directory, mount.fstype,
			  mount.source, m->fstype);
		return 0;
	}
	return check_locks(&mount, gfs2, err);
}
