/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lane.c - see lane.h.
 *
 * The queue is a list under one mutex. A reset raises `resets`: a job that notices a number other
 * than the one it began with gives up. It notices between operations and while it sleeps, never in
 * the middle of an operation: that one ends, and its answer is dropped by the outlet.
 */
#include "agent/lane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/await_mount.h"
#include "agent/executor.h"
#include "agent/free_run.h"
#include "agent/mount.h"
#include "common/clock.h"

#define DISK_POLL_NS (10 * NS_PER_MS)
#define MOUNT_POLL_NS (50 * NS_PER_MS)
#define DELAY_MAX (3600 * NS_PER_S)

/* A request waiting. */
struct job {
	struct job *next;
	uint64_t connection;
	struct frame frame; /* payload points to the bytes below */
	uint8_t payload[];
};

struct lane {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct job *first, **last;
	unsigned waiting;
	_Atomic uint64_t resets; /* changed under the mutex, looked at between operations */
	bool close;		 /* after a reset: the target is to be closed */
	bool stop;

	/* the thread's own */
	struct outlet *outlet;
	const struct io_path *const *paths;
	uint64_t begun; /* `resets` when the job at hand began */
	struct executor executor;
	struct message_run run;
	struct message_lanes lanes;

	struct free_run_heard heard; /* of the LANES that was submitted last */
};

static struct timespec after(uint64_t ns)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	ns += (uint64_t)time.tv_nsec;
	time.tv_sec += (time_t)(ns / NS_PER_S);
	time.tv_nsec = (long)(ns % NS_PER_S);
	return time;
}

/* Sleep; true if the job is to give up (a sleep of 0 only looks). */
static bool cancelled(struct lane *lane, uint64_t ns)
{
	struct timespec until;
	int woken = 0;

	if (ns) {
		until = after(ns);
		pthread_mutex_lock(&lane->lock);
		while (lane->resets == lane->begun && woken != ETIMEDOUT)
			woken = pthread_cond_timedwait(&lane->changed, &lane->lock, &until);
		pthread_mutex_unlock(&lane->lock);
	}
	return lane->resets != lane->begun;
}

/* Wait for the disk with that serial; "/dev/NAME" to ret. */
static int find_disk(struct lane *lane, const char *serial, uint32_t timeout_ms,
		     char ret[MESSAGE_TEXT_MAX], struct error *err)
{
	uint64_t deadline = clock_ns() + timeout_ms * NS_PER_MS;

	while (!mount_find_disk(MOUNT_SYS_BLOCK, serial, ret, MESSAGE_TEXT_MAX) ||
	       !mount_disk_opens(ret)) {
		if (clock_ns() >= deadline || cancelled(lane, DISK_POLL_NS))
			return error_set(err, ERROR_WORLD,
					 "no disk with serial '%s' appeared within %u ms", serial,
					 timeout_ms);
	}
	return 0;
}

static int do_mount(struct lane *lane, const struct frame *request, struct error *err)
{
	struct message_mount *m = malloc(sizeof(*m));
	char device[MESSAGE_TEXT_MAX];
	int result = -1;

	if (!m)
		return error_set(err, ERROR_WORLD, "no memory for a request");
	if (!message_decode_mount(request, m, err) &&
	    !find_disk(lane, m->serial, m->timeout_ms, device, err))
		result = mount_do(m, device, err);
	free(m);
	return result;
}

static int do_await(struct lane *lane, const struct frame *request, struct error *err)
{
	struct message_await m;
	uint64_t deadline;
	int result;

	if (message_decode_await(request, &m, err) < 0)
		return -1;
	deadline = clock_ns() + m.timeout_ms * NS_PER_MS;
	do {
		result = await_mount_look(&fs_name_places, &m, err);
	} while (!result && clock_ns() < deadline && !cancelled(lane, MOUNT_POLL_NS));
	return result > 0 ? 0 : -1;
}

static int do_unmount(const struct frame *request, struct error *err)
{
	char directory[MESSAGE_TEXT_MAX];

	if (message_decode_string(request, directory, err) < 0)
		return -1;
	return mount_undo(directory, err);
}

