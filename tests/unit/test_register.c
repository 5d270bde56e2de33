/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_register.c - what is made of reads that no order explains: class, count, and what is said
 * about them.
 *
 * Guards against: one fault counted many times or many counted as one, an exposure that could not
 * have shown anything, and numbers about a violation (generations, staleness, margin, healing) that
 * the history does not bear out. Whether a history is accused at all is test_oracle's question; the
 * smallest history of each class is in tests/histories.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"

static char path[] = "/tmp/test-register-XXXXXX";
static struct verdict verdict;
static const struct violation *first;

/* Judge a history of these lines; the first is line 2 of the file. Of a violated unit with more
 * than group_ops operations (0: no limit) only a part is looked at. */
static void judge_in_pieces(const char *lines, size_t group_ops)
{
	const struct check_options options = {.group_ops = group_ops};
	const char *const paths[] = {path};
	FILE *file = fopen(path, "w");
	struct error err;

	assert_non_null(file);
	fprintf(file, "# stalemate-history 1\n%s", lines);
	assert_int_equal(fclose(file), 0);
	verdict_done(&verdict);
	memset(&verdict, 0, sizeof(verdict));
	if (check_files(paths, 1, &options, &verdict, &err) < 0)
		fail_msg("%s", err.text);
	first = verdict.examples;
}

static void judge(const char *lines)
{
	judge_in_pieces(lines, 0);
}

static void assert_classes(uint64_t n, enum anomaly anomaly, uint64_t of_it)
{
	if (verdict.n_violations != n || verdict.classes[anomaly] != of_it)
		fail_msg("%llu violations, %llu of them %s; not %llu and %llu",
			 (unsigned long long)verdict.n_violations,
			 (unsigned long long)verdict.classes[anomaly], anomaly_names[anomaly],
			 (unsigned long long)n, (unsigned long long)of_it);
}

static void assert_exposures(uint64_t n, uint64_t stale)
{
	assert_int_equal(verdict.exposures, n);
	assert_int_equal(verdict.stale_exposures, stale);
	assert_int_equal(verdict.readers[0].all + verdict.readers[1].all, n);
	assert_int_equal(verdict.readers[0].stale + verdict.readers[1].stale, stale);
}

static void assert_reader(unsigned node, uint64_t n, uint64_t stale)
{
	assert_int_equal(verdict.readers[node].all, n);
	assert_int_equal(verdict.readers[node].stale, stale);
}

/* Guards against: a page that is stale once, and read ten times, counted as ten faults. */
static void repeats(void **unused)
{
	(void)unused;
	judge("b 0 r 1 1 2 ok initial\n"
	      "a 0 w 1 3 4 ok a:0:1\n"
	      "b 0 r 1 5 6 ok initial\n"
	      "b 0 r 1 7 8 ok initial\n"
	      "b 1 r 1 9 10 ok initial\n");
	assert_classes(1, ANOMALY_STALE_READ, 1);
	assert_int_equal(first->repeats, 2);
	assert_false(first->healed);
	assert_exposures(1, 1);
	/* A further write of the other node is a new chance to show the fault, and a new one. */
	judge("b 0 r 1 1 2 ok initial\n"
	      "a 0 w 1 3 4 ok a:0:1\n"
	      "b 0 r 1 5 6 ok initial\n"
	      "a 0 w 1 7 8 ok a:0:2\n"
	      "b 0 r 1 9 10 ok initial\n"
	      "b 0 r 1 11 12 ok initial\n");
	assert_classes(2, ANOMALY_STALE_READ, 2);
	assert_int_equal(verdict.examples[0].generations, 1);
	assert_int_equal(verdict.examples[1].generations, 2);
	assert_int_equal(verdict.examples[1].repeats, 1);
	assert_exposures(2, 2);
	/* Not so when another read had that chance already. */
	judge("b 0 r 1 1 2 ok initial\n"
	      "a 0 w 1 3 4 ok a:0:1\n"
	      "b 0 r 1 5 6 ok initial\n"
	      "a 0 w 1 7 8 ok a:0:2\n"
	      "b 0 r 1 9 10 ok corrupt\n"
	      "b 0 r 1 11 12 ok initial\n");
	assert_classes(2, ANOMALY_STALE_READ, 1);
	assert_int_equal(first->repeats, 1);
	/* Both nodes stale is two faults. */
	judge("a 0 w 1 1 2 ok a:0:1\n"
	      "a 1 r 1 3 4 ok initial\n"
	      "b 0 r 1 3 4 ok initial\n");
	assert_classes(2, ANOMALY_STALE_READ, 2);
	assert_exposures(0, 0);
}

