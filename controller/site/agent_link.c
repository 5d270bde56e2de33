/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_link.c - see agent_link.h. */
#include "site/agent_link_internal.h"

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

int agent_link_blame(const struct agent_link *link, struct error *err)
{
	return error_prefix(err, "agent of node %c", 'a' + link->node);
}

int agent_link_wrong(const struct agent_link *link, const char *what, struct error *err)
{
	error_set(err, ERROR_WORLD, "it sent %s", what);
	return agent_link_blame(link, err);
}

int agent_link_to_sink(struct agent_link *link, const struct record *record, struct error *err)
{
	return link->sink.record ? link->sink.record(link->sink.context, record, err) : 0;
}

static int take_records(struct agent_link *link, const struct frame *frame, struct error *err)
{
	struct record record;
	size_t at = 0;
	int got;

	while (at < frame->size) {
		got = record_decode(frame->payload + at, frame->size - at, &record, err);
		if (got < 0)
			return agent_link_blame(link, err);
		if (!got)
			return agent_link_wrong(link, "half a record", err);
		at += (size_t)got;
		if (record.type == RECORD_OP) {
			if (!agent_link_is_commanded(link, &record.op))
				return agent_link_wrong(link, "an operation that was not commanded",
							err);
			agent_link_hear(link, &record.op);
		} else if (record.type == RECORD_EVENT) {
			record.event.node = link->node;
		} else {
			return agent_link_wrong(link, "a record that is not its to send", err);
		}
		if (agent_link_to_sink(link, &record, err) < 0)
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
			return agent_link_blame(link, err);
		if (interrupted())
			return interrupt_error(err);
		if (got && ret->type == MESSAGE_RECORDS) {
			if (take_records(link, ret, err) < 0)
				return -1;
		} else if (got) {
			return 0;
		} else if (clock_ns() >= deadline) {
			error_set(err, ERROR_WORLD, "no answer in time");
			return agent_link_blame(link, err);
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
			agent_link_blame(link, err);
		if (!got && interrupted())
			got = interrupt_error(err);
		if (!got && clock_ns() > deadline) {
			error_set(err, ERROR_WORLD, "no greeting in time");
			got = agent_link_blame(link, err);
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
	link->completions = link->last_time = link->before_last = 0;
	memset(link->lane_time, 0, sizeof(link->lane_time));
}

uint64_t agent_link_completions(const struct agent_link *link)
{
	return link->completions;
}

uint64_t agent_link_certain_completions(const struct agent_link *link)
{
	return link->before_last;
}

uint64_t agent_link_last_time(const struct agent_link *link)
{
	return link->last_time;
}

/* The answer to the ping that was sent at c0. */
static int take_pong(struct agent_link *link, const struct frame *frame, uint64_t c0,
		     struct ping *ret, struct error *err)
{
	struct record record = {.type = RECORD_PING};
	struct ping *ping = &record.ping;
	uint64_t echoed;

	ping->c3 = clock_ns();
	if (frame->type != MESSAGE_PONG)
		return agent_link_wrong(link, "something else than the answer to a ping", err);
	if (message_decode_pong(frame, &echoed, &ping->n1, &ping->n2, err) < 0)
		return agent_link_blame(link, err);
	if (echoed != c0 || ping->n1 > ping->n2)
		return agent_link_wrong(link, "an impossible answer to a ping", err);
	ping->c0 = c0;
	ping->node = link->node;
	if (ret)
		*ret = *ping;
	return agent_link_to_sink(link, &record, err);
}

int agent_ping(struct agent_link *link, uint64_t timeout_ns, struct ping *ret, struct error *err)
{
	uint64_t deadline = clock_ns() + timeout_ns, c0 = clock_ns();
	struct frame frame;
	size_t size;

	size = message_encode_ping(c0, channel_payload(&link->channel));
	if (channel_send(&link->channel, MESSAGE_PING, size, deadline, NULL, err) < 0)
		return agent_link_blame(link, err);
	if (receive(link, deadline, &frame, err) < 0)
		return -1;
	return take_pong(link, &frame, c0, ret, err);
}

int agent_begin_ping(struct agent_link *link, struct error *err)
{
	uint64_t c0 = clock_ns();
	size_t size;

	if (link->ping)
		return 0;
	size = message_encode_ping(c0, channel_payload(&link->channel));
	link->ping = c0;
	if (channel_send(&link->channel, MESSAGE_PING, size, clock_ns() + SEND_NS, NULL, err) < 0)
		return agent_link_blame(link, err);
	return 0;
}

int agent_link_begin(struct agent_link *link, enum message_type type, size_t size,
		     struct error *err)
{
	if (channel_send(&link->channel, (uint16_t)type, size, clock_ns() + SEND_NS, &link->request,
			 err) < 0)
		return agent_link_blame(link, err);
	return 0;
}

int agent_begin_mount(struct agent_link *link, const struct message_mount *mount, struct error *err)
{
	return agent_link_begin(link, MESSAGE_MOUNT,
				message_encode_mount(mount, channel_payload(&link->channel)), err);
}

int agent_begin_unmount(struct agent_link *link, const char *directory, struct error *err)
{
	return agent_link_begin(link, MESSAGE_UNMOUNT,
				message_encode_string(directory, channel_payload(&link->channel)),
				err);
}

int agent_begin_await_mount(struct agent_link *link, const struct message_await *await,
			    struct error *err)
{
	return agent_link_begin(link, MESSAGE_AWAIT_MOUNT,
				message_encode_await(await, channel_payload(&link->channel)), err);
}

int agent_begin_open(struct agent_link *link, const struct message_open *open, struct error *err)
{
	return agent_link_begin(link, MESSAGE_OPEN,
				message_encode_open(open, channel_payload(&link->channel)), err);
}

int agent_begin_close(struct agent_link *link, struct error *err)
{
	return agent_link_begin(link, MESSAGE_CLOSE, 0, err);
}

/* The end of a request: DONE, or FAILED with the agent's own words. */
static int take_end(struct agent_link *link, const struct frame *frame, struct error *err)
{
	struct message_failed failed;
	char clean[MESSAGE_TEXT_MAX];
	uint32_t request;

	if (frame->type == MESSAGE_FAILED) {
		if (message_decode_failed(frame, &failed, err) < 0)
			return agent_link_blame(link, err);
		error_set(err, failed.kind == ERROR_USER ? ERROR_USER : ERROR_WORLD, "%s",
			  printable(failed.text, strlen(failed.text), clean, sizeof(clean)));
		return agent_link_blame(link, err);
	}
	if (frame->type != MESSAGE_DONE)
		return agent_link_wrong(link, "an answer to nothing that was asked", err);
	if (message_decode_u32(frame, &request, err) < 0)
		return agent_link_blame(link, err);
	if (request != link->request)
		return agent_link_wrong(link, "the end of another request", err);
	if (link->run && link->heard < link->run->n)
		return agent_link_wrong(link, "fewer operations than were commanded", err);
	return 0;
}

/* The request is over, one way or the other. */
static int finish(struct agent_link *link, int result)
{
	if (result < 0)
		agent_link_record_unknown(link);
	link->run = NULL;
	link->lanes = NULL;
	link->request = 0;
	return result;
}

int agent_finish(struct agent_link *link, uint64_t timeout_ns, struct error *err)
{
	struct frame frame;
	int result;

	result = receive(link, clock_ns() + timeout_ns, &frame, err);
	if (!result)
		result = take_end(link, &frame, err);
	return finish(link, result);
}

void agent_give_up(struct agent_link *link)
{
	if (link->request)
		finish(link, -1);
}

int agent_poll(struct agent_link *link, uint64_t timeout_ns, struct error *err)
{
	struct frame frame;
	int got;

	got = channel_receive(&link->channel, clock_ns() + timeout_ns, false, &frame, err);
	if (got < 0) {
		agent_link_blame(link, err);
	} else if (got && frame.type == MESSAGE_RECORDS) {
		got = take_records(link, &frame, err);
	} else if (got && frame.type == MESSAGE_PONG && link->ping) {
		got = take_pong(link, &frame, link->ping, NULL, err);
		link->ping = 0;
	} else if (got && !link->ping) {
		return take_end(link, &frame, err) < 0 ? finish(link, -1) : finish(link, 1);
	} else if (got) {
		/* the agent answers pings in between, so none is open at the end for long */
		link->ended = true;
		got = take_end(link, &frame, err);
	}
	if (got < 0)
		return finish(link, -1);
	if (link->ended && !link->ping) {
		link->ended = false;
		return finish(link, 1);
	}
	return 0;
}
