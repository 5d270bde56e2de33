/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_join.c - verdicts of shards, joined.
 *
 * Guards against: a shard that is missing, twice or of another history and yet joined; counts lost
 * or counted twice; a verdict of the whole that is not what its parts make it.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/bound.h"
#include "check/check.h"
#include "check/examples.h"
#include "check/join.h"

#define SHARDS 3

/* Clean shards of a cell, each with its own numbers. */
static void make(struct verdict parts[SHARDS])
{
	unsigned i, m;

	memset(parts, 0, SHARDS * sizeof(*parts));
	for (i = 0; i < SHARDS; i++) {
		struct verdict *v = &parts[i];

		cell_facts_init(&v->facts);
		v->shard = i + 1;
		v->shards = SHARDS;
		v->ops = 100 + i;
		v->reads = 60 + i;
		v->writes = 40;
		v->unknown = i;
		v->exposures = 10 * (i + 1);
		v->readers[0].all = 3 * (i + 1);
		v->readers[1].all = 7 * (i + 1);
		v->rounds = 4 + i;
		v->suspect = 2;
		v->undecided = 3;
		v->torn_permitted = 1;
		for (m = 0; m < MODELS; m++)
			v->models[m] = MODEL_HELD;
	}
}

/* n violations of a shard, seen by node at begin, begin + step, ... */
static void violate(struct verdict *v, unsigned node, size_t n, uint64_t begin, uint64_t step)
{
	size_t i;

	v->examples = examples_new(n);
	assert_non_null(v->examples);
	v->kind = VERDICT_VIOLATED;
	v->n_examples = v->n_violations = v->classes[ANOMALY_STALE_READ] = n;
	v->stale_exposures = v->stale_rounds = v->readers[node].stale = v->rounds;
	v->stream_units = v->exact_units = n;
	v->models[MODEL_LINEARIZABLE] = MODEL_BROKE;
	for (i = 0; i < n; i++) {
		struct violation *to = &v->examples[i];

		to->anomaly = ANOMALY_STALE_READ;
		to->node = (uint8_t)node;
		to->unit = begin + i * step;
		to->n_witnesses = 2;
		to->witnesses[0].op.node = (uint8_t)!node;
		to->witnesses[0].op.invoke = UINT64_MAX - 1; /* another clock's */
		to->witnesses[1].op.node = (uint8_t)node;
		to->witnesses[1].op.invoke = 1;
		to->witnesses[1].op.complete = begin + i * step;
		examples_set_role(v->examples, n, i, 0, "wrote");
		examples_set_role(v->examples, n, i, 1, "read");
	}
}

static void done(struct verdict parts[SHARDS])
{
	unsigned i;

	for (i = 0; i < SHARDS; i++)
		verdict_done(&parts[i]);
}

static void join(const struct verdict parts[SHARDS], struct verdict *ret)
{
	struct error err;

	if (verdict_join(parts, SHARDS, ret, &err) < 0)
		fail_msg("%s", err.text);
}

/* Guards against: a count that is not summed, rounds that are; bounds of one part. */
static void test_clean(void **state)
{
	struct verdict parts[SHARDS], swapped, v;
	double lower, upper;
	unsigned m;

	(void)state;
	make(parts);
	swapped = parts[0]; /* the order in which they are given does not matter */
	parts[0] = parts[2];
	parts[2] = swapped;
	join(parts, &v);
	assert_int_equal(v.kind, VERDICT_CONSISTENT);
	assert_int_equal(v.shard, 0);
	assert_int_equal(v.shards, 0);
	assert_int_equal(v.ops, 303);
	assert_int_equal(v.reads, 183);
	assert_int_equal(v.writes, 120);
	assert_int_equal(v.unknown, 3);
	assert_int_equal(v.exposures, 60);
	assert_int_equal(v.readers[0].all, 18);
	assert_int_equal(v.readers[1].all, 42);
	assert_int_equal(v.suspect, 6);
	assert_int_equal(v.undecided, 3);
	assert_int_equal(v.torn_permitted, 3);
	assert_int_equal(v.rounds, 6);
	bound_binomial(0, 60, 0.95, &lower, &upper);
	assert_true(v.rate_known && v.rate_upper >= upper && v.rate_upper <= upper);
	bound_binomial(0, 6, 0.95, &lower, &upper);
	assert_true(v.round_rate_known && v.round_rate_upper >= upper &&
		    v.round_rate_upper <= upper);
	for (m = 0; m < MODELS; m++)
		assert_int_equal(v.models[m], MODEL_HELD);
	assert_false(v.first_known);
	verdict_done(&v);
	/* what an empty shard says of models is nothing */
	make(parts);
	parts[1].ops = parts[1].undecided = 0;
	memset(parts[1].models, 0, sizeof(parts[1].models));
	join(parts, &v);
	assert_int_equal(v.models[MODEL_CAUSAL], MODEL_HELD);
	/* but it may hold the second unit of an operation, and that was damaged, or let go */
	parts[1].n_violations = 1;
	join(parts, &v);
	assert_int_equal(v.models[MODEL_CAUSAL], MODEL_UNDECIDED);
	parts[1].n_violations = 0;
	parts[1].undecided = 1;
	join(parts, &v);
	assert_int_equal(v.models[MODEL_CAUSAL], MODEL_UNDECIDED);
	parts[0].ops = parts[2].ops = 0;
	join(parts, &v);
	assert_int_equal(v.kind, VERDICT_INCONCLUSIVE);
	assert_int_equal(v.models[MODEL_CAUSAL], MODEL_UNDECIDED);
	/* one exposure nowhere: nothing is bounded */
	make(parts);
	for (m = 0; m < SHARDS; m++)
		parts[m].exposures = parts[m].rounds = 0;
	join(parts, &v);
	assert_false(v.rate_known || v.round_rate_known);
}

