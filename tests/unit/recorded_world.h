/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorded_world.h - random small histories as they are recorded, with the truth beside them.
 *
 * A test makes operations in true time (world_add, and its own choice of all the rest) and says
 * when each takes effect; from here come the values that a correct register gives, what the nodes'
 * clocks show, and what messages tell. fed_world.h has the like for the passes alone.
 */
#ifndef TESTS_UNIT_RECORDED_WORLD_H
#define TESTS_UNIT_RECORDED_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "history/history.h"
#include "check/check.h"

#define WORLD_OPS_MAX 40
#define WORLD_UNITS_MAX 3
#define WORLD_NEVER INT64_MAX

struct world {
	struct history_header header;
	unsigned n;
	unsigned lanes, units;	      /* their numbers are below these */
	struct op ops[WORLD_OPS_MAX]; /* as recorded */
	/* True times; one that never completes has WORLD_NEVER. effect: in 16ths. */
	int64_t invoke[WORLD_OPS_MAX], complete[WORLD_OPS_MAX], effect[WORLD_OPS_MAX];
	bool fenced[NODES]; /* the node is, at this true time; and as recorded */
	int64_t fence[NODES];
	uint64_t fence_recorded[NODES];
};

/* One more operation, of one unit; all but node, lane and count is zero, and left to the caller, as
 * are its times. There must be room. */
struct op *world_add(struct world *w, unsigned node, unsigned lane);

/* Let operation i take effect at some moment of the first `within` after its invocation. */
void world_take_effect(struct world *w, unsigned i, unsigned within);

/* Whether a is a write of all units of b. */
bool world_writes(const struct op *a, const struct op *b);

/* Let reads that are ok return what a correct register gives when all takes effect as it was said;
 * of the writes of unknown outcome a third never do. A read of two writes is torn. */
void world_values(struct world *w);

/* Whether its node's fence ends what this write of unknown outcome may still do. */
bool world_is_ended(const struct world *w, unsigned i);

/* Stamp the operations and fences with the nodes' clocks: b's is theta ahead. */
void world_stamp(struct world *w, int64_t theta);

/* Let so many in three operations carry what a message could have told: how many completions of
 * the other node there were at some moment before the invocation. */
void world_tell(struct world *w, unsigned in_three);

/* As a history that was read from a text, whose i-th line (from 1) is the i-th operation. For
 * history_done. */
void world_history(const struct world *w, struct history *ret);

/* One node's part as a binary file, in the order of completion; what was at the path is gone. */
void world_write(const struct world *w, unsigned node, const char *path);

/* Judge it. For verdict_done, unless it fails (-1). */
int world_judge(const struct history *history, const struct check_options *options,
		struct verdict *ret, struct error *err);

/* Fail the test: say why on stderr, print the history there, and save it in TMPDIR as
 * stalemate-TEST-SEED-TRIAL.txt. */
void world_fail(const struct history *history, const char *test, const char *why, uint64_t seed,
		uint64_t trial);

#endif
