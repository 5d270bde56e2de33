/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload_find.c - where workload texts lie: in a checkout, or where `make install` put them.
 * The program's own folder counts and not only the current one, so that stalemate can be called
 * from anywhere.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/parse.h"
#include "plan/workload.h"

#define SUFFIX ".workload"
#define LIST_MAX 256

/* The folder of the running program; "." when the kernel does not tell. */
static void program_folder(char *ret, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", ret, size - 1);
	char *slash;

	ret[n > 0 ? n : 0] = 0;
	slash = strrchr(ret, '/');
	if (slash)
		*slash = 0;
	else
		snprintf(ret, size, ".");
}

char **workload_dirs(void)
{
	const char *given = getenv("STALEMATE_WORKLOADS");
	char **dirs = calloc(4, sizeof(*dirs));
	char program[4096];
	bool failed;

	if (!dirs)
		return NULL;
	if (given && *given) {
		dirs[0] = strdup(given);
		failed = !dirs[0];
	} else {
		program_folder(program, sizeof(program));
		dirs[0] = strdup("workloads");
		failed = !dirs[0] || asprintf(&dirs[1], "%s/../workloads", program) < 0 ||
			 asprintf(&dirs[2], "%s/../share/stalemate/workloads", program) < 0;
	}
	if (failed) {
		free(dirs[0]);
		free(dirs);
		return NULL;
	}
	return dirs;
}

void workload_free_list(char **list)
{
	size_t i;

	for (i = 0; list && list[i]; i++)
		free(list[i]);
	free(list);
}

char *workload_find(const char *name, char *const *dirs, struct error *err)
{
	char where[1024] = "", *path;
	size_t i, used = 0;

	if (strchr(name, '/') || !*name) {
		error_set(err, ERROR_USER, "workload '%s' is a path; give a name", name);
		return NULL;
	}
	for (i = 0; dirs[i]; i++) {
		if (asprintf(&path, "%s/%s" SUFFIX, dirs[i], name) < 0) {
			error_set(err, ERROR_WORLD, "out of memory");
			return NULL;
		}
		if (!access(path, F_OK))
			return path;
		free(path);
		if (used < sizeof(where))
			used += (size_t)snprintf(where + used, sizeof(where) - used, "%s%s",
						 used ? ", " : "", dirs[i]);
	}
	error_set(err, ERROR_USER, "workload '%s': no file %s" SUFFIX " in %s", name, name, where);
	return NULL;
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

static bool has_suffix(const char *name)
{
	size_t len = strlen(name), suffix = strlen(SUFFIX);

	return name[0] != '.' && len > suffix && !strcmp(name + len - suffix, SUFFIX);
}

/* Add the workloads of one folder that are not in the list yet. Returns their number, or -1. */
static int add_folder(const char *dir, char **list, size_t n)
{
	DIR *stream = opendir(dir);
	const struct dirent *entry;
	size_t i, first = n;

	while (stream && n < LIST_MAX && (entry = readdir(stream))) {
		if (!has_suffix(entry->d_name))
			continue;
		for (i = 0; i < n && strcmp(base_name(list[i]), entry->d_name); i++)
			;
		if (i < n)
			continue;
		if (asprintf(&list[n], "%s/%s", dir, entry->d_name) < 0) {
			list[n] = NULL;
			closedir(stream);
			return -1;
		}
		n++;
	}
	if (stream)
		closedir(stream);
	return (int)(n - first);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

char **workload_list(char *const *dirs, struct error *err)
{
	char **list = calloc(LIST_MAX + 1, sizeof(*list));
	size_t i, n = 0;
	int added = 0;

	for (i = 0; list && added >= 0 && dirs[i]; i++) {
		added = add_folder(dirs[i], list, n);
		n += added > 0 ? (size_t)added : 0;
	}
	if (!list || added < 0) {
		error_set(err, ERROR_WORLD, "out of memory");
		workload_free_list(list);
		return NULL;
	}
	qsort(list, n, sizeof(*list), by_name);
	return list;
}

void workload_summary(const char *text, char *ret, size_t size)
{
	const char *end, *colon, *p;

	ret[0] = 0;
	for (; *text; text = *end ? end + 1 : end) {
		end = text + strcspn(text, "\n");
		if (*text != '#')
			continue;
		p = text + 1 + strspn(text + 1, " \t");
		if (!strncmp(p, "SPDX-", 5) || p >= end)
			continue;
		colon = memchr(p, ':', (size_t)(end - p));
		if (colon && colon == p + strcspn(p, ": \t\n"))
			p = colon + 1 + strspn(colon + 1, " \t");
		printable(p, (size_t)(end - p), ret, size);
		return;
	}
}