/* Guards against: a violation lost among clean shards, a model that held in most called held. */
static void test_violated(void **state)
{
	struct verdict parts[SHARDS], v;

	(void)state;
	make(parts);
	violate(&parts[1], 1, 2, 1000, 10);
	violate(&parts[2], 1, 1, 500, 10);
	parts[0].models[MODEL_CAUSAL] = MODEL_UNDECIDED;
	parts[1].models[MODEL_CAUSAL] = MODEL_HELD;
	parts[0].models[MODEL_SAFE] = MODEL_UNDECIDED;
	parts[1].models[MODEL_SAFE] = MODEL_BROKE;
	parts[2].models[MODEL_SAFE] = MODEL_UNDECIDED;
	parts[1].first_known = parts[2].first_known = true;
	parts[1].first_violation_s = 3;
	parts[2].first_violation_s = 2;
	join(parts, &v);
	done(parts); /* the whole owns what it shows */
	assert_int_equal(v.kind, VERDICT_VIOLATED);
	assert_int_equal(v.n_violations, 3);
	assert_int_equal(v.classes[ANOMALY_STALE_READ], 3);
	assert_int_equal(v.stream_units, 3);
	assert_int_equal(v.exact_units, 3);
	assert_int_equal(v.stale_exposures, 11);
	assert_int_equal(v.readers[0].stale, 0);
	assert_int_equal(v.readers[1].stale, 11);
	assert_int_equal(v.rounds, 6);
	assert_int_equal(v.stale_rounds, 6); /* not 11: there are no more rounds */
	assert_int_equal(v.models[MODEL_LINEARIZABLE], MODEL_BROKE);
	assert_int_equal(v.models[MODEL_CAUSAL], MODEL_UNDECIDED);
	assert_int_equal(v.models[MODEL_SAFE], MODEL_BROKE);
	assert_int_equal(v.models[MODEL_REGULAR], MODEL_HELD);
	assert_true(v.first_known && v.first_violation_s >= 2 && v.first_violation_s <= 2);
	assert_int_equal(v.n_examples, 3);
	assert_int_equal(v.examples[0].unit, 500); /* one node's clock orders them */
	assert_int_equal(v.examples[1].unit, 1000);
	assert_int_equal(v.examples[2].unit, 1010);
	assert_string_equal(v.examples[2].witnesses[1].role, "read");
	verdict_done(&v);
}

/* Guards against: two nodes' clocks compared, an order that depends on which came first in argv,
 * more examples than a verdict has. */
static void test_examples(void **state)
{
	struct verdict parts[SHARDS], v;

	(void)state;
	make(parts);
	violate(&parts[0], 0, 2, 9000, 10);
	violate(&parts[1], 1, 2, 10, 10);
	violate(&parts[2], 0, 1, 9005, 1);
	join(parts, &v);
	assert_int_equal(v.n_examples, 5);
	assert_int_equal(v.examples[0].unit, 9000); /* shard 1 first: b's clock says nothing */
	assert_int_equal(v.examples[1].unit, 10);
	assert_int_equal(v.examples[2].unit, 20);
	assert_int_equal(v.examples[3].unit, 9005); /* before 9010 of shard 1 */
	assert_int_equal(v.examples[4].unit, 9010);
	verdict_done(&v);
	done(parts);
	make(parts);
	violate(&parts[0], 0, 700, 1000, 2);
	violate(&parts[2], 0, 700, 1001, 2);
	join(parts, &v);
	assert_int_equal(v.n_violations, 1400);
	assert_int_equal(v.n_examples, EXAMPLES_MAX);
	assert_int_equal(v.examples[999].unit, 1999);
	verdict_done(&v);
	done(parts);
}

