/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_target.c - a target is made, recognised, and never made of what is not ours. */
#include "tests/agent/harness.h"

#include <errno.h>
#include <sys/mount.h>

#include "agent/mount.h"
#include "agent/target.h"
#include "common/claim.h"

static struct target *opened(const struct message_open *open)
{
	struct error err = {0};
	struct target *target = open_by(open, &io_buffered, &err);

	if (!target)
		fail_msg("%s", err.text);
	return target;
}

/* The OPEN must fail, with that text. */
static void refused(const struct message_open *open, enum error_kind kind, const char *text)
{
	struct error err = {0};

	assert_null(open_by(open, &io_buffered, &err));
	if (err.kind != kind || !strstr(err.text, text))
		fail_msg("kind %d: %s", err.kind, err.text);
}

/* Guards against: a prefill that leaves a unit out or writes it to the wrong place. */
static void test_create(void **state)
{
	struct message_open open = an_open(), again = open;
	struct target *target = opened(&open);
	static uint8_t buf[UNIT] __attribute__((aligned(TARGET_ALIGN)));
	struct value value;
	struct stat status;
	uint64_t unit;
	char name[64];

	(void)state;
	assert_int_equal(target->units, UNITS);
	assert_int_equal(target->units_per_file, UNITS / FILES);
	for (unit = 0; unit < UNITS; unit++) {
		assert_int_equal(target_read(target, unit, 1, buf, NULL), 0);
		tag_read(&target->space, unit * 8, 8, buf, &value);
		assert_int_equal(value.kind, VALUE_TAG);
		assert_true(value.write_id == WRITE_ID_INITIAL);
		/* the same from outside: the format is a contract */
		snprintf(name, sizeof(name), "target/data.%02u", (unsigned)unit / 4);
		read_file(in_scratch(name), (long)(unit % 4) * UNIT, buf, UNIT);
		tag_read(&target->space, unit * 8, 8, buf, &value);
		assert_int_equal(value.kind, VALUE_TAG);
	}
	assert_int_equal(stat(in_scratch("target/stalemate-claim"), &status), 0);
	assert_int_equal(status.st_size, CLAIM_SIZE);
	assert_int_equal(status.st_mode & 0777, 0600);
	target_close(target);
	/* the other node finds it */
	again.create = 0;
	again.node = 0;
	target_close(opened(&again));
}

/* Guards against: geometries that overflow, divide by zero or leave a rest. */
static void test_geometry(void **state)
{
	struct message_open open;

	(void)state;
#define BAD(change, text) \
	do { \
		open = an_open(); \
		change; \
		refused(&open, ERROR_USER, text); \
		assert_int_equal(access(in_scratch("target"), F_OK), -1); \
	} while (0)
	BAD(open.unit = 0, "unit");
	BAD(open.unit = 256, "unit");
	BAD(open.unit = 4095, "unit");
	BAD(open.unit = 1536, "unit");
	BAD(open.unit = 131072, "unit");
	BAD(open.files = 0, "data files");
	BAD(open.files = 257, "data files");
	BAD(open.size = 0, "size");
	BAD(open.size = UNITS * UNIT + UNIT, "size");
	BAD(open.size = 1ULL << 63, "size");
	BAD(open.node = 2, "node");
	BAD(snprintf(open.path, sizeof(open.path), "target"), "absolute");
	BAD(open.path[0] = 0, "absolute");
	BAD(snprintf(open.path, sizeof(open.path), "//"), "root directory");
#undef BAD
}

/* Guards against: somebody's data being overwritten or removed because it was in the way. */
static void test_not_ours(void **state)
{
	static const char *const text = "exists and is not ours";
	struct message_open open = an_open();
	char back[6];

	(void)state;
	/* an empty folder */
	assert_int_equal(mkdir(open.path, 0755), 0);
	refused(&open, ERROR_USER, text);
	/* with files that look like ours, but no claim */
	write_file(in_scratch("target/data.00"), 0, "mine!", 6);
	refused(&open, ERROR_USER, text);
	/* with a claim that is none, too long, damaged, of a later version, or a link to a good one
	 */
	write_file(in_scratch("target/stalemate-claim"), 0, "mine!", 6);
	refused(&open, ERROR_USER, text);
	read_file(in_scratch("target/data.00"), 0, back, 6);
	assert_string_equal(back, "mine!");
	/* a file */
	snprintf(open.path, sizeof(open.path), "%s", in_scratch("file"));
	write_file(open.path, 0, "mine!", 6);
	refused(&open, ERROR_USER, text);
	read_file(open.path, 0, back, 6);
	assert_string_equal(back, "mine!");
}

