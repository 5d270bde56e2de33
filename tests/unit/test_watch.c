/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_watch.c - the judge beside a running cell: what it says, and with which record.
 *
 * Guards against: a violation that is said late, twice or not at all; and an accusation that a
 * record still to come can excuse. test_watch_random.c compares with the verdict.
 */
#include "tests/test.h"

#include <stdio.h>

#include "tests/unit/watch_by_hand.h"
#include "passes/watch.h"

/* Guards against: a stale read that is said with a later record, or again with every read. */
static void with_the_very_record(void **unused)
{
	struct watch *watch = begin(1);

	(void)unused;
	takes(watch, "b 0 r 17 10 20 ok initial");
	takes(watch, "a 0 w 17 5000 6000 ok a:0:1 after=b:1");
	takes(watch, "b 0 r 17 30 40 ok a:0:1 after=a:1");
	takes(watch, "a 0 r 18 7000 8000 ok initial after=b:2");
	takes(watch, "a 0 w 17 9000 9100 ok a:0:2 after=b:2");
	shows(watch, "b 0 r 17 50 60 ok a:0:1 after=a:3", "unit 17: node b read a:0:1");
	takes(watch, "b 0 r 17 70 80 ok a:0:1 after=a:3");
	takes(watch, "b 0 r 17 90 91 ok initial after=a:3");
	takes(watch, "b 0 w 18 92 93 ok b:0:1 after=a:3");
	shows(watch, "a 0 r 18 9200 9300 ok initial after=b:6", "unit 18: node a read initial");
	watch_free(watch);
}

/* Guards against: what is certain to both alone, or only by what the other sends later. */
static void as_soon_as_it_can_be_known(void **unused)
{
	struct watch *watch = begin(2);

	(void)unused;
	/* the reader's record arrives before those it is to come after */
	takes(watch, "b 0 r 17 50 60 ok initial after=a:2");
	takes(watch, "a 0 w 17 10 20 ok a:0:1");
	shows(watch, "a 1 r 18 10 30 ok initial", "unit 17: node b read initial");
	/* a value whose write began only after it had been read */
	takes(watch, "b 0 r 19 70 80 ok a:0:2");
	shows(watch, "a 0 w 19 40 50 ok a:0:2 after=b:2",
	      "unit 19: node a wrote a:0:2, and what was read before contradicts it");
	watch_free(watch);
}

/* Guards against: content that needs no order being passed over; a tear that may be a write under
 * way being said. */
static void content(void **unused)
{
	struct watch *watch = begin(1);

	(void)unused;
	takes(watch, "b 0 r 1 10 20 ok torn=initial*1,a:0:1*7");
	takes(watch, "b 0 r 1 20 30 ok initial");
	shows(watch, "b 0 r 1 30 40 ok torn=initial*1,zero*7", "unit 1: node b read zeroes");
	shows(watch, "b 0 r 2 40 50 ok zero", "unit 2: node b read zeroes");
	takes(watch, "b 0 r 9+2 50 50 ok torn=initial*8,zero*8");
	shows(watch, "b 0 r 3 50 60 ok corrupt", "unit 3: node b read damaged data");
	shows(watch, "b 0 r 4 60 70 ok foreign", "unit 4: node b read another run's data");
	shows(watch, "b 0 r 5 70 80 ok at=4/a:0:1", "unit 5: node b read another unit's data");
	takes(watch, "a 0 w 6 10 20 ok a:0:2");
	/* a name that is past, and was written elsewhere or nowhere; one that may be to come */
	shows(watch, "b 0 r 7 80 90 ok a:0:1", "unit 7: node b read a:0:1");
	takes(watch, "b 0 r 7 90 99 ok a:0:3");
	takes(watch, "b 0 r 8 99 110 ok a:0:3");
	watch_free(watch);
}

/* Guards against: a value in flight, superseded as far as the watch can see, that is accused though
 * its write is still to come of a lane that is over. */
