/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_fs_name.c - what the agent notes of the file system that its target lies on, going by files
 * as the kernel has them.
 */
#include "tests/agent/harness.h"

#include <sys/sysmacros.h>

#include "agent/fs_name.h"

static const char mounts[] = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
			     "not a line of it\n"
			     "41 22 254:16 / /srv/shared rw,noatime shared:9 - gfs2 /dev/vdb rw\n"
			     "42 22 254:16 /sub /srv/bound rw,noatime shared:9 - gfs2 /dev/vdb rw\n"
			     "43 22 254:32 / /srv/other rw - gfs2 /dev/vdc rw\n"
			     "44 22 253:3 / /srv/o rw - ocfs2 /dev/mapper/vg-o rw\n"
			     "45 22 104:1 / /srv/p rw - ocfs2 /dev/cciss/c0d0p1 rw\n"
			     "46 22 254:48 / /srv/gone rw - gfs2 /dev/vdd rw\n"
			     "47 22 254:64 / /srv/lost rw - ocfs2 /dev/vde rw\n";

static void table(const char *name, const char *number)
{
	char path[64];

	snprintf(path, sizeof(path), "gfs2/%s", name);
	assert_int_equal(mkdir(in_scratch(path), 0755), 0);
	snprintf(path, sizeof(path), "gfs2/%s/id", name);
	write_file(in_scratch(path), 0, number, strlen(number));
}

static void make(void)
{
	write_file(in_scratch("mounts"), 0, mounts, sizeof(mounts) - 1);
	assert_int_equal(mkdir(in_scratch("gfs2"), 0755), 0);
	assert_int_equal(mkdir(in_scratch("gfs2/no-table"), 0755), 0);
	table("lab:other", "254:32\n");
	table("lab:shared", "254:16\n");
	table("lab:first", "254:1\n");
	assert_int_equal(mkdir(in_scratch("devices"), 0755), 0);
	assert_int_equal(symlink("../../devices/virtual/block/dm-3", in_scratch("devices/253:3")),
			 0);
	assert_int_equal(symlink("../../devices/x/block/cciss!c0d0/cciss!c0d0p1",
				 in_scratch("devices/104:1")),
			 0);
}

static void expect_note(dev_t device, const char *text)
{
	char path[3][256], note[512];
	const struct fs_name_places places = {path[0], path[1], path[2]};

	snprintf(path[0], sizeof(path[0]), "%s/mounts", scratch);
	snprintf(path[1], sizeof(path[1]), "%s/gfs2", scratch);
	snprintf(path[2], sizeof(path[2]), "%s/devices", scratch);
	assert_string_equal(fs_name_note(&places, device, note, sizeof(note)), text);
}

/* Guards against: the name of another GFS2 of the guest; a name of OCFS2 that its lines do not
 * have: that of the mount's source, or sysfs' own spelling. */
static void test_names(void **state)
{
	(void)state;
	make();
	expect_note(makedev(254, 16), "file system: gfs2 254:16 lab:shared");
	expect_note(makedev(254, 32), "file system: gfs2 254:32 lab:other");
	expect_note(makedev(253, 3), "file system: ocfs2 253:3 dm-3");
	expect_note(makedev(104, 1), "file system: ocfs2 104:1 cciss/c0d0p1");
	expect_note(makedev(254, 0), "file system: ext4 254:0");
}

/* Guards against: a guess where nothing tells. */
static void test_unknown(void **state)
{
	(void)state;
	expect_note(makedev(254, 16), "file system: unknown 254:16");
	make();
	expect_note(makedev(254, 48), "file system: gfs2 254:48");
	expect_note(makedev(254, 64), "file system: ocfs2 254:64");
	expect_note(makedev(0, 0), "file system: unknown 0:0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_scratch, remove_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_names),
		TEST(test_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
