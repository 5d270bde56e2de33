/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_recorder.c - kernel lines that become facts. Guards against a withdraw that goes uncounted
 * (the guest would not be rebooted) and, just as bad, the ordinary lines of a mount counted as
 * errors.
 */
#include "tests/test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/recorder.h"
#include "rundir/rundir.h"

static const char *const lines[] = {
	"gfs2: fsid=stalemate:lab.0: first mount done, others may mount",
	"dlm: lab: dlm_recover_members error -4",
	"gfs2: fsid=stalemate:lab.0: GFS2: rgd: 16443 lvb free mismatch 1/2",
	"gfs2: fsid=stalemate:lab.0: about to withdraw this file system",
	"gfs2: fsid=stalemate:lab.0: Error -5 syncing glock",
};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void test_kernel_lines(void **state)
{
	const struct history_header header = {.unit = 4096, .units = 1};
	const struct record_listener nobody = {0};
	char run[] = "/tmp/test-recorder-XXXXXX";
	struct cell_facts facts;
	struct recorder recorder;
	struct error err;
	size_t i;

	(void)state;
	assert_non_null(mkdtemp(run));
	cell_facts_init(&facts);
	snprintf(facts.id, sizeof(facts.id), "01-none");
	assert_int_equal(rundir_create(run, &err), 0);
	assert_int_equal(rundir_create_cell(run, facts.id, &err), 0);
	assert_int_equal(recorder_open(&recorder, run, &header, &facts, &nobody, &err), 0);
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(recorder_event(&recorder, 1, EVENT_KERNEL, i, lines[i], &err), 0);
	/* what is no line of a kernel is none, whatever it says */
	assert_int_equal(recorder_event(&recorder, 1, EVENT_NOTE, i, lines[3], &err), 0);
	assert_int_equal(recorder_close(&recorder, &err), 0);
	assert_int_equal(facts.withdraws, 1);
	assert_int_equal(facts.kernel_errors, 2);
	assert_string_equal(facts.kernel_first, "node b: gfs2: fsid=stalemate:lab.0: GFS2: rgd: "
						"16443 lvb free mismatch 1/2");
	assert_int_equal(nftw(run, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_kernel_lines)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
