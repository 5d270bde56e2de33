/* SPDX-License-Identifier: GPL-2.0-or-later */
/* serve.h - serve one controller after another over a pair of descriptors. */
#ifndef AGENT_SERVE_H
#define AGENT_SERVE_H

#include <stdbool.h>

#include "agent/io.h"
#include "common/error.h"

struct serve_options {
	int in, out;	   /* may be the same; not owned */
	bool eof_is_idle;  /* a virtio port: end of file only means that no controller is there */
	const char *build; /* our version, for HELLO_OK */
	const char *kmsg;  /* WATCH_KMSG, or a test's */
	const struct io_path *const *paths; /* io_paths */
};

/*
 * Serve until the end of the input. Returns 0 at end of file, -1 with *err (ERROR_WORLD) when it
 * cannot be read any more or a thread cannot be started. What breaks the protocol only ends a
 * connection: the next HELLO begins another.
 */
int serve(const struct serve_options *options, struct error *err);

#endif
