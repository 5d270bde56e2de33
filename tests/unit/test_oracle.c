/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_oracle.c - the judge against a search that knows no theory.
 *
 * Guards against: a register check that accuses a correct history, or misses a wrong one. Random
 * small histories (2 to 4 lanes, one to three units, unknown and failed outcomes, fences, ties,
 * message edges, one clock or two) are judged and also searched by brute force for an order that
 * explains them (brute_force.h). No disagreement is allowed, and with two clocks nobody may be
 * accused whom the true times acquit. Each violation's witness must be inexplicable by itself.
 *
 * ORACLE_HISTORIES sets their number (for sanitizers and valgrind), ORACLE_SEED the seed.
 */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/brute_force.h"
#include "tests/unit/random.h"
#include "tests/unit/recorded_world.h"
#include "common/parse.h"
#include "check/check.h"

/* How many were violated; found so by the streaming pass; across units only. */
struct tally {
	unsigned violated, streamed, across;
};

static char folder[] = "/tmp/test-oracle-XXXXXX", files[NODES][64];

/* What is next in a lane that is free from t on; a read has no value yet. Returns when it ends. */
static int64_t make_operation(struct world *w, unsigned lane, uint64_t sequence, int64_t t,
			      unsigned write_share)
{
	struct op *op = world_add(w, lane & 1, lane);
	unsigned i = w->n - 1;

	op->unit = pick(4) ? 0 : pick(w->units);
	w->invoke[i] = t + pick(4);
	w->complete[i] = w->invoke[i] + pick(7);
	op->kind = pick(10) < write_share ? OP_WRITE : OP_READ;
	op->outcome = pick(10) ? OUTCOME_OK : pick(3) ? OUTCOME_UNKNOWN : OUTCOME_FAIL;
	if (op->kind == OP_WRITE) {
		op->value.kind = VALUE_TAG;
		op->value.write_id = write_id(op->node, 0, lane, sequence);
		if (!pick(8)) {
			op->unit = 0;
			op->count = 2;
		}
	}
	return w->complete[i];
}

/* One lane after the other. */
static void make_operations(struct world *w)
{
	unsigned lane, count, wanted, write_share, i;
	int64_t t;

	memset(w, 0, sizeof(*w));
	w->lanes = 2 + pick(3);
	w->units = WORLD_UNITS_MAX;
	wanted = 3 + pick(BRUTE_FORCE_MAX - 3);
	write_share = 2 + pick(4);
	for (lane = 0; lane < w->lanes; lane++) {
		count = lane + 1 == w->lanes ? wanted - w->n : pick(wanted / 2 + 1);
		for (i = 0, t = pick(4); i < count && w->n < wanted; i++)
			t = make_operation(w, lane, i + 1, t, write_share);
	}
}

/* In some, a node is fenced while things are going on. */
static void make_fences(struct world *w)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		w->fenced[node] = !pick(4);
		w->fence[node] = 2 + pick(16);
	}
}

/* Clocks, and what never completes as far as anybody knows. */
static void make_record(struct world *w, enum history_clock clock)
{
	int64_t theta = clock == HISTORY_CLOCK_ONE ? 0 : (int64_t)pick(101) - 50;
	unsigned i;

	w->header = (struct history_header){.unit = 512, .nodes = 3, .clock = clock};
	if (clock == HISTORY_CLOCK_BOUNDS) {
		w->header.theta_lo = theta - pick(8);
		w->header.theta_hi = theta + pick(8);
	}
	for (i = 0; i < w->n; i++) {
		if (w->ops[i].outcome == OUTCOME_UNKNOWN && pick(2))
			w->complete[i] = WORLD_NEVER;
	}
	make_fences(w);
	world_stamp(w, theta);
	world_tell(w, 1);
}

/* How long after its invocation it may still take effect. */
static unsigned time_left(const struct world *w, unsigned i)
{
	if (world_is_ended(w, i))
		return (unsigned)(w->fence[w->ops[i].node] - w->invoke[i] - 1);
	return w->ops[i].outcome == OUTCOME_UNKNOWN ? pick(30)
						    : (unsigned)(w->complete[i] - w->invoke[i]);
}

