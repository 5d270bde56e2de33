/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_internal.h - what ssh_*.c share.
 *
 *   ssh_session.c   connect; wait with a deadline; close
 *   ssh_login.c     know the host by its key, log in with one of ours
 *   ssh_ignored.c   what libssh passes over of the user's configuration
 *   ssh_run.c       a command there
 *   ssh_put.c       a file there
 *   ssh_stream.c    a program there, as one end of a socket
 */
#ifndef HOST_SSH_INTERNAL_H
#define HOST_SSH_INTERNAL_H

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include "plan/ssh_address.h"
#include "host/ssh.h"

struct ssh_host {
	ssh_session session;
	ssh_event event; /* once logged in: waiting for it also takes in what came */
	struct ssh_callbacks_struct callbacks;
	struct ssh_address address;
	const char *config; /* as host_options.ssh_config, while it is being opened */
	char name[256];	    /* as the plan has it, for messages */
	bool lost;	    /* the connection failed once: nothing more is tried on it */
};

/* Wait a moment for the session to have something; -1 at the deadline ("NAME: WHAT: no answer in
 * time") or on an interruption. */
int ssh_host_wait(struct ssh_host *ssh, uint64_t deadline, const char *what, struct error *err);

/*
 * Take a step of libssh again and again until it does not say SSH_AGAIN (or SSH_AUTH_AGAIN). 0 with
 * what it said last in *ret; -1 as ssh_host_wait, and at the deadline the host is lost: half a
 * conversation is under way.
 */
int ssh_host_drive(struct ssh_host *ssh, int (*step)(void *context), void *context,
		   uint64_t deadline, const char *what, int *ret, struct error *err);

/* ERROR_WORLD: the host, what was done, and what libssh says of it. Returns -1. */
int ssh_host_fail(struct ssh_host *ssh, const char *what, struct error *err);

/* 0 if known_hosts has the key that the host showed; all else is an ERROR_WORLD. */
int ssh_host_know(struct ssh_host *ssh, struct error *err);

/* Log in with a key of the agent or of a file. */
int ssh_host_log_in(struct ssh_host *ssh, uint64_t deadline, struct error *err);

/* The directives for this host in a configuration file that libssh passes over, as one line. Those
 * of the user and of the machine are looked at when file is NULL. */
void ssh_ignored(const char *file, const char *host, char *ret, size_t size);

/* The words of both as one line for the shell there, in the C locale; to be freed. NULL: out of
 * memory. */
char *ssh_host_line(const char *const before[], const char *const argv[], struct error *err);

/* Open the channel and start the line on it. */
int ssh_host_start(struct ssh_host *ssh, ssh_channel channel, const char *line, uint64_t deadline,
		   const char *what, struct error *err);

#endif
