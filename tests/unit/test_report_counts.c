/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_report_counts.c - counts of a JSON verdict that no history has.
 *
 * Guards against: a verdict that an editor or a bad disk has changed, and whose bounds or verdict
 * are believed all the same; and one of ours that is refused. Each case changes a verdict that is
 * taken.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/examples.h"
#include "report/report.h"
#include "report/report_read.h"

/* Ten operations: six reads, three writes and a flush; three violations, two of them shown. */
static void make(struct verdict *v)
{
	static const enum anomaly shown[] = {ANOMALY_STALE_READ, ANOMALY_CAUSAL_VIOLATION};
	unsigned i;

	memset(v, 0, sizeof(*v));
	v->kind = VERDICT_VIOLATED;
	v->facts.confidence = 0.95;
	v->ops = 10;
	v->reads = 6;
	v->writes = 3;
	v->unknown = 2;
	v->exposures = 4;
	v->stale_exposures = 2;
	v->readers[0] = (struct exposures){3, 2};
	v->readers[1] = (struct exposures){1, 0};
	v->rounds = 2;
	v->stale_rounds = 1;
	v->n_violations = 3;
	v->classes[ANOMALY_STALE_READ] = 2;
	v->classes[ANOMALY_CAUSAL_VIOLATION] = 1;
	v->suspect = v->torn_permitted = 1;
	v->stream_units = v->exact_units = 1;
	v->first_known = true;
	for (i = 0; i < MODELS; i++)
		v->models[i] = i == MODEL_SAFE ? MODEL_HELD : MODEL_BROKE;
	v->examples = examples_new(2);
	assert_non_null(v->examples);
	v->n_examples = 2;
	for (i = 0; i < 2; i++) {
		v->examples[i].anomaly = shown[i];
		v->examples[i].n_witnesses = 1;
		v->examples[i].witnesses[0].op.count = 1;
		examples_set_role(v->examples, 2, i, 0, "read");
	}
	verdict_rates(v);
}

/* Nothing was found. */
static void clean(struct verdict *v)
{
	v->kind = VERDICT_CONSISTENT;
	v->n_violations = v->n_examples = 0;
	v->stale_exposures = v->stale_rounds = v->stream_units = v->exact_units = 0;
	v->first_known = false;
	memset(v->classes, 0, sizeof(v->classes));
	verdict_rates(v);
}

/* No operation was there. */
static void empty(struct verdict *v)
{
	clean(v);
	v->ops = v->reads = v->writes = v->unknown = v->exposures = v->rounds = 0;
	v->suspect = v->torn_permitted = 0;
	verdict_rates(v);
}

/* All by one reader: for changes that are about something else. */
static void one_reader(struct verdict *v)
{
	v->readers[0] = (struct exposures){v->exposures, v->stale_exposures};
	v->readers[1] = (struct exposures){0};
}

static int read_back(const struct verdict *v, struct error *err)
{
	struct report_read read;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	int result;

	assert_non_null(out);
	assert_int_equal(report_json(out, v, 1, NULL), 0);
	assert_int_equal(fclose(out), 0);
	result = report_read("x.json", text, size, &read, err);
	if (!result)
		report_read_done(&read);
	free(text);
	return result;
}

static void expect_taken(const struct verdict *v, const char *change)
{
	struct error err;

	if (read_back(v, &err) < 0)
		fail_msg("%s: %s", change, err.text);
}

static void expect_refused(const struct verdict *v, const char *change, const char *message)
{
	struct report_read read = {.verdicts = (struct verdict *)(uintptr_t)v, .n = 1};
	struct error err = {0};

	if (read_back(v, &err) == 0)
		fail_msg("taken: %s", change);
	assert_int_equal(err.kind, ERROR_USER);
	if (strncmp(err.text, "x.json: cells[0].", 17) || !strstr(err.text, message))
		fail_msg("%s: %s", change, err.text);
	/* what was joined is asked the same */
	assert_int_equal(report_check("shards", &read, &err), -1);
	assert_memory_equal(err.text, "shards: cells[0].", 17);
}