static void make_values(struct world *w)
{
	unsigned i;

	for (i = 0; i < w->n; i++)
		world_take_effect(w, i, time_left(w, i));
	world_values(w);
}

/* Let some reads return something else that was ever written to their unit. */
static void spoil(struct world *w, unsigned reads)
{
	unsigned i, j, tries;

	for (i = 0; i < w->n; i++) {
		struct op *op = &w->ops[i];

		if (op->kind != OP_READ || op->outcome != OUTCOME_OK || pick(4) >= reads)
			continue;
		op->value.write_id = 0;
		for (tries = 0; tries < 8; tries++) {
			j = pick(w->n + 1);
			if (j == w->n)
				break;
			if (world_writes(&w->ops[j], op)) {
				op->value.write_id = w->ops[j].value.write_id;
				break;
			}
		}
	}
}

/* Returns whether a correct register may have behaved so. */
static bool make_world(struct world *w, enum history_clock clock)
{
	unsigned spoiled;

	make_operations(w);
	make_record(w, clock);
	make_values(w);
	spoiled = pick(4);
	spoil(w, spoiled);
	return !spoiled;
}

/* The operations of a witness. Their lines count from 1. */
static unsigned witness_bits(const struct violation *violation)
{
	unsigned i, bits = 0;
	uint64_t line;

	for (i = 0; i < violation->n_witnesses; i++) {
		assert_int_equal(parse_u64(strchr(violation->witnesses[i].source, ':') + 1,
					   BRUTE_FORCE_MAX, "line", &line, NULL),
				 0);
		assert_int_not_equal(line, 0);
		bits |= 1U << (line - 1);
	}
	return bits;
}

static bool is_across(enum anomaly anomaly)
{
	return anomaly == ANOMALY_CAUSAL_VIOLATION || anomaly == ANOMALY_STORE_BUFFERING;
}

static uint64_t count_across(const struct verdict *verdict)
{
	return verdict->classes[ANOMALY_CAUSAL_VIOLATION] +
	       verdict->classes[ANOMALY_STORE_BUFFERING];
}

/* What was said of the history against what is so. in_part: of large units only a part was looked
 * at, which may not show everything. */
static const char *compare(const struct world *w, const struct verdict *verdict, bool correct,
			   bool in_part)
{
	bool certain = true, truth = true;
	uint64_t across, order;
	unsigned unit;

	for (unit = 0; unit < w->units; unit++) {
		certain &= explained(w, unit, ALL_OPS, AS_RECORDED);
		truth &= explained(w, unit, ALL_OPS, AS_IT_WAS);
	}
	across = count_across(verdict);
	order = verdict->n_violations - across;
	if (*verdict->fault)
		return verdict->fault;
	if (verdict->n_violations && (truth || correct))
		return "a correct history is accused";
	if (order && certain)
		return "accused though an order explains it";
	if (!order && !certain && !in_part)
		return "no order explains it, but it is not accused";
	if (across && certain && explained_jointly(w, ALL_OPS))
		return "accused across units though an order explains both";
	if (verdict->stream_units > verdict->exact_units)
		return "the streaming pass accuses more than the exact one";
	return NULL;
}

static const char *judge_witnesses(const struct world *w, const struct verdict *verdict,
				   bool in_part)
{
	size_t i;

	for (i = 0; i < verdict->n_examples; i++) {
		const struct violation *v = &verdict->examples[i];

		if (in_part && v->n_witnesses == 1)
			continue; /* it says itself that it proves nothing alone */
		/* What was read by way of a third operation is not all in the witness. */
		if (!is_across(v->anomaly)
			    ? explained(w, (unsigned)v->unit, witness_bits(v), AS_RECORDED)
			    : v->anomaly == ANOMALY_STORE_BUFFERING &&
				      explained_jointly(w, witness_bits(v)))
			return "a witness proves nothing";
	}
	return NULL;
}

