/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_workload.c - `stalemate workload list` and `stalemate workload check FILE`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "plan/workload.h"
#include "rundir/rundir.h"

#define TEXT_MAX (64 * 1024)

static void print_one(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	char *text = rundir_read_file(path, TEXT_MAX, NULL, NULL);
	char summary[256] = "";

	if (text)
		workload_summary(text, summary, sizeof(summary));
	printf("%-16.*s %s\n", (int)(strlen(name) - strlen(".workload")), name, summary);
	free(text);
}

static int list(void)
{
	char **dirs = workload_dirs(), **paths = NULL;
	struct error err;
	int status = 0;
	size_t i;

	if (dirs)
		paths = workload_list(dirs, &err);
	else
		error_set(&err, ERROR_WORLD, "out of memory");
	if (!paths) {
		status = command_fail(&err);
		goto out;
	}
	for (i = 0; paths[i]; i++)
		print_one(paths[i]);
	if (paths[0])
		goto out;
	fprintf(stderr, "stalemate: no workload found; looked in:");
	for (i = 0; dirs[i]; i++)
		fprintf(stderr, " %s", dirs[i]);
	fputc('\n', stderr);
	status = 3;
out:
	workload_free_list(paths);
	workload_free_list(dirs);
	return status;
}

static int check(const char *path)
{
	char summary[256] = "", *text;
	struct workload w;
	struct error err;

	if (workload_read(path, &w, &err) < 0)
		return command_fail(&err);
	printf("%s: %u steps, %u units in %u files, %u rounds\n", w.name, w.n_steps, w.units,
	       w.files, w.rounds);
	text = rundir_read_file(path, TEXT_MAX, NULL, NULL);
	if (text)
		workload_summary(text, summary, sizeof(summary));
	if (summary[0])
		printf("%s\n", summary);
	free(text);
	return 0;
}

static int run(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "list"))
		return list();
	if (argc == 3 && !strcmp(argv[1], "check"))
		return check(argv[2]);
	fprintf(stderr, "stalemate workload: 'list' or 'check FILE' is expected; "
			"`stalemate workload --help` explains\n");
	return 2;
}

const struct command command_workload = {
	.name = "workload",
	.summary = "list the workload texts, or check one",
	.usage = "usage: stalemate workload list\n"
		 "       stalemate workload check FILE\n"
		 "\n"
		 "  list    the workloads a plan can name, each with what it shows. They are "
		 "looked\n"
		 "          for in $STALEMATE_WORKLOADS if that is set, else in ./workloads and\n"
		 "          beside the program.\n"
		 "  check   read FILE and say what is wrong with it (docs/workload-format.md)\n"
		 "\n"
		 "Exit status: 0, 2 a mistake in FILE or the usage, 3 no workload found.\n",
	.run = run,
};
