/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_live.c - one pass alone: which units it marks, on histories that the random ones of
 * test_oracle hardly ever are.
 *
 * Guards against: clusters forgotten too early or with what they alone prove, circles that no two
 * clusters close, values of writes that are still to come, and a unit that outgrows its place.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "order/feed.h"
#include "passes/live.h"

#define HEAD "# stalemate-history 1\n# clock none\n"

static char path[] = "/tmp/test-live-XXXXXX";

static void run_pass(const struct tapes *tapes, struct scan *scan, bool exact, size_t *ret)
{
	struct clock_bounds bounds;
	const struct shard all = {.shards = 1, .shares = 1};
	struct live_result result;
	struct live *live;
	struct feed *feed;
	struct error err;
	struct fed op;
	int n;

	assert_int_equal(clock_bounds_build(&tapes->loaded.header, NULL, 0, NULL, 0, &bounds, &err),
			 0);
	assert_int_equal(feed_prepare(tapes, scan, &bounds, &err), 0);
	feed = feed_open(tapes, scan, &bounds, NULL, &err);
	assert_non_null(feed);
	live = live_open(scan, exact, &all, &err);
	assert_non_null(live);
	while ((n = feed_next(feed, &op, 1, &err)) > 0)
		assert_int_equal(live_feed(live, &op, op.known, &err), 0);
	assert_int_equal(n, 0);
	assert_int_equal(live_end(live, &err), 0);
	live_result(live, &result);
	*ret = result.n_marks;
	live_close(live);
	feed_close(feed);
	clock_bounds_done(&bounds);
}

/* So many units are marked by the streaming pass, and by the exact one. */
static void assert_marks(const char *history, size_t stream, size_t exact)
{
	const char *const paths[] = {path};
	FILE *file = fopen(path, "w");
	struct tapes tapes;
	struct scan scan;
	struct error err;
	size_t marks;

	assert_non_null(file);
	fputs(history, file);
	assert_int_equal(fclose(file), 0);
	if (tapes_open(paths, 1, false, &tapes, &err) < 0 || scan_tapes(&tapes, 1, &scan, &err) < 0)
		fail_msg("%s", err.text);
	run_pass(&tapes, &scan, false, &marks);
	assert_int_equal(marks, stream);
	run_pass(&tapes, &scan, true, &marks);
	assert_int_equal(marks, exact);
	scan_done(&scan);
	tapes_close(&tapes);
}

/*
 * Guards against: only pairs looked at. a:0:1 comes before b:0:1 (node a), that before b:0:2 (node
 * b), that before a:0:1 (node a); and no two of them contradict each other.
 */
static void circle_of_three(void **unused)
{
	(void)unused;
	assert_marks(HEAD "a 0 w 17 10 50 ok a:0:1\n"
			  "a 1 r 17 40 100 ok b:0:2\n"
			  "a 2 r 17 60 140 ok b:0:1\n"
			  "a 0 r 17 110 130 ok a:0:1\n"
			  "b 0 w 17 100 200 ok b:0:1\n"
			  "b 0 w 17 300 400 ok b:0:2\n",
		     0, 1);
	/* the last read begins when the second one ends */
	assert_marks(HEAD "a 0 w 17 10 50 ok a:0:1\n"
			  "a 1 r 17 40 100 ok b:0:2\n"
			  "a 2 r 17 60 140 ok b:0:1\n"
			  "a 0 r 17 100 130 ok a:0:1\n"
			  "b 0 w 17 100 200 ok b:0:1\n"
			  "b 0 w 17 300 400 ok b:0:2\n",
		     0, 0);
}

/* Guards against: a circle whose clusters are forgotten one by one while the unit goes on. */
static void circle_long_ago(void **unused)
{
	char text[16384];
	size_t used;
	unsigned i;

	(void)unused;
	used = (size_t)snprintf(text, sizeof(text),
				HEAD "a 0 w 17 10 50 ok a:0:1\n"
				     "a 1 r 17 40 100 ok b:0:2\n"
				     "a 2 r 17 60 140 ok b:0:1\n"
				     "a 0 r 17 110 130 ok a:0:1\n"
				     "b 0 w 17 100 200 ok b:0:1\n"
				     "b 0 w 17 300 400 ok b:0:2\n");
	for (i = 0; i < 100; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%c 0 w 17 %u %u ok %c:0:%u%s\n", 'a' + (int)(i & 1),
					 1000 + 20 * i, 1010 + 20 * i, 'a' + (int)(i & 1), 10 + i,
					 i == 1 ? " after=a:5" : "");
	assert_marks(text, 0, 1);
}

/*
 * Guards against: forgetting a cluster for another that comes after it but proves less. When b:6:1
 * is written, a:0:1 comes after b:0:1 and all to come know it; yet b:0:1 alone is known to come
 * after a:1:1, which the last read returns, knowing b:0:1.
 */
