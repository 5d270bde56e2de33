/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_lab.c - `stalemate lab up|down|status`: the embedded two-node lab by hand. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "common/clock.h"
#include "common/parse.h"
#include "host/interrupt.h"
#include "site/lab.h"

#define VOLUME_SIZE (64ULL << 20)

static int lab_up(struct lab_options *options)
{
	struct error err;
	struct lab lab;

	options->persistent = true;
	options->purpose = "lab up";
	if (lab_open(options, &lab, &err) < 0)
		return command_fail(&err);
	printf("The lab is up: guests %s and %s (%s), volume %s on %s and %s.\n"
	       "`stalemate run` uses it; `stalemate lab down` takes it down.\n",
	       lab_guest_names[0], lab_guest_names[1], lab.state.kvm ? "kvm" : "tcg", LAB_VOLUME,
	       lab.state.loops[0], lab.state.loops[1]);
	lab_close(&lab);
	return 0;
}

static int take_lab_down(const struct progress *progress)
{
	struct error err;
	bool found;

	if (lab_down(progress, &found, &err) < 0)
		return command_fail(&err);
	puts(found ? "The lab is down." : "There was nothing to take down.");
	return 0;
}

static int status(void)
{
	struct lab_report report;
	unsigned node;

	lab_look(&report);
	printf("lab: %s\n", report.up ? "up" : "not up");
	if (report.locked)
		printf("in use by: %s\n", report.holder);
	for (node = 0; node < NODES; node++)
		printf("guest %s: %s\n", lab_guest_names[node],
		       report.guests[node] ? "running" : "not running");
	if (report.known)
		printf("volume: %s, %llu MiB, on %s and %s\naccelerator: %s\nimage: %s\n",
		       LAB_VOLUME, (unsigned long long)(report.state.volume_size >> 20),
		       report.state.loops[0], report.state.loops[1],
		       report.state.kvm ? "kvm" : "tcg", report.state.image.initramfs);
	printf("libvirtd started by us: %s\n", report.daemons ? "yes" : "no");
	return report.up ? 0 : 3;
}

static int lab(int argc, char **argv)
{
	enum { OPT_ACCEL = 256 };
	static const struct option long_options[] = {{"accel", required_argument, NULL, OPT_ACCEL},
						     {"size", required_argument, NULL, 's'},
						     {NULL, 0, NULL, 0}};
	uint64_t start = clock_ns();
	struct progress progress = {command_show_step, &start};
	struct lab_options options = {.volume_size = VOLUME_SIZE, .progress = &progress};
	struct error err;
	unsigned accel;
	int opt;

	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		if (opt == OPT_ACCEL) {
			if (parse_name(optarg, accelerator_names, ACCELERATORS, "--accel", &accel,
				       &err) < 0)
				return command_fail(&err);
			options.accelerator = (enum accelerator)accel;
		} else if (opt == 's') {
			if (parse_size(optarg, "--size", &options.volume_size, &err) < 0)
				return command_fail(&err);
		} else {
			return 2;
		}
	}
	interrupt_install();
	if (optind + 1 == argc && !strcmp(argv[optind], "up"))
		return lab_up(&options);
	if (optind + 1 == argc && !strcmp(argv[optind], "down"))
		return take_lab_down(&progress);
	if (optind + 1 == argc && !strcmp(argv[optind], "status"))
		return status();
	fputs("stalemate lab: say up, down or status\nTry `stalemate lab --help`.\n", stderr);
	return 2;
}

const struct command command_lab = {
	.name = "lab",
	.summary = "the embedded two-node lab: up, down, status",
	.usage = "usage: stalemate lab up [--size BYTES] [--accel auto|kvm|tcg]\n"
		 "       stalemate lab down\n"
		 "       stalemate lab status\n"
		 "\n"
		 "up      boots both guests and leaves them running; `run` and `demo` then use "
		 "them\n"
		 "down    takes the lab down, and cleans up what a killed run left behind\n"
		 "status  says what there is; exit status 0 if the lab is up, 3 if not\n"
		 "\n"
		 "--size must be the volume-size of the plans that are to use the lab (default "
		 "64M).\n",
	.run = lab,
};
