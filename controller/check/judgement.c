/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judgement.c - see judgement.h: order, units, judge; then findings become violations.
 *
 * Suspects: where clocks are known within bounds only, the history is judged once more as if the
 * middle of the bounds were the truth. What that accuses beyond the certain findings is counted,
 * and is never a failure.
 */
#include "check/judgement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/bound.h"
#include "check/judge.h"

static int by_time(const void *a, const void *b, void *context)
{
	const struct finding *x = a, *y = b;
	const uint32_t *position = context;

	if (x->read != y->read)
		return position[x->read] < position[y->read] ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static void fill_violation(const struct judge *judge, const struct finding *finding,
			   struct violation *ret)
{
	unsigned i;

	memset(ret, 0, sizeof(*ret));
	ret->anomaly = finding->anomaly;
	ret->unit = finding->unit;
	ret->node = finding->node;
	ret->n_witnesses = finding->n_witnesses;
	for (i = 0; i < finding->n_witnesses; i++) {
		struct witness *witness = &ret->witnesses[i];

		history_get(judge->history, finding->witnesses[i], &witness->op);
		witness->role = finding->roles[i];
		history_source(judge->history, finding->witnesses[i], witness->source,
			       sizeof(witness->source));
	}
	ret->by_message = finding->by_message;
	ret->margin_ns = finding->margin_ns;
	ret->generations = finding->generations;
	ret->staleness_known = finding->staleness_known;
	ret->staleness_ns = finding->staleness_ns;
	ret->repeats = finding->repeats;
	ret->healed = finding->healed;
}

/* When the first violation of each node was seen, after that node's mount or first operation. */
static void fill_first(const struct judge *judge, struct verdict *verdict)
{
	const struct history *history = judge->history;
	uint64_t begin[NODES] = {UINT64_MAX, UINT64_MAX};
	double seconds;
	unsigned node;
	size_t i;

	for (i = 0; i < history->n_ops; i++) {
		if (history->ops[i].invoke < begin[history->ops[i].node])
			begin[history->ops[i].node] = history->ops[i].invoke;
	}
	for (node = 0; node < NODES; node++) {
		if (verdict->facts.mounted_known[node])
			begin[node] = verdict->facts.mounted_ns[node];
	}
	for (i = 0; i < judge->n_findings; i++) {
		const struct history_op *read = &history->ops[judge->findings[i].read];

		if (read->complete < begin[read->node])
			continue;
		seconds = (double)(read->complete - begin[read->node]) / 1e9;
		if (!verdict->first_known || seconds < verdict->first_violation_s)
			verdict->first_violation_s = seconds;
		verdict->first_known = true;
	}
}

static void fill_rates(struct judge *judge, struct verdict *verdict)
{
	double confidence = verdict->facts.confidence;

	rounds_count(&judge->rounds, &verdict->rounds, &verdict->stale_rounds);
	verdict->rate_known = verdict->exposures > 0;
	verdict->round_rate_known = verdict->rounds > 0;
	if (verdict->rate_known)
		bound_binomial(verdict->stale_exposures, verdict->exposures, confidence,
			       &verdict->rate_lower, &verdict->rate_upper);
	if (verdict->round_rate_known)
		bound_binomial(verdict->stale_rounds, verdict->rounds, confidence,
			       &verdict->round_rate_lower, &verdict->round_rate_upper);
}

static int fill_verdict(struct judge *judge, struct verdict *verdict, struct error *err)
{
	const struct history *history = judge->history;
	size_t i;

	verdict->ops = history->n_ops;
	for (i = 0; i < history->n_ops; i++) {
		verdict->reads += history->ops[i].kind == OP_READ;
		verdict->writes += history->ops[i].kind == OP_WRITE;
		verdict->unknown += history->ops[i].outcome == OUTCOME_UNKNOWN;
	}
	verdict->exposures = judge->exposures;
	verdict->stale_exposures = judge->stale_exposures;
	verdict->torn_permitted = judge->torn_permitted;
	verdict->n_violations = judge->n_findings;
	fill_rates(judge, verdict);
	fill_first(judge, verdict);
	if (!judge->n_findings)
		return 0;
	qsort_r(judge->findings, judge->n_findings, sizeof(struct finding), by_time,
		judge->order->position);
	for (i = 0; i < judge->n_findings; i++)
		verdict->classes[judge->findings[i].anomaly]++;
	verdict->n_examples = judge->n_findings < EXAMPLES_MAX ? judge->n_findings : EXAMPLES_MAX;
	verdict->examples = calloc(verdict->n_examples, sizeof(struct violation));
	if (!verdict->examples) {
		verdict->n_examples = 0;
		return error_set(err, ERROR_WORLD, "out of memory");
	}
	for (i = 0; i < verdict->n_examples; i++)
		fill_violation(judge, &judge->findings[i], &verdict->examples[i]);
	return 0;
}

static void add_warning(struct verdict *verdict, const char *warning)
{
	size_t used = strlen(verdict->warning);

	if (*warning)
		snprintf(verdict->warning + used, sizeof(verdict->warning) - used, "%s%s",
			 used ? "; " : "", warning);
}

static void fill_warnings(const struct history *history, const struct order *order,
			  struct verdict *verdict)
{
	unsigned node;
	char text[128];

	add_warning(verdict, history->warning);
	add_warning(verdict, order->warning);
	for (node = 0; node < NODES; node++) {
		if (history->header.nodes >> node & 1)
			continue;
		snprintf(text, sizeof(text),
			 "no history of node %c was given: reads of its writes are not judged",
			 'a' + (int)node);
		add_warning(verdict, text);
	}
}

/* Violations and their repeats: what can be compared between two views of the clocks. */
static uint64_t accused(const struct judge *judge)
{
	uint64_t n = judge->n_findings;
	size_t i;

	for (i = 0; i < judge->n_findings; i++)
		n += judge->findings[i].repeats;
	return n;
}

/* Judge with the middle of the clock bounds. Where that is impossible there are no suspects. */
static int count_suspects(struct history *history, const struct units *units, uint64_t certain,
			  uint64_t *ret, struct error *err)
{
	struct history_header header = history->header;
	struct judge judge;
	struct order order;
	int result = -1;

	history->header.theta_lo = history->header.theta_hi =
		header.theta_lo +
		(int64_t)(((uint64_t)header.theta_hi - (uint64_t)header.theta_lo) / 2);
	if (order_build(history, &order, err) < 0) {
		result = err && err->kind == ERROR_WORLD ? -1 : 0;
		goto out;
	}
	if (judge_all(history, &order, units, &judge, err) == 0) {
		*ret = accused(&judge) > certain ? accused(&judge) - certain : 0;
		judge_release(&judge);
		result = 0;
	}
	order_done(&order);
out:
	history->header = header;
	return result;
}

int judgement_make(struct history *history, struct verdict *verdict, struct error *err)
{
	struct judge judge;
	struct order order;
	struct units units;
	int result = -1;

	if (order_build(history, &order, err) < 0)
		return -1;
	if (units_build(history, &order, &units, err) < 0)
		goto out_order;
	if (judge_all(history, &order, &units, &judge, err) < 0)
		goto out_units;
	fill_warnings(history, &order, verdict);
	result = fill_verdict(&judge, verdict, err);
	if (!result && order.clock == HISTORY_CLOCK_BOUNDS &&
	    history->header.theta_lo < history->header.theta_hi)
		result = count_suspects(history, &units, accused(&judge), &verdict->suspect, err);
	judge_release(&judge);
out_units:
	units_done(&units);
out_order:
	order_done(&order);
	if (result < 0)
		verdict_done(verdict);
	return result;
}
