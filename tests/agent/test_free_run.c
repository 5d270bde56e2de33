/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_free_run.c - free-running lanes on files of this machine: what they do, in which order it is
 * told, how far they go ahead, and how they end.
 */
#include "tests/agent/executor_fixture.h"

#include <dirent.h>
#include <string.h>

#include "agent/free_run.h"

/* Who else there is while lanes run: the fixture's free_run calls back when it has nothing to send.
 */
static struct {
	struct free_run_heard heard;
	unsigned calls;
	uint64_t stop_after; /* calls; 0 = never */
	bool hears;	     /* tells lanes all the time that all was heard */
} world;

static bool look(struct lane *lane, uint64_t ns)
{
	unsigned i;

	(void)lane;
	clock_sleep(ns);
	assert_int_equal(answer_within(at.c, 0), 0); /* takes the records, so that none block */
	world.calls++;
	for (i = 0; world.hears && i < LANES_MAX; i++)
		world.heard.steps[i] = LANE_OPS_MAX - LANE_AHEAD;
	if (world.hears)
		world.heard.completions = 77;
	return world.stop_after && world.calls >= world.stop_after;
}

static struct message_lanes some_lanes(uint32_t ops)
{
	struct message_lanes lanes = {.set = {.seed = 3,
					      .files = FILES,
					      .used = UNITS / FILES,
					      .stride = 1,
					      .per_file = UNITS / FILES}};
	unsigned i;

	/* the fixture's node is b; the first is the other node's */
	for (i = 0; i < 3; i++)
		lanes.set.lanes[lanes.set.n++] = (struct lane_program){
			.node = i != 0, .weight = {1, 1}, .sync = 0, .ops = ops};
	return lanes;
}

/* Their records are in at.c->ops afterwards, as far as there is room; all are counted. */
static int run_lanes(const struct message_lanes *lanes, struct error *err)
{
	const struct free_run_options options = {
		.lanes = lanes, .heard = &world.heard, .cancelled = look};
	int result;

	at.c->n_ops = at.c->n_events = 0;
	free_run_forget(&world.heard);
	world.calls = 0;
	result = free_run_do(at.executor, &options, err);
	executor_flush(at.executor);
	outlet_send(&at.outlet, 0, MESSAGE_DONE, (const uint8_t *)"", 0);
	assert_int_equal(answer(at.c), MESSAGE_DONE);
	return result;
}

/* Guards against: a lane that does not do what its program says, records that do not come in the
 * order of completion, and a note that does not tell. */
static void test_program(void **state)
{
	struct message_lanes lanes = some_lanes(100);
	uint64_t last = 0;
	uint32_t steps[2] = {0, 0};
	unsigned i;

	(void)state;
	world.hears = true;
	world.stop_after = 0;
	assert_int_equal(run_lanes(&lanes, NULL), 0);
	assert_int_equal(at.c->n_ops, 200);
	for (i = 0; i < 200; i++) {
		const struct op *op = &at.c->ops[i];
		struct lane_op asked = lane_set_op(&lanes.set, 1, op->lane, steps[op->lane]++);

		assert_int_equal(op->kind, asked.kind);
		assert_int_equal(op->unit, asked.unit);
		assert_int_equal(op->outcome, OUTCOME_OK);
		assert_int_equal(op->value.kind, VALUE_TAG);
		assert_true(op->complete >= last);
		last = op->complete;
		if (op->kind == OP_WRITE)
			assert_int_equal(op->value.write_id,
					 write_id(1, 0, op->lane, asked.sequence));
	}
	assert_int_equal(steps[0], 100);
	assert_int_equal(steps[1], 100);
	assert_non_null(strstr(at.c->events[at.c->n_events - 1].text,
			       "2 lanes ran free: 200 operations in "));
}

/* Guards against: lanes that run on when nobody hears of them, so that what is unknown of them has
 * no end; and a stop that does not end them. */
static void test_ahead(void **state)
{
	struct message_lanes lanes = some_lanes(LANE_OPS_MAX);
	char expected[64];

	(void)state;
	lanes.set.n = 2; /* one of our own */
	world.hears = false;
	world.stop_after = 400;
	assert_int_equal(run_lanes(&lanes, NULL), 0);
	snprintf(expected, sizeof(expected), "1 lanes ran free: %d operations", LANE_AHEAD);
	assert_non_null(strstr(at.c->events[at.c->n_events - 1].text, expected));
	assert_non_null(strstr(at.c->events[at.c->n_events - 1].text, "held back 1 times"));
}

