/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * register.c - the order of one unit's reads and writes: does any order explain them?
 *
 * The unit is a register. No order explains the history exactly when two clusters (cluster.h) each
 * come before the other (docs/checks.md has the proof). Reads are let in one after another, in an
 * order that agrees with all that is certain; a read that closes such a circle is the violation,
 * and stays out, so that one fault does not accuse every read after it.
 */
#include "check/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"

uint32_t cluster_of(const struct judge *judge, const struct reading *reading)
{
	return reading->write == NO_OP ? 0 : judge->scratch->local[reading->write];
}

/* The cluster's value is certainly older than this write. */
bool cluster_older(const struct judge *judge, const struct cluster *cluster, uint32_t write)
{
	const uint32_t *known = judge->order->known[write];

	return cluster->x[0] <= known[0] || cluster->x[1] <= known[1];
}

/* The newest write that certainly lies between the cluster's value and the read; NO_OP if none. */
static uint32_t newest_missed(const struct judge *judge, const struct cluster *cluster,
			      uint32_t read)
{
	const struct unit_view *view = &judge->view;
	const uint32_t *known = judge->order->known[read];
	uint32_t found = NO_OP, write;
	unsigned node;
	size_t n;

	for (node = 0; node < NODES; node++) {
		n = count_up_to(view->ok_index[node], view->n_ok[node], known[node]);
		for (; n; n--) {
			const uint32_t *most = judge->scratch->ok_most[node][n - 1];

			if (cluster->x[0] > most[0] && cluster->x[1] > most[1])
				break; /* nor can any write before */
			write = view->ok_writes[node][n - 1];
			if (!cluster_older(judge, cluster, write))
				continue;
			/* The feed puts a write after all that certainly precede it. */
			if (found == NO_OP ||
			    judge->order->position[write] > judge->order->position[found])
				found = write;
			break;
		}
	}
	return found;
}

int cluster_seen(struct judge *judge, const struct cluster *cluster, uint32_t read,
		 struct error *err)
{
	struct register_scratch *s = judge->scratch;
	unsigned node = judge->history->ops[read].node, m;
	struct seen next = {.op = read, .write = cluster->op};
	size_t n = s->n_seen[node];

	if (cluster->op == NO_OP)
		return 0;
	if (grow((void **)&s->seen[node], &s->cap_seen[node], n, sizeof(next), err) < 0 ||
	    grow((void **)&s->seen_index[node], &s->cap_seen_index[node], n, sizeof(read), err) < 0)
		return -1;
	for (m = 0; m < NODES; m++) {
		next.most[m] = judge->order->known[cluster->op][m];
		if (n && s->seen[node][n - 1].most[m] > next.most[m])
			next.most[m] = s->seen[node][n - 1].most[m];
	}
	s->seen[node][n] = next;
	s->seen_index[node][n] = judge->order->index[read];
	s->n_seen[node]++;
	return 0;
}

/* Findings of this node whose newer value (or one not older) this later read returned. */
static void heal(struct judge *judge, const struct cluster *cluster, uint32_t read)
{
	struct register_scratch *s = judge->scratch;
	unsigned node = judge->history->ops[read].node;
	struct finding *finding;

	for (; s->n_open[node]; s->n_open[node]--) {
		finding = &judge->findings[s->open[node][s->n_open[node] - 1]];
		if (finding->value == cluster_value(judge, cluster) ||
		    cluster_older(judge, cluster, finding->missed) ||
		    !order_before(judge->history, judge->order, finding->read, read))
			return;
		finding->healed = true;
	}
}

/* The read belongs to the cluster; unless it contradicts, it also counts for what comes before. */
static void join(struct judge *judge, uint32_t c, uint32_t read, bool contradicts)
{
	struct cluster *cluster = &judge->scratch->clusters[c];
	unsigned node = judge->history->ops[read].node, m;
	uint32_t index = judge->order->index[read];
	bool changed = false;

	cluster->reads++;
	if (index < cluster->first[node]) {
		cluster->first[node] = index;
		cluster->first_op[node] = read;
	}
	if (index < cluster->x[node]) {
		cluster->x[node] = index;
		cluster->x_op[node] = read;
		changed = true;
	}
	for (m = 0; m < NODES && !contradicts; m++) {
		if (judge->order->known[read][m] <= cluster->y[m])
			continue;
		cluster->y[m] = judge->order->known[read][m];
		cluster->y_op[m] = read;
		changed = true;
	}
	if (changed)
		clusters_note(judge->scratch, c);
}

static int judge_read(struct judge *judge, const struct reading *reading, struct error *err)
{
	uint32_t c = cluster_of(judge, reading), missed, other = NO_OP;
	const struct cluster *cluster = &judge->scratch->clusters[c];
	int result = 0;

	heal(judge, cluster, reading->op);
	missed = newest_missed(judge, cluster, reading->op);
	if (missed == NO_OP)
		other = clusters_find(judge, reading->op, c);
	if (missed != NO_OP)
		result = register_stale(judge, reading, cluster, missed, err);
	else if (other != NO_OP)
		result = register_inversion(judge, reading, cluster,
					    &judge->scratch->clusters[other], err);
	if (result < 0)
		return -1;
	join(judge, c, reading->op, missed != NO_OP || other != NO_OP);
	return cluster_seen(judge, cluster, reading->op, err);
}

static void count_exposure(struct judge *judge, const struct reading *reading)
{
	const struct history_op *op = &judge->history->ops[reading->op];
	bool stale;

	if (reading->exposed == NO_OP)
		return;
	stale = reading->state == READING_VALID &&
		cluster_older(judge, &judge->scratch->clusters[cluster_of(judge, reading)],
			      reading->exposed);
	judge->exposures[op->node].all++;
	judge->exposures[op->node].stale += stale;
	round_marks_set(&judge->marks, rounds_at(judge->rounds, op->node, op->invoke), stale);
}

int register_prepare(struct judge *judge, struct error *err)
{
	if (!judge->scratch) {
		judge->scratch = calloc(1, sizeof(*judge->scratch));
		if (!judge->scratch)
			return error_set(err, ERROR_WORLD, "out of memory");
		judge->scratch->local = calloc(judge->history->n_ops + 1, sizeof(uint32_t));
		if (!judge->scratch->local)
			return error_set(err, ERROR_WORLD, "out of memory");
	}
	return clusters_prepare(judge, err);
}

int register_judge(struct judge *judge, struct error *err)
{
	const struct unit_view *view = &judge->view;
	size_t i;

	if (!view->n_readings)
		return 0;
	if (register_prepare(judge, err) < 0)
		return -1;
	for (i = 0; i < view->n_readings; i++) {
		if (view->readings[i].state == READING_VALID &&
		    judge_read(judge, &view->readings[i], err) < 0)
			return -1;
		count_exposure(judge, &view->readings[i]);
	}
	lost_write_judge(judge);
	return judge->order->clock == HISTORY_CLOCK_ONE ? 0 : cycle_judge(judge, err);
}

void register_done(struct judge *judge)
{
	struct register_scratch *s = judge->scratch;
	unsigned node;

	if (!s)
		return;
	for (node = 0; node < NODES; node++) {
		free(s->tree[node]);
		free(s->tree_index[node]);
		free(s->ok_most[node]);
		free(s->seen[node]);
		free(s->seen_index[node]);
		free(s->open[node]);
	}
	free(s->clusters);
	free(s->local);
	free(s);
	judge->scratch = NULL;
}
