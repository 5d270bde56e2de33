/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_link.c - see agent_link.h. */
#include "site/agent_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/clock.h"
#include "common/parse.h"
#include "host/interrupt.h"

#define SEND_NS (10 * NS_PER_S)
#define SLICE_NS (200 * NS_PER_MS) /* between looks at the interrupt flag */

struct agent_link {
	int fd;
	uint8_t node;
	struct agent_sink sink;
	uint64_t completions, last_time;
	uint32_t request;	       /* sequence of the request that is under way; 0 = none */
	const struct message_run *run; /* its operations, if it is a RUN */
	uint32_t heard;		       /* how many of them */
	bool is_heard[MESSAGE_OPS_MAX];
	uint64_t begun;			  /* the last completion when they were commanded */
	uint64_t lane_time[LANE_MAX + 1]; /* each lane's last completion */
	char kernel[128], build[128];
	struct channel channel;
};

static int name_error(const struct agent_link *link, struct error *err)
{
	return error_prefix(err, "agent of node %c", 'a' + link->node);
}

static int wrong(const struct agent_link *link, const char *what, struct error *err)
{
	error_set(err, ERROR_WORLD, "it sent %s", what);
	return name_error(link, err);
}

static int to_sink(struct agent_link *link, const struct record *record, struct error *err)
{
	return link->sink.record ? link->sink.record(link->sink.context, record, err) : 0;
}

/* The next one that was commanded on a lane and not heard of; NULL: there is none. */
static const struct message_op *next_on(const struct agent_link *link, uint16_t lane)
{
	uint32_t i;

	for (i = 0; link->run && i < link->run->n; i++) {
		if (!link->is_heard[i] && link->run->ops[i].lane == lane)
			return &link->run->ops[i];
	}
	return NULL;
}

/* No earlier than this was the next operation of the lane invoked: it is sequential, and was
 * commanded after all that was known then had completed. */
static uint64_t least_invoke(const struct agent_link *link, uint16_t lane)
{
	return link->lane_time[lane] > link->begun ? link->lane_time[lane] : link->begun;
}

/* Whether the record is the very operation that was commanded next on its lane. */
static bool is_commanded(const struct agent_link *link, const struct op *op)
{
	const struct message_op *asked = next_on(link, op->lane);

	return asked && op->node == link->node && op->kind == asked->kind &&
	       op->unit == asked->unit && op->count == asked->count && op->after == asked->after &&
	       (op->kind != OP_WRITE || (write_id_sequence(op->value.write_id) == asked->sequence &&
					 write_id_lane(op->value.write_id) == asked->lane)) &&
	       op->invoke >= least_invoke(link, op->lane) &&
	       (op->complete == TIME_NONE || op->complete >= link->last_time);
}

static void hear(struct agent_link *link, const struct op *op)
{
	link->is_heard[next_on(link, op->lane) - link->run->ops] = true;
	link->heard++;
	if (op->complete == TIME_NONE)
		return;
	link->completions++;
	link->last_time = link->lane_time[op->lane] = op->complete;
}

static int take_records(struct agent_link *link, const struct frame *frame, struct error *err)
{
	struct record record;
	size_t at = 0;
	int got;

	while (at < frame->size) {
		got = record_decode(frame->payload + at, frame->size - at, &record, err);
		if (got < 0)
			return name_error(link, err);
		if (!got)
			return wrong(link, "half a record", err);
		at += (size_t)got;
		if (record.type == RECORD_OP) {
			if (!is_commanded(link, &record.op))
				return wrong(link, "an operation that was not commanded", err);
			hear(link, &record.op);
		} else if (record.type == RECORD_EVENT) {
			record.event.node = link->node;
		} else {
			return wrong(link, "a record that is not its to send", err);
		}
		if (to_sink(link, &record, err) < 0)
			return -1;
	}
	return 0;
}

/* The next frame that is not RECORDS (those are taken); -1 at the deadline. */
static int receive(struct agent_link *link, uint64_t deadline, struct frame *ret, struct error *err)
{
	uint64_t now, slice;
	int got;

	for (;;) {
		now = clock_ns();
		slice = now + SLICE_NS < deadline ? now + SLICE_NS : deadline;
		got = channel_receive(&link->channel, slice, false, ret, err);
		if (got < 0)
			return name_error(link, err);
		if (interrupted())
			return interrupt_error(err);
		if (got && ret->type == MESSAGE_RECORDS) {
			if (take_records(link, ret, err) < 0)
				return -1;
		} else if (got) {
			return 0;
		} else if (clock_ns() >= deadline) {
			error_set(err, ERROR_WORLD, "no answer in time");
			return name_error(link, err);
		}
	}
}

