/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ask.h - for the doctor: what a command on a host says, or that it could not be asked. */
#ifndef DOCTOR_ASK_H
#define DOCTOR_ASK_H

#include "doctor/diagnosis.h"
#include "host/host.h"

struct asking {
	struct host *host;
	const char *subject;
	struct diagnosis *d;
};

/*
 * The standard output of a command that ended with 0, without the last newline; to be freed. NULL
 * when there is none: then the check has a line that says so, a warning ("not looked at"). check
 * NULL: no such line is wanted.
 */
char *ask(const struct asking *asking, const char *check, const char *const argv[]);

/* The same where the status is an answer too: NULL only if the command could not be run at all. */
char *ask_status(const struct asking *asking, const char *check, const char *const argv[],
		 int *ret_status);

/* Each line of a text that ask returned, in turn: cut from *at, which goes on. NULL at the end. */
char *next_line(char **at);

#endif
