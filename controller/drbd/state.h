/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * state.h - what DRBD says of one resource on one host, as data.
 *
 * Words are DRBD's own and kept as it wrote them ("UpToDate"), so that one that we do not know is
 * still printed; "" is one that was not told. All text is fit for a terminal. No pointers: copy it,
 * compare it, forget it.
 */
#ifndef DRBD_STATE_H
#define DRBD_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DRBD_PEERS 8
#define DRBD_VOLUMES 16

/* With the terminator. */
#define DRBD_NAME 129
#define DRBD_WORD 48

struct drbd_count {
	bool told;
	uint64_t value;
};

/* One volume as this host sees it at one peer. Sizes are KiB, as DRBD counts them. */
struct drbd_peer_device {
	uint32_t volume;
	char replication[DRBD_WORD], disk[DRBD_WORD];
	struct drbd_count out_of_sync, received, sent;
};

/* DRBD 8.4 has one peer, and always calls it "peer", node 0. */
struct drbd_peer {
	struct drbd_count node_id;
	char name[DRBD_NAME];
	char connection[DRBD_WORD], role[DRBD_WORD];
	struct drbd_peer_device devices[DRBD_VOLUMES];
	size_t n_devices;
};

struct drbd_volume {
	uint32_t volume;
	struct drbd_count minor; /* of /dev/drbdN */
	char disk[DRBD_WORD];
	char quorum[DRBD_WORD]; /* DRBD 9 */
	struct drbd_count size, read, written, al_writes, bm_writes;
};

struct drbd_state {
	char resource[DRBD_NAME];
	char role[DRBD_WORD], suspended[DRBD_WORD];
	char force_io_failures[DRBD_WORD]; /* DRBD 9.1 */
	struct drbd_peer peers[DRBD_PEERS];
	size_t n_peers;
	struct drbd_volume volumes[DRBD_VOLUMES];
	size_t n_volumes;
	bool more;    /* there are more peers or volumes than are kept here */
	bool gone;    /* the resource was taken down (a stream of events only) */
	bool skipped; /* events were lost (a stream of events only) */
	bool whole;   /* the dump of the state as it was is complete */
};

/*
 * The objects of a state by their names. find: NULL if it is not there. add: a new one, all 0;
 * NULL, and state->more, if there is no room for it. drop: of this state.
 */
struct drbd_peer *drbd_find_peer(struct drbd_state *state, const struct drbd_count *node_id,
				 const char *name);
struct drbd_peer *drbd_add_peer(struct drbd_state *state);
void drbd_drop_peer(struct drbd_state *state, struct drbd_peer *peer);

struct drbd_volume *drbd_find_volume(struct drbd_state *state, uint32_t volume);
struct drbd_volume *drbd_add_volume(struct drbd_state *state);
void drbd_drop_volume(struct drbd_state *state, struct drbd_volume *volume);

struct drbd_peer_device *drbd_find_peer_device(const struct drbd_peer *peer, uint32_t volume);
struct drbd_peer_device *drbd_add_peer_device(struct drbd_state *state, struct drbd_peer *peer);
void drbd_drop_peer_device(struct drbd_peer *peer, struct drbd_peer_device *device);

#endif
