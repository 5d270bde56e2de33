/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The canary. Guards against a judge that misses what is planted and is believed all the same, and
 * against a canary that is content without having looked.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/canary.h"
#include "rundir/rundir.h"

static char run[64];

static int make_run(void **state)
{
	struct error err;

	(void)state;
	snprintf(run, sizeof(run), "/tmp/stalemate-canary.XXXXXX");
	if (!mkdtemp(run))
		return -1;
	return rundir_create(run, &err);
}

static int remove_run(void **state)
{
	static const char *const names[] = {
		"canary/a.history", "canary/b.history", "canary", "cells", "consoles", "domains"};
	char path[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", run, names[i]);
		remove(path);
	}
	return rmdir(run);
}

static void test_planted_and_found(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(canary_plant(run, &err), 0);
	assert_int_equal(canary_check(run, &err), 0);
}

static void test_not_planted(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(canary_check(run, &err), -1);
	assert_non_null(strstr(err.text, "canary"));
}

/* The reader's history without its last two reads, as a judge that loses them would see it. */
static void test_missed(void **state)
{
	struct error err;
	char path[128];

	(void)state;
	assert_int_equal(canary_plant(run, &err), 0);
	snprintf(path, sizeof(path), "%s/canary/b.history", run);
	assert_int_equal(truncate(path, 128 + 2 * 64), 0);
	assert_int_equal(canary_check(run, &err), -1);
	assert_non_null(strstr(err.text, "missed the canary"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_planted_and_found, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_not_planted, make_run, remove_run),
		cmocka_unit_test_setup_teardown(test_missed, make_run, remove_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
