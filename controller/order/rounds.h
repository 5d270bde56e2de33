/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rounds.h - independent episodes: reads of one round share their luck.
 *
 * A `round` event of a node begins a round in that node's own time; the same number on both nodes
 * is the same round. Without such events there are no rounds to count.
 */
#ifndef ORDER_ROUNDS_H
#define ORDER_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/op.h"

struct rounds {
	struct round_start {
		uint64_t time, number;
		uint32_t round; /* from 1 */
	} * starts[NODES];	/* by time, once sorted */
	size_t n_starts[NODES], cap_starts[NODES];
	uint32_t n_rounds;
};

/* Take note of an event; what is no beginning of a round is passed over. */
int rounds_add(struct rounds *rounds, const struct event *event, struct error *err);

/* After the last event, before the first question. */
int rounds_sort(struct rounds *rounds, struct error *err);

/* The round that what this node invoked then is part of, from 1; 0: none. */
uint32_t rounds_at(const struct rounds *rounds, unsigned node, uint64_t invoke);

void rounds_done(struct rounds *rounds);

/* What came of the rounds. */
struct round_marks {
	uint8_t *marks; /* per round, from 1: bit 0 had an exposure, bit 1 a stale one */
	uint32_t n;
};

int round_marks_init(struct round_marks *marks, const struct rounds *rounds, struct error *err);
void round_marks_set(struct round_marks *marks, uint32_t round, bool stale);
void round_marks_join(struct round_marks *to, const struct round_marks *from);
void round_marks_count(const struct round_marks *marks, uint64_t *ret_exposed, uint64_t *ret_stale);
void round_marks_done(struct round_marks *marks);

#endif
