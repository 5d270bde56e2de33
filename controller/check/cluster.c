/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cluster.c - see cluster.h: the clusters of one unit, and a fast search for one that contradicts
 * a read.
 *
 * A read r of cluster V contradicts B when B is established before r (B.x[m] <= K_m(r)) and B
 * comes after V (V.x[n] <= B.y[n]). So the question is for the greatest y among all B with
 * x[m] <= K_m(r): a prefix maximum, kept in a binary indexed tree over x[m]. V itself must not
 * answer, therefore the two greatest of different owners are kept. O(log n) each.
 */
#include "check/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"

static void best_add(struct best *best, uint32_t value, uint32_t owner)
{
	if (owner == best->owner[0]) {
		if (value > best->value[0])
			best->value[0] = value;
	} else if (best->owner[0] == NO_OP || value > best->value[0]) {
		best->value[1] = best->value[0];
		best->owner[1] = best->owner[0];
		best->value[0] = value;
		best->owner[0] = owner;
	} else if (owner == best->owner[1]) {
		if (value > best->value[1])
			best->value[1] = value;
	} else if (best->owner[1] == NO_OP || value > best->value[1]) {
		best->value[1] = value;
		best->owner[1] = owner;
	}
}

static void best_merge(struct best *to, const struct best *from)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (from->owner[i] != NO_OP)
			best_add(to, from->value[i], from->owner[i]);
	}
}

