/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_report_fs.c - what the file system said, in reports and read back.
 */
#include "tests/test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "report/report_read.h"
#include "rundir/rundir.h"
#include "tests/unit/golden.h"

#define GOLDEN "tests/golden/file-system.json"

/* A consistent cell with nothing heard in it. */
static void fill(struct verdict *v, unsigned number, enum cache_mode asked,
		 enum cache_mode effective, enum verdict_kind expected)
{
	struct cell_facts *f = &v->facts;

	memset(v, 0, sizeof(*v));
	cell_facts_init(f);
	snprintf(f->id, sizeof(f->id), "%02u-%s", number, cache_mode_names[asked]);
	f->asked[0] = f->asked[1] = asked;
	f->effective[0] = f->effective[1] = effective;
	f->effective_known[0] = f->effective_known[1] = true;
	snprintf(f->fault, sizeof(f->fault), "none");
	f->has_expected = true;
	f->expected = expected;
	f->fsck_known = true;
	v->kind = VERDICT_CONSISTENT;
	v->ops = v->reads = 3;
}

static void set_said(struct verdict *v, enum fs_kind kind, uint64_t count, double first_s,
		     const char *line)
{
	struct fs_said *said = &v->fs.said[kind];

	said->count = count;
	said->node_known = said->first_known = kind != FS_FSCK;
	said->node = kind == FS_WITHDRAW;
	said->first_s = said->first_known ? first_s : 0;
	said->since_mount = said->first_known && kind != FS_WITHDRAW;
	said->accuses = v->fs.state == FS_DAMAGED && fs_kind_is_damage(kind);
	snprintf(said->line, sizeof(said->line), "%s", line);
}

/* Damage that the file system noticed, and no read. */
static void set_damage(struct verdict *v)
{
	v->kind = VERDICT_VIOLATED;
	v->fs.state = FS_DAMAGED;
	v->facts.withdraws = 1;
	v->facts.kernel_errors = 2;
	snprintf(v->facts.kernel_first, sizeof(v->facts.kernel_first), "node a: (not shown)");
	set_said(v, FS_LVB_MISMATCH, 2, 0.412,
		 "gfs2: fsid=stalemate:lab.0: GFS2: rgd: 16443 lvb free mismatch 56752/56783");
	set_said(v, FS_WITHDRAW, 1, 0.5, "gfs2: fsid=stalemate:lab.1: \x1b[31mabout to withdraw");
	set_said(v, FS_SYNC_ERROR, 1, 0.51, "gfs2: fsid=stalemate:lab.0: Error -5 syncing glock");
}

/* Guards against: a cell that is violated by the file system's voice alone, and looks clean; damage
 * that accuses nobody shown as if it did; a guest's escape sequence on the terminal. */
static void test_file_system(void **state)
{
	struct verdict v[4];

	(void)state;
	fill(&v[0], 1, CACHE_NONE, CACHE_NONE, VERDICT_CONSISTENT);
	set_damage(&v[0]);
	v[0].fs.churned = 4711;
	fill(&v[1], 2, CACHE_WRITEBACK, CACHE_WRITEBACK, VERDICT_VIOLATED);
	v[1].kind = VERDICT_VIOLATED;
	v[1].fs.state = FS_DAMAGED;
	v[1].facts.fsck_errors = 12;
	snprintf(v[1].facts.fsck_first, sizeof(v[1].facts.fsck_first), "(not shown twice)");
	set_said(&v[1], FS_FSCK, 12, 0, "Block 12658 (0x3172) bitmap says 1 (data)");
	fill(&v[2], 3, CACHE_NONE, CACHE_NONE, VERDICT_CONSISTENT);
	v[2].fs.state = FS_UNCLEAR;
	v[2].facts.withdraws = 1;
	snprintf(v[2].fs.why, sizeof(v[2].fs.why), "an error of a disk on node a may explain it");
	set_said(&v[2], FS_WITHDRAW, 1, -0.25, "gfs2: fsid=stalemate:lab.1: about to withdraw");
	set_said(&v[2], FS_IO_ERROR, 7, 0.1, "I/O error, dev vda, sector 0");
	fill(&v[3], 4, CACHE_NONE, CACHE_NONE, VERDICT_CONSISTENT);
	v[3].fs.state = FS_NOTED;
	v[3].facts.kernel_errors = 1;
	set_said(&v[3], FS_LOCKUP, 1, 3, "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:");
	check_report("file-system.txt", report_text, v, 4, NULL);
	check_report("file-system.json", report_json, v, 4, NULL);
}

