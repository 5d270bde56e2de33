/* SPDX-License-Identifier: GPL-2.0-or-later */
/* merge_verdicts.c - see merge_verdicts.h. */
#include "merge_verdicts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/join.h"

static int check_alike(char *const *paths, const struct report_read *files, size_t i,
		       struct error *err)
{
	if (strcmp(files[0].run, files[i].run))
		return error_set(err, ERROR_USER,
				 "%s and %s are of different runs; only the shards of one can be "
				 "joined",
				 paths[0], paths[i]);
	if (files[0].n != files[i].n)
		return error_set(err, ERROR_USER, "%s has %zu cells and %s has %zu", paths[0],
				 files[0].n, paths[i], files[i].n);
	return 0;
}

/* Cell number `cell` of all files. */
static int join_cell(const struct report_read *files, size_t n, size_t cell, struct verdict *ret,
		     struct error *err)
{
	struct verdict *parts = calloc(n, sizeof(*parts));
	const char *id = files[0].verdicts[cell].facts.id;
	int result;
	size_t i;

	if (!parts)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < n; i++)
		parts[i] = files[i].verdicts[cell]; /* what they own stays with the files */
	result = verdict_join(parts, n, ret, err);
	free(parts);
	if (result < 0 && *id)
		error_prefix(err, "cell %s", id);
	return result;
}

static int join_files(const struct report_read *files, size_t n, struct report_read *ret,
		      struct error *err)
{
	struct report_read whole = {.n = 0};

	whole.verdicts = calloc(files[0].n + 1, sizeof(*whole.verdicts));
	if (!whole.verdicts)
		return error_set(err, ERROR_WORLD, "out of memory");
	memcpy(whole.run, files[0].run, sizeof(whole.run));
	for (; whole.n < files[0].n; whole.n++) {
		if (join_cell(files, n, whole.n, &whole.verdicts[whole.n], err) < 0) {
			report_read_done(&whole);
			return -1;
		}
	}
	if (report_check("the shards together", &whole, err) < 0) {
		report_read_done(&whole);
		return -1;
	}
	*ret = whole;
	return 0;
}

int merge_verdicts(char *const *paths, size_t n, struct report_read *ret, struct error *err)
{
	struct report_read *files = calloc(n, sizeof(*files));
	int result = -1;
	size_t i;

	if (!files)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < n; i++) {
		if (report_read_file(paths[i], &files[i], err) < 0 ||
		    check_alike(paths, files, i, err) < 0)
			goto out;
	}
	if (!files[0].n)
		error_set(err, ERROR_USER, "%s: no cells in it", paths[0]);
	else
		result = join_files(files, n, ret, err);
out:
	for (i = 0; i < n; i++)
		report_read_done(&files[i]);
	free(files);
	return result;
}
