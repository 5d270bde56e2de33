/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest.c - see manifest.h. */
#include "run/manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "common/clock.h"
#include "common/parse.h"
#include "rundir/rundir.h"
#include "host/process.h"

static json_t *utc(int64_t seconds)
{
	time_t time = (time_t)seconds;
	char text[32];
	struct tm tm;

	if (!seconds || !gmtime_r(&time, &tm))
		return json_null();
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static json_t *decimal(uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return json_string(text);
}

/* First line that `mkfs.gfs2 -V` prints. */
static json_t *gfs2_utils(void)
{
	const char *argv[] = {"mkfs.gfs2", "-V", NULL};
	struct process_result result;
	char clean[128];
	json_t *ret;

	if (process_run(argv, 10 * NS_PER_S, NULL, &result, NULL) < 0)
		return json_null();
	ret = json_string(printable(result.out, strcspn(result.out, "\n"), clean, sizeof(clean)));
	process_result_done(&result);
	return ret;
}

int manifest_write(const struct manifest *m, const char *run, struct error *err)
{
	char uuid[37], *path, *text = NULL;
	struct utsname host;
	json_t *root;
	int result;

	uname(&host);
	format_uuid(m->uuid, uuid);
	root = json_pack(
		"{s:i, s:s, s:s, s:s, s:o, s:o, s:o, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:o, "
		"s:s}}",
		"schema", 1, "uuid", uuid, "plan", m->plan, "command", m->command_line, "seed",
		decimal(m->seed), "started", utc(m->started_s), "ended", utc(m->ended_s),
		"accelerator", m->accelerator, "versions", "stalemate", VERSION, "agent", m->agent,
		"host_kernel", host.release, "guest_kernel", m->guest_kernel, "hypervisor",
		m->hypervisor, "gfs2_utils", gfs2_utils(), "guest_packages", m->packages);
	path = rundir_path(run, NULL, "run.json");
	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	if (text && path)
		result = rundir_write_file(path, text, strlen(text), err);
	else
		result = error_set(err, ERROR_WORLD, "out of memory");
	free(text);
	free(path);
	json_decref(root);
	return result;
}
