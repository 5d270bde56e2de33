/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generation.h - the generations of the data (`drbdadm get-gi RESOURCE`): the proof that nobody
 * wrote alone.
 *
 * A Primary with good data that writes without its peer first takes a new current UUID and keeps
 * the old one as that of its bitmap (8.4: as soon as it has lost the peer; 9: at the first write).
 * So, asked for before and after on one host: the same current UUID and no bitmap's, and no write
 * was acknowledged there that the other host did not have. With fencing resource-and-stonith a
 * write may have waited; it was then not acknowledged.
 */
#ifndef DRBD_GENERATION_H
#define DRBD_GENERATION_H

#include "common/error.h"
#include "drbd/state.h"
#include "drbd/why.h"

struct drbd_generation {
	uint64_t current, bitmap; /* without the lowest bit, which says "was Primary" */
};

struct drbd_generations {
	struct drbd_generation volumes[DRBD_PEERS * DRBD_VOLUMES]; /* a line each, as printed */
	size_t n;
};

/* On failure (ERROR_WORLD, with the line; no line at all, or too many) *ret is not set. */
int drbd_generations_parse(const char *source, const char *text, size_t len,
			   struct drbd_generations *ret, struct error *err);

/* false, with *why (may be NULL): somebody wrote alone, or other volumes were asked for. */
bool drbd_same_generation(const struct drbd_generations *before,
			  const struct drbd_generations *after, struct drbd_why *why);

#endif
