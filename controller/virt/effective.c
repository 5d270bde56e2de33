/* SPDX-License-Identifier: GPL-2.0-or-later */
/* effective.c - see effective.h; the table of modes is that of qemu(1), -drive cache=. */
#include "virt/effective.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"

#define LOOK_NS (60 * NS_PER_S)

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

int effective_count_direct(const char *text, bool *ret, struct error *err)
{
	unsigned with = 0, without = 0, flags;
	const char *line;

	for (line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (sscanf(line, "%o", &flags) == 1)
			*(flags & O_DIRECT ? &with : &without) += 1;
	}
	if (!with == !without)
		return error_set(err, ERROR_WORLD,
				 "QEMU has the device open %u times with O_DIRECT and %u times "
				 "without",
				 with, without);
	*ret = with;
	return 0;
}

/* $1: pid file, $2: device. By device number, since a path may be a link. */
static const char look[] = "pid=$(cat \"$1\") && want=$(stat -Lc %t:%T \"$2\") || exit\n"
			   "for fd in /proc/\"$pid\"/fd/*; do\n"
			   "  [ -b \"$fd\" ] && [ \"$(stat -Lc %t:%T \"$fd\")\" = \"$want\" ] &&\n"
			   "    sed -n 's/^flags:[[:space:]]*//p' \"/proc/$pid/fdinfo/${fd##*/}\"\n"
			   "done\n"
			   "exit 0";

int effective_host_direct(struct host *host, const char *domain, const char *device, bool *ret,
			  struct error *err)
{
	char pid_file[256];
	const char *argv[] = {"sh", "-c", look, "sh", pid_file, device, NULL};
	struct process_result result;
	char clean[256];
	int got;

	snprintf(pid_file, sizeof(pid_file), QEMU_PID_FILE, domain);
	if (host_run(host, argv, LOOK_NS, &result, err) < 0)
		return -1;
	if (result.status)
		got = error_set(err, ERROR_WORLD, "cannot look at the QEMU of %s: %s", domain,
				printable(result.complaint, strcspn(result.complaint, "\n"), clean,
					  sizeof(clean)));
	else
		got = effective_count_direct(result.out, ret, err);
	process_result_done(&result);
	return got;
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
