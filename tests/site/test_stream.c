/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs as descriptors, over ssh with a real sshd and on this machine. Guards against: bytes
 * that are lost, doubled or held back; an end that nobody hears of; a program, a thread or a
 * descriptor that is left.
 */
#include "tests/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/host.h"
#include "tests/site/ssh_server.h"

#define SOON_NS (20 * NS_PER_S) /* what takes no waiting, on a busy machine and under valgrind */
#define LONG_NS (60 * NS_PER_S)
#define MUCH ((size_t)1 << 20)

static struct ssh_server server;

static int start(void **state)
{
	(void)state;
	unsetenv("SSH_AUTH_SOCK");
	signal(SIGPIPE, SIG_IGN);
	if (!ssh_server_start(&server))
		return -1;
	ssh_server_config(&server, "known", "client", "");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	ssh_server_stop(&server);
	return 0;
}

static struct host *open_local(void)
{
	const struct host_options options = {.ssh = "local"};

	return host_open(&options, NULL);
}

/* The same over ssh and here. */
static void both(void (*check)(struct host *host))
{
	check(ssh_server_host(&server, LONG_NS));
	check(open_local());
}

static int stream(struct host *host, const char *script)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct error err;
	int fd = host_stream(host, argv, &err);

	if (fd < 0)
		fail_msg("%s", err.text);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	return fd;
}

/* Read until so many bytes are there or the end came; returns how many. */
static size_t read_until(int fd, char *ret, size_t size, uint64_t timeout_ns)
{
	uint64_t deadline = clock_ns() + timeout_ns;
	struct pollfd in = {.fd = fd, .events = POLLIN};
	size_t used = 0;
	ssize_t n;

	while (used < size) {
		assert_true(clock_ns() < deadline);
		poll(&in, 1, 100);
		n = read(fd, ret + used, size - used);
		if (!n || (n < 0 && errno != EAGAIN))
			break;
		used += n > 0 ? (size_t)n : 0;
	}
	return used;
}

static void assert_ends(int fd, const char *wanted)
{
	char text[256];
	size_t n = read_until(fd, text, sizeof(text) - 1, SOON_NS);

	text[n] = '\0';
	assert_string_equal(text, wanted);
	assert_int_equal(read(fd, text, 1), 0);
}

static pid_t read_pid(int fd)
{
	char text[16] = "";
	size_t n = 0;
	int pid = 0;

	while (n < sizeof(text) - 1 && !strchr(text, '\n'))
		n += read_until(fd, text + n, 1, SOON_NS);
	assert_int_equal(sscanf(text, "%d", &pid), 1);
	assert_true(pid > 1);
	return pid;
}

static void assert_gone(pid_t pid)
{
	uint64_t deadline = clock_ns() + SOON_NS;

	while (process_started(pid)) {
		assert_true(clock_ns() < deadline);
		clock_sleep(20 * NS_PER_MS);
	}
}

