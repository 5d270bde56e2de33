/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * register_report.c - what a read that no order explains is called, and which operations prove it.
 *
 * The classes, first match:
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

#include "history/grow.h"

/* Generations are counted up to here: beyond it the number says nothing more. */
#define GENERATIONS_MAX 10000

uint64_t cluster_value(const struct judge *judge, const struct cluster *cluster)
{
	return cluster->op == NO_OP ? WRITE_ID_INITIAL : judge->history->ops[cluster->op].write_id;
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
	finding->value = cluster_value(judge, cluster);
	finding->missed = missed;
	return finding;
}

int register_stale(struct judge *judge, const struct reading *reading,
		   const struct cluster *cluster, uint32_t missed, struct error *err)
{
	unsigned node = judge->history->ops[reading->op].node;
	struct finding *finding = judge_same(judge, node, cluster_value(judge, cluster), true);
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
	clusters_show(judge, finding);
	finding_witness(finding, reading->op, "read the old value");
	rest_on(judge, finding, before, missed);
	rest_on(judge, finding, missed, reading->op);
	finding->generations = count_generations(judge, cluster, missed);
	finding->staleness_known = order_gap(judge->history, judge->order, missed, reading->op,
					     &finding->staleness_ns);
	return 0;
}

int register_inversion(struct judge *judge, const struct reading *reading,
		       const struct cluster *cluster, const struct cluster *other,
		       struct error *err)
{
	const uint32_t *known = judge->order->known[reading->op];
	unsigned node = judge->history->ops[reading->op].node, after;
	struct finding *finding = judge_same(judge, node, cluster_value(judge, cluster), true);
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
	clusters_show(judge, finding);
	finding_witness(finding, reading->op, "read the older value");
	rest_on(judge, finding, before, other->y_op[after]);
	rest_on(judge, finding, seen, reading->op);
	return 0;
}
