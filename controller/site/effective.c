/* SPDX-License-Identifier: GPL-2.0-or-later */
/* effective.c - see effective.h; the table of modes is that of qemu(1), -drive cache=. */
#include "site/effective.h"

#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
	enum cache_mode mode;
	bool writeback, direct, no_flush;
} modes[] = {
	{CACHE_NONE, true, true, false},	   {CACHE_DIRECTSYNC, false, true, false},
	{CACHE_WRITETHROUGH, false, false, false}, {CACHE_WRITEBACK, true, false, false},
	{CACHE_UNSAFE, true, false, true},
};

static bool flag(const json_t *cache, const char *name, bool *ret)
{
	const json_t *value = json_object_get(cache, name);

	*ret = json_is_true(value);
	return json_is_boolean(value);
}

int effective_parse_query_block(const char *reply, const char *device, struct effective *ret,
				struct error *err)
{
	json_t *root = json_loads(reply, 0, NULL), *drive;
	const json_t *inserted, *cache;
	const char *file;
	int result = -1;
	size_t i;

	json_array_foreach(json_object_get(root, "return"), i, drive)
	{
		inserted = json_object_get(drive, "inserted");
		cache = json_object_get(inserted, "cache");
		file = json_string_value(json_object_get(inserted, "file"));
		if (!file || strcmp(file, device))
			continue;
		if (flag(cache, "writeback", &ret->writeback) &&
		    flag(cache, "direct", &ret->direct) && flag(cache, "no-flush", &ret->no_flush))
			result = 0;
		break;
	}
	json_decref(root);
	if (result < 0)
		error_set(err, ERROR_WORLD, "QEMU's query-block says nothing of the cache of %s",
			  device);
	return result;
}

/* O_DIRECT from the "flags:" line (octal) of an fdinfo file. */
static bool read_direct(const char *path, bool *ret)
{
	unsigned flags;
	char line[256];
	bool got = false;
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return false;
	while (!got && fgets(line, sizeof(line), file))
		got = sscanf(line, "flags: %o", &flags) == 1;
	fclose(file);
	if (got)
		*ret = flags & O_DIRECT;
	return got;
}

int effective_host_direct(pid_t pid, const char *device, bool *ret, struct error *err)
{
	unsigned with = 0, without = 0;
	struct stat wanted, opened;
	struct dirent *entry;
	char path[512];
	bool direct;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	if (!dir || stat(device, &wanted) < 0) {
		error_set_errno(err, ERROR_WORLD, "%s", dir ? device : path);
		if (dir)
			closedir(dir);
		return -1;
	}
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%s", (int)pid, entry->d_name);
		if (entry->d_name[0] == '.' || stat(path, &opened) < 0 ||
		    !S_ISBLK(opened.st_mode) || opened.st_rdev != wanted.st_rdev)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", (int)pid, entry->d_name);
		if (read_direct(path, &direct))
			*(direct ? &with : &without) += 1;
	}
	closedir(dir);
	if (!with == !without)
		return error_set(err, ERROR_WORLD,
				 "QEMU (pid %d) has %s open %u times with O_DIRECT "
				 "and %u times without",
				 (int)pid, device, with, without);
	*ret = with;
	return 0;
}

int effective_mode(const struct effective *effective, enum cache_mode *ret, struct error *err)
{
	size_t i;

	if (effective->direct != effective->host_direct)
		return error_set(err, ERROR_WORLD,
				 "QEMU says cache.direct=%s but its descriptor has O_DIRECT %s",
				 effective->direct ? "on" : "off",
				 effective->host_direct ? "set" : "clear");
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (modes[i].writeback == effective->writeback &&
		    modes[i].direct == effective->direct &&
		    modes[i].no_flush == effective->no_flush) {
			*ret = modes[i].mode;
			return 0;
		}
	}
	return error_set(err, ERROR_WORLD, "writeback=%d direct=%d no-flush=%d is no cache mode",
			 effective->writeback, effective->direct, effective->no_flush);
}
