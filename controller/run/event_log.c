/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event_log.c - see event_log.h. A log that cannot be written never stops a run. */
#include "run/event_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "rundir/rundir.h"

struct event_log {
	FILE *file;
	uint64_t start;
	const struct progress *shown;
	struct progress progress;
};

static void write_line(struct event_log *log, const char *text)
{
	fprintf(log->file, "%10.3f %s\n", (double)(clock_ns() - log->start) / NS_PER_S, text);
	fflush(log->file);
}

static void step(void *context, const char *what)
{
	struct event_log *log = context;

	write_line(log, what);
	progress_step(log->shown, "%s", what);
}

struct event_log *event_log_open(const char *run, const struct progress *progress,
				 struct error *err)
{
	struct event_log *log = calloc(1, sizeof(*log));
	char *path = rundir_path(run, NULL, "events.log");

	if (log && path)
		log->file = fopen(path, "ae");
	if (!log || !log->file) {
		error_set_errno(err, ERROR_WORLD, "%s", path ? path : run);
		free(path);
		free(log);
		return NULL;
	}
	free(path);
	log->start = clock_ns();
	log->shown = progress;
	log->progress = (struct progress){step, log};
	return log;
}

void event_log_close(struct event_log *log)
{
	if (!log)
		return;
	fclose(log->file);
	free(log);
}

void event_log_step(struct event_log *log, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	step(log, text);
}

void event_log_note(struct event_log *log, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	write_line(log, text);
}

const struct progress *event_log_progress(struct event_log *log)
{
	return &log->progress;
}