static int do_open(struct lane *lane, const struct frame *request, struct error *err)
{
	struct io_name names[IO_ROLES];
	struct target_io io[IO_ROLES];
	struct message_open open;
	unsigned role;

	executor_close(&lane->executor); /* a device is opened for one target at a time */
	if (message_decode_open(request, &open, err) < 0)
		return -1;
	if (open.node < NODES)
		outlet_set_node(lane->outlet, open.node);
	if (io_names_parse(open.io, names, err) < 0)
		return -1;
	for (role = 0; role < IO_ROLES; role++) {
		io[role].depth = names[role].depth;
		io[role].path = io_find(lane->paths, io_kind_names[names[role].kind], err);
		if (!io[role].path)
			return -1;
	}
	if (open.device && !open.path[0] &&
	    find_disk(lane, open.serial, open.timeout_ms, open.path, err) < 0)
		return -1;
	return executor_open(&lane->executor, &open, io, err);
}

static int do_run(struct lane *lane, const struct frame *request, struct error *err)
{
	uint32_t i;

	if (message_decode_run(request, &lane->run, err) < 0)
		return -1;
	if (lane->run.delay_ns > DELAY_MAX)
		return error_set(err, ERROR_USER, "a delay of more than an hour");
	if (executor_check(&lane->executor, &lane->run, err) < 0)
		return -1;
	if (cancelled(lane, lane->run.delay_ns))
		return 0;
	for (i = 0; i < lane->run.n && !cancelled(lane, 0); i++)
		executor_do(&lane->executor, &lane->run.ops[i]);
	executor_flush(&lane->executor);
	return 0;
}

static int do_lanes(struct lane *lane, const struct frame *request, struct error *err)
{
	const struct free_run_options options = {
		.lanes = &lane->lanes, .heard = &lane->heard, .cancelled = cancelled, .lane = lane};

	if (message_decode_lanes(request, &lane->lanes, err) < 0)
		return -1;
	if (lane->lanes.delay_ns > DELAY_MAX)
		return error_set(err, ERROR_USER, "a delay of more than an hour");
	if (cancelled(lane, lane->lanes.delay_ns))
		return 0;
	return free_run_do(&lane->executor, &options, err);
}

static int do_close(struct lane *lane, const struct frame *request, struct error *err)
{
	if (request->size)
		return error_set(err, ERROR_USER, "a CLOSE with a payload");
	executor_close(&lane->executor);
	return 0;
}

static int perform(struct lane *lane, const struct frame *request, struct error *err)
{
	switch (request->type) {
	case MESSAGE_MOUNT:
		return do_mount(lane, request, err);
	case MESSAGE_AWAIT_MOUNT:
		return do_await(lane, request, err);
	case MESSAGE_UNMOUNT:
		return do_unmount(request, err);
	case MESSAGE_OPEN:
		return do_open(lane, request, err);
	case MESSAGE_RUN:
		return do_run(lane, request, err);
	case MESSAGE_LANES:
		return do_lanes(lane, request, err);
	case MESSAGE_CLOSE:
		return do_close(lane, request, err);
	default:
		return error_set(err, ERROR_USER, "request type %u does not exist", request->type);
	}
}

/* Serve one request and answer it; the answer to a connection that is over is dropped. */
static void serve_job(struct lane *lane, const struct job *job)
{
	struct error err = {0};
	uint8_t payload[sizeof(uint32_t)];
	size_t size;

	lane->executor.connection = job->connection;
	if (perform(lane, &job->frame, &err) < 0) {
		outlet_failed(lane->outlet, job->connection, job->frame.sequence, &err);
	} else {
		size = message_encode_u32(job->frame.sequence, payload);
		outlet_send(lane->outlet, job->connection, MESSAGE_DONE, payload, size);
	}
}

/* The next job, or NULL when the thread is to end. */
static struct job *take(struct lane *lane)
{
	struct job *job;

