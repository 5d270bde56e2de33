/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_report_read.c - the JSON verdict read back.
 *
 * The golden verdicts (tests/golden/) are the base; each case changes one thing of them. Run from
 * the top of the tree.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/examples.h"
#include "report/report.h"
#include "report/report_read.h"

static char *load(const char *path)
{
	char *text = calloc(1, 65536);
	FILE *file = fopen(path, "r");
	size_t n;

	if (!file)
		fail_msg("%s is missing: run from the top of the tree", path);
	n = fread(text, 1, 65535, file);
	assert_true(n > 0 && n < 65535);
	fclose(file);
	return text;
}

static char *print(const struct report_read *read)
{
	struct report_options options = {.run = read->run};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(report_json(out, read->verdicts, read->n, &options), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void read_text(const char *text, struct report_read *ret)
{
	struct error err;

	if (report_read("x.json", text, strlen(text), ret, &err) < 0)
		fail_msg("%s", err.text);
}

/* Print, read, print: the same bytes. */
static void expect_twin(const struct report_read *verdicts)
{
	char *first = print(verdicts), *second;
	struct report_read read;

	read_text(first, &read);
	assert_int_equal(read.n, verdicts->n);
	second = print(&read);
	assert_string_equal(second, first);
	report_read_done(&read);
	free(first);
	free(second);
}

/* Guards against: a key that is lost, rounded or moved on the way through. */
static void test_golden(void **state)
{
	static const char *const paths[] = {"tests/golden/demo.json", "tests/golden/bare.json",
					    "tests/golden/sides.json"};
	struct report_read read;
	char *text, *again;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		text = load(paths[i]);
		read_text(text, &read);
		again = print(&read);
		assert_string_equal(again, text);
		report_read_done(&read);
		free(again);
		free(text);
	}
}

/* Guards against: a reader that gives back the same text by keeping text, not what it says. */
static void test_fields(void **state)
{
	char *text = load("tests/golden/demo.json");
	struct report_read read;
	const struct violation *v;

	(void)state;
	read_text(text, &read);
	assert_string_equal(read.run, "01234567-89ab-cdef-0123-456789abcdef");
	assert_int_equal(read.n, 1);
	assert_string_equal(read.verdicts->facts.id, "03-writethrough");
	assert_int_equal(read.verdicts->facts.asked[1], CACHE_WRITETHROUGH);
	assert_int_equal(read.verdicts->facts.units, 256);
	assert_int_equal(read.verdicts->kind, VERDICT_VIOLATED);
	assert_true(read.verdicts->exposures == UINT64_MAX);
	assert_int_equal(read.verdicts->classes[ANOMALY_NON_MONOTONIC_READ], 2);
	assert_int_equal(read.verdicts->n_examples, 1);
	v = read.verdicts->examples;
	assert_int_equal(v->n_witnesses, 3);
	assert_string_equal(v->witnesses[2].role, "read the old value");
	assert_true(v->witnesses[2].op.complete == TIME_NONE);
	assert_int_equal(v->witnesses[1].op.value.write_id, write_id(0, 0, 0, 2));
	report_read_done(&read);
	free(text);
}

/* All kinds of trouble a cell can have. */
static void set_trouble(struct verdict v[5])
{
	size_t i;

	for (i = 0; i < 5; i++) {
		v[i].facts.max_rate = 0.001;
		v[i].facts.repeat = (unsigned)i + 1;
	}
	v[0].kind = VERDICT_INVALID;
	v[0].facts.asked[1] = CACHE_DEFAULT;
	v[0].facts.effective_known[0] = false;
	snprintf(v[0].reason, sizeof(v[0].reason), "the mode of b is none");
	v[1].kind = VERDICT_INCONCLUSIVE;
	v[1].exposures = v[1].stale_exposures = v[1].rounds = v[1].stale_rounds = 0;
	memset(v[1].readers, 0, sizeof(v[1].readers));
	v[1].rate_known = v[1].round_rate_known = v[1].first_known = false;
	v[1].n_violations = v[1].n_examples = 0;
	memset(v[1].classes, 0, sizeof(v[1].classes));
	snprintf(v[1].reason, sizeof(v[1].reason), "0 of 149 exposures");
	v[2].kind = VERDICT_ERROR;
	v[2].facts.fsck_known = v[2].facts.has_expected = false;
	snprintf(v[2].facts.not_run, sizeof(v[2].facts.not_run), "the canary was missed");
	v[3].facts.withdraws = 1;
	v[3].facts.kernel_errors = 2;
	memset(v[3].facts.kernel_first, 'k', sizeof(v[3].facts.kernel_first) - 1);
	v[3].facts.fsck_errors = 3;
	snprintf(v[3].facts.fsck_first, sizeof(v[3].facts.fsck_first),
		 "Block \"17\" is wr\xc3\xb6ng");
	v[4].facts.unit = v[4].facts.files = 0;
	v[4].facts.confidence = 0.99999999999; /* printed as 1.0 */
	v[4].shard = 4096;
	v[4].shards = 4096;
	for (i = 0; i < MODELS; i++)
		v[4].models[i] = (enum model_state)(i % MODEL_STATES);
}

/* Guards against: cells that did not go well, which only a real run makes, being unreadable. */
static void test_trouble(void **state)
{
	char *text = load("tests/golden/demo.json");
	struct verdict cells[5];
	struct report_read read, trouble = {.verdicts = cells, .n = 5};
	size_t i;

	(void)state;
	read_text(text, &read);
	for (i = 0; i < 5; i++)
		cells[i] = read.verdicts[0]; /* the one example is shared */
	set_trouble(cells);
	expect_twin(&trouble);
	trouble.n = 0;
	expect_twin(&trouble);
	report_read_done(&read);
	free(text);
}

/* Guards against: the largest that there can be refused or cut. */
static void test_large(void **state)
{
	struct verdict v = {.kind = VERDICT_VIOLATED, .facts = {.confidence = 0.95, .repeat = 1}};
	struct report_read read = {.verdicts = &v, .n = 1};
	char role[ROLE_MAX];
	struct op *op;
	size_t i;
	unsigned w;

	(void)state;
	memset(role, 'r', sizeof(role) - 1);
	role[sizeof(role) - 1] = 0;
	v.n_violations = v.classes[ANOMALY_CORRUPT] = UINT64_MAX;
	v.ops = v.reads = v.unknown = v.suspect = v.torn_permitted = v.undecided = UINT64_MAX;
	v.stream_units = v.exact_units = UINT64_MAX;
	v.examples = examples_new(EXAMPLES_MAX);
	assert_non_null(v.examples);
	v.n_examples = EXAMPLES_MAX;
	for (i = 0; i < EXAMPLES_MAX; i++) {
		v.examples[i].n_witnesses = 1;
		v.examples[i].margin_ns = INT64_MAX;
		v.examples[i].witnesses[0].op.count = 1;
		examples_set_role(v.examples, EXAMPLES_MAX, i, 0, "read");
	}
	v.examples[0].n_witnesses = WITNESS_MAX;
	for (w = 0; w < WITNESS_MAX; w++) {
		op = &v.examples[0].witnesses[w].op;
		examples_set_role(v.examples, EXAMPLES_MAX, 0, w, role);
		memset(v.examples[0].witnesses[w].source, 's', 255);
		op->node = 1;
		op->lane = LANE_MAX;
		op->kind = OP_FLUSH;
		op->outcome = OUTCOME_UNKNOWN;
		op->unit = op->after = op->peer = UINT64_MAX;
		op->count = UINT16_MAX;
		op->invoke = op->complete = TIME_NONE - 1;
		op->value.kind = VALUE_TORN;
		op->value.n_parts = SECTORS_MAX;
		for (i = 0; i < SECTORS_MAX; i++)
			op->value.parts[i] = (struct part){VALUE_MISDIRECTED, 128, UINT64_MAX - i};
	}
	expect_twin(&read);
	verdict_done(&v);
}

/* text with the first `from` replaced by `to`; it must be there. */
static char *replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *ret = NULL;

	if (!at || asprintf(&ret, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) < 0)
		ret = NULL;
	if (!ret)
		fail_msg("the golden verdict has no %s", from);
	return ret;
}

