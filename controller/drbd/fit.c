/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fit.c - see fit.h.
 *
 * A chain of questions, the first that fails being the reason: a question further down is only
 * asked when what would explain its answer is in order. That all were asked is what "fit" means.
 */
#include "drbd/fit.h"

#include <string.h>

struct look {
	const struct drbd_state *state;
	const struct drbd_peer *peer;
	struct drbd_why *why;
};

static bool is(const char *word, const char *wanted)
{
	return !strcmp(word, wanted);
}

static const char *or_unknown(const char *word)
{
	return word[0] ? word : "unknown";
}

/* The resource's name stands before every reason. Widths leave room for the remedy. */
#define because(look, format, ...) \
	drbd_because((look)->why, "resource %.128s: " format, or_unknown((look)->state->resource), \
		     ##__VA_ARGS__)

static bool fit_told(const struct look *look)
{
	const struct drbd_state *state = look->state;

	if (state->gone)
		return because(look, "it was taken down\ndrbdadm up %.128s", state->resource);
	if (!state->resource[0] || !state->whole)
		return because(look, "its state was not told\ndrbdsetup events2 --now "
				     "--statistics RESOURCE");
	if (state->skipped)
		return because(look, "DRBD lost events, so that what happened is not known\nlook "
				     "at the kernel's log of that host");
	return true;
}

static bool fit_connection(const struct look *look)
{
	const char *name = look->state->resource, *connection = look->peer->connection;
	const char *role = or_unknown(look->peer->role);

	if (is(connection, "Connected"))
		return true;
	if (is(connection, "StandAlone"))
		return because(
			look,
			"connection StandAlone (after a split brain DRBD stays so until somebody "
			"resolves it; also after drbdadm disconnect), peer's role %s\n"
			"look for \"Split-Brain\" in the kernel's log of both hosts. If it is "
			"there, choose whose data is to be lost; on that host: drbdadm secondary "
			"%.128s; drbdadm connect --discard-my-data %.128s. Then, on the other: "
			"drbdadm connect %.128s",
			role, name, name, name);
	if (is(connection, "Connecting") || is(connection, "Unconnected"))
		return because(
			look,
			"connection %s: it waits for its peer, which is not there or StandAlone, "
			"peer's role %s\nlook at the same resource on the other host, and "
			"whether the hosts reach each other on its port",
			connection, role);
	if (!connection[0])
		return because(look, "no connection was told\ndrbdadm adjust %.128s", name);
	return because(look,
		       "connection %.47s, peer's role %s\nwait whether it comes back, and look at "
		       "the kernel's log for what cut it",
		       connection, role);
}

static bool fit_io(const struct look *look)
{
	const struct drbd_state *state = look->state;

	if (!is(state->suspended, "no"))
		return because(
			look,
			"I/O is suspended (%s): guests hang until it goes on\n"
			"by fencing: it goes on when the fence-peer handler has ended, or with "
			"drbdadm resume-io %.128s once the other host is known to be down",
			or_unknown(state->suspended), state->resource);
	if (state->force_io_failures[0] && !is(state->force_io_failures, "no"))
		return because(look,
			       "its I/O is made to fail (force-io-failures)\ndrbdadm secondary "
			       "%.128s ends that, once nobody has it open",
			       state->resource);
	return true;
}

static bool is_resync(const char *replication)
{
	return strstr(replication, "Sync") || !strncmp(replication, "WF", 2) ||
	       is(replication, "Ahead") || is(replication, "Behind");
}

/* Why a host that is not Primary may not be able to be: its disk. */
static const char *first_bad_disk(const struct drbd_state *state)
{
	size_t i;

	for (i = 0; i < state->n_volumes; i++) {
		if (!is(state->volumes[i].disk, "UpToDate"))
			return state->volumes[i].disk;
	}
	return NULL;
}

static bool fit_roles(const struct look *look)
{
	const struct drbd_state *state = look->state;
	const char *disk = first_bad_disk(state);
	size_t i, primaries = 0;

	if (!is(state->role, "Primary"))
		return because(look,
			       "its role here is %s%s%s%s\ndrbdadm primary %.128s on this host%s",
			       or_unknown(state->role), disk ? " (its disk is " : "",
			       disk ? or_unknown(disk) : "", disk ? ")" : "", state->resource,
			       disk ? ", once its data is good" : "");
	if (!is(look->peer->role, "Primary"))
		return because(look,
			       "the peer's role is %s: the volume is not dual-primary\n"
			       "drbdadm primary %.128s on the other host",
			       or_unknown(look->peer->role), state->resource);
	for (i = 0; i < state->n_peers; i++)
		primaries += is(state->peers[i].role, "Primary");
	if (primaries > 1)
		return because(look,
			       "%zu peers are Primary: a third host may write\n"
			       "drbdadm secondary %.128s there",
			       primaries, state->resource);
	return true;
}

static bool fit_disk(const struct look *look, uint32_t volume, const char *where, const char *disk)
{
	const char *remedy;

	if (is(disk, "UpToDate"))
		return true;
	if (is(disk, "Inconsistent"))
		remedy = "wait for the resync; if none runs, this data was never synced: drbdadm "
			 "invalidate there";
	else if (is(disk, "Outdated") || is(disk, "Consistent"))
		remedy = "it was left behind by the other host: connect, and wait for the resync";
	else if (is(disk, "Diskless") || is(disk, "Failed") || is(disk, "Detaching"))
		remedy = "look for errors of the disk below in the kernel's log, then drbdadm "
			 "attach";
	else
		remedy = "look at the same resource on the other host";
	return because(look, "volume %u: the disk %s is %s\n%s", volume, where, or_unknown(disk),
		       remedy);
}

static bool fit_volume(const struct look *look, const struct drbd_volume *volume)
{
	const struct drbd_peer_device *peer = drbd_find_peer_device(look->peer, volume->volume);
	const char *replication = peer ? peer->replication : "";

	if (is_resync(replication))
		return because(look, "volume %u: a resync is on its way (%.47s)\nwait for its end",
			       volume->volume, replication);
	if (!fit_disk(look, volume->volume, "here", volume->disk) ||
	    !fit_disk(look, volume->volume, "of the peer", peer ? peer->disk : ""))
		return false;
	if (volume->quorum[0] && !is(volume->quorum, "yes"))
		return because(look,
			       "volume %u: no quorum (%s)\nbring the other hosts of the resource "
			       "back",
			       volume->volume, volume->quorum);
	if (is(replication, "VerifyS") || is(replication, "VerifyT"))
		return because(look,
			       "volume %u: online verify runs (%s)\nwait for its end, or "
			       "drbdadm disconnect and connect %.128s",
			       volume->volume, replication, look->state->resource);
	if (!peer || !is(replication, "Established"))
		return because(look,
			       "volume %u: replication is %s, not Established\nlook at the same "
			       "resource on the other host",
			       volume->volume, or_unknown(replication));
	if (!peer->out_of_sync.told)
		return because(look,
			       "volume %u: how much is out of sync was not told\n"
			       "drbdsetup events2 --now --statistics RESOURCE",
			       volume->volume);
	if (peer->out_of_sync.value)
		return because(look,
			       "volume %u: %llu KiB are out of sync and no resync is on its way: "
			       "the replicas differ, as a verify has found\n"
			       "choose whose data is to be lost; there: drbdadm disconnect, and "
			       "drbdadm connect --discard-my-data %.128s",
			       volume->volume, (unsigned long long)peer->out_of_sync.value,
			       look->state->resource);
	return true;
}

static bool fit_volumes(const struct look *look)
{
	size_t i;

	if (!look->state->n_volumes)
		return because(look, "it has no volume\ndrbdadm adjust %.128s",
			       look->state->resource);
	for (i = 0; i < look->state->n_volumes; i++) {
		if (!fit_volume(look, &look->state->volumes[i]))
			return false;
	}
	if (look->state->more)
		return because(look,
			       "it has more than %d peers or %d volumes, and the rest was "
			       "not looked at\ntest a resource with fewer",
			       DRBD_PEERS, DRBD_VOLUMES);
	return true;
}

/* The peer that is meant; NULL, with the reason, if that is not clear. */
static const struct drbd_peer *find_peer(const struct look *look, const char *name)
{
	const struct drbd_state *state = look->state;
	const struct drbd_peer *found = NULL;
	size_t i, n = 0;

	for (i = 0; i < state->n_peers; i++) {
		const struct drbd_peer *peer = &state->peers[i];

		if (name ? is(peer->name, name)
			 : state->n_peers == 1 || is(peer->role, "Primary")) {
			found = peer;
			n++;
		}
	}
	if (n == 1)
		return found;
	if (!state->n_peers)
		because(look, "it has no connection\ndrbdadm adjust %.128s", state->resource);
	else if (name)
		because(look,
			"it has no connection to %.128s\nits name in the configuration of "
			"DRBD is meant (uname -n there)",
			name);
	else if (n)
		because(look, "%zu peers are Primary\ndrbdadm secondary %.128s on all but one", n,
			state->resource);
	else
		because(look,
			"none of its %zu peers is known to be Primary (%.128s: %s, role %s)\n"
			"drbdadm primary %.128s on the other host of the test",
			state->n_peers, or_unknown(state->peers[0].name),
			or_unknown(state->peers[0].connection), or_unknown(state->peers[0].role),
			state->resource);
	return NULL;
}

static bool fit(const struct drbd_state *state, const char *peer, bool roles, struct drbd_why *why)
{
	struct look look = {.state = state, .why = why};

	if (!fit_told(&look))
		return false;
	look.peer = find_peer(&look, peer);
	return look.peer && fit_connection(&look) && fit_io(&look) &&
	       (!roles || fit_roles(&look)) && fit_volumes(&look);
}

bool drbd_fit(const struct drbd_state *state, const char *peer, struct drbd_why *why)
{
	return fit(state, peer, true, why);
}

bool drbd_fit_to_verify(const struct drbd_state *state, const char *peer, struct drbd_why *why)
{
	return fit(state, peer, false, why);
}