/* The same history as two binary files, read where they lie, by two threads. */
static const char *judge_files(const struct world *w, const struct verdict *expected)
{
	const struct check_options options = {.threads = 2};
	const char *const paths[] = {files[0], files[1]};
	const char *why = NULL;
	struct verdict verdict;
	struct error err;

	world_write(w, 0, paths[0]);
	world_write(w, 1, paths[1]);
	if (check_files(paths, NODES, &options, &verdict, &err) < 0)
		fail_msg("%s", err.text);
	if (verdict.n_violations != expected->n_violations || *verdict.fault ||
	    memcmp(verdict.classes, expected->classes, sizeof(verdict.classes)) ||
	    verdict.exposures != expected->exposures || verdict.ops != expected->ops ||
	    verdict.stale_exposures != expected->stale_exposures ||
	    memcmp(verdict.readers, expected->readers, sizeof(verdict.readers)) ||
	    verdict.stream_units != expected->stream_units ||
	    verdict.exact_units != expected->exact_units)
		why = "judged otherwise from files";
	verdict_done(&verdict);
	return why;
}

static void judge_world(const struct world *w, bool correct, uint64_t seed, unsigned trial,
			struct tally *tally)
{
	/* In some, what is marked is looked at in the smallest pieces. */
	const struct check_options options = {.threads = 1, .group_ops = trial % 4 ? 0 : 3};
	struct verdict verdict;
	struct history history;
	const char *why;
	struct error err;
	uint64_t across;

	world_history(w, &history);
	if (world_judge(&history, &options, &verdict, &err) < 0)
		world_fail(&history, "oracle", err.text, seed, trial);
	why = compare(w, &verdict, correct, options.group_ops);
	if (!why)
		why = judge_witnesses(w, &verdict, options.group_ops);
	if (!why && trial % 32 == 7)
		why = judge_files(w, &verdict);
	if (why)
		world_fail(&history, "oracle", why, seed, trial);
	across = count_across(&verdict);
	tally->violated += verdict.n_violations != 0;
	tally->streamed += verdict.n_violations && verdict.stream_units;
	tally->across += across && across == verdict.n_violations;
	verdict_done(&verdict);
	history_done(&history);
}

static void run(enum history_clock clock, unsigned share)
{
	struct random_request asked = random_requested(240000);
	unsigned n = (unsigned)(asked.histories * share / 100), i;
	struct tally tally = {0};
	struct world w;
	bool correct;

	random_begin(asked.seed, (uint64_t)clock + 1);
	for (i = 0; i < n; i++) {
		correct = make_world(&w, clock);
		judge_world(&w, correct, asked.seed, i, &tally);
	}
	print_message("seed %" PRIu64 ": %u histories, %u violated; of these the streaming pass "
		      "found %u, %u show across units only\n",
		      asked.seed, n, tally.violated, tally.streamed, tally.across);
	assert_true(n < 100 || tally.violated > n / 50);
}

static void one_clock(void **unused)
{
	(void)unused;
	run(HISTORY_CLOCK_ONE, 50);
}

static void two_clocks_within_bounds(void **unused)
{
	(void)unused;
	run(HISTORY_CLOCK_BOUNDS, 25);
}

static void two_clocks_and_messages_only(void **unused)
{
	(void)unused;
	run(HISTORY_CLOCK_NONE, 25);
}

static int setup(void **unused)
{
	unsigned node;

	(void)unused;
	if (!mkdtemp(folder))
		return -1;
	for (node = 0; node < NODES; node++)
		snprintf(files[node], sizeof(files[node]), "%s/%c.history", folder,
			 'a' + (int)node);
	return 0;
}

static int teardown(void **unused)
{
	(void)unused;
	unlink(files[0]);
	unlink(files[1]);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_clock),
		cmocka_unit_test(two_clocks_within_bounds),
		cmocka_unit_test(two_clocks_and_messages_only),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
