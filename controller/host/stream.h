/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream.h - for host.c: programs as descriptors, each served by a thread of its own. */
#ifndef SITE_STREAM_H
#define SITE_STREAM_H

#include "common/error.h"

/* Who is behind a descriptor. */
struct stream_service {
	/* In the thread: until the program ends, or fd, our end of the pair, hangs up (POLLHUP). */
	void (*serve)(void *context, int fd);
	void (*release)(void *context); /* after that, or when there is no thread */
	void *context;
};

struct stream;

/*
 * Add one to the list. Returns the user's end of a socket pair: non-blocking, closed on exec; to be
 * closed, which ends the service; when the service ends, reading it comes to the end of file. -1
 * with *err. The context is released in either case.
 */
int stream_open(struct stream **streams, const struct stream_service *service, struct error *err);

/* End all of the list and wait for them. The users' ends stay open, and come to the end of file. */
void stream_end_all(struct stream **streams);

#endif
