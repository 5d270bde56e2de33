/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_check.c - `stalemate check`: judge a run, or bare histories, again, from files alone; or join
 * the verdicts of shards that were judged apart.
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
#include "common/clock.h"
#include "common/parse.h"
#include "judge_run.h"
#include "merge_verdicts.h"
#include "report/report.h"
#include "rundir/rundir.h"

#define THREADS_MAX 64
#define SHOW_EVERY_NS (NS_PER_S / 2)

struct arguments {
	struct check_options check;
	const char *cell;
	bool json, verbose, merge;
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

/* "K/N", K from 1 to N. */
static int read_shard(const char *text, struct check_options *ret)
{
	const char *slash = strchr(text, '/');
	uint64_t shard, shards;
	char first[8];

	if (!slash || (size_t)(slash - text) >= sizeof(first))
		goto bad;
	snprintf(first, sizeof(first), "%.*s", (int)(slash - text), text);
	if (parse_u64(first, SHARDS_MAX, "shard", &shard, NULL) < 0 ||
	    parse_u64(slash + 1, SHARDS_MAX, "shards", &shards, NULL) < 0 || !shard ||
	    shard > shards)
		goto bad;
	ret->shard = (unsigned)shard;
	ret->shards = (unsigned)shards;
	return 0;
bad:
	return usage_error("--shard: K/N with K from 1 to N and N up to 4096 is meant, not ", text);
}

static int read_threads(const char *text, struct check_options *ret)
{
	uint64_t threads;

	if (parse_u64(text, THREADS_MAX, "threads", &threads, NULL) < 0 || !threads)
		return usage_error("--threads: a number from 1 to 64 is meant, not ", text);
	ret->threads = (unsigned)threads;
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
	case 's':
		return read_shard(optarg, &ret->check);
	case 'j':
		ret->merge = true;
		return 0;
	case 't':
		return read_threads(optarg, &ret->check);
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

/* The bounds, the demand and the choice of units belong to those who judged. */
static int check_merge(const struct arguments *a)
{
	if (!a->n_paths)
		return usage_error("--merge: the JSON verdicts of all shards are expected", "");
	if (a->check.confidence > 0)
		return usage_error("--merge takes no --confidence: the verdicts have theirs", "");
	if (a->check.max_rate > 0)
		return usage_error("--merge takes no --max-rate: the verdicts have theirs", "");
	if (a->check.shards || a->cell)
		return usage_error("--merge takes no ", a->cell ? "--cell" : "--shard");
	return 0;
}

static int check_paths(const struct arguments *a)
{
	if (!a->n_paths)
		return usage_error("a run directory or histories are expected", "");
	if (rundir_is_run(a->paths[0])) {
		if (a->n_paths > 1)
			return usage_error("one run at a time; too much: ", a->paths[1]);
	} else if (a->cell) {
		return usage_error("--cell belongs to a run directory, which this is not: ",
				   a->paths[0]);
	}
	return 0;
}

static int read_arguments(int argc, char **argv, struct arguments *ret)
{
	static const struct option options[] = {{"confidence", required_argument, NULL, 'c'},
						{"max-rate", required_argument, NULL, 'm'},
						{"cell", required_argument, NULL, 'i'},
						{"shard", required_argument, NULL, 's'},
						{"threads", required_argument, NULL, 't'},
						{"merge", no_argument, NULL, 'j'},
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
	return ret->merge ? check_merge(ret) : check_paths(ret);
}

static int judge_files(const struct arguments *a, struct report_read *ret, struct error *err)
{
	struct verdict *verdict = calloc(1, sizeof(*verdict));

	if (!verdict)
		return error_set(err, ERROR_WORLD, "out of memory");
	if (check_files((const char *const *)a->paths, a->n_paths, &a->check, verdict, err) < 0) {
		free(verdict);
		return -1;
	}
	*ret = (struct report_read){.verdicts = verdict, .n = 1};
	return 0;
}

/* The verdicts and the run they are of, from wherever they come. */
/* A line that is rewritten, for who waits at a terminal. */
static void show_progress(void *context, const char *what, double share)
{
	uint64_t *next = context;

	if (clock_ns() < *next)
		return;
	*next = clock_ns() + SHOW_EVERY_NS;
	fprintf(stderr, "\r\033[K%s: %.0f %%", what, share * 100);
}

static int judge(const struct arguments *a, struct report_read *ret, struct error *err)
{
	if (a->merge)
		return merge_verdicts(a->paths, a->n_paths, ret, err);
	if (!rundir_is_run(a->paths[0]))
		return judge_files(a, ret, err);
	if (judge_run(a->paths[0], a->cell, &a->check, &ret->verdicts, &ret->n, err) < 0)
		return -1;
	judge_run_uuid(a->paths[0], ret->run);
	return 0;
}

static int print(const struct arguments *a, const struct report_read *judged)
{
	struct report_options options = {.verbose = a->verbose, .run = judged->run};

	if (!rundir_is_run(a->paths[0]))
		options.subject = a->paths[0];
	if (a->json)
		return report_json(stdout, judged->verdicts, judged->n, &options);
	options.colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	return report_text(stdout, judged->verdicts, judged->n, &options);
}

static int run(int argc, char **argv)
{
	struct arguments arguments = {0};
	struct report_read judged = {0};
	struct error err;
	uint64_t next = clock_ns() + 2 * SHOW_EVERY_NS; /* what is quick says nothing */
	bool terminal = isatty(STDERR_FILENO);
	int status;

	if (read_arguments(argc, argv, &arguments) < 0)
		return 2;
	if (terminal)
		arguments.check.progress = (struct judge_progress){show_progress, &next};
	status = judge(&arguments, &judged, &err);
	if (terminal)
		fputs("\r\033[K", stderr);
	if (status < 0) {
		fprintf(stderr, "stalemate: %s\n", err.text);
		return error_exit_status(&err);
	}
	status = check_exit_status_all(judged.verdicts, judged.n);
	if (print(&arguments, &judged) < 0 || fflush(stdout)) {
		fprintf(stderr, "stalemate: cannot write the verdict: %s\n", strerror(errno));
		status = 3;
	}
	report_read_done(&judged);
	return status;
}

const struct command command_check = {
	.name = "check",
	.summary = "judge a run or bare histories, from files alone",
	.usage =
		"usage: stalemate check RUN [--cell ID] [OPTION]...\n"
		"       stalemate check HISTORY... [OPTION]...\n"
		"       stalemate check --merge VERDICT.json... [OPTION]...\n"
		"\n"
		"Judges all cells of the run directory RUN, or history files of one target\n"
		"together (binary or text: docs/history-format.md). Writes no file.\n"
		"\n"
		"  --cell ID         only this cell of the run\n"
		"  --confidence X    of the bounds, above 0 and below 1 (as the run had it; 0.95)\n"
		"  --max-rate X      the rate of stale reads that must be excluded (as the run "
		"had\n"
		"                    it; none), else the verdict is inconclusive\n"
		"  --shard K/N       only the units of shard K (1 to N) of N (up to 4096), for a "
		"job\n"
		"                    array; with --format json, so that --merge can read it\n"
		"  --threads N       work with N threads (1 to 64; one for each core)\n"
		"  --merge           join the JSON verdicts of all N shards of one history or run\n"
		"  --format FORMAT   text (the default) or json (docs/verdict-format.md)\n"
		"  -v, --verbose     explain up to ten violations of a cell, not one\n"
		"\n"
		"Exit status: 0 all as expected (bare histories: consistent), 1 an unexpected\n"
		"violation or an expected one that did not show, 2 usage or a history that is\n"
		"damaged or contradicts itself, 3 could not decide.\n",
	.run = run,
};
