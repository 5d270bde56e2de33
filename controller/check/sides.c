/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sides.c - see sides.h.
 *
 * A pair that was stale accuses two modes. Which of them it was shows in another pair that differs
 * from it on one side only: where that one is clean, the mode on that side made the difference.
 * Clean means as many exposures as the plan demands of a cell, and a difference is one only if the
 * bounds of the two rates lie apart. All else is left open.
 *
 * What a mode should do: a host with a page cache answers the reader from it (writethrough,
 * writeback, unsafe), once it holds the block; a host that ignores flushes (unsafe), or waits for
 * them (writeback), may keep what was written to itself. No other mode can do either.
 */
#include "check/sides.h"

#include <string.h>

#include "check/bound.h"

#define RATE_UNASKED 0.05	/* what a pair must exclude where the plan has no demand */
#define CONFIDENCE_MAX 0.999999 /* JSON has nine digits, and the same must follow from them */

const char *const side_names[SIDES] = {"reader", "writer"};
const char *const pair_state_names[PAIR_STATES] = {"untested", "too-few", "clean", "stale"};
const char *const blame_names[BLAMES] = {"untested", "too-few", "open", "clean", "broke"};
const char *const physics_names[PHYSICS_STATES] = {"undecided", "agrees", "contradicts"};

/* Whether the mode can break it on that side. */
static const bool possible[SIDES][SIDE_MODES] = {
	[SIDE_READER] =
		{[CACHE_WRITETHROUGH] = true, [CACHE_WRITEBACK] = true, [CACHE_UNSAFE] = true},
	[SIDE_WRITER] = {[CACHE_WRITEBACK] = true, [CACHE_UNSAFE] = true},
};

static bool counts(const struct verdict *v)
{
	const struct cell_facts *f = &v->facts;
	unsigned n;

	if (v->kind == VERDICT_INVALID || v->kind == VERDICT_ERROR || v->kind == VERDICT_REFUSED ||
	    *f->not_run || (*f->fault && strcmp(f->fault, "none")) || !(f->confidence > 0))
		return false;
	for (n = 0; n < NODES; n++) {
		if (!f->effective_known[n] || f->effective[n] >= SIDE_MODES)
			return false;
	}
	return true;
}

/* Something else than a stale exposure is wrong with what this node read, or may be; what the file
 * system says of its own blocks is a read of one of the two. */
static bool is_spoilt(const struct verdict *v, unsigned reader)
{
	size_t i;

	if (v->readers[reader].stale)
		return false;
	if (v->n_examples < v->n_violations || v->fs.state == FS_DAMAGED)
		return true;
	for (i = 0; i < v->n_examples; i++) {
		if (v->examples[i].node == reader ||
		    v->examples[i].anomaly == ANOMALY_STORE_BUFFERING)
			return true;
	}
	return false;
}

static void add_cell(struct sides *to, const struct verdict *v)
{
	unsigned reader;

	for (reader = 0; reader < NODES; reader++) {
		struct exposures *pair =
			&to->pairs[v->facts.effective[!reader]][v->facts.effective[reader]];

		if (is_spoilt(v, reader))
			continue;
		/* What is too much for 64 bits was not counted by us. */
		if (pair->all > UINT64_MAX - v->readers[reader].all)
			continue;
		pair->all += v->readers[reader].all;
		pair->stale += v->readers[reader].stale;
	}
}

static void judge_pair(struct sides *s, unsigned writer, unsigned reader, double confidence,
		       double rate)
{
	const struct exposures *pair = &s->pairs[writer][reader];
	enum pair_state *state = &s->states[writer][reader];
	double lower, upper;

	if (!pair->all)
		return;
	bound_binomial(pair->stale, pair->all, confidence, &lower, &upper);
	*state = pair->stale ? PAIR_STALE : upper <= rate ? PAIR_CLEAN : PAIR_FEW;
}

/* The place in the matrix of a mode on this side and its partner on the other. */
static void locate(enum side side, unsigned mode, unsigned partner, unsigned *writer,
		   unsigned *reader)
{
	*writer = side == SIDE_WRITER ? mode : partner;
	*reader = side == SIDE_WRITER ? partner : mode;
}

static enum pair_state state_of(const struct sides *s, enum side side, unsigned mode,
				unsigned partner)
{
	unsigned w, r;

	locate(side, mode, partner, &w, &r);
	return s->states[w][r];
}

