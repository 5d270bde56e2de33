/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_watch.c - the judge beside a running cell, against the one that has all files.
 *
 * Guards against: an accusation that the verdict does not bear out, whatever the order in which
 * two nodes' records arrive; a violation that is said late or not at all; and memory that grows
 * with the run. Random histories (one to three lanes a node, unknown outcomes, lanes that end,
 * clocks of random offset, true messages) are watched and then judged.
 *
 * ORACLE_HISTORIES sets their number (for sanitizers and valgrind), ORACLE_SEED the seed.
 */
#include "tests/test.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history_text.h"
#include "check/judgement.h"
#include "passes/watch.h"
#include "common/parse.h"

#define OPS_MAX 40
#define LANES_MAX 3
#define UNITS 3
#define BASE 1000

struct world {
	unsigned n, lanes, units;
	struct op ops[OPS_MAX];			    /* shuffled: as they arrive */
	int64_t invoke[OPS_MAX], complete[OPS_MAX]; /* true times */
};

static uint64_t state;

static unsigned pick(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

/* One operation after another in each lane, until one of them never completes. */
static void make_operations(struct world *w)
{
	unsigned key, i, sequence[NODES * LANES_MAX] = {0}, over = 0;
	int64_t t[NODES * LANES_MAX];
	struct op *op;

	w->lanes = 1 + pick(LANES_MAX);
	w->units = 1 + pick(UNITS);
	w->n = 0;
	for (key = 0; key < NODES * LANES_MAX; key++)
		t[key] = pick(4);
	for (i = 4 + pick(OPS_MAX - 3); i; i--) {
		key = pick(NODES * w->lanes);
		if (over >> key & 1)
			continue;
		op = &w->ops[w->n];
		memset(op, 0, sizeof(*op));
		op->node = key & 1;
		op->lane = (uint16_t)(key / NODES);
		op->unit = pick(w->units);
		op->count = op->unit + 1 < w->units && !pick(12) ? 2 : 1;
		op->kind = pick(5) < 2 ? OP_WRITE : OP_READ;
		op->outcome = pick(15) ? OUTCOME_OK : pick(3) ? OUTCOME_UNKNOWN : OUTCOME_FAIL;
		if (op->kind == OP_WRITE) {
			op->value.kind = VALUE_TAG;
			op->value.write_id = write_id(op->node, 0, op->lane, ++sequence[key]);
		}
		w->invoke[w->n] = t[key] + pick(4);
		w->complete[w->n] = t[key] = w->invoke[w->n] + pick(7);
		if (op->outcome == OUTCOME_UNKNOWN && pick(2)) {
			w->complete[w->n] = INT64_MAX;
			over |= 1U << key;
		}
		w->n++;
	}
}

/* Values as a correct register gives them: each operation takes effect at one moment within. */
static void make_values(struct world *w)
{
	uint64_t held[UNITS] = {0};
	unsigned order[OPS_MAX], i, j, u;
	int64_t at[OPS_MAX];

	for (i = 0; i < w->n; i++) {
		int64_t length =
			w->ops[i].outcome == OUTCOME_UNKNOWN ? 40 : w->complete[i] - w->invoke[i];

		at[i] = (w->invoke[i] + pick((unsigned)length + 1)) * 16 + pick(16);
		for (j = i; j && at[order[j - 1]] > at[i]; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	for (i = 0; i < w->n; i++) {
		struct op *op = &w->ops[order[i]];
		struct value *value = &op->value;

		if (op->outcome == OUTCOME_FAIL || (op->outcome == OUTCOME_UNKNOWN && !pick(3)))
			continue;
		for (u = 0; u < op->count && op->kind == OP_WRITE; u++)
			held[op->unit + u] = value->write_id;
		if (op->kind != OP_READ || op->outcome != OUTCOME_OK)
			continue;
		value->kind = VALUE_TAG;
		value->write_id = held[op->unit];
		if (held[op->unit + op->count - 1] == held[op->unit])
			continue;
		*value = (struct value){.kind = VALUE_TORN, .n_parts = 2};
		for (u = 0; u < 2; u++)
			value->parts[u] = (struct part){
				.kind = VALUE_TAG, .sectors = 1, .write_id = held[op->unit + u]};
	}
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
			if (w->ops[j].kind == OP_WRITE && w->ops[j].unit <= op->unit &&
			    op->unit + op->count <= w->ops[j].unit + w->ops[j].count)
				op->value.write_id = w->ops[j].value.write_id;
		}
	}
}

/* Stamp with the nodes' clocks, and tell what messages could have told: how many completions of the
 * other node there were at some moment before the invocation. */
static void make_record(struct world *w)
{
	int64_t theta = (int64_t)pick(101) - 50, limit, last;
	unsigned i, j, k;
	bool tie;

	for (i = 0; i < w->n; i++) {
		struct op *op = &w->ops[i];
		int64_t shift = BASE + (op->node ? theta : 0);

		op->invoke = (uint64_t)(w->invoke[i] + shift);
		op->complete = w->complete[i] == INT64_MAX ? TIME_NONE
							   : (uint64_t)(w->complete[i] + shift);
		if (!pick(3))
			continue;
		limit = w->invoke[i] - 1 - pick(4);
		for (j = k = 0, last = INT64_MIN; j < w->n; j++) {
			if (w->ops[j].node == op->node || w->complete[j] > limit)
				continue;
			k++;
			if (w->complete[j] > last)
				last = w->complete[j];
		}
		for (j = 0, tie = false; j < w->n; j++)
			tie |= w->ops[j].node != op->node && w->complete[j] > limit &&
			       w->complete[j] == last;
		op->after = tie ? 0 : k;
	}
}

/* i of one node must arrive before j: by completion; one that has none, after its lane's. */
static bool comes_first(const struct world *w, unsigned i, unsigned j)
{
	if (w->ops[i].node != w->ops[j].node)
		return false;
	if (w->complete[j] == INT64_MAX)
		return w->complete[i] != INT64_MAX && w->ops[i].lane == w->ops[j].lane;
	return w->complete[i] < w->complete[j] || (i < j && w->complete[i] == w->complete[j]);
}

/* An order of arrival that agrees with that, and with nothing else. */
static void shuffle(struct world *w)
{
	const struct world from = *w;
	bool taken[OPS_MAX] = {false}, ready;
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

static void to_history(const struct world *w, struct history *ret)
{
	struct record record = {.type = RECORD_OP};
	struct error err;
	unsigned i;

	memset(ret, 0, sizeof(*ret));
	ret->header = (struct history_header){.unit = 512, .nodes = 3, .clock = HISTORY_CLOCK_NONE};
	ret->files = calloc(1, sizeof(*ret->files));
	ret->files->name = strdup("watch");
	ret->files->text = true;
	ret->n_files = ret->cap_files = 1;
	for (i = 0; i < w->n; i++) {
		record.op = w->ops[i];
		assert_int_equal(history_add(ret, i + 1, &record, &err), 0);
	}
}

static void judge(const struct history *history, struct verdict *ret)
{
	static const struct check_options options = {.threads = 1};
	struct tapes tapes;
	struct error err;

	memset(ret, 0, sizeof(*ret));
	ret->facts.confidence = 0.95;
	assert_int_equal(tapes_borrow(history, &tapes, &err), 0);
	if (judgement_make(&tapes, &options, ret, &err) < 0)
		fail_msg("%s", err.text);
	tapes_release(&tapes);
}

static bool is_accused(const struct verdict *verdict, uint64_t unit)
{
	size_t i;

	for (i = 0; i < verdict->n_examples && verdict->examples[i].unit != unit; i++)
		;
	return i < verdict->n_examples;
}

struct tally {
	unsigned violated, said, streamed;
};

static void watch_world(const struct world *w, bool correct, uint64_t seed, struct tally *tally)
{
	struct record record = {.type = RECORD_OP};
	struct watch_finding finding;
	struct history history;
	struct verdict verdict;
	struct error err;
	struct watch *watch = watch_new(w->lanes, &err);
	bool said = false;
	unsigned i;
	int found;

	assert_non_null(watch);
	to_history(w, &history);
	judge(&history, &verdict);
	for (i = 0; i < w->n; i++) {
		record.op = w->ops[i];
		found = watch_take(watch, &record, &finding, &err);
		said |= found > 0;
		if (found < 0 || watch_is_silent(watch) ||
		    (found && (correct || !is_accused(&verdict, finding.unit)))) {
			history_text_print(stderr, &history);
			fail_msg("line %u, unit %d (seed %" PRIu64 "): %s", i + 1,
				 (int)finding.unit, seed,
				 found ? "accused, but not by the verdict" : "silent");
		}
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
	const char *number = getenv("ORACLE_HISTORIES"), *given = getenv("ORACLE_SEED");
	uint64_t seed = 20261124, histories = 30000, i;
	struct tally tally = {0};
	struct world w;
	unsigned spoiled;

	(void)unused;
	if (number)
		assert_int_equal(parse_u64(number, 100000000, "histories", &histories, NULL), 0);
	if (given)
		assert_int_equal(parse_u64(given, UINT64_MAX, "seed", &seed, NULL), 0);
	state = seed * 0x9e3779b97f4a7c15ULL + 1;
	for (i = 0; i < histories; i++) {
		make_operations(&w);
		make_values(&w);
		spoiled = pick(4);
		spoil(&w, spoiled);
		make_record(&w);
		shuffle(&w);
		watch_world(&w, !spoiled, seed, &tally);
	}
	print_message("seed %" PRIu64 ": %" PRIu64 " histories, %u violated; the streaming pass "
		      "found %u of them, the watch said %u\n",
		      seed, histories, tally.violated, tally.streamed, tally.said);
	assert_true(histories < 100 || tally.said > tally.streamed / 2);
}

static struct watch *begin(unsigned lanes)
{
	struct watch *watch = watch_new(lanes, NULL);

	assert_non_null(watch);
	return watch;
}

/* "a 0 w 17 10 20 ok a:0:1", parsed; what watch_take says. */
static int take_op(struct watch *watch, const char *text, struct watch_finding *ret)
{
	char file[256];
	struct record record = {.type = RECORD_OP};
	struct history history = {0};
	struct error err;
	int found;

	snprintf(file, sizeof(file), HISTORY_TEXT_MAGIC "1\n# clock none\n%s\n", text);
	assert_non_null(history_add_file(&history, "watch", &err));
	if (history_text_read(&history, "watch", file, strlen(file), &err) < 0)
		fail_msg("%s", err.text);
	history_get(&history, 0, &record.op);
	found = watch_take(watch, &record, ret, &err);
	history_done(&history);
	return found;
}

static void takes(struct watch *watch, const char *text)
{
	struct watch_finding finding;

	assert_int_equal(take_op(watch, text, &finding), 0);
	assert_false(watch_is_silent(watch));
}

/* This record shows a violation, described so. */
static void shows(struct watch *watch, const char *text, const char *wanted)
{
	struct watch_finding finding;
	char words[128];

	assert_int_equal(take_op(watch, text, &finding), 1);
	assert_string_equal(watch_words(&finding, words, sizeof(words)), wanted);
}

/* Guards against: a stale read that is said with a later record, or again with every read. */
static void with_the_very_record(void **unused)
{
	struct watch *watch = begin(1);

	(void)unused;
	takes(watch, "b 0 r 17 10 20 ok initial");
	takes(watch, "a 0 w 17 5000 6000 ok a:0:1 after=b:1");
	takes(watch, "b 0 r 17 30 40 ok a:0:1 after=a:1");
	takes(watch, "a 0 r 18 7000 8000 ok initial after=b:2");
	takes(watch, "a 0 w 17 9000 9100 ok a:0:2 after=b:2");
	shows(watch, "b 0 r 17 50 60 ok a:0:1 after=a:3", "unit 17: node b read a:0:1");
	takes(watch, "b 0 r 17 70 80 ok a:0:1 after=a:3");
	takes(watch, "b 0 r 17 90 91 ok initial after=a:3");
	takes(watch, "b 0 w 18 92 93 ok b:0:1 after=a:3");
	shows(watch, "a 0 r 18 9200 9300 ok initial after=b:6", "unit 18: node a read initial");
	watch_free(watch);
}

/* Guards against: what is certain to both alone, or only by what the other sends later. */
static void as_soon_as_it_can_be_known(void **unused)
{
	struct watch *watch = begin(2);

	(void)unused;
	/* the reader's record arrives before those it is to come after */
	takes(watch, "b 0 r 17 50 60 ok initial after=a:2");
	takes(watch, "a 0 w 17 10 20 ok a:0:1");
	shows(watch, "a 1 r 18 10 30 ok initial", "unit 17: node b read initial");
	/* a value whose write began only after it had been read */
	takes(watch, "b 0 r 19 70 80 ok a:0:2");
	shows(watch, "a 0 w 19 40 50 ok a:0:2 after=b:2",
	      "unit 19: node a wrote a:0:2, and what was read before contradicts it");
	watch_free(watch);
}

/* Guards against: content that needs no order being passed over; a tear that may be a write under
 * way being said. */
static void content(void **unused)
{
	struct watch *watch = begin(1);

	(void)unused;
	takes(watch, "b 0 r 1 10 20 ok torn=initial*1,a:0:1*7");
	takes(watch, "b 0 r 1 20 30 ok initial");
	shows(watch, "b 0 r 1 30 40 ok torn=initial*1,zero*7", "unit 1: node b read zeroes");
	shows(watch, "b 0 r 2 40 50 ok zero", "unit 2: node b read zeroes");
	takes(watch, "b 0 r 9+2 50 50 ok torn=initial*8,zero*8");
	shows(watch, "b 0 r 3 50 60 ok corrupt", "unit 3: node b read damaged data");
	shows(watch, "b 0 r 4 60 70 ok foreign", "unit 4: node b read another run's data");
	shows(watch, "b 0 r 5 70 80 ok at=4/a:0:1", "unit 5: node b read another unit's data");
	takes(watch, "a 0 w 6 10 20 ok a:0:2");
	/* a name that is past, and was written elsewhere or nowhere; one that may be to come */
	shows(watch, "b 0 r 7 80 90 ok a:0:1", "unit 7: node b read a:0:1");
	takes(watch, "b 0 r 7 90 99 ok a:0:3");
	takes(watch, "b 0 r 8 99 110 ok a:0:3");
	watch_free(watch);
}

/* Guards against: a value in flight, superseded as far as the watch can see, that is accused though
 * its write is still to come of a lane that is over. */
static void lanes_that_end(void **unused)
{
	struct watch *watch = begin(2);
	char text[64];
	unsigned i;

	(void)unused;
	takes(watch, "a 1 w 18 10 - unknown a:1:1");
	takes(watch, "b 0 r 17 10 20 ok a:1:2");
	takes(watch, "b 1 w 17 30 40 ok b:1:1");
	takes(watch, "b 1 w 17 50 60 ok b:1:2");
	takes(watch, "a 0 r 17 20 30 ok b:1:2 after=b:3");
	takes(watch, "b 0 r 17 70 80 ok b:1:2");
	/* enough to be looked through for what can be forgotten */
	for (i = 3; i < 20; i++) {
		snprintf(text, sizeof(text), "b 1 w 17 %u %u ok b:1:%u", 30 * i, 30 * i + 1, i);
		takes(watch, text);
	}
	takes(watch, "a 0 r 18 40 50 ok a:1:1 after=b:5");
	takes(watch, "a 1 w 17 10 - unknown a:1:2");
	watch_free(watch);
}

/* Guards against: a node that waits for what can only come after what it holds back. */
static void what_never_completed_does_not_wait(void **unused)
{
	struct watch *watch = begin(2);

	(void)unused;
	takes(watch, "a 1 r 17 30 - unknown - after=b:1");
	takes(watch, "b 0 r 17 10 20 ok initial after=a:1");
	takes(watch, "a 0 r 17 5 8 ok initial");
	shows(watch, "b 0 r 17 30 40 ok zero", "unit 17: node b read zeroes");
	watch_free(watch);
}

/* Guards against: taking for known to all what an invocation at that very moment need not know.
 * Lane 1 of node a goes on when lane 0 is told of b:0:2. */
static void at_the_very_moment(void **unused)
{
	struct watch *watch = begin(2);

	(void)unused;
	takes(watch, "b 0 w 17 10 20 ok b:0:1");
	takes(watch, "b 0 w 17 30 40 ok b:0:2");
	takes(watch, "b 1 r 18 45 50 ok initial");
	takes(watch, "b 0 r 18 46 60 ok initial");
	takes(watch, "a 1 r 18 50 100 ok initial");
	takes(watch, "a 0 r 18 100 110 ok initial after=b:2");
	takes(watch, "b 0 w 17 70 80 ok b:0:3");
	takes(watch, "a 1 r 17 100 120 ok b:0:1");
	/* and then what its node was told earlier */
	takes(watch, "a 0 r 18 120 130 ok initial");
	takes(watch, "a 1 r 18 120 130 ok initial");
	takes(watch, "a 0 r 18 130 140 ok initial");
	shows(watch, "a 1 r 17 131 141 ok b:0:1", "unit 17: node a read b:0:1");
	watch_free(watch);
}

/* Guards against: forgetting what an operation that has arrived, but waits, may still read. */
static void those_that_wait(void **unused)
{
	struct watch *watch = begin(3);

	(void)unused;
	takes(watch, "a 0 w 17 1 5 ok a:0:1");
	takes(watch, "a 1 w 17 6 10 ok a:1:1");
	takes(watch, "a 2 r 18 6 12 ok initial after=b:3");
	takes(watch, "a 1 w 17 10 20 ok a:1:2");
	takes(watch, "a 0 r 17 7 50 ok a:0:1");
	takes(watch, "b 0 r 18 10 20 ok initial after=a:2");
	takes(watch, "b 1 r 18 20 30 ok initial");
	takes(watch, "b 2 r 18 20 40 ok initial");
	shows(watch, "b 2 r 17 40 50 ok initial", "unit 17: node b read initial");
	watch_free(watch);
}

/* The read of a unit that takes as long as n writes elsewhere, the first of them to that unit. */
static void long_read(unsigned n, const char *read)
{
	struct record record = {.type = RECORD_OP};
	struct watch *watch = begin(2);
	struct watch_finding finding;
	unsigned i;

	takes(watch, "b 0 w 17 20 30 ok b:0:1");
	for (i = 2; i <= n; i++) {
		record.op = (struct op){.node = 1,
					.kind = OP_WRITE,
					.count = 1,
					.invoke = 30 + i,
					.complete = 30 + i,
					.value.kind = VALUE_TAG,
					.value.write_id = write_id(1, 0, 0, i)};
		assert_int_equal(watch_take(watch, &record, &finding, NULL), 0);
	}
	takes(watch, read);
	watch_free(watch);
}

/* Guards against: completions so long ago that their time is lost being taken for earlier ones. */
static void long_ago(void **unused)
{
	(void)unused;
	long_read(70000, "b 1 r 17 10 100000 ok initial");
	long_read(200000, "b 1 r 17 30 300000 ok initial");
}

/* From this record on nothing is said, whatever comes. */
static void falls_silent(unsigned lanes, const char *before, const char *bad)
{
	struct watch *watch = begin(lanes);
	struct watch_finding finding;

	takes(watch, before);
	assert_int_equal(take_op(watch, bad, &finding), 0);
	assert_true(watch_is_silent(watch));
	assert_int_equal(take_op(watch, "b 0 r 1 900 901 ok zero", &finding), 0);
	watch_free(watch);
}

/* Guards against: conclusions from a stream that is not what they rest on. */
static void silence(void **unused)
{
	static const char write[] = "a 0 w 17 10 20 ok a:0:5";

	(void)unused;
	falls_silent(2, write, "a 1 r 17 10 19 ok initial");  /* out of order */
	falls_silent(2, write, "a 0 r 17 19 30 ok initial");  /* a lane of two at once */
	falls_silent(1, write, "a 1 r 17 30 40 ok initial");  /* a lane too many */
	falls_silent(1, write, "a 4095 r 17 30 - unknown -"); /* the same */
	falls_silent(1, write, "a 0 w 17 30 40 ok a:0:5");    /* a name again */
	falls_silent(1, write, "a 0 w 17 30 40 ok a:0:4");    /* names that fall */
	falls_silent(2, write, "a 0 w 17 30 40 ok a:1:6");    /* another's name */
	falls_silent(1, write, "a 0 r 17 30 40 ok initial after=b:4294967294");
	falls_silent(1, "a 0 w 17 10 - unknown a:0:5", "a 0 r 17 30 40 ok initial");
}

/* Guards against: a queue without end behind a message that never comes true. */
static void waits_in_vain(void **unused)
{
	struct record record = {.type = RECORD_OP};
	struct watch *watch = begin(1);
	struct watch_finding finding;
	unsigned i;

	(void)unused;
	takes(watch, "a 0 r 17 10 20 ok initial after=b:1");
	for (i = 0; i < 100000 && !watch_is_silent(watch); i++) {
		record.op = (struct op){
			.count = 1, .invoke = 30 + i, .complete = 30 + i, .value.kind = VALUE_TAG};
		assert_int_equal(watch_take(watch, &record, &finding, NULL), 0);
	}
	assert_in_range(i, 1000, 99999);
	watch_free(watch);
}

/* The i-th operation of a correct run: the nodes take turns, and know of each other. */
static struct op turn(unsigned i, uint64_t held[64])
{
	unsigned round = i / 64, unit = i % 64, lane = i / 2 % 2;
	struct op op = {.node = i & 1,
			.lane = (uint16_t)lane,
			.kind = round % 3 ? OP_READ : OP_WRITE,
			.unit = (unit * 7 + (round & 1)) % 64,
			.count = 1,
			.invoke = 10ULL * i + 100,
			.complete = 10ULL * i + 105,
			.after = i / 2,
			.value.kind = VALUE_TAG};

	if (op.kind == OP_WRITE)
		held[op.unit] = write_id(op.node, 0, lane, i + 1);
	op.value.write_id = held[op.unit];
	return op;
}

/* Guards against: something kept of every operation; a lane that is over, for whose sake all is
 * kept; and a unit of which too much was kept to say anything in the end. */
static void bounded_memory(void **unused)
{
	struct record record = {.type = RECORD_OP};
	struct watch *watch = begin(3);
	struct watch_finding finding;
	uint64_t held[64] = {0};
	size_t early = 0, late;
	unsigned i;

	(void)unused;
	takes(watch, "a 2 w 1 10 - unknown a:2:1");
	takes(watch, "b 2 w 1 10 - unknown b:2:1");
	for (i = 0; i < 1000000; i++) {
		record.op = turn(i, held);
		if (watch_take(watch, &record, &finding, NULL))
			fail_msg("accused, or out of memory, at operation %u", i);
		if (i == 200000)
			early = mallinfo2().uordblks + mallinfo2().hblkhd;
	}
	late = mallinfo2().uordblks + mallinfo2().hblkhd;
	/* under sanitizers and valgrind both are 0: there it is for the leaks they find */
	print_message("%zu bytes after 200,000 operations, %zu after 1,000,000\n", early, late);
	assert_true(late <= early + 4096);
	for (i = 0; i < 64; i++) {
		record.op = turn(1000000 + 2 * i, held);
		record.op.kind = OP_READ;
		record.op.value.write_id = WRITE_ID_INITIAL;
		record.op.unit = i;
		record.op.after = 500000;
		assert_int_equal(watch_take(watch, &record, &finding, NULL), 1);
		assert_int_equal(finding.unit, i);
	}
	watch_free(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_nothing_that_is_not_so),
		cmocka_unit_test(with_the_very_record),
		cmocka_unit_test(as_soon_as_it_can_be_known),
		cmocka_unit_test(content),
		cmocka_unit_test(lanes_that_end),
		cmocka_unit_test(what_never_completed_does_not_wait),
		cmocka_unit_test(at_the_very_moment),
		cmocka_unit_test(those_that_wait),
		cmocka_unit_test(long_ago),
		cmocka_unit_test(silence),
		cmocka_unit_test(waits_in_vain),
		cmocka_unit_test(bounded_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
