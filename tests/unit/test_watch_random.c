/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_watch_random.c - the watch beside the judge that has all files, on random histories.
 *
 * Guards against: an accusation that the verdict does not bear out, whatever the order in which
 * two nodes' records arrive; and violations that are hardly ever said. Histories (one to three
 * lanes a node, unknown outcomes, lanes that end, clocks of random offset, true messages) are
 * watched and then judged.
 *
 * ORACLE_HISTORIES sets their number (for sanitizers and valgrind), ORACLE_SEED the seed.
 */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/random.h"
#include "tests/unit/recorded_world.h"
#include "check/check.h"
#include "passes/watch.h"

#define LANES_MAX 3

struct lane {
	int64_t free; /* from when on */
	unsigned writes;
	bool over;
};

/* What is next in a lane; a read has no value yet. */
static void make_operation(struct world *w, unsigned node, unsigned number, struct lane *lane)
{
	struct op *op = world_add(w, node, number);
	unsigned i = w->n - 1;

	op->unit = pick(w->units);
	op->count = op->unit + 1 < w->units && !pick(12) ? 2 : 1;
	op->kind = pick(5) < 2 ? OP_WRITE : OP_READ;
	op->outcome = pick(15) ? OUTCOME_OK : pick(3) ? OUTCOME_UNKNOWN : OUTCOME_FAIL;
	if (op->kind == OP_WRITE) {
		op->value.kind = VALUE_TAG;
		op->value.write_id = write_id(node, 0, number, ++lane->writes);
	}
	w->invoke[i] = lane->free + pick(4);
	w->complete[i] = lane->free = w->invoke[i] + pick(7);
	lane->over = op->outcome == OUTCOME_UNKNOWN && pick(2);
	if (lane->over)
		w->complete[i] = WORLD_NEVER;
}

/* One operation after another in each lane, until one of them never completes. */
static void make_operations(struct world *w)
{
	struct lane lanes[NODES * LANES_MAX] = {0};
	unsigned key, i;

	memset(w, 0, sizeof(*w));
	w->header = (struct history_header){.unit = 512, .nodes = 3, .clock = HISTORY_CLOCK_NONE};
	w->lanes = 1 + pick(LANES_MAX);
	w->units = 1 + pick(WORLD_UNITS_MAX);
	for (key = 0; key < NODES * LANES_MAX; key++)
		lanes[key].free = pick(4);
	for (i = 4 + pick(WORLD_OPS_MAX - 3); i; i--) {
		key = pick(NODES * w->lanes);
		if (!lanes[key].over)
			make_operation(w, key % NODES, key / NODES, &lanes[key]);
	}
}

static void make_values(struct world *w)
{
	unsigned i;

	for (i = 0; i < w->n; i++)
		world_take_effect(w, i,
				  w->ops[i].outcome == OUTCOME_UNKNOWN
					  ? 40
					  : (unsigned)(w->complete[i] - w->invoke[i]));
	world_values(w);
}

/* Let some reads return another value that was ever written to their unit, or none. */
static void spoil(struct world *w, unsigned share)
{
	unsigned i, j, tries;

	for (i = 0; i < w->n; i++) {
		struct op *op = &w->ops[i];

		if (op->kind != OP_READ || op->outcome != OUTCOME_OK || pick(8) >= share)
			continue;
		op->value.write_id = WRITE_ID_INITIAL;
		op->value.kind = pick(30) ? VALUE_TAG : VALUE_ZERO;
		for (tries = 0; tries < 3 && op->value.kind == VALUE_TAG; tries++) {
			j = pick(w->n);
			if (world_writes(&w->ops[j], op))
				op->value.write_id = w->ops[j].value.write_id;
		}
	}
}

/* i of one node must arrive before j: by completion; one that has none, after its lane's. */
static bool comes_first(const struct world *w, unsigned i, unsigned j)
{
	if (w->ops[i].node != w->ops[j].node)
		return false;
	if (w->complete[j] == WORLD_NEVER)
		return w->complete[i] != WORLD_NEVER && w->ops[i].lane == w->ops[j].lane;
	return w->complete[i] < w->complete[j] || (i < j && w->complete[i] == w->complete[j]);
}

