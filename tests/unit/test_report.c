/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_report.c - verdicts in, exact text out.
 *
 * The expected texts lie in tests/golden/; ACCEPT=1 in the environment rewrites them, to be read
 * in the diff before they are committed. Run from the top of the tree.
 */
#include "tests/test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "report/report.h"
#include "report/report_words.h"
#include "tests/unit/golden.h"

/* A cell as the demo has it. */
static void fill(struct verdict *v, unsigned number, enum cache_mode asked,
		 enum cache_mode effective, enum verdict_kind expected)
{
	struct cell_facts *f = &v->facts;

	memset(v, 0, sizeof(*v));
	cell_facts_init(f);
	snprintf(f->id, sizeof(f->id), "%02u-%s", number, cache_mode_names[asked]);
	snprintf(f->selector, sizeof(f->selector),
		 "cache=%s path=buffered workload=handoff fault=none repeat=1",
		 cache_mode_names[asked]);
	f->asked[0] = f->asked[1] = asked;
	f->effective[0] = f->effective[1] = effective;
	f->effective_known[0] = f->effective_known[1] = true;
	snprintf(f->path, sizeof(f->path), "buffered");
	snprintf(f->workload, sizeof(f->workload), "handoff");
	snprintf(f->fault, sizeof(f->fault), "none");
	f->has_expected = true;
	f->expected = expected;
	f->max_rate = 0.02;
	f->unit = 4096;
	f->units = 256;
	f->files = 16;
	f->cached_before_known[0] = f->flushes_known[0] = true;
	f->flushes[0] = 17;
	f->fsck_known = true;
	v->kind = VERDICT_CONSISTENT;
	v->ops = 1000;
	v->reads = 750;
	v->writes = 250;
	v->exposures = 256;
	v->readers[0].all = v->readers[1].all = 128;
	v->rounds = 4;
	v->rate_known = v->round_rate_known = true;
	v->rate_upper = 0.011634;
	v->round_rate_upper = 0.527129;
}

static struct op make_op(unsigned node, enum op_kind kind, uint64_t unit, uint64_t invoke,
			 uint64_t write_id_, uint64_t after)
{
	struct op op = {.node = (uint8_t)node,
			.kind = kind,
			.outcome = OUTCOME_OK,
			.unit = unit,
			.count = 1,
			.invoke = invoke,
			.complete = invoke + 1500,
			.after = after,
			.value = {.kind = VALUE_TAG, .write_id = write_id_}};

	return op;
}

static void set_witness(struct violation *v, const char *role, const char *source, struct op op)
{
	struct witness *w = &v->witnesses[v->n_witnesses++];

	w->op = op;
	w->role = role;
	snprintf(w->source, sizeof(w->source), "%s%s", v->node ? "/a/run/cells/x/" : "", source);
}

static struct violation stale;

static void fill_stale(struct violation *v)
{
	memset(v, 0, sizeof(*v));
	v->anomaly = ANOMALY_STALE_READ;
	v->unit = 17;
	v->node = 1;
	v->by_message = true;
	v->generations = 1;
	v->staleness_known = true;
	v->staleness_ns = 3204000;
	v->repeats = 3;
	set_witness(v, "wrote the old value", "a.history:record 17",
		    make_op(0, OP_WRITE, 17, 1000000, write_id(0, 0, 0, 1), 0));
	set_witness(v, "wrote the newer value", "a.history:record 99",
		    make_op(0, OP_WRITE, 17, 9000000, write_id(0, 0, 0, 2), 64));
	set_witness(v, "read the old value", "b.history:record 130",
		    make_op(1, OP_READ, 17, 12000000, write_id(0, 0, 0, 1), 128));
}

static void make_stale(struct verdict *v)
{
	fill_stale(&stale);
	v->kind = VERDICT_VIOLATED;
	v->stale_exposures = 128;
	v->readers[0].stale = 28;
	v->readers[1].stale = 100;
	v->stale_rounds = 2;
	v->n_violations = 128;
	v->classes[ANOMALY_STALE_READ] = 126;
	v->classes[ANOMALY_NON_MONOTONIC_READ] = 2;
	v->examples = &stale;
	v->n_examples = 1;
	v->rate_lower = 0.4371;
	v->rate_upper = 0.5629;
	v->round_rate_lower = 0.0676;
	v->round_rate_upper = 0.9324;
	v->first_known = true;
	v->first_violation_s = 0.0312;
}

