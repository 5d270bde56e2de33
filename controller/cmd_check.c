/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_check.c - `stalemate check`: judge a run, or bare histories, again, from files alone.
 *
 * Nothing is written but the answer on stdout: a run directory stays as its run left it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "command.h"
#include "common/parse.h"
#include "judge_run.h"
#include "report/report.h"
#include "rundir/rundir.h"

struct arguments {
	struct check_options check;
	const char *cell;
	bool json, verbose;
	char **paths;
	size_t n_paths;
};

static int usage_error(const char *what, const char *which)
{
	fprintf(stderr, "stalemate check: %s%s; `stalemate check --help` explains\n", what, which);
	return -1;
}

/* A fraction; 0 and, for a confidence, 1 are of no use. */
static int read_fraction(const char *text, const char *what, bool below_one, double *ret)
{
	struct error err;
	double value;

	if (parse_fraction(text, what, &value, &err) < 0)
		return usage_error(err.text, "");
	if (value <= 0 || (below_one && value >= 1))
		return usage_error(what, below_one ? ": above 0 and below 1 is meant"
						   : ": above 0 is meant");
	*ret = value;
	return 0;
}

static int read_option(int option, struct arguments *ret)
{
	switch (option) {
	case 'c':
		return read_fraction(optarg, "--confidence", true, &ret->check.confidence);
	case 'm':
		return read_fraction(optarg, "--max-rate", false, &ret->check.max_rate);
	case 'i':
		ret->cell = optarg;
		return 0;
	case 'v':
		ret->verbose = true;
		return 0;
	default:
		ret->json = !strcmp(optarg, "json");
		if (!ret->json && strcmp(optarg, "text"))
			return usage_error("--format: use text or json, not ", optarg);
		return 0;
	}
}

static int read_arguments(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {{"confidence", required_argument, NULL, 'c'},
						{"max-rate", required_argument, NULL, 'm'},
						{"cell", required_argument, NULL, 'i'},
						{"format", required_argument, NULL, 'f'},
						{"verbose", no_argument, NULL, 'v'},
						{0}};
	int option;

	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, ":v", options, NULL)) != -1) {
		if (option == ':')
			return usage_error("a value is missing after ", argv[optind - 1]);
		if (option == '?')
			return usage_error("unknown option ", argv[optind - 1]);
		if (read_option(option, ret) < 0)
			return -1;
	}
	ret->paths = argv + optind;
	ret->n_paths = (size_t)(argc - optind);
	if (!ret->n_paths)
		return usage_error("a run directory or histories are expected", "");
	if (rundir_is_run(ret->paths[0])) {
		if (ret->n_paths > 1)
			return usage_error("one run at a time; too much: ", ret->paths[1]);
	} else if (ret->cell) {
		return usage_error("--cell belongs to a run directory, which this is not: ",
				   ret->paths[0]);
	}
	return 0;
}

static int judge(const struct arguments *a, struct verdict **ret, size_t *ret_n, struct error *err)
{
	struct verdict *verdict;

	if (rundir_is_run(a->paths[0]))
		return judge_run(a->paths[0], a->cell, &a->check, ret, ret_n, err);
	verdict = calloc(1, sizeof(*verdict));
	if (!verdict)
		return error_set(err, ERROR_WORLD, "out of memory");
	if (check_files((const char *const *)a->paths, a->n_paths, &a->check, verdict, err) < 0) {
		free(verdict);
		return -1;
	}
	*ret = verdict;
	*ret_n = 1;
	return 0;
}

static int print(const struct arguments *a, const struct verdict *verdicts, size_t n)
{
	char uuid[RUN_UUID_SIZE] = "";
	struct report_options options = {.verbose = a->verbose, .run = uuid};

	if (rundir_is_run(a->paths[0]))
		judge_run_uuid(a->paths[0], uuid);
	else
		options.subject = a->paths[0];
	if (a->json)
		return report_json(stdout, verdicts, n, &options);
	options.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	return report_text(stdout, verdicts, n, &options);
}

static int run(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct verdict *verdicts;
	struct error err;
	size_t n;
	int status;

	if (read_arguments(argc, argv, &arguments) < 0)
		return 2;
	if (judge(&arguments, &verdicts, &n, &err) < 0) {
		fprintf(stderr, "stalemate: %s\n", err.text);
		return error_exit_status(&err);
	}
	status = check_exit_status_all(verdicts, n);
	if (print(&arguments, verdicts, n) < 0 || fflush(stdout)) {
		fprintf(stderr, "stalemate: cannot write the verdict: %s\n", strerror(errno));
		status = 3;
	}
	judge_done(verdicts, n);
	return status;
}

const struct command command_check = {
	.name = "check",
	.summary = "judge a run or bare histories, from files alone",
	.usage =
		"usage: stalemate check RUN [--cell ID] [OPTION]...\n"
		"       stalemate check HISTORY... [OPTION]...\n"
		"\n"
		"Judges all cells of the run directory RUN, or history files of one target\n"
		"together (binary or text: docs/history-format.md). Writes no file.\n"
		"\n"
		"  --cell ID         only this cell of the run\n"
		"  --confidence X    of the bounds, above 0 and below 1 (as the run had it; 0.95)\n"
		"  --max-rate X      the rate of stale reads that must be excluded (as the run "
		"had\n"
		"                    it; none), else the verdict is inconclusive\n"
		"  --format FORMAT   text (the default) or json (docs/verdict-format.md)\n"
		"  -v, --verbose     explain up to ten violations of a cell, not one\n"
		"\n"
		"Exit status: 0 all as expected (bare histories: consistent), 1 an unexpected\n"
		"violation or an expected one that did not show, 2 usage or a history that is\n"
		"damaged or contradicts itself, 3 could not decide.\n",
	.run = run,
};
