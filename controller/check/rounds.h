/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rounds.h - independent episodes: reads of one round share their luck.
 *
 * A `round` event of a node begins a round in that node's own time; the same number on both nodes
 * is the same round. Without such events there are no rounds to count.
 */
#ifndef CHECK_ROUNDS_H
#define CHECK_ROUNDS_H

#include "check/history.h"

struct rounds {
	struct round_start {
		uint64_t time, number;
	} * starts[NODES]; /* by time */
	size_t n_starts[NODES];
	struct round {
		uint64_t number;
		bool exposed, stale;
	} * rounds; /* by number */
	size_t n_rounds;
};

int rounds_build(const struct history *history, struct rounds *ret, struct error *err);
void rounds_done(struct rounds *rounds);

/* An exposure of this node, invoked then, which was stale or not. */
void rounds_mark(struct rounds *rounds, unsigned node, uint64_t invoke, bool stale);

/* Rounds with an exposure, and with a stale one. */
void rounds_count(const struct rounds *rounds, uint64_t *ret_exposed, uint64_t *ret_stale);

#endif
