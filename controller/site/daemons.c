/* SPDX-License-Identifier: GPL-2.0-or-later */
/* daemons.c - see daemons.h. */
#include "site/daemons.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "virt/hypervisor.h"
#include "site/lab_state.h"
#include "host/process.h"
#include "host/wait.h"

#define START_NS (30 * NS_PER_S)
#define GRACE_NS (10 * NS_PER_S)

static const struct {
	const char *name, *pid_file;
} daemons[] = {
	{"virtlogd", LAB_RUN_DIR "/virtlogd.pid"},
	{"libvirtd", LAB_RUN_DIR "/libvirtd.pid"},
};
#define N_DAEMONS (sizeof(daemons) / sizeof(daemons[0]))

/* The pid of daemon i, if we started it and it still runs; a recycled pid has another program. */
static pid_t running(size_t i)
{
	pid_t pid = process_read_pid(daemons[i].pid_file);
	char path[64], program[PATH_MAX];
	const char *base;
	ssize_t n;

	if (!pid)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	n = readlink(path, program, sizeof(program) - 1);
	if (n <= 0)
		return 0;
	program[n] = 0;
	base = strrchr(program, '/');
	return base && !strcmp(base + 1, daemons[i].name) ? pid : 0;
}

static int reachable(void *context, struct error *err)
{
	(void)context;
	(void)err;
	return hypervisor_reachable(LIBVIRT_URI);
}

int daemons_start(const struct progress *progress, struct error *err)
{
	size_t i;

	if (hypervisor_reachable(LIBVIRT_URI))
		return 0;
	if (!access("/run/systemd/system", F_OK)) {
		hypervisor_close(hypervisor_open(LIBVIRT_URI, err));
		return error_prefix(err,
				    "libvirtd is not reachable; try: systemctl start libvirtd");
	}
	for (i = 0; i < N_DAEMONS; i++) {
		const char *argv[] = {daemons[i].name, "-d", "-p", daemons[i].pid_file, NULL};

		if (running(i))
			continue;
		progress_step(progress, "starting %s (no init system runs it)", daemons[i].name);
		unlink(daemons[i].pid_file);
		if (process_run_ok(argv, START_NS, err) < 0)
			return error_prefix(err, "libvirtd is not reachable and cannot be started; "
						 "is libvirt-daemon-system installed?");
	}
	return wait_for("libvirtd to answer at " LIBVIRT_URI, START_NS, reachable, NULL, err);
}

void daemons_stop(void)
{
	size_t i;
	pid_t pid;

	for (i = N_DAEMONS; i-- > 0;) {
		pid = running(i);
		if (pid)
			process_stop(pid, process_started(pid), GRACE_NS);
		unlink(daemons[i].pid_file);
	}
}

bool daemons_ours(void)
{
	return running(0) || running(1);
}