static void forgotten_witness(void **unused)
{
	static const char history[] = HEAD "a 0 w 17 10 100 ok a:0:1\n"
					   "a 1 w 17 20 40 ok a:1:1\n"
					   "a 2 r 17 50 120 ok b:0:1\n"
					   "a 1 r 17 110 300 ok a:1:1 after=b:1\n"
					   "b 0 w 17 10 20 ok b:0:1\n"
					   "b 0 r 17 50 60 ok a:0:1\n"
					   "b 1 w 17 10 80 ok b:1:1\n"
					   "b 2 w 17 10 81 ok b:2:1\n"
					   "b 3 w 17 10 82 ok b:3:1\n"
					   "b 4 w 17 10 83 ok b:4:1\n"
					   "b 5 w 17 10 84 ok b:5:1\n"
					   "b 6 w 17 140 200 ok b:6:1\n";

	(void)unused;
	assert_marks(history, 1, 1);
}

/*
 * Guards against: an operation for which room is made by forgetting what contradicts it: the read
 * of the initial value is the third cluster, and knows a:0:1 but not a:1:1.
 */
static void room_for_the_culprit(void **unused)
{
	(void)unused;
	assert_marks(HEAD "a 0 w 17 10 20 ok a:0:1\n"
			  "a 1 w 17 30 40 ok a:1:1\n"
			  "a 0 r 17 40 50 ok initial\n"
			  "a 0 r 18 60 70 ok initial\n",
		     1, 1);
	assert_marks(HEAD "a 0 w 17 10 40 ok a:0:1\n"
			  "a 1 w 17 30 40 ok a:1:1\n"
			  "a 0 r 17 40 50 ok initial\n"
			  "a 0 r 18 60 70 ok initial\n",
		     0, 0);
}

/* Guards against: a value read before its write began, known only by a later look. */
static void read_before_written(void **unused)
{
	(void)unused;
	/* a write that never completed, and a reader before who knew nothing of it */
	assert_marks(HEAD "a 0 r 17 10 20 ok b:1:1\n"
			  "b 0 r 17 30 40 ok b:1:1\n"
			  "b 1 w 17 50 - unknown b:1:1\n",
		     1, 1);
	assert_marks(HEAD "a 0 r 17 10 20 ok b:1:1\n"
			  "b 0 r 17 30 50 ok b:1:1\n"
			  "b 1 w 17 50 - unknown b:1:1\n",
		     0, 0);
	/* one that did, much later, by message */
	assert_marks(HEAD "a 0 r 17 10 20 ok b:1:1\n"
			  "b 1 w 17 50 60 ok b:1:1 after=a:1\n",
		     1, 1);
	/* one that is nowhere */
	assert_marks(HEAD "a 0 r 17 10 20 ok b:1:1\n"
			  "b 1 w 17 50 60 ok b:1:2\n",
		     1, 1);
}

/* Guards against: names forgotten when an unknown write is seen to be superseded, and coming back.
 */
static void unknown_that_returns(void **unused)
{
	static const char good[] = HEAD "a 0 w 17 10 - unknown a:0:1\n"
					"b 0 r 17 10 20 ok a:0:1\n"
					"b 0 w 17 30 40 ok b:0:1\n"
					"b 0 w 17 50 60 ok b:0:2\n"
					"b 0 w 17 70 80 ok b:0:3\n"
					"b 0 r 17 90 99 ok b:0:3\n";
	char text[1024];

	(void)unused;
	assert_marks(good, 0, 0);
	snprintf(text, sizeof(text), "%sb 0 r 17 100 110 ok a:0:1\n", good);
	assert_marks(text, 1, 1);
	/* not seen before: it may come at any time */
	assert_marks(HEAD "a 0 w 17 10 - unknown a:0:1\n"
			  "b 0 w 17 30 40 ok b:0:1\n"
			  "b 0 w 17 50 60 ok b:0:2\n"
			  "b 0 w 17 70 80 ok b:0:3\n"
			  "b 0 r 17 90 99 ok a:0:1\n",
		     0, 0);
}

/* Guards against: clusters lost on the way from the unit to blocks that double, and back. */
static void many_at_once(void **unused)
{
	char text[32768] = HEAD;
	size_t used = strlen(text);
	unsigned lane, round, base;

	(void)unused;
	for (round = 0; round < 4; round++) {
		base = 1000 * round;
		/* all at once, each read back by its own lane meanwhile */
		for (lane = 0; lane < 60; lane++)
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "a %u w 17 %u %u ok a:%u:%u\n", lane, base + 10,
						 base + 500 + lane, lane, round + 1);
		for (lane = 0; lane < 60; lane++)
			used += (size_t)snprintf(text + used, sizeof(text) - used,
						 "a %u r 17 %u %u ok a:%u:%u\n", 100 + lane,
						 base + 20, base + 100 + lane, lane, round + 1);
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "a 99 w 17 %u %u ok a:99:%u\n", base + 700, base + 710,
					 round + 1);
	}
	assert_marks(text, 0, 0);
	snprintf(text + used, sizeof(text) - used, "a 0 r 17 4000 4001 ok a:59:4\n");
	assert_marks(text, 1, 1);
}

static int make_file(void **unused)
{
	int fd = mkstemp(path);

	(void)unused;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **unused)
{
	(void)unused;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(circle_of_three),     cmocka_unit_test(circle_long_ago),
		cmocka_unit_test(forgotten_witness),   cmocka_unit_test(room_for_the_culprit),
		cmocka_unit_test(read_before_written), cmocka_unit_test(unknown_that_returns),
		cmocka_unit_test(many_at_once),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
