/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cmd_demo.c - `stalemate demo`: the built-in plan on the embedded lab. */
#include "command.h"
#include "run_plan.h"

static int demo(int argc, char **argv)
{
	struct run_options options = {.purpose = "demo"};
	int status = run_options_parse(argc, argv, &options);

	return status >= 0 ? status : run_plan(&options);
}

const struct command command_demo = {
	.name = "demo",
	.summary = "the embedded lab: two guests, six cache modes, the verdict table",
	.usage = "usage: stalemate demo [OPTION]...\n"
		 "\n"
		 "Boots two guests that share one GFS2 volume through two separate host page "
		 "caches,\n"
		 "runs the tagged-block handoff under six cache modes, prints the verdict table "
		 "and takes\n"
		 "the lab down again. Needs root.\n"
		 "\n"
		 "  -o, --output DIR       run directory (default runs/UTC-demo)\n"
		 "      --only KEY=V,...   only these cells, for instance cache=none,cache=unsafe\n"
		 "      --seed N           order of the files in each round (default 1)\n"
		 "      --accel MODE       auto, kvm or tcg (default auto: KVM where it really "
		 "works)\n"
		 "      --cold             reboot the guests for each cell\n"
		 "      --dry-run          print cells and domain XML, touch nothing\n",
	.run = demo,
};
