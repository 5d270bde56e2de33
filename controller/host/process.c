/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process.c - see process.h. */
#include "host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parse.h"
#include "host/interrupt.h"
#include "host/output.h"

#define POLL_MS 100
#define FIRST_LOOK_NS (NS_PER_MS / 20)
#define LOOK_NS (10 * NS_PER_MS)

/* One of the child's outputs, being collected. */
struct collector {
	int fd;
	struct output output;
	size_t line; /* start of the line that progress has not seen */
};

static void report_lines(struct collector *c, const struct progress *progress)
{
	const char *line, *end;

	while ((end = memchr(c->output.text + c->line, '\n', c->output.used - c->line))) {
		line = c->output.text + c->line;
		progress_step(progress, "%.*s", (int)(end - line), line);
		c->line += (size_t)(end - line) + 1;
	}
}

/* Read what there is; false at its end. */
static bool collect(struct collector *c, const struct progress *progress)
{
	char buf[4096];
	size_t dropped;
	ssize_t n;

	n = read(c->fd, buf, sizeof(buf));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n <= 0)
		return false;
	dropped = output_add(&c->output, buf, (size_t)n);
	c->line -= dropped < c->line ? dropped : c->line;
	if (progress)
		report_lines(c, progress);
	return true;
}

void process_exec(const char *const argv[], int in, int out, int complaint)
{
	sigset_t none;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(in < 0 ? null : in, 0);
	dup2(out, 1);
	dup2(complaint < 0 ? null : complaint, 2);
	setenv("LC_ALL", "C", 1); /* what is read of it must not depend on the user's language */
	execvp(argv[0], (char *const *)argv);
	dprintf(2, "cannot run: %s\n", strerror(errno));
	_exit(127);
}

int process_reap(pid_t pid, uint64_t grace_ns, int *ret_status)
{
	uint64_t deadline = clock_ns() + grace_ns, pause = FIRST_LOOK_NS;
	pid_t got;

	for (;;) {
		got = waitpid(pid, ret_status, WNOHANG);
		if (got == pid)
			return 0;
		if ((got < 0 && errno != EINTR) || clock_ns() > deadline)
			return -1;
		clock_sleep(pause);
		if (pause < LOOK_NS)
			pause *= 2;
	}
}

/* One that has closed its outputs has mostly ended, but it need not have. */
static int await_end(pid_t pid, uint64_t deadline, int *ret_status, struct error *err)
{
	for (;;) {
		if (!process_reap(pid, LOOK_NS, ret_status))
			return 0;
		if (interrupted())
			return interrupt_error(err);
		if (clock_ns() > deadline)
			return error_set(err, ERROR_WORLD, "did not end in time");
	}
}

/* Kill it with its group. It may not end even so: then its end is left to the kernel. */
static void kill_group(pid_t pid, struct error *err)
{
	struct error stuck;
	int status;

	kill(-pid, SIGTERM);
	clock_sleep(200 * NS_PER_MS);
	kill(-pid, SIGKILL);
	if (!process_reap(pid, PROCESS_KILLED_NS, &status))
		return;
	error_set(&stuck, ERROR_WORLD,
		  "it was killed and does not end (pid %d): it waits in the kernel, perhaps for a "
		  "device that does not answer",
		  (int)pid);
	error_add(err, &stuck);
}

/* Collect both outputs until they end; -1 at the deadline or an interruption. */
static int gather(struct collector *out, struct collector *complaint, uint64_t deadline,
		  const struct progress *progress, struct error *err)
{
	struct pollfd fds[2];

	while (out->fd >= 0 || complaint->fd >= 0) {
		if (interrupted())
			return interrupt_error(err);
		if (clock_ns() > deadline)
			return error_set(err, ERROR_WORLD, "did not end in time");
		fds[0] = (struct pollfd){.fd = out->fd, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = complaint->fd, .events = POLLIN};
		if (poll(fds, 2, POLL_MS) < 0)
			continue;
		if (fds[0].revents && !collect(out, NULL)) {
			close(out->fd);
			out->fd = -1;
		}
		if (fds[1].revents && !collect(complaint, progress)) {
			close(complaint->fd);
			complaint->fd = -1;
		}
	}
	return 0;
}

