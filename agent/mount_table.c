/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mount_table.c - see mount_table.h.
 *
 * What a path lies on is the mount whose mount point is the longest beginning of it; of several at
 * one place it is the last, which covers the others.
 */
#include "agent/mount_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_FIELDS 16

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
static bool parse_line(char *line, struct mount_entry *ret)
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

/* Go on to the next line that can be read; false: there is none. */
static bool next_entry(FILE *file, char **line, size_t *size, struct mount_entry *ret)
{
	while (getline(line, size, file) > 0) {
		if (parse_line(*line, ret))
			return true;
	}
	return false;
}

bool mount_table_find(const char *mounts, const char *directory, struct mount_entry *ret,
		      struct error *err)
{
	FILE *file = fopen(mounts, "re");
	struct mount_entry mount;
	char *line = NULL;
	size_t size = 0, best = 0;
	bool found = false;

	if (!file) {
		error_set_errno(err, ERROR_WORLD, "cannot read %s", mounts);
		return false;
	}
	while (next_entry(file, &line, &size, &mount)) {
		if (!lies_below(directory, mount.point) || strlen(mount.point) < best)
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

bool mount_table_find_device(const char *mounts, const char *number, struct mount_entry *ret)
{
	FILE *file = fopen(mounts, "re");
	struct mount_entry mount;
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (file && !found && next_entry(file, &line, &size, &mount))
		found = !strcmp(mount.number, number);
	if (found)
		*ret = mount;
	free(line);
	if (file)
		fclose(file);
	return found;
}
