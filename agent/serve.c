/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serve.c - the message loop, in the main thread.
 *
 * HELLO and PING are answered here at once, HEARD is taken; all else goes to the lane, so that a
 * volume that hangs never keeps the agent from answering. Three states, held by channel.established
 * and the outlet: before a HELLO everything is skipped; a HELLO of our version begins a connection
 * and ends the one before it; a frame that does not parse or fit ends the connection, and we skip
 * again.
 */
#include "agent/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "agent/lane.h"
#include "agent/outlet.h"
#include "agent/watch.h"
#include "common/channel.h"
#include "common/clock.h"
#include "common/message.h"

struct server {
	const struct serve_options *options;
	struct channel channel;
	struct outlet outlet;
	struct lane *lane;
	struct watch *watch;
	struct error watch_error; /* why there is no watch */
	uint64_t connection;
};

static void say_hello(struct server *server)
{
	struct message_hello_ok hello = {0};
	uint8_t payload[sizeof(hello) + 16];
	struct utsname kernel = {0};
	size_t size;

	uname(&kernel);
	snprintf(hello.build, sizeof(hello.build), "%s", server->options->build);
	snprintf(hello.kernel, sizeof(hello.kernel), "%s", kernel.release);
	size = message_encode_hello_ok(&hello, payload);
	outlet_send(&server->outlet, server->connection, MESSAGE_HELLO_OK, payload, size);
	if (!server->watch)
		outlet_event(&server->outlet, server->connection, EVENT_NOTE,
			     server->watch_error.text);
}

static void disconnect(struct server *server)
{
	server->channel.established = false;
	outlet_disconnect(&server->outlet);
	lane_reset(server->lane);
}

/* A frame that may begin a connection. */
static void connect_if_hello(struct server *server, const struct frame *frame)
{
	struct error err;

	disconnect(server);
	if (frame->type != MESSAGE_HELLO || frame->sequence != 1)
		return;
	server->connection = outlet_connect(&server->outlet, frame->nonce);
	if (frame->version == FRAME_VERSION && !frame->size) {
		server->channel.established = true;
		say_hello(server);
		return;
	}
	error_set(
		&err, ERROR_USER,
		"the agent (%s) speaks version %u of the protocol, the controller version %u: use "
		"both from one build",
		server->options->build, FRAME_VERSION, frame->version);
	outlet_failed(&server->outlet, server->connection, frame->sequence, &err);
	outlet_disconnect(&server->outlet);
}

static void handle(struct server *server, const struct frame *frame)
{
	uint64_t c0, n1 = clock_ns();
	struct error err;
	int result;

	if (!server->channel.established) {
		connect_if_hello(server, frame);
		return;
	}
	if (frame->type == MESSAGE_PING) {
		result = message_decode_ping(frame, &c0, &err);
		if (!result)
			outlet_pong(&server->outlet, c0, n1);
	} else if (frame->type == MESSAGE_HEARD) {
		result = lane_heard(server->lane, frame, &err);
	} else {
		result = lane_submit(server->lane, server->connection, frame, &err);
	}
	if (result < 0)
		outlet_failed(&server->outlet, server->connection, frame->sequence, &err);
}

static int loop(struct server *server, struct error *err)
{
	struct channel *channel = &server->channel;
	struct frame frame;
	int got;

	for (;;) {
		got = channel_receive(channel, TIME_NONE, server->options->eof_is_idle, &frame,
				      err);
		if (got > 0)
			handle(server, &frame);
		else if (channel->eof)
			return 0;
		else if (channel->failed)
			return -1;
		else if (got < 0)
			disconnect(server);
	}
}

int serve(const struct serve_options *options, struct error *err)
{
	struct server *server = calloc(1, sizeof(*server));
	int result = -1;

	if (!server)
		return error_set(err, ERROR_WORLD, "no memory for a connection");
	server->options = options;
	channel_init(&server->channel, options->in, options->out);
	server->channel.server = true;
	outlet_init(&server->outlet, &server->channel);
	server->lane = lane_start(&server->outlet, options->paths, err);
	if (!server->lane)
		goto out;
	server->watch = watch_start(&server->outlet, options->kmsg, &server->watch_error);
	result = loop(server, err);
	outlet_disconnect(&server->outlet);
out:
	watch_stop(server->watch);
	lane_stop(server->lane);
	outlet_done(&server->outlet);
	free(server);
	return result;
}
