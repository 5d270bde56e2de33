/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_stream.h - a program on this machine, as one end of a socket. */
#ifndef HOST_PROCESS_STREAM_H
#define HOST_PROCESS_STREAM_H

#include "host/stream.h"

/* As host_stream; the stream is added to the list. */
int process_stream(struct stream **streams, const char *const argv[], struct error *err);

#endif
