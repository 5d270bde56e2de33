/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_names.c - names as registers: what an entry of a directory says, and what it leads to. The
 * executor by itself, on files of this machine.
 */
#include "tests/agent/executor_fixture.h"

#include <dirent.h>

#define DIRECTORY "target/names.00"
#define MARK ".0102030400000000-3"

static struct message_op write_name(uint64_t unit, uint64_t sequence, uint8_t way)
{
	return flagged(a_write(unit, sequence), (uint8_t)(MESSAGE_OP_NAME | way));
}

static struct message_op read_name(uint64_t unit)
{
	return flagged(a_read(unit, 1), MESSAGE_OP_NAME);
}

static const char *entry(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), DIRECTORY "/%s", name);
	return in_scratch(path);
}

static bool exists(const char *name)
{
	return access(entry(name), F_OK) == 0;
}

static uint64_t inode(const char *name)
{
	struct stat status;

	assert_int_equal(stat(entry(name), &status), 0);
	assert_int_equal(status.st_nlink, 1);
	return status.st_ino;
}

static unsigned entries(void)
{
	DIR *stream = opendir(in_scratch(DIRECTORY));
	const struct dirent *found;
	unsigned n = 0;

	assert_non_null(stream);
	while ((found = readdir(stream)))
		n += found->d_name[0] != '.';
	closedir(stream);
	return n;
}

static enum value_kind kind_of(uint64_t unit)
{
	const struct message_op op = read_name(unit);

	run(&op, 1, NULL);
	assert_int_equal(at.c->n_ops, 1);
	assert_int_equal(at.c->ops[0].outcome, OUTCOME_OK);
	return at.c->ops[0].value.kind;
}

static void rename_entry(const char *old, const char *name)
{
	char from[256];

	snprintf(from, sizeof(from), "%s", entry(old));
	assert_int_equal(rename(from, entry(name)), 0);
}

/* Guards against: a way that leaves the old entry, makes a new file where it should not (or none
 * where it should), or takes another slot's entry; and a data file that names touch. */
static void test_ways(void **state)
{
	const struct message_op first[] = {read_name(0), write_name(0, 1, 0), read_name(0),
					   write_name(1, 2, MESSAGE_OP_CREATE)};
	const struct message_op renamed = write_name(0, 3, 0);
	const struct message_op linked = write_name(0, 4, MESSAGE_OP_LINK | MESSAGE_OP_SYNC);
	const struct message_op created = write_name(0, 5, MESSAGE_OP_CREATE | MESSAGE_OP_SYNC);
	const struct message_op last[] = {read_name(0), read_name(1), a_read(0, 1)};
	uint64_t file;
	int held;

	(void)state;
	run(first, 4, NULL);
	expect_tag(0, 0, 0);
	expect_tag(2, 0, 1);
	file = inode("u0.b-0-1" MARK);
	run(&renamed, 1, NULL);
	assert_int_equal(inode("u0.b-0-3" MARK), file);
	run(&linked, 1, NULL);
	assert_int_equal(inode("u0.b-0-4" MARK), file);
	/* held open, so that its number is not given to the new one */
	held = open(entry("u0.b-0-4" MARK), O_RDONLY);
	assert_true(held >= 0);
	run(&created, 1, NULL);
	close(held);
	assert_int_not_equal(inode("u0.b-0-5" MARK), file);
	assert_int_equal(entries(), 2);
	run(last, 3, NULL);
	expect_tag(0, 0, 5);
	expect_tag(1, 1, 2);
	expect_tag(2, 0, 0);
}

/* Guards against: an entry that is lost and still found, one that is there twice taken for sound,
 * and a slot of two that is written all the same. */
static void test_entries(void **state)
{
	const struct message_op ops[] = {write_name(0, 1, 0), write_name(1, 2, 0)};
	const struct message_op again = write_name(0, 3, 0);
	const struct value *value = &at.c->ops[0].value;

	(void)state;
	run(ops, 2, NULL);
	write_file(entry("u0.a-7-9" MARK), 0, "", 0);
	assert_int_equal(kind_of(0), VALUE_TORN);
	assert_int_equal(value->n_parts, 2);
	assert_int_equal(value->parts[0].sectors + value->parts[1].sectors, UNIT / SECTOR_SIZE);
	assert_int_equal(worst_part(value), VALUE_TORN);
	assert_int_equal(value->parts[0].write_id ^ value->parts[1].write_id,
			 write_id(0, 0, 7, 9) ^ write_id(1, 0, 0, 1));
	run(&again, 1, NULL);
	assert_int_equal(at.c->ops[0].outcome, OUTCOME_UNKNOWN);
	assert_non_null(strstr(at.c->events[0].text, "more than one entry"));
	assert_int_equal(unlink(entry("u0.b-0-1" MARK)), 0);
	assert_int_equal(unlink(entry("u0.a-7-9" MARK)), 0);
	assert_int_equal(kind_of(0), VALUE_TAG);
	expect_tag(0, 0, 0);
	assert_int_equal(kind_of(1), VALUE_TAG);
	expect_tag(0, 1, 2);
}

