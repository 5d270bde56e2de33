/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands and files on a host over ssh, with a real sshd, and on this machine by the same calls.
 * Guards against: a status or output that is lost; words that the remote shell takes apart; a host
 * that falls silent or dies and takes us with it; a command that outlives its deadline there; half
 * a file under the name of a whole one.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/host.h"
#include "host/interrupt.h"
#include "tests/site/ssh_server.h"

#define SOON_NS (20 * NS_PER_S) /* what takes no waiting, on a busy machine and under valgrind */
#define LONG_NS (60 * NS_PER_S)

static struct ssh_server server;

static int start(void **state)
{
	(void)state;
	unsetenv("SSH_AUTH_SOCK");
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

static void assert_says(const struct error *err, const char *wanted)
{
	if (!strstr(err->text, wanted))
		fail_msg("'%s' does not say '%s'", err->text, wanted);
}

static struct host *open_host(void)
{
	return ssh_server_host(&server, LONG_NS);
}

static struct host *open_local(void)
{
	const struct host_options options = {.ssh = "local"};

	return host_open(&options, NULL);
}

static void assert_works(struct host *host)
{
	static const char *const argv[] = {"true", NULL};
	struct error err;

	if (host_run_ok(host, argv, LONG_NS, &err) < 0)
		fail_msg("%s", err.text);
}

/* Every call fails at once. */
static void assert_lost(struct host *host)
{
	static const char *const argv[] = {"true", NULL};
	uint64_t begin = clock_ns();
	struct error err;

	assert_int_equal(host_run_ok(host, argv, LONG_NS, &err), -1);
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_says(&err, "alpha: ");
	assert_int_equal(
		host_put(host, "/dev/null", ssh_server_path(&server, "x"), 0600, LONG_NS, &err),
		-1);
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_true(clock_ns() - begin < SOON_NS);
}

/* Nothing that was started over ssh is there any more. */
static void assert_nobody_there(void)
{
	uint64_t deadline = clock_ns() + SOON_NS;

	while (ssh_server_commands(&server)) {
		assert_true(clock_ns() < deadline);
		clock_sleep(20 * NS_PER_MS);
	}
}

static void check_run(struct host *host, const char *script, int status, const char *out,
		      const char *complaint)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	struct process_result result;
	struct error err;

	if (host_run(host, argv, LONG_NS, &result, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(result.status, status);
	assert_string_equal(result.out, out);
	assert_string_equal(result.complaint, complaint);
	process_result_done(&result);
}

static void check_answers(struct host *host)
{
	const char *const words[] = {"printf", "<%s>", "a b",	    "'", "\"$HOME\"",
				     "*",      "",     "\\n;`x`\n", NULL};
	const char *const absent[] = {"no-such-program-of-ours", NULL};
	struct process_result result;
	struct error err;

	check_run(host, "echo out; echo complaint >&2; exit 7", 7, "out\n", "complaint\n");
	check_run(host, "kill -TERM $$", 128 + SIGTERM, "", "");
	/* both streams end long before the command does */
	check_run(host, "exec >&- 2>&-; sleep 0.5; exit 5", 5, "", "");
	check_run(host, "cat", 0, "", ""); /* there is no input */
	check_run(host, "printf %s \"$LC_ALL\"", 0, "C", "");
	assert_int_equal(host_run(host, words, LONG_NS, &result, &err), 0);
	assert_string_equal(result.out, "<a b><'><\"$HOME\"><*><><\\n;`x`\n>");
	process_result_done(&result);
	assert_int_equal(host_run_ok(host, absent, LONG_NS, &err), -1);
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_says(&err, "no-such-program-of-ours");
	host_close(host);
}

/* Guards against: an exit status, a signal, a stream or a word that does not come through; `stat -c
 * %F`, fsck and others in the words of a language that nobody here reads. */
static void answers(void **state)
{
	(void)state;
	setenv("LC_ALL", "de_DE.UTF-8", 1);
	check_answers(open_host());
	check_answers(open_local());
	unsetenv("LC_ALL");
}

/* Guards against: output that fills the memory, or fills the channel so that nobody goes on. */
static void much_output(void **state)
{
	const char *const argv[] = {"sh", "-c",
				    "head -c 3000000 /dev/zero | tr '\\0' x; "
				    "head -c 300000 /dev/zero | tr '\\0' y >&2; echo end >&2",
				    NULL};
	struct host *host = open_host();
	struct process_result result;
	struct error err;

	(void)state;
	assert_int_equal(host_run(host, argv, LONG_NS, &result, &err), 0);
	assert_int_equal(strlen(result.out), 1 << 20);
	assert_int_equal(strlen(result.complaint), 4096);
	assert_non_null(strstr(result.complaint, "yend\n"));
	process_result_done(&result);
	assert_works(host);
	host_close(host);
}

/* Guards against: a command that does not end, here or there. */
static void deadline(void **state)
{
	const char *const argv[] = {"sh", "-c", "sleep 600; echo x", NULL};
	struct host *host = open_host();
	uint64_t begin = clock_ns();
	struct error err;

	(void)state;
	assert_int_equal(host_run_ok(host, argv, NS_PER_S, &err), -1);
	assert_true(clock_ns() - begin < NS_PER_S + SOON_NS);
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_says(&err, "alpha: sh: ");
	assert_says(&err, "in time");
	assert_works(host);
	host_close(host);
	assert_nobody_there();
}

/* In a process of its own, since its signals stay: do it, with a SIGINT once that file is there and
 * not empty, or after a while. */
static void assert_interruptible(void (*doing)(struct host *host, struct error *err),
				 const char *path)
{
	uint64_t end = clock_ns() + LONG_NS;
	struct error err = {0};
	struct host *host;
	struct stat st;
	uint64_t begin;
	pid_t pid;
	int status;

	pid = fork();
	if (!pid) {
		host = open_host();
		interrupt_install();
		pid = getpid();
		if (!fork()) {
			do
				clock_sleep(path ? 20 * NS_PER_MS : NS_PER_S);
			while (path && (stat(path, &st) < 0 || !st.st_size) && clock_ns() < end);
			_exit(kill(pid, SIGINT));
		}
		begin = clock_ns();
		doing(host, &err);
		interrupt_hold(true);
		if (err.kind != ERROR_INTERRUPTED || clock_ns() - begin > SOON_NS)
			_exit(1);
		assert_works(host); /* to tidy up */
		host_close(host);
		wait(NULL);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void run_for_long(struct host *host, struct error *err)
{
	static const char *const argv[] = {"sleep", "30", NULL};

	host_run_ok(host, argv, LONG_NS, err);
}

/* A file of that size without content, in the folder of the server. */
static const char *big_file(off_t size)
{
	const char *path = ssh_server_path(&server, "big");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
	return path;
}

static void put_big(struct host *host, struct error *err)
{
	host_put(host, ssh_server_path(&server, "big"), ssh_server_path(&server, "copy"), 0600,
		 LONG_NS, err);
}

/* Guards against: Ctrl-C that waits for the host, or leaves half a file, or a host that cannot be
 * tidied up any more. */
static void interruption(void **state)
{
	(void)state;
	assert_interruptible(run_for_long, NULL);
	big_file((off_t)8 << 30);
	assert_interruptible(put_big, ssh_server_path(&server, "copy.part"));
	assert_int_equal(access(ssh_server_path(&server, "copy"), F_OK), -1);
	assert_int_equal(access(ssh_server_path(&server, "copy.part"), F_OK), -1);
}

/* In another process: a signal to the connection once this script succeeds. */
static pid_t signal_when(const char *script, int number)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	uint64_t end = clock_ns() + LONG_NS;
	struct error err;
	pid_t pid = fork();

	if (pid)
		return pid;
	while (process_run_ok(argv, LONG_NS, &err) < 0 && clock_ns() < end)
		clock_sleep(20 * NS_PER_MS);
	_exit(ssh_server_signal(&server, number) ? 0 : 1);
}

static void assert_signalled(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
}

/* Guards against: a host that vanishes while a command runs, and is waited for. */
static void killed_in_a_command(void **state)
{
	const char *const argv[] = {"sh", "-c", "echo x; sleep 30", NULL};
	struct host *host = open_host();
	uint64_t begin = clock_ns();
	struct error err;
	pid_t pid;

	(void)state;
	pid = signal_when("sleep 0.5", SIGKILL);
	assert_int_equal(host_run_ok(host, argv, LONG_NS, &err), -1);
	assert_true(clock_ns() - begin < SOON_NS);
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_says(&err, "alpha: sh: ");
	assert_signalled(pid);
	assert_lost(host);
	host_close(host);
	host = open_host();
	assert_works(host);
	host_close(host);
}

/* Guards against: a host that says nothing more, and is waited for longer than was said. */
static void silent_in_a_command(void **state)
{
	const char *const argv[] = {"true", NULL};
	struct host *host = open_host();
	uint64_t begin = clock_ns();
	struct error err;

	(void)state;
	assert_true(ssh_server_signal(&server, SIGSTOP) > 0);
	assert_int_equal(host_run_ok(host, argv, NS_PER_S, &err), -1);
	assert_true(clock_ns() - begin < NS_PER_S + SOON_NS);
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_says(&err, "alpha: true: no answer in time");
	assert_lost(host);
	ssh_server_signal(&server, SIGCONT);
	host_close(host);
}

static void check_put(struct host *host)
{
	const char *from = ssh_server_path(&server, "from"), *to = ssh_server_path(&server, "to"),
		   *absent = ssh_server_path(&server, "absent/to");
	const char *const same[] = {"cmp", from, to, NULL};
	const char *const make[] = {"sh", "-c", "head -c 3000001 /dev/urandom >\"$0\"", from, NULL};
	struct error err;
	struct stat st;

	assert_int_equal(process_run_ok(make, LONG_NS, &err), 0);
	if (host_put(host, "/dev/null", to, 0600, LONG_NS, &err) < 0) /* and one is there already */
		fail_msg("%s", err.text);
	if (host_put(host, from, to, 0755, LONG_NS, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(process_run_ok(same, LONG_NS, &err), 0);
	assert_int_equal(stat(to, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(access(ssh_server_path(&server, "to.part"), F_OK), -1);
	/* not there, here; not there, there; a folder */
	assert_int_equal(host_put(host, absent, to, 0600, LONG_NS, &err), -1);
	assert_says(&err, absent);
	assert_int_equal(host_put(host, from, absent, 0600, LONG_NS, &err), -1);
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_says(&err, absent);
	assert_int_equal(mkdir(ssh_server_path(&server, "folder"), 0700), 0);
	assert_int_equal(
		host_put(host, from, ssh_server_path(&server, "folder"), 0600, LONG_NS, &err), -1);
	assert_int_equal(access(ssh_server_path(&server, "folder.part"), F_OK), -1);
	rmdir(ssh_server_path(&server, "folder"));
	assert_int_equal(process_run_ok(same, LONG_NS, &err), 0);
	assert_works(host);
	host_close(host);
}

/* Guards against: a file that arrives damaged, with other permissions, or under a wrong name. */
static void put(void **state)
{
	(void)state;
	check_put(open_host());
	check_put(open_local());
}

/* Guards against: sshd dying, or falling silent, in the middle of a file. */
static void broken_put(void **state)
{
	const int numbers[] = {SIGKILL, SIGSTOP};
	const uint64_t limits[] = {LONG_NS, 8 * NS_PER_S};
	struct host *host;
	struct error err;
	char script[256];
	uint64_t begin;
	size_t i;
	pid_t pid;

	(void)state;
	snprintf(script, sizeof(script), "test -s %s", ssh_server_path(&server, "copy.part"));
	for (i = 0; i < 2; i++) {
		host = open_host();
		pid = signal_when(script, numbers[i]);
		begin = clock_ns();
		assert_int_equal(host_put(host, big_file((off_t)8 << 30),
					  ssh_server_path(&server, "copy"), 0600, limits[i], &err),
				 -1);
		assert_true(clock_ns() - begin < SOON_NS + (numbers[i] == SIGSTOP ? limits[i] : 0));
		assert_int_equal(err.kind, ERROR_WORLD);
		assert_says(&err, "alpha: ");
		assert_says(&err, numbers[i] == SIGSTOP ? "not copied in time" : "/copy");
		assert_signalled(pid);
		assert_lost(host);
		ssh_server_signal(&server, SIGCONT);
		host_close(host);
		assert_int_equal(access(ssh_server_path(&server, "copy"), F_OK), -1);
		unlink(ssh_server_path(&server, "copy.part"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers),
		cmocka_unit_test(much_output),
		cmocka_unit_test(deadline),
		cmocka_unit_test(interruption),
		cmocka_unit_test(killed_in_a_command),
		cmocka_unit_test(silent_in_a_command),
		cmocka_unit_test(put),
		cmocka_unit_test(broken_put),
	};

	if (ssh_server_missing()) {
		fprintf(stderr, "%s\n", ssh_server_missing());
		return 77;
	}
	return cmocka_run_group_tests(tests, start, stop);
}