/* Guards against: following a symbolic link, at the end of the path or inside, to somewhere else.
 */
static void test_links(void **state)
{
	struct message_open open = an_open();
	char back[6];

	(void)state;
	target_close(opened(&open));
	assert_int_equal(symlink("target", in_scratch("link")), 0);
	snprintf(open.path, sizeof(open.path), "%s", in_scratch("link"));
	refused(&open, ERROR_USER, "exists and is not ours");
	snprintf(open.path, sizeof(open.path), "%s", in_scratch("link///"));
	refused(&open, ERROR_USER, "exists and is not ours");
	/* a data file that is a link, and one that has a second name */
	open = an_open();
	write_file(in_scratch("precious"), 0, "mine!", 6);
	assert_int_equal(unlink(in_scratch("target/data.02")), 0);
	assert_int_equal(symlink("../precious", in_scratch("target/data.02")), 0);
	refused(&open, ERROR_USER, "data.02");
	open.create = 0;
	refused(&open, ERROR_WORLD, "data.02");
	open.create = 1;
	assert_int_equal(unlink(in_scratch("target/data.02")), 0);
	assert_int_equal(link(in_scratch("precious"), in_scratch("target/data.02")), 0);
	refused(&open, ERROR_USER, "data.02");
	read_file(in_scratch("precious"), 0, back, 6);
	assert_string_equal(back, "mine!");
	/* the claim a link */
	assert_int_equal(rename(in_scratch("target/stalemate-claim"), in_scratch("claim")), 0);
	assert_int_equal(symlink("../claim", in_scratch("target/stalemate-claim")), 0);
	refused(&open, ERROR_USER, "exists and is not ours");
}

/* Guards against: two nodes at work on what each believes to be another target. */
static void test_claim_must_match(void **state)
{
	struct message_open open = an_open();

	(void)state;
	open.create = 0;
	refused(&open, ERROR_WORLD, "No such file");
	open.create = 1;
	target_close(opened(&open));
#define MISMATCH(change, text) \
	do { \
		open = an_open(); \
		open.create = 0; \
		change; \
		refused(&open, ERROR_WORLD, text); \
	} while (0)
	MISMATCH(open.run[15] = 1, "another run");
	MISMATCH(open.volume++, "volume 3");
	MISMATCH(open.unit = 512, "volume 3");
	MISMATCH(open.files = 2, "volume 3");
	MISMATCH(open.size *= 2, "volume 3");
	/* the claim is right, a file has lost its end, or is gone */
	assert_int_equal(truncate(in_scratch("target/data.03"), 100), 0);
	MISMATCH(open.node = 0, "size");
	open.create = 0;
	assert_int_equal(unlink(in_scratch("target/data.03")), 0);
	refused(&open, ERROR_WORLD, "data.03");
#undef MISMATCH
}

/* Guards against: an older target of ours keeping its old data, its old size or surplus files. */
static void test_claimed_anew(void **state)
{
	struct message_open open = an_open();
	static uint8_t buf[UNIT] __attribute__((aligned(TARGET_ALIGN)));
	struct target *target;
	struct value value;
	struct stat status;

	(void)state;
	target_close(opened(&open));
	write_file(in_scratch("target/stalemate-claim.new"), 0, "left by a crash", 15);
	open.run[0] = 99;
	open.files = 2;
	open.size = 4 * UNIT;
	target = opened(&open);
	assert_int_equal(access(in_scratch("target/data.02"), F_OK), -1);
	assert_int_equal(stat(in_scratch("target/data.01"), &status), 0);
	assert_int_equal(status.st_size, 2 * UNIT);
	assert_int_equal(target_read(target, 3, 1, buf, NULL), 0);
	tag_read(&target->space, 24, 8, buf, &value);
	assert_int_equal(value.kind, VALUE_TAG);
	target_close(target);
}