static void make_demo(struct verdict v[6])
{
	unsigned i;

	fill(&v[0], 1, CACHE_NONE, CACHE_NONE, VERDICT_CONSISTENT);
	fill(&v[1], 2, CACHE_DIRECTSYNC, CACHE_DIRECTSYNC, VERDICT_CONSISTENT);
	fill(&v[2], 3, CACHE_WRITETHROUGH, CACHE_WRITETHROUGH, VERDICT_VIOLATED);
	fill(&v[3], 4, CACHE_WRITEBACK, CACHE_WRITEBACK, VERDICT_VIOLATED);
	fill(&v[4], 5, CACHE_UNSAFE, CACHE_UNSAFE, VERDICT_VIOLATED);
	fill(&v[5], 6, CACHE_DEFAULT, CACHE_NONE, VERDICT_CONSISTENT);
	for (i = 2; i < 5; i++)
		make_stale(&v[i]);
	v[3].facts.withdraws = 1;
	snprintf(v[3].facts.kernel_first, sizeof(v[3].facts.kernel_first),
		 "gfs2: fsid=lab:x.0: about to withdraw \x1b[31mthis file system");
	v[4].facts.fsck_errors = 3;
	snprintf(v[4].facts.fsck_first, sizeof(v[4].facts.fsck_first), "Block 17 is wrong");
}

/* Guards against: a table that a person cannot read, in text or (colour, width) on a terminal. */
static void test_demo(void **state)
{
	const struct report_options colour = {.colour = true, .width = 90};
	struct verdict v[6];
	char *text;

	(void)state;
	make_demo(v);
	check_report("demo.txt", report_text, v, 6, NULL);
	text = render(report_text, v, 6, &colour);
	assert_non_null(strstr(text, "as asked"));
	assert_non_null(strstr(text, "\033[32mconsistent, expected"));
	free(text);
	text = render(report_text, v, 6, NULL);
	assert_null(strchr(text, '\033'));
	free(text);
}

/* Guards against: a row too wide for 100 columns, which every terminal then breaks. */
static void test_width(void **state)
{
	struct verdict v[6];
	char *text, *line, *save = NULL;

	(void)state;
	make_demo(v);
	v[2].facts.asked[0] = v[2].facts.effective[0] = CACHE_DIRECTSYNC;
	text = render(report_text, v, 6, NULL);
	for (line = strtok_r(text, "\n", &save); line && strncmp(line, "03-", 3);
	     line = strtok_r(NULL, "\n", &save))
		assert_true(strlen(line) <= 100);
	free(text);
}

/* Guards against: what went wrong told as if it had gone right; reasons left out. */
static void test_trouble(void **state)
{
	struct verdict v[6];

	(void)state;
	make_demo(v);
	/* unexpected: both ways */
	v[0] = v[2];
	v[0].facts.expected = VERDICT_CONSISTENT;
	snprintf(v[0].facts.id, sizeof(v[0].facts.id), "01-writethrough");
	v[1].facts.expected = VERDICT_VIOLATED;
	/* undecided: three ways */
	v[2].kind = VERDICT_INVALID;
	v[2].facts.effective[1] = CACHE_NONE;
	v[2].n_violations = v[2].n_examples = 0;
	snprintf(v[2].reason, sizeof(v[2].reason), "effective mode of b is none\x1b[2J");
	v[3].kind = VERDICT_INCONCLUSIVE;
	v[3].n_violations = v[3].n_examples = v[3].stale_exposures = v[3].exposures = 0;
	v[3].rate_known = v[3].round_rate_known = v[3].first_known = false;
	snprintf(v[3].reason, sizeof(v[3].reason), "0 of 149 exposures");
	snprintf(v[3].warning, sizeof(v[3].warning), "a.history: last record cut short");
	fill(&v[4], 5, CACHE_UNSAFE, CACHE_UNSAFE, VERDICT_VIOLATED);
	v[4].kind = VERDICT_ERROR;
	v[4].exposures = v[4].rounds = 0;
	v[4].rate_known = v[4].round_rate_known = false;
	v[4].facts.effective_known[0] = v[4].facts.effective_known[1] = false;
	v[4].facts.fsck_known = false;
	snprintf(v[4].facts.not_run, sizeof(v[4].facts.not_run), "the canary was missed");
	v[5].facts.kernel_errors = 2;
	v[5].facts.fsck_known = false;
	v[5].suspect = 1;
	v[5].torn_permitted = 2;
	check_report("trouble.txt", report_text, v, 6, NULL);
}

