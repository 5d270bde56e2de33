/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream_pump.c - see stream_pump.h.
 *
 * libvirt's streams are non-blocking only together with its event loop, so the thread that runs
 * that loop moves the bytes; everybody else sees a plain descriptor with poll(2) and deadlines. A
 * pump lives in the event thread alone: it is torn down there when either side ends. Each
 * direction holds one buffer; while it is full, its source is not read (back-pressure instead of
 * growth).
 */
#include "virt/stream_pump.h"

#include <errno.h>
#include <libvirt/virterror.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define PUMP_BUFFER 65536

struct direction {
	char bytes[PUMP_BUFFER];
	size_t at, used; /* bytes[at..used) wait for the sink */
};

struct pump {
	virStreamPtr stream;
	int fd, watch; /* our end of the socketpair */
	struct direction to_guest, to_us;
	bool ended;
};

static void pump_free(void *context)
{
	struct pump *pump = context;

	close(pump->fd);
	virStreamFree(pump->stream);
	free(pump);
}

static void pump_end(struct pump *pump)
{
	if (pump->ended)
		return;
	pump->ended = true;
	virStreamEventRemoveCallback(pump->stream);
	virStreamAbort(pump->stream);
	shutdown(pump->fd, SHUT_RDWR);
	virEventRemoveHandle(pump->watch); /* frees the pump, later, from the event loop */
}

/* Move bytes of a full or refilled buffer on; false when a side has ended. */
static bool move_to_us(struct pump *pump)
{
	struct direction *d = &pump->to_us;
	ssize_t n;
	int got;

	for (;;) {
		while (d->at < d->used) {
			n = write(pump->fd, d->bytes + d->at, d->used - d->at);
			if (n < 0)
				return errno == EAGAIN || errno == EINTR;
			d->at += (size_t)n;
		}
		d->at = d->used = 0;
		got = virStreamRecv(pump->stream, d->bytes, sizeof(d->bytes));
		if (got == -2)
			return true;
		if (got <= 0)
			return false;
		d->used = (size_t)got;
	}
}

static bool move_to_guest(struct pump *pump)
{
	struct direction *d = &pump->to_guest;
	ssize_t n;
	int got;

	for (;;) {
		while (d->at < d->used) {
			got = virStreamSend(pump->stream, d->bytes + d->at, d->used - d->at);
			if (got == -2)
				return true;
			if (got < 0)
				return false;
			d->at += (size_t)got;
		}
		d->at = d->used = 0;
		n = read(pump->fd, d->bytes, sizeof(d->bytes));
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (!n)
			return false;
		d->used = (size_t)n;
	}
}

/* Move what can be moved, then listen to just what can make progress. */
static void pump_run(struct pump *pump)
{
	int stream_events = VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP;
	int fd_events = VIR_EVENT_HANDLE_ERROR | VIR_EVENT_HANDLE_HANGUP;

	if (pump->ended)
		return;
	if (!move_to_us(pump) || !move_to_guest(pump)) {
		pump_end(pump);
		return;
	}
	if (pump->to_us.at < pump->to_us.used)
		fd_events |= VIR_EVENT_HANDLE_WRITABLE;
	else
		stream_events |= VIR_STREAM_EVENT_READABLE;
	if (pump->to_guest.at < pump->to_guest.used)
		stream_events |= VIR_STREAM_EVENT_WRITABLE;
	else
		fd_events |= VIR_EVENT_HANDLE_READABLE;
	virStreamEventUpdateCallback(pump->stream, stream_events);
	virEventUpdateHandle(pump->watch, fd_events);
}

static void on_stream(virStreamPtr stream, int events, void *context)
{
	(void)stream;
	if (events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP))
		pump_end(context);
	else
		pump_run(context);
}

static void on_socket(int watch, int fd, int events, void *context)
{
	(void)watch;
	(void)fd;
	if (events & (VIR_EVENT_HANDLE_ERROR | VIR_EVENT_HANDLE_HANGUP))
		pump_end(context);
	else
		pump_run(context);
}

/* First run of the pump, in the event loop's thread like all others. */
static void on_start(int timer, void *context)
{
	virEventRemoveTimeout(timer);
	pump_run(context);
}

/* Hand the pump to the event loop, which owns and frees it from then on, whatever is returned. */
static int start(struct pump *pump, struct error *err)
{
	pump->watch = virEventAddHandle(pump->fd, 0, on_socket, pump, pump_free);
	if (pump->watch < 0) {
		virStreamAbort(pump->stream);
		pump_free(pump);
		return error_set(err, ERROR_WORLD, "libvirt: cannot watch a channel: %s",
				 virGetLastErrorMessage());
	}
	if (virStreamEventAddCallback(pump->stream,
				      VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP, on_stream,
				      pump, NULL) < 0 ||
	    virEventAddTimeout(0, on_start, pump, NULL) < 0) {
		pump_end(pump);
		return error_set(err, ERROR_WORLD, "libvirt: cannot watch a channel: %s",
				 virGetLastErrorMessage());
	}
	return 0;
}

int stream_pump_start(virStreamPtr stream, struct error *err)
{
	struct pump *pump = calloc(1, sizeof(*pump));
	int ends[2];

	if (!pump || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
		free(pump);
		return error_set_errno(err, ERROR_WORLD, "cannot make a socket for a channel");
	}
	virStreamRef(stream);
	pump->stream = stream;
	pump->fd = ends[1];
	if (!start(pump, err))
		return ends[0];
	close(ends[0]);
	return -1;
}
