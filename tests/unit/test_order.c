/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_order.c - what certainly precedes what.
 *
 * Guards against: an order claimed that is not certain (a tie, a clock bound used the wrong way, a
 * message that proves less), one that is certain and missed, and message edges that cannot be
 * taken at their word.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "order/order.h"

static char path[] = "/tmp/test-order-XXXXXX";
static struct history history;
static struct order order;
static struct error err;
static bool broken_off; /* node a's history lacks its end */

/* Build the order of a history of that text; lines of operations count from 0. */
static int build(const char *clock, const char *lines)
{
	const char *const paths[] = {path};
	FILE *file = fopen(path, "w");

	order_done(&order);
	history_done(&history);
	assert_non_null(file);
	fprintf(file, "# stalemate-history 1\n%s%s", clock, lines);
	assert_int_equal(fclose(file), 0);
	if (history_read(paths, 1, true, &history, &err) < 0)
		fail_msg("%s", err.text);
	history.open_ended[0] = broken_off;
	return order_build(&history, &order, &err);
}

/* It knows so many completions of each node. */
static void assert_known(uint32_t op, uint32_t of_a, uint32_t of_b)
{
	if (order.known[op][0] != place_of(of_a) || order.known[op][1] != place_of(of_b))
		fail_msg("operation %u: K is %u, %u, not %u, %u", op, order.known[op][0],
			 order.known[op][1], place_of(of_a), place_of(of_b));
}

static void assert_refused(const char *clock, const char *lines, const char *message)
{
	assert_int_equal(build(clock, lines), -1);
	assert_int_equal(err.kind, ERROR_USER);
	if (!strstr(err.text, message))
		fail_msg("'%s' does not say '%s'", err.text, message);
}

/* Guards against: a tie taken for an order. Intervals are closed. */
static void ties_are_concurrent(void **unused)
{
	(void)unused;
	assert_int_equal(build("", "a 0 r 1 10 20 ok initial\n"
				   "a 1 r 1 20 30 ok initial\n"
				   "a 1 r 1 31 40 ok initial\n"
				   "b 0 r 1 20 21 ok initial\n"
				   "b 0 r 1 22 29 ok initial\n"
				   "b 0 r 1 30 31 ok initial\n"),
			 0);
	assert_known(0, 0, 0);
	assert_known(1, 0, 0);
	assert_known(2, 2, 2);
	assert_known(3, 0, 0);
	assert_known(4, 1, 1);
	assert_known(5, 1, 2);
	assert_true(order_before(&history, &order, 0, 4));
	assert_false(order_before(&history, &order, 0, 3));
	assert_false(order_before(&history, &order, 4, 0));
}

/* Guards against: operations without completion in the count, or those with one left out. */
static void what_has_a_completion_counts(void **unused)
{
	(void)unused;
	assert_int_equal(build("", "a 0 w 1 10 - unknown a:0:1\n"
				   "a 1 w 1 10 12 unknown a:1:1\n"
				   "a 2 w 1 10 13 fail a:2:1\n"
				   "a 3 f - 10 14 ok -\n"
				   "b 0 r 1 20 30 ok initial after=a:3\n"),
			 0);
	assert_known(4, 3, 0);
	assert_int_equal(order.index[0], INDEX_NEVER);
	assert_false(order_before(&history, &order, 0, 4));
	assert_int_equal(order.n_feed, 4);
}

/* Guards against: a bound used with the wrong sign or the wrong end. theta = clock(b) - clock(a).
 */
