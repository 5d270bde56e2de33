/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_workload.c - workload texts, good and bad, and where they are found. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan/workload.h"
#include "rundir/rundir.h"

#define HEAD "files 16\nunits 64\nrounds 8\n"
#define NAMES "layout names\n"
#define TAIL "files 64\nunits 64\nrounds 8\nlayout tail\n"
#define READ "step reader read\n"
#define STEPS "step reader read\nstep writer write sync\nstep reader read\n"

#define ACTIONS "read, write, flush, increment, create, rename, link, extend, truncate"
#define AT_ONCE \
	": at once with the step before it: with this layout nothing is read or written while " \
	"the other node writes it (own and other halves are apart)"

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

static void expect_step(const struct workload_step *step, bool writer, bool at_once,
			enum workload_do what, enum workload_which which, bool sync)
{
	assert_int_equal(step->writer, writer);
	assert_int_equal(step->at_once, at_once);
	assert_int_equal(step->actions[0].what, what);
	assert_int_equal(step->actions[0].which, which);
	assert_int_equal(step->actions[0].sync, sync);
}

/* Guards against: a step that loses its sync or its delay; comments and blanks that matter. */
static void test_good(void **state)
{
	struct workload w;

	(void)state;
	assert_int_equal(parse("# comment\n\n  units 32\t# comment\r\nrounds 2\nfiles 4\n"
			       "step writer write sync after 5ms\nstep writer flush\n"
			       "step reader read after 50ms\nstep writer read\nlayout packed\n"
			       "step both write own,read other after 1ms..2s\n"
			       "step reader increment own sync,flush\nand writer read second\n",
			       &w, NULL),
			 0);
	assert_string_equal(w.name, "w");
	assert_int_equal(w.files, 4);
	assert_int_equal(w.units, 32);
	assert_int_equal(w.rounds, 2);
	assert_int_equal(w.layout, LAYOUT_PACKED);
	assert_int_equal(w.n_steps, 8);
	expect_step(&w.steps[0], true, false, DO_WRITE, UNITS_ALL, true);
	assert_int_equal(w.steps[0].delay_ns, 5000000);
	assert_int_equal(w.steps[0].delay_max_ns, 5000000);
	expect_step(&w.steps[1], true, false, DO_FLUSH, UNITS_ALL, false);
	expect_step(&w.steps[2], false, false, DO_READ, UNITS_ALL, false);
	assert_int_equal(w.steps[2].delay_ns, 50000000);
	expect_step(&w.steps[3], true, false, DO_READ, UNITS_ALL, false);
	assert_int_equal(w.steps[3].delay_max_ns, 0);
	expect_step(&w.steps[4], true, false, DO_WRITE, UNITS_OWN, false);
	expect_step(&w.steps[5], false, true, DO_WRITE, UNITS_OWN, false);
	assert_int_equal(w.steps[5].n_actions, 2);
	assert_int_equal(w.steps[5].actions[1].which, UNITS_OTHER);
	assert_int_equal(w.steps[4].delay_ns, 1000000);
	assert_int_equal(w.steps[4].delay_max_ns, 2000000000);
	expect_step(&w.steps[6], false, false, DO_INCREMENT, UNITS_OWN, true);
	assert_int_equal(w.steps[6].actions[1].what, DO_FLUSH);
	expect_step(&w.steps[7], true, true, DO_READ, UNITS_SECOND, false);
}

/* Guards against: names of which both nodes have their own refused as if they shared them. */
static void test_names(void **state)
{
	struct workload w;

	(void)state;
	assert_int_equal(parse(HEAD NAMES "step both create own sync, read own, flush\n"
					  "step writer link second\nand reader rename first\n" READ,
			       &w, NULL),
			 0);
	assert_int_equal(w.layout, LAYOUT_NAMES);
	assert_int_equal(w.n_lanes, 0);
	expect_step(&w.steps[0], true, false, DO_CREATE, UNITS_OWN, true);
	expect_step(&w.steps[1], false, true, DO_CREATE, UNITS_OWN, true);
	expect_step(&w.steps[2], true, false, DO_LINK, UNITS_SECOND, false);
	expect_step(&w.steps[3], false, true, DO_RENAME, UNITS_FIRST, false);
	assert_int_equal(parse(TAIL "step writer extend sync, truncate\n" READ, &w, NULL), 0);
	expect_step(&w.steps[0], true, false, DO_EXTEND, UNITS_ALL, true);
	assert_int_equal(w.steps[0].actions[1].what, DO_TRUNCATE);
	assert_int_equal(parse(HEAD NAMES "lane both 2\nchurn\nfor 20s\nend\n", &w, NULL), 0);
	assert_int_equal(w.lanes[0].program.churn, 1);
	assert_true(workload_churns(&w));
	assert_int_equal(w.lanes[0].program.ops, LANE_OPS_MAX);
	assert_int_equal(w.lanes[0].program.time_ns, 20000000000ULL);
}

