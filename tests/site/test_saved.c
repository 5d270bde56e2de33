/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RUN/saved. Guards against a saved definition that is lost, overwritten or readable by others, and
 * against files that somebody else made.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/process.h"
#include "site/saved.h"

static char run[64];

static int make_run(void **state)
{
	(void)state;
	snprintf(run, sizeof(run), "/tmp/stalemate-saved.XXXXXX");
	return mkdtemp(run) ? 0 : -1;
}

static int remove_run(void **state)
{
	const char *const argv[] = {"rm", "-rf", run, NULL};
	struct error err;

	(void)state;
	return process_run_ok(argv, 10 * NS_PER_S, &err);
}

static const char *in(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/saved/%s", run, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *file = fopen(in(name), "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(in(name), 0600), 0);
}

static void save(char letter)
{
	struct saved_guest guest = {.uri = "qemu:///system",
				    .domain = "db1",
				    .uuid = "6695eb01-f6a4-8304-79aa-97f2502e193f",
				    .disk = "vdb",
				    .running = true,
				    .xml = (char *)"<domain/>\n"};
	struct error err;
	int lock;

	lock = saved_lock(run, false, &err);
	assert_true(lock >= 0);
	assert_int_equal(saved_write(run, letter, &guest, &err), 0);
	close(lock);
}

/* What is read is what was written, of that guest and no other; secrets are nobody else's. */
static void test_comes_back(void **state)
{
	struct saved_guest guest;
	struct error err;
	struct stat st;

	(void)state;
	save('a');
	assert_int_equal(saved_read(run, 'a', &guest, &err), 1);
	assert_string_equal(guest.uri, "qemu:///system");
	assert_string_equal(guest.domain, "db1");
	assert_string_equal(guest.disk, "vdb");
	assert_string_equal(guest.xml, "<domain/>\n");
	assert_null(guest.changed);
	assert_true(guest.running);
	assert_false(guest.autostart);
	assert_false(guest.restored);
	saved_done(&guest);
	assert_int_equal(saved_read(run, 'b', &guest, &err), 0);
	assert_int_equal(stat(in("a.xml"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(stat(in(""), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

/* A second run in the same folder would save the changed definition as the original one. */
static void test_never_overwritten(void **state)
{
	struct saved_guest guest = {.xml = (char *)"<changed/>"};
	struct error err;

	(void)state;
	save('a');
	assert_int_equal(saved_write(run, 'a', &guest, &err), -1);
	assert_non_null(strstr(err.text, "stalemate restore"));
	assert_int_equal(saved_read(run, 'a', &guest, &err), 1);
	assert_string_equal(guest.xml, "<domain/>\n");
	saved_done(&guest);
}

/* A change after a restore takes the mark away, or the next restore would leave it. */
static void test_changed_and_restored(void **state)
{
	struct saved_guest guest;
	struct error err;

	(void)state;
	save('b');
	assert_int_equal(saved_write_changed(run, 'b', "<one/>", &err), 0);
	assert_int_equal(saved_write_restored(run, 'b', &err), 0);
	assert_int_equal(saved_read(run, 'b', &guest, &err), 1);
	assert_string_equal(guest.changed, "<one/>");
	assert_true(guest.restored);
	saved_done(&guest);
	assert_int_equal(saved_write_changed(run, 'b', "<two/>", &err), 0);
	assert_int_equal(saved_read(run, 'b', &guest, &err), 1);
	assert_string_equal(guest.changed, "<two/>");
	assert_false(guest.restored);
	saved_done(&guest);
}

static void refused(const char *wanted)
{
	struct saved_guest guest;
	struct error err = {0};

	assert_int_equal(saved_read(run, 'a', &guest, &err), -1);
	assert_int_equal(err.kind, ERROR_USER);
	if (!strstr(err.text, wanted))
		fail_msg("'%s' does not say: %s", err.text, wanted);
}

/* What would be defined on a host must not come from somebody else, nor from anywhere else. */
static void test_not_our_own(void **state)
{
	(void)state;
	save('a');
	assert_int_equal(chmod(in("a.xml"), 0666), 0);
	refused("another user");
	assert_int_equal(unlink(in("a.xml")), 0);
	refused("a.xml is not there");
	assert_int_equal(symlink("/etc/passwd", in("a.xml")), 0);
	refused("a.xml");
	assert_int_equal(unlink(in("a.xml")), 0);
	assert_int_equal(mkfifo(in("a.xml"), 0600), 0);
	refused("not of a run's making");
}

static void test_damaged(void **state)
{
	char *large = calloc(1, 70000);

	(void)state;
	save('a');
	put("a.json", "{");
	refused("a.json");
	put("a.json", "{\"schema\": 1, \"schema\": 1}");
	refused("a.json");
	assert_non_null(large);
	memset(large, ' ', 69999);
	put("a.json", large);
	refused("too large");
	free(large);
	assert_int_equal(truncate(in("a.json"), 0), 0);
	assert_int_equal(truncate(in("a.json"), 10), 0);
	refused("not a text");
}

/* A run that lives must not have its guests changed under it; two of its guests share the lock. */
static void test_lock(void **state)
{
	int one, two, alone;
	struct error err;

	(void)state;
	assert_int_equal(saved_lock(run, true, &err), SAVED_NOTHING);
	one = saved_lock(run, false, &err);
	two = saved_lock(run, false, &err);
	assert_true(one >= 0 && two >= 0);
	close(one);
	assert_int_equal(saved_lock(run, true, &err), -1);
	assert_non_null(strstr(err.text, "still going"));
	assert_non_null(strstr(err.text, "pid "));
	close(two);
	alone = saved_lock(run, true, &err);
	assert_true(alone >= 0);
	assert_int_equal(saved_lock(run, false, &err), -1);
	close(alone);
}

/* A program must not run because a file of a run directory says so. */
static void test_uris(void **state)
{
	(void)state;
	assert_false(saved_uri_runs_programs("qemu:///system"));
	assert_false(saved_uri_runs_programs("qemu+ssh://root@alpha/system?keyfile=/root/k"));
	assert_true(saved_uri_runs_programs("qemu+ssh://alpha/system?command=/tmp/x"));
	assert_true(saved_uri_runs_programs("qemu+ssh://alpha/system?no_tty=1&netcat=/tmp/x"));
	assert_true(saved_uri_runs_programs("qemu+ssh://alpha/system?c%6fmmand=/tmp/x"));
	assert_true(saved_uri_runs_programs("qemu+ext://alpha/system"));
	assert_true(saved_uri_runs_programs("qemu+EXT://alpha/system"));
}

int main(void)
{
#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, make_run, remove_run)
	const struct CMUnitTest tests[] = {
		WITH_RUN(test_comes_back),
		WITH_RUN(test_never_overwritten),
		WITH_RUN(test_changed_and_restored),
		WITH_RUN(test_not_our_own),
		WITH_RUN(test_damaged),
		WITH_RUN(test_lock),
		cmocka_unit_test(test_uris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
