/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_corpus.c - a fuzz target over its committed corpus alone, without a fuzzer.
 *
 * Guards against: an input that was once a finding, or that shows a feature of a format, being read
 * otherwise than it must be. The program fuzz_NAME feeds tests/fuzz/corpus/NAME (run it from the
 * top of the tree), or the files it is given.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rundir/rundir.h"
#include "tests/fuzz/fuzz.h"

#define FILE_MAX ((size_t)64 * 1024 * 1024)

static int feed(const char *path)
{
	struct error err;
	size_t size;
	char *data = rundir_read_file(path, FILE_MAX, &size, &err);
	uint8_t *exact;

	if (!data) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	/* A block of just that size, so that a byte too far is found. */
	exact = malloc(size ? size : 1);
	if (!exact)
		fuzz_fail("out of memory");
	memcpy(exact, data, size);
	free(data);
	fprintf(stderr, "%s\n", path); /* the last one said is the one that aborts */
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

/* The corpus of this program: its name after "fuzz_", with dashes. */
static int feed_corpus(const char *name)
{
	char folder[PATH_MAX], path[PATH_MAX + NAME_MAX + 2], *at;
	struct dirent *entry;
	unsigned n = 0, bad = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "tests/fuzz/corpus/%s",
		 strncmp(name, "fuzz_", 5) ? name : name + 5);
	while ((at = strchr(folder, '_')))
		*at = '-';
	dir = opendir(folder);
	if (!dir) {
		fprintf(stderr, "%s: %s; run this from the top of the tree\n", folder,
			strerror(errno));
		return 1;
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		bad += feed(path) < 0;
		n++;
	}
	closedir(dir);
	if (!n)
		fprintf(stderr, "%s: empty\n", folder);
	return bad || !n;
}

int main(int argc, char **argv)
{
	int i, bad = 0;

	if (argc < 2)
		return feed_corpus(program_invocation_short_name);
	for (i = 1; i < argc; i++)
		bad |= feed(argv[i]) < 0;
	return bad;
}