/* Guards against: a lane that does not end in time. */
static void test_time(void **state)
{
	struct message_lanes lanes = some_lanes(LANE_OPS_MAX);

	(void)state;
	lanes.set.lanes[1].time_ns = lanes.set.lanes[2].time_ns = 1;
	world.hears = true;
	world.stop_after = 0;
	assert_int_equal(run_lanes(&lanes, NULL), 0);
	assert_in_range(at.c->n_ops, 2, 4);
}

/* How many entries of target/names.NN, in all of them. */
static unsigned count_names(void)
{
	char path[32];
	unsigned i, n = 0;

	for (i = 0; i < FILES; i++) {
		const struct dirent *entry;
		DIR *stream;

		snprintf(path, sizeof(path), "target/names.%02u", i);
		stream = opendir(in_scratch(path));
		assert_non_null(stream);
		while ((entry = readdir(stream)))
			n += entry->d_name[0] != '.';
		closedir(stream);
	}
	return n;
}

static struct message_lanes churning_lanes(uint32_t ops)
{
	struct message_lanes lanes = some_lanes(ops);
	unsigned i;

	for (i = 0; i < lanes.set.n; i++) {
		lanes.set.lanes[i].weight[0] = lanes.set.lanes[i].weight[1] = 0;
		lanes.set.lanes[i].churn = 1;
		lanes.set.lanes[i].time_ns = LANE_TIME_MAX_NS;
	}
	return lanes;
}

/* Guards against: churn that is recorded as if it were reads and writes, that leaves slots or the
 * volume without room, waits for being heard, or stays behind in the next run; and one that does
 * not end in time. */
static void test_churn(void **state)
{
	struct message_lanes lanes = churning_lanes(3000);
	struct target_io io[IO_ROLES] = {{.path = &at.path, .depth = 1},
					 {.path = &at.path, .depth = 1}};
	const char *note;

	(void)state;
	world.hears = false;
	world.stop_after = 0;
	assert_int_equal(run_lanes(&lanes, NULL), 0);
	assert_int_equal(at.c->n_ops, 0);
	note = at.c->events[at.c->n_events - 1].text;
	assert_memory_equal(note, EVENT_CHURNED "6000 operations of metadata by 2 lanes in ",
			    strlen(EVENT_CHURNED) + 42);
	assert_non_null(strstr(note, "; 0 lanes ended early"));
	/* 16 names of each of three lanes in each directory, some of them not there just now */
	assert_in_range(count_names(), FILES, FILES * 3 * 16);
	lanes.set.base = 3000;
	lanes.set.lanes[1].time_ns = lanes.set.lanes[2].time_ns = 1;
	assert_int_equal(run_lanes(&lanes, NULL), 0);
	assert_non_null(strstr(at.c->events[at.c->n_events - 1].text, "churned: 0 operations"));
	at.open.run[0]++;
	assert_int_equal(executor_open(at.executor, &at.open, io, NULL), 0);
	assert_int_not_equal(access(in_scratch("target/names.00"), F_OK), 0);
}

/* Guards against: lanes that go on, or that fail the whole RUN, when the file system does not do
 * what it should. */
static void test_churn_fails(void **state)
{
	struct message_lanes lanes = churning_lanes(LANE_OPS_MAX);

	(void)state;
	world.stop_after = 0;
	write_file(in_scratch("target/names.03"), 0, "x", 1);
	assert_int_equal(run_lanes(&lanes, NULL), 0);
	assert_non_null(strstr(at.c->events[at.c->n_events - 1].text,
			       "2 lanes ended early: cannot open the target's names.03"));
}

/* Guards against: lanes beyond the target, on a path whose ring they would share, or that use
 * sequences again. */
static void test_refused(void **state)
{
	struct message_lanes lanes = some_lanes(10);
	struct target_way *way = at.executor->target->role[IO_READER];
	struct error err;

	(void)state;
	world.hears = true;
	world.stop_after = 0;
	lanes.set.per_file++;
	assert_int_equal(run_lanes(&lanes, &err), -1);
	assert_non_null(strstr(err.text, "units that do not exist"));
	lanes.set.per_file--;
	assert_int_equal(run_lanes(&lanes, &err), 0);
	assert_int_equal(run_lanes(&lanes, &err), -1);
	assert_non_null(strstr(err.text, "must rise"));
	lanes.set.base = 10;
	way->io.path = &io_uring;
	assert_int_equal(run_lanes(&lanes, &err), -1);
	assert_non_null(strstr(err.text, "not on path uring"));
	way->io.path = &at.path;
	assert_int_equal(run_lanes(&lanes, &err), 0);
	executor_close(at.executor);
	assert_int_equal(run_lanes(&lanes, &err), -1);
	assert_string_equal(err.text, "no target is open");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_program, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ahead, setup, teardown),
		cmocka_unit_test_setup_teardown(test_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_churn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_churn_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
