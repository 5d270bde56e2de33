/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cycle.c - the rest of the proof where two clocks leave operations of two nodes unordered.
 *
 * With one clock two contradicting clusters are all there can be. With a partial order a circle may
 * take three (A before B before C before A, with no two of them contradicting), or two whose
 * circle runs through what reads prove about writes to come. So what register.c let in is taken
 * apart: a cluster that nothing left precedes is removed, again and again. B precedes A iff
 * x_B[m] <= y_A[m] for some m, so A is free exactly when y_A[m] is below the least x[m] among the
 * others, for both m; with the clusters sorted by x and by y each test is a step of a pointer,
 * O(n log n) in all. If everything goes, an order exists (the one of removal); what stays holds a
 * circle, found by walking from cluster to predecessor.
 */
#include "check/cluster.h"

#include <stdlib.h>

#include "history/grow.h"

struct peel {
	struct cluster *clusters;
	uint32_t n, left;
	uint32_t *by_x[NODES], *by_y[NODES];
	uint32_t first[NODES], second[NODES]; /* places in by_x: the least two that are left */
	uint32_t next_y[NODES];
	uint8_t *passed; /* per cluster: bit m = nothing left precedes it through node m */
};

struct key {
	uint32_t value, cluster;
};

static int by_value(const void *a, const void *b)
{
	const struct key *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->cluster < y->cluster ? -1 : x->cluster > y->cluster;
}

static uint32_t x_at(const struct peel *peel, unsigned m, uint32_t place)
{
	return place < peel->n ? peel->clusters[peel->by_x[m][place]].x[m] : INDEX_NEVER;
}

/* Move the two pointers past what has been removed. */
static void settle(struct peel *peel, unsigned m)
{
	uint32_t *first = &peel->first[m], *second = &peel->second[m];

	while (*first < peel->n && peel->clusters[peel->by_x[m][*first]].removed)
		++*first;
	if (*second <= *first)
		*second = *first + 1;
	while (*second < peel->n && peel->clusters[peel->by_x[m][*second]].removed)
		++*second;
}

/* Remove the cluster if it is free. INDEX_NEVER as the least x means that no other is there. */
static bool release(struct peel *peel, uint32_t c)
{
	struct cluster *cluster = &peel->clusters[c];

	if (peel->passed[c] != (1 << NODES) - 1 || cluster->removed)
		return false;
	cluster->removed = true;
	peel->left--;
	return true;
}

/* Let all through that can pass on node m now; true if any cluster was removed. */
static bool advance(struct peel *peel, unsigned m)
{
	bool removed = false;
	uint32_t least, c;

	settle(peel, m);
	least = x_at(peel, m, peel->first[m]);
	while (peel->next_y[m] < peel->n) {
		c = peel->by_y[m][peel->next_y[m]];
		if (peel->clusters[c].y[m] >= least)
			break;
		peel->passed[c] |= (uint8_t)(1U << m);
		removed |= release(peel, c);
		peel->next_y[m]++;
	}
	/* Whoever has the least x itself is only held by the others. */
	if (peel->first[m] < peel->n) {
		c = peel->by_x[m][peel->first[m]];
		if (peel->clusters[c].y[m] < x_at(peel, m, peel->second[m])) {
			peel->passed[c] |= (uint8_t)(1U << m);
			removed |= release(peel, c);
		}
	}
	return removed;
}

/* Some cluster left that precedes c. */
static uint32_t predecessor(const struct peel *peel, uint32_t c)
{
	uint32_t place, b;
	unsigned m;

	for (m = 0; m < NODES; m++) {
		if (peel->passed[c] >> m & 1)
			continue;
		place = peel->first[m];
		b = peel->by_x[m][place];
		return b == c ? peel->by_x[m][peel->second[m]] : b;
	}
	return c; /* not reached: what is left has a predecessor */
}

/* The operation of b that comes after one of a, which is *ret_from (a -> b holds). */
static uint32_t edge(const struct cluster *a, const struct cluster *b, uint32_t *ret_from)
{
	unsigned m = a->x[0] <= b->y[0] ? 0 : 1;

	*ret_from = a->x_op[m];
	return b->y_op[m];
}

/* Report the circle that c is on, and return a cluster whose read shows it. */
static int report(struct judge *judge, struct peel *peel, uint32_t start, uint32_t *ret,
		  struct error *err)
{
	const struct history *history = judge->history;
	uint32_t read = NO_OP, c = start, before, from, to, op[2 * WITNESS_MAX];
	struct finding *finding;
	unsigned n = 0, i;