/* Guards against: a lane that loses a property, and one that ends by time alone. */
static void test_lanes(void **state)
{
	struct workload w;

	(void)state;
	assert_int_equal(parse(HEAD "lane both 2\nread 7 near\n\nwrite 3 sequential sync # x\n"
				    "ops 200\nfor 15s\nend\nlane reader\n\tread 1\n\tfor 5ms\n"
				    "end\n",
			       &w, NULL),
			 0);
	assert_int_equal(w.n_lanes, 2);
	assert_int_equal(workload_lanes(&w), 3);
	assert_false(workload_churns(&w));
	assert_true(w.lanes[0].writer && w.lanes[0].reader && w.lanes[0].count == 2);
	assert_int_equal(w.lanes[0].program.weight[OP_READ], 7);
	assert_int_equal(w.lanes[0].program.pick[OP_READ], PICK_NEAR);
	assert_int_equal(w.lanes[0].program.weight[OP_WRITE], 3);
	assert_int_equal(w.lanes[0].program.pick[OP_WRITE], PICK_SEQUENTIAL);
	assert_int_equal(w.lanes[0].program.sync, 1);
	assert_int_equal(w.lanes[0].program.ops, 200);
	assert_int_equal(w.lanes[0].program.time_ns, 15000000000ULL);
	assert_true(!w.lanes[1].writer && w.lanes[1].reader && w.lanes[1].count == 1);
	assert_int_equal(w.lanes[1].program.weight[OP_WRITE], 0);
	assert_int_equal(w.lanes[1].program.ops, LANE_OPS_MAX);
	assert_int_equal(w.lanes[1].program.time_ns, 5000000);
}

/* Guards against: halves that overlap or leave a unit out; the writer's own taken for the reader's.
 */
static void test_halves(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 4; i++) {
		assert_true(workload_chooses(UNITS_ALL, i & 2, i));
		assert_int_equal(workload_chooses(UNITS_FIRST, true, i), i % 2 == 0);
		assert_int_equal(workload_chooses(UNITS_SECOND, true, i), i % 2 == 1);
		assert_int_equal(workload_chooses(UNITS_OWN, true, i), i % 2 == 0);
		assert_int_equal(workload_chooses(UNITS_OWN, false, i), i % 2 == 1);
		assert_int_equal(workload_chooses(UNITS_OTHER, false, i), i % 2 == 0);
	}
}

