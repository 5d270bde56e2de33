/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rundir.c - the folders of a run.
 *
 * A run directory may come from another machine, so what is read from it is untrusted: only
 * regular files are read and only up to a limit (a FIFO would block, a device would never end),
 * names of cells are of a small alphabet (they go into paths and messages), links are not
 * followed where cells are listed.
 */
#include "rundir/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CELLS_MAX 10000
#define CELL_NAME_MAX 63

static const char *const folders[] = {"domains", "consoles", "canary", "cells"};

char *rundir_path(const char *run, const char *cell, const char *name)
{
	char *path;
	int used;

	if (cell)
		used = asprintf(&path, "%s/cells/%s/%s", run, cell, name);
	else
		used = asprintf(&path, "%s/%s", run, name);
	return used < 0 ? NULL : path;
}

static int out_of_memory(struct error *err)
{
	return error_set(err, ERROR_WORLD, "out of memory");
}

/* One level; existing is fine. */
static int make_folder(const char *path, struct error *err)
{
	struct stat st;

	if (!mkdir(path, 0777))
		return 0;
	if (errno != EEXIST)
		return error_set_errno(err, ERROR_WORLD, "cannot create the folder %s", path);
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return error_set(err, ERROR_USER, "%s exists and is not a folder", path);
	return 0;
}

static int make_folders(const char *path, struct error *err)
{
	char *copy = strdup(path), *slash;
	int ret = -1;

	if (!copy)
		return out_of_memory(err);
	for (slash = copy + 1; *copy && (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		if (make_folder(copy, err) < 0)
			goto out;
		*slash = '/';
	}
	ret = make_folder(copy, err);
out:
	free(copy);
	return ret;
}

static int refuse_non_empty(const char *path, struct error *err)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool empty = true;

	if (!dir)
		return error_set_errno(err, ERROR_WORLD, "cannot read the folder %s", path);
	while (empty && (entry = readdir(dir)))
		empty = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..");
	closedir(dir);
	if (!empty)
		return error_set(err, ERROR_USER,
				 "%s is not empty; give a new folder for the run, or remove it",
				 path);
	return 0;
}

int rundir_create(const char *run, struct error *err)
{
	char *path;
	size_t i;
	int ret;

	if (!*run)
		return error_set(err, ERROR_USER, "the run directory has an empty name");
	if (make_folders(run, err) < 0 || refuse_non_empty(run, err) < 0)
		return -1;
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		path = rundir_path(run, NULL, folders[i]);
		ret = path ? make_folder(path, err) : out_of_memory(err);
		free(path);
		if (ret < 0)
			return -1;
	}
	return 0;
}

int rundir_create_cell(const char *run, const char *cell, struct error *err)
{
	char *path = rundir_path(run, cell, "");
	int ret = path ? make_folder(path, err) : out_of_memory(err);

	free(path);
	return ret;
}

char *rundir_default_name(const char *plan_name, int64_t now_s)
{
	time_t now = (time_t)now_s;
	struct tm tm;
	char utc[32];
	char *name;

	if (!gmtime_r(&now, &tm) || !strftime(utc, sizeof(utc), "%Y%m%dT%H%M%SZ", &tm))
		return NULL;
	return asprintf(&name, "runs/%s-%s", utc, plan_name) < 0 ? NULL : name;
}

/* "…/runs" and "NAME" of "…/runs/NAME"; false when the parent is called otherwise. */
static bool split_runs(char *path, const char **ret_parent, const char **ret_name)
{
	size_t len = strlen(path);
	char *slash, *last;

	while (len > 1 && path[len - 1] == '/')
		path[--len] = 0;
	slash = strrchr(path, '/');
	if (!slash || slash == path)
		return false;
	*slash = 0;
	last = strrchr(path, '/');
	*ret_parent = path;
	*ret_name = slash + 1;
	return !strcmp(last ? last + 1 : path, "runs") && strcmp(slash + 1, "last");
}

int rundir_set_last(const char *run, struct error *err)
{
	char *copy = strdup(run), *fresh = NULL, *last = NULL;
	const char *parent, *name;
	int ret = -1;

	if (!copy)
		goto memory;
	if (!split_runs(copy, &parent, &name)) {
		ret = 0;
		goto out;
	}
	if (asprintf(&last, "%s/last", parent) < 0) {
		last = NULL;
		goto memory;
	}
	if (asprintf(&fresh, "%s/.last.%d", parent, (int)getpid()) < 0) {
		fresh = NULL;
		goto memory;
	}
	/* made beside and moved over: readers find the old run or the new one, never nothing */
	unlink(fresh);
	if (symlink(name, fresh) < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot create %s", fresh);
		goto out;
	}
	if (rename(fresh, last) < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot point %s to %s", last, name);
		unlink(fresh);
		goto out;
	}
	ret = 0;
	goto out;
memory:
	out_of_memory(err);
out:
	free(fresh);
	free(last);
	free(copy);
	return ret;
}

bool rundir_is_run(const char *path)
{
	char *cells = rundir_path(path, NULL, "cells");
	struct stat st;
	bool is = cells && !stat(cells, &st) && S_ISDIR(st.st_mode);

	free(cells);
	return is;
}

static bool is_cell_name(const char *name)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return name[0] != '.' && strlen(name) <= CELL_NAME_MAX && !name[strspn(name, alphabet)];
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_cells(DIR *dir, const char *run, char **cells, struct error *err)
{
	const struct dirent *entry;
	struct stat st;
	size_t n = 0;

	while ((entry = readdir(dir))) {
		if (!is_cell_name(entry->d_name) ||
		    fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISDIR(st.st_mode))
			continue;
		if (n == CELLS_MAX)
			return error_set(err, ERROR_USER, "%s: more than %d cells", run, CELLS_MAX);
		cells[n] = strdup(entry->d_name);
		if (!cells[n++])
			return out_of_memory(err);
	}
	qsort(cells, n, sizeof(cells[0]), by_name);
	return 0;
}

char **rundir_cells(const char *run, struct error *err)
{
	char *path = rundir_path(run, NULL, "cells");
	DIR *dir = path ? opendir(path) : NULL;
	char **cells = NULL;
	struct stat st;

	if (!dir) {
		if (stat(run, &st) < 0)
			error_set_errno(err, ERROR_USER, "%s", run);
		else
			error_set(err, ERROR_USER,
				  "%s is not a run directory: it has no folder 'cells'", run);
		goto out;
	}
	cells = calloc(CELLS_MAX + 1, sizeof(*cells));
	if (!cells) {
		out_of_memory(err);
		goto out;
	}
	if (read_cells(dir, run, cells, err) < 0) {
		rundir_free_cells(cells);
		cells = NULL;
	}
out:
	if (dir)
		closedir(dir);
	free(path);
	return cells;
}

void rundir_free_cells(char **cells)
{
	size_t i;

	for (i = 0; cells && cells[i]; i++)
		free(cells[i]);
	free(cells);
}
