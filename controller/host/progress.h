/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - how what touches the world says what it is doing; printed by the commands alone. */
#ifndef SITE_PROGRESS_H
#define SITE_PROGRESS_H

struct progress {
	/* `what` is a short line without newline, valid during the call only. */
	void (*step)(void *context, const char *what);
	void *context;
};

/* printf-like; progress may be NULL. */
void progress_step(const struct progress *progress, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