/* Guards against: "healed" from a read that proves nothing, or missed. */
static void healing(void **unused)
{
	(void)unused;
	judge("a 0 w 1 1 2 ok a:0:1\n"
	      "b 0 r 1 3 4 ok initial\n"
	      "a 0 r 1 5 6 ok a:0:1\n");
	assert_false(first->healed); /* another node's read */
	judge("a 0 w 1 1 2 ok a:0:1\n"
	      "b 0 r 1 3 6 ok initial\n"
	      "b 1 r 1 5 7 ok a:0:1\n");
	assert_false(first->healed); /* not later */
	judge("a 0 w 1 1 2 ok a:0:1\n"
	      "b 0 r 1 3 4 ok initial\n"
	      "a 0 w 1 5 6 ok a:0:2\n"
	      "b 0 r 1 7 8 ok a:0:1\n"); /* stale itself, but what had been missed is there */
	assert_classes(2, ANOMALY_STALE_READ, 2);
	assert_true(verdict.examples[0].healed);
	assert_false(verdict.examples[1].healed);
}

/* Guards against: trials that were none, which would make a bound claim too much. */
static void exposures(void **unused)
{
	(void)unused;
	/* Not accessed before; then accessed, but nothing new; then new. */
	judge("a 0 w 1 1 2 ok a:0:1\n"
	      "b 0 r 1 3 4 ok a:0:1\n"
	      "b 0 r 1 5 6 ok a:0:1\n"
	      "a 0 w 1 7 8 ok a:0:2\n"
	      "b 0 r 1 9 10 ok a:0:2\n"
	      "b 0 r 1 11 12 ok a:0:2\n");
	assert_classes(0, ANOMALY_STALE_READ, 0);
	assert_exposures(1, 0);
	/* One's own write is an access; what it replaced cannot be seen any more. */
	judge("b 0 w 1 1 2 ok b:0:1\n"
	      "a 0 w 1 3 4 ok a:0:1\n"
	      "b 0 r 1 5 6 ok a:0:1\n"
	      "a 0 w 1 7 8 ok a:0:2\n"
	      "b 0 w 1 9 10 ok b:0:2\n"
	      "b 0 r 1 11 12 ok b:0:2\n");
	assert_exposures(1, 0);
	/* A write that may still be under way, an unknown or a failed one exposes nobody. */
	judge("b 0 r 1 1 2 ok initial\n"
	      "a 0 w 1 3 6 ok a:0:1\n"
	      "a 1 w 1 3 4 unknown a:1:1\n"
	      "a 2 w 1 3 4 fail a:2:1\n"
	      "b 0 r 1 5 6 ok initial\n");
	assert_exposures(0, 0);
	/* The node's own write, missed: a violation, but not of what an exposure is about. */
	judge("b 0 r 1 1 2 ok initial\n"
	      "b 0 w 1 3 4 ok b:0:1\n"
	      "b 0 r 1 5 6 ok initial\n");
	assert_classes(1, ANOMALY_STALE_READ, 1);
	assert_exposures(0, 0);
	/* Each unit of a write of several is one. */
	judge("b 0 r 1+2 1 2 ok initial\n"
	      "a 0 w 0+4 3 4 ok a:0:1\n"
	      "b 0 r 1+2 5 6 ok initial\n");
	assert_classes(2, ANOMALY_STALE_READ, 2);
	assert_exposures(2, 2);
}

