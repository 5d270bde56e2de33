/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fit.h - is a resource in the state that a test of a dual-primary volume needs?
 *
 * What is read on a volume that is not says nothing of cache modes: after a split brain each host
 * has data of its own, and every difference would be laid at the cache's door.
 */
#ifndef DRBD_FIT_H
#define DRBD_FIT_H

#include "drbd/state.h"
#include "drbd/why.h"

/*
 * Fit: Primary here and at the peer, connected, not suspended, every volume UpToDate on both sides,
 * Established and without a block out of sync. What was not told is not fit.
 *
 * Otherwise *why (which may be NULL) is the first reason, in the order in which one explains the
 * other: a connection that is down before what can then not be known. *why is left alone when fit.
 *
 * peer: the connection's name (8.4 calls every one "peer"); NULL: the only one, or with several the
 * only one that is Primary. A third Primary is never fit, whoever it is.
 */
bool drbd_fit(const struct drbd_state *state, const char *peer, struct drbd_why *why);

/* The same whatever the roles: fit for a comparison of the replicas, when nobody needs to have the
 * volume open. */
bool drbd_fit_to_verify(const struct drbd_state *state, const char *peer, struct drbd_why *why);

/*
 * Two states of one host that both fit: does anything tell of an interruption between them? true:
 * nothing does, which is no proof, since a connection that was lost and came back without a resync
 * leaves no trace in them. What does prove it is drbd/watch.h (every event), drbd/generation.h (no
 * write without the peer), or the kernel's log (drbd/kernel_log.h).
 *
 * false, with *why: another resource, peer, volume, minor or size; or a counter that went back,
 * which it does only when the resource was taken down and up again.
 */
bool drbd_same_life(const struct drbd_state *before, const struct drbd_state *after,
		    struct drbd_why *why);

#endif