#define REPLICAS(verdict, kib, note) \
	"{\"verdict\": \"" verdict "\", \"out_of_sync_kib\": " kib ", \"note\": " note "}"

static const struct refused {
	const char *from, *to, *message;
} refused[] = {
	{"\"schema\": 1", "\"schema\": 2", "x.json: schema: format version 2"},
	{"\"schema\": 1,", "", "x.json: no verdict of stalemate"},
	{"\"run\": \"0", "\"run\": \"01", "x.json: run: longer than 36 bytes"},
	{"\"verdict\": \"violated\"", "\"verdict\": \"error\"", "x.json: verdict: error, but by"},
	{"\"exit_status\": 0", "\"exit_status\": 1", "x.json: exit_status: 1, but by the cells"},
	{"\"exit_status\": 0", "\"exit_status\": 0.0", "x.json: exit_status: a number from"},
	{"\"sides\": null", "\"sides\": {}", "x.json: sides: is not what follows from"},
	{"\"sides\": null", "\"side\": null", "x.json: sides: is missing"},
	{"\"id\": \"03-writethrough\"", "\"id\": null", "x.json: cells[0].cache: is null just"},
	{"\"id\": \"03-writethrough\"", "\"id\": \"\"", "x.json: cells[0].id: an empty text"},
	{"\"cache\": \"writethrough\"", "\"cache\": \"none/odd\"", "cells[0].cache: cache mode"},
	{"\"a\": \"writethrough\"", "\"a\": \"default\"",
	 "cells[0].effective.a: the name: 'default'"},
	{"\"repeat\": 1", "\"repeat\": 1, \"colour\\u001b\": 1", "cells[0].colour?: is no key"},
	{"\"repeat\": 1,", "", "x.json: cells[0].repeat: is missing"},
	{"\"repeat\": 1", "\"repeat\": 1, \"repeat\": 1",
	 "x.json:19: not JSON: duplicate object key"},
	{"\"units\": \"256\"", "\"units\": 256", "cells[0].target.units: a number in quotes"},
	{"\"withdraws\": 0", "\"withdraws\": -1", "cells[0].gfs2.withdraws: a number from 0"},
	{"\"flushes\": \"17\"", "\"flushes\": 17", "cells[0].disks.a.flushes: a number in quotes"},
	{"\"cached_before\": \"0\",", "", "cells[0].disks.a.cached_before: is missing"},
	{"\"replicas\": null", "\"replicas\": {}", "cells[0].replicas.verdict: is missing"},
	{"\"replicas\": null", "\"replicas\": " REPLICAS("odd", "null", "\"x\""),
	 "cells[0].replicas.verdict: the name: 'odd' is unknown"},
	{"\"replicas\": null", "\"replicas\": " REPLICAS("identical", "\"4\"", "null"),
	 "cells[0].replicas.verdict: by the other keys it is differ"},
	{"\"replicas\": null", "\"replicas\": " REPLICAS("identical", "null", "\"x\""),
	 "cells[0].replicas.verdict: by the other keys it is not-compared"},
	{"\"replicas\": null", "\"replicas\": " REPLICAS("not-compared", "null", "null"),
	 "cells[0].replicas.note: says why they were not compared"},
	{"\"as_expected\": true", "\"as_expected\": false", "cells[0].as_expected: does not agree"},
	{"\"as_expected\": true", "\"as_expected\": 1", "cells[0].as_expected: true or false"},
	{"\"reason\": null", "\"reason\": \"\\u001b[31m\"",
	 "cells[0].reason: the text holds control"},
	{"\"writes\": \"250\"", "\"writes\": 250", "cells[0].writes: a number in quotes"},
	{"\"writes\": \"250\"", "\"writes\": \"0250\"", "cells[0].writes: '0250' is not a decimal"},
	{"\"writes\": \"250\"", "\"writes\": \"-1\"", "cells[0].writes: '-1' is not a decimal"},
	{"\"writes\": \"250\"", "\"writes\": \"18446744073709551616\"",
	 "cells[0].writes: '184467440737095"},
	{"\"rounds\": \"4\"", "\"rounds\": \"1\"", "cells[0].stale_rounds: 2, more than there are"},
	{"\"stale_exposures\": \"128\"", "\"stale_exposures\": null", "stale_exposures: a number"},
	{"\"stale_exposures\": \"100\"", "\"stale_exposures\": \"99\"",
	 "cells[0].readers: does not add up"},
	{"\"stale_exposures\": \"28\"", "\"stale_exposures\": 28",
	 "cells[0].readers.a.stale_exposures: a number in quotes"},
	{"\"stale_exposures\": \"28\"", "\"stale_exposure\": \"28\"",
	 "cells[0].readers.a.stale_exposures: is missing"},
	{"\"shard\": null", "\"shard\": {\"number\": 3, \"of\": 2}",
	 "cells[0].shard.number: a number"},
	{"\"shard\": null", "\"shard\": {\"number\": 1, \"of\": 5000}",
	 "cells[0].shard.of: a number"},
	{"\"confidence\": 0.95", "\"confidence\": 0", "cells[0].confidence: above 0 is meant"},
	{"\"max_rate\": 0.02", "\"max_rate\": 0", "cells[0].max_rate: above 0 is meant"},
	{"\"rate_lower\": 0.4371", "\"rate_lower\": null",
	 "cells[0].rate_upper: is null just where"},
	{"\"rate_lower\": 0.4371", "\"rate_lower\": 0.9",
	 "cells[0].rate_upper: is below rate_lower"},
	{"\"rate_lower\": 0.4371", "\"rate_lower\": 1e999", "x.json:82: not JSON: real number"},
	{"\"first_violation_s\": 0", "\"first_violation_s\": -1", "first_violation_s: a number of"},
	{"\"stale-read\": \"126\"", "\"odd\": \"126\"",
	 "cells[0].classes: a class that is not known"},
	{"\"regular\": \"undecided\"", "\"regular\": \"maybe\"",
	 "cells[0].models.regular: the name"},
	{"\"violations\": \"128\"", "\"violations\": \"0\"",
	 "cells[0].examples: 1, though there are 0"},
	{"\"class\": \"stale-read\"", "\"class\": 1",
	 "cells[0].examples[0].class: a name is expected"},
	{"\"unit\": \"17\"", "\"unit\": \"18\"", "cells[0].examples[0].offset: does not agree"},
	{"\"file\": \"data.01\"", "\"file\": null", "cells[0].examples[0].file: null, but by"},
	{"\"margin_ns\": null", "\"margin_ns\": \"5\"", "cells[0].examples[0].margin_ns: null is"},
	{"\"margin_ns\": null", "\"margin_ns\": \"--5\"", "margin_ns: '--5' is not a whole number"},
	{"\"layer\": null", "\"layer\": \"guest\"", "cells[0].examples[0].layer: null is expected"},
	{"\"node\": \"b\"", "\"node\": \"c\"",
	 "cells[0].examples[0].node: the name: 'c' is unknown"},
	{"\"lane\": 0", "\"lane\": 4096", "cells[0].examples[0].witness[0].lane: a number from 0"},
	{"\"count\": 1", "\"count\": 0", "cells[0].examples[0].witness[0].count: a number from 1"},
	{"\"complete\": \"1001500\"", "\"complete\": \"5\"", "witness[0].complete: before invoke"},
	{"\"value\": \"a:0:2\"", "\"value\": \"a:0\"",
	 "cells[0].examples[0].witness[1].value: value:"},
	{"\"value\": \"a:0:2\"", "\"value\": 7", "witness[1].value: a value such as"},
	{"\"role\": \"read the old value\"", "\"role\": null",
	 "witness[2].role: a text is expected"},
	{"{", "[", ": not JSON"},
};

