/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_restore.c - `stalemate restore RUN`: put back the guests that a killed run left changed. */
#include <getopt.h>
#include <stdio.h>

#include "command.h"
#include "common/clock.h"
#include "common/parse.h"
#include "host/interrupt.h"
#include "site/restore.h"

#define STOP_NS (120 * NS_PER_S)

static void show_step(void *context, const char *what)
{
	(void)context;
	fprintf(stderr, "%s\n", what);
}

static void say(void *context, const char *line, bool failed)
{
	(void)context;
	fprintf(failed ? stderr : stdout, "%s%s\n", failed ? "stalemate: " : "", line);
	fflush(stdout);
}

static int restore(int argc, char **argv)
{
	enum { OPT_TIMEOUT = 256, OPT_DESTROY, OPT_FORCE };
	static const struct option long_options[] = {
		{"timeout", required_argument, NULL, OPT_TIMEOUT},
		{"destroy", no_argument, NULL, OPT_DESTROY},
		{"force", no_argument, NULL, OPT_FORCE},
		{NULL, 0, NULL, 0}};
	struct progress progress = {show_step, NULL};
	struct restore_options options = {.timeout_ns = STOP_NS, .progress = &progress, .say = say};
	struct error err;
	int opt;

	while ((opt = getopt_long(argc, argv, "", long_options, NULL)) >= 0) {
		if (opt == OPT_TIMEOUT) {
			if (parse_duration(optarg, "--timeout", &options.timeout_ns, &err) < 0)
				return command_fail(&err);
		} else if (opt == OPT_DESTROY) {
			options.destroy = true;
		} else if (opt == OPT_FORCE) {
			options.force = true;
		} else {
			return 2;
		}
	}
	if (optind + 1 != argc) {
		fputs("stalemate restore: give one run directory\n"
		      "Try `stalemate restore --help`.\n",
		      stderr);
		return 2;
	}
	interrupt_install();
	return restore_run(argv[optind], &options, &err) < 0 ? command_fail(&err) : 0;
}

const struct command command_restore = {
	.name = "restore",
	.summary = "put back the guests that a killed run left changed",
	.usage =
		"usage: stalemate restore RUN [--timeout TIME] [--destroy] [--force]\n"
		"\n"
		"A run puts the guests of your hosts back itself when it ends. After a kill -9 or "
		"a\n"
		"power cut this does it, from RUN/saved: definition, autostart, running or off. A\n"
		"guest that runs in a changed cache mode is shut down first.\n"
		"\n"
		"  --timeout TIME  how long a guest may take to shut down (default 120s)\n"
		"  --destroy       pull the plug of one that does not\n"
		"  --force         overwrite a definition that somebody else has changed since\n"
		"\n"
		"Exit status: 0 all is as it was; 3 something is not, and how to do it by hand "
		"was\n"
		"said, or the run is still going; 2 RUN is no run directory.\n",
	.run = restore,
};
