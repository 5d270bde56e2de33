/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restore.h - put back the guests that a run changed, from its run directory alone. */
#ifndef SITE_RESTORE_H
#define SITE_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "host/progress.h"

struct restore_options {
	uint64_t timeout_ns; /* for a guest to shut down */
	bool destroy;	     /* pull the plug of one that does not */
	bool force;	     /* overwrite what somebody else has changed since, too */
	const struct progress *progress;
	/* One line for each guest: what was done, that nothing was to be done, or what is in the
	 * way. */
	void (*say)(void *context, const char *line, bool failed);
	void *context;
};

/*
 * 0: all is as it was. -1 with *err: ERROR_USER if it is no run directory or not our own,
 * ERROR_INTERRUPTED, else ERROR_WORLD: `say` has told of each guest that could not be put back.
 */
int restore_run(const char *run, const struct restore_options *options, struct error *err);

#endif