	pthread_mutex_lock(&lane->lock);
	for (;;) {
		if (lane->close) {
			lane->close = false;
			pthread_mutex_unlock(&lane->lock);
			executor_close(&lane->executor); /* may hang */
			pthread_mutex_lock(&lane->lock);
		} else if (lane->first || lane->stop) {
			break;
		} else {
			pthread_cond_wait(&lane->changed, &lane->lock);
		}
	}
	job = lane->first;
	if (job) {
		lane->first = job->next;
		lane->waiting--;
		if (!lane->first)
			lane->last = &lane->first;
	}
	lane->begun = lane->resets;
	pthread_mutex_unlock(&lane->lock);
	return job;
}

static void *work(void *argument)
{
	struct lane *lane = argument;
	struct job *job;

	while ((job = take(lane))) {
		serve_job(lane, job);
		free(job);
	}
	return NULL;
}

struct lane *lane_start(struct outlet *outlet, const struct io_path *const paths[],
			struct error *err)
{
	struct lane *lane = calloc(1, sizeof(*lane));
	pthread_condattr_t attributes;
	int failed;

	if (!lane) {
		error_set(err, ERROR_WORLD, "no memory for the lane");
		return NULL;
	}
	lane->outlet = outlet;
	lane->paths = paths;
	lane->last = &lane->first;
	if (executor_init(&lane->executor, outlet, err) < 0) {
		free(lane);
		return NULL;
	}
	pthread_mutex_init(&lane->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&lane->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	failed = pthread_create(&lane->thread, NULL, work, lane);
	if (failed) {
		errno = failed;
		error_set_errno(err, ERROR_WORLD, "cannot start the lane's thread");
		executor_done(&lane->executor);
		free(lane);
		return NULL;
	}
	return lane;
}

/* Put a job at the end; the mutex is held. */
static void append(struct lane *lane, struct job *job)
{
	*lane->last = job;
	lane->last = &job->next;
	lane->waiting++;
	pthread_cond_signal(&lane->changed);
}

static struct job *job_new(uint64_t connection, const struct frame *frame)
{
	struct job *job = malloc(sizeof(*job) + frame->size);

	if (!job)
		return NULL;
	job->next = NULL;
	job->connection = connection;
	job->frame = *frame;
	job->frame.payload = job->payload;
	if (frame->size)
		memcpy(job->payload, frame->payload, frame->size);
	return job;
}

int lane_heard(struct lane *lane, const struct frame *frame, struct error *err)
{
	return free_run_hear(&lane->heard, frame, err);
}

int lane_submit(struct lane *lane, uint64_t connection, const struct frame *request,
		struct error *err)
{
	struct job *job = job_new(connection, request);
	int result = 0;

	if (!job)
		return error_set(err, ERROR_WORLD, "no memory for a request");
	if (request->type == MESSAGE_LANES)
		free_run_forget(&lane->heard); /* here, so that no HEARD behind it is forgotten */
	pthread_mutex_lock(&lane->lock);
	if (lane->waiting < LANE_QUEUE_MAX)
		append(lane, job);
	else
		result = error_set(err, ERROR_USER, "%u requests wait already", lane->waiting);
	pthread_mutex_unlock(&lane->lock);
	if (result < 0)
		free(job);
	return result;
}

void lane_reset(struct lane *lane)
{
	struct job *job;

	pthread_mutex_lock(&lane->lock);
	while ((job = lane->first)) {
		lane->first = job->next;
		free(job);
	}
	lane->last = &lane->first;
	lane->waiting = 0;
	lane->close = true;
	lane->resets++;
	pthread_cond_signal(&lane->changed);
	pthread_mutex_unlock(&lane->lock);
}

void lane_stop(struct lane *lane)
{
	if (!lane)
		return;
	lane_reset(lane);
	pthread_mutex_lock(&lane->lock);
	lane->stop = true;
	pthread_cond_signal(&lane->changed);
	pthread_mutex_unlock(&lane->lock);
	pthread_join(lane->thread, NULL);
	executor_done(&lane->executor);
	pthread_cond_destroy(&lane->changed);
	pthread_mutex_destroy(&lane->lock);
	free(lane);
}
