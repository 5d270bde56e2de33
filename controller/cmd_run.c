/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_run.c - `stalemate run`: a plan from start to verdict (run_plan.h: `demo` is the same with
 * the built-in plan).
 *
 * Progress goes to stderr (run_display.h), the verdict to stdout. The run is judged from its files
 * alone, by what `check` calls too.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check/canary.h"
#include "check/check.h"
#include "command.h"
#include "common/parse.h"
#include "dry_run.h"
#include "judge_run.h"
#include "report/report.h"
#include "run/runner.h"
#include "run_display.h"
#include "run_plan.h"
#include "rundir/rundir.h"
#include "host/interrupt.h"
#include "site/lab.h"

int run_options_parse(int argc, char **argv, struct run_options *ret)
{
	enum {
		OPT_ONLY = 256,
		OPT_SEED,
		OPT_ACCEL,
		OPT_COLD,
		OPT_DRY_RUN,
		OPT_BOOT,
		OPT_SSH_CONFIG
	};
	static const struct option long_options[] = {
		{"plan", required_argument, NULL, 'p'},
		{"output", required_argument, NULL, 'o'},
		{"only", required_argument, NULL, OPT_ONLY},
		{"seed", required_argument, NULL, OPT_SEED},
		{"accel", required_argument, NULL, OPT_ACCEL},
		{"ssh-config", required_argument, NULL, OPT_SSH_CONFIG},
		{"boot-timeout", required_argument, NULL, OPT_BOOT},
		{"cold", no_argument, NULL, OPT_COLD},
		{"dry-run", no_argument, NULL, OPT_DRY_RUN},
		{NULL, 0, NULL, 0},
	};
	bool takes_plan = !strcmp(ret->purpose, "run");
	struct error err;
	unsigned accel;
	int opt, bad = 0;

	ret->seed = 1;
	while (!bad && (opt = getopt_long(argc, argv, takes_plan ? "p:o:" : "o:", long_options,
					  NULL)) >= 0) {
		switch (opt) {
		case 'p':
			ret->plan_path = optarg;
			break;
		case 'o':
			ret->out = optarg;
			break;
		case OPT_ONLY:
			ret->only = optarg;
			break;
		case OPT_SEED:
			bad = parse_u64(optarg, INT64_MAX, "--seed", &ret->seed, &err);
			break;
		case OPT_ACCEL:
			bad = parse_name(optarg, accelerator_names, ACCELERATORS, "--accel", &accel,
					 &err);
			if (!bad)
				ret->accelerator = (enum accelerator)accel;
			break;
		case OPT_BOOT:
			bad = parse_duration(optarg, "--boot-timeout", &ret->boot_ns, &err);
			break;
		case OPT_SSH_CONFIG:
			ret->ssh_config = optarg;
			break;
		case OPT_COLD:
			ret->cold = true;
			break;
		case OPT_DRY_RUN:
			ret->dry_run = true;
			break;
		default:
			fprintf(stderr, "Try `stalemate %s --help`.\n", ret->purpose);
			return 2;
		}
	}
	if (bad) {
		fprintf(stderr, "stalemate: %s\n", err.text);
		return 2;
	}
	if (optind < argc || takes_plan != (ret->plan_path != NULL)) {
		fprintf(stderr, "stalemate %s: %s\nTry `stalemate %s --help`.\n", ret->purpose,
			optind < argc ? "takes no operands"
			: takes_plan  ? "-p PLAN is missing"
				      : "takes no plan",
			ret->purpose);
		return 2;
	}
	return -1;
}

static int load_plan(const struct run_options *options, struct plan *ret, struct error *err)
{
	int result;

	result = options->plan_path ? plan_read(options->plan_path, ret, err)
				    : plan_parse("demo", plan_demo_text, ret, err);
	if (result < 0)
		return -1;
	if ((options->only && plan_select(ret, options->only, err) < 0) ||
	    runner_check(ret, err) < 0) {
		plan_done(ret);
		return -1;
	}
	return 0;
}

/* A run that would be refused leaves no run directory behind. */
static int prepare_rundir(const struct plan *plan, const char *purpose, const char *run,
			  struct error *err)
{
	int result, lock;
	char *path;

	if (plan->kind == SITE_LAB) {
		lock = lab_lock(purpose, err);
		if (lock < 0)
			return -1;
		lab_unlock(lock);
	}
	if (rundir_create(run, err) < 0)
		return -1;
	path = rundir_path(run, NULL, "plan.conf");
	result = path ? rundir_write_file(path, plan->text, strlen(plan->text), err) : -1;
	free(path);
	if (!result)
		result = canary_plant(run, err);
	return result ? result : rundir_set_last(run, err);
}

