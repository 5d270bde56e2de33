/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main.c - the table of subcommands is the map of the program; each is a cmd_*.c.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "common/clock.h"

static const struct command *const commands[] = {
	&command_demo,	&command_run,	  &command_check, &command_report,  &command_doctor,
	&command_claim, &command_restore, &command_lab,	  &command_history, &command_workload,
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

void command_show_step(void *context, const char *what)
{
	const uint64_t *start = context;

	fprintf(stderr, "%7.1f %s\n", (double)(clock_ns() - *start) / NS_PER_S, what);
}

int command_fail(const struct error *err)
{
	fprintf(stderr, "stalemate: %s\n", err->text);
	return error_exit_status(err);
}

static void help(FILE *out)
{
	size_t i;

	fprintf(out,
		"usage: stalemate COMMAND [OPTION]...\n\n"
		"Tests whether a volume shared by two nodes stays consistent, per cache mode.\n\n");
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(out, "\n`stalemate COMMAND --help` explains each. Exit status: 0 every cell as "
		     "expected,\n"
		     "1 an unexpected violation (or an expected one that did not show), 2 usage or "
		     "plan\n"
		     "error, 3 could not decide, 130 interrupted.\n");
}

int main(int argc, char **argv)
{
	size_t i;
	int at;

	if (argc < 2) {
		help(stderr);
		return 2;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help")) {
		help(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("stalemate %s\n", VERSION);
		return 0;
	}
	for (i = 0; i < N_COMMANDS; i++) {
		if (strcmp(argv[1], commands[i]->name))
			continue;
		for (at = 2; at < argc && strcmp(argv[at], "--"); at++) {
			if (!strcmp(argv[at], "--help")) {
				fputs(commands[i]->usage, stdout);
				return 0;
			}
		}
		return commands[i]->run(argc - 1, argv + 1);
	}
	fprintf(stderr, "stalemate: '%s' is no command; `stalemate --help` lists them\n", argv[1]);
	return 2;
}