static void set_replicas(struct verdict *v, uint64_t kib, const char *note)
{
	v->facts.replicas_known = true;
	v->facts.replicas_out_of_sync = kib;
	snprintf(v->facts.replicas_note, sizeof(v->facts.replicas_note), "%s", note);
}

/* Guards against: replicas that differ hidden behind reads that were right, or taken for a fault of
 * them; replicas that nobody compared and that read as well. */
static void test_replicas(void **state)
{
	struct verdict v[6];

	(void)state;
	make_demo(v);
	set_replicas(&v[0], 12, "kernel of host a: \x1b[31mOut of sync: start=800");
	set_replicas(&v[1], 0, "a first verify found 4 KiB");
	set_replicas(&v[2], 4, "");
	snprintf(v[4].facts.replicas_note, sizeof(v[4].facts.replicas_note),
		 "verify-alg is not configured");
	check_report("replicas.txt", report_text, v, 5, NULL);
}

/* Guards against: cells of a matrix with more than modes in it that all look alike. */
static void test_ids(void **state)
{
	struct verdict v[2];

	(void)state;
	fill(&v[0], 1, CACHE_NONE, CACHE_NONE, VERDICT_CONSISTENT);
	fill(&v[1], 2, CACHE_NONE, CACHE_NONE, VERDICT_CONSISTENT);
	v[1].facts.repeat = 2;
	v[1].rate_upper = 0.5;
	v[1].exposures = 4;
	check_report("ids.txt", report_text, v, 2, NULL);
}

/* Guards against: pairs of modes from which a reader must find out alone which side it was. */
static void test_sides(void **state)
{
	struct verdict v[4];
	unsigned i, n;

	(void)state;
	for (i = 0; i < 4; i++) {
		fill(&v[i], i + 1, CACHE_NONE, CACHE_NONE, VERDICT_CONSISTENT);
		v[i].facts.max_rate = 0.05;
		for (n = 0; n < NODES; n++) {
			if (i >> n & 1)
				v[i].facts.asked[n] = v[i].facts.effective[n] = CACHE_WRITETHROUGH;
		}
		if (i & 2)
			make_stale(&v[i]);
		v[i].readers[0].stale = 0;
		v[i].readers[1].stale = v[i].stale_exposures;
		v[i].n_violations = v[i].n_examples;
		v[i].classes[ANOMALY_STALE_READ] = v[i].n_violations;
		v[i].classes[ANOMALY_NON_MONOTONIC_READ] = 0;
		v[i].stream_units = v[i].exact_units = v[i].n_violations;
	}
	v[1].kind = VERDICT_INVALID;
	check_report("sides.txt", report_text, v, 4, NULL);
	check_report("sides.json", report_json, v, 4, NULL);
}

/* Guards against: counts of the disks that are shown nowhere, and one not known that reads as 0. */
static void test_disks(void **state)
{
	const struct report_options options = {.verbose = true};
	struct verdict v;
	char *text;

	(void)state;
	fill(&v, 1, CACHE_NONE, CACHE_NONE, VERDICT_CONSISTENT);
	text = render(report_text, &v, 1, &options);
	assert_non_null(strstr(text, "page caches before the workload: a 0, b not known.\n"));
	assert_non_null(strstr(text, "during the workload: a 17, b not known.\n"));
	free(text);
	text = render(report_text, &v, 1, NULL);
	assert_null(strstr(text, "workload:"));
	free(text);
}

