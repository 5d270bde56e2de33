/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_check.c - from a run directory, or bare files, to a verdict and an exit status.
 *
 * Guards against: a cell that did not test what it claims called consistent, a proven violation
 * that an error hides, a demand on the rate that is met by no exposures, reads accused of thin air
 * because a crash took the record of their write, and 1 mixed up with 3.
 */
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"
#include "rundir/rundir.h"

#define CELL "01-none"
#define HEAD(nodes) "# stalemate-history 1\n# clock none\n# nodes " nodes "\n"

/* One exposure, not stale. */
static const char good_a[] = HEAD("a") "! 900 a round 1\n"
				       "a 0 w 17 1000 2000 ok a:0:1 after=b:1\n";
static const char good_b[] = HEAD("b") "! 50 b round 1\n"
				       "b 0 r 17 100 200 ok initial\n"
				       "b 0 r 17 300 400 ok a:0:1 after=a:1\n";
/* The same, stale, and a second time (a repeat), then healed. */
static const char stale_b[] = HEAD("b") "! 50 b round 1\n"
					"b 0 r 17 100 200 ok initial\n"
					"b 0 r 17 300 2000000400 ok initial after=a:1\n"
					"b 0 r 17 2000000500 2000000600 ok initial\n"
					"b 0 r 17 2000000700 2000000800 ok a:0:1\n";

static char run[64];
static struct cell_facts facts;
static struct verdict verdict;
static struct error err;

static void put(const char *name, const char *text)
{
	char *path = rundir_path(run, strcmp(name, "complete") ? CELL : NULL, name);

	if (text)
		assert_int_equal(rundir_write_file(path, text, strlen(text), &err), 0);
	else
		unlink(path);
	free(path);
}

/* A run of one cell that is as asked for. */
static int setup(void **state)
{
	(void)state;
	snprintf(run, sizeof(run), "/tmp/test-check-XXXXXX");
	if (!mkdtemp(run))
		return -1;
	if (rundir_create(run, &err) < 0 || rundir_create_cell(run, CELL, &err) < 0)
		return -1;
	put("a.history", good_a);
	put("b.history", good_b);
	put("complete", "\n");
	cell_facts_init(&facts);
	snprintf(facts.id, sizeof(facts.id), CELL);
	facts.effective_known[0] = facts.effective_known[1] = true;
	memset(&verdict, 0, sizeof(verdict));
	return 0;
}

static int teardown(void **state)
{
	/* The folders that rundir_create makes. */
	static const char *const folders[] = {"cells", "domains", "consoles", "canary", ""};
	char *path;
	size_t i;

	(void)state;
	verdict_done(&verdict);
	put("a.history", NULL);
	put("b.history", NULL);
	put("cell.json", NULL);
	put("complete", NULL);
	path = rundir_path(run, CELL, "");
	rmdir(path);
	free(path);
	for (i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		path = rundir_path(run, NULL, folders[i]);
		rmdir(path);
		free(path);
	}
	return 0;
}

static int judge(const struct check_options *options)
{
	char *path = rundir_path(run, CELL, "cell.json");

	assert_int_equal(cell_facts_write(&facts, path, &err), 0);
	free(path);
	verdict_done(&verdict);
	memset(&verdict, 0, sizeof(verdict));
	return check_cell(run, CELL, options, &verdict, &err);
}

