/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event_log.h - events.log of a run: what the controller did, when; and on to the progress line. */
#ifndef RUN_EVENT_LOG_H
#define RUN_EVENT_LOG_H

#include "common/error.h"
#include "host/progress.h"

struct event_log;

/* Lines go to RUN/events.log and to `progress` (may be NULL). NULL with *err. */
struct event_log *event_log_open(const char *run, const struct progress *progress,
				 struct error *err);
void event_log_close(struct event_log *log);

/* A step that is shown to the user and logged / only logged. */
void event_log_step(struct event_log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void event_log_note(struct event_log *log, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The log as a struct progress, to be handed to site/. */
const struct progress *event_log_progress(struct event_log *log);

#endif