/* Guards against: a bare history shown with modes that nobody knows; verbose that shows no more. */
static void test_bare(void **state)
{
	static struct violation two[2];
	struct report_options options = {.subject = "x.txt", .verbose = true};
	struct verdict v;
	struct op op;

	(void)state;
	memset(&v, 0, sizeof(v));
	v.facts.confidence = 0.95;
	v.kind = VERDICT_CONSISTENT;
	v.ops = 3;
	v.reads = 2;
	v.writes = 1;
	check_report("bare-consistent.txt", report_text, &v, 1, &options);

	fill_stale(&two[0]);
	two[0].by_message = false;
	two[0].margin_ns = 1200000;
	two[0].healed = true;
	two[0].repeats = 0;
	two[0].staleness_known = false;
	memset(&two[1], 0, sizeof(two[1]));
	two[1].anomaly = ANOMALY_TORN;
	two[1].unit = 3;
	op = make_op(0, OP_READ, 3, 500, 0, 0);
	op.value.kind = VALUE_TORN;
	op.value.n_parts = 2;
	op.value.parts[0] = (struct part){VALUE_TAG, 3, write_id(0, 0, 0, 1)};
	op.value.parts[1] = (struct part){VALUE_ZERO, 5, 0};
	set_witness(&two[1], "read", "x.txt:9", op);
	v.kind = VERDICT_VIOLATED;
	v.unknown = 1;
	v.exposures = 2;
	v.stale_exposures = 1;
	v.readers[1] = (struct exposures){2, 1};
	v.n_violations = 2;
	v.classes[ANOMALY_STALE_READ] = v.classes[ANOMALY_TORN] = 1;
	v.examples = two;
	v.n_examples = 2;
	v.rate_known = true;
	v.rate_lower = 0.0125;
	v.rate_upper = 0.9875;
	v.models[MODEL_LINEARIZABLE] = v.models[MODEL_REGULAR] = MODEL_BROKE;
	v.models[MODEL_SEQUENTIAL_PER_UNIT] = v.models[MODEL_MONOTONIC_READS] = MODEL_HELD;
	v.undecided = 2;
	v.stream_units = 1;
	v.exact_units = 2;
	v.shard = 3;
	v.shards = 8;
	check_report("bare-violated.txt", report_text, &v, 1, &options);
	/* no judge says both, and a reader refuses it */
	v.models[MODEL_SEQUENTIAL_PER_UNIT] = v.models[MODEL_MONOTONIC_READS] = MODEL_UNDECIDED;
	check_report("bare.json", report_json, &v, 1, &options);
	check_report("none.txt", report_text, NULL, 0, NULL);
}

/* Guards against: keys that come and go, numbers a reader would round, text that is not JSON. */
static void test_json(void **state)
{
	const struct report_options options = {.run = "01234567-89ab-cdef-0123-456789abcdef"};
	struct verdict v[6];
	char *text;
	json_t *root, *cell;

	(void)state;
	make_demo(v);
	v[2].ops = v[2].exposures = UINT64_MAX;
	v[2].readers[1].all = UINT64_MAX - 128;
	v[2].reads = v[2].ops - v[2].writes;
	v[2].stream_units = v[2].exact_units = 64;
	stale.witnesses[2].op.complete = TIME_NONE;
	check_report("demo.json", report_json, v + 2, 1, &options);
	text = render(report_json, v, 6, &options);
	root = json_loads(text, 0, NULL);
	free(text);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "verdict")), "violated");
	assert_int_equal(json_integer_value(json_object_get(root, "exit_status")), 0);
	assert_int_equal(json_array_size(json_object_get(root, "cells")), 6);
	cell = json_array_get(json_object_get(root, "cells"), 2);
	assert_string_equal(json_string_value(json_object_get(cell, "exposures")),
			    "18446744073709551615");
	json_decref(root);
}

/* The object has exactly the keys that the schema requires and allows. */
static void same_keys(const json_t *object, const json_t *schema, const char *what)
{
	const json_t *properties = json_object_get(schema, "properties");
	const char *key;
	json_t *value;

	assert_true(json_is_false(json_object_get(schema, "additionalProperties")));
	assert_int_equal(json_object_size(properties),
			 json_array_size(json_object_get(schema, "required")));
	json_object_foreach((json_t *)object, key, value)
	{
		if (!json_object_get(properties, key))
			fail_msg("%s: %s is not in the schema", what, key);
	}
	json_object_foreach((json_t *)properties, key, value)
	{
		if (!json_object_get(object, key))
			fail_msg("%s: %s is in the schema only", what, key);
	}
}