static int write_verdict(const char *run, const struct verdict *verdicts, size_t n,
			 const struct report_options *options, struct error *err)
{
	char *path = rundir_path(run, NULL, "verdict.json");
	FILE *file = path ? fopen(path, "we") : NULL;
	int result = 0;

	if (!file || report_json(file, verdicts, n, options) < 0)
		result = error_set_errno(err, ERROR_WORLD, "%s", path ? path : run);
	if (file && fclose(file))
		result = error_set_errno(err, ERROR_WORLD, "%s", path);
	free(path);
	return result;
}

/* Judge what there is and print it. Returns the exit status, or -1 with *err. */
static int judge(const char *run, struct error *err)
{
	char uuid[RUN_UUID_SIZE];
	struct report_options options = {.colour = isatty(1) && !getenv("NO_COLOR"),
					 .run = judge_run_uuid(run, uuid)};
	struct verdict *verdicts;
	int status = -1;
	size_t n;

	if (judge_run(run, NULL, NULL, &verdicts, &n, err) < 0)
		return -1;
	if (report_text(stdout, verdicts, n, &options) < 0)
		error_set_errno(err, ERROR_WORLD, "cannot print the verdict");
	else if (!write_verdict(run, verdicts, n, &options, err)) {
		printf("\nrun directory: %s (judge it again: stalemate check %s)\n", run, run);
		status = check_exit_status_all(verdicts, n);
	}
	judge_done(verdicts, n);
	return status;
}

/* The run itself; what was reached is judged also after a failure. Returns the exit status. */
static int carry_out(const struct plan *plan, const struct run_options *options, const char *run,
		     struct error *err)
{
	struct run_display display = {
		.plan = plan, .run = run, .out = stderr, .terminal = isatty(2)};
	char command_line[512];
	struct runner runner = {
		.plan = plan,
		.run = run,
		.purpose = options->purpose,
		.command_line = command_line,
		.seed = options->seed,
		.accelerator = options->accelerator,
		.boot_ns = options->boot_ns,
		.ssh_config = options->ssh_config,
		.cold = options->cold,
	};
	struct error run_err;
	int status, failed;

	snprintf(command_line, sizeof(command_line), "stalemate %s%s%s%s%s --seed %llu%s",
		 options->purpose, options->plan_path ? " -p " : "",
		 options->plan_path ? options->plan_path : "", options->only ? " --only " : "",
		 options->only ? options->only : "", (unsigned long long)options->seed,
		 options->cold ? " --cold" : "");
	fprintf(stderr, "stalemate %s: %zu cells, seed %llu, run directory %s\n", options->purpose,
		plan->n_cells, (unsigned long long)options->seed, run);
	run_display_begin(&display, &runner);
	failed = runner_run(&runner, &run_err);
	run_display_end(&display);
	if (failed && !display.cell) {
		*err = run_err;
		return -1;
	}
	status = judge(run, err);
	if (failed) {
		fprintf(stderr, "stalemate: the run ended early: %s\n", run_err.text);
		if (run_err.kind == ERROR_INTERRUPTED)
			return 130;
		return status == 1 ? 1 : error_exit_status(&run_err);
	}
	return status;
}

int run_plan(const struct run_options *options)
{
	struct error err = {0};
	char *run = NULL;
	struct plan plan;
	int status = -1;

	interrupt_install();
	if (load_plan(options, &plan, &err) < 0)
		goto out;
	if (options->dry_run) {
		status = dry_run(&plan, options->seed, options->accelerator, stdout, &err);
	} else {
		run = options->out ? strdup(options->out)
				   : rundir_default_name(plan.name, time(NULL));
		if (run && !prepare_rundir(&plan, options->purpose, run, &err))
			status = carry_out(&plan, options, run, &err);
	}
	plan_done(&plan);
out:
	free(run);
	if (status >= 0)
		return status;
	fprintf(stderr, "stalemate: %s\n", err.text);
	return error_exit_status(&err);
}

static int run(int argc, char **argv)
{
	struct run_options options = {.purpose = "run"};
	int status = run_options_parse(argc, argv, &options);

	return status >= 0 ? status : run_plan(&options);
}

const struct command command_run = {
	.name = "run",
	.summary = "carry out a plan: every cell of its matrix, then the verdict table",
	.usage =
		"usage: stalemate run -p PLAN [OPTION]...\n"
		"\n"
		"  -p, --plan FILE        the plan (docs/plan.md)\n"
		"  -o, --output DIR       run directory (default runs/UTC-PLAN)\n"
		"      --only KEY=V,...   only these cells, for instance cache=none,cache=unsafe\n"
		"      --seed N           order of the files in each round (default 1)\n"
		"      --accel MODE       auto, kvm or tcg (default auto: KVM where it really "
		"works)\n"
		"      --ssh-config FILE  read this instead of ~/.ssh/config\n"
		"      --cold             reboot the guests for each cell\n"
		"      --dry-run          print cells and domain XML, touch nothing\n"
		"\n"
		"Exit status: 0 every cell as expected, 1 an unexpected violation (or an expected "
		"one\n"
		"that did not show), 2 usage or plan error, 3 could not decide, 130 interrupted.\n",
	.run = run,
};
