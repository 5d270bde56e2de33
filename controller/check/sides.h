/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sides.h - the cells of a run together: which cache mode broke it on the reader's side, and which
 * on the writer's?
 *
 * A cell has two directions: node a reads what b wrote, and the reverse. Each is a trial of one
 * pair of modes, the one in effect on the writer's host and the one on the reader's.
 */
#ifndef CHECK_SIDES_H
#define CHECK_SIDES_H

#include "check/verdict.h"

#define SIDE_MODES ((unsigned)CACHE_DEFAULT) /* the modes that can be in effect come before it */

enum side { SIDE_READER, SIDE_WRITER, SIDES };
extern const char *const side_names[SIDES]; /* reader writer */

/* What is known of a pair of modes. */
enum pair_state {
	PAIR_UNTESTED,
	PAIR_FEW,   /* nothing stale, but too few exposures for the plan's demand */
	PAIR_CLEAN, /* nothing stale, and enough exposures */
	PAIR_STALE,
	PAIR_STATES
};
extern const char *const pair_state_names[PAIR_STATES]; /* untested too-few clean stale */

/* What is known of a mode on one side. */
enum blame {
	BLAME_UNTESTED,
	BLAME_FEW,   /* too few exposures */
	BLAME_OPEN,  /* stale, but nothing tells this side's mode from the other's */
	BLAME_CLEAN, /* not by itself: stale with no partner, or only with those that are to blame
		      */
	BLAME_BROKE, /* another mode in its place, with the same partner, was clean */
	BLAMES
};
extern const char *const blame_names[BLAMES]; /* untested too-few open clean broke */

/* Whether that is what the modes should do by what they are. */
enum physics { PHYSICS_UNDECIDED, PHYSICS_AGREES, PHYSICS_CONTRADICTS, PHYSICS_STATES };
extern const char *const physics_names[PHYSICS_STATES]; /* undecided agrees contradicts */

struct sides {
	struct exposures pairs[SIDE_MODES][SIDE_MODES]; /* [writer's mode][reader's] */
	enum pair_state states[SIDE_MODES][SIDE_MODES];
	struct side_mode {
		enum blame blame;
		unsigned stale, tested; /* partners with which it was: bits, 1 << mode */
		bool odd;		/* not what the mode should do */
	} modes[SIDES][SIDE_MODES];
	enum physics physics;
};

/*
 * What the cells prove. False, and *ret not set, where no cell that counts has different modes on
 * the two hosts: those that are alike cannot tell a side. A cell counts unless it is invalid or an
 * error, or its modes are not known, or it had a fault. A direction with other violations
 * than stale exposures, or without any in a cell whose file system was damaged, is neither clean
 * nor stale, and left out; so is one without a stale exposure
 * in a violated cell of which not all violations are among the examples.
 */
bool sides_of(const struct verdict *verdicts, size_t n, struct sides *ret);

#endif