/* The schema allows just these names. */
static void same_names(const json_t *list, const char *const *names, size_t n)
{
	size_t i;

	assert_int_equal(json_array_size(list), n);
	for (i = 0; i < n; i++)
		assert_string_equal(json_string_value(json_array_get(list, i)), names[i]);
}

/* Guards against: a schema that no longer describes what is printed. */
static void test_schema(void **state)
{
	struct verdict v[6];
	json_t *schema, *root, *defs, *cell, *example, *part;
	char *text;

	(void)state;
	make_demo(v);
	text = render(report_json, v, 6, NULL);
	root = json_loads(text, 0, NULL);
	free(text);
	schema = json_load_file("docs/verdict.schema.json", 0, NULL);
	if (!root || !schema)
		fail_msg("docs/verdict.schema.json is missing: run from the top of the tree");
	defs = json_object_get(schema, "$defs");
	cell = json_array_get(json_object_get(root, "cells"), 2);
	example = json_array_get(json_object_get(cell, "examples"), 0);
	same_keys(root, schema, "the whole");
	same_keys(cell, json_object_get(defs, "cell"), "cell");
	same_keys(json_object_get(cell, "disks"), json_object_get(defs, "disks"), "disks");
	same_keys(json_object_get(json_object_get(cell, "disks"), "a"),
		  json_object_get(defs, "disk"), "disk");
	same_keys(json_object_get(cell, "gfs2"), json_object_get(defs, "gfs2"), "gfs2");
	same_keys(json_object_get(cell, "effective"), json_object_get(defs, "effective"),
		  "effective");
	same_keys(json_object_get(cell, "readers"), json_object_get(defs, "readers"), "readers");
	same_keys(json_object_get(json_object_get(cell, "readers"), "a"),
		  json_object_get(defs, "reader"), "reader");
	same_keys(example, json_object_get(defs, "example"), "example");
	same_keys(json_array_get(json_object_get(example, "witness"), 0),
		  json_object_get(defs, "witness"), "witness");
	same_keys(json_object_get(cell, "models"), json_object_get(defs, "models"), "models");
	same_names(json_object_get(json_object_get(defs, "models"), "required"), model_names,
		   MODELS);
	same_names(json_object_get(json_object_get(defs, "model_state"), "enum"), model_state_names,
		   MODEL_STATES);
	assert_true(json_is_null(json_object_get(cell, "shard")));
	set_replicas(&v[2], 4, "");
	v[2].shard = v[2].shards = 1;
	text = render(report_json, v + 2, 1, NULL);
	part = json_loads(text, 0, NULL);
	free(text);
	cell = json_array_get(json_object_get(part, "cells"), 0);
	same_keys(json_object_get(cell, "shard"), json_object_get(defs, "shard"), "shard");
	same_keys(json_object_get(cell, "replicas"), json_object_get(defs, "replicas"), "replicas");
	json_decref(part);
	example = json_object_get(json_object_get(defs, "example"), "properties");
	same_names(json_object_get(json_object_get(example, "class"), "enum"), anomaly_names,
		   ANOMALIES);
	same_names(json_object_get(json_object_get(defs, "verdict"), "enum"), verdict_kind_names,
		   VERDICTS);
	json_decref(schema);
	json_decref(root);
}

static void expect_rate(double rate, const char *expected)
{
	struct verdict v = {.rate_known = true, .rate_upper = rate};
	char text[WORDS_MAX];

	assert_string_equal(words_rate(&v, text), expected);
}

/* Guards against: a bound that is rounded to less than it is. */
static void test_rates(void **state)
{
	struct verdict v = {.rate_known = true, .rate_lower = 0.12399, .rate_upper = 0.5001};
	char text[WORDS_MAX];

	(void)state;
	expect_rate(0.0148668, "< 1.49 %");
	expect_rate(0.0116340, "< 1.17 %");
	expect_rate(0.02, "< 2.00 %");
	expect_rate(0.5271287, "< 52.8 %");
	expect_rate(0.00000299, "< 0.0003 %");
	expect_rate(1, "< 100.0 %");
	v.n_violations = 1;
	assert_string_equal(words_rate(&v, text), "12-51 %");
	v.rate_known = false;
	assert_string_equal(words_rate(&v, text), "-");
}