/* Guards against: what was read that prints as something else. */
static void test_read_back(void **state)
{
	struct report_read read;
	struct error err;
	const struct fs_said *said;

	(void)state;
	if (report_read_file(GOLDEN, &read, &err) < 0)
		fail_msg("%s", err.text);
	check_report("file-system.json", report_json, read.verdicts, read.n, NULL);
	said = read.verdicts[0].fs.said;
	assert_int_equal(read.verdicts[0].fs.state, FS_DAMAGED);
	assert_int_equal(said[FS_LVB_MISMATCH].count, 2);
	assert_true(said[FS_LVB_MISMATCH].accuses && !said[FS_SYNC_ERROR].accuses);
	assert_int_equal(said[FS_WITHDRAW].node, 1);
	assert_int_equal(said[FS_FSCK].count, 0);
	assert_int_equal(read.verdicts[0].fs.churned, 4711);
	report_read_done(&read);
}

static const struct {
	const char *from, *to, *message;
} refused[] = {
	{"\"verdict\": \"damaged\"", "\"verdict\": \"noted\"",
	 "cells[0].file_system.verdict: by the kinds it is damaged"},
	{"\"verdict\": \"damaged\"", "\"verdict\": \"broken\"", "cells[0].file_system.verdict: "},
	{"\"why\": null", "\"why\": \"x\"", "cells[0].file_system.why: is null just where"},
	{"\"lvb-mismatch\"", "\"odd\"", "cells[0].file_system.kinds: a kind that is not known"},
	{"\"lvb-mismatch\"", "\"fsck\"", "cells[0].file_system.kinds.fsck.node: null is of fsck"},
	{"\"lvb-mismatch\"", "\"io-error\"",
	 "cells[0].file_system.kinds.io-error.accuses: true, but this kind accuses nobody"},
	{"\"count\": \"2\"", "\"count\": \"0\"",
	 "cells[0].file_system.kinds.lvb-mismatch.count: 0; a kind"},
	{"\"count\": \"2\"", "\"count\": 2",
	 "cells[0].file_system.kinds.lvb-mismatch.count: a number in quotes"},
	{"\"first_s\": 0.412", "\"first_s\": -3e10",
	 "cells[0].file_system.kinds.lvb-mismatch.first_s: a number of seconds"},
	{"\"since\": \"mount\"", "\"since\": null",
	 "cells[0].file_system.kinds.lvb-mismatch.since: is null just where first_s is"},
	{"\"since\": \"mount\"", "\"since\": \"noon\"",
	 "cells[0].file_system.kinds.lvb-mismatch.since: "},
	{"\"node\": \"a\"", "\"node\": null",
	 "cells[0].file_system.kinds.lvb-mismatch.first_s: null is expected"},
	{"mismatch 56752/56783", "mismatch\\u0007", "the text holds control characters"},
	{"\"verdict\": \"violated\",\n      \"as_expected\"",
	 "\"verdict\": \"consistent\",\n      \"as_expected\"", "cells[0].as_expected: "},
	{"\"fault\": \"none\"", "\"fault\": \"host-crash-a\"",
	 "cells[0].file_system.verdict: damaged, though the cell's fault is not none"},
};

static char *load(void)
{
	char *text = rundir_read_file(GOLDEN, 65536, NULL, NULL);

	assert_non_null(text);
	return text;
}

/* Guards against: evidence that is believed though it contradicts itself. */
static void test_refused(void **state)
{
	struct report_read read;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char *good = load(), *bad = NULL;
		char *at = strstr(good, refused[i].from);

		if (!at)
			fail_msg("the golden verdict has no %s", refused[i].from);
		assert_true(asprintf(&bad, "%.*s%s%s", (int)(at - good), good, refused[i].to,
				     at + strlen(refused[i].from)) > 0);
		if (report_read("x.json", bad, strlen(bad), &read, &err) == 0)
			fail_msg("taken: %s", refused[i].to);
		if (!strstr(err.text, refused[i].message))
			fail_msg("for %s: %s", refused[i].to, err.text);
		free(good);
		free(bad);
	}
}

/* Guards against: a schema that no longer describes what is printed. */
static void test_schema(void **state)
{
	json_t *schema = json_load_file("docs/verdict.schema.json", 0, NULL), *defs, *of, *list;
	size_t i;

	(void)state;
	assert_non_null(schema);
	defs = json_object_get(schema, "$defs");
	of = json_object_get(json_object_get(defs, "file_system"), "properties");
	list = json_object_get(json_object_get(of, "verdict"), "enum");
	assert_int_equal(json_array_size(list), FS_STATES);
	for (i = 0; i < FS_STATES; i++)
		assert_string_equal(json_string_value(json_array_get(list, i)), fs_state_names[i]);
	list = json_object_get(json_object_get(of, "kinds"), "properties");
	assert_int_equal(json_object_size(list), FS_KINDS);
	for (i = 0; i < FS_KINDS; i++)
		assert_non_null(json_object_get(list, fs_kind_names[i]));
	json_decref(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_file_system),
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_schema),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
