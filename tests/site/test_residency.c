/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of a volume is in its host's page cache, on this machine and over ssh. Guards against a
 * cache that is called empty because nobody could look (fincore does that with a block device), and
 * against the two ways telling different things.
 *
 * A file stands for the device: it is mapped in the same way.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "site/residency.h"
#include "tests/site/ssh_server.h"

#define LONG_NS (60 * NS_PER_S)
#define PAGES 64

static struct ssh_server server;
static struct host *hosts[2];			       /* this machine, and the same over ssh */
static char path[] = "/var/tmp/test-residency-XXXXXX"; /* on a disk: tmpfs has nothing else */

static int start(void **state)
{
	const struct host_options options = {.ssh = "local"};
	static char page[4096];
	int fd = mkstemp(path), i;

	(void)state;
	if (fd < 0)
		return -1;
	for (i = 0; i < PAGES; i++) {
		if (write(fd, page, sizeof(page)) != sizeof(page))
			return -1;
	}
	if (fsync(fd) || close(fd))
		return -1;
	unsetenv("SSH_AUTH_SOCK");
	if (!ssh_server_start(&server))
		return -1;
	ssh_server_config(&server, "known", "client", "");
	hosts[0] = host_open(&options, NULL);
	hosts[1] = ssh_server_host(&server, LONG_NS);
	return hosts[0] && hosts[1] ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	host_close(hosts[0]);
	host_close(hosts[1]);
	ssh_server_stop(&server);
	unlink(path);
	return 0;
}

static void expect_pages(unsigned pages)
{
	uint64_t got = 1;
	struct error err;
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (residency(hosts[i], path, &got, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(got, pages * sysconf(_SC_PAGESIZE));
	}
}

static void test_pages(void **state)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char byte;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	expect_pages(0);
	assert_int_equal(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0); /* no neighbours */
	assert_int_equal(pread(fd, &byte, 1, 4096 * 17), 1);
	assert_int_equal(pread(fd, &byte, 1, 4096 * (PAGES - 1)), 1);
	expect_pages(2);
	close(fd);
}

static void test_not_known(void **state)
{
	uint64_t got;
	struct error err;
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(residency(hosts[i], "/dev/null/x", &got, &err), -1);
		assert_int_equal(err.kind, ERROR_WORLD);
		assert_non_null(strstr(err.text, "Not a directory"));
		/* no size: not nothing */
		assert_int_equal(residency(hosts[i], "/dev/null", &got, &err), -1);
		assert_non_null(strstr(err.text, "no size"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pages),
					   cmocka_unit_test(test_not_known)};
	const char *missing = ssh_server_missing();

	if (missing) {
		fprintf(stderr, "%s\n", missing);
		return 77;
	}
	return cmocka_run_group_tests(tests, start, stop);
}
