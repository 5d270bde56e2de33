/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * free_run.c - see free_run.h.
 *
 *   lane 0  ──► ring ─┐
 *   lane 1  ──► ring ─┼─► merge by completion ──► frames ──► controller
 *   lane 2  ──► ring ─┘         (the caller)                     │
 *      ▲────────────── what has been heard (HEARD) ◄─────────────┘
 *
 * A lane does nothing but its I/O and the two stores that hand over its record: no lock, no
 * allocation, no other system call. It waits only when its ring is full or it is LANE_AHEAD steps
 * ahead of what the controller has heard; nothing is ever dropped, and how often and how long it
 * waited is told.
 *
 * The controller wants a node's records in the order of their completion. So the first record of
 * all rings goes out only when no lane whose ring is empty can still complete something earlier:
 * each lane shows its `floor`, a time before which nothing more of it will complete.
 */
#include "agent/free_run.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/churn.h"
#include "agent/executor_internal.h"
#include "common/clock.h"
#include "common/record_peek.h"

#define RING_SLOTS 1024 /* of RECORD_SIZE; more than LANE_AHEAD and RECORD_MAX need */
#define RING_SPARE (RECORD_MAX / RECORD_SIZE)
#define WAIT_NS (100 * 1000ULL)
#define SEND_NS (500 * 1000ULL) /* between looks for records */

struct free_lane {
	/* the lane's own */
	pthread_t thread;
	const struct free_run *run;
	unsigned number;
	const struct lane_program *program;
	uint64_t stalls, stalled_ns, done_steps, failures;
	struct error failure; /* the first */
	void *buf;
	struct record record;
	uint8_t encoded[RECORD_MAX];

	/* shared with who sends: slots from tail to head */
	_Atomic uint32_t head, tail;
	_Atomic uint64_t floor;
	_Atomic bool ended;
	uint8_t ring[RING_SLOTS][RECORD_SIZE];
};

struct free_run {
	struct executor *executor;
	const struct lane_set *set;
	struct free_run_heard *heard;
	uint64_t begun;
	_Atomic bool stop;
	unsigned n;
	struct free_lane lanes[LANES_MAX];
};

void free_run_forget(struct free_run_heard *heard)
{
	unsigned i;

	heard->completions = 0;
	for (i = 0; i < LANES_MAX; i++)
		heard->steps[i] = 0;
}

int free_run_hear(struct free_run_heard *heard, const struct frame *frame, struct error *err)
{
	struct message_heard told;
	uint32_t i;

	if (message_decode_heard(frame, &told, err) < 0)
		return -1;
	for (i = 0; i < told.n; i++)
		heard->steps[i] = told.steps[i];
	heard->completions = told.completions;
	return 0;
}

static uint32_t used_slots(struct free_lane *lane)
{
	return atomic_load_explicit(&lane->head, memory_order_relaxed) -
	       atomic_load_explicit(&lane->tail, memory_order_acquire);
}

static bool may_go_on(struct free_lane *lane, uint32_t step)
{
	uint32_t heard =
		atomic_load_explicit(&lane->run->heard->steps[lane->number], memory_order_relaxed);

	return step < heard + LANE_AHEAD && used_slots(lane) + RING_SPARE <= RING_SLOTS;
}

/* Held back, or told to stop? False: it is over. */
static bool wait_for_room(struct free_lane *lane, uint32_t step)
{
	uint64_t since;

	if (atomic_load_explicit(&lane->run->stop, memory_order_relaxed))
		return false;
	if (may_go_on(lane, step))
		return true;
	since = clock_ns();
	lane->stalls++;
	while (!may_go_on(lane, step)) {
		if (atomic_load_explicit(&lane->run->stop, memory_order_relaxed))
			return false;
		atomic_store_explicit(&lane->floor, clock_ns(), memory_order_release);
		clock_sleep(WAIT_NS);
	}
	lane->stalled_ns += clock_ns() - since;
	return true;
}

static void push(struct free_lane *lane)
{
	uint32_t head = atomic_load_explicit(&lane->head, memory_order_relaxed);
	size_t size = record_encode(&lane->record, lane->encoded), at;

	for (at = 0; at < size; at += RECORD_SIZE)
		memcpy(lane->ring[head++ % RING_SLOTS], lane->encoded + at, RECORD_SIZE);
	atomic_store_explicit(&lane->head, head, memory_order_release);
}

