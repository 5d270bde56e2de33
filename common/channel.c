/* SPDX-License-Identifier: GPL-2.0-or-later */
/* channel.c - see channel.h. */
#include "common/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

#define IDLE_NS (5 * NS_PER_MS) /* between looks at a virtio port that nobody has opened */

void channel_init(struct channel *channel, int in, int out)
{
	channel->in = in;
	channel->out = out;
	channel->nonce = 0;
	channel->sent = channel->received = 0;
	channel->established = channel->server = false;
	channel->eof = channel->failed = false;
	channel->used = channel->consumed = 0;
}

uint8_t *channel_payload(struct channel *channel)
{
	return channel->out_buf + FRAME_HEADER_SIZE;
}

/* Milliseconds for poll(2) until the deadline, rounded up; 0 when it has passed. */
static int poll_timeout(uint64_t deadline_ns)
{
	uint64_t now = clock_ns(), ms;

	if (now >= deadline_ns)
		return 0;
	ms = (deadline_ns - now + NS_PER_MS - 1) / NS_PER_MS;
	return ms > 60000 ? 60000 : (int)ms;
}

/* Without waiting and without SIGPIPE where that can be had: on a socket, blocking or not. */
static ssize_t write_some(int fd, const uint8_t *bytes, size_t size)
{
	ssize_t n = send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	return n < 0 && errno == ENOTSOCK ? write(fd, bytes, size) : n;
}

int channel_send(struct channel *channel, uint16_t type, size_t size, uint64_t deadline_ns,
		 uint32_t *ret_sequence, struct error *err)
{
	struct frame frame = {.type = type,
			      .version = FRAME_VERSION,
			      .size = (uint32_t)size,
			      .sequence = channel->sent + 1,
			      .nonce = channel->nonce};
	struct pollfd wait = {.fd = channel->out, .events = POLLOUT};
	size_t at = 0, total = FRAME_HEADER_SIZE + size;
	ssize_t n;

	frame_seal(&frame, channel->out_buf);
	while (at < total) {
		if (poll(&wait, 1, poll_timeout(deadline_ns)) <= 0) {
			if (clock_ns() < deadline_ns)
				continue;
			return error_set(err, ERROR_WORLD,
					 "the other side took only %zu of %zu bytes in time", at,
					 total);
		}
		n = write_some(channel->out, channel->out_buf + at, total - at);
		if (n >= 0)
			at += (size_t)n;
		else if (errno != EAGAIN && errno != EINTR)
			return error_set_errno(err, ERROR_WORLD, "cannot send to the other side");
		else if (!(wait.revents & POLLOUT))
			clock_sleep(IDLE_NS); /* a port without a controller: poll does not wait */
	}
	channel->sent++;
	if (ret_sequence)
		*ret_sequence = channel->sent;
	return 0;
}

/* Forget the bytes that have been dealt with. */
static void compact(struct channel *channel)
{
	channel->used -= channel->consumed;
	memmove(channel->buf, channel->buf + channel->consumed, channel->used);
	channel->consumed = 0;
}

/* A HELLO of a new controller behind a frame that the last one could not send to its end: 1 or 0.
 */
static int hello_behind(struct channel *channel, struct frame *ret)
{
	struct frame frame;
	int64_t got;
	size_t skip;

	if (!channel->server || !channel->established || channel->used < 1)
		return 0;
	got = frame_next(channel->buf + 1, channel->used - 1, true, &frame, &skip, NULL);
	if (got <= 0 || frame.sequence != 1 || frame.nonce == channel->nonce)
		return 0;
	channel->consumed = 1 + (size_t)got;
	*ret = frame;
	return 1;
}

/* A frame from what has been read: 1, 0 = none whole yet, -1. */
static int next_buffered(struct channel *channel, struct frame *ret, struct error *err)
{
	int64_t got;
	size_t skip;

	compact(channel);
	got = frame_next(channel->buf, channel->used, !channel->established, ret, &skip, err);
	if (got < 0)
		return -1;
	channel->consumed = got ? (size_t)got : skip;
	if (!got && !hello_behind(channel, ret))
		return 0;
	if (channel->server && ret->sequence == 1)
		channel->established = false;
	if (channel->established &&
	    (ret->nonce != channel->nonce || ret->sequence != channel->received + 1))
		return error_set(err, ERROR_WORLD,
				 "the other side sent a frame of another connection, or out of "
				 "sequence (%u after %u)",
				 ret->sequence, channel->received);
	channel->received = ret->sequence;
	return 1;
}

int channel_receive(struct channel *channel, uint64_t deadline_ns, bool eof_is_idle,
		    struct frame *ret, struct error *err)
{
	struct pollfd wait = {.fd = channel->in, .events = POLLIN};
	int got;
	ssize_t n;

	for (;;) {
		got = next_buffered(channel, ret, err);
		if (got)
			return got;
		compact(channel);
		got = poll(&wait, 1, poll_timeout(deadline_ns));
		if (got < 0 && errno != EINTR) {
			channel->failed = true;
			return error_set_errno(err, ERROR_WORLD, "cannot wait for the other side");
		}
		if (got < 0 || (!got && clock_ns() >= deadline_ns))
			return 0;
		if (!got)
			continue;
		n = read(channel->in, channel->buf + channel->used,
			 sizeof(channel->buf) - channel->used);
		if (n > 0) {
			channel->used += (size_t)n;
		} else if (!n && eof_is_idle) {
			if (clock_ns() >= deadline_ns)
				return 0;
			clock_sleep(IDLE_NS);
		} else if (!n) {
			channel->eof = true;
			return error_set(err, ERROR_WORLD, "the other side hung up");
		} else if (errno != EAGAIN && errno != EINTR) {
			channel->failed = true;
			return error_set_errno(err, ERROR_WORLD, "cannot read from the other side");
		}
	}
}
