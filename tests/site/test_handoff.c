/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_handoff.c - a workload on two agents that share a folder of this machine, which is as
 * coherent as can be: plan's paths in, verdict out.
 */
#include "tests/test.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check/check.h"
#include "common/clock.h"
#include "passes/watch.h"
#include "run/handoff.h"
#include "rundir/rundir.h"

#define UNITS 64

static const char text[] = "files 16\nunits 64\nrounds 4\n"
			   "step reader read\n"
			   "step writer write sync\n"
			   "step writer flush\n"
			   "step reader read\n"
			   "step reader read after 5ms\n";

static char scratch[64], run[80];

/* What a cell has, without hosts and guests. */
static struct {
	pid_t pid[NODES];
	struct agent_link *agents[NODES];
	struct recorder recorder;
	struct cell_facts facts;
	struct workload workload;
	uint64_t units;
	struct watch *watch;
	unsigned found, notes;
	char note[256];
	unsigned ordered; /* operations that knew of some of the other node */
	unsigned at_once; /* operations that began before the one before them had ended */
	uint64_t last_complete[NODES];
} at;

static int make_scratch(void **state)
{
	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/stalemate-test-XXXXXX");
	if (!mkdtemp(scratch))
		return -1;
	snprintf(run, sizeof(run), "%s/run", scratch);
	return rundir_create(run, NULL);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static int remove_scratch(void **state)
{
	(void)state;
	return nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static const char *agent_path(void)
{
	static char path[4200];
	char self[4096] = "";

	if (getenv("AGENT"))
		return getenv("AGENT");
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	*strrchr(self, '/') = 0;
	snprintf(path, sizeof(path), "%s/../stalemate-agent", self);
	return path;
}

static void start_agent(unsigned node)
{
	struct error err;
	int ends[2];

	if (access(agent_path(), X_OK))
		fail_msg("no agent at %s: make it first, or set AGENT", agent_path());
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	at.pid[node] = fork();
	assert_true(at.pid[node] >= 0);
	if (!at.pid[node]) {
		dup2(ends[1], STDIN_FILENO);
		dup2(ends[1], STDOUT_FILENO);
		execl(agent_path(), agent_path(), "--stdio", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	at.agents[node] = agent_link_new(ends[0], (uint8_t)node, 20 * NS_PER_S, &err);
	if (!at.agents[node])
		fail_msg("%s", err.text);
	agent_link_set_sink(at.agents[node], &at.recorder.sink);
}

static void open_target(unsigned node, const char *path)
{
	struct message_open open = {.size = at.units * 4096,
				    .unit = 4096,
				    .files = at.workload.files,
				    .volume = 1,
				    .run = {7},
				    .node = (uint8_t)node,
				    .create = !node};
	struct error err;

	snprintf(open.path, sizeof(open.path), "%s/target", scratch);
	snprintf(open.io, sizeof(open.io), "%s", path);
	assert_int_equal(agent_begin_open(at.agents[node], &open, &err), 0);
	if (agent_finish(at.agents[node], 20 * NS_PER_S, &err) < 0)
		fail_msg("%s", err.text);
}

static void hear(void *context, const struct record *record)
{
	struct watch_finding finding;

	(void)context;
	if (record->type == RECORD_EVENT && strstr(record->event.text, "path in effect")) {
		at.notes++;
		snprintf(at.note, sizeof(at.note), "%s", record->event.text);
	}
	if (record->type == RECORD_OP) {
		at.at_once += record->op.invoke < at.last_complete[record->op.node];
		at.last_complete[record->op.node] = record->op.complete;
	}
	at.found += (unsigned)watch_take(at.watch, record, &finding, NULL);
}

static void begin(const struct io_name *names, const char *words, uint64_t units)
{
	const struct record_listener listener = {hear, NULL};
	struct history_header header = {
		.run = {7}, .volume = 1, .unit = 4096, .units = units, .clock = HISTORY_CLOCK_NONE};
	struct error err;

	memset(&at, 0, sizeof(at));
	cell_facts_init(&at.facts);
	snprintf(at.facts.id, sizeof(at.facts.id), "01-none");
	at.watch = watch_new(strstr(words, "lane") ? 3 : io_names_lanes(names), NULL);
	assert_non_null(at.watch);
	at.units = units;
	assert_int_equal(workload_parse("t.workload", words, strlen(words), &at.workload, &err), 0);
	if (rundir_create_cell(run, at.facts.id, &err) < 0 ||
	    recorder_open(&at.recorder, run, &header, &at.facts, &listener, &err) < 0)
		fail_msg("%s", err.text);
}

static void end(void)
{
	unsigned node;
	int status;

	watch_free(at.watch);
	for (node = 0; node < NODES; node++) {
		agent_link_free(at.agents[node]);
		assert_int_equal(waitpid(at.pid[node], &status, 0), at.pid[node]);
		assert_int_equal(status, 0);
	}
}

static void judge(struct verdict *ret)
{
	struct check_options options = {.threads = 1};
	char *paths[NODES] = {rundir_path(run, at.facts.id, "a.history"),
			      rundir_path(run, at.facts.id, "b.history")};
	struct error err;

	if (check_files((const char *const *)paths, NODES, &options, ret, &err) < 0)
		fail_msg("%s", err.text);
	free(paths[0]);
	free(paths[1]);
}

/* What a workload's steps were said to be; fail_in: the one after which nobody goes on. */
static struct {
	uint64_t steps, all, operations, drawn[128];
	unsigned rounds, unheard, fail_in;
} told;

static int hear_step(void *context, const struct handoff_step *step, struct error *err)
{
	(void)context;
	assert_int_equal(step->number, ++told.steps);
	assert_true(step->round >= told.rounds && step->operations > told.operations);
	told.drawn[(step->number - 1) % 128] = step->drawn;
	told.all = step->all;
	told.rounds = step->round;
	/* what it tells of has not all been waited for */
	told.unheard +=
		agent_link_completions(at.agents[0]) + agent_link_completions(at.agents[1]) <
		step->operations;
	told.operations = step->operations;
	if (told.steps == told.fail_in)
		return error_set(err, ERROR_WORLD, "the sky fell");
	return 0;
}

static void carry_out(unsigned lanes)
{
	struct handoff handoff = {.workload = &at.workload,
				  .agents = at.agents,
				  .recorder = &at.recorder,
				  .units = at.units,
				  .seed = 7,
				  .lanes = lanes};
	struct error err;

	if (handoff_carry_out(&handoff, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(recorder_close(&at.recorder, &err), 0);
}

/* Guards against: paths that a handoff does not survive: operations at once that the controller,
 * the watch or the judge take for disorder, a flush step that the agent refuses, and a record that
 * does not say what path it was. */
static void test_paths(void **state)
{
	static const struct {
		const char *path, *note;
		bool at_once;
	} cases[] = {
		{"buffered", "writes buffered (no flags), reads buffered (no flags)", false},
		{"nosync/mmap", "writes nosync (no flags), reads mmap (no flags)", false},
		{"uring:4", "writes uring (no flags, queue depth 4), reads uring", true},
		{"dsync/uring-direct:64",
		 "writes dsync (O_DSYNC), reads uring-direct (O_DIRECT, queue depth 64)", true},
	};
	struct verdict verdict;
	struct error err;
	unsigned i, node;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct io_name names[IO_ROLES];

		assert_int_equal(io_names_parse(cases[i].path, names, &err), 0);
		begin(names, text, UNITS);
		for (node = 0; node < NODES; node++) {
			start_agent(node);
			open_target(node, cases[i].path);
		}
		carry_out(io_names_lanes(names));
		assert_int_equal(at.notes, NODES);
		if (!strstr(at.note, cases[i].note))
			fail_msg("%s: %s", cases[i].path, at.note);
		assert_int_equal(at.at_once != 0, cases[i].at_once);
		assert_int_equal(at.found, 0);
		assert_false(watch_is_silent(at.watch));
		judge(&verdict);
		if (verdict.kind != VERDICT_CONSISTENT || verdict.unknown)
			fail_msg("%s: %s", cases[i].path, verdict.reason);
		/* 16 files, 4 units each, 4 rounds; and each is looked at again */
		assert_int_equal(verdict.writes, 256);
		assert_int_equal(verdict.reads, 768);
		assert_int_equal(verdict.exposures, 256);
		verdict_done(&verdict);
		end();
		remove_scratch(NULL);
		make_scratch(NULL);
	}
}

/* Guards against: steps of a workload that do not what the text says, that agents or controller
 * refuse, that are judged to be in an order that they were not in, or that leave nobody exposed. */
static void test_steps(void **state)
{
	static const struct {
		const char *text;
		unsigned writes, reads, exposures;
	} cases[] = {
		/* at once: no message orders the writes, but all that follows is ordered */
		{"files 2\nunits 8\nrounds 3\nstep both read\nstep both write\nstep writer read\n"
		 "step reader read\n",
		 48, 96, 48},
		/* halves: one of either node */
		{"files 2\nunits 8\nrounds 3\nstep both write own, read other\nstep both read\n",
		 24, 72, 16},
		{"files 2\nunits 8\nrounds 3\nstep reader read first\n"
		 "step writer write first, write second\nand reader read second, read first\n"
		 "step reader read second\n",
		 24, 48, 8},
		/* 32 units of a file, each eighth is used: 28 lie around */
		{"files 2\nunits 8\nrounds 2\nstep reader read around\nstep writer write\n"
		 "step reader read\n",
		 16, 128, 8},
		/* the rest of a round is for all files: one flush on each node, or on one */
		{"files 2\nunits 8\nrounds 2\nstep writer write\nstep reader read after 1ms..3ms\n"
		 "step writer flush\nstep reader read\n",
		 16, 32, 8},
		/* each increment reads the whole counter, 2 units */
		{"files 2\nunits 4\nrounds 3\nlayout packed\n"
		 "step both increment own, increment own sync\nstep both read\n",
		 24, 72, 8},
		/* entries that are found wherever they are */
		{"files 2\nunits 8\nrounds 3\nlayout log\nstep both read\nstep both write own "
		 "sync\n"
		 "step both read\n",
		 24, 96, 24},
		/* names, each way of writing one; and the same beside lanes that churn */
		{"files 2\nunits 8\nrounds 3\nlayout names\nstep both read\nstep both create own "
		 "sync\n"
		 "step both read\nstep writer link\nstep reader read\nstep writer rename\n"
		 "step reader read, flush\n",
		 72, 144, 72},
		{"files 2\nunits 8\nrounds 2\nlayout names\nlane both 2\nchurn\nfor 20ms\nend\n"
		 "step writer create\nstep reader read\n",
		 16, 16, 8},
		/* ends of files, that grow and shrink */
		{"files 4\nunits 4\nrounds 3\nlayout tail\nstep reader read\nstep writer extend "
		 "sync\n"
		 "step reader read\nstep writer truncate\nstep reader read\n",
		 24, 36, 24},
	};
	struct io_name names[IO_ROLES];
	struct verdict verdict;
	struct error err;
	unsigned i, node;

	(void)state;
	assert_int_equal(io_names_parse("buffered", names, &err), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(names, cases[i].text, 64);
		for (node = 0; node < NODES; node++) {
			start_agent(node);
			open_target(node, "buffered");
		}
		carry_out(1);
		assert_int_equal(at.found, 0);
		judge(&verdict);
		if (verdict.kind != VERDICT_CONSISTENT || verdict.unknown)
			fail_msg("%s: %s", cases[i].text, verdict.reason);
		assert_int_equal(verdict.fs.churned != 0, strstr(cases[i].text, "churn") != NULL);
		if (verdict.writes != cases[i].writes || verdict.reads != cases[i].reads ||
		    verdict.exposures != cases[i].exposures)
			fail_msg("%s: %u writes, %u reads, %u exposures", cases[i].text,
				 (unsigned)verdict.writes, (unsigned)verdict.reads,
				 (unsigned)verdict.exposures);
		verdict_done(&verdict);
		end();
		remove_scratch(NULL);
		make_scratch(NULL);
	}
}

/* Guards against: a fault's moment that is counted wrong, so that it never comes; that comes when
 * nothing is under way; that is the same in each run, or not the same with the same seed; and one
 * that failed, after which the workload goes on as if it had not. */
static void test_moments(void **state)
{
	static const char workload[] = "files 2\nunits 8\nrounds 3\nstep reader read\n"
				       "step both write\nstep reader read after 1ms\n";
	struct handoff handoff = {
		.agents = at.agents, .recorder = &at.recorder, .begun = hear_step, .lanes = 1};
	struct io_name names[IO_ROLES];
	uint64_t drawn[15];
	unsigned turn, node;
	struct error err;
	int result;

	(void)state;
	assert_int_equal(io_names_parse("buffered", names, &err), 0);
	for (turn = 0; turn < 4; turn++) {
		memset(&told, 0, sizeof(told));
		told.fail_in = turn == 3 ? 4 : 0;
		begin(names, workload, UNITS);
		for (node = 0; node < NODES; node++) {
			start_agent(node);
			open_target(node, "buffered");
		}
		handoff.workload = &at.workload;
		handoff.units = at.units;
		handoff.seed = turn == 2 ? 8 : 7;
		result = handoff_carry_out(&handoff, &err);
		assert_int_equal(result, turn == 3 ? -1 : 0);
		if (turn == 3)
			assert_string_equal(err.text, "the sky fell");
		/* 3 rounds: 2 files with two steps, then one for both */
		assert_int_equal(told.steps, turn == 3 ? 4 : 15);
		assert_int_equal(told.unheard, told.steps);
		assert_int_equal(told.all, 15);
		if (turn == 1)
			assert_memory_equal(drawn, told.drawn, sizeof(drawn));
		if (turn == 2)
			assert_memory_not_equal(drawn, told.drawn, sizeof(drawn));
		memcpy(drawn, told.drawn, sizeof(drawn));
		assert_int_equal(recorder_close(&at.recorder, &err), 0);
		end();
		remove_scratch(NULL);
		make_scratch(NULL);
	}
}

static void keep_note(void *context, const struct record *record)
{
	hear(context, record);
	if (record->type == RECORD_EVENT && strstr(record->event.text, "ran free"))
		snprintf(at.note, sizeof(at.note), "%s", record->event.text);
	if (record->type == RECORD_OP && record->op.after)
		at.ordered++;
}

/* Guards against: lanes that do something else than their program, whose records come in no order,
 * or that are told nothing of each other; sequences that the steps after them use again. Both nodes
 * share one page cache here, and no cluster keeps them apart: a sector may be a mixture. */
static void test_lanes(void **state)
{
	static const char words[] = "files 2\nunits 8\nrounds 3\n"
				    "lane both 2\nread 2 near\nwrite 1 sync\nops 700\nend\n"
				    "lane reader\nread 1 sequential\nfor 50ms\nops 300\nend\n"
				    "step both write own\nstep both read\n";
	static const char *const paths[] = {"buffered", "direct"};
	struct io_name names[IO_ROLES];
	struct verdict verdict;
	struct error err;
	unsigned i, node, class;
	uint64_t damaged;

	(void)state;
	for (i = 0; i < 2; i++) {
		assert_int_equal(io_names_parse(paths[i], names, &err), 0);
		begin(names, words, 64);
		for (node = 0; node < NODES; node++) {
			start_agent(node);
			open_target(node, paths[i]);
		}
		at.recorder.listener.record = keep_note;
		carry_out(3);
		assert_true(at.ordered > 100);
		assert_non_null(strstr(at.note, "lanes ran free: "));
		assert_non_null(strstr(at.note, "; 0 failed"));
		judge(&verdict);
		damaged = verdict.classes[ANOMALY_CORRUPT];
		verdict.classes[ANOMALY_CORRUPT] = 0;
		for (class = 0; class < ANOMALIES; class ++)
			assert_int_equal(verdict.classes[class], 0);
		assert_true(at.found <= damaged && !verdict.unknown);
		assert_true(verdict.writes + verdict.reads >= 3 * 2800 + 72);
		assert_true(verdict.reads > verdict.writes);
		assert_true(verdict.exposures > 24);
		verdict_done(&verdict);
		end();
		remove_scratch(NULL);
		make_scratch(NULL);
	}
}

static void kill_later(void *context, const struct record *record)
{
	hear(context, record);
	if (record->type == RECORD_OP && record->op.node && ++at.ordered == 1000)
		kill(at.pid[1], SIGKILL);
}

/* Guards against: an agent that dies while lanes run and takes with it the writes that nobody has
 * heard of, which would then be accused when somebody reads them. */
static void test_lanes_die(void **state)
{
	static const char words[] = "files 2\nunits 8\nrounds 1\n"
				    "lane both 2\nread 1\nwrite 1\nfor 60s\nend\n";
	struct io_name names[IO_ROLES];
	struct handoff handoff;
	struct verdict verdict;
	struct error err;
	unsigned node, class;
	int status;

	(void)state;
	assert_int_equal(io_names_parse("buffered", names, &err), 0);
	begin(names, words, 64);
	for (node = 0; node < NODES; node++) {
		start_agent(node);
		open_target(node, "buffered");
	}
	at.recorder.listener.record = kill_later;
	handoff = (struct handoff){.workload = &at.workload,
				   .agents = at.agents,
				   .recorder = &at.recorder,
				   .units = 64,
				   .lanes = 2};
	assert_int_equal(handoff_carry_out(&handoff, &err), -1);
	assert_int_equal(recorder_close(&at.recorder, &err), 0);
	judge(&verdict);
	verdict.classes[ANOMALY_CORRUPT] = 0;
	for (class = 0; class < ANOMALIES; class ++)
		assert_int_equal(verdict.classes[class], 0);
	/* of each lane as far as it may have come, about half of it writes */
	assert_in_range(verdict.unknown, 400, 4 * LANE_AHEAD);
	verdict_done(&verdict);
	watch_free(at.watch);
	for (node = 0; node < NODES; node++)
		agent_link_free(at.agents[node]);
	for (node = 0; node < NODES; node++)
		assert_int_equal(waitpid(at.pid[node], &status, 0), at.pid[node]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_paths, make_scratch, remove_scratch),
		cmocka_unit_test_setup_teardown(test_steps, make_scratch, remove_scratch),
		cmocka_unit_test_setup_teardown(test_moments, make_scratch, remove_scratch),
		cmocka_unit_test_setup_teardown(test_lanes, make_scratch, remove_scratch),
		cmocka_unit_test_setup_teardown(test_lanes_die, make_scratch, remove_scratch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