static int greet_once(struct agent_link *link, struct message_hello_ok *ret, struct error *err)
{
	struct frame frame;
	ssize_t n;

	n = getrandom(&link->channel.nonce, sizeof(link->channel.nonce), 0);
	if (n != sizeof(link->channel.nonce))
		return error_set_errno(err, ERROR_WORLD, "getrandom");
	link->channel.sent = link->channel.received = 0;
	if (channel_send(&link->channel, MESSAGE_HELLO, 0, clock_ns() + SEND_NS, NULL, err) < 0)
		return -1;
	for (;;) {
		n = channel_receive(&link->channel, clock_ns() + SLICE_NS, false, &frame, err);
		if (n <= 0)
			return (int)n;
		if (frame.type == MESSAGE_HELLO_OK && frame.nonce == link->channel.nonce &&
		    frame.sequence == 1)
			break;
	}
	if (frame.version != FRAME_VERSION)
		return error_set(err, ERROR_WORLD,
				 "it speaks protocol %u, this program speaks %u; build both anew",
				 frame.version, FRAME_VERSION);
	link->channel.established = true;
	return message_decode_hello_ok(&frame, ret, err) < 0 ? -1 : 1;
}

struct agent_link *agent_link_new(int fd, uint8_t node, uint64_t timeout_ns, struct error *err)
{
	uint64_t deadline = clock_ns() + timeout_ns;
	struct message_hello_ok *hello = NULL;
	struct agent_link *link;
	int got = 0;

	link = calloc(1, sizeof(*link));
	hello = calloc(1, sizeof(*hello));
	if (!link || !hello) {
		error_set(err, ERROR_WORLD, "out of memory");
		close(fd);
		goto fail;
	}
	link->fd = fd;
	link->node = node;
	channel_init(&link->channel, fd, fd);
	while (!got) {
		got = greet_once(link, hello, err);
		if (got < 0)
			name_error(link, err);
		if (!got && interrupted())
			got = interrupt_error(err);
		if (!got && clock_ns() > deadline) {
			error_set(err, ERROR_WORLD, "no greeting in time");
			got = name_error(link, err);
		}
		if (got < 0)
			goto fail;
	}
	printable(hello->kernel, strlen(hello->kernel), link->kernel, sizeof(link->kernel));
	printable(hello->build, strlen(hello->build), link->build, sizeof(link->build));
	free(hello);
	return link;
fail:
	free(hello);
	agent_link_free(link);
	return NULL;
}

void agent_link_free(struct agent_link *link)
{
	if (!link)
		return;
	close(link->fd);
	free(link);
}

const char *agent_link_kernel(const struct agent_link *link)
{
	return link->kernel;
}

const char *agent_link_build(const struct agent_link *link)
{
	return link->build;
}

void agent_link_set_sink(struct agent_link *link, const struct agent_sink *sink)
{
	link->sink = sink ? *sink : (struct agent_sink){NULL, NULL};
	link->completions = link->last_time = 0;
	memset(link->lane_time, 0, sizeof(link->lane_time));
}

uint64_t agent_link_completions(const struct agent_link *link)
{
	return link->completions;
}

uint64_t agent_link_last_time(const struct agent_link *link)
{
	return link->last_time;
}

int agent_ping(struct agent_link *link, uint64_t timeout_ns, struct ping *ret, struct error *err)
{
	uint64_t deadline = clock_ns() + timeout_ns, c0 = clock_ns(), echoed;
	struct record record = {.type = RECORD_PING};
	struct ping *ping = &record.ping;
	struct frame frame;
	size_t size;

	size = message_encode_ping(c0, channel_payload(&link->channel));
	if (channel_send(&link->channel, MESSAGE_PING, size, deadline, NULL, err) < 0)
		return name_error(link, err);
	if (receive(link, deadline, &frame, err) < 0)
		return -1;
	ping->c3 = clock_ns();
	if (frame.type != MESSAGE_PONG)
		return wrong(link, "something else than the answer to a ping", err);
	if (message_decode_pong(&frame, &echoed, &ping->n1, &ping->n2, err) < 0)
		return name_error(link, err);
	if (echoed != c0 || ping->n1 > ping->n2)
		return wrong(link, "an impossible answer to a ping", err);
	ping->c0 = c0;
	ping->node = link->node;
	if (ret)
		*ret = *ping;
	return to_sink(link, &record, err);
}