/* Guards against: damage of a name, or of what it leads to, that is passed over; another's entry
 * taken for one of ours. */
static void test_damage(void **state)
{
	static const struct {
		const char *name;
		enum value_kind kind;
	} names[] = {
		{"u0.b-0-1.0102030400000001-3", VALUE_FOREIGN},
		{"u0.b-0-1.0102030400000000-4", VALUE_FOREIGN},
		{"u0.b-0-1", VALUE_CORRUPT},
		{"u0.c-0-1" MARK, VALUE_CORRUPT},
		{"u0.b-4096-1" MARK, VALUE_CORRUPT},
		{"u0.b-0-0" MARK, VALUE_CORRUPT},
		{"u0.b-0-1099511627776" MARK, VALUE_CORRUPT},
		{"u0.", VALUE_CORRUPT},
		{"u0", VALUE_TAG},
		{"u00000000000000000000000000000.b-0-1" MARK, VALUE_TAG},
		{"u.b-0-1" MARK, VALUE_TAG},
	};
	const struct message_op op = write_name(0, 1, 0);
	static const uint8_t zeroes[UNIT];
	const char *last = "u0.b-0-1" MARK;
	static uint8_t other[UNIT];
	unsigned i;

	(void)state;
	run(&op, 1, NULL);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		rename_entry(last, names[i].name);
		last = names[i].name;
		assert_int_equal(kind_of(0), names[i].kind);
		if (names[i].kind == VALUE_TAG)
			expect_tag(0, 0, 0);
	}
	rename_entry(last, "u0.b-0-1" MARK);
	read_file(in_scratch("target/data.00"), UNIT, other, UNIT);
	write_file(entry("u0.b-0-1" MARK), 0, other, UNIT);
	assert_int_equal(kind_of(0), VALUE_MISDIRECTED);
	assert_int_equal(at.c->ops[0].value.at_unit, 1);
	write_file(entry("u0.b-0-1" MARK), 0, zeroes, UNIT);
	assert_int_equal(kind_of(0), VALUE_ZERO);
	assert_int_equal(truncate(entry("u0.b-0-1" MARK), 0), 0);
	assert_int_equal(kind_of(0), VALUE_CORRUPT);
}

/* Guards against: a name of the run before taken for damage of this one; and something of
 * somebody else's that is removed with it. */
static void test_removed(void **state)
{
	struct target_io io[IO_ROLES] = {{.path = &at.path, .depth = 1},
					 {.path = &at.path, .depth = 1}};
	const struct message_op op = write_name(0, 1, 0);
	struct error err;

	(void)state;
	run(&op, 1, NULL);
	at.open.run[0]++;
	assert_int_equal(executor_open(at.executor, &at.open, io, NULL), 0);
	assert_int_not_equal(access(in_scratch(DIRECTORY), F_OK), 0);
	assert_int_equal(kind_of(0), VALUE_TAG);
	expect_tag(0, 0, 0);
	write_file(entry("user"), 0, "mine", 4);
	assert_int_equal(executor_open(at.executor, &at.open, io, &err), -1);
	assert_non_null(strstr(err.text, "cannot remove its old names.00"));
	assert_true(exists("user"));
}

/* Guards against: flags that mean nothing together, and a slot whose two entries would not fit into
 * what is told of it. */
static void test_refused(void **state)
{
	const struct message_op cases[] = {
		flagged(read_name(0), MESSAGE_OP_LOG),
		flagged(read_name(0), MESSAGE_OP_CREATE),
		write_name(0, 1, MESSAGE_OP_CREATE | MESSAGE_OP_LINK),
		flagged(a_write(0, 1), MESSAGE_OP_LINK),
	};
	struct target_io io[IO_ROLES] = {{.path = &at.path, .depth = 1},
					 {.path = &at.path, .depth = 1}};
	const struct message_op op = read_name(0);
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run(&cases[i], 1, "do not go together");
	at.open.unit = SECTOR_SIZE;
	assert_int_equal(executor_open(at.executor, &at.open, io, NULL), 0);
	run(&op, 1, "at least 1024 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ways, setup, teardown),
		cmocka_unit_test_setup_teardown(test_entries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(test_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
