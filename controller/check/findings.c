/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * findings.c - see findings.h.
 *
 * A violation is large (its witnesses are whole operations): only the first EXAMPLES_MAX by their
 * place in the feed are kept, and no more than twice as many at any time.
 */
#include "check/findings.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"
#include "check/models.h"

#define KEPT_MAX (2 * EXAMPLES_MAX)

int findings_init(struct findings *findings, const struct rounds *rounds,
		  const struct judge_progress *progress, size_t group_ops, struct error *err)
{
	memset(findings, 0, sizeof(*findings));
	findings->progress = progress;
	findings->group_ops = group_ops ? group_ops : EXPLAIN_OPS;
	findings->first_ns[0] = findings->first_ns[1] = UINT64_MAX;
	return round_marks_init(&findings->rounds, rounds, err);
}

void findings_done(struct findings *findings)
{
	size_t i;

	for (i = 0; i < findings->n_kept; i++)
		free(findings->kept[i].violation);
	free(findings->kept);
	round_marks_done(&findings->rounds);
	memset(findings, 0, sizeof(*findings));
}

static int by_sequence(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	if (x->sequence != y->sequence)
		return x->sequence < y->sequence ? -1 : 1;
	if (x->violation->unit != y->violation->unit)
		return x->violation->unit < y->violation->unit ? -1 : 1;
	return 0;
}

static void cut(struct findings *findings)
{
	if (findings->n_kept)
		qsort(findings->kept, findings->n_kept, sizeof(struct kept), by_sequence);
	while (findings->n_kept > EXAMPLES_MAX)
		free(findings->kept[--findings->n_kept].violation);
}

/* A violation to be filled, all zero; NULL for want of memory. */
static struct violation *keep(struct findings *findings, uint64_t sequence, struct error *err)
{
	struct violation *violation;

	if (findings->n_kept == KEPT_MAX)
		cut(findings);
	violation = calloc(1, sizeof(*violation));
	if (!violation) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	if (grow((void **)&findings->kept, &findings->cap_kept, findings->n_kept,
		 sizeof(struct kept), err) < 0) {
		free(violation);
		return NULL;
	}
	findings->kept[findings->n_kept++] = (struct kept){sequence, violation};
	return violation;
}

struct group {
	const struct tapes *tapes;
	struct scan *scan;
	struct extract *extract;
	const struct extract_window *window; /* NULL: all of its units' operations */
	bool across;
};

static int add_witness(const struct group *g, struct violation *to, unsigned node, uint64_t slot,
		       const char *role, struct error *err)
{
	if (to->n_witnesses == WITNESS_MAX)
		return 0;
	return explain_witness(g->tapes, g->scan, node, slot, role,
			       &to->witnesses[to->n_witnesses++], err);
}

/* What told the reader of the write it missed: a read of another unit. */
static int add_reason(const struct group *g, const struct finding *finding, struct violation *to,
		      struct error *err)
{
	const struct history *history = &g->extract->history;
	const struct order *order = &g->extract->order;
	unsigned node = finding->node, other;
	struct causal_reason reason;

	if (!g->across || finding->missed == NO_OP)
		return 0;
	other = history->ops[finding->missed].node;
	if (other == node || !causal_why(g->extract->why, node, order->known[finding->read][node],
					 other, order->index[finding->missed], &reason))
		return 0;
	if (add_witness(g, to, reason.write_node, reason.write_number,
			"wrote elsewhere, after that", err) < 0)
		return -1;
	return add_witness(g, to, reason.read_node, reason.read_number,
			   "had read that, so it came after it", err);
}

static int fill_violation(const struct group *g, const struct finding *finding,
			  struct violation *ret, struct error *err)
{
	const struct history *history = &g->extract->history;
	unsigned i;

	ret->anomaly = finding->anomaly;
	ret->unit = finding->unit;
	ret->node = finding->node;
	for (i = 0; i < finding->n_witnesses; i++) {
		uint32_t op = finding->witnesses[i];

		/* The read that shows it comes last. */
		if (i + 1 == finding->n_witnesses && add_reason(g, finding, ret, err) < 0)
			return -1;
		if (add_witness(g, ret, history->ops[op].node, g->extract->slots[op],
				finding->roles[i], err) < 0)
			return -1;
	}
	ret->by_message = finding->by_message;
	ret->margin_ns = finding->margin_ns;
	ret->generations = finding->generations;
	ret->staleness_known = finding->staleness_known;
	ret->staleness_ns = finding->staleness_ns;
	ret->repeats = finding->repeats;
	ret->healed = finding->healed;
	return 0;
}