/* Guards against: a mistake that is swallowed, or whose message does not say where. */
static void test_bad(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{HEAD "speed 5\n", ":4: 'speed' is unknown; a line begins with files, units, "
				   "rounds, layout, step, and "
				   "or lane"},
		{HEAD "files 3\n", ":4: files given twice, first in line 1"},
		{"files\n", ":1: files: one number from 1 to 256 is expected"},
		{"files 1 2\n", ":1: files: one number from 1 to 256 is expected"},
		{"files 0\n", ":1: files: must be at least 1"},
		{"files 257\n", ":1: files: '257' is not a number from 0 to 256"},
		{"units 1025\n", ":1: units: '1025' is not a number from 0 to 1024"},
		{"rounds -1\n", ":1: rounds: '-1' is not a number from 0 to 100000"},
		{"step reader\n", ":1: a step is 'step writer|reader|both ACTION ...', an action "
				  "one of: " ACTIONS},
		{"step b read\n", ":1: step: 'b' is unknown; use one of: writer, reader, both"},
		{"step reader look\n", ":1: step: 'look' is unknown; use one of: " ACTIONS},
		{"step reader read,\n", ":1: step: what is to be done? one of: " ACTIONS},
		{"step reader flush, flush, flush, flush, flush\n",
		 ":1: more than 4 things in one step"},
		{"step writer write around\n", ":1: what is around the units is only read"},
		{"layout tight\n",
		 ":1: layout: 'tight' is unknown; use one of: spread, packed, log, names, tail"},
		{"layout\n", ":1: layout: one of spread, packed, log, names and tail is expected"},
		{"layout log\nlayout log\n", ":2: layout given twice, first in line 1"},
		{HEAD "lane both 2\nread 1\n" STEPS,
		 ":6: 'step' is unknown between 'lane' (line 4) and its 'end'; a line there begins "
		 "with read, write, churn, ops or for"},
		{HEAD "lane both\nread 1\nops 5\n", ":4: a lane without its 'end'"},
		{HEAD "lane both\nread 1\nend\n",
		 ":6: the lane of line 4 never ends: 'ops NUMBER' or 'for TIME' is missing"},
		{HEAD "lane both\nops 5\nend\n",
		 ":6: the lane of line 4 does nothing: 'read', 'write' or 'churn' is missing"},
		{HEAD "lane both 9\n", ":4: lane: '9' is not a number from 0 to 8"},
		{HEAD "lane both 0\n", ":4: lane: must be at least 1"},
		{HEAD "lane nobody\n",
		 ":4: lane: 'nobody' is unknown; use one of: writer, reader, both"},
		{HEAD "lane both\nread 0\n", ":5: read: must be at least 1"},
		{HEAD "lane both\nread 1 sync\n",
		 ":5: 'sync' does not fit here; after how often comes which unit (random, "
		 "sequential, near), of a write also 'sync'"},
		{HEAD "lane both\nread 1\nread 2\n", ":6: read given twice in this section"},
		{HEAD "lane both\nfor 601s\n", ":5: for: 601s is not more than 0 and at most 600s"},
		{HEAD "lane both\nops 1000001\n",
		 ":5: ops: '1000001' is not a number from 0 to 1000000"},
		{HEAD "lane both\nread 1\nops 1\nend 5\n", ":7: 'end' stands alone"},
		{HEAD "end\n", ":4: 'end' is unknown; a line begins with files, units, rounds, "
			       "layout, step, and or lane"},
		{HEAD "lane both 5\nread 1\nwrite 1\nops 1\nend\nlane writer 4\nread 1\nops "
		      "1\nend\n",
		 ": more than 8 lanes on a node"},
		{HEAD "lane writer\nwrite 1\nops 1\nend\nlane writer\nread 1\nops 1\nend\n",
		 ": no read by one node after a write by the other; nothing could be found out"},
		{HEAD "layout log\nlane both\nread 1\nwrite 1\nops 1\nend\n",
		 ": lanes do not append; layouts log and tail are for steps alone"},
		{HEAD NAMES "lane both\nread 1\nwrite 1\nops 1\nend\n",
		 ": lanes that churn need layout names, where no others are"},
		{HEAD "lane both\nchurn\nfor 1s\nend\n",
		 ": lanes that churn need layout names, where no others are"},
		{HEAD NAMES "lane both\nchurn\nops 5\nend\n",
		 ":8: the lane of line 5 churns: 'for TIME' is missing"},
		{HEAD NAMES "lane both\nchurn\nread 1\nfor 1s\nend\n",
		 ":9: the lane of line 5 churns, so it neither reads nor writes units"},
		{HEAD NAMES "lane both\nchurn 5\n", ":6: 'churn' stands alone"},
		{HEAD NAMES "lane both\nchurn\nchurn\n", ":7: churn given twice in this section"},
		{HEAD NAMES "lane writer\nchurn\nfor 1s\nend\n",
		 ": no read by one node after a write by the other; nothing could be found out"},
		{HEAD "step writer rename\n" STEPS,
		 ":4: create, rename and link write names, so they need layout names"},
		{HEAD NAMES "step writer write\n" READ,
		 ":5: write: a name is written by create, rename or link"},
		{HEAD "step writer truncate\n" READ,
		 ":4: extend and truncate write the end of a file, so they need layout tail"},
		{TAIL "step writer write\n" READ,
		 ":5: write: the end of a file is written by extend or truncate"},
		{TAIL "step both extend\n" READ, ":5" AT_ONCE},
		{HEAD "layout tail\nstep writer extend\n" READ,
		 ":2: layout tail: a file has one end, so units must be as many as files"},
		{TAIL "lane both\nread 1\nwrite 1\nops 1\nend\n",
		 ": lanes do not append; layouts log and tail are for steps alone"},
		{HEAD NAMES "step writer create\nand reader read\n" READ, ":6" AT_ONCE},
		{HEAD NAMES "step both rename\n" READ, ":5" AT_ONCE},
		{HEAD NAMES "step writer link first\nand reader create other\n" READ, ":6" AT_ONCE},
		{HEAD NAMES "step both link own, read other\n" READ, ":5" AT_ONCE},
		{"files 1\nunits 4\nrounds 1\nlane both\nread 1\nwrite 1\nops 1\nend\n",
		 ": lanes need at least 8 units"},
		{"and reader read\n", ":1: 'and' goes with a step of the other node in the line "
				      "before, and two are at once, no more"},
		{"step reader read\nand reader read\n",
		 ":2: 'and' goes with a step of the other node in the line before, and two are at "
		 "once, no more"},
		{"step both read\nand writer read\n",
		 ":2: 'and' goes with a step of the other node in the line before, and two are at "
		 "once, no more"},
		{"step reader read\nand both read\n", ":2: 'and both': who else?"},
		{"step reader read after 2s..1s\n",
		 ":1: after: 2s..1s must go from more than 0 upwards"},
		{"step reader read after 0s..1s\n",
		 ":1: after: 0s..1s must go from more than 0 upwards"},
		{"step reader read after 1s..61s\n", ":1: after: 61s is more than 60s"},
		{HEAD "layout packed\nstep reader read around\n",
		 ":5: there is something around the units only with layout spread"},
		{HEAD "step both increment own\n", ":4: increment: writes all units of a file at "
						   "once, so it needs layout packed"},
		{HEAD "layout packed\nstep both increment\n",
		 ":5: increment: only of a node's own units"},
		{"units 48\nfiles 16\nrounds 1\n\nstep both write own\n",
		 ":5: halves of 3 units in each file: the number must be even"},
		{"step reader read after 5\n",
		 ":1: after: '5' is not a duration such as 200ms or 5s"},
		{"step reader read after 61s\n", ":1: after: 61s is more than 60s"},
		{"\nstep reader read \x1b[2J\n", ":2: byte 0x1b in column 18 is not text"},
		{"units 30\nfiles 16\nrounds 1\n" STEPS,
		 ":1: units: 30 cannot be spread evenly over 16 files"},
		{"files 1\nrounds 1\n" STEPS, ": a line 'units NUMBER' is missing"},
		{"", ": a line 'files NUMBER' is missing"},
		{HEAD "step reader read\nstep writer write\n",
		 ": no read by one node after a write by the other; nothing could be found out"},
		{HEAD "step writer write\nstep reader read around\n",
		 ": no read by one node after a write by the other; nothing could be found out"},
	};
	static const char no_fit[] =
		"after what is done comes which units (all, first, second, own, other, around), of "
		"a write also 'sync'; the next after a comma; a step may end in 'after TIME' or "
		"'after TIME..TIME', once";
	static const char *const misfits[] = {"step reader read sync", "step reader read after",
					      "step writer write sync sync",
					      "step reader read soon", "step writer write own all"};
	char message[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(message, sizeof(message), "dir/w.workload%s", cases[i].message);
		expect_error(cases[i].text, message);
	}
	for (i = 0; i < sizeof(misfits) / sizeof(misfits[0]); i++) {
		snprintf(message, sizeof(message), "dir/w.workload:1: '%s' does not fit here; %s",
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
	for (i = 0; i < 21; i++)
		strncat(text, "step reader read\n", sizeof(text) - strlen(text) - 1);
	assert_int_equal(parse(text, &w, &err), 0);
	assert_int_equal(w.n_steps, 24);
	strncat(text, "step reader read\n", sizeof(text) - strlen(text) - 1);
	assert_int_equal(parse(text, &w, &err), -1);
	assert_string_equal(err.text, "dir/w.workload:28: more than 24 steps");
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

/* Guards against: a shipped text that is broken, does not say what it shows, or promises less than
 * 128 exposures. */
static void test_shipped(void **state)
{
	char *dirs[] = {"workloads", NULL}, **list, *text, summary[128];
	struct workload w;
	struct error err;
	size_t i;

	(void)state;
	if (access("workloads", F_OK))
		skip();
	list = workload_list(dirs, &err);
	for (i = 0; list[i]; i++) {
		if (workload_read(list[i], &w, &err) < 0)
			fail_msg("%s", err.text);
		assert_true(w.files > 1 && (w.n_lanes || w.units * w.rounds >= 128));
		text = rundir_read_file(list[i], 65536, NULL, &err);
		workload_summary(text, summary, sizeof(summary));
		if (!summary[0] || !strstr(text, "broken system does with it"))
			fail_msg("%s does not say what it shows", list[i]);
		free(text);
	}
	assert_true(i >= 9);
	workload_free_list(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	cmocka_unit_test(test_bad),
		cmocka_unit_test(test_halves),	cmocka_unit_test(test_names),
		cmocka_unit_test(test_lanes),	cmocka_unit_test(test_limits),
		cmocka_unit_test(test_find),	cmocka_unit_test(test_summary),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