static void do_step(struct free_lane *lane, uint32_t step)
{
	struct executor *executor = lane->run->executor;
	struct target *target = executor->target;
	unsigned sectors = target->unit / SECTOR_SIZE;
	struct lane_op what = lane_set_op(lane->run->set, target->node, lane->number, step);
	enum io_role role = what.kind == OP_WRITE ? IO_WRITER : IO_READER;
	struct message_op message = {
		.kind = (uint8_t)what.kind,
		.count = 1,
		.lane = (uint16_t)lane->number,
		.unit = what.unit,
		.sequence = what.sequence,
		.after = atomic_load_explicit(&lane->run->heard->completions, memory_order_acquire),
	};
	struct op *op = &lane->record.op;
	struct io_request request;

	executor_begin(executor, &message, lane->buf, &lane->record);
	target_request(target, role, what.unit, 1, lane->buf, what.sync, &request);
	target_do(target, role, &request);
	op->complete = request.complete;
	op->outcome = request.result < 0 ? OUTCOME_UNKNOWN : OUTCOME_OK;
	if (request.result < 0 && !lane->failures++)
		lane->failure = request.err;
	else if (request.result == 0 && what.kind == OP_READ)
		tag_read(&target->space, what.unit * sectors, sectors, lane->buf, &op->value);
	push(lane);
	atomic_store_explicit(&lane->floor, op->complete, memory_order_release);
}

static void *run_lane(void *argument)
{
	struct free_lane *lane = argument;
	const struct lane_program *program = lane->program;
	uint32_t step;

	for (step = 0; step < program->ops && wait_for_room(lane, step); step++) {
		if (program->time_ns && atomic_load_explicit(&lane->floor, memory_order_relaxed) >=
						lane->run->begun + program->time_ns)
			break;
		do_step(lane, step);
	}
	lane->done_steps = step;
	atomic_store_explicit(&lane->ended, true, memory_order_release);
	return NULL;
}

/* No record comes of it; an error ends it. */
static void *run_churn(void *argument)
{
	struct free_lane *lane = argument;
	const struct free_run *run = lane->run;
	const struct lane_program *program = lane->program;
	struct churn churn;
	uint32_t step = 0;

	lane->failures = churn_open(&churn, run->executor->target, run->set, lane->number,
				    &lane->failure) < 0;
	for (; !lane->failures && step < program->ops; step++) {
		if (atomic_load_explicit(&run->stop, memory_order_relaxed) ||
		    clock_ns() >= run->begun + program->time_ns)
			break;
		lane->failures = churn_do(&churn, step, &lane->failure) < 0;
	}
	churn_close(&churn);
	lane->done_steps = step;
	atomic_store_explicit(&lane->ended, true, memory_order_release);
	return NULL;
}

/* The record at the front of a ring; NULL if there is none. */
static const uint8_t *front(struct free_lane *lane)
{
	uint32_t tail = atomic_load_explicit(&lane->tail, memory_order_relaxed);

	return atomic_load_explicit(&lane->head, memory_order_acquire) == tail
		       ? NULL
		       : lane->ring[tail % RING_SLOTS];
}

/* Send the record at the front of a ring, with its side records. */
static void send_front(struct free_run *run, struct free_lane *lane)
{
	uint32_t tail = atomic_load_explicit(&lane->tail, memory_order_relaxed), i;
	uint32_t n = 1 + record_sides(lane->ring[tail % RING_SLOTS]);

	executor_make_room(run->executor);
	for (i = 0; i < n; i++)
		executor_emit_bytes(run->executor, lane->ring[(tail + i) % RING_SLOTS],
				    RECORD_SIZE);
	atomic_store_explicit(&lane->tail, tail + n, memory_order_release);
}

/* Send what is certain to be next. False: nothing is; *ret_over: and nothing will. */
static bool send_next(struct free_run *run, bool *ret_over)
{
	struct free_lane *best = NULL;
	uint64_t least = UINT64_MAX, floor_of_all = UINT64_MAX;
	unsigned i;

	*ret_over = true;
	for (i = 0; i < run->n; i++) {
		struct free_lane *lane = &run->lanes[i];
		/* before the ring: what comes into it later completed no earlier */
		bool ended = atomic_load_explicit(&lane->ended, memory_order_acquire);
		uint64_t floor = atomic_load_explicit(&lane->floor, memory_order_acquire);
		const uint8_t *record = front(lane);

		*ret_over = *ret_over && ended && !record;
		if (!record) {
			if (!ended && floor < floor_of_all)
				floor_of_all = floor;
		} else if (record_complete(record) < least) {
			least = record_complete(record);
			best = lane;
		}
	}
	if (!best || least > floor_of_all)
		return false;
	send_front(run, best);
	return true;
}