/* The line of the text report that names models; "" if there is none. */
static void expect_models(struct verdict *v, const char *expected)
{
	char *text = render(report_text, v, 1, NULL), *line, *save = NULL, *found = NULL;

	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strstr(line, "held: ") || strstr(line, "broke: "))
			found = line;
	}
	assert_string_equal(found ? found : "", expected);
	free(text);
}

/* Guards against: a model under the wrong heading, one that nobody looked at called undecided as if
 * somebody had, models named where nothing was violated. */
static void test_models(void **state)
{
	struct verdict v = {.kind = VERDICT_VIOLATED, .n_violations = 1};
	unsigned m;

	(void)state;
	v.classes[ANOMALY_STORE_BUFFERING] = 1;
	expect_models(&v, "");
	v.models[MODEL_CAUSAL] = MODEL_BROKE;
	expect_models(&v, "  broke: causal; undecided: linearizable, regular, safe, "
			  "sequential-per-unit, monotonic-reads, read-your-writes.");
	for (m = 0; m < MODELS; m++)
		v.models[m] = m < MODEL_SAFE ? MODEL_BROKE : MODEL_HELD;
	expect_models(&v, "  held: safe, sequential-per-unit, causal, monotonic-reads, "
			  "read-your-writes; broke: linearizable, regular.");
	v.kind = VERDICT_CONSISTENT;
	v.n_violations = v.classes[ANOMALY_STORE_BUFFERING] = 0;
	expect_models(&v, "");
}

/* Guards against: a violation across units told as if its unit had been followed to the end. */
static void test_across(void **state)
{
	struct violation one = {.anomaly = ANOMALY_CAUSAL_VIOLATION, .by_message = true};
	struct verdict v = {.kind = VERDICT_VIOLATED, .n_violations = 1, .examples = &one};
	char *text;

	(void)state;
	v.classes[ANOMALY_CAUSAL_VIOLATION] = v.n_examples = 1;
	set_witness(&one, "read the old value", "x.txt:9", make_op(1, OP_READ, 3, 500, 0, 0));
	text = render(report_text, &v, 1, NULL);
	assert_non_null(strstr(text, "causal-violation: node a read an old value, though what it"));
	assert_non_null(strstr(text, "proven across units"));
	assert_null(strstr(text, "never read"));
	free(text);
}

/* Guards against: a unit looked for in the wrong file. */
static void test_place(void **state)
{
	struct cell_facts facts = {.unit = 4096, .units = 256, .files = 16};
	char text[WORDS_MAX];

	(void)state;
	assert_string_equal(words_place(&facts, 0, text), "data.00, offset 0");
	assert_string_equal(words_place(&facts, 33, text), "data.02, offset 4096");
	assert_string_equal(words_place(&facts, 255, text), "data.15, offset 61440");
	assert_string_equal(words_place(&facts, 256, text), "");
	facts.files = 0;
	assert_string_equal(words_place(&facts, 0, text), "");
}

/* Guards against: a table with an unnamed class or one without a sentence. */
static void test_names(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < ANOMALIES; i++) {
		assert_non_null(anomaly_names[i]);
		assert_non_null(words_anomaly(i));
	}
	assert_int_equal(report_overall(NULL, 0), VERDICT_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_demo),	cmocka_unit_test(test_width),
		cmocka_unit_test(test_trouble), cmocka_unit_test(test_replicas),
		cmocka_unit_test(test_disks),	cmocka_unit_test(test_ids),
		cmocka_unit_test(test_sides),	cmocka_unit_test(test_bare),
		cmocka_unit_test(test_json),	cmocka_unit_test(test_rates),
		cmocka_unit_test(test_place),	cmocka_unit_test(test_names),
		cmocka_unit_test(test_schema),	cmocka_unit_test(test_models),
		cmocka_unit_test(test_across),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
