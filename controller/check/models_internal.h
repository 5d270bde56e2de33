/* SPDX-License-Identifier: GPL-2.0-or-later */
/* models_internal.h - what the files of models.h share. */
#ifndef CHECK_MODELS_INTERNAL_H
#define CHECK_MODELS_INTERNAL_H

#include "check/cluster.h"
#include "check/models.h"

struct models {
	struct judge judge;
	struct order order;
	uint32_t (*known)[NODES];
	/* Of each write of the unit, ascending: how many completions of the node it knew. */
	uint32_t *writes_known[NODES];
	size_t cap_writes_known[NODES];
	bool sorted;
};

/* Something with these x certainly precedes one of those whose K have these maxima. */
static inline bool precedes(const uint32_t x[NODES], const uint32_t most[NODES])
{
	return x[0] <= most[0] || x[1] <= most[1];
}

/* A successful write of `node` certainly precedes the read, and x certainly precedes the write. */
bool models_missed(const struct judge *judge, const uint32_t x[NODES], uint32_t read,
		   unsigned node);

/* The read returned what no regular register may return. */
bool models_not_regular(const struct judge *judge, const struct reading *reading);

/* Take down what such a read breaks. Fails only for want of memory. */
int models_note_regular(struct judge *judge, uint32_t read, struct error *err);

#endif
