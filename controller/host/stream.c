/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.c - see stream.h.
 *
 * Threads are waited for, never left alone: one that still talks to a library while the program
 * exits, and the library with it, would crash now and then. So our end of a pair stays open until
 * its thread was waited for, and is shut down before: that may be done from anywhere, and tells
 * both the thread and the user.
 */
#include "host/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct stream {
	struct stream *next;
	struct stream_service service;
	pthread_t thread;
	int fd;
	atomic_bool ended;
};

static void *run(void *context)
{
	struct stream *stream = context;

	stream->service.serve(stream->service.context, stream->fd);
	shutdown(stream->fd, SHUT_RDWR);
	stream->service.release(stream->service.context);
	atomic_store(&stream->ended, true);
	return NULL;
}

static void end(struct stream *stream)
{
	shutdown(stream->fd, SHUT_RDWR);
	pthread_join(stream->thread, NULL);
	close(stream->fd);
	free(stream);
}

static void forget_ended(struct stream **streams)
{
	struct stream **at = streams, *stream;

	for (stream = *at; stream; stream = *at) {
		if (!atomic_load(&stream->ended)) {
			at = &stream->next;
			continue;
		}
		*at = stream->next;
		end(stream);
	}
}

/* With all signals blocked: they are for the thread that waits. */
static int start_thread(struct stream *stream, struct error *err)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&stream->thread, NULL, run, stream);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failed;
	return failed ? error_set_errno(err, ERROR_WORLD, "thread") : 0;
}

int stream_open(struct stream **streams, const struct stream_service *service, struct error *err)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	int pair[2] = {-1, -1};

	forget_ended(streams);
	if (!stream) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto fail;
	}
	/* Only the user's end is non-blocking: programs expect that theirs is not. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0 ||
	    fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0) {
		error_set_errno(err, ERROR_WORLD, "socket");
		goto fail;
	}
	stream->service = *service;
	stream->fd = pair[1];
	if (start_thread(stream, err) < 0)
		goto fail;
	stream->next = *streams;
	*streams = stream;
	return pair[0];
fail:
	if (pair[0] >= 0) {
		close(pair[0]);
		close(pair[1]);
	}
	free(stream);
	service->release(service->context);
	return -1;
}

void stream_end_all(struct stream **streams)
{
	struct stream *stream;

	for (stream = *streams; stream; stream = stream->next)
		shutdown(stream->fd, SHUT_RDWR);
	while ((stream = *streams)) {
		*streams = stream->next;
		end(stream);
	}
}
