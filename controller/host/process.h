/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.h - run a program by its argument vector, with a deadline; never through a shell. */
#ifndef HOST_PROCESS_H
#define HOST_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/clock.h"
#include "common/error.h"
#include "host/progress.h"

/* How long the end of a process that was killed is waited for. One that waits in the kernel, for a
 * device whose I/O is suspended, ends only when that does. */
#define PROCESS_KILLED_NS (10 * NS_PER_S)

struct process_result {
	int status;	 /* exit status, or 128 + signal */
	char *out;	 /* standard output, its first 1 MiB, NUL-terminated; to be freed */
	char *complaint; /* the last 4 KiB of standard error; to be freed */
};

/*
 * Run argv[0] (looked up in PATH) and wait for its end. Lines of its standard error go to
 * `progress` as they come. Returns 0 with *ret set whatever its exit status; -1 with *err when it
 * could not be started (ERROR_WORLD), was still running at timeout_ns (it is killed with its
 * group), or the user interrupted (ERROR_INTERRUPTED). Takes PROCESS_KILLED_NS longer if it does
 * not end even when killed, which *err says.
 */
int process_run(const char *const argv[], uint64_t timeout_ns, const struct progress *progress,
		struct process_result *ret, struct error *err);
void process_result_done(struct process_result *result);

/* Releases the result. 0 if its exit status is 0; else ERROR_WORLD: what `name` complains of. */
int process_result_ok(struct process_result *result, const char *name, struct error *err);

/* process_run, and an ERROR_WORLD with the complaint unless the exit status is 0. */
int process_run_ok(const char *const argv[], uint64_t timeout_ns, struct error *err);

/* Wait for the end of a child for grace_ns at most. 0 with waitpid's status; -1 if it is still
 * there then (or is no child of ours). */
int process_reap(pid_t pid, uint64_t grace_ns, int *ret_status);

/*
 * In a child, after fork: become that program, in a group of its own, with no signal blocked, in
 * the C locale. in: -1 for none (/dev/null); complaint: -1 to drop it. Exit status 127 if it cannot
 * be run.
 */
void process_exec(const char *const argv[], int in, int out, int complaint)
	__attribute__((noreturn));

/*
 * A process by pid and by when it started (clock ticks since boot, /proc/PID/stat field 22), so
 * that a recycled pid is never taken for it. process_started returns 0 if there is none.
 */
uint64_t process_started(pid_t pid);
bool process_alive(pid_t pid, uint64_t started);

/* SIGTERM, then after grace_ns SIGKILL; returns once it is gone, or PROCESS_KILLED_NS later. Not
 * there: fine. */
void process_stop(pid_t pid, uint64_t started, uint64_t grace_ns);

/* The pid in a pid file; 0 if there is none or it is not a number. */
pid_t process_read_pid(const char *path);

#endif
