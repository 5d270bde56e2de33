/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_io_paths.c - each I/O path does what its name says, or is refused; test_device.c has more on
 * O_DIRECT, test_lane.c on queue depth.
 */
#include "tests/agent/harness.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PATH_FLAGS (O_DIRECT | O_DSYNC)

static struct target *opened(const struct message_open *open, const struct io_path *writer,
			     const struct io_path *reader)
{
	const struct target_io io[IO_ROLES] = {{writer, 1}, {reader, 1}};
	struct error err = {0};
	struct target *target = target_open(open, io, &err);

	if (!target)
		fail_msg("%s/%s: %s", writer->name, reader->name, err.text);
	return target;
}

/* The path flags of the descriptors that have the file open in this process, each kind a bit. */
static unsigned kinds_open(const char *name)
{
	unsigned kinds = 0;
	int fd;

	for (fd = next_open(name, 0); fd >= 0; fd = next_open(name, fd + 1))
		kinds |= fcntl(fd, F_GETFL) & PATH_FLAGS ? fcntl(fd, F_GETFL) & PATH_FLAGS : 1;
	return kinds;
}

/* Guards against: a path that goes another way than it says, writes elsewhere, or reads what is
 * not there; a flush that fails. */
static void test_all(void **state)
{
	static uint8_t buf[2 * UNIT] __attribute__((aligned(TARGET_ALIGN)));
	struct message_open open = an_open();
	struct target *target;
	unsigned i, kinds;

	(void)state;
	for (i = 0; io_paths[i]; i++) {
		assert_string_equal(io_paths[i]->name, io_kind_names[i]);
		target = opened(&open, io_paths[i], io_paths[i]);
		kinds = kinds_open(in_scratch("target/data.02"));
		assert_int_equal(kinds, io_paths[i]->open_flags ? io_paths[i]->open_flags : 1);
		memset(buf, 'A' + (int)i, sizeof(buf));
		assert_int_equal(target_write(target, 9, 2, buf, NULL), 0);
		/* from outside, before any flush: what has returned is there */
		read_file(in_scratch("target/data.02"), UNIT, buf, 2 * UNIT);
		assert_int_equal(buf[0], 'A' + i);
		assert_int_equal(buf[2 * UNIT - 1], 'A' + i);
		assert_int_equal(target_flush(target, NULL), 0);
		/* and from outside to us */
		write_file(in_scratch("target/data.02"), UNIT + 77, "x", 1);
		assert_int_equal(target_read(target, 9, 2, buf, NULL), 0);
		assert_int_equal(buf[76], 'A' + i);
		assert_int_equal(buf[77], 'x');
		assert_int_equal(buf[2 * UNIT - 1], 'A' + i);
		target_close(target);
	}
	assert_int_equal(i, IO_KINDS);
	assert_int_equal(kinds_open(in_scratch("target/data.02")), 0);
}

