/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_stream.c - ssh.h: a program on the host as one end of a socket.
 *
 * A session belongs to one thread, so each stream has one of its own, and hands it over to its
 * thread once the program was started. From then on that thread alone touches it: it takes in what
 * came, carries what it can either way, and sleeps until a socket has something. Nothing is carried
 * faster than it is taken away at the other end: libssh lets the host send so much and no more
 * until it was read.
 *
 * sshd does not end a program whose channel is closed, unless it happens to read or write. So a
 * shell there carries the program's input, sees its end, and ends the program, and ends itself with
 * it. All of them are of one group, since sshd makes a session for each command.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "host/ssh_internal.h"

#define START_NS (10 * NS_PER_S)
#define WAIT_MS 1000

/* "$@": the program and its arguments. */
static const char script[] = "exec 2>/dev/null; "
			     "{ cat; exec >&-; sleep 2; trap '' TERM; kill 0; sleep 1; "
			     "kill -9 0; } | { \"$@\"; kill -9 0; }";

static const char *const there[] = {"sh", "-c", script, "sh", NULL};

/* On the way, in one direction. */
struct load {
	char bytes[16384];
	size_t at, end;
};

struct pump {
	struct ssh_host *ssh;
	ssh_channel channel;
	struct load up, down; /* to the host, from the host */
	bool up_ended;	      /* and so the host was told */
};

/* Put what a read returned into an empty load. */
static bool loaded(struct load *load, ssize_t n)
{
	load->at = 0;
	load->end = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static bool is_empty(const struct load *load)
{
	return load->at == load->end;
}

static bool is_for_later(ssize_t n)
{
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

/* -1: nothing more will come, or nobody takes it. */
static int carry_down(struct pump *pump, int fd, bool *ret_moved)
{
	struct load *load = &pump->down;
	ssize_t n;

	if (is_empty(load)) {
		n = ssh_channel_read_nonblocking(pump->channel, load->bytes, sizeof(load->bytes),
						 0);
		if ((n < 0 && n != SSH_AGAIN) || (!n && ssh_channel_is_eof(pump->channel)))
			return -1;
		*ret_moved |= loaded(load, n);
	}
	if (is_empty(load))
		return 0;
	n = send(fd, load->bytes + load->at, load->end - load->at, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return is_for_later(n) ? 0 : -1;
	load->at += (size_t)n;
	*ret_moved = true;
	return 0;
}

/* -1: the connection is gone. */
static int carry_up(struct pump *pump, int fd, bool *ret_moved)
{
	struct load *load = &pump->up;
	uint32_t window = ssh_channel_window_size(pump->channel);
	size_t size;
	ssize_t n;

	if (is_empty(load) && !pump->up_ended) {
		n = recv(fd, load->bytes, sizeof(load->bytes), MSG_DONTWAIT);
		if (n <= 0 && !is_for_later(n)) {
			ssh_channel_send_eof(pump->channel);
			pump->up_ended = true;
		}
		*ret_moved |= loaded(load, n);
	}
	size = load->end - load->at < window ? load->end - load->at : window;
	if (!size) /* nothing to send, or the host does not take it yet */
		return 0;
	n = ssh_channel_write(pump->channel, load->bytes + load->at, (uint32_t)size);
	if (n < 0)
		return n == SSH_AGAIN ? 0 : -1;
	load->at += (size_t)n;
	*ret_moved |= n > 0;
	return 0;
}

/* Until a socket has something for us; -1: the user has closed his. */
static int wait_for_either(const struct pump *pump, int fd)
{
	ssh_session session = pump->ssh->session;
	bool pending = ssh_get_poll_flags(session) & SSH_WRITE_PENDING;
	struct pollfd fds[] = {
		{.fd = ssh_get_fd(session), .events = (short)(POLLIN | (pending ? POLLOUT : 0))},
		{.fd = fd,
		 .events = (short)((is_empty(&pump->up) && !pump->up_ended ? POLLIN : 0) |
				   (is_empty(&pump->down) ? 0 : POLLOUT))},
	};

	poll(fds, 2, WAIT_MS);
	return fds[1].revents & (POLLHUP | POLLERR) ? -1 : 0;
}

static void serve(void *context, int fd)
{
	struct pump *pump = context;
	bool moved;

	for (;;) {
		moved = false;
		ssh_event_dopoll(pump->ssh->event, 0);
		if (carry_down(pump, fd, &moved) < 0 || carry_up(pump, fd, &moved) < 0)
			return;
		if (!moved &&
		    (!ssh_is_connected(pump->ssh->session) || wait_for_either(pump, fd) < 0))
			return;
	}
}

static void release(void *context)
{
	struct pump *pump = context;

	if (!pump)
		return;
	if (pump->channel)
		ssh_channel_free(pump->channel);
	ssh_host_close(pump->ssh);
	free(pump);
}

static struct pump *start(const struct host_options *options, const char *const argv[],
			  struct error *err)
{
	struct pump *pump = calloc(1, sizeof(*pump));
	char warning[768], *line = ssh_host_line(there, argv, err);
	int result = -1;

	if (!pump || !line) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	pump->ssh = ssh_host_open(options, warning, sizeof(warning), err);
	if (!pump->ssh)
		goto out;
	pump->channel = ssh_channel_new(pump->ssh->session);
	if (!pump->channel)
		ssh_host_fail(pump->ssh, argv[0], err);
	else
		result = ssh_host_start(pump->ssh, pump->channel, line, clock_ns() + START_NS,
					argv[0], err);
out:
	free(line);
	if (!result)
		return pump;
	release(pump);
	return NULL;
}

int ssh_stream(struct stream **streams, const struct host_options *options,
	       const char *const argv[], struct error *err)
{
	const struct stream_service service = {
		.serve = serve, .release = release, .context = start(options, argv, err)};

	return service.context ? stream_open(streams, &service, err) : -1;
}