/* Guards against: a fault of one direction counted for the other, and the wrong side's mode blamed:
 * in units that are violated, that are not, and of which only a part is looked at. */
static void readers(void **unused)
{
	static const char text[] = "a 0 r 1 1 2 ok initial\n"
				   "b 0 r 2+2 1 2 ok initial\n"
				   "b 0 w 1 3 4 ok b:0:1\n"
				   "a 0 w 2+2 3 4 ok a:0:1\n"
				   "a 0 r 1 5 6 ok b:0:1\n"
				   "b 0 r 2+2 5 6 ok a:0:1\n"
				   "a 0 w 1 7 8 ok a:0:2\n"
				   "b 0 r 1 9 10 ok b:0:1\n"
				   "a 0 w 1 11 12 ok a:0:3\n"
				   "b 0 r 1 13 14 ok a:0:3\n";

	(void)unused;
	judge(text);
	assert_exposures(5, 1);
	assert_reader(0, 1, 0);
	assert_reader(1, 4, 1);
	judge_in_pieces(text, 2);
	assert_reader(0, 1, 0);
	assert_reader(1, 3, 0); /* of a part, nothing is said of which were stale */
}

/* Guards against: rounds that are counted where none were exposed, or twice. */
static void rounds(void **unused)
{
	(void)unused;
	judge("! 0 b round 1\n! 0 a round 1\n"
	      "b 0 r 1+2 1 2 ok initial\n"
	      "a 0 w 1+2 3 4 ok a:0:1\n"
	      "b 0 r 1+2 5 6 ok initial\n"
	      "! 7 b round 2\n"
	      "a 0 w 1 8 9 ok a:0:2\n"
	      "b 0 r 1 10 11 ok a:0:2\n"
	      "! 120 b round 3\n"
	      "b 0 r 1 130 140 ok a:0:2\n");
	assert_exposures(3, 2);
	assert_int_equal(verdict.rounds, 2);
	assert_int_equal(verdict.stale_rounds, 1);
	assert_true(verdict.round_rate_known);
}

/* Guards against: a lost write that was seen, or may have been, and one counted per reader. */
static void lost_writes(void **unused)
{
	static const char all[] = "a 0 w 1 1 2 ok a:0:1\n"
				  "b 0 r 1 3 4 ok initial\n"
				  "a 0 r 1 3 4 ok initial\n"
				  "b 0 r 1 5 6 ok initial\n"
				  "a 0 r 1 5 6 ok initial\n";
	char more[512];

	(void)unused;
	judge(all);
	assert_classes(1, ANOMALY_LOST_WRITE, 1);
	assert_int_equal(first->repeats, 3);
	snprintf(more, sizeof(more), "%sa 0 r 1 7 8 ok a:0:1\n", all);
	judge(more);
	assert_classes(2, ANOMALY_STALE_READ, 2); /* it was only slow */
	snprintf(more, sizeof(more), "%sb 1 r 1 2 3 ok a:0:1\n", all);
	judge(more);
	assert_int_equal(verdict.classes[ANOMALY_LOST_WRITE], 0); /* it was there, and went */
	snprintf(more, sizeof(more), "%sa 0 w 1 7 8 ok a:0:2\na 0 r 1 9 10 ok a:0:2\n", all);
	judge(more);
	assert_int_equal(verdict.classes[ANOMALY_LOST_WRITE], 0); /* something newer was seen */
	/* Written by nobody, it was not lost. */
	judge("a 0 w 1 1 - unknown a:0:1\n"
	      "b 0 r 1 3 4 ok initial\nb 0 r 1 5 6 ok initial\n"
	      "a 1 r 1 3 4 ok initial\na 1 r 1 5 6 ok initial\n");
	assert_classes(0, ANOMALY_LOST_WRITE, 0);
}

