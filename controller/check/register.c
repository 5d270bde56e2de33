/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * register.c - the order of one unit's reads and writes: does any order explain them?
 *
 * The unit is a register. No order explains the history exactly when two clusters (cluster.h) each
 * come before the other (docs/checks.md has the proof). Reads are let in one after another, in an
 * order that agrees with all that is certain; a read that closes such a circle is the violation,
 * and stays out, so that one fault does not accuse every read after it. The classes, first match:
 *
 *   a write w, completed, lies certainly after the value read and before the read:
 *     lost-write      nobody ever saw w or anything newer, two reads of each node after it
 *     resurrection    an earlier read had already returned something newer than this value
 *     stale-read      else
 *   no such write, but newer data had been seen:
 *     non-monotonic-read  by the same node before
 *     new-old-inversion   else (by the other node, or both at once in contradiction)
 */
#include "check/cluster.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"

/* Generations are counted up to here: beyond it the number says nothing more. */
#define GENERATIONS_MAX 10000

uint32_t cluster_of(const struct judge *judge, const struct reading *reading)
{
	return reading->write == NO_OP ? 0 : judge->scratch->local[reading->write];
}

static uint64_t value_id(const struct judge *judge, const struct cluster *cluster)
{
	return cluster->op == NO_OP ? WRITE_ID_INITIAL : judge->history->ops[cluster->op].write_id;
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

/* Writes certainly between the value and `newest`, and that one. */
static uint64_t count_generations(const struct judge *judge, const struct cluster *cluster,
				  uint32_t newest)
{
	const struct unit_view *view = &judge->view;
	const uint32_t *known = judge->order->known[newest];
	uint64_t generations = 1;
	unsigned node;
	size_t n;

	for (node = 0; node < NODES; node++) {
		n = count_up_to(view->ok_index[node], view->n_ok[node], known[node]);
		for (; n && generations < GENERATIONS_MAX; n--) {
			const uint32_t *most = judge->scratch->ok_most[node][n - 1];

			if (cluster->x[0] > most[0] && cluster->x[1] > most[1])
				break;
			generations += cluster_older(judge, cluster, view->ok_writes[node][n - 1]);
		}
	}
	return generations;
}

/* An earlier read that returned a value certainly newer than the cluster's; NO_OP if none. */
static uint32_t seen_newer(const struct judge *judge, const struct cluster *cluster, uint32_t read)
{
	const struct register_scratch *s = judge->scratch;
	const struct seen *seen;
	unsigned node;
	size_t n;

	for (node = 0; node < NODES; node++) {
		n = count_up_to(s->seen_index[node], s->n_seen[node],
				judge->order->known[read][node]);
		for (; n; n--) {
			seen = &s->seen[node][n - 1];
			if (cluster->x[0] > seen->most[0] && cluster->x[1] > seen->most[1])
				break; /* nor has any read before */
			if (cluster_older(judge, cluster, seen->write))
				return seen->op;
		}
	}
	return NO_OP;
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

/* The edge a -> b is part of the proof: how sure is it? */
static void rest_on(const struct judge *judge, struct finding *finding, uint32_t a, uint32_t b)
{
	int64_t margin;

	if (a == NO_OP || order_by_message(judge->history, judge->order, a, b, &margin))
		return;
	if (finding->by_message || margin < finding->margin_ns)
		finding->margin_ns = margin;
	finding->by_message = false;
}

/* The operation that puts the cluster before whoever has this K, or NO_OP (the initial value). */
static uint32_t establisher(const struct cluster *cluster, const uint32_t known[NODES])
{
	return cluster->x_op[cluster->x[0] <= known[0] ? 0 : 1];
}

static struct finding *add_order(struct judge *judge, enum anomaly anomaly, uint32_t read,
				 const struct cluster *cluster, uint32_t missed, struct error *err)
{
	struct register_scratch *s = judge->scratch;
	unsigned node = judge->history->ops[read].node;
	struct finding *finding;

	if (grow((void **)&s->open[node], &s->cap_open[node], s->n_open[node], sizeof(size_t),
		 err) < 0)
		return NULL;
	finding = judge_add(judge, anomaly, read, err);
	if (!finding)
		return NULL;
	s->open[node][s->n_open[node]++] = judge->n_findings - 1;
	finding->order = true;
	finding->value = value_id(judge, cluster);
	finding->missed = missed;
	return finding;
}

static int report_stale(struct judge *judge, const struct reading *reading,
			const struct cluster *cluster, uint32_t missed, struct error *err)
{
	unsigned node = judge->history->ops[reading->op].node;
	struct finding *finding = judge_same(judge, node, value_id(judge, cluster), true);
	uint32_t newer, before;

	/* Read once more, with nothing to show that it should have been dropped since. */
	if (finding && (finding->missed == missed ||
			(reading->exposed == NO_OP && judge->history->ops[missed].node != node))) {
		finding->repeats++;
		return 0;
	}
	newer = seen_newer(judge, cluster, reading->op);
	finding = add_order(judge, newer == NO_OP ? ANOMALY_STALE_READ : ANOMALY_RESURRECTION,
			    reading->op, cluster, missed, err);
	if (!finding)
		return -1;
	before = establisher(cluster, judge->order->known[missed]);
	finding_witness(finding, cluster->op, "wrote the old value");
	finding_witness(finding, before, "read the old value: it was there by then");
	finding_witness(finding, reading->primed, "accessed the unit before");
	finding_witness(finding, missed, "wrote a newer value");
	finding_witness(finding, newer, "had read a newer value");
	finding_witness(finding, reading->op, "read the old value");
	rest_on(judge, finding, before, missed);
	rest_on(judge, finding, missed, reading->op);
	finding->generations = count_generations(judge, cluster, missed);
	finding->staleness_known = order_gap(judge->history, judge->order, missed, reading->op,
					     &finding->staleness_ns);
	return 0;
}

/* The read's cluster and `other` each come before the other, though no write lies between. */
static int report_inversion(struct judge *judge, const struct reading *reading,
			    const struct cluster *cluster, const struct cluster *other,
			    struct error *err)
{
	const uint32_t *known = judge->order->known[reading->op];
	unsigned node = judge->history->ops[reading->op].node, after;
	struct finding *finding = judge_same(judge, node, value_id(judge, cluster), true);
	bool same_node = other->first[node] <= known[node];
	uint32_t before, seen;

	if (finding && finding->missed == other->op) {
		finding->repeats++;
		return 0;
	}
	finding =
		add_order(judge, same_node ? ANOMALY_NON_MONOTONIC_READ : ANOMALY_NEW_OLD_INVERSION,
			  reading->op, cluster, other->op, err);
	if (!finding)
		return -1;
	before = establisher(cluster, other->y);
	after = cluster->x[0] <= other->y[0] ? 0 : 1;
	seen = same_node ? other->first_op[node] : establisher(other, known);
	finding_witness(finding, cluster->op, "wrote the older value");
	finding_witness(finding, before, "had read the older value");
	finding_witness(finding, other->op, "wrote the newer value");
	finding_witness(finding, other->y_op[after], "read the newer value, after the older one");
	finding_witness(finding, seen, "had read the newer value");
	finding_witness(finding, reading->op, "read the older value");
	rest_on(judge, finding, before, other->y_op[after]);
	rest_on(judge, finding, seen, reading->op);
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
		if (finding->value == value_id(judge, cluster) ||
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
		result = report_stale(judge, reading, cluster, missed, err);
	else if (other != NO_OP)
		result = report_inversion(judge, reading, cluster, &judge->scratch->clusters[other],
					  err);
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
	judge->exposures++;
	judge->stale_exposures += stale;
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
