/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.h - `drbdsetup events2 --statistics RESOURCE` left running beside a cell: was the resource
 * fit all the time?
 *
 * This is what the states at both ends cannot show. The kernel sends every change of state, and
 * says so when it had to drop some.
 */
#ifndef DRBD_WATCH_H
#define DRBD_WATCH_H

#include "common/error.h"
#include "drbd/events.h"
#include "drbd/why.h"

struct drbd_watch {
	struct drbd_state state; /* as of the last line */
	const char *peer;	 /* as drbd_fit takes it; the caller keeps it */
	bool unfit;		 /* at some time since the dump was whole */
	struct drbd_why why;	 /* the first reason; set when unfit */
	char line[512];		 /* the event that it came with, fit for a terminal */
	char partial[DRBD_LINE_MAX];
	size_t n_partial;
	uint64_t n_lines;
};

void drbd_watch_init(struct drbd_watch *watch, const char *peer);

/*
 * What the program printed, in pieces of any length. Returns -1 (ERROR_WORLD, with the line's
 * number) at a line that cannot be read; the watch cannot go on then.
 */
int drbd_watch_feed(struct drbd_watch *watch, const char *bytes, size_t len, struct error *err);

/*
 * At the end of the cell, the program being stopped: fit from the whole dump to the last line?
 * Otherwise *why. A line that had begun and did not end is no event yet.
 */
bool drbd_watch_fit(const struct drbd_watch *watch, struct drbd_why *why);

#endif