/* This pair was stale, and clean with another mode on that side: the mode made a difference. */
static bool makes_difference(const struct sides *s, enum side side, unsigned mode, unsigned partner,
			     double confidence)
{
	double lower, upper, no_lower, clean_upper;
	unsigned other, w, r;

	if (state_of(s, side, mode, partner) != PAIR_STALE)
		return false;
	locate(side, mode, partner, &w, &r);
	bound_binomial(s->pairs[w][r].stale, s->pairs[w][r].all, confidence, &lower, &upper);
	for (other = 0; other < SIDE_MODES; other++) {
		if (state_of(s, side, other, partner) != PAIR_CLEAN)
			continue;
		locate(side, other, partner, &w, &r);
		bound_binomial(0, s->pairs[w][r].all, confidence, &no_lower, &clean_upper);
		if (clean_upper < lower)
			return true;
	}
	return false;
}

static enum side other_side(enum side side)
{
	return side == SIDE_READER ? SIDE_WRITER : SIDE_READER;
}

static void judge_mode(struct sides *s, enum side side, unsigned mode, double confidence)
{
	struct side_mode *ret = &s->modes[side][mode];
	unsigned partner, n[PAIR_STATES] = {0};
	bool broke = false, excused = true;

	for (partner = 0; partner < SIDE_MODES; partner++) {
		enum pair_state state = state_of(s, side, mode, partner);

		n[state]++;
		ret->tested |= (unsigned)(state != PAIR_UNTESTED) << partner;
		if (state != PAIR_STALE)
			continue;
		ret->stale |= 1U << partner;
		broke |= makes_difference(s, side, mode, partner, confidence);
		excused &= makes_difference(s, other_side(side), partner, mode, confidence);
	}
	if (n[PAIR_STALE])
		ret->blame = broke ? BLAME_BROKE : excused ? BLAME_CLEAN : BLAME_OPEN;
	else
		ret->blame = n[PAIR_CLEAN] ? BLAME_CLEAN : n[PAIR_FEW] ? BLAME_FEW : BLAME_UNTESTED;
	/* A writer may have been flushed in time. A reader whose host caches has no excuse. */
	ret->odd = (ret->blame == BLAME_BROKE && !possible[side][mode]) ||
		   (ret->blame == BLAME_CLEAN && side == SIDE_READER && possible[side][mode]);
}

static void judge_physics(struct sides *s)
{
	unsigned side, mode;

	for (side = 0; side < SIDES; side++) {
		for (mode = 0; mode < SIDE_MODES; mode++) {
			const struct side_mode *m = &s->modes[side][mode];

			if (m->odd)
				s->physics = PHYSICS_CONTRADICTS;
			else if (m->blame >= BLAME_CLEAN && s->physics == PHYSICS_UNDECIDED)
				s->physics = PHYSICS_AGREES;
		}
	}
}

bool sides_of(const struct verdict *verdicts, size_t n, struct sides *ret)
{
	double confidence = 0, rate = 0;
	struct sides s = {.physics = PHYSICS_UNDECIDED};
	bool differ = false;
	unsigned i, k;
	size_t cell;

	for (cell = 0; cell < n; cell++) {
		const struct cell_facts *f = &verdicts[cell].facts;

		if (!counts(&verdicts[cell]))
			continue;
		differ |= f->effective[0] != f->effective[1];
		/* The strictest of what the cells were judged by. */
		if (f->confidence > confidence)
			confidence = f->confidence;
		if (f->max_rate > 0 && (!(rate > 0) || f->max_rate < rate))
			rate = f->max_rate;
		add_cell(&s, &verdicts[cell]);
	}
	if (!differ)
		return false;
	if (confidence > CONFIDENCE_MAX)
		confidence = CONFIDENCE_MAX;
	for (i = 0; i < SIDE_MODES * SIDE_MODES; i++)
		judge_pair(&s, i / SIDE_MODES, i % SIDE_MODES, confidence,
			   rate > 0 ? rate : RATE_UNASKED);
	for (k = 0; k < SIDES; k++) {
		for (i = 0; i < SIDE_MODES; i++)
			judge_mode(&s, (enum side)k, i, confidence);
	}
	judge_physics(&s);
	*ret = s;
	return true;
}
