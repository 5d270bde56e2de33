/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events.h - the text of `drbdsetup events2 --statistics RESOURCE`, of DRBD 8.4 and of 9.
 *
 * Events, keys and kinds of objects that are not known are passed over, so that a newer DRBD can be
 * read. What must be there is the end of the dump ("exists -") and one resource: without them
 * nothing is known of the state, which is not the same as a bad state.
 */
#ifndef DRBD_EVENTS_H
#define DRBD_EVENTS_H

#include "common/error.h"
#include "drbd/state.h"

/* No line of DRBD comes near it. */
#define DRBD_LINE_MAX 2048

/*
 * All that `events2 --now` printed; `source` stands for it in messages ("drbdsetup on host a"). The
 * last newline may be missing. On failure (ERROR_WORLD, with the line) *ret is not set: a line that
 * is too long or holds a NUL, a number that is none, two resources, no resource, no end.
 */
int drbd_events_parse(const char *source, const char *text, size_t len, struct drbd_state *ret,
		      struct error *err);

/*
 * One line, without its newline, of events2 with or without --now: what it says of an object takes
 * the place of what *state (all 0 before the first line) said. A time in front (--timestamps) is
 * passed over. On failure (ERROR_WORLD, without a place) *state is as it was.
 */
int drbd_events_line(const char *line, size_t len, struct drbd_state *state, struct error *err);

#endif