/* Guards against: what is known of replicas that is lost, or changed, on the way through a file. */
static void test_replicas(void **state)
{
	static const struct {
		const char *json;
		enum replicas_state state;
		uint64_t kib;
	} cases[] = {
		{REPLICAS("differ", "\"12\"", "\"a line\""), REPLICAS_DIFFER, 12},
		{REPLICAS("identical", "\"0\"", "null"), REPLICAS_IDENTICAL, 0},
		{REPLICAS("not-compared", "null", "\"a reason\""), REPLICAS_NOT_COMPARED, 0},
	};
	char *good = load("tests/golden/demo.json"), *given, key[160];
	const struct cell_facts *facts;
	struct report_read read;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(key, sizeof(key), "\"replicas\": %s", cases[i].json);
		given = replace(good, "\"replicas\": null", key);
		read_text(given, &read);
		facts = &read.verdicts[0].facts;
		assert_int_equal(cell_facts_replicas(facts), cases[i].state);
		assert_int_equal(facts->replicas_out_of_sync, cases[i].kib);
		expect_twin(&read);
		report_read_done(&read);
		free(given);
	}
	free(good);
}

/* Guards against: a verdict that is believed though it is damaged, and a message that does not say
 * where. */
static void test_refused(void **state)
{
	char *good = load("tests/golden/demo.json"), *bad;
	struct report_read read;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		bad = replace(good, refused[i].from, refused[i].to);
		if (report_read("x.json", bad, strlen(bad), &read, &err) == 0)
			fail_msg("taken: %s", refused[i].to);
		if (!strstr(err.text, refused[i].message))
			fail_msg("for %s: %s", refused[i].to, err.text);
		assert_memory_equal(err.text, "x.json:", 7);
		assert_int_equal(err.kind, ERROR_USER);
		free(bad);
	}
	free(good);
}