static void lanes_that_end(void **unused)
{
	struct watch *watch = begin(2);
	char text[64];
	unsigned i;

	(void)unused;
	takes(watch, "a 1 w 18 10 - unknown a:1:1");
	takes(watch, "b 0 r 17 10 20 ok a:1:2");
	takes(watch, "b 1 w 17 30 40 ok b:1:1");
	takes(watch, "b 1 w 17 50 60 ok b:1:2");
	takes(watch, "a 0 r 17 20 30 ok b:1:2 after=b:3");
	takes(watch, "b 0 r 17 70 80 ok b:1:2");
	/* enough to be looked through for what can be forgotten */
	for (i = 3; i < 20; i++) {
		snprintf(text, sizeof(text), "b 1 w 17 %u %u ok b:1:%u", 30 * i, 30 * i + 1, i);
		takes(watch, text);
	}
	takes(watch, "a 0 r 18 40 50 ok a:1:1 after=b:5");
	takes(watch, "a 1 w 17 10 - unknown a:1:2");
	watch_free(watch);
}

/* Guards against: a node that waits for what can only come after what it holds back. */
static void what_never_completed_does_not_wait(void **unused)
{
	struct watch *watch = begin(2);

	(void)unused;
	takes(watch, "a 1 r 17 30 - unknown - after=b:1");
	takes(watch, "b 0 r 17 10 20 ok initial after=a:1");
	takes(watch, "a 0 r 17 5 8 ok initial");
	shows(watch, "b 0 r 17 30 40 ok zero", "unit 17: node b read zeroes");
	watch_free(watch);
}

/* Guards against: taking for known to all what an invocation at that very moment need not know.
 * Lane 1 of node a goes on when lane 0 is told of b:0:2. */
static void at_the_very_moment(void **unused)
{
	struct watch *watch = begin(2);

	(void)unused;
	takes(watch, "b 0 w 17 10 20 ok b:0:1");
	takes(watch, "b 0 w 17 30 40 ok b:0:2");
	takes(watch, "b 1 r 18 45 50 ok initial");
	takes(watch, "b 0 r 18 46 60 ok initial");
	takes(watch, "a 1 r 18 50 100 ok initial");
	takes(watch, "a 0 r 18 100 110 ok initial after=b:2");
	takes(watch, "b 0 w 17 70 80 ok b:0:3");
	takes(watch, "a 1 r 17 100 120 ok b:0:1");
	/* and then what its node was told earlier */
	takes(watch, "a 0 r 18 120 130 ok initial");
	takes(watch, "a 1 r 18 120 130 ok initial");
	takes(watch, "a 0 r 18 130 140 ok initial");
	shows(watch, "a 1 r 17 131 141 ok b:0:1", "unit 17: node a read b:0:1");
	watch_free(watch);
}

/* Guards against: forgetting what an operation that has arrived, but waits, may still read. */
static void those_that_wait(void **unused)
{
	struct watch *watch = begin(3);

	(void)unused;
	takes(watch, "a 0 w 17 1 5 ok a:0:1");
	takes(watch, "a 1 w 17 6 10 ok a:1:1");
	takes(watch, "a 2 r 18 6 12 ok initial after=b:3");
	takes(watch, "a 1 w 17 10 20 ok a:1:2");
	takes(watch, "a 0 r 17 7 50 ok a:0:1");
	takes(watch, "b 0 r 18 10 20 ok initial after=a:2");
	takes(watch, "b 1 r 18 20 30 ok initial");
	takes(watch, "b 2 r 18 20 40 ok initial");
	shows(watch, "b 2 r 17 40 50 ok initial", "unit 17: node b read initial");
	watch_free(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_the_very_record),
		cmocka_unit_test(as_soon_as_it_can_be_known),
		cmocka_unit_test(content),
		cmocka_unit_test(lanes_that_end),
		cmocka_unit_test(what_never_completed_does_not_wait),
		cmocka_unit_test(at_the_very_moment),
		cmocka_unit_test(those_that_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