static int by_index(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* An empty tree over all indices that x[node] can take. */
static int prepare_tree(struct judge *judge, unsigned node, struct error *err)
{
	struct register_scratch *s = judge->scratch;
	const struct unit_view *view = &judge->view;
	size_t i, n = 0, most = view->n_ok[node] + view->n_readings + view->n_writes;
	uint32_t fence;

	if (reserve((void **)&s->tree_index[node], &s->cap_tree_index[node], most, sizeof(uint32_t),
		    err) < 0 ||
	    reserve((void **)&s->tree[node], &s->cap_tree[node], most + 1, sizeof(struct best_y),
		    err) < 0)
		return -1;
	for (i = 0; i < view->n_ok[node]; i++)
		s->tree_index[node][n++] = view->ok_index[node][i];
	for (i = 0; i < view->n_readings; i++) {
		if (judge->history->ops[view->readings[i].op].node == node)
			s->tree_index[node][n++] = judge->order->index[view->readings[i].op];
	}
	for (i = 0; i < view->n_writes; i++) {
		fence = judge->order->fence[view->writes[i]];
		if (fence != INDEX_NEVER && judge->history->ops[view->writes[i]].node == node)
			s->tree_index[node][n++] = fence;
	}
	if (n)
		qsort(s->tree_index[node], n, sizeof(uint32_t), by_index);
	/* All bits set: every owner is NO_OP. */
	memset(s->tree[node], 0xff, (n + 1) * sizeof(struct best_y));
	s->n_tree[node] = n;
	return 0;
}

static void prepare_cluster(const struct judge *judge, uint32_t op, struct cluster *ret)
{
	const struct history_op *o = &judge->history->ops[op];
	unsigned node;

	*ret = (struct cluster){.op = op, .y_op = {op, op}, .x_op = {NO_OP, NO_OP}, .shown = NO_OP};
	for (node = 0; node < NODES; node++) {
		ret->x[node] = ret->first[node] = INDEX_NEVER;
		ret->first_op[node] = NO_OP;
		ret->y[node] = judge->order->known[op][node];
	}
	/* What has an unknown outcome may still happen at any time: only its reads establish it. */
	if (o->outcome == OUTCOME_OK) {
		ret->x[o->node] = judge->order->index[op];
		ret->x_op[o->node] = op;
	}
}

/* Per node, over its successful writes: the most that was known of each node so far. */
static int prepare_writes(struct judge *judge, unsigned node, struct error *err)
{
	struct register_scratch *s = judge->scratch;
	const struct unit_view *view = &judge->view;
	uint32_t most[NODES] = {0, 0};
	unsigned m;
	size_t i;

	if (reserve((void **)&s->ok_most[node], &s->cap_ok_most[node], view->n_ok[node],
		    sizeof(most), err) < 0)
		return -1;
	for (i = 0; i < view->n_ok[node]; i++) {
		const uint32_t *known = judge->order->known[view->ok_writes[node][i]];

		for (m = 0; m < NODES; m++) {
			if (known[m] > most[m])
				most[m] = known[m];
			s->ok_most[node][i][m] = most[m];
		}
	}
	return 0;
}

/* A write of unknown outcome that somebody read took effect: by its fence, if there is one. */
static void end_by_fence(struct judge *judge, const struct reading *reading)
{
	struct cluster *cluster;
	uint32_t fence;
	unsigned node;

	if (reading->state != READING_VALID || reading->write == NO_OP)
		return;
	fence = judge->order->fence[reading->write];
	node = judge->history->ops[reading->write].node;
	cluster = &judge->scratch->clusters[cluster_of(judge, reading)];
	if (fence == INDEX_NEVER || cluster->shown != NO_OP)
		return;
	cluster->shown = reading->op;
	cluster->x[node] = fence;
	cluster->x_op[node] = cluster->op;
	clusters_note(judge->scratch, cluster_of(judge, reading));
}

int clusters_prepare(struct judge *judge, struct error *err)
{
	struct register_scratch *s = judge->scratch;
	const struct unit_view *view = &judge->view;
	unsigned node;
	size_t i;

	for (node = 0; node < NODES; node++) {
		s->n_seen[node] = s->n_open[node] = 0;
		if (prepare_tree(judge, node, err) < 0 || prepare_writes(judge, node, err) < 0)
			return -1;
	}
	s->n_clusters = view->n_writes + 1;
	if (reserve((void **)&s->clusters, &s->cap_clusters, s->n_clusters, sizeof(struct cluster),
		    err) < 0)
		return -1;
	s->clusters[0] = (struct cluster){.op = NO_OP,
					  .shown = NO_OP,
					  .x_op = {NO_OP, NO_OP},
					  .y_op = {NO_OP, NO_OP},
					  .first = {INDEX_NEVER, INDEX_NEVER},
					  .first_op = {NO_OP, NO_OP}};
	for (i = 0; i < view->n_writes; i++) {
		s->local[view->writes[i]] = (uint32_t)i + 1;
		prepare_cluster(judge, view->writes[i], &s->clusters[i + 1]);
		clusters_note(s, (uint32_t)i + 1);
	}
	for (i = 0; i < view->n_readings; i++)
		end_by_fence(judge, &view->readings[i]);
	return 0;
}

void clusters_show(const struct judge *judge, struct finding *finding)
{
	const struct cluster *cluster;
	unsigned i, n = finding->n_witnesses;

	for (i = 0; i < n; i++) {
		if (judge->order->fence[finding->witnesses[i]] == INDEX_NEVER)
			continue;
		cluster = &judge->scratch->clusters[judge->scratch->local[finding->witnesses[i]]];
		finding_witness(finding, cluster->shown,
				"read that, so it was in effect by its node's fence");
	}
}

void clusters_note(struct register_scratch *scratch, uint32_t c)
{
	const struct cluster *cluster = &scratch->clusters[c];
	unsigned m, n;
	size_t i;

	if (!c)
		return; /* nothing comes before the initial value; see clusters_find */
	for (m = 0; m < NODES; m++) {
		if (cluster->x[m] == INDEX_NEVER)
			continue;
		i = count_up_to(scratch->tree_index[m], scratch->n_tree[m], cluster->x[m]);
		for (; i <= scratch->n_tree[m]; i += i & -i) {
			for (n = 0; n < NODES; n++)
				best_add(&scratch->tree[m][i].y[n], cluster->y[n], c);
		}
	}
}

uint32_t clusters_find(const struct judge *judge, uint32_t op, uint32_t c)
{
	const struct register_scratch *s = judge->scratch;
	const struct cluster *read = &s->clusters[c];
	unsigned m, n, k;
	size_t i;

	/* The initial value is never the answer: a read of it after something was established is
	 * itself the one that contradicts, and was not let in. */
	for (m = 0; m < NODES; m++) {
		struct best_y found = {{{{0, 0}, {NO_OP, NO_OP}}, {{0, 0}, {NO_OP, NO_OP}}}};

		i = count_up_to(s->tree_index[m], s->n_tree[m], judge->order->known[op][m]);
		for (; i; i -= i & -i) {
			best_merge(&found.y[0], &s->tree[m][i].y[0]);
			best_merge(&found.y[1], &s->tree[m][i].y[1]);
		}
		for (n = 0; n < NODES; n++) {
			k = found.y[n].owner[0] == c;
			if (found.y[n].owner[k] != NO_OP && read->x[n] <= found.y[n].value[k])
				return found.y[n].owner[k];
		}
	}
	return NO_OP;
}
