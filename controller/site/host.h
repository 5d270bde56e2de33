/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - a host of the plan: this machine, or one that ssh reaches.
 *
 * A command is an argument vector on either; that a remote shell reads it is nobody's business but
 * shell_quote.c's. Everything has a deadline, and a host that vanishes is an error like any other.
 */
#ifndef SITE_HOST_H
#define SITE_HOST_H

#include <stdbool.h>

#include "site/process.h"

struct host;

struct host_options {
	/* "user@host[:port]", "host", "ssh alias"; "local" or "": this machine */
	const char *ssh;
	uint64_t connect_ns;	/* deadline to connect and log in; 0: 10 s */
	const char *ssh_config; /* NULL: ~/.ssh/config and /etc/ssh/ssh_config, as ssh does */
};

/*
 * Connect and log in; a local host needs neither. NULL with ERROR_WORLD, saying what to do: host
 * not reached, its key unknown (with the fingerprint, and the command that accepts it) or changed
 * (never accepted), no key that it takes. ERROR_INTERRUPTED on Ctrl-C.
 */
struct host *host_open(const struct host_options *options, struct error *err);
void host_close(struct host *host);

bool host_is_local(const struct host *host);

/* Directives of ~/.ssh/config that this host's entry has and libssh passes over, as one line; "" if
 * there are none. */
const char *host_warning(const struct host *host);

/* As process_run: 0 with *ret whatever the exit status (128 + n: ended by a signal); -1 with *err
 * when it could not be started, the host vanished, or the deadline passed. */
int host_run(struct host *host, const char *const argv[], uint64_t timeout_ns,
	     struct process_result *ret, struct error *err);

#endif
