/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * process_stream.c - process_stream.h: the socket is the program's own input and output, so that
 * nothing is copied.
 *
 * The thread only looks whether either side has ended. It also is the program's parent, so that the
 * kernel ends the program when we are killed. A program that has ended is not waited for until its
 * group got its signals: until then nobody else can be given its number.
 */
#include "host/process_stream.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/process.h"

#define POLL_MS 50
#define GRACE_NS NS_PER_S

static void free_words(void *context)
{
	char **words = context;
	size_t i;

	for (i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

static char **copy_words(const char *const argv[])
{
	char **words;
	size_t n = 0, i;

	while (argv[n])
		n++;
	words = calloc(n + 1, sizeof(*words));
	for (i = 0; words && i < n; i++) {
		words[i] = strdup(argv[i]);
		if (!words[i]) {
			free_words(words);
			return NULL;
		}
	}
	return words;
}

/* Without waiting for it. */
static bool has_ended(pid_t pid)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid;
}

static void end_group(pid_t pid)
{
	uint64_t deadline = clock_ns() + GRACE_NS;
	int status;

	kill(-pid, SIGTERM);
	while (!has_ended(pid) && clock_ns() < deadline)
		clock_sleep(10 * NS_PER_MS);
	kill(-pid, SIGKILL);
	process_reap(pid, PROCESS_KILLED_NS, &status);
}

static void serve(void *context, int fd)
{
	const char *const *words = context;
	struct pollfd hangup = {.fd = fd}; /* that alone, whoever reads and writes */
	pid_t pid = fork();

	if (pid < 0)
		return;
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		process_exec(words, fd, fd, -1);
	}
	setpgid(pid, pid); /* as the child does: whoever comes first */
	while (!has_ended(pid) && poll(&hangup, 1, POLL_MS) <= 0)
		;
	end_group(pid);
}

int process_stream(struct stream **streams, const char *const argv[], struct error *err)
{
	const struct stream_service service = {
		.serve = serve, .release = free_words, .context = copy_words(argv)};

	if (!service.context)
		return error_set(err, ERROR_WORLD, "out of memory");
	return stream_open(streams, &service, err);
}