static void assert_kind(enum verdict_kind kind, const char *reason)
{
	if (judge(NULL) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(verdict_kind_names[verdict.kind], verdict_kind_names[kind]);
	if (!strstr(verdict.reason, reason))
		fail_msg("the reason is '%s', not '%s'", verdict.reason, reason);
}

/* Guards against: counts, bounds and times that do not fit what the files say. */
static void counts(void **unused)
{
	(void)unused;
	assert_kind(VERDICT_CONSISTENT, "");
	assert_int_equal(verdict.ops, 3);
	assert_int_equal(verdict.reads, 2);
	assert_int_equal(verdict.writes, 1);
	assert_int_equal(verdict.exposures, 1);
	assert_int_equal(verdict.stale_exposures, 0);
	assert_int_equal(verdict.rounds, 1);
	assert_true(verdict.rate_known && fabs(verdict.rate_upper - 0.95) < 1e-12);
	put("b.history", stale_b);
	facts.mounted_known[1] = true;
	facts.mounted_ns[1] = 400;
	assert_kind(VERDICT_VIOLATED, "");
	assert_int_equal(verdict.n_violations, 1);
	assert_int_equal(verdict.classes[ANOMALY_STALE_READ], 1);
	assert_int_equal(verdict.exposures, 1);
	assert_int_equal(verdict.stale_exposures, 1);
	assert_int_equal(verdict.stale_rounds, 1);
	assert_int_equal(verdict.examples[0].repeats, 1);
	assert_int_equal(verdict.examples[0].generations, 1);
	assert_true(verdict.examples[0].healed);
	assert_true(verdict.examples[0].by_message);
	assert_false(verdict.examples[0].staleness_known);
	assert_true(verdict.first_known && fabs(verdict.first_violation_s - 2) < 1e-9);
	assert_true(fabs(verdict.rate_lower - 0.025) < 1e-9 && verdict.rate_upper == 1);
}

/* Guards against: a mode that was not in effect, or not proven to be, counted as tested. */
static void mode_in_effect(void **unused)
{
	(void)unused;
	facts.asked[1] = CACHE_WRITETHROUGH;
	assert_kind(VERDICT_INVALID, "on host b cache mode none is in effect, not writethrough");
	facts.asked[1] = CACHE_DEFAULT;
	assert_kind(VERDICT_CONSISTENT, "");
	facts.effective_known[0] = false;
	assert_kind(VERDICT_INVALID, "on host a is not proven");
	facts.asked[0] = CACHE_DEFAULT;
	assert_kind(VERDICT_CONSISTENT, "");
	snprintf(facts.invalid, sizeof(facts.invalid), "replication was not connected");
	assert_kind(VERDICT_INVALID, "replication was not connected");
	/* Nor does a violation prove anything about a mode that was not there. */
	put("b.history", stale_b);
	assert_kind(VERDICT_INVALID, "replication was not connected");
	assert_int_equal(verdict.n_violations, 1);
}

/* Guards against: a cell that cannot be had taken for a fault, or passing for consistent; the mode
 * that was never in effect hiding why. */
static void refused(void **unused)
{
	(void)unused;
	facts.effective_known[0] = facts.effective_known[1] = false;
	snprintf(facts.refused, sizeof(facts.refused), "refused by libvirt: no");
	assert_kind(VERDICT_REFUSED, "refused by libvirt: no");
	put("a.history", NULL);
	put("b.history", NULL);
	assert_kind(VERDICT_REFUSED, "refused by libvirt: no");
	assert_int_equal(check_exit_status(&verdict), 3);
	verdict.facts.has_expected = true;
	verdict.facts.expected = VERDICT_REFUSED;
	assert_int_equal(check_exit_status(&verdict), 0);
}

/* Guards against: an error that hides a violation, and one that passes for consistent. */
static void errors(void **unused)
{
	(void)unused;
	snprintf(facts.error, sizeof(facts.error), "guest a hung");
	assert_kind(VERDICT_ERROR, "guest a hung");
	put("b.history", stale_b);
	assert_kind(VERDICT_VIOLATED, "guest a hung");
	put("b.history", NULL);
	assert_kind(VERDICT_ERROR, "guest a hung");
	facts.error[0] = 0;
	snprintf(facts.not_run, sizeof(facts.not_run), "interrupted before it");
	assert_kind(VERDICT_ERROR, "interrupted before it");
	facts.not_run[0] = 0;
	assert_int_equal(judge(NULL), -1);
	assert_int_equal(err.kind, ERROR_USER);
	assert_non_null(strstr(err.text, "b.history"));
}

/* Guards against: a demand that too few exposures, or none, are said to meet. */
static void demanded_rate(void **unused)
{
	struct check_options options = {.confidence = 0.5, .max_rate = 0.6};

	(void)unused;
	facts.max_rate = 0.02;
	assert_kind(VERDICT_INCONCLUSIVE, "1 exposures bound the rate of stale reads by 0.95");
	assert_int_equal(judge(&options), 0);
	assert_int_equal(verdict.kind, VERDICT_CONSISTENT);
	assert_true(fabs(verdict.rate_upper - 0.5) < 1e-12);
	put("b.history", HEAD("b") "b 0 r 17 300 400 ok initial\n");
	assert_kind(VERDICT_INCONCLUSIVE, "no read could have shown");
	assert_false(verdict.rate_known);
	facts.max_rate = 0;
	assert_kind(VERDICT_CONSISTENT, "");
}

/* Guards against: thin air where a crash took the write's record, and none where nothing did. */
static void records_that_may_be_missing(void **unused)
{
	(void)unused;
	put("b.history", HEAD("b") "b 0 r 17 300 400 ok a:0:2\n");
	assert_kind(VERDICT_VIOLATED, "");
	assert_int_equal(verdict.classes[ANOMALY_THIN_AIR], 1);
	put("complete", NULL);
	assert_kind(VERDICT_CONSISTENT, "");
	/* Below what was recorded nothing can be missing. */
	put("a.history", HEAD("a") "a 0 w 17 1000 2000 ok a:0:3\n");
	assert_kind(VERDICT_VIOLATED, "");
	put("complete", "\n");
	put("b.history", HEAD("b") "b 0 r 17 300 400 ok a:0:4\n");
	snprintf(facts.error, sizeof(facts.error), "guest a hung");
	assert_kind(VERDICT_ERROR, "guest a hung");
}

/* Guards against: consistent said of a history in which there was nothing to judge; an empty shard
 * that spoils the whole. */
static void nothing_to_judge(void **unused)
{
	struct verdict *v = calloc(1, sizeof(*v));

	(void)unused;
	verdict_decide(v, true);
	assert_int_equal(v->kind, VERDICT_INCONCLUSIVE);
	assert_non_null(strstr(v->reason, "no operation"));
	assert_int_equal(check_exit_status(v), 3);
	v->shard = v->shards = 1;
	v->reason[0] = 0;
	verdict_decide(v, true);
	assert_int_equal(v->kind, VERDICT_CONSISTENT);
	v->shard = v->shards = 0;
	v->ops = v->reads = 1;
	verdict_decide(v, true);
	assert_int_equal(v->kind, VERDICT_CONSISTENT);
	free(v);
}

/* Guards against: bare files judged unlike the run they lie in, and one node without the other. */
static void bare_files(void **unused)
{
	char *paths[] = {rundir_path(run, CELL, "a.history"), rundir_path(run, CELL, "b.history")};
	struct verdict bare;

	(void)unused;
	put("b.history", stale_b);
	assert_kind(VERDICT_VIOLATED, "");
	assert_int_equal(check_files((const char *const *)paths, 2, NULL, &bare, &err), 0);
	assert_int_equal(bare.kind, VERDICT_VIOLATED);
	assert_int_equal(bare.n_violations, verdict.n_violations);
	assert_int_equal(bare.exposures, verdict.exposures);
	assert_true(bare.facts.confidence == 0.95);
	verdict_done(&bare);
	put("b.history", HEAD("b") "b 0 r 17 300 400 ok a:0:1\n");
	assert_int_equal(check_files((const char *const *)paths + 1, 1, NULL, &bare, &err), 0);
	assert_int_equal(bare.kind, VERDICT_CONSISTENT);
	assert_non_null(strstr(bare.warning, "no history of node a"));
	verdict_done(&bare);
	free(paths[0]);
	free(paths[1]);
}

/* Guards against: 1 and 3 mixed up, for what was expected and what came. */
static void expected_against_found(void **unused)
{
	/* Rows: expected; columns: found, with exposures. In the order of enum verdict_kind. */
	static const int status[VERDICTS][VERDICTS] = {
		[VERDICT_CONSISTENT] = {0, 1, 3, 3, 3, 3},
		[VERDICT_VIOLATED] = {1, 0, 3, 3, 3, 3},
		[VERDICT_INCONCLUSIVE] = {3, 1, 0, 3, 3, 3},
		[VERDICT_INVALID] = {3, 1, 3, 0, 3, 3},
		[VERDICT_ERROR] = {3, 1, 3, 3, 0, 3},
		[VERDICT_REFUSED] = {1, 1, 3, 3, 3, 0},
	};
	struct verdict *one = calloc(1, sizeof(*one));
	size_t expected, found;

	(void)unused;
	assert_non_null(one);
	for (found = 0; found < VERDICTS; found++) {
		one->kind = (enum verdict_kind)found;
		one->exposures = 9;
		/* Without an expectation `consistent` is expected. */
		one->facts.has_expected = false;
		one->facts.expected = VERDICT_VIOLATED;
		assert_int_equal(check_exit_status(one), status[VERDICT_CONSISTENT][found]);
		one->facts.has_expected = true;
		for (expected = 0; expected < VERDICTS; expected++) {
			one->facts.expected = (enum verdict_kind)expected;
			if (check_exit_status(one) != status[expected][found])
				fail_msg("expected %zu, found %zu: %d, not %d", expected, found,
					 check_exit_status(one), status[expected][found]);
		}
	}
	/* It had no chance to show. */
	one->kind = VERDICT_CONSISTENT;
	one->facts.expected = VERDICT_VIOLATED;
	one->exposures = 0;
	assert_int_equal(check_exit_status(one), 3);
	free(one);
}

/* Guards against: a violation hidden by an error, and no cell at all passing for success. */
static void worst_of_all(void **unused)
{
	struct verdict *all = calloc(3, sizeof(*all));

	(void)unused;
	assert_non_null(all);
	assert_int_equal(check_exit_status_all(all, 3), 0);
	all[2].kind = VERDICT_ERROR;
	assert_int_equal(check_exit_status_all(all, 3), 3);
	all[1].kind = VERDICT_VIOLATED;
	assert_int_equal(check_exit_status_all(all, 3), 1);
	all[0].kind = VERDICT_INVALID;
	assert_int_equal(check_exit_status_all(all, 3), 1);
	assert_int_equal(check_exit_status_all(all, 0), 3);
	free(all);
}

/* Guards against: an exit status that says as expected when the hosts' data has come apart, or that
 * mixes it with what could not be decided. */
static void replicas_that_differ(void **unused)
{
	static const struct {
		enum verdict_kind kind, expected;
		int status, differ;
	} cases[] = {
		{VERDICT_CONSISTENT, VERDICT_CONSISTENT, 0, 1},
		{VERDICT_VIOLATED, VERDICT_VIOLATED, 0, 0},
		{VERDICT_VIOLATED, VERDICT_CONSISTENT, 1, 1},
		{VERDICT_CONSISTENT, VERDICT_VIOLATED, 1, 1},
		{VERDICT_INCONCLUSIVE, VERDICT_CONSISTENT, 3, 1},
		{VERDICT_INCONCLUSIVE, VERDICT_INCONCLUSIVE, 0, 1},
		{VERDICT_ERROR, VERDICT_CONSISTENT, 3, 1},
		{VERDICT_INVALID, VERDICT_CONSISTENT, 3, 3},
		{VERDICT_INVALID, VERDICT_INVALID, 0, 0},
	};
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verdict v = {.kind = cases[i].kind, .exposures = 1};

		v.facts.has_expected = true;
		v.facts.expected = cases[i].expected;
		snprintf(v.facts.replicas_note, sizeof(v.facts.replicas_note), "not known");
		assert_int_equal(check_exit_status(&v), cases[i].status);
		v.facts.replicas_known = true;
		assert_int_equal(check_exit_status(&v), cases[i].status);
		v.facts.replicas_out_of_sync = 4;
		assert_int_equal(check_exit_status(&v), cases[i].differ);
		assert_int_equal(check_read_status(&v), cases[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts, setup, teardown),
		cmocka_unit_test_setup_teardown(mode_in_effect, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(errors, setup, teardown),
		cmocka_unit_test_setup_teardown(demanded_rate, setup, teardown),
		cmocka_unit_test_setup_teardown(records_that_may_be_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(bare_files, setup, teardown),
		cmocka_unit_test(nothing_to_judge),
		cmocka_unit_test(expected_against_found),
		cmocka_unit_test(worst_of_all),
		cmocka_unit_test(replicas_that_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