static unsigned entries(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void check_echo(struct host *host)
{
	static char sent[MUCH], got[MUCH];
	int fd = stream(host, "exec cat"), n;
	struct pollfd both_ways = {.fd = fd};
	size_t out = 0, in = 0, i;
	uint64_t deadline = clock_ns() + LONG_NS;

	for (i = 0; i < MUCH; i++)
		sent[i] = (char)(i * 2654435761U >> 13);
	while (in < MUCH) {
		assert_true(clock_ns() < deadline);
		both_ways.events = (short)(POLLIN | (out < MUCH ? POLLOUT : 0));
		poll(&both_ways, 1, 100);
		n = (int)write(fd, sent + out, MUCH - out < 70001 ? MUCH - out : 70001);
		out += n > 0 ? (size_t)n : 0;
		n = (int)read(fd, got + in, MUCH - in);
		assert_true(n > 0 || (n < 0 && errno == EAGAIN));
		in += n > 0 ? (size_t)n : 0;
	}
	assert_memory_equal(sent, got, MUCH);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	assert_ends(fd, "");
	close(fd);
	host_close(host);
}

/* Guards against: bytes that are lost, changed or kept back. */
static void echo(void **state)
{
	(void)state;
	both(check_echo);
}

static void check_answer(struct host *host)
{
	int fd = stream(host, "while read x; do echo \"<$x>\"; done"), i;
	char text[8];

	for (i = 0; i < 20; i++) {
		assert_int_equal(write(fd, "frame\n", 6), 6);
		assert_int_equal(read_until(fd, text, 8, SOON_NS), 8);
		assert_memory_equal(text, "<frame>\n", 8);
	}
	close(fd);
	host_close(host);
}

/* Guards against: an answer that waits for more to come. */
static void answer(void **state)
{
	(void)state;
	both(check_answer);
}

static void check_ends(struct host *host)
{
	const char *const absent[] = {"no-such-program-of-ours", NULL};
	struct error err;
	pid_t pid;
	int fd;

	fd = stream(host, "echo complaint >&2; echo last $LC_ALL; exit 3");
	assert_ends(fd, "last C\n"); /* in no language but the one that is read here */
	close(fd);
	fd = host_stream(host, absent, &err);
	assert_true(fd >= 0);
	assert_ends(fd, "");
	close(fd);
	/* one that it left behind has the socket still */
	fd = stream(host, "sleep 600 & echo $!");
	pid = read_pid(fd);
	assert_ends(fd, "");
	assert_gone(pid);
	close(fd);
	host_close(host);
}

/* Guards against: the end of a program not being told, or its last words lost. */
static void ends(void **state)
{
	(void)state;
	both(check_ends);
}

static void check_slow_reader(struct host *host)
{
	static char got[8 * MUCH];
	int fd = stream(host, "head -c 8388608 /dev/zero | tr '\\0' x; sleep 1");

	clock_sleep(NS_PER_S);
	assert_int_equal(read_until(fd, got, 8 * MUCH, LONG_NS), 8 * MUCH);
	assert_memory_equal(got, got + 1, 8 * MUCH - 1); /* all are the same */
	assert_ends(fd, "");
	close(fd);
	host_close(host);
}

/* Guards against: what was said before the end being lost, when nobody was quick to read it. */
static void slow_reader(void **state)
{
	(void)state;
	both(check_slow_reader);
}

static void check_closing(struct host *host)
{
	static const char *const deaf[] = {
		"echo $$; exec sleep 600", /* and never reads */
		"trap '' TERM; echo $$; while :; do sleep 1; done",
		"echo $$; while :; do echo x; done", /* and is not read */
	};
	static const char zeros[20000];
	pid_t pids[4];
	size_t i;
	int fd;

	for (i = 0; i < 3; i++) {
		fd = stream(host, deaf[i]);
		pids[i] = read_pid(fd);
		assert_int_equal(write(fd, zeros, sizeof(zeros)), sizeof(zeros));
		close(fd);
	}
	for (i = 0; i < 3; i++)
		assert_gone(pids[i]);
	host_close(host);
}

/* Guards against: a program that goes on although nobody listens to it any more. */
static void closing(void **state)
{
	(void)state;
	both(check_closing);
}

static void check_host_close(struct host *host)
{
	int fds[2] = {stream(host, "echo $$; exec sleep 600"), stream(host, "echo $$; exec cat")};
	pid_t pids[2] = {read_pid(fds[0]), read_pid(fds[1])};

	host_close(host);
	assert_ends(fds[0], "");
	assert_ends(fds[1], "");
	assert_gone(pids[0]);
	assert_gone(pids[1]);
	close(fds[0]);
	close(fds[1]);
}

/* Guards against: a host that is closed leaving programs, threads and descriptors. */
static void leftovers(void **state)
{
	unsigned fds, i;
	struct host *host;
	uint64_t deadline;
	int fd;

	(void)state;
	both(check_host_close); /* what opens for good, such as the resolver's files, is open now */
	fds = entries("/proc/self/fd");
	both(check_host_close);
	host = ssh_server_host(&server, LONG_NS);
	for (i = 0; i < 4; i++)
		close(stream(host, "cat"));
	deadline = clock_ns() + SOON_NS;
	/* our end of each pair is open still, and the connection of the host */
	while (entries("/proc/self/fd") > fds + 1 + 4 && clock_ns() < deadline)
		clock_sleep(20 * NS_PER_MS);
	clock_sleep(200 * NS_PER_MS);
	fd = stream(host, "cat"); /* which notices that the others have ended */
	assert_int_equal(entries("/proc/self/fd"), fds + 1 + 3);
	close(fd);
	host_close(host);
	assert_int_equal(entries("/proc/self/fd"), fds);
	assert_int_equal(entries("/proc/self/task"), 2 + 1);
}

/* Guards against: a host that dies, and whose stream is waited on for ever. */
static void killed(void **state)
{
	struct host *host = ssh_server_host(&server, LONG_NS);
	int fd = stream(host, "echo here; while :; do sleep 0.1; echo x; done");
	static char text[65536];

	(void)state;
	assert_int_equal(read_until(fd, text, 5, SOON_NS), 5);
	assert_true(ssh_server_signal(&server, SIGKILL) > 0);
	assert_true(read_until(fd, text, sizeof(text), SOON_NS) < sizeof(text));
	assert_int_equal(read(fd, text, 1), 0);
	assert_true(write(fd, "x", 1) < 0);
	close(fd);
	host_close(host);
}

/* Guards against: closing that waits for a host which says nothing. */
static void silent(void **state)
{
	struct host *host = ssh_server_host(&server, LONG_NS);
	int fds[2] = {stream(host, "echo $$; exec cat"), stream(host, "echo $$; exec cat")};
	uint64_t begin;
	char text[16];

	(void)state;
	read_pid(fds[0]);
	read_pid(fds[1]);
	assert_true(ssh_server_signal(&server, SIGSTOP) > 0);
	assert_int_equal(write(fds[0], "x", 1), 1);
	clock_sleep(500 * NS_PER_MS);
	assert_int_equal(read(fds[0], text, 1), -1);
	begin = clock_ns();
	close(fds[0]);
	host_close(host);
	assert_true(clock_ns() - begin < SOON_NS);
	assert_ends(fds[1], "");
	close(fds[1]);
	ssh_server_signal(&server, SIGCONT);
}

/* Guards against: a program here that outlives a controller which was killed. */
static void orphan(void **state)
{
	int out[2], status;
	char text[16] = "";
	int pid = 0;
	pid_t controller;

	(void)state;
	assert_int_equal(pipe(out), 0);
	controller = fork();
	if (!controller) {
		int fd = stream(open_local(), "echo $$; exec sleep 600");
		size_t n = (size_t)snprintf(text, sizeof(text), "%d\n", (int)read_pid(fd));

		_exit(write(out[1], text, n) == (ssize_t)n ? pause() : 1);
	}
	assert_true(read(out[0], text, sizeof(text) - 1) > 0);
	assert_int_equal(sscanf(text, "%d", &pid), 1);
	assert_true(process_started(pid));
	kill(controller, SIGKILL);
	waitpid(controller, &status, 0);
	assert_gone(pid);
	close(out[0]);
	close(out[1]);
}

/* Guards against: an error that does not say which host, and a wait beyond what was said. */
static void not_reached(void **state)
{
	const char *const argv[] = {"cat", NULL};
	struct host *host = ssh_server_host(&server, SOON_NS);
	struct error err;

	(void)state;
	ssh_server_config(&server, "empty", "client", ""); /* meanwhile */
	assert_int_equal(host_stream(host, argv, &err), -1);
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_non_null(strstr(err.text, "alpha: its key is not known"));
	ssh_server_config(&server, "known", "client", "");
	host_close(host);
}

/* Guards against: writing to what was only lent for host_open, and may be gone by now. */
static void distrust_later(void **state)
{
	const char *const argv[] = {"cat", NULL};
	bool distrusted = false;
	struct host_options options = {.ssh = "alpha",
				       .ssh_config = ssh_server_path(&server, "config"),
				       .ret_distrusted = &distrusted};
	struct host *host = host_open(&options, NULL);

	(void)state;
	assert_non_null(host);
	ssh_server_config(&server, "empty", "client", "");
	assert_int_equal(host_stream(host, argv, NULL), -1);
	assert_false(distrusted);
	ssh_server_config(&server, "known", "client", "");
	host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echo),		  cmocka_unit_test(answer),
		cmocka_unit_test(ends),		  cmocka_unit_test(slow_reader),
		cmocka_unit_test(closing),	  cmocka_unit_test(leftovers),
		cmocka_unit_test(killed),	  cmocka_unit_test(silent),
		cmocka_unit_test(orphan),	  cmocka_unit_test(not_reached),
		cmocka_unit_test(distrust_later),
	};

	if (ssh_server_missing()) {
		fprintf(stderr, "%s\n", ssh_server_missing());
		return 77;
	}
	return cmocka_run_group_tests(tests, start, stop);
}