/* Guards against: trouble of one part that the whole does not tell, or with another's weight. */
static void test_trouble(void **state)
{
	struct verdict parts[SHARDS], v;

	(void)state;
	make(parts);
	parts[1].kind = VERDICT_ERROR;
	snprintf(parts[1].reason, sizeof(parts[1].reason), "guest b died");
	join(parts, &v);
	assert_int_equal(v.kind, VERDICT_ERROR);
	assert_string_equal(v.reason, "guest b died");
	violate(&parts[2], 0, 1, 5, 1); /* proven before the end */
	join(parts, &v);
	assert_int_equal(v.kind, VERDICT_VIOLATED);
	assert_string_equal(v.reason, "guest b died");
	verdict_done(&v);
	parts[0].kind = VERDICT_INVALID;
	snprintf(parts[0].reason, sizeof(parts[0].reason), "the canary was missed");
	join(parts, &v);
	assert_int_equal(v.kind, VERDICT_INVALID);
	assert_string_equal(v.reason, "the canary was missed");
	verdict_done(&v);
	/* found by the streaming pass alone: the judge's own fault, in a verdict that was read */
	parts[0].kind = VERDICT_CONSISTENT;
	parts[2].kind = VERDICT_ERROR;
	snprintf(parts[2].reason, sizeof(parts[2].reason), "the passes disagree");
	join(parts, &v);
	assert_int_equal(v.kind, VERDICT_ERROR);
	assert_string_equal(v.reason, "the passes disagree");
	verdict_done(&v);
	parts[2].kind = VERDICT_VIOLATED;
	snprintf(parts[2].facts.not_run, sizeof(parts[2].facts.not_run), "no space");
	join(parts, &v);
	assert_int_equal(v.kind, VERDICT_ERROR);
	assert_string_equal(v.reason, "no space");
	verdict_done(&v);
	done(parts);
	/* too few exposures in each, enough together */
	make(parts);
	parts[0].facts.max_rate = parts[1].facts.max_rate = parts[2].facts.max_rate = 0.05;
	parts[0].kind = parts[1].kind = parts[2].kind = VERDICT_INCONCLUSIVE;
	join(parts, &v);
	assert_int_equal(v.kind, VERDICT_CONSISTENT);
	assert_string_equal(v.reason, "");
	parts[2].exposures = 10;
	join(parts, &v);
	assert_int_equal(v.kind, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(v.reason, "40 exposures"));
}

/* Guards against: the same warning once for each shard; one that only some have, lost. */
static void test_warnings(void **state)
{
	struct verdict parts[SHARDS], v;
	unsigned i;

	(void)state;
	make(parts);
	for (i = 0; i < SHARDS; i++)
		snprintf(parts[i].warning, sizeof(parts[i].warning), "cut short");
	snprintf(parts[1].warning, sizeof(parts[1].warning), "odd");
	join(parts, &v);
	assert_string_equal(v.warning, "cut short; odd");
}

static void expect_refused(const struct verdict *parts, size_t n, const char *message)
{
	struct verdict v;
	struct error err;

	assert_int_equal(verdict_join(parts, n, &v, &err), -1);
	assert_int_equal(err.kind, ERROR_USER);
	if (!strstr(err.text, message))
		fail_msg("not '%s' but: %s", message, err.text);
}

static void test_refused(void **state)
{
	struct verdict parts[SHARDS];

	(void)state;
	make(parts);
	expect_refused(parts, 0, "no verdict");
	expect_refused(parts, 2, "of 3 shards these are missing: 3");
	parts[0].shards = 20;
	expect_refused(parts, 1, "missing: 2, 3, 4, 5, 6, 7, 8, 9 and 11 more");
	expect_refused(parts, 2, "shard 1 of 20 and shard 2 of 3 are not of one whole");
	make(parts);
	parts[2] = parts[1];
	expect_refused(parts, 3, "shard 2 of 3 is there twice");
	parts[2].shard = parts[2].shards = 0;
	expect_refused(parts, 3, "of the whole history");
	parts[0] = parts[2];
	expect_refused(parts, 1, "of the whole history");
	make(parts);
	snprintf(parts[1].facts.id, sizeof(parts[1].facts.id), "01-none");
	expect_refused(parts, 3, "shards 1 and 2 of 3 differ: the cell");
	make(parts);
	parts[2].facts.confidence = 0.9;
	expect_refused(parts, 3, "shards 1 and 3 of 3 differ: the confidence");
	make(parts);
	parts[2].facts.max_rate = 0.1;
	expect_refused(parts, 3, "the rate asked for");
	make(parts);
	parts[2].facts.has_expected = true;
	expect_refused(parts, 3, "the verdict expected");
	make(parts);
	parts[1].facts.replicas_known = true;
	expect_refused(parts, 3, "what is known of the replicas");
	make(parts);
	parts[2].facts.units = 5;
	expect_refused(parts, 3, "the target");
	make(parts);
	parts[0].reads = UINT64_MAX;
	expect_refused(parts, 3, "do not fit 64 bits");
	make(parts);
	parts[1].classes[ANOMALY_TORN] = parts[2].classes[ANOMALY_TORN] = UINT64_MAX;
	expect_refused(parts, 3, "do not fit 64 bits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),	 cmocka_unit_test(test_violated),
		cmocka_unit_test(test_examples), cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_warnings), cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
