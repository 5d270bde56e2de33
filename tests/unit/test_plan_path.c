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
			    "996-directsync-writethrough-direct-a-name-of-just-24-lette-r249");
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

/* Guests' disks beside their cache mode. Guards against: an axis that is lost on the way to a cell,
 * its name or its expectation; ids as they were where a plan says nothing of it. */
static void test_disk_axes(void **state)
{
	static const char text[] =
		"[matrix]\ncache = none, writeback\nbus = virtio, scsi\nio = native\n"
		"iothread = no, yes\n[expect cache=writeback io=native]\nverdict = refused\n"
		"[expect cache=none bus=scsi iothread=yes]\nverdict = violated\n";
	struct plan plan;
	struct error err;

	(void)state;
	parse(text, &plan);
	assert_int_equal(plan.n_cells, 8);
	assert_string_equal(plan.cells[0].id, "01-none-virtio-iothread-no");
	assert_string_equal(plan.cells[7].id, "08-writeback-scsi-iothread-yes");
	assert_string_equal(plan.cells[7].selector,
			    "cache=writeback bus=scsi io=native iothread=yes path=buffered "
			    "workload=handoff fault=none repeat=1");
	assert_int_equal(plan.cells[7].disk.value[DISK_BUS], DISK_BUS_SCSI);
	assert_int_equal(plan.cells[7].disk.value[DISK_IO], DISK_IO_NATIVE);
	assert_int_equal(plan.cells[7].disk.value[DISK_FORMAT], DISK_DEFAULT);
	assert_int_equal(plan.cells[7].expected, VERDICT_REFUSED);
	assert_int_equal(plan.cells[6].expected, VERDICT_VIOLATED);
	assert_false(plan.cells[0].has_expected);
	assert_true(plan_has_bus(&plan, DISK_BUS_SCSI));
	assert_false(plan_has_bus(&plan, DISK_BUS_SATA));
	assert_int_equal(plan_select(&plan, "bus=scsi,iothread=no", &err), 0);
	assert_int_equal(plan.n_cells, 2);
	plan_done(&plan);
	expect_error("[matrix]\ncache = none\nbus = ide\n",
		     "p.conf:3: bus: 'ide' is unknown; use one of: default, virtio, scsi, sata");
	expect_error("[matrix]\ncache = none\nio = native, native\n",
		     "p.conf:3: io: 'native' is in the list twice; use repeat");
	expect_error("[site]\nkind = hosts\n"
		     "[host a]\ndevice = /dev/x\ndomain = a\ndisk = vdb\n"
		     "[host b]\ndevice = /dev/x\ndomain = b\ndisk = vdb\n"
		     "[matrix]\ncache = none\nbus = scsi\n",
		     "p.conf:13: bus: only with guests of ours: your guest mounts the disk that "
		     "its definition has; define it so, and test it with a plan of its own");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_raw_path),
		cmocka_unit_test(test_path_in_id),
		cmocka_unit_test(test_path_roles),
		cmocka_unit_test(test_disk_axes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