/* An order of arrival that agrees with that, and with nothing else. The true times stay behind. */
static void shuffle(struct world *w)
{
	const struct world from = *w;
	bool taken[WORLD_OPS_MAX] = {false}, ready;
	unsigned n, i, j;

	for (n = 0; n < from.n; n++) {
		do {
			i = pick(from.n);
			ready = !taken[i];
			for (j = 0; j < from.n && ready; j++)
				ready = taken[j] || j == i || !comes_first(&from, j, i);
		} while (!ready);
		taken[i] = true;
		w->ops[n] = from.ops[i];
	}
}

/* Returns whether a correct register may have behaved so. */
static bool make_world(struct world *w)
{
	unsigned spoiled;

	make_operations(w);
	make_values(w);
	spoiled = pick(4);
	spoil(w, spoiled);
	world_stamp(w, (int64_t)pick(101) - 50);
	world_tell(w, 2);
	shuffle(w);
	return !spoiled;
}

static bool is_accused(const struct verdict *verdict, uint64_t unit)
{
	size_t i;

	for (i = 0; i < verdict->n_examples && verdict->examples[i].unit != unit; i++)
		;
	return i < verdict->n_examples;
}

/* The next record arrives. Returns whether that shows a violation; it must be in the verdict. */
static bool take(struct watch *watch, const struct op *op, const struct verdict *verdict,
		 bool correct, const char **why)
{
	struct record record = {.type = RECORD_OP, .op = *op};
	struct watch_finding finding;
	int found = watch_take(watch, &record, &finding, NULL);

	if (found < 0)
		*why = "an error of the watch";
	else if (watch_is_silent(watch))
		*why = "silent";
	else if (found && (correct || !is_accused(verdict, finding.unit)))
		*why = "accused, but not by the verdict";
	return found > 0;
}

/* How many were violated; found so by the streaming pass; said by the watch. */
struct tally {
	unsigned violated, streamed, said;
};

static void watch_world(const struct world *w, bool correct, uint64_t seed, uint64_t trial,
			struct tally *tally)
{
	static const struct check_options options = {.threads = 1};
	struct watch *watch = watch_new(w->lanes, NULL);
	struct history history;
	struct verdict verdict;
	const char *why = NULL;
	struct error err;
	bool said = false;
	char text[128];
	unsigned i;

	assert_non_null(watch);
	world_history(w, &history);
	if (world_judge(&history, &options, &verdict, &err) < 0)
		world_fail(&history, "watch", err.text, seed, trial);
	for (i = 0; i < w->n; i++) {
		said |= take(watch, &w->ops[i], &verdict, correct, &why);
		if (!why)
			continue;
		snprintf(text, sizeof(text), "line %u: %s", i + 1, why);
		world_fail(&history, "watch", text, seed, trial);
	}
	tally->violated += verdict.n_violations != 0;
	tally->streamed += verdict.n_violations && verdict.stream_units;
	tally->said += said;
	verdict_done(&verdict);
	history_done(&history);
	watch_free(watch);
}

/* Guards against: bounds of what is still to come, or of what is known, that do not hold. */
static void says_nothing_that_is_not_so(void **unused)
{
	struct random_request asked = random_requested(30000);
	struct tally tally = {0};
	struct world w;
	bool correct;
	uint64_t i;

	(void)unused;
	random_begin(asked.seed, 1);
	for (i = 0; i < asked.histories; i++) {
		correct = make_world(&w);
		watch_world(&w, correct, asked.seed, i, &tally);
	}
	print_message("seed %" PRIu64 ": %" PRIu64 " histories, %u violated; the streaming pass "
		      "found %u of them, the watch said %u\n",
		      asked.seed, asked.histories, tally.violated, tally.streamed, tally.said);
	assert_true(asked.histories < 100 || tally.said > tally.streamed / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_nothing_that_is_not_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
