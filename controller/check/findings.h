/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * findings.h - what looking at marked units came to, group after group: counts, and the first
 * violations whole.
 */
#ifndef CHECK_FINDINGS_H
#define CHECK_FINDINGS_H

#include "check/explain.h"
#include "check/judge.h"
#include "passes/passes.h"

struct findings {
	const struct judge_progress *progress;
	size_t group_ops;		/* operations to be looked at together */
	uint64_t classes[ANOMALIES], n; /* violations */
	uint64_t accused;		/* with their repeats */
	uint64_t torn_permitted;
	struct exposures exposures[NODES]; /* by the node that read */
	unsigned broke;			   /* models, as bits */
	uint64_t windows;		   /* units of which only a part was looked at */
	struct round_marks rounds;
	uint64_t first_ns[NODES]; /* completion of each node's first; UINT64_MAX: none */
	struct kept {
		uint64_t sequence;
		struct violation *violation;
	} * kept;
	size_t n_kept, cap_kept;
};

/* group_ops: how many operations are looked at together; 0: EXPLAIN_OPS. */
int findings_init(struct findings *findings, const struct rounds *rounds,
		  const struct judge_progress *progress, size_t group_ops, struct error *err);
void findings_done(struct findings *findings);

/*
 * Look at the marked units of a list (ascending), in groups that fit in memory. across: they are
 * to be explained by what was read across units, else by K. *ret_innocent (if not NULL) is set to
 * a unit that a pass is certain of and nothing was found on, if there is one: UINT64_MAX else.
 */
int findings_explain(struct findings *findings, const struct tapes *tapes, struct scan *scan,
		     struct clock_bounds *bounds, const struct marked_unit *const *marked, size_t n,
		     bool across, uint64_t *ret_innocent, struct error *err);

/* Store buffering, as the passes found it. */
int findings_litmus(struct findings *findings, const struct tapes *tapes, const struct scan *scan,
		    const struct passes *passes, struct error *err);

/* The first violations, in order, at most EXAMPLES_MAX, moved to the verdict. */
int findings_examples(struct findings *findings, struct verdict *verdict, struct error *err);

#endif
