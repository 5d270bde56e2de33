/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state.c - state.h: the objects of a state by their names, in arrays of fixed size. */
#include "drbd/state.h"

#include <string.h>

/* Room for one more; NULL: there is none. */
static void *append(void *array, size_t size, size_t max, size_t *n, bool *more)
{
	char *at = (char *)array + *n * size;

	if (*n == max) {
		*more = true;
		return NULL;
	}
	(*n)++;
	return memset(at, 0, size);
}

/* Close the gap. */
static void drop(void *array, size_t size, void *element, size_t *n)
{
	char *end = (char *)array + *n * size, *next = (char *)element + size;

	memmove(element, next, (size_t)(end - next));
	(*n)--;
}

struct drbd_peer *drbd_find_peer(struct drbd_state *state, const struct drbd_count *node_id,
				 const char *name)
{
	size_t i;

	for (i = 0; i < state->n_peers; i++) {
		struct drbd_peer *peer = &state->peers[i];

		/* The id, where both have one: 8.4 has no name for a peer that is StandAlone. */
		if (peer->node_id.told && node_id->told) {
			if (peer->node_id.value == node_id->value)
				return peer;
		} else if (!strcmp(peer->name, name)) {
			return peer;
		}
	}
	return NULL;
}

struct drbd_peer *drbd_add_peer(struct drbd_state *state)
{
	return append(state->peers, sizeof(state->peers[0]), DRBD_PEERS, &state->n_peers,
		      &state->more);
}

void drbd_drop_peer(struct drbd_state *state, struct drbd_peer *peer)
{
	drop(state->peers, sizeof(*peer), peer, &state->n_peers);
}

struct drbd_volume *drbd_find_volume(struct drbd_state *state, uint32_t volume)
{
	size_t i;

	for (i = 0; i < state->n_volumes; i++) {
		if (state->volumes[i].volume == volume)
			return &state->volumes[i];
	}
	return NULL;
}

struct drbd_volume *drbd_add_volume(struct drbd_state *state)
{
	return append(state->volumes, sizeof(state->volumes[0]), DRBD_VOLUMES, &state->n_volumes,
		      &state->more);
}

void drbd_drop_volume(struct drbd_state *state, struct drbd_volume *volume)
{
	drop(state->volumes, sizeof(*volume), volume, &state->n_volumes);
}

struct drbd_peer_device *drbd_find_peer_device(const struct drbd_peer *peer, uint32_t volume)
{
	size_t i;

	for (i = 0; i < peer->n_devices; i++) {
		if (peer->devices[i].volume == volume)
			return (struct drbd_peer_device *)&peer->devices[i];
	}
	return NULL;
}

struct drbd_peer_device *drbd_add_peer_device(struct drbd_state *state, struct drbd_peer *peer)
{
	return append(peer->devices, sizeof(peer->devices[0]), DRBD_VOLUMES, &peer->n_devices,
		      &state->more);
}

void drbd_drop_peer_device(struct drbd_peer *peer, struct drbd_peer_device *device)
{
	drop(peer->devices, sizeof(*device), device, &peer->n_devices);
}