static void send_all(struct free_run *run, const struct free_run_options *options)
{
	bool over = false;

	while (!over) {
		if (send_next(run, &over))
			continue;
		executor_flush(run->executor);
		if (!over && options->cancelled(options->lane, SEND_NS))
			atomic_store(&run->stop, true);
	}
}

static void tell(struct free_run *run)
{
	uint64_t steps = 0, stalls = 0, stalled_ns = 0, failures = 0;
	const struct error *why = NULL;
	char text[EVENT_TEXT_MAX + 1];
	unsigned i;

	for (i = 0; i < run->n; i++) {
		steps += run->lanes[i].done_steps;
		stalls += run->lanes[i].stalls;
		stalled_ns += run->lanes[i].stalled_ns;
		failures += run->lanes[i].failures;
		if (!why && run->lanes[i].failures)
			why = &run->lanes[i].failure;
	}
	if (lane_set_churns(run->set))
		snprintf(text, sizeof(text),
			 EVENT_CHURNED "%llu operations of metadata by %u lanes in %.3f s; %llu "
				       "lanes ended early%s%.100s",
			 (unsigned long long)steps, run->n,
			 (double)(clock_ns() - run->begun) / NS_PER_S, (unsigned long long)failures,
			 why ? ": " : "", why ? why->text : "");
	else
		snprintf(text, sizeof(text),
			 "%u lanes ran free: %llu operations in %.3f s; held back %llu times, %.3f "
			 "s of "
			 "all lanes; %llu failed%s%.100s",
			 run->n, (unsigned long long)steps,
			 (double)(clock_ns() - run->begun) / NS_PER_S, (unsigned long long)stalls,
			 (double)stalled_ns / NS_PER_S, (unsigned long long)failures,
			 why ? ": " : "", why ? why->text : "");
	outlet_event(run->executor->outlet, run->executor->connection, EVENT_NOTE, text);
}

static int begin_lane(struct free_run *run, unsigned number, struct error *err)
{
	struct free_lane *lane = &run->lanes[number];
	int failed = posix_memalign(&lane->buf, TARGET_ALIGN, UNIT_MAX);

	lane->run = run;
	lane->number = number;
	lane->program = lane_set_get(run->set, run->executor->target->node, number);
	lane->floor = run->begun;
	if (!failed)
		failed = pthread_create(&lane->thread, NULL,
					lane->program->churn ? run_churn : run_lane, lane);
	if (failed) {
		free(lane->buf);
		errno = failed;
		return error_set_errno(err, ERROR_WORLD, "cannot start a lane");
	}
	run->n++;
	return 0;
}

static int check(struct executor *executor, const struct lane_set *set, struct error *err)
{
	const struct target *target = executor->target;
	unsigned role, lane;

	if (!target)
		return error_set(err, ERROR_USER, "no target is open");
	if (lane_set_check(set, target->units, err) < 0)
		return -1;
	if (lane_set_churns(set) && target->device)
		return error_set(err, ERROR_USER, "a device has no metadata to churn");
	for (role = 0; role < IO_ROLES; role++) {
		if (target->role[role]->io.path->submit)
			return error_set(err, ERROR_USER,
					 "free-running lanes do not share a ring: not on path %s",
					 target->role[role]->io.path->name);
	}
	for (lane = 0; lane < lane_set_count(set, target->node); lane++) {
		if (executor->last[lane] > set->base)
			return error_set(err, ERROR_USER, "write sequences of lane %u: must rise",
					 lane);
	}
	return 0;
}

int free_run_do(struct executor *executor, const struct free_run_options *options,
		struct error *err)
{
	const struct lane_set *set = &options->lanes->set;
	struct free_run *run;
	unsigned i, n;
	int result = 0;

	if (check(executor, set, err) < 0)
		return -1;
	run = calloc(1, sizeof(*run));
	if (!run)
		return error_set(err, ERROR_WORLD, "no memory for lanes");
	run->executor = executor;
	run->set = set;
	run->heard = options->heard;
	run->begun = clock_ns();
	n = lane_set_count(set, executor->target->node);
	for (i = 0; i < n && !result; i++)
		result = begin_lane(run, i, err);
	if (result < 0)
		run->stop = true;
	send_all(run, options);
	for (i = 0; i < run->n; i++) {
		pthread_join(run->lanes[i].thread, NULL);
		free(run->lanes[i].buf);
		executor->last[i] = set->base + run->lanes[i].program->ops;
	}
	if (!result)
		tell(run);
	free(run);
	return result;
}