#define TAKEN(change) \
	do { \
		make(&v); \
		change; \
		one_reader(&v); \
		expect_taken(&v, #change); \
		verdict_done(&v); \
	} while (0)
#define REFUSED(change, message) \
	do { \
		make(&v); \
		expect_taken(&v, "nothing"); \
		change; \
		one_reader(&v); \
		expect_refused(&v, #change, message); \
		verdict_done(&v); \
	} while (0)

/* Guards against: operations that are more, or of more kinds, than there are. */
static void test_operations(void **state)
{
	struct verdict v;

	(void)state;
	TAKEN(v.writes = 4);
	REFUSED(v.writes = 5, "writes: 5, more than there are operations that are no reads (4)");
	REFUSED(v.writes = UINT64_MAX, "writes: 18446744073709551615, more");
	REFUSED(v.reads = 11, "reads: 11, more than there are operations (10)");
	REFUSED(v.ops = 0, "reads: 6, more than there are operations (0)");
	TAKEN(v.unknown = 10);
	REFUSED(v.unknown = 11, "unknown: 11, more than there are operations (10)");
}

/* Guards against: more chances than reads can have had, or more taken than there were: what the
 * bounds of the rates rest on. */
static void test_exposures(void **state)
{
	struct verdict v;

	(void)state;
	TAKEN((v.stale_exposures = 4, v.stale_rounds = 2));
	REFUSED(v.stale_exposures = 5, "stale_exposures: 5, more than there are exposures (4)");
	REFUSED(v.stale_rounds = 3, "stale_rounds: 3, more than there are rounds (2)");
	/* a read of several units is an exposure in each */
	TAKEN(v.exposures = 6 * 65535);
	REFUSED(v.exposures = 6 * 65535 + 1, "exposures: 393211, more than there are units");
	REFUSED((clean(&v), v.writes = 0), "exposures: 4, though there are no writes");
	TAKEN((v.ops = v.reads = UINT64_MAX, v.writes = 0, v.exposures = v.rounds = 0,
	       v.stale_exposures = v.stale_rounds = 0, verdict_rates(&v)));
	TAKEN((v.ops = v.exposures = UINT64_MAX, v.reads = UINT64_MAX - 3));
}

/* Guards against: exposures of a direction that the cell did not have, from which it would be
 * concluded which side's mode is at fault. */
static void test_readers(void **state)
{
	static const struct exposures bad[][NODES] = {
		{{3, 2}, {0, 0}}, {{3, 1}, {1, 0}}, {{2, 0}, {1, 2}},
		{{0, 0}, {0, 0}}, {{5, 2}, {1, 0}}, {{UINT64_MAX, 2}, {5, 0}},
	};
	struct verdict v;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		make(&v);
		expect_taken(&v, "nothing");
		memcpy(v.readers, bad[i], sizeof(v.readers));
		expect_refused(&v, "readers", "readers: does not add up");
		verdict_done(&v);
	}
}

/* Guards against: findings of a history in which there was nothing to be found. */
static void test_nothing_there(void **state)
{
	struct verdict v;

	(void)state;
	TAKEN((empty(&v), v.kind = VERDICT_INCONCLUSIVE));
	TAKEN((empty(&v), v.ops = v.writes = 1, v.exact_units = 1));
	REFUSED((empty(&v), v.ops = 1, v.exposures = 1, verdict_rates(&v)),
		"exposures: 1, though there are no reads");
	REFUSED((empty(&v), v.ops = 1, v.rounds = 1, verdict_rates(&v)),
		"rounds: 1, though there are no reads");
	REFUSED((empty(&v), v.ops = 1, v.suspect = 1), "suspect: 1, though there are no reads");
	REFUSED((empty(&v), v.ops = 1, v.torn_permitted = 1),
		"torn_permitted: 1, though there are no reads");
	REFUSED((v.reads = v.exposures = v.stale_exposures = v.rounds = v.stale_rounds = 0,
		 verdict_rates(&v)),
		"violations: 3, though there are no reads");
	REFUSED((empty(&v), v.kind = VERDICT_INCONCLUSIVE, v.undecided = 1),
		"undecided: 1, though there are no operations");
	REFUSED((empty(&v), v.kind = VERDICT_INCONCLUSIVE, v.stream_units = 1),
		"stream_units: 1, though there are no operations");
	REFUSED((empty(&v), v.kind = VERDICT_INCONCLUSIVE, v.exact_units = 1),
		"exact_units: 1, though there are no operations");
}

/* Guards against: a shard refused for an operation on several units that another shard counts. */
static void test_shard(void **state)
{
	struct verdict v;

	(void)state;
	TAKEN((v.shards = 2, v.shard = 1, v.ops = v.reads = v.writes = v.unknown = 0));
	TAKEN((v.shards = 2, v.shard = 1, empty(&v)));
	REFUSED((v.shards = 2, v.shard = 1, v.ops = 8), "writes: 3, more than there are");
	/* the only one is the whole */
	TAKEN((v.shards = v.shard = 1, empty(&v)));
	REFUSED((v.shards = v.shard = 1, v.reads = 0), "exposures: 4, though there are no reads");
}

/* Guards against: violations that are not in the classes, or that are shown and not counted. */
static void test_classes(void **state)
{
	struct verdict v;

	(void)state;
	REFUSED(v.n_violations = 4, "violations: 4, which is not the sum of the classes");
	REFUSED(v.n_violations = 2, "violations: 2, which is not the sum of the classes");
	REFUSED(v.classes[ANOMALY_CORRUPT] = v.classes[ANOMALY_ZEROED] = 1ULL << 63,
		"violations: 3, which is not the sum of the classes");
	TAKEN(v.n_examples = 1); /* shown are some of them */
	REFUSED(v.examples[0].anomaly = ANOMALY_TORN, "examples: 1 are torn, though there are 0");
	REFUSED(v.examples[0].anomaly = ANOMALY_CAUSAL_VIOLATION,
		"examples: 2 are causal-violation, though there are 1");
}

/* Guards against: a verdict that its own counts contradict. */
static void test_verdict(void **state)
{
	struct verdict v;

	(void)state;
	TAKEN(clean(&v));
	REFUSED((clean(&v), v.kind = VERDICT_VIOLATED), "verdict: violated, though there are 0");
	REFUSED(v.kind = VERDICT_CONSISTENT, "verdict: consistent, though there are 3");
	REFUSED(v.kind = VERDICT_INCONCLUSIVE, "verdict: inconclusive, though there are 3");
	TAKEN(v.kind = VERDICT_INVALID);
	TAKEN(v.kind = VERDICT_ERROR);
	TAKEN((clean(&v), v.kind = VERDICT_ERROR));
	REFUSED(empty(&v), "verdict: consistent, though there are no operations");
	REFUSED((clean(&v), v.first_known = true),
		"first_violation_s: though there are no violations");
	REFUSED(v.stream_units = v.exact_units = 0, "exact_units: 0, though there are violations");
	/* what is found across units marks none */
	TAKEN((v.n_violations = v.classes[ANOMALY_STORE_BUFFERING] = v.n_examples = 1,
	       v.examples[0].anomaly = ANOMALY_STORE_BUFFERING, v.classes[ANOMALY_STALE_READ] = 0,
	       v.classes[ANOMALY_CAUSAL_VIOLATION] = 0, v.stream_units = v.exact_units = 0));
	REFUSED(v.stream_units = 2, "stream_units: 2, more than there are exact_units (1)");
	REFUSED((clean(&v), v.stream_units = 1), "stream_units: 1, more than there are");
	/* a judge that contradicts itself says so */
	TAKEN((v.stream_units = 2, v.kind = VERDICT_ERROR));
	TAKEN((v.stream_units = 2, snprintf(v.reason, sizeof(v.reason), "contradicts")));
}

/* Guards against: a bound without trials, and trials whose bound was taken away. */
static void test_bounds(void **state)
{
	struct verdict v;

	(void)state;
	TAKEN((v.facts.confidence = 0, verdict_rates(&v)));
	REFUSED(v.rate_known = false, "rate_upper: is null just where confidence is, or exposures");
	REFUSED(v.round_rate_known = false, "round_rate_upper: is null just where");
	REFUSED((v.exposures = v.stale_exposures = 0), "rate_upper: is null just where");
	REFUSED((v.rounds = v.stale_rounds = 0), "round_rate_upper: is null just where");
	REFUSED(v.facts.confidence = 0, "rate_upper: is null just where");
}

/* Guards against: a model that held, though part of the evidence was let go. */
static void test_models(void **state)
{
	struct verdict v;

	(void)state;
	TAKEN((v.undecided = 7, v.models[MODEL_SAFE] = MODEL_UNDECIDED));
	REFUSED(v.undecided = 7, "models.safe: held, though 7 reads are undecided");
}

/* Guards against: a class that is listed and has no violation, which we never write. */
static void test_empty_class(void **state)
{
	FILE *file = fopen("tests/golden/demo.json", "r");
	struct report_read read;
	static char text[65536];
	struct error err;
	char *at;

	(void)state;
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 64, file) > 0);
	fclose(file);
	at = strstr(text, "\"stale-read\": \"126\"");
	assert_non_null(at);
	memmove(at + 13, at, strlen(at) + 1);
	memcpy(at, "\"torn\": \"0\", ", 13);
	assert_int_equal(report_read("x.json", text, strlen(text), &read, &err), -1);
	assert_non_null(strstr(err.text, "x.json: cells[0].classes.torn: 0; a class that"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_operations), cmocka_unit_test(test_exposures),
		cmocka_unit_test(test_readers),	   cmocka_unit_test(test_nothing_there),
		cmocka_unit_test(test_shard),	   cmocka_unit_test(test_classes),
		cmocka_unit_test(test_verdict),	   cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_models),	   cmocka_unit_test(test_empty_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
