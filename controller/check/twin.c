/* SPDX-License-Identifier: GPL-2.0-or-later */
/* twin.c - see twin.h. */
#include "check/twin.h"

#include <stdio.h>
#include <stdlib.h>

#include "history/history.h"
#include "history/history_text.h"
#include "rundir/rundir.h"

static int write_text(const char *path, const struct history *history, struct error *err)
{
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);
	int result;

	if (!memory)
		return error_set_errno(err, ERROR_WORLD, "%s", path);
	history_text_print(memory, history);
	if (fclose(memory))
		result = error_set_errno(err, ERROR_WORLD, "%s", path);
	else
		result = rundir_write_file(path, text, size, err);
	free(text);
	return result;
}

int twin_write(const char *run, const char *cell, struct error *err)
{
	char *paths[] = {rundir_path(run, cell, "a.history"), rundir_path(run, cell, "b.history"),
			 rundir_path(run, cell, "history.txt")};
	struct history history;
	int result = -1;

	if (!paths[0] || !paths[1] || !paths[2]) {
		error_set(err, ERROR_WORLD, "out of memory");
	} else if (!history_read((const char *const *)paths, 2, false, &history, err)) {
		result = write_text(paths[2], &history, err);
		history_done(&history);
	}
	free(paths[0]);
	free(paths[1]);
	free(paths[2]);
	return result;
}
