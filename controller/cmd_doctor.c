/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_doctor.c - `stalemate doctor`: can this machine carry the lab, can these hosts be tested? */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "common/clock.h"
#include "doctor/doctor.h"
#include "host/interrupt.h"

static int look(const char *plan_path, const char *ssh_config, struct diagnosis *diagnosis,
		struct error *err)
{
	uint64_t start = clock_ns();
	const struct progress progress = {command_show_step, &start};
	struct plan plan;
	int result;

	if (!plan_path)
		return doctor_machine(diagnosis, err);
	if (plan_read(plan_path, &plan, err) < 0)
		return -1;
	result = plan.kind == SITE_HOSTS
			 ? doctor_hosts(&plan, ssh_config, &progress, diagnosis, err)
			 : doctor_machine(diagnosis, err);
	plan_done(&plan);
	return result;
}

static int doctor(int argc, char **argv)
{
	static const struct option long_options[] = {{"plan", required_argument, NULL, 'p'},
						     {"format", required_argument, NULL, 'f'},
						     {"ssh-config", required_argument, NULL, 'F'},
						     {NULL, 0, NULL, 0}};
	const char *plan = NULL, *format = "text", *ssh_config = NULL;
	struct diagnosis diagnosis = {0};
	struct error err;
	int opt, result;

	while ((opt = getopt_long(argc, argv, "p:", long_options, NULL)) >= 0) {
		if (opt == 'p')
			plan = optarg;
		else if (opt == 'f')
			format = optarg;
		else if (opt == 'F')
			ssh_config = optarg;
		else
			return 2;
	}
	if (optind != argc || (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)) {
		fprintf(stderr, "stalemate doctor: %s '%s'\nTry `stalemate doctor --help`.\n",
			optind != argc ? "unexpected argument" : "--format is text or json, not",
			optind != argc ? argv[optind] : format);
		return 2;
	}
	interrupt_install();
	result = look(plan, ssh_config, &diagnosis, &err);
	if (result < 0 && err.kind != ERROR_INTERRUPTED) {
		diagnosis_done(&diagnosis);
		return command_fail(&err);
	}
	if (!strcmp(format, "text"))
		diagnosis_text(stdout, &diagnosis, isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
	else if (!result && diagnosis_json(stdout, &diagnosis, &err) < 0)
		result = -1;
	opt = diagnosis_level(&diagnosis) == LEVEL_FAIL ? 3 : 0;
	diagnosis_done(&diagnosis);
	return result < 0 ? command_fail(&err) : opt;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "can this machine, can these hosts; each \"no\" with its remedy",
	.usage =
		"usage: stalemate doctor [-p PLAN] [--ssh-config FILE] [--format text|json]\n"
		"\n"
		"Without a plan (or with one of kind = lab): looks at this machine, for the lab.\n"
		"With a plan of kind = hosts: at both hosts, the device between them, and the "
		"guests.\n"
		"Nothing is changed, on whichever machine.\n"
		"\n"
		"  -p, --plan FILE         whose hosts\n"
		"      --ssh-config FILE   instead of ~/.ssh/config, as ssh -F\n"
		"      --format text|json  for people (the default) or for programs\n"
		"\n"
		"Each line is ok, warn or fail, with what to do. What could not be looked at is a\n"
		"warning. Exit status: 0, warnings or not; 3 if anything failed; 2 for a bad "
		"plan.\n",
	.run = doctor,
};
