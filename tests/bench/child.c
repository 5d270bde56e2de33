/* SPDX-License-Identifier: GPL-2.0-or-later */
/* child.c - see child.h. */
#include "tests/bench/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

void child_catch_signals(void)
{
	/* Without SA_RESTART: a wait ends, and the caller cleans up. */
	struct sigaction action = {.sa_handler = on_signal};
	size_t i;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
}

int child_signal(void)
{
	return caught;
}

void child_start(struct child *ret, int (*work)(const void *argument), const void *argument)
{
	size_t i;

	fflush(NULL);
	ret->started = clock_ns();
	ret->pid = caught ? -1 : fork();
	if (ret->pid == 0) {
		for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
			signal(signals[i], SIG_DFL);
		_exit(work(argument) == 0 ? 0 : 1);
	}
	if (ret->pid < 0 && !caught)
		fprintf(stderr, "bench: fork: %s\n", strerror(errno));
}

static double seconds(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

int child_wait(struct child *child, struct child_usage *ret)
{
	struct rusage usage;
	int status;

	if (child->pid < 0)
		return -1;
	while (wait4(child->pid, &status, 0, &usage) < 0) {
		if (errno != EINTR)
			return -1;
		kill(child->pid, SIGKILL);
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		if (WIFSIGNALED(status) && !caught)
			fprintf(stderr, "bench: killed by %s\n", strsignal(WTERMSIG(status)));
		return -1;
	}
	ret->wall_s = (double)(clock_ns() - child->started) / NS_PER_S;
	ret->cpu_s = seconds(&usage.ru_utime) + seconds(&usage.ru_stime);
	ret->peak_mib = (double)usage.ru_maxrss / 1024;
	return 0;
}

int child_run(int (*work)(const void *argument), const void *argument, struct child_usage *ret)
{
	struct child child;

	child_start(&child, work, argument);
	return child_wait(&child, ret);
}
