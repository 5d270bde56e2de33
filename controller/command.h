/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.h - one row of the table of subcommands (main.c); each lives in its own cmd_*.c. */
#ifndef CONTROLLER_COMMAND_H
#define CONTROLLER_COMMAND_H

#include "common/error.h"

struct command {
	const char *name;
	const char *summary; /* one line of `stalemate --help` */
	const char *usage;   /* what `stalemate NAME --help` prints */
	/* argv[0] is the subcommand's name. Returns the exit status. */
	int (*run)(int argc, char **argv);
};

/* Say what went wrong on stderr; returns the exit status that it means. */
int command_fail(const struct error *err);

/* A step of struct progress, on stderr after the seconds since *context, a uint64_t of clock_ns. */
void command_show_step(void *context, const char *what);

extern const struct command command_demo;
extern const struct command command_run;
extern const struct command command_check;
extern const struct command command_report;
extern const struct command command_doctor;
extern const struct command command_claim;
extern const struct command command_restore;
extern const struct command command_lab;
extern const struct command command_history;
extern const struct command command_workload;

#endif