static int by_read(const void *a, const void *b, void *context)
{
	const struct finding *x = a, *y = b;
	const uint64_t *sequence = context;

	if (sequence[x->read] != sequence[y->read])
		return sequence[x->read] < sequence[y->read] ? -1 : 1;
	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

static int gather(struct findings *to, const struct group *g, struct judge *judge,
		  struct error *err)
{
	struct violation *violation;
	unsigned node;
	size_t i;

	for (node = 0; node < NODES; node++) {
		to->exposures[node].all += judge->exposures[node].all;
		to->exposures[node].stale += judge->exposures[node].stale;
	}
	to->torn_permitted += judge->torn_permitted;
	to->broke |= judge->broke;
	round_marks_join(&to->rounds, &judge->marks);
	if (judge->n_findings)
		qsort_r(judge->findings, judge->n_findings, sizeof(struct finding), by_read,
			g->extract->sequence);
	for (i = 0; i < judge->n_findings; i++) {
		struct finding *finding = &judge->findings[i];
		const struct history_op *read = &g->extract->history.ops[finding->read];

		if (g->across)
			finding->anomaly = ANOMALY_CAUSAL_VIOLATION;
		to->n++;
		to->classes[finding->anomaly]++;
		to->accused += 1 + finding->repeats;
		if (read->complete < to->first_ns[read->node])
			to->first_ns[read->node] = read->complete;
		if (i >= EXAMPLES_MAX)
			continue;
		violation = keep(to, g->extract->sequence[finding->read], err);
		if (!violation || fill_violation(g, finding, violation, err) < 0)
			return -1;
	}
	return 0;
}

/* A unit whose order a pass could not explain, and that has no finding. */
static uint64_t find_innocent(const struct judge *judge, const struct marked_unit *const *marked,
			      size_t n)
{
	size_t i, k = 0;

	/* Both ascend by unit. */
	for (i = 0; i < n; i++) {
		if (!((marked[i]->what[0] | marked[i]->what[1] | marked[i]->what[2]) & MARK_ORDER))
			continue;
		while (k < judge->n_findings && judge->findings[k].unit < marked[i]->unit)
			k++;
		if (k == judge->n_findings || judge->findings[k].unit != marked[i]->unit)
			return marked[i]->unit;
	}
	return UINT64_MAX;
}

/* From now on K is what was read across units. */
static void order_across(struct extract *extract)
{
	size_t i;

	for (i = 0; i < extract->history.n_ops; i++) {
		memcpy(extract->order.known[i], extract->across[i], sizeof(extract->across[i]));
		extract->order.message[i] = extract->across[i][!extract->history.ops[i].node];
	}
}

/* What a pass marked in a unit of which only a part was looked at, and that part shows nothing. */
static int add_unexplained(struct findings *to, const struct group *g,
			   const struct marked_unit *marked, struct error *err)
{
	enum anomaly anomaly = g->across ? ANOMALY_CAUSAL_VIOLATION : ANOMALY_NEW_OLD_INVERSION;
	struct violation *violation;

	if (marked->number == UINT32_MAX ||
	    !((marked->what[0] | marked->what[1] | marked->what[2]) & MARK_ORDER))
		return 0;
	to->n++;
	to->accused++;
	to->classes[anomaly]++;
	to->broke |= MODEL_BIT(MODEL_LINEARIZABLE);
	violation = keep(to, UINT64_MAX, err);
	if (!violation)
		return -1;
	violation->anomaly = anomaly;
	violation->unit = marked->unit;
	violation->node = marked->node;
	violation->by_message = true;
	return add_witness(g, violation, marked->node, marked->number,
			   "no order explains the unit with this; what else proves it lies further "
			   "back than was looked at",
			   err);
}

static int explain_group(struct findings *to, const struct group *from, struct clock_bounds *bounds,
			 const struct marked_unit *const *marked, size_t n, uint64_t *ret_innocent,
			 struct error *err)
{
	struct group own = *from;
	uint64_t *numbers = calloc(n, sizeof(*numbers));
	struct unit_scope scope = {numbers, n, &own.scan->lanes};
	struct extract extract = {0};
	struct units units = {0};
	struct judge judge;
	int result = -1;
	size_t i;

	if (!numbers)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < n; i++)
		numbers[i] = marked[i]->unit;
	if (extract_units(own.tapes, own.scan, bounds, numbers, n, own.window, to->progress,
			  &extract, err) < 0)
		goto out;
	if (own.across)
		order_across(&extract);
	if (units_build(&extract.history, &extract.order, &scope, &units, err) < 0)
		goto out;
	if (judge_all(&extract.history, &extract.order, &units, &own.scan->rounds, &judge, err) < 0)
		goto out;
	own.extract = &extract;
	if (ret_innocent && *ret_innocent == UINT64_MAX && !own.window)
		*ret_innocent = find_innocent(&judge, marked, n);
	if (own.window)
		memset(judge.exposures, 0,
		       sizeof(judge.exposures)); /* of a part: not to be counted */
	result = gather(to, &own, &judge, err);
	if (!result && own.window && !judge.n_findings)
		result = add_unexplained(to, &own, marked[0], err);
	judge_release(&judge);
out:
	units_done(&units);
	extract_done(&extract);
	free(numbers);
	return result;
}

