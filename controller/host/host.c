/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host.c - see host.h: this machine by fork and exec, any other by ssh. */
#include "host/host.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "plan/ssh_address.h"
#include "host/interrupt.h"
#include "host/process_stream.h"
#include "host/ssh.h"

#define STREAM_CONNECT_NS (60 * NS_PER_S)

struct host {
	struct ssh_host *ssh; /* NULL: this machine */
	char *name, *ssh_config;
	struct host_options options; /* with these two words */
	char warning[768];
	struct stream *streams;
};

struct host *host_open(const struct host_options *options, struct error *err)
{
	struct host *host = calloc(1, sizeof(*host));

	if (host) {
		host->name = strdup(options->ssh);
		if (options->ssh_config)
			host->ssh_config = strdup(options->ssh_config);
	}
	if (!host || !host->name || (options->ssh_config && !host->ssh_config)) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto fail;
	}
	host->options = *options;
	host->options.ssh = host->name;
	host->options.ssh_config = host->ssh_config;
	if (ssh_address_is_local(options->ssh))
		return host;
	host->ssh = ssh_host_open(options, host->warning, sizeof(host->warning), err);
	/* what follows is for the streams, which log in for themselves: it is there, and known */
	host->options.connect_ns = STREAM_CONNECT_NS;
	host->options.ret_distrusted = NULL;
	if (host->ssh)
		return host;
fail:
	host_close(host);
	return NULL;
}

void host_close(struct host *host)
{
	if (!host)
		return;
	stream_end_all(&host->streams);
	ssh_host_close(host->ssh);
	free(host->name);
	free(host->ssh_config);
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

int host_run_ok(struct host *host, const char *const argv[], uint64_t timeout_ns, struct error *err)
{
	struct process_result result;

	if (host_run(host, argv, timeout_ns, &result, err) < 0)
		return -1;
	if (!process_result_ok(&result, argv[0], err))
		return 0;
	return host->ssh ? error_prefix(err, "%s", host->name) : -1;
}

static int copy_bytes(int from, int to, uint64_t deadline, struct error *err)
{
	char chunk[65536];
	ssize_t n, done, wrote;

	while ((n = read(from, chunk, sizeof(chunk))) > 0) {
		if (interrupted())
			return interrupt_error(err);
		if (clock_ns() > deadline)
			return error_set(err, ERROR_WORLD, "not copied in time");
		for (done = 0; done < n; done += wrote) {
			wrote = write(to, chunk + done, (size_t)(n - done));
			if (wrote < 0)
				return error_set_errno(err, ERROR_WORLD, "write");
		}
	}
	return n < 0 ? error_set_errno(err, ERROR_WORLD, "read") : 0;
}

static int put_here(const char *local, const char *remote, unsigned mode, uint64_t timeout_ns,
		    struct error *err)
{
	uint64_t deadline = clock_ns() + timeout_ns;
	int from = -1, to = -1, result = -1;
	char part[4096];

	if (snprintf(part, sizeof(part), "%s.part", remote) >= (int)sizeof(part))
		return error_set(err, ERROR_WORLD, "the name of a file is too long");
	from = open(local, O_RDONLY | O_CLOEXEC);
	if (from < 0)
		return error_set_errno(err, ERROR_WORLD, "%s", local);
	unlink(part);
	to = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (to < 0) {
		error_set_errno(err, ERROR_WORLD, "%s", part);
		goto out;
	}
	if (copy_bytes(from, to, deadline, err) < 0) {
		error_prefix(err, "%s", remote);
		goto out;
	}
	result = fchmod(to, (mode_t)mode) < 0 || fsync(to) < 0 || rename(part, remote) < 0 ? -1 : 0;
	if (result < 0)
		error_set_errno(err, ERROR_WORLD, "%s", remote);
out:
	if (to >= 0) {
		close(to);
		if (result < 0)
			unlink(part);
	}
	close(from);
	return result;
}

int host_put(struct host *host, const char *local, const char *remote, unsigned mode,
	     uint64_t timeout_ns, struct error *err)
{
	return host->ssh ? ssh_host_put(host->ssh, local, remote, mode, timeout_ns, err)
			 : put_here(local, remote, mode, timeout_ns, err);
}

int host_stream(struct host *host, const char *const argv[], struct error *err)
{
	return host->ssh ? ssh_stream(&host->streams, &host->options, argv, err)
			 : process_stream(&host->streams, argv, err);
}