int process_run(const char *const argv[], uint64_t timeout_ns, const struct progress *progress,
		struct process_result *ret, struct error *err)
{
	struct collector out = {.fd = -1}, complaint = {.fd = -1};
	uint64_t deadline = clock_ns() + timeout_ns;
	int out_pipe[2] = {-1, -1}, complaint_pipe[2] = {-1, -1};
	int result = -1, status = 0;
	pid_t pid;

	if (output_init(&out.output, OUTPUT_MAX, false, err) < 0 ||
	    output_init(&complaint.output, OUTPUT_COMPLAINT_MAX, true, err) < 0)
		goto out;
	if (pipe2(out_pipe, O_CLOEXEC) < 0 || pipe2(complaint_pipe, O_CLOEXEC) < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot run %s", argv[0]);
		goto out;
	}
	pid = fork();
	if (pid < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot run %s", argv[0]);
		goto out;
	}
	if (!pid)
		process_exec(argv, -1, out_pipe[1], complaint_pipe[1]);
	close(out_pipe[1]);
	close(complaint_pipe[1]);
	out.fd = out_pipe[0];
	complaint.fd = complaint_pipe[0];
	out_pipe[0] = out_pipe[1] = complaint_pipe[0] = complaint_pipe[1] = -1;
	result = gather(&out, &complaint, deadline, progress, err);
	if (!result)
		result = await_end(pid, deadline, &status, err);
	if (result < 0) {
		error_prefix(err, "%s", argv[0]);
		kill_group(pid, err);
		goto out;
	}
	ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	ret->out = out.output.text;
	ret->complaint = complaint.output.text;
	out.output.text = complaint.output.text = NULL;
out:
	for (status = 0; status < 2; status++) {
		if (out_pipe[status] >= 0)
			close(out_pipe[status]);
		if (complaint_pipe[status] >= 0)
			close(complaint_pipe[status]);
	}
	if (out.fd >= 0)
		close(out.fd);
	if (complaint.fd >= 0)
		close(complaint.fd);
	output_done(&out.output);
	output_done(&complaint.output);
	return result;
}

void process_result_done(struct process_result *result)
{
	free(result->out);
	free(result->complaint);
	result->out = result->complaint = NULL;
}

int process_result_ok(struct process_result *result, const char *name, struct error *err)
{
	int status = result->status;
	char clean[1024];

	if (status)
		error_set(err, ERROR_WORLD, "%s failed (exit status %d): %s", name, status,
			  printable(result->complaint, strcspn(result->complaint, "\n"), clean,
				    sizeof(clean)));
	process_result_done(result);
	return status ? -1 : 0;
}

int process_run_ok(const char *const argv[], uint64_t timeout_ns, struct error *err)
{
	struct process_result result;

	if (process_run(argv, timeout_ns, NULL, &result, err) < 0)
		return -1;
	return process_result_ok(&result, argv[0], err);
}

uint64_t process_started(pid_t pid)
{
	char path[64], text[1024], *at;
	unsigned long long started = 0;
	FILE *file;
	size_t n;
	int i;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	n = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[n] = 0;
	at = strrchr(text, ')'); /* the name may hold anything; fields 3.. follow it */
	for (i = 2; at && i < 22; i++)
		at = strchr(at + 1, ' ');
	if (!at || text[strcspn(text, ")")] == 0 || strstr(text, ") Z ") ||
	    sscanf(at, " %llu", &started) != 1)
		return 0;
	return started;
}

bool process_alive(pid_t pid, uint64_t started)
{
	return pid > 0 && started && process_started(pid) == started;
}

void process_stop(pid_t pid, uint64_t started, uint64_t grace_ns)
{
	uint64_t deadline = clock_ns() + grace_ns, now;

	if (!process_alive(pid, started))
		return;
	kill(pid, SIGTERM);
	while (process_alive(pid, started)) {
		now = clock_ns();
		if (now > deadline + PROCESS_KILLED_NS)
			return;
		if (now > deadline)
			kill(pid, SIGKILL);
		clock_sleep(10 * NS_PER_MS);
	}
}

pid_t process_read_pid(const char *path)
{
	FILE *file = fopen(path, "re");
	int pid = 0;

	if (!file)
		return 0;
	if (fscanf(file, "%d", &pid) != 1 || pid < 0)
		pid = 0;
	fclose(file);
	return pid;
}
