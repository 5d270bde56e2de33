/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch.h - a thread that forwards kernel log lines about GFS2, DLM and block devices. */
#ifndef AGENT_WATCH_H
#define AGENT_WATCH_H

#include <stdbool.h>

#include "agent/outlet.h"

#define WATCH_KMSG "/dev/kmsg"

struct watch;

/* Is this line one of those? */
bool watch_wants(const char *line);

/*
 * Start forwarding what the kernel logs from now on, as EVENT_KERNEL records to whoever is
 * connected. path: WATCH_KMSG, or a test's. NULL with *err when the log cannot be read.
 */
struct watch *watch_start(struct outlet *outlet, const char *path, struct error *err);

/* End the thread; NULL is fine. */
void watch_stop(struct watch *watch);

#endif