/* Guards against: lists longer than there is room for, files that are not there or no files. */
static void test_limits(void **state)
{
	char *good = load("tests/golden/demo.json"), *bad, *long_role;
	struct report_read read;
	struct error err;

	(void)state;
	long_role = calloc(1, 300);
	snprintf(long_role, 300, "\"role\": \"%0*d\"", ROLE_MAX, 0);
	bad = replace(good, "\"role\": \"wrote the old value\"", long_role);
	assert_int_equal(report_read("x.json", bad, strlen(bad), &read, &err), -1);
	assert_non_null(strstr(err.text, "witness[0].role: longer than 127 bytes"));
	free(bad);
	free(long_role);
	bad = replace(good, "\"witness\": [", "\"witness\": [1,1,1,1,");
	assert_int_equal(report_read("x.json", bad, strlen(bad), &read, &err), -1);
	assert_non_null(strstr(err.text, "cells[0].examples[0].witness: a list of 1 to 6"));
	free(bad);
	assert_int_equal(report_read("x.json", good, REPORT_READ_MAX + 1, &read, &err), -1);
	assert_non_null(strstr(err.text, "larger than"));
	assert_int_equal(report_read("x.json", "", 0, &read, &err), -1);
	assert_int_equal(report_read_file("tests/golden", &read, &err), -1);
	assert_int_equal(err.kind, ERROR_USER);
	assert_int_equal(report_read_file("tests/golden/missing.json", &read, &err), -1);
	assert_int_equal(err.kind, ERROR_USER);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),	 cmocka_unit_test(test_fields),
		cmocka_unit_test(test_trouble),	 cmocka_unit_test(test_large),
		cmocka_unit_test(test_replicas), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