/* Guards against: a target that does not fit being left half made. */
static void test_no_space(void **state)
{
	struct message_open open = an_open();
	const char *small = in_scratch("small");
	struct target *target;
	struct error err = {0};
	bool left;

	(void)state;
	assert_int_equal(mkdir(small, 0755), 0);
	if (geteuid() || mount("tmpfs", small, "tmpfs", 0, "size=256k") < 0) {
		print_message("mounting a small tmpfs takes root: %s\n", strerror(errno));
		skip();
	}
	snprintf(open.path, sizeof(open.path), "%s", in_scratch("small/target"));
	open.size = 1 << 20;
	target = open_by(&open, &io_buffered, &err);
	left = !access(in_scratch("small/target"), F_OK);
	/* before anything is asserted: a failure must not leave a mount behind */
	assert_int_equal(umount2(in_scratch("small"), MNT_DETACH), 0);
	assert_null(target);
	assert_false(left);
	assert_int_equal(err.kind, ERROR_WORLD);
	if (!strstr(err.text, "not enough space") || !strstr(err.text, "1048576"))
		fail_msg("%s", err.text);
}

/* Guards against: a disk being taken for another one whose serial begins alike. */
static void test_find_disk(void **state)
{
	char device[64];

	(void)state;
	assert_int_equal(mkdir(in_scratch("block"), 0755), 0);
	assert_int_equal(mkdir(in_scratch("block/vda"), 0755), 0);
	assert_int_equal(mkdir(in_scratch("block/vdb"), 0755), 0);
	assert_int_equal(mkdir(in_scratch("block/sda"), 0755), 0);
	write_file(in_scratch("block/vda/serial"), 0, "stalemate-10\n", 13);
	write_file(in_scratch("block/vdb/serial"), 0, "stalemate-1\n", 12);
	assert_int_equal(mkdir(in_scratch("block/sda/device"), 0755), 0);
	assert_int_equal(mkdir(in_scratch("block/sdb"), 0755), 0);
	assert_int_equal(mkdir(in_scratch("block/sdb/device"), 0755), 0);
	/* VPD page 0x80, as virtio-scsi and libata have it; and one that is another page */
	write_file(in_scratch("block/sda/device/vpd_pg80"), 0, "\0\x80\0\5scsi7", 9);
	write_file(in_scratch("block/sdb/device/vpd_pg80"), 0,
		   "\0\x80\0\x14"
		   "ata-7               ",
		   24);
	assert_true(mount_find_disk(in_scratch("block"), "scsi7", device, sizeof(device)));
	assert_string_equal(device, "/dev/sda");
	assert_true(mount_find_disk(in_scratch("block"), "ata-7", device, sizeof(device)));
	assert_string_equal(device, "/dev/sdb");
	assert_false(mount_find_disk(in_scratch("block"), "scsi", device, sizeof(device)));
	write_file(in_scratch("block/sda/device/vpd_pg80"), 0, "\0\x83\0\5scsi7", 9);
	assert_false(mount_find_disk(in_scratch("block"), "scsi7", device, sizeof(device)));
	assert_true(mount_find_disk(in_scratch("block"), "stalemate-1", device, sizeof(device)));
	assert_string_equal(device, "/dev/vdb");
	assert_false(mount_find_disk(in_scratch("block"), "stalemate", device, sizeof(device)));
	assert_false(mount_find_disk(in_scratch("nowhere"), "stalemate-1", device, sizeof(device)));
}

/* Guards against: mounting over a mount, options lost, and errors that name nothing. */
static void test_mount(void **state)
{
	struct message_mount m = {.fstype = "tmpfs", .options = "noatime,size=64k,nosuid"};
	struct error err = {0};

	(void)state;
	snprintf(m.directory, sizeof(m.directory), "%s", in_scratch("a/b/c"));
	if (geteuid() || mount_do(&m, "tmpfs", &err) < 0) {
		print_message("mounting takes root: %s\n", err.text);
		skip();
	}
	assert_int_equal(mount_do(&m, "tmpfs", &err), -1);
	assert_non_null(strstr(err.text, "already"));
	assert_int_equal(mount_undo(m.directory, &err), 0);
	assert_int_equal(mount_undo(m.directory, &err), -1);
	assert_non_null(strstr(err.text, m.directory));
	snprintf(m.fstype, sizeof(m.fstype), "no-such-fs");
	assert_int_equal(mount_do(&m, "/dev/null", &err), -1);
	assert_non_null(strstr(err.text, "no-such-fs"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_scratch, remove_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),   TEST(test_geometry),	  TEST(test_not_ours),
		TEST(test_links),    TEST(test_claim_must_match), TEST(test_claimed_anew),
		TEST(test_no_space), TEST(test_find_disk),	  TEST(test_mount),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
