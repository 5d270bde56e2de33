/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * child.h - measure a piece of work in a process of its own.
 *
 * Only so are peak memory and processor time those of the work alone. The parent stays small,
 * since a child's peak begins with what it was forked from.
 */
#ifndef TESTS_BENCH_CHILD_H
#define TESTS_BENCH_CHILD_H

#include <stdint.h>
#include <sys/types.h>

struct child {
	pid_t pid; /* -1: could not be started */
	uint64_t started;
};

struct child_usage {
	double wall_s, cpu_s; /* cpu: user and system, all its threads */
	double peak_mib;      /* resident */
};

/* SIGINT, SIGTERM, SIGHUP and SIGPIPE end the children waited for, and nothing is started any more.
 */
void child_catch_signals(void);

/* The signal that came, or 0. */
int child_signal(void);

/* Fork; the child runs work(argument) and exits with 0 if that returned 0. It may print to stderr.
 */
void child_start(struct child *ret, int (*work)(const void *argument), const void *argument);

/* Wait for its end: -1, with *ret not set, unless it exited with 0. */
int child_wait(struct child *child, struct child_usage *ret);

/* Both. */
int child_run(int (*work)(const void *argument), const void *argument, struct child_usage *ret);

#endif
