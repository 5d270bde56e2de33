/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host.h - a host of the plan: this machine, or one that ssh reaches.
 *
 * A command is an argument vector on either; that a remote shell reads it is nobody's business but
 * shell_quote.c's. It runs in the C locale, whatever the host speaks: what programs print is read
 * here. Everything has a deadline, and a host that vanishes is an error like any other.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include <stdbool.h>

#include "host/process.h"

struct host;

struct host_options {
	const char *ssh;	/* as plan/ssh_address.h has it; "local" or "": this machine */
	uint64_t connect_ns;	/* deadline of host_open to connect and log in; 0: 10 s */
	const char *ssh_config; /* NULL: ~/.ssh/config and /etc/ssh/ssh_config, as ssh does */
	bool *ret_distrusted;	/* set true when its key is to blame: trying again is of no use */
};

/*
 * Connect and log in; a local host needs neither. NULL with ERROR_WORLD, saying what to do: host
 * not reached, its key unknown (with the fingerprint, and the command that accepts it) or changed
 * (never accepted), no key that it takes. ERROR_USER for an address or a configuration file that is
 * none; ERROR_INTERRUPTED on Ctrl-C. Two things are not bounded by the deadline: the resolver,
 * which has its own, and an agent that asks a person.
 *
 * A host belongs to the thread that uses it. One that vanished stays so: all further calls fail at
 * once, until it is closed and opened again.
 */
struct host *host_open(const struct host_options *options, struct error *err);
void host_close(struct host *host);

bool host_is_local(const struct host *host);

/* Directives of ~/.ssh/config that this host's entry has and libssh passes over, as one line; "" if
 * there are none. */
const char *host_warning(const struct host *host);

/*
 * As process_run: 0 with *ret whatever the exit status (128 + n: ended by a signal n); -1 with *err
 * when it could not be started, the host vanished, or the deadline passed. The command has no
 * input, and is ended at the deadline; over ssh the host does that by itself, so that an
 * interruption here leaves it running there until then.
 */
int host_run(struct host *host, const char *const argv[], uint64_t timeout_ns,
	     struct process_result *ret, struct error *err);

/* host_run, and an ERROR_WORLD with the complaint unless the exit status is 0. */
int host_run_ok(struct host *host, const char *const argv[], uint64_t timeout_ns,
		struct error *err);

/*
 * Copy a local file there, whole or not at all: to REMOTE.part first, which is then renamed, onto
 * what may be there by that name. mode: its permission bits. A REMOTE.part that is there is
 * replaced; on failure it is removed, unless the host vanished.
 */
int host_put(struct host *host, const char *local, const char *remote, unsigned mode,
	     uint64_t timeout_ns, struct error *err);

/*
 * Start a program there and return one end of a socket pair, non-blocking and closed on exec, whose
 * other end is the program's input and output; its complaints are dropped. Reading comes to the end
 * of file when the program ends, or the host vanishes (at the latest after about 30 s); at once if
 * there is no such program. -1 with *err when the host is not reached.
 *
 * The descriptor is the caller's. Closing it ends the program with all of its group: SIGTERM, then
 * SIGKILL a second later; over ssh, SIGTERM comes 2 s after the end of its input, and after
 * shutdown(SHUT_WR) as well. (One that takes no input while more waits for it than a pipe holds
 * lives on there.) host_close ends all that are left. Each has a connection of its own.
 */
int host_stream(struct host *host, const char *const argv[], struct error *err);

#endif
