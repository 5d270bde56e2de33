/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_plan_path.c - the I/O paths of a plan, from its text to its cells. */
#include "tests/test.h"

#include <string.h>

#include "plan/plan.h"
#include "tests/unit/plan_text.h"

/* Guards against: a raw device read through the guest's own block cache, and the host accused. */
static void test_raw_path(void **state)
{
#define RAW \
	"[site]\nkind = hosts\nvolume = raw\ntarget = /dev/vdb\n" \
	"[host a]\ndevice = /dev/x\ndomain = a\ndisk = vdb\n" \
	"[host b]\ndevice = /dev/x\ndomain = b\ndisk = vdb\n[matrix]\ncache = none\n"
#define LAB "[site]\nvolume = raw\nvolume-size = 1M\nsize = "
#define WHY ": the guest's own block cache is no part of the test"
	struct plan plan;

	(void)state;
	expect_error(
		RAW,
		"p.conf:3: volume = raw needs 'path = direct' (or direct-nosync, uring-direct), "
		"not buffered (the default)" WHY);
	expect_error(RAW "path = direct, buffered\n",
		     "p.conf:15: volume = raw needs 'path = direct' (or direct-nosync, "
		     "uring-direct), not buffered" WHY);
	expect_error(RAW "path = direct/mmap\n",
		     "p.conf:15: volume = raw needs 'path = direct' (or direct-nosync, "
		     "uring-direct), not direct/mmap" WHY);
	parse(RAW "path = direct-nosync/uring-direct\n", &plan);
	plan_done(&plan);
	parse(RAW "path = direct\n", &plan);
	assert_string_equal(plan.cells[0].path, "direct");
	assert_string_equal(plan.cells[0].id, "01-none");
	plan_done(&plan);
	/* the lab's: its last block is the claim's */
	expect_error(LAB "960K\n[matrix]\ncache = none\n",
		     "p.conf:2: volume = raw needs 'path = direct' (or direct-nosync, "
		     "uring-direct), not buffered (the default)" WHY);
	expect_error(LAB "1M\n[matrix]\ncache = none\npath = direct\n",
		     "p.conf:4: size: does not fit the volume (volume-size), whose last 4096 bytes "
		     "are our claim");
	expect_error(LAB "64K\ntarget = /dev/vdb\n[matrix]\ncache = none\npath = direct\n",
		     "p.conf:5: target: not with volume = raw in guests of ours, which find the "
		     "disk themselves");
	parse(LAB "960K\n[matrix]\ncache = none\npath = direct\n", &plan);
	assert_string_equal(plan.target, "");
	plan_done(&plan);
#undef LAB
#undef RAW
#undef WHY
}

/* Guards against: cells of two paths that cannot be told apart by their folders. */
static void test_path_in_id(void **state)
{
	struct plan plan;

	(void)state;
	parse("[matrix]\ncache = directsync/writethrough\npath = buffered, direct\n"
	      "workload = handoff, a-name-of-just-24-letter\nrepeat = 249\n",
	      &plan);
	assert_string_equal(plan.cells[0].id, "001-directsync-writethrough-buffered-handoff-r1");
	assert_string_equal(plan.cells[995].id,
			    "996-directsync-writethrough-direct-a-name-of-just-24-r249");
	plan_done(&plan);
}

/* Guards against: writer's and reader's path swapped or lost on their way to a cell, and a folder
 * named by what a path's name may hold. */
static void test_path_roles(void **state)
{
	struct plan plan;

	(void)state;
	parse("[matrix]\ncache = none\npath = dsync/mmap, uring:8/uring-direct:16, mmap/mmap\n"
	      "[expect path=uring/uring-direct:16]\nverdict = violated\n",
	      &plan);
	assert_string_equal(plan.cells[0].path, "dsync/mmap");
	assert_int_equal(plan.cells[0].io[IO_WRITER].kind, IO_DSYNC);
	assert_int_equal(plan.cells[0].io[IO_READER].kind, IO_MMAP);
	assert_string_equal(plan.cells[0].id, "01-none-dsync-mmap");
	assert_string_equal(plan.cells[1].selector, "cache=none path=uring/uring-direct:16 "
						    "workload=handoff fault=none repeat=1");
	assert_string_equal(plan.cells[1].id, "02-none-uring-uring-direc");
	assert_int_equal(plan.cells[1].io[IO_READER].depth, 16);
	assert_true(plan.cells[1].has_expected);
	assert_string_equal(plan.cells[2].path, "mmap");
	plan_done(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_path),
		cmocka_unit_test(test_path_in_id),
		cmocka_unit_test(test_path_roles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