static void clock_bounds(void **unused)
{
	static const char lines[] = "a 0 r 1 0 100 ok initial\n"
				    "b 0 r 1 149 150 ok initial\n"  /* 100 + 50 is not < 149 */
				    "b 1 r 1 150 151 ok initial\n"  /* nor < 150 */
				    "b 2 r 1 151 152 ok initial\n"  /* < 151 */
				    "a 1 r 1 130 131 ok initial\n"  /* 150 - 20 is not < 130 */
				    "a 2 r 1 131 140 ok initial\n"; /* < 131 */
	int64_t margin = 0;
	uint64_t gap = 0;

	(void)unused;
	assert_int_equal(build("# clock b-a 20 50\n", lines), 0);
	assert_known(1, 0, 0);
	assert_known(2, 0, 0);
	assert_known(3, 1, 1);
	assert_known(4, 1, 0);
	assert_known(5, 1, 1);
	assert_false(order_by_message(&history, &order, 0, 3, &margin));
	assert_int_equal(margin, 1);
	assert_true(order_gap(&history, &order, 1, 5, &gap));
	assert_int_equal(gap, 1);
	assert_int_equal(build("# clock none\n", lines), 0);
	assert_known(3, 0, 1);
	assert_known(5, 1, 0);
	assert_false(order_gap(&history, &order, 0, 3, &gap));
}

/* Guards against: offsets beyond what a signed number holds. */
static void extreme_bounds(void **unused)
{
	(void)unused;
	assert_int_equal(build("# clock b-a -9223372036854775807 9223372036854775807\n",
			       "a 0 r 1 0 1 ok initial\n"
			       "b 0 r 1 18446744073709551613 18446744073709551614 ok initial\n"),
			 0);
	assert_known(1, 1, 0);
	assert_int_equal(build("# clock b-a 9223372036854775807 9223372036854775807\n",
			       "b 0 r 1 0 1 ok initial\n"
			       "a 0 r 1 0 1 ok initial\n"),
			 0);
	assert_known(0, 0, 0);
	assert_known(1, 0, 1);
}

/* Guards against: a message that proves nothing for what its node did later. */
static void messages_are_inherited(void **unused)
{
	(void)unused;
	assert_int_equal(build("# clock none\n",
			       "a 0 r 1 10 20 ok initial\n"
			       "a 0 r 1 30 40 ok initial\n"
			       "b 0 r 1 5 6 ok initial\n"
			       "b 0 r 1 7 9 ok initial after=a:1\n"
			       "b 1 r 1 7 9 ok initial\n" /* same instant */
			       "b 1 r 1 8 9 ok initial\n" /* while the first runs */
			       "b 0 r 1 10 11 ok initial after=a:2\n"
			       "b 1 r 1 12 13 ok initial\n"),
			 0);
	assert_known(2, 0, 0);
	assert_known(3, 1, 1);
	assert_known(4, 0, 1);
	assert_known(5, 1, 1);
	assert_known(6, 2, 4);
	assert_known(7, 2, 5);
	assert_int_equal(order.message[7], place_of(2));
	assert_true(order.position[0] < order.position[3]);
	assert_true(order.position[1] < order.position[6]);
}

/* Guards against: a message that counts at its own instant, for what completes after something
 * that was invoked later. */
static void messages_take_time(void **unused)
{
	(void)unused;
	assert_int_equal(build("# clock none\n", "a 0 r 1 10 20 ok initial\n"
						 "b 0 r 1 7 9 ok initial after=a:1\n"
						 "b 1 r 1 8 10 ok initial\n"
						 "b 2 r 1 7 20 ok initial\n"),
			 0);
	assert_known(1, 1, 0);
	assert_known(2, 1, 0);
	assert_known(3, 0, 0);
}

/* Guards against: edges that cannot be true, taken as they are. */
static void impossible_messages(void **unused)
{
	(void)unused;
	assert_refused("", "a 0 r 1 10 20 ok initial\nb 0 r 1 30 40 ok initial after=a:2\n",
		       ":3: after=a:2 counts more completions than that node has");
	assert_refused("",
		       "a 0 r 1 10 20 ok initial\na 1 r 1 10 20 ok initial\n"
		       "b 0 r 1 30 40 ok initial after=a:1\n",
		       ":4: after=a:1 is ambiguous");
	assert_refused("", "a 0 r 1 10 20 ok initial\nb 0 r 1 20 40 ok initial after=a:1\n",
		       ":3: after=a:1 contradicts the clock");
	assert_refused("# clock none\n",
		       "a 0 r 1 10 20 ok initial after=b:1\nb 0 r 1 20 40 ok initial after=a:1\n",
		       "the message edges contradict each other");
	/* A tie beyond the K-th does not matter. */
	assert_int_equal(build("", "a 0 r 1 10 20 ok initial\na 1 r 1 10 20 ok initial\n"
				   "b 0 r 1 30 40 ok initial after=a:2\n"),
			 0);
}

