/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that are run for us. Guards against one that hangs taking the controller with it, output
 * without bounds, a failure that loses its own words, and a recycled pid being taken for a daemon.
 */
#include "tests/test.h"

#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/process.h"

static void test_output_and_status(void **state)
{
	const char *argv[] = {"sh", "-c", "echo out; echo one >&2; echo two >&2; exit 7", NULL};
	struct process_result result;
	struct error err;

	(void)state;
	assert_int_equal(process_run(argv, 10 * NS_PER_S, NULL, &result, &err), 0);
	assert_int_equal(result.status, 7);
	assert_string_equal(result.out, "out\n");
	assert_string_equal(result.complaint, "one\ntwo\n");
	process_result_done(&result);
	assert_int_equal(process_run_ok(argv, 10 * NS_PER_S, &err), -1);
	assert_non_null(strstr(err.text, "exit status 7"));
	assert_non_null(strstr(err.text, "one"));
}

static void test_not_there(void **state)
{
	const char *argv[] = {"no-such-program-of-ours", NULL};
	struct error err;

	(void)state;
	assert_int_equal(process_run_ok(argv, 10 * NS_PER_S, &err), -1);
	assert_non_null(strstr(err.text, "cannot run"));
}

static void test_deadline_kills_the_group(void **state)
{
	/* the child's own child holds the pipe: only killing the group ends it */
	const char *argv[] = {"sh", "-c", "sleep 60 & sleep 60", NULL};
	uint64_t start = clock_ns();
	struct error err;

	(void)state;
	assert_int_equal(process_run_ok(argv, 200 * NS_PER_MS, &err), -1);
	assert_non_null(strstr(err.text, "in time"));
	assert_true(clock_ns() - start < 30 * NS_PER_S);
}

/* One that says nothing any more, and lives on: not waited for without end. */
static void test_deadline_of_the_silent(void **state)
{
	const char *argv[] = {"sh", "-c", "exec >&- 2>&-; sleep 60", NULL};
	uint64_t start = clock_ns();
	struct error err;

	(void)state;
	assert_int_equal(process_run_ok(argv, 200 * NS_PER_MS, &err), -1);
	assert_string_equal(err.text, "sh: did not end in time");
	assert_true(clock_ns() - start < 30 * NS_PER_S);
}

/*
 * One that was killed and does not end, as if it waited for a device: while somebody else traces
 * it, its parent does not see its end.
 */
static void test_unkillable(void **state)
{
	pid_t child, tracer;
	int status, ready[2];
	uint64_t start;
	char byte;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	child = fork();
	if (!child) {
		for (;;)
			pause();
	}
	tracer = fork();
	if (!tracer) {
		if (!ptrace(PTRACE_SEIZE, child, NULL, NULL) && write(ready[1], "x", 1) == 1)
			pause();
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1) {
		kill(child, SIGKILL);
		skip(); /* not allowed here */
	}
	close(ready[0]);
	kill(child, SIGKILL);
	start = clock_ns();
	assert_int_equal(process_reap(child, 100 * NS_PER_MS, &status), -1);
	assert_true(clock_ns() - start < 10 * NS_PER_S);
	kill(tracer, SIGKILL);
	assert_int_equal(process_reap(tracer, 10 * NS_PER_S, &status), 0);
	assert_int_equal(process_reap(child, 10 * NS_PER_S, &status), 0);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(process_reap(child, 10 * NS_PER_S, &status), -1); /* none of ours */
}

static void test_output_is_bounded(void **state)
{
	const char *argv[] = {"sh", "-c",
			      "head -c 3000000 /dev/zero | tr '\\0' x; "
			      "head -c 100000 /dev/zero | tr '\\0' y >&2; echo end >&2",
			      NULL};
	struct process_result result;
	struct error err;

	(void)state;
	assert_int_equal(process_run(argv, 60 * NS_PER_S, NULL, &result, &err), 0);
	assert_int_equal(strlen(result.out), 1 << 20);
	assert_true(strlen(result.complaint) <= 4096);
	assert_non_null(strstr(result.complaint, "end\n")); /* the end is what is kept */
	process_result_done(&result);
}

static void test_a_pid_is_known_by_its_start(void **state)
{
	uint64_t started;
	pid_t pid;

	(void)state;
	pid = fork();
	if (!pid) {
		pause();
		_exit(0);
	}
	started = process_started(pid);
	assert_true(started > 0);
	assert_true(process_alive(pid, started));
	assert_false(process_alive(pid, started + 1));
	process_stop(pid, started + 1, NS_PER_S); /* another process of that pid: left alone */
	assert_true(process_alive(pid, started));
	process_stop(pid, started, NS_PER_S);
	assert_false(process_alive(pid, started));
	waitpid(pid, NULL, 0);
	assert_int_equal(process_started(1U << 30), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_status),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_deadline_kills_the_group),
		cmocka_unit_test(test_deadline_of_the_silent),
		cmocka_unit_test(test_unkillable),
		cmocka_unit_test(test_output_is_bounded),
		cmocka_unit_test(test_a_pid_is_known_by_its_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
