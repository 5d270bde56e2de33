/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * life.c - fit.h: two states of one host, and what tells of an interruption between them.
 *
 * DRBD sets a volume's counters to 0 when it is taken down. Those of a peer it also sets to 0 on
 * the side that a resync is to bring up to date, when that begins (seen on 8.4.11), and never
 * because a connection is lost. One that went back is proof of an interruption; that none did is no
 * proof of the opposite.
 */
#include <string.h>

#include "drbd/fit.h"

#define because(state, why, format, ...) \
	drbd_because(why, \
		     "resource %.128s: " format " between the two looks\n" \
		     "find out who changed it (the kernel's log of that host), and run the cell " \
		     "again", \
		     (state)->resource, ##__VA_ARGS__)

/* 8.4 counts sectors in 32 bits: at 2 TiB it begins again, and that is no sign of anything. */
static bool back(const struct drbd_count *before, const struct drbd_count *after)
{
	return before->told && after->told && after->value < before->value &&
	       before->value < (uint64_t)1 << 30;
}

static bool differs(const struct drbd_count *before, const struct drbd_count *after)
{
	return before->told != after->told || (before->told && before->value != after->value);
}

static bool same_volume(const struct drbd_state *state, const struct drbd_volume *before,
			const struct drbd_volume *after, struct drbd_why *why)
{
	if (before->volume != after->volume || differs(&before->minor, &after->minor))
		return because(state, why, "its volumes changed");
	if (differs(&before->size, &after->size))
		return because(state, why, "volume %u changed its size", before->volume);
	if (back(&before->read, &after->read) || back(&before->written, &after->written) ||
	    back(&before->al_writes, &after->al_writes) ||
	    back(&before->bm_writes, &after->bm_writes))
		return because(state, why,
			       "volume %u was taken down and up again (a counter went back)",
			       before->volume);
	return true;
}

static bool same_peer(const struct drbd_state *state, const struct drbd_peer *before,
		      const struct drbd_peer *after, struct drbd_why *why)
{
	size_t i;

	if (differs(&before->node_id, &after->node_id) || strcmp(before->name, after->name) ||
	    before->n_devices != after->n_devices)
		return because(state, why, "its connections changed");
	for (i = 0; i < before->n_devices; i++) {
		if (before->devices[i].volume != after->devices[i].volume)
			return because(state, why, "its volumes changed");
		if (back(&before->devices[i].received, &after->devices[i].received) ||
		    back(&before->devices[i].sent, &after->devices[i].sent))
			return because(state, why,
				       "volume %u or its connection was taken down and up again (a "
				       "counter went back)",
				       before->devices[i].volume);
	}
	return true;
}

bool drbd_same_life(const struct drbd_state *before, const struct drbd_state *after,
		    struct drbd_why *why)
{
	size_t i;

	if (strcmp(before->resource, after->resource))
		return because(before, why, "it became %.128s", after->resource);
	if (before->n_peers != after->n_peers)
		return because(before, why, "its connections changed");
	if (before->n_volumes != after->n_volumes)
		return because(before, why, "its volumes changed");
	for (i = 0; i < before->n_volumes; i++) {
		if (!same_volume(before, &before->volumes[i], &after->volumes[i], why))
			return false;
	}
	for (i = 0; i < before->n_peers; i++) {
		if (!same_peer(before, &before->peers[i], &after->peers[i], why))
			return false;
	}
	return true;
}