	*ret = start;
	do {
		before = predecessor(peel, c);
		to = edge(&peel->clusters[before], &peel->clusters[c], &from);
		if (to != NO_OP && history->ops[to].kind == OP_READ &&
		    (read == NO_OP || judge->order->position[to] > judge->order->position[read])) {
			read = to;
			*ret = c;
		}
		if (from != NO_OP && history->ops[from].kind == OP_READ &&
		    (read == NO_OP ||
		     judge->order->position[from] > judge->order->position[read])) {
			read = from;
			*ret = before;
		}
		for (i = 0; i < 2 && n < 2 * WITNESS_MAX; i++)
			op[n++] = i ? to : from;
		c = before;
	} while (c != start);
	if (read == NO_OP)
		return 0; /* writes alone never contradict each other */
	finding = judge_add(judge, ANOMALY_NEW_OLD_INVERSION, read, err);
	if (!finding)
		return -1;
	finding->order = true;
	c = peel->clusters[*ret].op;
	finding->value = c == NO_OP ? WRITE_ID_INITIAL : history->ops[c].write_id;
	finding->missed = NO_OP;
	finding_witness(finding, c, "wrote the value that was read");
	for (i = 0; i < n && finding->n_witnesses < WITNESS_MAX - 1; i++) {
		if (op[i] != read)
			finding_witness(finding, op[i],
					op[i] != NO_OP && history->ops[op[i]].kind == OP_WRITE
						? "wrote, in a circle with the others"
						: "read, in a circle with the others");
	}
	clusters_show(judge, finding);
	finding_witness(finding, read, "read the value, which closes the circle");
	return 0;
}

static int sort_by(struct peel *peel, struct key *keys, unsigned m, bool x, uint32_t **ret,
		   struct error *err)
{
	uint32_t i;

	*ret = calloc(peel->n, sizeof(uint32_t));
	if (!*ret)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < peel->n; i++)
		keys[i] = (struct key){x ? peel->clusters[i].x[m] : peel->clusters[i].y[m], i};
	qsort(keys, peel->n, sizeof(*keys), by_value);
	for (i = 0; i < peel->n; i++)
		(*ret)[i] = keys[i].cluster;
	return 0;
}

static int prepare(struct peel *peel, struct error *err)
{
	struct key *keys = calloc(peel->n, sizeof(*keys));
	int result = -1;
	unsigned m;

	peel->passed = calloc(peel->n, 1);
	if (!keys || !peel->passed) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	for (m = 0; m < NODES; m++) {
		if (sort_by(peel, keys, m, true, &peel->by_x[m], err) < 0 ||
		    sort_by(peel, keys, m, false, &peel->by_y[m], err) < 0)
			goto out;
	}
	result = 0;
out:
	free(keys);
	return result;
}

/* Take one circle apart: report it and drop the cluster that shows it. */
static int break_circle(struct judge *judge, struct peel *peel, struct error *err)
{
	uint32_t slow = 0, fast, victim;

	while (peel->clusters[slow].removed)
		slow++;
	/* Tortoise and hare: from any cluster left, predecessors lead into a circle. */
	fast = slow;
	do {
		slow = predecessor(peel, slow);
		fast = predecessor(peel, predecessor(peel, fast));
	} while (slow != fast);
	if (report(judge, peel, slow, &victim, err) < 0)
		return -1;
	peel->clusters[victim].removed = true;
	peel->left--;
	return 0;
}

int cycle_judge(struct judge *judge, struct error *err)
{
	struct peel peel = {.clusters = judge->scratch->clusters,
			    .n = (uint32_t)judge->scratch->n_clusters,
			    .left = (uint32_t)judge->scratch->n_clusters};
	bool moved;
	int result = -1;
	unsigned m;

	if (prepare(&peel, err) < 0)
		goto out;
	while (peel.left) {
		do {
			moved = advance(&peel, 0);
			moved |= advance(&peel, 1);
		} while (moved);
		settle(&peel, 0);
		settle(&peel, 1);
		if (peel.left && break_circle(judge, &peel, err) < 0)
			goto out;
	}
	result = 0;
out:
	for (m = 0; m < NODES; m++) {
		free(peel.by_x[m]);
		free(peel.by_y[m]);
	}
	free(peel.passed);
	return result;
}
