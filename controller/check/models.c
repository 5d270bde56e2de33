/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * models.c - see models.h: one unit against seven promises.
 *
 * Each promise is a question of the same kind, put to a different order:
 *
 *   all that is certain   linearizable (register.c and cycle.c have answered), regular, safe
 *   own node only         sequential-per-unit: register.c and cycle.c once more, with K of the
 *                         other node 0
 *   nothing by clocks     causal, monotonic-reads, read-your-writes: own node, messages, what was
 *                         read (order->causal; without it, own node and messages)
 *
 * The last three ask of each read of v: is there something newer that it should have known? That
 * is a write w that certainly precedes the read, or whose value an earlier read had returned, such
 * that v was there (written, or read) before w began. Only *whether* there is one matters, so the
 * prefix maxima of cluster.h (ok_most, seen) answer it in one step each.
 *
 * The other order is a copy of struct order with another `known`, filled for the operations of the
 * unit at hand only; a judge of its own (of which only the readings, the findings and the scratch
 * are its own, the rest of the view is borrowed) runs the usual checks on it.
 */
#include <stdlib.h>

#include "history/grow.h"
#include "check/models_internal.h"

#define ALL_BUT_SAFE (((1U << MODELS) - 1) & ~MODEL_BIT(MODEL_SAFE))
#define SHARP (MODEL_BIT(MODEL_REGULAR) | MODEL_BIT(MODEL_SAFE))
#define WITHOUT_CLOCKS \
	(MODEL_BIT(MODEL_CAUSAL) | MODEL_BIT(MODEL_MONOTONIC_READS) | \
	 MODEL_BIT(MODEL_READ_YOUR_WRITES))

/* A read of `node` certainly precedes the read, and x the write whose value it returned. */
static bool newer_seen(const struct judge *judge, const uint32_t x[NODES], uint32_t read,
		       unsigned node)
{
	const struct register_scratch *s = judge->scratch;
	size_t n =
		count_up_to(s->seen_index[node], s->n_seen[node], judge->order->known[read][node]);

	return n && precedes(x, s->seen[node][n - 1].most);
}

/* Linearizable, regular, safe: by all that is certain. */
static int by_all(struct judge *judge, struct error *err)
{
	const struct unit_view *view = &judge->view;
	size_t i;

	for (i = judge->first_of_unit; i < judge->n_findings; i++) {
		if (judge->findings[i].order)
			judge->broke |= MODEL_BIT(MODEL_LINEARIZABLE);
		else if (judge->findings[i].anomaly == ANOMALY_THIN_AIR)
			judge->broke |= ALL_BUT_SAFE;
	}
	for (i = 0; i < view->n_readings && (judge->broke & SHARP) != SHARP; i++) {
		if (models_not_regular(judge, &view->readings[i]) &&
		    models_note_regular(judge, view->readings[i].op, err) < 0)
			return -1;
	}
	return 0;
}

static void know(struct judge *judge, uint32_t op, bool own_only)
{
	const struct order *order = judge->order;
	uint32_t *known = judge->models->known[op];
	unsigned own = judge->history->ops[op].node, m;

	known[own] = order->known[op][own];
	known[!own] = own_only ? 0 : order->message[op];
	for (m = 0; m < NODES && !own_only && order->causal; m++)
		known[m] = order->causal[op][m];
}

/* The unit at hand once more, by another order, through the content check. Returns 1 if a read
 * returned what began only later by that order, else 0. */
static int look_again(struct judge *judge, bool own_only, struct error *err)
{
	struct judge *again = &judge->models->judge;
	const struct unit_view *from = &judge->view;
	struct unit_view *to = &again->view;
	struct reading *readings;
	int future = 0;
	size_t i, room;

	if (reserve((void **)&to->readings, &to->cap_readings, from->n_readings,
		    sizeof(struct reading), err) < 0)
		return -1;
	readings = to->readings;
	room = to->cap_readings;
	*to = *from;
	to->readings = readings;
	to->cap_readings = room;
	for (i = 0; i < from->n_writes; i++)
		know(judge, from->writes[i], own_only);
	for (i = 0; i < from->n_readings; i++) {
		know(judge, from->readings[i].op, own_only);
		readings[i] = (struct reading){.op = from->readings[i].op,
					       .write = NO_OP,
					       .exposed = NO_OP,
					       .primed = NO_OP};
	}
	again->n_findings = 0;
	if (content_judge(again, err) < 0)
		return -1;
	for (i = 0; i < from->n_readings; i++)
		future |= readings[i].state == READING_BAD &&
			  readings[i].anomaly == ANOMALY_FUTURE_READ;
	return future;
}