/* A unit with too many operations: those around the one that showed it. */
static int explain_window(struct findings *to, const struct group *from,
			  struct clock_bounds *bounds, const struct marked_unit *marked,
			  struct error *err)
{
	uint64_t half = to->group_ops / 2;
	struct extract_window window = {0, marked->at + half};
	struct group own = *from;
	unsigned node;
	int result;

	if (marked->at > half)
		window.from = marked->at - half;
	own.window = &window;
	result = explain_group(to, &own, bounds, &marked, 1, NULL, err);
	for (node = 0; node < NODES; node++)
		to->exposures[node].all += marked->exposures[node];
	to->windows++;
	return result;
}

int findings_explain(struct findings *findings, const struct tapes *tapes, struct scan *scan,
		     struct clock_bounds *bounds, const struct marked_unit *const *marked, size_t n,
		     bool across, uint64_t *ret_innocent, struct error *err)
{
	struct group group = {.tapes = tapes, .scan = scan, .across = across};
	uint64_t ops;
	size_t i, k;

	if (ret_innocent)
		*ret_innocent = UINT64_MAX;
	for (i = 0; i < n; i = k) {
		if (marked[i]->ops > findings->group_ops) {
			if (explain_window(findings, &group, bounds, marked[i], err) < 0)
				return -1;
			k = i + 1;
			continue;
		}
		for (ops = 0, k = i;
		     k < n && (k == i || ops + marked[k]->ops <= findings->group_ops); k++)
			ops += marked[k]->ops;
		if (explain_group(findings, &group, bounds, marked + i, k - i, ret_innocent, err) <
		    0)
			return -1;
	}
	return 0;
}

int findings_litmus(struct findings *findings, const struct tapes *tapes, const struct scan *scan,
		    const struct passes *passes, struct error *err)
{
	static const char *const roles[] = {
		"wrote, then read", "read another unit: older than what the other node wrote",
		"wrote that, then read", "read older than the first write: both cannot be"};
	struct violation *violation;
	unsigned k;
	size_t i;

	findings->n += passes->found_litmus;
	findings->classes[ANOMALY_STORE_BUFFERING] += passes->found_litmus;
	findings->accused += passes->found_litmus;
	if (passes->found_litmus)
		findings->broke |= MODEL_BIT(MODEL_LINEARIZABLE);
	for (i = 0; i < passes->n_litmus; i++) {
		const struct litmus_finding *found = &passes->litmus[i];
		const struct litmus_op *ops[] = {&found->writes[0], &found->reads[0],
						 &found->writes[1], &found->reads[1]};

		violation = keep(findings, UINT64_MAX, err);
		if (!violation)
			return -1;
		violation->anomaly = ANOMALY_STORE_BUFFERING;
		violation->unit = found->reads[1].unit;
		violation->node = found->reads[1].node;
		violation->by_message = true;
		for (k = 0; k < 4; k++) {
			if (explain_witness(tapes, scan, ops[k]->node, ops[k]->number, roles[k],
					    &violation->witnesses[violation->n_witnesses++],
					    err) < 0)
				return -1;
		}
		if (violation->witnesses[3].op.complete < findings->first_ns[violation->node])
			findings->first_ns[violation->node] = violation->witnesses[3].op.complete;
	}
	return 0;
}

int findings_examples(struct findings *findings, struct verdict *verdict, struct error *err)
{
	size_t i;

	cut(findings);
	if (!findings->n_kept)
		return 0;
	verdict->examples = calloc(findings->n_kept, sizeof(struct violation));
	if (!verdict->examples)
		return error_set(err, ERROR_WORLD, "out of memory");
	verdict->n_examples = findings->n_kept;
	for (i = 0; i < findings->n_kept; i++)
		verdict->examples[i] = *findings->kept[i].violation;
	return 0;
}
