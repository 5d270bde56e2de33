/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cluster.h - a write and all reads that returned it, and what is certain between clusters.
 *
 * In any legal order of a register the operations of a cluster stand together. So cluster A comes
 * before cluster B as soon as one operation of A certainly ended before one of B began:
 *     x[m] = the least index of A's operations on node m     ("established by then")
 *     y[m] = the most completions of node m known to any of B
 *     A -> B  iff  A.x[0] <= B.y[0]  or  A.x[1] <= B.y[1]
 */
#ifndef CHECK_CLUSTER_H
#define CHECK_CLUSTER_H

#include "check/judge.h"

struct cluster {
	uint32_t op; /* the write; NO_OP = the initial value */
	uint32_t x[NODES], y[NODES];
	uint32_t x_op[NODES], y_op[NODES];	/* the operations they come from */
	uint32_t first[NODES], first_op[NODES]; /* the least index among its reads, per node */
	uint32_t shown; /* the read that shows that a fence ended the write; NO_OP: none does */
	uint64_t reads;
	bool removed;
};

static inline bool cluster_before(const struct cluster *a, const struct cluster *b)
{
	return a->x[0] <= b->y[0] || a->x[1] <= b->y[1];
}

/* The two greatest values, of different owners. */
struct best {
	uint32_t value[2], owner[2]; /* owner NO_OP: none */
};

/* Of a tree of prefixes: the greatest y per node. */
struct best_y {
	struct best y[NODES];
};

/* Reads fed so far, per reading node: which write they returned, and the most that it and those of
 * all reads before knew of each node. */
struct seen {
	uint32_t op, write, most[NODES];
};

/* Arrays used again for each unit. */
struct register_scratch {
	struct cluster *clusters; /* [0] is the initial value */
	uint32_t *local; /* per operation of the history: its cluster, if it is a write here */
	struct best_y *tree[NODES];
	uint32_t *tree_index[NODES];	   /* ascending: which index stands at which place */
	uint32_t (*ok_most[NODES])[NODES]; /* per successful write: most known so far */
	struct seen *seen[NODES];
	uint32_t *seen_index[NODES];
	size_t *open[NODES]; /* findings not yet healed */
	size_t n_clusters, n_tree[NODES], n_seen[NODES], n_open[NODES];
	size_t cap_clusters, cap_tree[NODES], cap_tree_index[NODES], cap_ok_most[NODES];
	size_t cap_seen[NODES], cap_seen_index[NODES], cap_open[NODES];
};

/* Make the clusters of the unit at hand, the writes in them, and empty trees. */
int clusters_prepare(struct judge *judge, struct error *err);

/* Of writes in the witness that a fence ended: the reads that show that they took effect. */
void clusters_show(const struct judge *judge, struct finding *finding);

/* Let clusters_find see what cluster c has become. */
void clusters_note(struct register_scratch *scratch, uint32_t c);

/* A cluster that is established before the read `op` and comes after cluster c; NO_OP if none. */
uint32_t clusters_find(const struct judge *judge, uint32_t op, uint32_t c);

/* Report circles of three clusters or more, which only two clocks allow. */
int cycle_judge(struct judge *judge, struct error *err);

/* register.c: the cluster that a valid reading is of; whether its value is certainly older than a
 * write. */
uint32_t cluster_of(const struct judge *judge, const struct reading *reading);
bool cluster_older(const struct judge *judge, const struct cluster *cluster, uint32_t write);

/* register_report.c: the name of the value. */
uint64_t cluster_value(const struct judge *judge, const struct cluster *cluster);

/* register_report.c: a read of this cluster's value, though write `missed` certainly lies between;
 * or though the read's cluster and `other` each come before the other, with no such write. */
int register_stale(struct judge *judge, const struct reading *reading,
		   const struct cluster *cluster, uint32_t missed, struct error *err);
int register_inversion(struct judge *judge, const struct reading *reading,
		       const struct cluster *cluster, const struct cluster *other,
		       struct error *err);

/* register.c: remember what this read has seen (scratch.seen). */
int cluster_seen(struct judge *judge, const struct cluster *cluster, uint32_t read,
		 struct error *err);

/* lost_write.c: turn stale reads of a write that nobody ever saw into one finding. */
void lost_write_judge(struct judge *judge);

#endif
