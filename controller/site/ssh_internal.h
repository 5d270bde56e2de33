/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ssh_internal.h - what ssh_*.c share. */
#ifndef SITE_SSH_INTERNAL_H
#define SITE_SSH_INTERNAL_H

#include <libssh/libssh.h>

#include "site/ssh.h"

struct ssh_host {
	ssh_session session;
	ssh_event event; /* once logged in: waiting for it also takes in what came */
	char name[256];	 /* as the plan has it, for messages */
	bool lost;	 /* the connection failed once: nothing more is tried on it */
};

/* Wait a moment for the session to have something; -1 at the deadline ("WHAT: no answer in time"),
 * on an interruption, or once the connection is gone. */
int ssh_host_wait(struct ssh_host *ssh, uint64_t deadline, const char *what, struct error *err);

/* ERROR_WORLD: the host, what was done, and what libssh says of it. Returns -1. */
int ssh_host_fail(struct ssh_host *ssh, const char *what, struct error *err);

/* The directives for this host in a configuration file that libssh passes over, as one line. Those
 * of the user are looked at when file is NULL. */
void ssh_ignored(const char *file, const char *host, char *ret, size_t size);

#endif
