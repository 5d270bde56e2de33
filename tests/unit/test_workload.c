/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_workload.c - workload texts, good and bad, and where they are found. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/workload.h"

#define HEAD "files 16\nunits 64\nrounds 8\n"
#define STEPS "step reader read\nstep writer write sync\nstep reader read\n"

static int parse(const char *text, struct workload *ret, struct error *err)
{
	return workload_parse("dir/w.workload", text, strlen(text), ret, err);
}

static void expect_error(const char *text, const char *message)
{
	struct workload w = {.rounds = 77};
	struct error err = {ERROR_NONE, ""};

	assert_int_equal(parse(text, &w, &err), -1);
	assert_string_equal(err.text, message);
	assert_int_equal(err.kind, ERROR_USER);
	assert_int_equal(w.rounds, 77);
}

/* Guards against: a step that loses its sync or its delay; comments and blanks that matter. */
static void test_good(void **state)
{
	struct workload w;

	(void)state;
	assert_int_equal(parse("# comment\n\n  units 32\t# comment\r\nrounds 2\nfiles 4\n"
			       "step writer write sync after 5ms\nstep writer flush\n"
			       "step reader read after 50ms\nstep writer read",
			       &w, NULL),
			 0);
	assert_string_equal(w.name, "w");
	assert_int_equal(w.files, 4);
	assert_int_equal(w.units, 32);
	assert_int_equal(w.rounds, 2);
	assert_int_equal(w.n_steps, 4);
	assert_true(w.steps[0].writer && w.steps[0].sync && w.steps[0].kind == OP_WRITE);
	assert_int_equal(w.steps[0].delay_ns, 5000000);
	assert_true(w.steps[1].writer && w.steps[1].kind == OP_FLUSH && !w.steps[1].sync);
	assert_true(!w.steps[2].writer && w.steps[2].kind == OP_READ);
	assert_int_equal(w.steps[2].delay_ns, 50000000);
	assert_true(w.steps[3].writer && w.steps[3].kind == OP_READ && !w.steps[3].delay_ns);
}

/* Guards against: a mistake that is swallowed, or whose message does not say where. */
static void test_bad(void **state)
{
	static const char a_step[] =
		"a step is 'step writer|reader read|write|flush [sync] [after DURATION]'";
	static const char no_fit[] = "does not fit here; a step may end in 'after DURATION', a "
				     "write also in 'sync', each once";
	static const struct {
		const char *text, *message;
	} cases[] = {
		{HEAD "speed 5\n",
		 ":4: 'speed' is unknown; a line begins with files, units, rounds "
		 "or step"},
		{HEAD "files 3\n", ":4: files given twice, first in line 1"},
		{"files\n", ":1: files: one number from 1 to 256 is expected"},
		{"files 1 2\n", ":1: files: one number from 1 to 256 is expected"},
		{"files 0\n", ":1: files: must be at least 1"},
		{"files 257\n", ":1: files: '257' is not a number from 0 to 256"},
		{"units 1025\n", ":1: units: '1025' is not a number from 0 to 1024"},
		{"rounds -1\n", ":1: rounds: '-1' is not a number from 0 to 100000"},
		{"step reader\n", NULL},
		{"step b read\n", ":1: step: 'b' is unknown; use one of: writer, reader"},
		{"step reader look\n",
		 ":1: step: 'look' is unknown; use one of: read, write, flush"},
		{"step reader write\n",
		 ":1: the reader does not write; the roles swap after each round"},
		{"step reader read after 5\n",
		 ":1: after: '5' is not a duration such as 200ms or 5s"},
		{"step reader read after 61s\n", ":1: after: 61s is more than 60s"},
		{"\nstep reader read \x1b[2J\n", ":2: byte 0x1b in column 18 is not text"},
		{"units 30\nfiles 16\nrounds 1\n" STEPS,
		 ":1: units: 30 cannot be spread evenly over 16 files"},
		{"files 1\nrounds 1\n" STEPS, ": a line 'units NUMBER' is missing"},
		{"", ": a line 'files NUMBER' is missing"},
		{HEAD "step reader read\nstep writer write\n",
		 ": no read by the reader after a write by the writer; nothing could be found out"},
	};
	static const char *const misfits[] = {"step reader read sync", "step reader read after",
					      "step writer write sync sync",
					      "step reader read soon"};
	char message[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (cases[i].message)
			snprintf(message, sizeof(message), "dir/w.workload%s", cases[i].message);
		else
			snprintf(message, sizeof(message), "dir/w.workload:1: %s", a_step);
		expect_error(cases[i].text, message);
	}
	for (i = 0; i < sizeof(misfits) / sizeof(misfits[0]); i++) {
		snprintf(message, sizeof(message), "dir/w.workload:1: '%s' %s",
			 strrchr(misfits[i], ' ') + 1, no_fit);
		expect_error(misfits[i], message);
	}
}

