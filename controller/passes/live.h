/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * live.h - one pass over the feed: which units cannot be explained, found with bounded memory.
 *
 * docs/checker.md has the algorithm and its proof. A pass keeps, for each unit, only the clusters
 * (a write and the reads that returned it) that something still to come may have to do with.
 * Streaming forgets a cluster as soon as a newer one proves whatever it could; exact only once it
 * can be part of no circle. Which class a violation is of, and which operations prove it, is found
 * afterwards on the units marked here (explain.h).
 */
#ifndef PASSES_LIVE_H
#define PASSES_LIVE_H

#include <stdbool.h>

#include "order/fed.h"
#include "order/rounds.h"
#include "order/scan.h"
#include "order/shard.h"

/* What is the matter with a unit. */
enum {
	MARK_ORDER = 1,	  /* no order explains it: a violation, whichever */
	MARK_CONTENT = 2, /* a value that is no plain tag, or of a write that is nowhere */
	MARK_DOUBT = 4,	  /* beside MARK_CONTENT: or more is to come, or it was too much at once */
};

struct mark {
	uint64_t unit;
	uint32_t number;	   /* the slot of the operation that showed it */
	uint32_t ops, at;	   /* of the unit, as far as it was fed; up to this one */
	uint32_t exposures[NODES]; /* by reader, counted before the unit was marked */
	uint8_t node, what;
};

struct live;

/*
 * exact: see above. The scan (with its pending writes filled by feed_prepare) must outlive
 * it. part: of which units it is. NULL for want of memory.
 */
struct live *live_open(const struct scan *scan, bool exact, const struct shard *part,
		       struct error *err);
void live_close(struct live *live);

/*
 * The next operation of the feed; one on a single unit must be of this part. known: what counts as
 * known to it, K or more. Fails only for want of memory.
 */
int live_feed(struct live *live, const struct fed *op, const uint32_t known[NODES],
	      struct error *err);

/* Operations that will be fed soon: the sooner one, and one a little later. For speed only. */
void live_expect(const struct live *live, const struct fed *sooner, const struct fed *later);

/* No more operations come: judge what is left. */
int live_end(struct live *live, struct error *err);

/* The marks so far, *ret[0 .. n), until more is fed. Returns n. */
size_t live_marks(const struct live *live, const struct mark **ret);

/* What came of it, after live_end; the marks in the order they were found. */
struct live_result {
	const struct mark *marks;
	size_t n_marks;
	uint64_t exposures[NODES]; /* by the node that read; of units that are not marked */
	const struct round_marks *rounds;
};
void live_result(const struct live *live, struct live_result *ret);

/* Exposures of one unit, by the node that read; 0 if it is marked, or not among those looked at. */
void live_exposures(const struct live *live, uint64_t unit, uint32_t ret[NODES]);

#endif
