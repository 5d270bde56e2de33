/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_tail.c - the end of a file as a register: extensions, truncations, and what a reader finds
 * there. The executor by itself, on files of this machine.
 */
#include "tests/agent/executor_fixture.h"

#define TAIL "target/tail.00"
#define PAIR (2 * UNIT)

static struct message_op write_tail(uint64_t unit, uint64_t sequence, uint8_t way)
{
	return flagged(a_write(unit, sequence), (uint8_t)(MESSAGE_OP_TAIL | way));
}

static struct message_op read_tail(uint64_t unit)
{
	return flagged(a_read(unit, 1), MESSAGE_OP_TAIL);
}

static enum value_kind kind_now(void)
{
	const struct message_op op = read_tail(0);

	run(&op, 1, NULL);
	assert_int_equal(at.c->n_ops, 1);
	assert_int_equal(at.c->ops[0].outcome, OUTCOME_OK);
	return at.c->ops[0].value.kind;
}

/* Write, and find it there; the file's size in pairs. */
static unsigned after(uint64_t sequence, uint8_t way)
{
	const struct message_op ops[] = {write_tail(0, sequence, way), read_tail(0)};
	struct stat status;

	run(ops, 2, NULL);
	expect_tag(1, 0, sequence);
	assert_int_equal(stat(in_scratch(TAIL), &status), 0);
	assert_int_equal(status.st_size % PAIR, 0);
	return (unsigned)(status.st_size / PAIR);
}

/* Guards against: an extension that overwrites, a truncation that does not shorten, a file that
 * grows without end, and one file's end taken for another's. */
static void test_ends(void **state)
{
	const struct message_op ops[] = {read_tail(0), write_tail(4, 100, 0), read_tail(0),
					 read_tail(4), a_read(0, 1)};
	unsigned i;

	(void)state;
	assert_int_equal(kind_now(), VALUE_TAG);
	expect_tag(0, 0, 0);
	for (i = 1; i <= 7; i++)
		assert_int_equal(after(i, MESSAGE_OP_SYNC), i);
	assert_int_equal(after(8, MESSAGE_OP_TRUNCATE), 4);
	assert_int_equal(after(9, 0), 5);
	assert_int_equal(after(10, MESSAGE_OP_TRUNCATE | MESSAGE_OP_SYNC), 3);
	assert_int_equal(after(11, MESSAGE_OP_TRUNCATE), 2);
	assert_int_equal(after(12, MESSAGE_OP_TRUNCATE), 2);
	for (i = 3; i <= 32; i++)
		assert_int_equal(after(10 + i, 0), i);
	assert_int_equal(after(43, 0), 1);
	run(ops, 5, NULL);
	expect_tag(0, 0, 43);
	expect_tag(2, 0, 43);
	expect_tag(3, 4, 100);
	expect_tag(4, 0, 0);
}

static void cut(off_t size)
{
	assert_int_equal(truncate(in_scratch(TAIL), size), 0);
}

/* Guards against: an end that is lost and not noticed; what was cut off and is there again, a hole
 * that is none, and an end where nobody put it, all taken for sound. */
static void test_damage(void **state)
{
	static uint8_t old[UNIT], first[UNIT];
	uint8_t byte = 1;

	(void)state;
	assert_int_equal(after(1, 0), 1);
	assert_int_equal(after(2, 0), 2);
	read_file(in_scratch(TAIL), UNIT, first, UNIT);
	read_file(in_scratch(TAIL), PAIR + UNIT, old, UNIT);
	cut(PAIR);
	assert_int_equal(kind_now(), VALUE_TAG);
	expect_tag(0, 0, 1);
	cut(PAIR + UNIT);
	assert_int_equal(kind_now(), VALUE_CORRUPT);
	cut(2 * PAIR);
	assert_int_equal(kind_now(), VALUE_ZERO);
	write_file(in_scratch(TAIL), PAIR + UNIT, old, UNIT);
	assert_int_equal(kind_now(), VALUE_TAG);
	expect_tag(0, 0, 2);
	/* in the hole before it what stood there before */
	write_file(in_scratch(TAIL), PAIR, first, UNIT);
	assert_int_equal(kind_now(), VALUE_TAG);
	expect_tag(0, 0, 1);
	cut(PAIR);
	cut(2 * PAIR);
	write_file(in_scratch(TAIL), PAIR + UNIT, old, UNIT);
	write_file(in_scratch(TAIL), PAIR + 5000 % UNIT, &byte, 1);
	assert_int_not_equal(kind_now(), VALUE_TAG);
}

/* Guards against: the file of the run before taken for damage of this one, and ways that are
 * another thing's. */
static void test_old_and_refused(void **state)
{
	struct target_io io[IO_ROLES] = {{.path = &at.path, .depth = 1},
					 {.path = &at.path, .depth = 1}};
	const struct message_op cases[] = {
		flagged(read_tail(0), MESSAGE_OP_NAME),
		flagged(read_tail(0), MESSAGE_OP_TRUNCATE),
		write_tail(0, 1, MESSAGE_OP_LINK),
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run(&cases[i], 1, "do not go together");
	assert_int_equal(after(1, 0), 1);
	at.open.run[0]++;
	assert_int_equal(executor_open(at.executor, &at.open, io, NULL), 0);
	assert_int_equal(kind_now(), VALUE_TAG);
	expect_tag(0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_and_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
