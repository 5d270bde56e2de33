/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replication_watch.c - `drbdsetup events2` left running on a host while a cell runs.
 *
 * It is read when somebody asks (replication_goes_on): a change of state is a line, there are few
 * of them, and the socket holds many. That the program ended, or said what cannot be read, is kept:
 * from then on nobody knows, and what nobody knows is not fit.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "site/replication_parts.h"

int side_watch_start(struct side *side, struct error *err)
{
	const char *const argv[] = {"drbdsetup", "events2", "--statistics", side->at.resource,
				    NULL};

	side_watch_stop(side);
	side->unheard[0] = '\0';
	drbd_watch_init(&side->watch, NULL);
	side->fd = host_stream(side->at.host, argv, err);
	return side->fd < 0 ? -1 : 0;
}

void side_watch_stop(struct side *side)
{
	if (side->fd >= 0)
		close(side->fd);
	side->fd = -1;
}

static void lose(struct side *side, const char *why)
{
	snprintf(side->unheard, sizeof(side->unheard), "%.500s", why);
	side_watch_stop(side);
}

void side_watch_poll(struct side *side)
{
	char bytes[4096];
	struct error err;
	ssize_t n;

	while (side->fd >= 0) {
		n = read(side->fd, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			lose(side, "drbdsetup events2 ended by itself");
		else if (drbd_watch_feed(&side->watch, bytes, (size_t)n, &err) < 0)
			lose(side, err.text);
	}
}

bool side_watch_fit(const struct side *side, struct drbd_why *why)
{
	struct drbd_why seen;

	/* What it saw before it ended is known. */
	if (side->watch.unfit)
		return drbd_because(why, "%.500s (%s)\n%s", side->watch.why.text, side->watch.line,
				    side->watch.why.remedy);
	if (side->unheard[0])
		return drbd_because(why,
				    "resource %s: what happened is not known: %s\nlook at the "
				    "kernel's log of that host, and run the cell again",
				    side->at.resource, side->unheard);
	if (drbd_watch_fit(&side->watch, &seen))
		return true;
	if (why)
		*why = seen;
	return false;
}