/* Guards against: an endless text, too many steps, a zero byte that ends the text early. */
static void test_limits(void **state)
{
	static char text[64 * 1024 + 2];
	struct workload w;
	struct error err;
	size_t i;

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	assert_int_equal(parse(text, &w, &err), -1);
	assert_string_equal(err.text, "dir/w.workload: larger than 65536 bytes");
	snprintf(text, sizeof(text), HEAD STEPS);
	for (i = 0; i < 13; i++)
		strncat(text, "step reader read\n", sizeof(text) - strlen(text) - 1);
	assert_int_equal(parse(text, &w, &err), 0);
	assert_int_equal(w.n_steps, 16);
	strncat(text, "step reader read\n", sizeof(text) - strlen(text) - 1);
	assert_int_equal(parse(text, &w, &err), -1);
	assert_string_equal(err.text, "dir/w.workload:20: more than 16 steps");
	assert_int_equal(workload_parse("w", HEAD "\0" STEPS, sizeof(HEAD STEPS), &w, &err), -1);
	assert_string_equal(err.text, "w:4: byte 0x00 in column 1 is not text");
	memset(text, '#', 256);
	text[256] = 0;
	assert_int_equal(parse(text, &w, &err), -1);
	assert_string_equal(err.text, "dir/w.workload:1: longer than 255 bytes");
}

static void put(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Guards against: the wrong one of two texts with a name; a path or a missing name accepted. */
static void test_find(void **state)
{
	char base[] = "/tmp/test-workload-XXXXXX", one[64], two[64], message[256];
	char *dirs[] = {one, two, NULL}, **list, *path;
	struct error err;

	(void)state;
	assert_non_null(mkdtemp(base));
	snprintf(one, sizeof(one), "%s/one", base);
	snprintf(two, sizeof(two), "%s/two", base);
	mkdir(one, 0700);
	mkdir(two, 0700);
	put(one, "b.workload", "");
	put(two, "b.workload", "");
	put(two, "a.workload", "");
	put(two, "README", "");
	path = workload_find("b", dirs, &err);
	assert_memory_equal(path, one, strlen(one));
	free(path);
	path = workload_find("a", dirs, &err);
	assert_memory_equal(path, two, strlen(two));
	free(path);
	assert_null(workload_find("c", dirs, &err));
	snprintf(message, sizeof(message), "workload 'c': no file c.workload in %s, %s", one, two);
	assert_string_equal(err.text, message);
	assert_int_equal(err.kind, ERROR_USER);
	assert_null(workload_find("../two/a", dirs, &err));
	list = workload_list(dirs, &err);
	assert_non_null(list);
	assert_string_equal(strrchr(list[0], '/'), "/a.workload");
	assert_memory_equal(list[1], one, strlen(one));
	assert_null(list[2]);
	workload_free_list(list);
	put(one, "../x.workload", "");
	assert_int_equal(setenv("STALEMATE_WORKLOADS", base, 1), 0);
	list = workload_dirs();
	path = workload_find("x", list, &err);
	assert_non_null(path);
	free(path);
	workload_free_list(list);
	unsetenv("STALEMATE_WORKLOADS");
	{
		static const char *const names[] = {"one/b.workload", "two/b.workload",
						    "two/a.workload", "two/README", "x.workload"};
		size_t i;

		for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			snprintf(message, sizeof(message), "%s/%s", base, names[i]);
			unlink(message);
		}
	}
	rmdir(one);
	rmdir(two);
	rmdir(base);
}

/* Guards against: a summary that is the licence line, or that carries a terminal's escape codes. */
static void test_summary(void **state)
{
	char text[64];

	(void)state;
	workload_summary("# SPDX-License-Identifier: x\n#\n# handoff: one \x1bwrites\nfiles 1\n",
			 text, sizeof(text));
	assert_string_equal(text, "one ?writes");
	workload_summary("files 1\n# two words: stay", text, sizeof(text));
	assert_string_equal(text, "two words: stay");
	workload_summary("files 1\n", text, sizeof(text));
	assert_string_equal(text, "");
}

/* Guards against: a shipped text that is broken, or promises less than 200 exposures. */
static void test_shipped(void **state)
{
	struct workload w;
	struct error err;

	(void)state;
	if (workload_read("workloads/handoff.workload", &w, &err) < 0) {
		if (access("workloads", F_OK))
			skip();
		fail_msg("%s", err.text);
	}
	assert_string_equal(w.name, "handoff");
	assert_int_equal(w.n_steps, 4);
	assert_true(w.units >= 64 && w.files > 1);
	assert_true(w.units * w.rounds >= 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	cmocka_unit_test(test_bad),
		cmocka_unit_test(test_limits),	cmocka_unit_test(test_find),
		cmocka_unit_test(test_summary), cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
