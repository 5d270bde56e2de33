/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_device.c - I/O past the page cache, and a block device as the target: a loop device, which
 * takes root.
 */
#include "tests/agent/harness.h"

#include <errno.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

#include "agent/target.h"
#include "common/claim.h"

#define SIZE (1 << 20)

static struct {
	int fd;
	char path[32];
} loop = {.fd = -1};

/* A loop device over the file "disk"; it goes when it is closed. false: skip. */
static bool make_loop(void)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), disk, number, tries;
	struct loop_info64 info = {.lo_flags = LO_FLAGS_AUTOCLEAR};

	disk = open(in_scratch("disk"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(disk >= 0);
	assert_int_equal(ftruncate(disk, SIZE), 0);
	for (tries = 0; control >= 0 && loop.fd < 0 && tries < 20; tries++) {
		number = ioctl(control, LOOP_CTL_GET_FREE);
		snprintf(loop.path, sizeof(loop.path), "/dev/loop%d", number);
		loop.fd = number < 0 ? -1 : open(loop.path, O_RDWR | O_CLOEXEC);
		if (loop.fd >= 0 && (ioctl(loop.fd, LOOP_SET_FD, disk) < 0 ||
				     ioctl(loop.fd, LOOP_SET_STATUS64, &info) < 0)) {
			close(loop.fd); /* somebody else was quicker */
			loop.fd = -1;
		}
	}
	close(disk);
	if (control >= 0)
		close(control);
	if (loop.fd < 0)
		print_message("no loop device (root?): %s\n", strerror(errno));
	return loop.fd >= 0;
}

static int remove_loop(void **state)
{
	if (loop.fd >= 0)
		close(loop.fd);
	loop.fd = -1;
	return remove_scratch(state);
}

#define NEED_LOOP() \
	do { \
		if (!make_loop()) { \
			skip(); \
			return; \
		} \
	} while (0)

static struct message_open device_open(void)
{
	struct message_open open = an_open();

	snprintf(open.path, sizeof(open.path), "%s", loop.path);
	snprintf(open.io, sizeof(open.io), "direct");
	open.device = 1;
	return open;
}

static void claim_disk(uint64_t size)
{
	struct claim claim = {.device = size};
	uint8_t buf[CLAIM_SIZE];

	claim_encode(&claim, buf);
	assert_int_equal(pwrite(loop.fd, buf, sizeof(buf), SIZE - CLAIM_BLOCK), sizeof(buf));
	assert_int_equal(fsync(loop.fd), 0);
}

static struct target *opened(const struct message_open *open, const struct io_path *io)
{
	struct error err = {0};
	struct target *target = open_by(open, io, &err);

	if (!target)
		fail_msg("%s", err.text);
	return target;
}

static void refused(const struct message_open *open, const struct io_path *io, enum error_kind kind,
		    const char *text)
{
	struct error err = {0};

	assert_null(open_by(open, io, &err));
	if (err.kind != kind || !strstr(err.text, text))
		fail_msg("kind %d: %s", err.kind, err.text);
}

/* Is every byte of the disk as it was, apart from its claim? */
static bool untouched(void)
{
	static uint8_t disk[SIZE];
	size_t i;

	read_file(in_scratch("disk"), 0, disk, SIZE);
	for (i = 0; i < SIZE - CLAIM_BLOCK && !disk[i]; i++)
		;
	return i == SIZE - CLAIM_BLOCK;
}

/* Guards against: a device that nobody gave us being overwritten. */
static void test_not_ours(void **state)
{
	struct message_open open;
	int held;

	(void)state;
	NEED_LOOP();
	open = device_open();
	refused(&open, &io_direct, ERROR_USER, "is not ours");
	claim_disk(SIZE * 2);
	refused(&open, &io_direct, ERROR_USER, "of a device of 2097152 bytes");
	claim_disk(0);
	refused(&open, &io_direct, ERROR_USER, "of a device of 0 bytes");
	open.create = 0;
	refused(&open, &io_direct, ERROR_WORLD, "is not ours");
	open.create = 1;
	claim_disk(SIZE);
	/* somebody has it, mounted say */
	held = openat(AT_FDCWD, loop.path, O_RDONLY | O_EXCL | O_CLOEXEC);
	assert_true(held >= 0);
	refused(&open, &io_direct, ERROR_USER, "is in use");
	close(held);
	/* the claim would be overwritten */
	open.size = SIZE;
	refused(&open, &io_direct, ERROR_USER,
		"has room for 1044480 bytes, the target has 1048576");
	open = device_open();
	refused(&open, &io_buffered, ERROR_USER, "(direct, direct-nosync, uring-direct)");
	/* and what is no device */
	snprintf(open.path, sizeof(open.path), "%s", in_scratch("disk"));
	refused(&open, &io_direct, ERROR_USER, "is not a block device");
	snprintf(open.path, sizeof(open.path), "/dev/zero");
	refused(&open, &io_direct, ERROR_USER, "is not a block device");
	snprintf(open.path, sizeof(open.path), "loop0");
	refused(&open, &io_direct, ERROR_USER, "not an absolute path");
	snprintf(open.path, sizeof(open.path), "%s", in_scratch("nothing"));
	refused(&open, &io_direct, ERROR_WORLD, "No such file");
	assert_true(untouched());
}

/* Guards against: units that are left out or at the wrong place, a claim that is not this run's or
 * not at its place, and the two nodes at work on different ideas of the device. */
static void test_use(void **state)
{
	static uint8_t buf[UNIT] __attribute__((aligned(TARGET_ALIGN)));
	struct message_open open, other;
	struct target *target;
	struct claim claim;
	struct value value;
	uint64_t unit;

	(void)state;
	NEED_LOOP();
	open = device_open();
	claim_disk(SIZE);
	target = opened(&open, &io_direct);
	assert_int_equal(target->units, UNITS);
	/* one file: a range may lie anywhere */
	assert_int_equal(target->units_per_file, UNITS);
	for (unit = 0; unit < UNITS; unit++) {
		assert_int_equal(target_read(target, unit, 1, buf, NULL), 0);
		tag_read(&target->space, unit * 8, 8, buf, &value);
		assert_int_equal(value.kind, VALUE_TAG);
		assert_true(value.write_id == WRITE_ID_INITIAL);
	}
	memset(buf, 0x5a, UNIT);
	assert_int_equal(target_write(target, 7, 1, buf, NULL), 0);
	assert_int_equal(target_flush(target, NULL), 0);
	target_close(target);
	/* from outside */
	read_file(loop.path, 7 * UNIT + 100, buf, 1);
	assert_int_equal(buf[0], 0x5a);
	read_file(loop.path, UNITS * UNIT, buf, UNIT);
	assert_int_equal(buf[0] | buf[UNIT - 1], 0);
	read_file(loop.path, SIZE - CLAIM_BLOCK, buf, CLAIM_BLOCK);
	assert_int_equal(claim_decode_device(buf, SIZE, &claim, NULL), 0);
	assert_memory_equal(claim.run, open.run, 16);
	assert_int_equal(claim.volume, 3);
	/* the other node */
	open.create = 0;
	open.node = 0;
	target_close(opened(&open, &io_direct));
	other = open;
	other.run[0]++;
	refused(&other, &io_direct, ERROR_WORLD, "another run");
	other = open;
	other.volume++;
	refused(&other, &io_direct, ERROR_WORLD, "as volume 3");
	other = open;
	other.size *= 2;
	refused(&other, &io_direct, ERROR_WORLD, "65536 bytes");
	/* and the next run */
	other.create = 1;
	target_close(opened(&other, &io_direct));
}

/* Guards against: a device that two roles cannot use in two ways, for it is open exclusively; and a
 * role that goes through the page cache beside one that does not. */
static void test_two_ways(void **state)
{
	static uint8_t buf[UNIT] __attribute__((aligned(TARGET_ALIGN)));
	struct target_io io[IO_ROLES] = {{&io_direct_nosync, 1}, {&io_uring_direct, 4}};
	struct message_open open;
	struct error err = {0};
	struct target *target;

	(void)state;
	NEED_LOOP();
	open = device_open();
	claim_disk(SIZE);
	target = target_open(&open, io, &err);
	if (!target)
		fail_msg("%s", err.text);
	memset(buf, 0x5a, UNIT);
	assert_int_equal(target_write(target, 7, 1, buf, NULL), 0);
	memset(buf, 0, UNIT);
	assert_int_equal(target_read(target, 7, 1, buf, NULL), 0);
	assert_int_equal(buf[UNIT - 1], 0x5a);
	target_close(target);
	/* both are closed: the device can be had again */
	target_close(opened(&open, &io_direct));
	io[IO_READER].path = &io_dsync;
	assert_null(target_open(&open, io, &err));
	assert_int_equal(err.kind, ERROR_USER);
	assert_non_null(strstr(err.text, "(direct, direct-nosync, uring-direct)"));
}

/* The flags of the descriptor that has the file open in this process, 0 if there is none. */
static int flags_of(const char *name)
{
	int fd = next_open(name, 0);

	return fd < 0 ? 0 : fcntl(fd, F_GETFL);
}

/* Guards against: a path that says direct and goes through the page cache. */
static void test_direct(void **state)
{
	static uint8_t buf[UNIT] __attribute__((aligned(TARGET_ALIGN)));
	struct message_open open = an_open();
	struct error err = {0};
	struct target *target;
	int fd;

	(void)state;
	target = open_by(&open, &io_direct, &err);
	if (!target && strstr(err.text, "does not do O_DIRECT")) {
		print_message("the file system of /tmp does not do O_DIRECT\n");
		skip();
		return;
	}
	assert_non_null(target);
	assert_true(flags_of(in_scratch("target/data.02")) & O_DIRECT);
	memset(buf, 0x5a, UNIT);
	assert_int_equal(target_write(target, 5, 1, buf, NULL), 0);
	assert_int_equal(target_flush(target, NULL), 0);
	memset(buf, 0, UNIT);
	assert_int_equal(target_read(target, 5, 1, buf, NULL), 0);
	assert_int_equal(buf[77], 0x5a);
	target_close(target);
	target = opened(&open, &io_buffered);
	assert_int_equal(flags_of(in_scratch("target/data.02")) & O_DIRECT, 0);
	target_close(target);
	/* a descriptor that has lost the flag */
	fd = openat(AT_FDCWD, in_scratch("target/data.00"), O_RDWR | O_CLOEXEC);
	assert_int_equal(io_prove(&io_direct, fd, &err), -1);
	assert_non_null(strstr(err.text, "path direct is not in effect"));
	assert_non_null(strstr(err.text, "without O_DIRECT"));
	close(fd);
}

/* O_DIRECT of a file system that does it for 4096 bytes and more, and for nothing smaller. */
static int coarse_read(void *file, void *buf, size_t size, uint64_t at, struct error *err)
{
	if (!(size % 4096) && !(at % 4096))
		return io_file_read(file, buf, size, at, err);
	errno = EINVAL;
	return io_result(-1, size, "read", err);
}

static int coarse_write(void *file, const void *buf, size_t size, uint64_t at, struct error *err)
{
	if (!(size % 4096) && !(at % 4096))
		return io_file_write(file, buf, size, at, err);
	errno = EINVAL;
	return io_result(-1, size, "write", err);
}

/* Guards against: a target whose prefill passes, in large writes, and whose every operation fails.
 */
static void test_direct_refused(void **state)
{
	static const char text[] = "target does not do O_DIRECT for units of 512 bytes";
	struct io_path coarse = io_buffered;
	struct message_open open = an_open();

	(void)state;
	coarse.open_flags = O_DIRECT;
	coarse.read = coarse_read;
	coarse.write = coarse_write;
	open.unit = 512;
	refused(&open, &coarse, ERROR_WORLD, text);
	assert_int_equal(access(open.path, F_OK), -1);
	/* even the prefill */
	open.size = (uint64_t)FILES * 512;
	refused(&open, &coarse, ERROR_WORLD, text);
	/* the node that only opens */
	target_close(opened(&open, &io_buffered));
	open.create = 0;
	refused(&open, &coarse, ERROR_WORLD, text);
	open = an_open();
	target_close(opened(&open, &coarse));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_scratch, remove_loop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_not_ours),	   TEST(test_use), TEST(test_two_ways), TEST(test_direct),
		TEST(test_direct_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
