/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.c - see watch.h.
 *
 * After every event the whole state is judged anew: what makes it fit stands in one place only.
 */
#include "drbd/watch.h"

#include <string.h>

#include "common/parse.h"
#include "drbd/fit.h"

void drbd_watch_init(struct drbd_watch *watch, const char *peer)
{
	memset(watch, 0, sizeof(*watch));
	watch->peer = peer;
}

static int take_line(struct drbd_watch *watch, const char *line, size_t len, struct error *err)
{
	watch->n_lines++;
	if (drbd_events_line(line, len, &watch->state, err) < 0)
		return error_prefix(err, "events2: line %llu", (unsigned long long)watch->n_lines);
	/* Until the dump is whole, what is not there yet is not missing. */
	if (!watch->state.whole || watch->unfit)
		return 0;
	if (!drbd_fit(&watch->state, watch->peer, &watch->why)) {
		watch->unfit = true;
		printable(line, len, watch->line, sizeof(watch->line));
	}
	return 0;
}

int drbd_watch_feed(struct drbd_watch *watch, const char *bytes, size_t len, struct error *err)
{
	const char *end = bytes + len, *newline;
	size_t part;

	while (bytes < end) {
		newline = memchr(bytes, '\n', (size_t)(end - bytes));
		part = (size_t)((newline ? newline : end) - bytes);
		if (part > sizeof(watch->partial) - watch->n_partial)
			return error_set(err, ERROR_WORLD,
					 "events2: line %llu: a line of more than %d bytes",
					 (unsigned long long)watch->n_lines + 1, DRBD_LINE_MAX);
		memcpy(watch->partial + watch->n_partial, bytes, part);
		watch->n_partial += part;
		if (!newline)
			return 0;
		if (take_line(watch, watch->partial, watch->n_partial, err) < 0)
			return -1;
		watch->n_partial = 0;
		bytes = newline + 1;
	}
	return 0;
}

bool drbd_watch_fit(const struct drbd_watch *watch, struct drbd_why *why)
{
	if (watch->unfit) {
		if (why)
			*why = watch->why;
		return false;
	}
	return drbd_fit(&watch->state, watch->peer, why); /* also: was the dump ever whole? */
}
