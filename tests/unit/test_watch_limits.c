/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_watch_limits.c - the judge beside a running cell: long runs, and streams that are none.
 *
 * Guards against: memory that grows with the run, times so old that they are confused, and
 * conclusions from records that cannot be followed.
 */
#include "tests/test.h"

#include <malloc.h>

#include "tests/unit/watch_by_hand.h"
#include "passes/watch.h"

/* The read of a unit that takes as long as n writes elsewhere, the first of them to that unit. */
static void long_read(unsigned n, const char *read)
{
	struct record record = {.type = RECORD_OP};
	struct watch *watch = begin(2);
	struct watch_finding finding;
	unsigned i;

	takes(watch, "b 0 w 17 20 30 ok b:0:1");
	for (i = 2; i <= n; i++) {
		record.op = (struct op){.node = 1,
					.kind = OP_WRITE,
					.count = 1,
					.invoke = 30 + i,
					.complete = 30 + i,
					.value.kind = VALUE_TAG,
					.value.write_id = write_id(1, 0, 0, i)};
		assert_int_equal(watch_take(watch, &record, &finding, NULL), 0);
	}
	takes(watch, read);
	watch_free(watch);
}

/* Guards against: completions so long ago that their time is lost being taken for earlier ones. */
static void long_ago(void **unused)
{
	(void)unused;
	long_read(70000, "b 1 r 17 10 100000 ok initial");
	long_read(200000, "b 1 r 17 30 300000 ok initial");
}

/* From this record on nothing is said, whatever comes. */
static void falls_silent(unsigned lanes, const char *before, const char *bad)
{
	struct watch *watch = begin(lanes);
	struct watch_finding finding;

	takes(watch, before);
	assert_int_equal(take_op(watch, bad, &finding), 0);
	assert_true(watch_is_silent(watch));
	assert_int_equal(take_op(watch, "b 0 r 1 900 901 ok zero", &finding), 0);
	watch_free(watch);
}

/* Guards against: conclusions from a stream that is not what they rest on. */
static void silence(void **unused)
{
	static const char write[] = "a 0 w 17 10 20 ok a:0:5";

	(void)unused;
	falls_silent(2, write, "a 1 r 17 10 19 ok initial");  /* out of order */
	falls_silent(2, write, "a 0 r 17 19 30 ok initial");  /* a lane of two at once */
	falls_silent(1, write, "a 1 r 17 30 40 ok initial");  /* a lane too many */
	falls_silent(1, write, "a 4095 r 17 30 - unknown -"); /* the same */
	falls_silent(1, write, "a 0 w 17 30 40 ok a:0:5");    /* a name again */
	falls_silent(1, write, "a 0 w 17 30 40 ok a:0:4");    /* names that fall */
	falls_silent(2, write, "a 0 w 17 30 40 ok a:1:6");    /* another's name */
	falls_silent(1, write, "a 0 r 17 30 40 ok initial after=b:4294967294");
	falls_silent(1, "a 0 w 17 10 - unknown a:0:5", "a 0 r 17 30 40 ok initial");
}

/* Guards against: a queue without end behind a message that never comes true. */
static void waits_in_vain(void **unused)
{
	struct record record = {.type = RECORD_OP};
	struct watch *watch = begin(1);
	struct watch_finding finding;
	unsigned i;

	(void)unused;
	takes(watch, "a 0 r 17 10 20 ok initial after=b:1");
	for (i = 0; i < 100000 && !watch_is_silent(watch); i++) {
		record.op = (struct op){
			.count = 1, .invoke = 30 + i, .complete = 30 + i, .value.kind = VALUE_TAG};
		assert_int_equal(watch_take(watch, &record, &finding, NULL), 0);
	}
	assert_in_range(i, 1000, 99999);
	watch_free(watch);
}

/* The i-th operation of a correct run: the nodes take turns, and know of each other. */
static struct op turn(unsigned i, uint64_t held[64])
{
	unsigned round = i / 64, unit = i % 64, lane = i / 2 % 2;
	struct op op = {.node = i & 1,
			.lane = (uint16_t)lane,
			.kind = round % 3 ? OP_READ : OP_WRITE,
			.unit = (unit * 7 + (round & 1)) % 64,
			.count = 1,
			.invoke = 10ULL * i + 100,
			.complete = 10ULL * i + 105,
			.after = i / 2,
			.value.kind = VALUE_TAG};

	if (op.kind == OP_WRITE)
		held[op.unit] = write_id(op.node, 0, lane, i + 1);
	op.value.write_id = held[op.unit];
	return op;
}

/* Guards against: something kept of every operation; a lane that is over, for whose sake all is
 * kept; and a unit of which too much was kept to say anything in the end. */
static void bounded_memory(void **unused)
{
	struct record record = {.type = RECORD_OP};
	struct watch *watch = begin(3);
	struct watch_finding finding;
	uint64_t held[64] = {0};
	size_t early = 0, late;
	unsigned i;

	(void)unused;
	takes(watch, "a 2 w 1 10 - unknown a:2:1");
	takes(watch, "b 2 w 1 10 - unknown b:2:1");
	for (i = 0; i < 1000000; i++) {
		record.op = turn(i, held);
		if (watch_take(watch, &record, &finding, NULL))
			fail_msg("accused, or out of memory, at operation %u", i);
		if (i == 200000)
			early = mallinfo2().uordblks + mallinfo2().hblkhd;
	}
	late = mallinfo2().uordblks + mallinfo2().hblkhd;
	/* under sanitizers and valgrind both are 0: there it is for the leaks they find */
	print_message("%zu bytes after 200,000 operations, %zu after 1,000,000\n", early, late);
	assert_true(late <= early + 4096);
	for (i = 0; i < 64; i++) {
		record.op = turn(1000000 + 2 * i, held);
		record.op.kind = OP_READ;
		record.op.value.write_id = WRITE_ID_INITIAL;
		record.op.unit = i;
		record.op.after = 500000;
		assert_int_equal(watch_take(watch, &record, &finding, NULL), 1);
		assert_int_equal(finding.unit, i);
	}
	watch_free(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(long_ago),
		cmocka_unit_test(silence),
		cmocka_unit_test(waits_in_vain),
		cmocka_unit_test(bounded_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