/* Sequential, unit by unit: some order explains it that agrees with each node's own. */
static int by_own_node(struct judge *judge, struct error *err)
{
	struct judge *again = &judge->models->judge;
	int broke = look_again(judge, true, err);
	size_t i;

	if (broke < 0 || (!broke && register_judge(again, err) < 0))
		return -1;
	for (i = 0; i < again->n_findings; i++)
		broke |= again->findings[i].order;
	if (broke)
		judge->broke |= MODEL_BIT(MODEL_SEQUENTIAL_PER_UNIT);
	return 0;
}

/* Each valid reading is part of its cluster, and has been seen. */
static int join_readings(struct judge *again, struct error *err)
{
	const struct reading *reading;
	struct cluster *cluster;
	uint32_t index;
	unsigned node;
	size_t i;

	for (i = 0; i < again->view.n_readings; i++) {
		reading = &again->view.readings[i];
		if (reading->state != READING_VALID)
			continue;
		cluster = &again->scratch->clusters[cluster_of(again, reading)];
		node = again->history->ops[reading->op].node;
		index = again->order->index[reading->op];
		if (index < cluster->x[node])
			cluster->x[node] = index;
		if (cluster_seen(again, cluster, reading->op, err) < 0)
			return -1;
	}
	return 0;
}

/* Is there something newer than the value of this read that it should have known? */
static void look_for_newer(struct judge *judge, const struct reading *reading)
{
	const struct judge *again = &judge->models->judge;
	const uint32_t *x = again->scratch->clusters[cluster_of(again, reading)].x;
	unsigned own = judge->history->ops[reading->op].node, node;

	for (node = 0; node < NODES; node++) {
		if (models_missed(again, x, reading->op, node))
			judge->broke |= MODEL_BIT(MODEL_CAUSAL) | (unsigned)(node == own)
									  << MODEL_READ_YOUR_WRITES;
		if (newer_seen(again, x, reading->op, node))
			judge->broke |= MODEL_BIT(MODEL_CAUSAL) | (unsigned)(node == own)
									  << MODEL_MONOTONIC_READS;
	}
}

/* Causal, monotonic reads, read your writes: by what the nodes themselves can know. What was read
 * across units may also prove a read stale that no clock and no message accuses. */
static int without_clocks(struct judge *judge, struct error *err)
{
	struct judge *again = &judge->models->judge;
	int future = look_again(judge, false, err);
	const struct reading *reading;
	size_t i;

	if (future < 0 || register_prepare(again, err) < 0 || join_readings(again, err) < 0)
		return -1;
	if (future)
		judge->broke |= MODEL_BIT(MODEL_CAUSAL);
	for (i = 0; i < again->view.n_readings; i++) {
		reading = &again->view.readings[i];
		if (reading->state == READING_VALID)
			look_for_newer(judge, reading);
		if (judge->order->causal && models_not_regular(again, reading) &&
		    models_note_regular(judge, reading->op, err) < 0)
			return -1;
	}
	return 0;
}

static int prepare(struct judge *judge, struct error *err)
{
	struct models *models = judge->models;

	if (!models) {
		models = judge->models = calloc(1, sizeof(*models));
		if (!models)
			return error_set(err, ERROR_WORLD, "out of memory");
		/* Only what is touched becomes memory: the units that have findings. */
		models->known = calloc(judge->history->n_ops + 1, sizeof(*models->known));
		if (!models->known)
			return error_set(err, ERROR_WORLD, "out of memory");
		models->order = *judge->order;
		models->order.known = models->known;
		models->order.clock = HISTORY_CLOCK_NONE;
		models->judge = (struct judge){
			.history = judge->history, .order = &models->order, .units = judge->units};
	}
	models->sorted = false;
	return 0;
}

int models_judge(struct judge *judge, struct error *err)
{
	bool found = judge->n_findings > judge->first_of_unit;
	unsigned wanted;

	if (!judge->view.n_readings || (!found && !judge->order->causal))
		return 0;
	if (prepare(judge, err) < 0 || (found && by_all(judge, err) < 0))
		return -1;
	if (found && !(judge->broke & MODEL_BIT(MODEL_SEQUENTIAL_PER_UNIT)) &&
	    by_own_node(judge, err) < 0)
		return -1;
	wanted = WITHOUT_CLOCKS | (judge->order->causal ? SHARP : 0);
	return (judge->broke & wanted) == wanted ? 0 : without_clocks(judge, err);
}

void models_done(struct judge *judge)
{
	struct models *models = judge->models;
	unsigned node;

	if (!models)
		return;
	for (node = 0; node < NODES; node++)
		free(models->writes_known[node]);
	register_done(&models->judge);
	free(models->judge.view.readings);
	free(models->judge.findings);
	free(models->known);
	free(models);
	judge->models = NULL;
}
