/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge_run.c - see judge_run.h. */
#include "judge_run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/canary.h"
#include "common/parse.h"
#include "rundir/rundir.h"

#define RUN_JSON_MAX (1024 * 1024)

void judge_done(struct verdict *verdicts, size_t n)
{
	size_t i;

	for (i = 0; verdicts && i < n; i++)
		verdict_done(&verdicts[i]);
	free(verdicts);
}

static int judge_cells(const char *run, char *const *cells, const char *only,
		       const struct check_options *options, struct verdict *ret, size_t *ret_n,
		       struct error *err)
{
	static const struct check_options defaults;
	size_t i;

	*ret_n = 0;
	for (i = 0; cells[i]; i++) {
		if (only && strcmp(only, cells[i]))
			continue;
		if (check_cell(run, cells[i], options ? options : &defaults, &ret[*ret_n], err) < 0)
			return -1;
		(*ret_n)++;
	}
	if (*ret_n)
		return 0;
	if (only)
		return error_set(err, ERROR_USER, "%s has no cell '%s'", run, only);
	return error_set(err, ERROR_USER, "%s has no cells: nothing was run", run);
}

/* A judge that misses the faults planted in every run is not to be believed about its cells. */
static void doubt_all(struct verdict *verdicts, size_t n, const char *why)
{
	size_t i;

	for (i = 0; i < n; i++) {
		verdicts[i].kind = VERDICT_INVALID;
		snprintf(verdicts[i].reason, sizeof(verdicts[i].reason), "%.900s", why);
	}
}

int judge_run(const char *run, const char *only_cell, const struct check_options *options,
	      struct verdict **ret, size_t *ret_n, struct error *err)
{
	char **cells = rundir_cells(run, err);
	struct verdict *verdicts;
	struct error missed;
	size_t n = 0;
	int result = -1;

	if (!cells)
		return -1;
	while (cells[n])
		n++;
	verdicts = calloc(n + 1, sizeof(*verdicts));
	if (!verdicts) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	if (judge_cells(run, cells, only_cell, options, verdicts, &n, err) < 0) {
		judge_done(verdicts, n);
		goto out;
	}
	if (canary_check(run, &missed) < 0)
		doubt_all(verdicts, n, missed.text);
	*ret = verdicts;
	*ret_n = n;
	result = 0;
out:
	rundir_free_cells(cells);
	return result;
}

char *judge_run_uuid(const char *run, char ret[RUN_UUID_SIZE])
{
	char *path = rundir_path(run, NULL, "run.json");
	char *text = path ? rundir_read_file(path, RUN_JSON_MAX, NULL, NULL) : NULL;
	json_t *root = text ? json_loads(text, 0, NULL) : NULL;
	const char *value = json_string_value(json_object_get(root, "uuid"));
	uint8_t uuid[16];

	ret[0] = 0;
	if (value && !parse_uuid(value, "uuid", uuid, NULL))
		format_uuid(uuid, ret);
	json_decref(root);
	free(text);
	free(path);
	return ret;
}
