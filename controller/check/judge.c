/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judge.c - see judge.h: cut the history into units and run the checks over each.
 *
 * Units are independent (linearizability is local), so nothing but counters and findings goes
 * from one to the next; the arrays of the view are used again.
 */
#include "check/judge.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"
#include "check/models.h"

/* How many findings of a unit are searched for the same fault. */
#define SAME_WINDOW 64

static int add_write(struct judge *judge, uint32_t op, struct error *err)
{
	struct unit_view *view = &judge->view;
	const struct history_op *o = &judge->history->ops[op];
	unsigned n = o->node;

	if (grow((void **)&view->writes, &view->cap_writes, view->n_writes, sizeof(op), err) < 0)
		return -1;
	view->writes[view->n_writes++] = op;
	if (o->outcome != OUTCOME_OK)
		return 0;
	if (grow((void **)&view->ok_writes[n], &view->cap_ok[n], view->n_ok[n], sizeof(op), err) <
		    0 ||
	    grow((void **)&view->ok_index[n], &view->cap_ok_index[n], view->n_ok[n], sizeof(op),
		 err) < 0)
		return -1;
	view->ok_writes[n][view->n_ok[n]] = op;
	view->ok_index[n][view->n_ok[n]++] = judge->order->index[op];
	return 0;
}

/* Fill the view from the touches of one unit. */
static int fill_view(struct judge *judge, const struct touch *touches, size_t n, struct error *err)
{
	struct unit_view *view = &judge->view;
	size_t i;

	view->unit = touches[0].unit;
	view->n_readings = view->n_writes = view->n_ok[0] = view->n_ok[1] = 0;
	for (i = 0; i < n; i++) {
		uint32_t op = touches[i].op;

		if (judge->history->ops[op].kind == OP_WRITE) {
			if (add_write(judge, op, err) < 0)
				return -1;
			continue;
		}
		if (grow((void **)&view->readings, &view->cap_readings, view->n_readings,
			 sizeof(struct reading), err) < 0)
			return -1;
		view->readings[view->n_readings++] = (struct reading){
			.op = op, .write = NO_OP, .exposed = NO_OP, .primed = NO_OP};
	}
	return 0;
}

int judge_all(const struct history *history, const struct order *order, const struct units *units,
	      const struct rounds *rounds, struct judge *ret, struct error *err)
{
	static const struct rounds none;
	struct judge judge = {.history = history, .order = order, .units = units};
	size_t i, n;

	judge.rounds = rounds ? rounds : &none;
	if (round_marks_init(&judge.marks, judge.rounds, err) < 0)
		return -1;
	for (i = 0; i < units->n_touches; i += n) {
		for (n = 1; i + n < units->n_touches &&
			    units->touches[i + n].unit == units->touches[i].unit;)
			n++;
		judge.first_of_unit = judge.n_findings;
		if (fill_view(&judge, units->touches + i, n, err) < 0 ||
		    content_judge(&judge, err) < 0 || exposure_judge(&judge, err) < 0 ||
		    register_judge(&judge, err) < 0 || models_judge(&judge, err) < 0) {
			judge_release(&judge);
			return -1;
		}
	}
	*ret = judge;
	return 0;
}

void judge_release(struct judge *judge)
{
	unsigned node;

	round_marks_done(&judge->marks);
	register_done(judge);
	models_done(judge);
	for (node = 0; node < NODES; node++) {
		free(judge->view.ok_writes[node]);
		free(judge->view.ok_index[node]);
	}
	free(judge->view.readings);
	free(judge->view.writes);
	free(judge->findings);
	memset(judge, 0, sizeof(*judge));
}

struct finding *judge_add(struct judge *judge, enum anomaly anomaly, uint32_t read,
			  struct error *err)
{
	struct finding *finding;

	if (grow((void **)&judge->findings, &judge->cap_findings, judge->n_findings,
		 sizeof(*finding), err) < 0)
		return NULL;
	finding = &judge->findings[judge->n_findings++];
	*finding = (struct finding){.anomaly = anomaly,
				    .unit = judge->view.unit,
				    .read = read,
				    .node = judge->history->ops[read].node,
				    .missed = NO_OP,
				    .by_message = true};
	return finding;
}

void finding_witness(struct finding *finding, uint32_t op, const char *role)
{
	unsigned i;

	for (i = 0; i < finding->n_witnesses; i++) {
		if (finding->witnesses[i] == op)
			return;
	}
	if (op == NO_OP || finding->n_witnesses == WITNESS_MAX)
		return;
	finding->witnesses[finding->n_witnesses] = op;
	finding->roles[finding->n_witnesses++] = role;
}

struct finding *judge_same(struct judge *judge, unsigned node, uint64_t value, bool order)
{
	size_t i, last = judge->n_findings;
	struct finding *finding;

	for (i = last; i > judge->first_of_unit && last - i < SAME_WINDOW; i--) {
		finding = &judge->findings[i - 1];
		if ((node == ANY_NODE || finding->node == node) && finding->value == value &&
		    finding->order == order)
			return finding;
	}
	return NULL;
}