/* Guards against: dsync that is an open flag nobody looked at again, and its likes. */
static void test_proof(void **state)
{
	struct message_open target = an_open();
	struct io_path full = io_dsync;
	struct error err = {0};
	int plain, dsync;

	(void)state;
	/* at every OPEN: here of a flag beyond those that can be proven */
	full.open_flags = O_SYNC;
	assert_null(open_by(&target, &full, &err));
	assert_non_null(strstr(err.text, "target: path dsync is not in effect"));
	assert_int_equal(access(target.path, F_OK), -1);
	plain = open(in_scratch("f"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	dsync = open(in_scratch("f"), O_RDWR | O_DSYNC | O_CLOEXEC);
	assert_true(plain >= 0 && dsync >= 0);
	assert_int_equal(io_prove(&io_dsync, dsync, &err), 0);
	assert_int_equal(io_prove(&io_mmap, plain, &err), 0);
	assert_int_equal(io_prove(&io_dsync, plain, &err), -1);
	assert_non_null(strstr(err.text, "path dsync is not in effect"));
	assert_non_null(strstr(err.text, "without O_DSYNC"));
	/* more than it says is no better: it would not be what the plan compares */
	assert_int_equal(io_prove(&io_nosync, dsync, &err), -1);
	assert_non_null(strstr(err.text, "with O_DSYNC"));
	assert_int_equal(fcntl(plain, F_SETFL, O_DIRECT), 0);
	assert_int_equal(io_prove(&io_uring, plain, &err), -1);
	assert_non_null(strstr(err.text, "with O_DIRECT"));
	close(plain);
	close(dsync);
}

/* Guards against: a `sync` that a path without one carries out, or that one with it leaves out. */
static void test_sync(void **state)
{
	static const enum io_sync wanted[IO_KINDS] = {
		[IO_DSYNC] = IO_SYNC_DONE,
		[IO_NOSYNC] = IO_SYNC_NEVER,
		[IO_DIRECT_NOSYNC] = IO_SYNC_NEVER,
	};
	static uint8_t buf[UNIT] __attribute__((aligned(TARGET_ALIGN)));
	struct message_open open = an_open();
	struct io_request request;
	struct target *target;
	unsigned i;

	(void)state;
	for (i = 0; i < IO_KINDS; i++) {
		assert_int_equal(io_paths[i]->sync, wanted[i]);
		target = opened(&open, io_paths[i], &io_buffered);
		target_request(target, IO_WRITER, 0, 1, buf, true, &request);
		assert_int_equal(request.flush, wanted[i] == IO_SYNC_FLUSH);
		target_do(target, IO_WRITER, &request);
		assert_int_equal(request.result, 0);
		target_request(target, IO_WRITER, 0, 1, buf, false, &request);
		assert_false(request.flush);
		target_close(target);
	}
}

/* Guards against: a reader that goes the writer's path, and data that does not get from one to the
 * other. */
static void test_roles(void **state)
{
	static uint8_t buf[UNIT] __attribute__((aligned(TARGET_ALIGN)));
	struct message_open open = an_open();
	struct target *target;
	unsigned writer, reader;
	char words[256];

	(void)state;
	target = opened(&open, &io_dsync, &io_direct);
	assert_int_equal(kinds_open(in_scratch("target/data.00")), O_DSYNC | O_DIRECT);
	assert_string_equal(target_words(target, words, sizeof(words)),
			    "path in effect: writes dsync (O_DSYNC), reads direct (O_DIRECT); a "
			    "direct read left nothing in the page cache");
	assert_ptr_equal(target->role[IO_WRITER]->io.path, &io_dsync);
	assert_ptr_equal(target->role[IO_READER]->io.path, &io_direct);
	target_close(target);
	for (writer = 0; writer < IO_KINDS; writer++) {
		for (reader = 0; reader < IO_KINDS; reader++) {
			target = opened(&open, io_paths[writer], io_paths[reader]);
			memset(buf, 'A' + (int)reader, UNIT);
			assert_int_equal(target_write(target, 6, 1, buf, NULL), 0);
			memset(buf, 0, UNIT);
			assert_int_equal(target_read(target, 6, 1, buf, NULL), 0);
			assert_int_equal(buf[UNIT - 1], 'A' + reader);
			target_close(target);
		}
	}
}

/* Every path of the table that is direct must be refused with that text, in either role; else ret
 * says which was not. */
static void direct_is_refused(const struct message_open *open, const char *text, char ret[512])
{
	struct error err = {0};
	unsigned i, role;

	ret[0] = 0;
	for (i = 0; io_paths[i]; i++) {
		for (role = 0; io_kind_is_direct((enum io_kind)i) && role < IO_ROLES; role++) {
			struct target_io io[IO_ROLES] = {{&io_buffered, 1}, {&io_buffered, 1}};
			struct target *target;

			io[role].path = io_paths[i];
			target = target_open(open, io, &err);
			if (target || err.kind != ERROR_WORLD || !strstr(err.text, text) ||
			    !access(open->path, F_OK))
				snprintf(ret, 512, "%s: %.400s", io_paths[i]->name,
					 target ? "opened" : err.text);
			target_close(target);
		}
	}
}

/* Run a program; false: it failed. */
static bool run_program(char *const argv[])
{
	pid_t child = fork();
	int status = -1;

	assert_true(child >= 0);
	if (!child) {
		execvp(argv[0], argv);
		_exit(127);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return !status;
}

/* Guards against: a fall back to the page cache where the file system refuses O_DIRECT. */
static void test_refuses_direct(void **state)
{
	struct message_open open = an_open();
	char wrong[512];

	(void)state;
	assert_int_equal(mkdir(in_scratch("ram"), 0755), 0);
	if (geteuid() || mount("ramfs", in_scratch("ram"), "ramfs", 0, NULL) < 0) {
		print_message("mounting a ramfs takes root: %s\n", strerror(errno));
		skip();
	}
	snprintf(open.path, sizeof(open.path), "%s", in_scratch("ram/target"));
	direct_is_refused(&open, "does not do O_DIRECT", wrong);
	assert_int_equal(umount2(in_scratch("ram"), MNT_DETACH), 0);
	assert_string_equal(wrong, "");
}

/* Guards against: a file system that takes O_DIRECT and goes through its page cache all the same,
 * as ext4 does where data is journalled. */
static void test_pretends_direct(void **state)
{
	char image[96], directory[96], wrong[512] = "";
	char *const make[] = {"mkfs.ext4", "-q", "-F", image, NULL};
	char *const mount_it[] = {"mount", "-o", "loop,data=journal", image, directory, NULL};
	struct message_open open = an_open();
	struct target *target;
	int fd;

	(void)state;
	snprintf(image, sizeof(image), "%s/image", scratch);
	snprintf(directory, sizeof(directory), "%s/mounted", scratch);
	snprintf(open.path, sizeof(open.path), "%s/target", directory);
	fd = openat(AT_FDCWD, image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 16 << 20), 0);
	close(fd);
	assert_int_equal(mkdir(directory, 0755), 0);
	if (geteuid() || !run_program(make) || !run_program(mount_it)) {
		print_message(
			"an ext4 with journalled data takes root, mkfs.ext4 and a loop device\n");
		skip();
		return;
	}
	direct_is_refused(&open, "takes O_DIRECT and reads through its page cache all the same",
			  wrong);
	target = open_by(&open, &io_mmap, NULL);
	target_close(target);
	assert_int_equal(umount2(directory, MNT_DETACH), 0);
	assert_string_equal(wrong, "");
	assert_non_null(target);
}

/* Guards against: an agent that dies of a page that is not to be had, or takes it for read. */
static void test_mmap_sigbus(void **state)
{
	static uint8_t buf[UNIT] __attribute__((aligned(TARGET_ALIGN)));
	struct message_open open = an_open();
	struct target *target;
	struct error err = {0};

	(void)state;
	target = opened(&open, &io_mmap, &io_mmap);
	assert_int_equal(truncate(in_scratch("target/data.01"), 0), 0);
	assert_int_equal(target_read(target, 4, 1, buf, &err), -1);
	assert_non_null(strstr(err.text, "read of the mapping failed (SIGBUS)"));
	assert_int_equal(target_write(target, 5, 1, buf, &err), -1);
	assert_non_null(strstr(err.text, "write of the mapping failed (SIGBUS)"));
	assert_int_equal(target_read(target, 0, 1, buf, &err), 0);
	assert_int_equal(target_write(target, 1, 1, buf, &err), 0);
	target_close(target);
}

#define DEPTH 32

static void all_at_once(struct target *target, enum io_role role, struct io_request *requests,
			unsigned n)
{
	uint64_t last = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		requests[i].complete = 0;
		target_submit(target, role, &requests[i]);
	}
	for (i = 0; i < n; i++) {
		const struct io_request *request = target_reap(target, role);

		assert_true(request >= requests && request < requests + n);
		assert_true(request->complete >= last);
		last = request->complete;
	}
}

/* Guards against: completions that are not reaped, or taken for another's; a short one that passes;
 * one failure that spoils the rest; the flush behind a failed write named as what failed. */
static void test_uring_batch(void **state)
{
	static uint8_t buf[DEPTH][UNIT] __attribute__((aligned(TARGET_ALIGN)));
	static struct io_request requests[DEPTH];
	const struct target_io io[IO_ROLES] = {{&io_uring_direct, DEPTH}, {&io_uring, DEPTH}};
	struct message_open open = an_open();
	struct target *target;
	unsigned i, round;

	(void)state;
	target = target_open(&open, io, NULL);
	assert_non_null(target);
	/* more in all than the ring has entries; each with its flush */
	for (round = 0; round < 20; round++) {
		for (i = 0; i < UNITS; i++) {
			memset(buf[i], (int)(i + round), UNIT);
			target_request(target, IO_WRITER, i, 1, buf[i], true, &requests[i]);
		}
		all_at_once(target, IO_WRITER, requests, UNITS);
		for (i = 0; i < UNITS; i++)
			assert_true(!requests[i].result && requests[i].complete);
		memset(buf, 0, sizeof(buf));
		for (i = 0; i < DEPTH; i++)
			target_request(target, IO_READER, i % UNITS, 1, buf[i], false,
				       &requests[i]);
		all_at_once(target, IO_READER, requests, DEPTH);
		for (i = 0; i < DEPTH; i++) {
			assert_int_equal(requests[i].result, 0);
			assert_int_equal(buf[i][UNIT - 1], i % UNITS + round);
		}
	}
	/* two bad ones among four: a place that O_DIRECT cannot write at, with a flush behind it */
	for (i = 0; i < 4; i++) {
		target_request(target, IO_WRITER, 4 * i, 1, buf[i], true, &requests[i]);
		requests[i].at += i % 2 ? 100 : 0;
	}
	all_at_once(target, IO_WRITER, requests, 4);
	for (i = 0; i < 4; i++)
		assert_int_equal(requests[i].result, i % 2 ? -1 : 0);
	assert_non_null(strstr(requests[1].err.text, "write failed: Invalid argument"));
	assert_non_null(strstr(requests[3].err.text, "write failed: Invalid argument"));
	/* a file that ends in the middle of the second of three */
	assert_int_equal(truncate(in_scratch("target/data.00"), UNIT + 1000), 0);
	for (i = 0; i < 3; i++)
		target_request(target, IO_READER, i, 1, buf[i], false, &requests[i]);
	all_at_once(target, IO_READER, requests, 3);
	assert_int_equal(requests[0].result, 0);
	assert_int_equal(requests[1].result, -1);
	assert_string_equal(requests[1].err.text, "read of only 1000 of 4096 bytes");
	assert_int_equal(requests[2].result, -1);
	assert_int_equal(target_flush(target, NULL), 0);
	target_close(target);
}

/* From now on io_uring_setup(2) fails in this process, as where it is switched off. */
static void forbid_uring(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

/* Guards against: pread in place of an io_uring that is not to be had. */
static void test_no_uring(void **state)
{
	struct message_open open = an_open();
	struct error err = {0};
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (!child) {
		forbid_uring();
		if (open_by(&open, &io_uring, &err))
			_exit(1);
		if (err.kind != ERROR_WORLD || !strstr(err.text, "path uring: this kernel gives us "
								 "no io_uring"))
			_exit(2);
		_exit(access(open.path, F_OK) ? 0 : 3);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_scratch, remove_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_all),		TEST(test_proof),	   TEST(test_sync),
		TEST(test_roles),	TEST(test_refuses_direct), TEST(test_pretends_direct),
		TEST(test_mmap_sigbus), TEST(test_uring_batch),	   TEST(test_no_uring),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
