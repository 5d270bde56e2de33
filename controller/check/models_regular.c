/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * models_regular.c - regular and safe registers: one read at a time against the writes.
 *
 * A regular register returns what some write left that nothing certain replaced before the read.
 * Only the write of the value counts for "replaced", not reads of it: an unfinished write is
 * concurrent with all that follows (until its fence, if there is one), and may be returned for
 * ever. A safe register owes that much
 * only to reads that no write overlaps. To ask this of many reads, the K of all writes are sorted
 * once: a write is apart from the read if it is before it (successful, its index up to K of the
 * read) or after it (its K reaches the read's index).
 */
#include <stdlib.h>

#include "history/grow.h"
#include "check/models_internal.h"

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

bool models_missed(const struct judge *judge, const uint32_t x[NODES], uint32_t read, unsigned node)
{
	size_t n = count_up_to(judge->view.ok_index[node], judge->view.n_ok[node],
			       judge->order->known[read][node]);

	return n && precedes(x, judge->scratch->ok_most[node][n - 1]);
}

/* K by all that there is. */
static uint32_t most_known(const struct order *order, uint32_t op, unsigned node)
{
	uint32_t known = order->known[op][node];

	return order->causal && order->causal[op][node] > known ? order->causal[op][node] : known;
}

/* The place by which the write took effect, if it did. */
static uint32_t end_of(const struct judge *judge, uint32_t write)
{
	return judge->history->ops[write].outcome == OUTCOME_OK ? judge->order->index[write]
								: judge->order->fence[write];
}

static int sort_writes(struct judge *judge, struct error *err)
{
	struct models *models = judge->models;
	const struct unit_view *view = &judge->view;
	unsigned node;
	size_t i;

	for (node = 0; node < NODES; node++) {
		if (reserve((void **)&models->writes_known[node], &models->cap_writes_known[node],
			    view->n_writes, sizeof(uint32_t), err) < 0)
			return -1;
		for (i = 0; i < view->n_writes; i++)
			models->writes_known[node][i] =
				most_known(judge->order, view->writes[i], node);
		if (view->n_writes)
			qsort(models->writes_known[node], view->n_writes, sizeof(uint32_t),
			      by_number);
	}
	models->sorted = true;
	return 0;
}

static bool apart(const struct judge *judge, uint32_t write, uint32_t read)
{
	const struct order *order = judge->order;
	const struct history_op *w = &judge->history->ops[write], *r = &judge->history->ops[read];

	return order->index[read] <= most_known(order, write, r->node) ||
	       end_of(judge, write) <= most_known(order, read, w->node);
}

/* Some write of the unit may have overlapped the read (tear_permitted, for many reads). */
static bool overlapped(const struct judge *judge, uint32_t read)
{
	const struct unit_view *view = &judge->view;
	unsigned node = judge->history->ops[read].node, m;
	size_t i, n;

	n = view->n_writes - count_up_to(judge->models->writes_known[node], view->n_writes,
					 judge->order->index[read] - 1);
	for (m = 0; m < NODES; m++)
		n += count_up_to(view->ok_index[m], view->n_ok[m],
				 most_known(judge->order, read, m));
	/* What was read may contradict the clocks: then one write counts twice. */
	for (i = 0; i < view->n_writes && n >= view->n_writes; i++) {
		if (!apart(judge, view->writes[i], read))
			return true;
	}
	return n < view->n_writes;
}

bool models_not_regular(const struct judge *judge, const struct reading *reading)
{
	uint32_t x[NODES] = {INDEX_NEVER, INDEX_NEVER};
	const struct history_op *write;

	if (reading->state == READING_BAD)
		return reading->anomaly == ANOMALY_THIN_AIR ||
		       reading->anomaly == ANOMALY_FUTURE_READ;
	if (reading->state != READING_VALID)
		return false;
	if (reading->write == NO_OP) {
		x[0] = x[1] = 0;
	} else {
		write = &judge->history->ops[reading->write];
		x[write->node] = end_of(judge, reading->write);
	}
	return models_missed(judge, x, reading->op, 0) || models_missed(judge, x, reading->op, 1);
}

int models_note_regular(struct judge *judge, uint32_t read, struct error *err)
{
	judge->broke |= MODEL_BIT(MODEL_LINEARIZABLE) | MODEL_BIT(MODEL_REGULAR);
	if (judge->broke & MODEL_BIT(MODEL_SAFE))
		return 0;
	if (!judge->models->sorted && sort_writes(judge, err) < 0)
		return -1;
	if (!overlapped(judge, read))
		judge->broke |= MODEL_BIT(MODEL_SAFE);
	return 0;
}