/* Guards against: a run that was killed, and whose node a had more records in memory than b's
 * messages can do without, called damaged. What is left counts; what is lost proves nothing. */
static void messages_of_what_is_lost(void **unused)
{
	const char *const lines = "a 0 r 1 10 20 ok initial\n"
				  "b 0 r 1 30 40 ok initial after=a:3\n"
				  "b 0 r 1 50 60 ok initial\n"
				  "b 1 w 1 55 - unknown b:1:1 after=a:4\n";

	(void)unused;
	broken_off = true;
	assert_int_equal(build("# clock none\n", lines), 0);
	broken_off = false;
	assert_known(1, 1, 0);
	assert_known(2, 1, 1);
	assert_known(3, 1, 1);
	assert_int_equal(order.message[3], place_of(1));
	assert_refused("# clock none\n", lines, ":4: after=a:3 counts more completions");
}

/* Guards against: bounds that messages refute, used all the same. */
static void refuted_bounds_are_discarded(void **unused)
{
	(void)unused;
	assert_int_equal(build("# clock b-a 0 5\n", "a 0 r 1 10 100 ok initial\n"
						    "b 0 r 1 50 60 ok initial after=a:1\n"
						    "b 0 r 1 500 600 ok initial\n"
						    "a 0 r 1 900 901 ok initial\n"),
			 0);
	assert_int_equal(order.clock, HISTORY_CLOCK_NONE);
	assert_non_null(strstr(order.warning, ":4: its message edges contradict the clock bounds"));
	assert_known(2, 1, 1);
	assert_known(3, 1, 0);
	assert_int_equal(build("# clock b-a 0 10\n", "b 0 r 1 50 100 ok initial\n"
						     "a 0 r 1 90 95 ok initial after=b:1\n"),
			 0);
	assert_int_equal(order.clock, HISTORY_CLOCK_NONE); /* 100 - 10 is not before 90 */
	assert_int_equal(build("# clock b-a 0 11\n", "b 0 r 1 50 100 ok initial\n"
						     "a 0 r 1 90 95 ok initial after=b:1\n"),
			 0);
	assert_int_equal(order.clock, HISTORY_CLOCK_BOUNDS);
	/* Each of these two is possible within the bounds, but not with the same offset. */
	assert_int_equal(build("# clock b-a -50 50\n",
			       "a 0 r 1 100 110 ok initial\n"
			       "b 0 r 1 80 90 ok initial after=a:1\n" /* theta < -30 */
			       "b 0 r 1 200 210 ok initial\n"
			       "a 0 r 1 180 190 ok initial after=b:2\n"), /* theta > 30 */
			 0);
	assert_int_equal(order.clock, HISTORY_CLOCK_NONE);
	assert_non_null(strstr(order.warning, ":4: its message edges contradict the clock bounds"));
	assert_int_equal(build("# clock b-a -50 50\n", "a 0 r 1 100 110 ok initial\n"
						       "b 0 r 1 80 90 ok initial after=a:1\n"
						       "b 0 r 1 200 210 ok initial\n"
						       "a 0 r 1 259 260 ok initial\n"),
			 0);
	assert_int_equal(order.clock, HISTORY_CLOCK_BOUNDS);
	assert_known(3, 1, 1);
}

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	order_done(&order);
	history_done(&history);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ties_are_concurrent),
		cmocka_unit_test(what_has_a_completion_counts),
		cmocka_unit_test(clock_bounds),
		cmocka_unit_test(extreme_bounds),
		cmocka_unit_test(messages_are_inherited),
		cmocka_unit_test(messages_take_time),
		cmocka_unit_test(impossible_messages),
		cmocka_unit_test(messages_of_what_is_lost),
		cmocka_unit_test(refuted_bounds_are_discarded),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
