/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_update.c - operations that are more than one system call: updates under a lock, logs. The
 * executor by itself, on files of this machine.
 */
#include "tests/agent/executor_fixture.h"

#include <fcntl.h>
#include <sys/wait.h>

static struct message_op update_read(uint64_t unit)
{
	return flagged(a_read(unit, 1), MESSAGE_OP_UPDATE);
}

static struct message_op update_write(uint64_t unit, uint64_t sequence)
{
	return flagged(a_write(unit, sequence), MESSAGE_OP_UPDATE);
}

static struct message_op append(uint64_t unit, uint64_t sequence)
{
	return flagged(a_write(unit, sequence), MESSAGE_OP_LOG);
}

/* Could another process lock data file 0 now? Locks are a process's. */
static bool is_free(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	pid_t pid = fork();
	int status, fd;

	if (!pid) {
		fd = open(in_scratch("target/data.00"), O_RDWR);
		_exit(fd < 0 ? 2 : fcntl(fd, F_SETLK, &lock) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 2);
	return !WEXITSTATUS(status);
}

/* Guards against: an update that is done without the lock or keeps it, loses its neighbour's
 * content, or writes something else there than what was read. */
static void test_update(void **state)
{
	const struct message_op ops[] = {update_read(0), update_read(1), update_write(1, 1),
					 update_read(0), update_read(1), update_write(0, 2),
					 a_read(0, 1),	 a_read(1, 1)};
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_true(is_free() == !i);
		executor_do(at.executor, &ops[i]);
	}
	assert_true(is_free());
	executor_flush(at.executor);
	run(&ops[3], 5, NULL);
	expect_tag(0, 0, 0); /* the first three arrived as well, in order */
	expect_tag(2, 1, 1);
	expect_tag(3, 0, 0);
	expect_tag(4, 1, 1);
	expect_tag(5, 0, 2);
	expect_tag(6, 0, 2);
	expect_tag(7, 1, 1);
}

/* Guards against: what was not read being written back all the same, and a lock that stays. */
static void test_update_broken(void **state)
{
	const struct message_op ops[] = {update_read(0), update_read(1), update_write(1, 1)};
	const struct message_op after[] = {a_read(0, 1), a_read(1, 1)};

	(void)state;
	reads_fail = true;
	run(ops, 3, NULL);
	assert_int_equal(at.c->n_ops, 3);
	assert_int_equal(at.c->ops[0].outcome, OUTCOME_UNKNOWN);
	assert_int_equal(at.c->ops[1].outcome, OUTCOME_UNKNOWN);
	assert_int_equal(at.c->ops[2].outcome, OUTCOME_FAIL);
	assert_true(is_free());
	reads_fail = false;
	run(after, 2, NULL);
	expect_tag(0, 0, 0);
	expect_tag(1, 1, 0);
}

/* Guards against: a RUN that leaves a lock behind, or writes back what it never read. */
static void test_refused(void **state)
{
	const uint64_t per_file = at.executor->target->units_per_file;
	struct message_op lane = update_read(1);
	const struct {
		struct message_op ops[3];
		unsigned n;
		const char *why;
	} cases[] = {
		{{update_read(0)}, 1, "an update without its write"},
		{{update_read(0), a_read(1, 1)}, 2, "an update without its write"},
		{{update_write(0, 1)}, 1, "one of the units that it has read"},
		{{update_read(0), update_write(1, 1)}, 2, "one of the units that it has read"},
		{{update_read(0), update_read(2)}, 2, "follow each other in one file"},
		{{update_read(per_file - 1), update_read(per_file)}, 2, "follow each other in one"},
		{{flagged(a_read(0, 2), MESSAGE_OP_UPDATE)}, 1, "are of one unit"},
		{{flagged(update_read(0), MESSAGE_OP_LOG)}, 1, "reads and a write of one unit"},
		{{flagged(a_read(0, 1), 0x80)}, 1, "flags 0x80 do not exist"},
		{{update_read(0), lane}, 2, "on one lane"},
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct message_op ops[3];

		memcpy(ops, cases[i].ops, sizeof(ops));
		if (i == sizeof(cases) / sizeof(cases[0]) - 1)
			ops[1].lane = 3;
		run(ops, cases[i].n, cases[i].why);
	}
	assert_true(is_free());
}

/* Cut it to `length` bytes and append others. */
static void change_log(const void *bytes, size_t size, off_t length)
{
	int fd = open(in_scratch("target/log.00"), O_RDWR | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, length), 0);
	assert_int_equal(write(fd, bytes, size), size);
	close(fd);
}

static enum value_kind kind_in_log(uint64_t unit)
{
	const struct message_op op = flagged(a_read(unit, 1), MESSAGE_OP_LOG);

	run(&op, 1, NULL);
	assert_int_equal(at.c->n_ops, 1);
	assert_int_equal(at.c->ops[0].outcome, OUTCOME_OK);
	return at.c->ops[0].value.kind;
}

/* Guards against: an entry that is taken for another unit's, an older one that hides the newer, an
 * entry cut off that is still found, damage that is passed over, and data files that logs touch. */
static void test_log(void **state)
{
	const struct message_op ops[] = {append(0, 1),
					 append(1, 2),
					 append(0, 3),
					 flagged(a_read(0, 1), MESSAGE_OP_LOG),
					 flagged(a_read(1, 1), MESSAGE_OP_LOG),
					 flagged(a_read(2, 1), MESSAGE_OP_LOG),
					 a_read(0, 1)};
	const uint32_t unit = at.open.unit;
	static uint8_t zeroes[65536];

	(void)state;
	run(ops, 7, NULL);
	expect_tag(3, 0, 3);
	expect_tag(4, 1, 2);
	expect_tag(5, 2, 0);
	expect_tag(6, 0, 0);
	change_log("", 0, 2 * (off_t)unit);
	assert_int_equal(kind_in_log(0), VALUE_TAG);
	expect_tag(0, 0, 1);
	change_log("", 0, unit + unit / 2);
	assert_int_equal(kind_in_log(0), VALUE_TORN);
	change_log("xx", 2, unit);
	assert_int_equal(kind_in_log(0), VALUE_CORRUPT);
	change_log(zeroes, unit, unit);
	assert_int_equal(kind_in_log(1), VALUE_ZERO);
}

/* Guards against: a log of the run before that is taken for damage of this one. */
static void test_log_is_removed(void **state)
{
	struct target_io io[IO_ROLES] = {{.path = &at.path, .depth = 1},
					 {.path = &at.path, .depth = 1}};
	const struct message_op op = append(0, 1);

	(void)state;
	run(&op, 1, NULL);
	at.open.run[0]++;
	assert_int_equal(executor_open(at.executor, &at.open, io, NULL), 0);
	assert_int_equal(kind_in_log(0), VALUE_TAG);
	expect_tag(0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_update, setup, teardown),
		cmocka_unit_test_setup_teardown(test_update_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_log_is_removed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
