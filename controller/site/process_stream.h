/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_stream.h - a program on this machine, as one end of a socket. */
#ifndef SITE_PROCESS_STREAM_H
#define SITE_PROCESS_STREAM_H

#include "site/stream.h"

/* As host_stream; the stream is added to the list. */
int process_stream(struct stream **streams, const char *const argv[], struct error *err);

#endif
