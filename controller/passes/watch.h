/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.h - the streaming judge beside a cell that is still running: says at once what is certain.
 *
 * It is not the verdict, which is made from files afterwards: it may miss what that finds, and
 * accuses nobody whom that acquits. It takes records as they arrive from the agents, in bounded
 * memory, and goes by messages (after=) and by each node's own clock.
 */
#ifndef PASSES_WATCH_H
#define PASSES_WATCH_H

#include <stdbool.h>

#include "passes/live.h"
#include "common/record.h"

struct watch;

/* A unit that showed a violation, and the operation that did it: a read that no correct system
 * returns, or a write by which an earlier read is seen to be one. */
struct watch_finding {
	uint64_t unit;
	unsigned what; /* MARK_ORDER or MARK_CONTENT */
	struct op_head op;
};

/* lanes: each node has that many, from 0 on. NULL for want of memory; else release with
 * watch_free. */
struct watch *watch_new(unsigned lanes, struct error *err);
void watch_free(struct watch *watch);

/*
 * The next record that arrived: those of a node must come in the order in which they completed.
 * Returns how many units showed a violation that had shown none before; *ret, set only then, is
 * the first of these. -1 for want of memory, after which nothing but watch_free is allowed.
 */
int watch_take(struct watch *watch, const struct record *record, struct watch_finding *ret,
	       struct error *err);

/* What arrived was no stream that can be followed (out of order, an unknown lane, too far ahead of
 * what it waits for): nothing is said any more. */
bool watch_is_silent(const struct watch *watch);

/* "unit 17: node b read a:0:41", cut to fit. Returns ret. */
char *watch_words(const struct watch_finding *finding, char *ret, size_t size);

#endif