static int begin(struct agent_link *link, enum message_type type, size_t size, struct error *err)
{
	if (channel_send(&link->channel, (uint16_t)type, size, clock_ns() + SEND_NS, &link->request,
			 err) < 0)
		return name_error(link, err);
	return 0;
}

int agent_begin_mount(struct agent_link *link, const struct message_mount *mount, struct error *err)
{
	return begin(link, MESSAGE_MOUNT,
		     message_encode_mount(mount, channel_payload(&link->channel)), err);
}

int agent_begin_unmount(struct agent_link *link, const char *directory, struct error *err)
{
	return begin(link, MESSAGE_UNMOUNT,
		     message_encode_string(directory, channel_payload(&link->channel)), err);
}

int agent_begin_await_mount(struct agent_link *link, const struct message_await *await,
			    struct error *err)
{
	return begin(link, MESSAGE_AWAIT_MOUNT,
		     message_encode_await(await, channel_payload(&link->channel)), err);
}

int agent_begin_open(struct agent_link *link, const struct message_open *open, struct error *err)
{
	return begin(link, MESSAGE_OPEN, message_encode_open(open, channel_payload(&link->channel)),
		     err);
}

int agent_begin_close(struct agent_link *link, struct error *err)
{
	return begin(link, MESSAGE_CLOSE, 0, err);
}

int agent_begin_run(struct agent_link *link, const struct message_run *run, struct error *err)
{
	link->run = run;
	link->heard = 0;
	memset(link->is_heard, 0, sizeof(link->is_heard));
	link->begun = link->last_time;
	return begin(link, MESSAGE_RUN, message_encode_run(run, channel_payload(&link->channel)),
		     err);
}

/* The end of a request: DONE, or FAILED with the agent's own words. */
static int take_end(struct agent_link *link, const struct frame *frame, struct error *err)
{
	struct message_failed failed;
	char clean[MESSAGE_TEXT_MAX];
	uint32_t request;

	if (frame->type == MESSAGE_FAILED) {
		if (message_decode_failed(frame, &failed, err) < 0)
			return name_error(link, err);
		error_set(err, failed.kind == ERROR_USER ? ERROR_USER : ERROR_WORLD, "%s",
			  printable(failed.text, strlen(failed.text), clean, sizeof(clean)));
		return name_error(link, err);
	}
	if (frame->type != MESSAGE_DONE)
		return wrong(link, "an answer to nothing that was asked", err);
	if (message_decode_u32(frame, &request, err) < 0)
		return name_error(link, err);
	if (request != link->request)
		return wrong(link, "the end of another request", err);
	if (link->run && link->heard < link->run->n)
		return wrong(link, "fewer operations than were commanded", err);
	return 0;
}

/* What was commanded and never heard of may have happened, now or later. */
static void record_unknown(struct agent_link *link)
{
	struct record record = {.type = RECORD_OP};

	uint32_t i;

	for (i = 0; i < link->run->n; i++) {
		const struct message_op *asked = &link->run->ops[i];

		if (link->is_heard[i])
			continue;
		record.op = (struct op){.node = link->node,
					.lane = asked->lane,
					.kind = asked->kind,
					.outcome = OUTCOME_UNKNOWN,
					.unit = asked->unit,
					.count = asked->count,
					.invoke = least_invoke(link, asked->lane),
					.complete = TIME_NONE,
					.peer = asked->peer};
		if (asked->kind == OP_WRITE) {
			record.op.value.kind = VALUE_TAG;
			record.op.value.write_id =
				write_id(link->node, 0, asked->lane, asked->sequence);
		}
		to_sink(link, &record, NULL);
	}
}

int agent_finish(struct agent_link *link, uint64_t timeout_ns, struct error *err)
{
	struct frame frame;
	int result;

	result = receive(link, clock_ns() + timeout_ns, &frame, err);
	if (!result)
		result = take_end(link, &frame, err);
	if (result < 0 && link->run)
		record_unknown(link);
	link->run = NULL;
	link->request = 0;
	return result;
}
