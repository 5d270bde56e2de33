/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_report.c - `stalemate report`: a run's verdict once more, from its files alone.
 *
 * With -o the file appears whole or not at all: a report that could not be written must not be
 * taken for one that says less.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "judge_run.h"
#include "report/report.h"
#include "rundir/rundir.h"

typedef int report_function(FILE *out, const struct verdict *verdicts, size_t n,
			    const struct report_options *options);

static const struct {
	const char *name;
	report_function *report;
} formats[] = {{"text", report_text}, {"json", report_json}};
#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

struct arguments {
	report_function *report;
	const char *output, *run;
	bool verbose;
};

static int usage_error(const char *what, const char *which)
{
	fprintf(stderr, "stalemate report: %s%s; `stalemate report --help` explains\n", what,
		which);
	return -1;
}

static int read_format(const char *name, struct arguments *ret)
{
	size_t i;

	for (i = 0; i < N_FORMATS; i++) {
		if (!strcmp(name, formats[i].name)) {
			ret->report = formats[i].report;
			return 0;
		}
	}
	fprintf(stderr, "stalemate report: format '%s' is unknown; use text or json\n", name);
	return -1;
}

static int read_arguments(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {{"format", required_argument, NULL, 'f'},
						{"output", required_argument, NULL, 'o'},
						{"verbose", no_argument, NULL, 'v'},
						{0}};
	int option;

	ret->report = report_text;
	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, ":f:o:v", options, NULL)) != -1) {
		if (option == 'f' && read_format(optarg, ret) < 0)
			return -1;
		if (option == 'o')
			ret->output = optarg;
		if (option == 'v')
			ret->verbose = true;
		if (option == ':')
			return usage_error("a value is missing after ", argv[optind - 1]);
		if (option == '?')
			return usage_error("unknown option ", argv[optind - 1]);
	}
	if (optind + 1 != argc)
		return usage_error("one run directory is expected", "");
	ret->run = argv[optind];
	return 0;
}

/* Into memory first, then into the file at once. */
static int report_to_file(const struct arguments *a, const struct verdict *verdicts, size_t n,
			  const struct report_options *options, struct error *err)
{
	char *data = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&data, &size);
	int ret = -1;

	if (!memory)
		return error_set_errno(err, ERROR_WORLD, "cannot make the report");
	ret = a->report(memory, verdicts, n, options);
	if (fclose(memory) || ret < 0)
		ret = error_set_errno(err, ERROR_WORLD, "cannot make the report");
	else
		ret = rundir_write_file(a->output, data, size, err);
	free(data);
	return ret;
}

static int write_report(const struct arguments *a, const struct verdict *verdicts, size_t n,
			struct error *err)
{
	char uuid[RUN_UUID_SIZE];
	struct report_options options = {.verbose = a->verbose,
					 .run = judge_run_uuid(a->run, uuid)};

	if (a->output)
		return report_to_file(a, verdicts, n, &options, err);
	options.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	if (a->report(stdout, verdicts, n, &options) < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot write the report");
	return 0;
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
	if (judge_run(arguments.run, NULL, NULL, &verdicts, &n, &err) < 0) {
		fprintf(stderr, "stalemate: %s\n", err.text);
		return error_exit_status(&err);
	}
	if (write_report(&arguments, verdicts, n, &err) < 0) {
		fprintf(stderr, "stalemate: %s\n", err.text);
		status = error_exit_status(&err);
	} else {
		status = check_exit_status_all(verdicts, n);
	}
	judge_done(verdicts, n);
	return status;
}

const struct command command_report = {
	.name = "report",
	.summary = "a run's verdict as text or JSON",
	.usage = "usage: stalemate report RUN [--format text|json] [-o FILE] [--verbose]\n"
		 "\n"
		 "Judges the run directory RUN from its files alone and prints the verdict.\n"
		 "\n"
		 "  --format FORMAT   text (the default) or json (docs/verdict-format.md)\n"
		 "  -o, --output FILE write to FILE, which appears whole or not at all\n"
		 "  -v, --verbose     explain up to ten violations of a cell, not one\n"
		 "\n"
		 "Exit status: 0 every cell as expected, 1 an unexpected violation or an expected\n"
		 "one that did not show, 2 usage, 3 could not decide.\n",
	.run = run,
};
