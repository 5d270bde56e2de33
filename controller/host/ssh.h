/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh.h - for host.c: a host over libssh, which only ssh_*.c know.
 *
 * The session does not block: every call is made again until it is done, its deadline has passed,
 * or the user interrupts. (SFTP alone can only block, and is watched: ssh_put.c.)
 */
#ifndef HOST_SSH_H
#define HOST_SSH_H

#include "host/host.h"
#include "host/stream.h"

struct ssh_host;

/* As host_open, for a host that is not local. *ret_warning, of that size, as host_warning. */
struct ssh_host *ssh_host_open(const struct host_options *options, char *ret_warning, size_t size,
			       struct error *err);
void ssh_host_close(struct ssh_host *ssh);

/* As host_run. */
int ssh_host_run(struct ssh_host *ssh, const char *const argv[], uint64_t timeout_ns,
		 struct process_result *ret, struct error *err);

/* As host_put. */
int ssh_host_put(struct ssh_host *ssh, const char *local, const char *remote, unsigned mode,
		 uint64_t timeout_ns, struct error *err);

/* As host_stream, by a connection of its own; the stream is added to the list. */
int ssh_stream(struct stream **streams, const struct host_options *options,
	       const char *const argv[], struct error *err);

#endif