/* Guards against: classes that follow from the order of the tests and not from their rules. */
static void which_class(void **unused)
{
	(void)unused;
	/* What had been read before was older, so nothing came back. */
	judge("a 0 w 1 1 2 ok a:0:1\n"
	      "b 0 r 1 3 4 ok a:0:1\n"
	      "a 0 w 1 5 6 ok a:0:2\n"
	      "b 0 r 1 7 8 ok a:0:1\n");
	assert_classes(1, ANOMALY_STALE_READ, 1);
	/* The other node had seen the newer value. */
	judge("a 0 w 1 1 2 ok a:0:1\n"
	      "a 0 w 1 5 6 ok a:0:2\n"
	      "a 0 r 1 7 8 ok a:0:2\n"
	      "b 0 r 1 9 10 ok a:0:1\n");
	assert_classes(1, ANOMALY_RESURRECTION, 1);
	assert_int_equal(first->node, 1);
	/* Two writes at once, of which each node sees another to the end: no one is stale. */
	judge("a 0 w 1 1 4 ok a:0:1\n"
	      "b 0 w 1 1 4 ok b:0:1\n"
	      "a 0 r 1 5 9 ok a:0:1\n"
	      "b 0 r 1 5 9 ok b:0:1\n");
	assert_classes(1, ANOMALY_NEW_OLD_INVERSION, 1);
	/* An unknown write that was seen is there, by the read. */
	judge("a 0 w 1 1 - unknown a:0:1\n"
	      "b 0 r 1 2 3 ok a:0:1\n"
	      "b 0 r 1 4 5 ok initial\n");
	assert_classes(1, ANOMALY_NON_MONOTONIC_READ, 1);
	judge("a 0 w 1 1 - unknown a:0:1\n"
	      "b 0 r 1 2 3 ok a:0:1\n"
	      "a 1 w 1 4 5 ok a:1:1\n"
	      "b 0 r 1 6 7 ok a:0:1\n");
	assert_classes(1, ANOMALY_STALE_READ, 1);
}

/* Guards against: a margin or staleness that only the best guess of a clock supports. */
static void two_clocks(void **unused)
{
	/* clock(b) is 0 to 100 ahead: the write ended by b's clock at 1100 to 1200. */
	static const char lines[] = "# clock b-a %s\n"
				    "a 0 w 1 1000 1100 ok a:0:1\n"
				    "b 0 r 1 %u 9000 ok initial%s\n";
	char text[512];

	(void)unused;
	snprintf(text, sizeof(text), lines, "0 100", 1200U, "");
	judge(text);
	assert_classes(0, ANOMALY_STALE_READ, 0);
	assert_int_equal(verdict.suspect, 1); /* at 1150 it would be one */
	judge("# clock b-a 0 100\n"
	      "a 0 w 1 1000 1100 ok a:0:1\n"
	      "b 0 r 1 1160 1170 ok initial\n"
	      "b 0 r 1 1180 1190 ok initial\n");
	assert_int_equal(verdict.suspect, 2);
	snprintf(text, sizeof(text), lines, "0 100", 1150U, "");
	judge(text);
	assert_int_equal(verdict.suspect, 0);
	snprintf(text, sizeof(text), lines, "0 100", 1230U, "");
	judge(text);
	assert_classes(1, ANOMALY_STALE_READ, 1);
	assert_int_equal(verdict.suspect, 0);
	assert_false(first->by_message);
	assert_int_equal(first->margin_ns, 30);
	assert_true(first->staleness_known);
	assert_int_equal(first->staleness_ns, 30);
	snprintf(text, sizeof(text), lines, "0 100", 1200U, " after=a:1");
	judge(text);
	assert_classes(1, ANOMALY_STALE_READ, 1);
	assert_true(first->by_message);
	assert_int_equal(first->staleness_ns, 0);
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
	verdict_done(&verdict);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(repeats),     cmocka_unit_test(healing),
		cmocka_unit_test(exposures),   cmocka_unit_test(readers),
		cmocka_unit_test(rounds),      cmocka_unit_test(lost_writes),
		cmocka_unit_test(which_class), cmocka_unit_test(two_clocks),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
