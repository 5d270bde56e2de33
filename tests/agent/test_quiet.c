/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_quiet.c - what an operation costs beside its I/O: no allocation, no lock, no system call.
 *
 * The linker puts our counters in the place of these functions of the C library (Makefile: --wrap),
 * wherever our own code calls them.
 */
#include "tests/agent/executor_fixture.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "agent/free_run.h"

static _Atomic unsigned n_io, n_other;
static __thread bool is_caller; /* a thread that sends records, or takes them: not counted */

static void count(_Atomic unsigned *counter)
{
	if (!is_caller)
		(*counter)++;
}

#define WRAP(counter, type, function, parameters, arguments) \
	type __real_##function parameters; \
	type __wrap_##function parameters; \
	type __wrap_##function parameters \
	{ \
		count(&(counter)); \
		return __real_##function arguments; \
	}

WRAP(n_io, ssize_t, pread, (int fd, void *buf, size_t n, off_t from), (fd, buf, n, from))
WRAP(n_io, ssize_t, pwrite, (int fd, const void *buf, size_t n, off_t from), (fd, buf, n, from))
WRAP(n_other, void *, malloc, (size_t n), (n))
WRAP(n_other, void *, calloc, (size_t n, size_t size), (n, size))
WRAP(n_other, int, posix_memalign, (void **ret, size_t align, size_t n), (ret, align, n))
WRAP(n_other, int, pthread_mutex_lock, (pthread_mutex_t * lock), (lock))
WRAP(n_other, int, nanosleep, (const struct timespec *time, struct timespec *left), (time, left))
WRAP(n_other, int, poll, (struct pollfd * fds, nfds_t n, int timeout), (fds, n, timeout))
WRAP(n_other, ssize_t, send, (int fd, const void *buf, size_t n, int flags), (fd, buf, n, flags))
WRAP(n_other, ssize_t, write, (int fd, const void *buf, size_t n), (fd, buf, n))
WRAP(n_other, int, fsync, (int fd), (fd))

/* Guards against: an allocation, a lock or a system call for each operation of a RUN. */
static void test_run(void **state)
{
	struct message_op op;
	unsigned i;

	(void)state;
	n_io = n_other = 0;
	for (i = 0; i < 600; i++) { /* their records fit one frame */
		op = i % 2 ? a_read(i / 2 % UNITS, 1) : a_write(i / 2 % UNITS, i + 1);
		op.flags = 0;
		executor_do(at.executor, &op);
	}
	assert_int_equal(n_io, 600);
	assert_int_equal(n_other, 0);
	/* and these do count: the frame's */
	executor_flush(at.executor);
	assert_int_equal(n_io, 600);
	assert_in_range(n_other, 3, 10);
}

#define LANE_OPS 400

static bool go_on(struct lane *lane, uint64_t ns)
{
	(void)lane;
	clock_sleep(ns);
	return false;
}

static atomic_bool is_over;

/* Who the records are for. In a thread of its own: were it the one that sends them, it would wait
 * for itself where a socket has no room. */
static void *take_records(void *argument)
{
	is_caller = true;
	while (!is_over)
		answer_within(argument, 10);
	return NULL;
}

/* Guards against: the same for each operation of a lane that runs free, whose records another
 * thread sends. */
static void test_lanes(void **state)
{
	static struct message_lanes lanes = {.set = {.seed = 3,
						     .files = FILES,
						     .used = UNITS / FILES,
						     .stride = 1,
						     .per_file = UNITS / FILES}};
	static struct free_run_heard heard;
	const struct free_run_options options = {
		.lanes = &lanes, .heard = &heard, .cancelled = go_on};
	pthread_t reader;
	struct error err;
	unsigned i;

	(void)state;
	for (i = 0; i < 2;
	     i++) /* less than LANE_AHEAD, so that none is held back; in all one frame */
		lanes.set.lanes[lanes.set.n++] = (struct lane_program){
			.node = 1, .weight = {1, 1}, .sync = 0, .ops = LANE_OPS};
	at.c->n_ops = at.c->n_events = 0;
	n_io = n_other = 0;
	is_over = false;
	assert_int_equal(pthread_create(&reader, NULL, take_records, at.c), 0);
	is_caller = true;
	if (free_run_do(at.executor, &options, &err) < 0)
		fail_msg("%s", err.text);
	is_over = true;
	pthread_join(reader, NULL);
	is_caller = false;
	assert_int_equal(n_io, 2 * LANE_OPS);
	assert_int_equal(n_other, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_run), TEST(test_lanes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
