/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.c - see host.h: this machine by fork and exec, any other by ssh. */
#include "site/host.h"

#include <stdlib.h>
#include <string.h>

#include "site/ssh.h"

struct host {
	struct ssh_host *ssh; /* NULL: this machine */
	char warning[512];
};

struct host *host_open(const struct host_options *options, struct error *err)
{
	struct host *host = calloc(1, sizeof(*host));
	bool local = !options->ssh[0] || !strcmp(options->ssh, "local");

	if (!host) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	if (local)
		return host;
	host->ssh = ssh_host_open(options, host->warning, sizeof(host->warning), err);
	if (host->ssh)
		return host;
	host_close(host);
	return NULL;
}

void host_close(struct host *host)
{
	if (!host)
		return;
	ssh_host_close(host->ssh);
	free(host);
}

bool host_is_local(const struct host *host)
{
	return !host->ssh;
}

const char *host_warning(const struct host *host)
{
	return host->warning;
}

int host_run(struct host *host, const char *const argv[], uint64_t timeout_ns,
	     struct process_result *ret, struct error *err)
{
	return host->ssh ? ssh_host_run(host->ssh, argv, timeout_ns, ret, err)
			 : process_run(argv, timeout_ns, NULL, ret, err);
}
