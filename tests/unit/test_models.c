/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_models.c - which promises broke: by hand, and against the definitions pair by pair.
 *
 * Guards against: a model called broken that nothing certain contradicts, or held though a read
 * breaks it; states that contradict each other (linearizable held and a weaker one broken); what
 * could not be looked at called held. The random part works the definitions of docs/checks.md out
 * over all pairs and triples of operations (and by trying all orders, for the two that ask for
 * one), for one clock, bounds and none, with messages, unknown and failed writes, values that
 * nobody wrote, and causality across units.
 *
 * ORACLE_HISTORIES sets the number of random histories (for sanitizers and valgrind).
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history/history_text.h"
#include "check/judge.h"
#include "check/models.h"
#include "common/parse.h"

#define OPS_MAX 9
#define UNITS 2
#define NOBODYS_SEQ 99

/* A history judged, and what came of it. */
struct judged {
	struct history history;
	struct order order;
	struct units units;
	struct judge judge;
	struct verdict verdict;
	uint32_t (*causal)[NODES]; /* order.causal, where that is there; order_done frees it */
};

static void start(struct judged *j, enum history_clock clock, int64_t lo, int64_t hi)
{
	memset(j, 0, sizeof(*j));
	j->history.header = (struct history_header){
		.unit = 512, .nodes = 3, .clock = clock, .theta_lo = lo, .theta_hi = hi};
	j->history.files = calloc(1, sizeof(*j->history.files));
	j->history.files->name = strdup("models");
	j->history.files->text = true;
	j->history.n_files = j->history.cap_files = 1;
}

/*
 * K from each node's own order, messages and what was read on any unit. What a read returned had
 * been invoked before the read ended; so whatever the node does next comes after all that this
 * write came after.
 */
static void follow(struct judged *j)
{
	const struct history *h = &j->history;
	uint32_t a, b, w;
	bool changed = true;

	j->causal = calloc(h->n_ops + 1, sizeof(*j->causal));
	for (a = 0; a < h->n_ops; a++) {
		j->causal[a][h->ops[a].node] = j->order.known[a][h->ops[a].node];
		j->causal[a][!h->ops[a].node] = j->order.message[a];
	}
	while (changed) {
		changed = false;
		for (a = 0; a < h->n_ops; a++) {
			for (b = 0; b < h->n_ops; b++) {
				unsigned other = !h->ops[a].node;
				uint32_t k;

				if (h->ops[b].node == other || !order_before(h, &j->order, b, a))
					continue;
				k = j->causal[b][other];
				w = h->ops[b].kind == OP_READ && h->ops[b].outcome == OUTCOME_OK
					    ? units_find(&j->units, h->ops[b].write_id)
					    : NO_OP;
				if (w != NO_OP && h->ops[w].outcome != OUTCOME_FAIL &&
				    j->causal[w][other] > k)
					k = j->causal[w][other];
				if (k > j->causal[a][other]) {
					j->causal[a][other] = k;
					changed = true;
				}
			}
		}
	}
	j->order.causal = j->causal;
}

/* The order is built. */
static void run(struct judged *j, bool causal)
{
	struct error err;
	size_t i;

	assert_int_equal(units_build(&j->history, &j->order, NULL, &j->units, &err), 0);
	if (causal)
		follow(j);
	assert_int_equal(judge_all(&j->history, &j->order, &j->units, NULL, &j->judge, &err), 0);
	for (i = 0; i < j->judge.n_findings; i++)
		j->verdict.classes[j->judge.findings[i].anomaly]++;
	models_decide(j->judge.broke, causal, &j->verdict);
}

static void finish(struct judged *j)
{
	judge_release(&j->judge);
	units_done(&j->units);
	order_done(&j->order);
	history_done(&j->history);
}

static void read_text(const char *clock, const char *text, struct judged *ret)
{
	char path[] = "/tmp/stalemate-models-XXXXXX";
	const char *paths[] = {path};
	struct error err;
	int fd = mkstemp(path);
	FILE *file;

	assert_true(fd >= 0);
	file = fdopen(fd, "w");
	assert_non_null(file);
	fprintf(file, HISTORY_TEXT_MAGIC "1\n%s%s", clock, text);
	fclose(file);
	memset(ret, 0, sizeof(*ret));
	if (history_read(paths, 1, false, &ret->history, &err) < 0)
		fail_msg("%s", err.text);
	unlink(path);
}

/* h, b or u per model, in the order of enum model. */
static void expect(const char *clock, const char *text, bool causal, const char *expected)
{
	struct judged j;
	char got[MODELS + 1] = "";
	unsigned m;

	read_text(clock, text, &j);
	assert_int_equal(order_build(&j.history, &j.order, NULL), 0);
	run(&j, causal);
	for (m = 0; m < MODELS; m++)
		got[m] = model_state_names[j.verdict.models[m]][0];
	if (strcmp(got, expected))
		print_message("in %s\n", text);
	assert_string_equal(got, expected);
	finish(&j);
}

#define NO_CLOCK "# clock none\n"

/* Guards against: the wrong name for what a reader of the report knows by that name. The letters:
 * linearizable, regular, safe, sequential-per-unit, causal, monotonic-reads, read-your-writes. */
static void by_hand(void **state)
{
	(void)state;
	/* consistent: all of them, and causality need not have been followed */
	expect("", "a 0 w 1 1000 2000 ok a:0:1\nb 0 r 1 3000 4000 ok a:0:1\n", false, "hhhhhhh");
	/* stale by the clock alone: no node can know */
	expect("", "a 0 w 1 1000 2000 ok a:0:1\nb 0 r 1 3000 4000 ok initial\n", true, "bbbhhhh");
	expect("", "a 0 w 1 1000 2000 ok a:0:1\nb 0 r 1 3000 4000 ok initial\n", false, "bbbhuhh");
	/* the same, told by a message: now the reader should have known */
	expect(NO_CLOCK, "a 0 w 1 1000 2000 ok a:0:1\nb 0 r 1 3000 4000 ok initial after=a:1\n",
	       false, "bbbhbhh");
	/* a second write is under way: a safe register may return anything */
	expect("",
	       "a 0 w 1 1000 2000 ok a:0:1\na 1 w 1 1000 9000 ok a:1:1\n"
	       "b 0 r 1 3000 4000 ok initial\n",
	       true, "bbhhhhh");
	/* its own write forgotten */
	expect("", "a 0 w 1 1000 2000 ok a:0:1\na 0 r 1 3000 4000 ok initial\n", true, "bbbbbhb");
	/* read new, then old, while it is written: regular */
	expect("",
	       "a 0 w 1 1000 9000 ok a:0:1\nb 0 r 1 2000 3000 ok a:0:1\n"
	       "b 0 r 1 4000 5000 ok initial\n",
	       true, "bhhbbbh");
	/* by two nodes: only the clock knows */
	expect("",
	       "a 0 w 1 1000 9000 ok a:0:1\na 1 r 1 2000 3000 ok a:0:1\n"
	       "b 0 r 1 4000 5000 ok initial\n",
	       true, "bhhhhhh");
	/* two nodes see two concurrent writes each after its own: causal, but no one order */
	expect(NO_CLOCK,
	       "a 0 w 1 1000 2000 ok a:0:1\na 0 r 1 3000 4000 ok b:0:1\n"
	       "b 0 w 1 1000 2000 ok b:0:1\nb 0 r 1 3000 4000 ok a:0:1\n",
	       true, "bhhbhhh");
	/* what a message made older comes back after its own write */
	expect(NO_CLOCK,
	       "a 0 w 1 1000 2000 ok a:0:1\nb 0 w 1 3000 4000 ok b:0:1 after=a:1\n"
	       "b 0 r 1 5000 6000 ok a:0:1\n",
	       true, "bbbhbhb");
	/* an unfinished write, read and replaced, comes back: still concurrent, hence regular */
	expect("",
	       "a 1 w 1 1000 - unknown a:1:1\na 0 r 1 2000 3000 ok a:1:1\n"
	       "a 0 w 1 4000 5000 ok a:0:1\na 0 r 1 6000 7000 ok a:1:1\n",
	       true, "bhhbbhb");
}

/* Guards against: content mistaken for order. */
static void by_hand_content(void **state)
{
	(void)state;
	/* a value nobody wrote: none of them, but safe while somebody writes */
	expect("", "b 0 r 1 3000 4000 ok a:0:2\n", true, "bbbbbbb");
	expect("", "a 0 w 1 1000 9000 ok a:0:1\nb 0 r 1 3000 4000 ok a:0:2\n", true, "bbhbbbb");
	/* before it was written: by the clock; by its own node's order */
	expect("", "b 0 r 1 1000 2000 ok a:0:1\na 0 w 1 3000 4000 ok a:0:1\n", true, "bbbhhhh");
	expect("", "a 0 r 1 1000 2000 ok a:0:1\na 0 w 1 3000 4000 ok a:0:1\n", true, "bbbbbhh");
	/* damage is no value: nothing is proven either way, but by other reads */
	expect("", "b 0 r 1 3000 4000 ok corrupt\n", true, "uuuuuuu");
	expect("",
	       "b 0 r 1 3000 4000 ok zero\na 0 w 1 1000 2000 ok a:0:1\n"
	       "b 0 r 1 5000 6000 ok initial\n",
	       true, "bbbuuuu");
}

/* Guards against: what is proven across units lost, or taken for more than it is. */
static void across(void **state)
{
	static const char passing[] = "a 0 w 1 1000 2000 ok a:0:1\na 0 w 2 3000 4000 ok a:0:2\n"
				      "b 0 r 2 5000 6000 ok a:0:2\nb 0 r 1 7000 8000 ok initial\n";
	struct verdict v = {0};

	(void)state;
	expect(NO_CLOCK, passing, true, "bbbhbhh");
	expect(NO_CLOCK, passing, false, "hhhhhhh");
	/* found by another pass: late for certain, but not known beside what */
	v.classes[ANOMALY_CAUSAL_VIOLATION] = 1;
	models_decide(0, true, &v);
	assert_int_equal(v.models[MODEL_LINEARIZABLE], MODEL_BROKE);
	assert_int_equal(v.models[MODEL_CAUSAL], MODEL_BROKE);
	assert_int_equal(v.models[MODEL_REGULAR], MODEL_UNDECIDED);
	assert_int_equal(v.models[MODEL_SAFE], MODEL_UNDECIDED);
	assert_int_equal(v.models[MODEL_MONOTONIC_READS], MODEL_HELD);
	v.classes[ANOMALY_CAUSAL_VIOLATION] = 0;
	v.classes[ANOMALY_STORE_BUFFERING] = 1;
	models_decide(0, true, &v);
	assert_int_equal(v.models[MODEL_LINEARIZABLE], MODEL_BROKE);
	assert_int_equal(v.models[MODEL_CAUSAL], MODEL_HELD);
	v.classes[ANOMALY_STORE_BUFFERING] = 0;
	v.undecided = 1;
	models_decide(MODEL_BIT(MODEL_CAUSAL), true, &v);
	assert_int_equal(v.models[MODEL_LINEARIZABLE], MODEL_BROKE);
	assert_int_equal(v.models[MODEL_READ_YOUR_WRITES], MODEL_UNDECIDED);
}

/* ---- random histories against the definitions ---- */

static uint64_t random_state = 0x5deece66d2026ULL;

static unsigned pick(unsigned n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (unsigned)((random_state * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

/* Lanes of operations; the two clocks agree in truth. */
static unsigned make_operations(struct op ops[OPS_MAX])
{
	unsigned lanes = 2 + pick(3), wanted = 2 + pick(OPS_MAX - 1), n = 0, i;
	uint64_t next[4] = {100, 100, 100, 100};

	for (; n < wanted; n++) {
		struct op *op = &ops[n];
		unsigned lane = pick(lanes);

		memset(op, 0, sizeof(*op));
		op->node = lane & 1;
		op->lane = (uint16_t)lane;
		op->unit = pick(UNITS);
		op->count = 1;
		op->invoke = next[lane] + pick(5);
		op->complete = op->invoke + pick(9);
		next[lane] = op->complete + pick(2);
		op->kind = pick(2) ? OP_WRITE : OP_READ;
		op->outcome = pick(8) ? OUTCOME_OK : pick(3) ? OUTCOME_UNKNOWN : OUTCOME_FAIL;
		op->value = (struct value){.kind = VALUE_TAG,
					   .write_id = write_id(op->node, 0, lane, n + 1)};
	}
	for (i = 0; i < n; i++) {
		struct op *op = &ops[i];
		unsigned j, k = 0;
		bool tie = false;
		uint64_t last = 0;

		if (op->kind == OP_READ) {
			op->value.write_id = pick(30) ? 0 : write_id(0, 0, 0, NOBODYS_SEQ);
			for (j = 0; j < n && op->value.write_id == 0; j++) {
				unsigned c = pick(n);

				if (ops[c].kind == OP_WRITE && ops[c].unit == op->unit &&
				    (ops[c].invoke <= op->complete || !pick(8)))
					op->value.write_id = ops[c].value.write_id;
			}
			if (!pick(40))
				op->value = (struct value){.kind = VALUE_CORRUPT};
		}
		for (j = 0; j < n; j++) {
			if (ops[j].node == op->node || ops[j].complete >= op->invoke)
				continue;
			k++;
			tie = ops[j].complete > last ? false : tie || ops[j].complete == last;
			last = ops[j].complete > last ? ops[j].complete : last;
		}
		if (k && !pick(3))
			op->after = k;
	}
	return n;
}

static void to_history(const struct op *ops, unsigned n, struct judged *j)
{
	static const enum history_clock clocks[] = {HISTORY_CLOCK_ONE, HISTORY_CLOCK_BOUNDS,
						    HISTORY_CLOCK_NONE};
	struct record record = {.type = RECORD_OP};
	struct error err;
	unsigned i;

	start(j, clocks[pick(3)], -(int64_t)pick(6), pick(6));
	for (i = 0; i < n; i++) {
		record.op = ops[i];
		assert_int_equal(history_add(&j->history, i + 1, &record, &err), 0);
	}
}

enum relation { ALL, OWN, CAUSAL };

/* a -> b by that much knowledge. */
static bool before(const struct judged *j, enum relation relation, uint32_t a, uint32_t b)
{
	const struct history_op *x = &j->history.ops[a], *y = &j->history.ops[b];

	if (relation == ALL)
		return order_before(&j->history, &j->order, a, b);
	if (relation == CAUSAL && j->causal)
		return j->order.index[a] <= j->causal[b][x->node];
	if (x->node == y->node)
		return order_before(&j->history, &j->order, a, b);
	return relation == CAUSAL && j->order.index[a] <= j->order.message[b];
}

static bool is(const struct judged *j, uint32_t op, enum op_kind kind, uint64_t unit)
{
	const struct history_op *o = &j->history.ops[op];

	return o->kind == kind && o->unit == unit && o->outcome != OUTCOME_FAIL;
}

static bool is_ok(const struct judged *j, uint32_t op, enum op_kind kind, uint64_t unit)
{
	return is(j, op, kind, unit) && j->history.ops[op].outcome == OUTCOME_OK;
}

/* The write a read names: NO_OP for the initial value. False: it names none that can be. */
static bool names(const struct judged *j, uint32_t read, uint32_t *ret)
{
	const struct history_op *o = &j->history.ops[read];

	*ret = NO_OP;
	if (o->value != VALUE_TAG || o->write_id == WRITE_ID_INITIAL)
		return o->value == VALUE_TAG;
	*ret = units_find(&j->units, o->write_id);
	return *ret != NO_OP && j->history.ops[*ret].outcome != OUTCOME_FAIL;
}

/* A successful read of the unit whose value had begun by then. */
static bool valid(const struct judged *j, enum relation relation, uint32_t read, uint64_t unit,
		  uint32_t *ret)
{
	return is_ok(j, read, OP_READ, unit) && names(j, read, ret) &&
	       (*ret == NO_OP || !before(j, relation, read, *ret));
}

/* The value of write v (NO_OP: initial) had been there before the write u began. */
static bool older(const struct judged *j, enum relation relation, uint32_t v, uint32_t u,
		  uint64_t unit)
{
	uint32_t r, w;

	if (v == NO_OP || (is_ok(j, v, OP_WRITE, unit) && before(j, relation, v, u)))
		return true;
	for (r = 0; r < j->history.n_ops; r++) {
		if (valid(j, relation, r, unit, &w) && w == v && before(j, relation, r, u))
			return true;
	}
	return false;
}

static bool regular_broken(const struct judged *j, enum relation relation, uint32_t read,
			   uint32_t v, uint64_t unit)
{
	uint32_t w;

	if (v != NO_OP && before(j, relation, read, v))
		return true;
	for (w = 0; w < j->history.n_ops; w++) {
		if (is_ok(j, w, OP_WRITE, unit) && before(j, relation, w, read) &&
		    (v == NO_OP || (is_ok(j, v, OP_WRITE, unit) && before(j, relation, v, w))))
			return true;
	}
	return false;
}

static bool none_overlaps(const struct judged *j, uint32_t read, uint64_t unit)
{
	uint32_t w;

	for (w = 0; w < j->history.n_ops; w++) {
		bool ok = is_ok(j, w, OP_WRITE, unit);

		if (is(j, w, OP_WRITE, unit) && !before(j, ALL, read, w) &&
		    !before(j, CAUSAL, read, w) &&
		    !(ok && (before(j, ALL, w, read) || before(j, CAUSAL, w, read))))
			return false;
	}
	return true;
}

static unsigned newer_known(const struct judged *j, uint32_t read, uint32_t v, uint64_t unit)
{
	unsigned broke = 0;
	uint32_t o, u;

	for (o = 0; o < j->history.n_ops; o++) {
		bool own = j->history.ops[o].node == j->history.ops[read].node;

		if (!before(j, CAUSAL, o, read))
			continue;
		if (is_ok(j, o, OP_WRITE, unit) && older(j, CAUSAL, v, o, unit))
			broke |= MODEL_BIT(MODEL_CAUSAL) |
				 (own ? MODEL_BIT(MODEL_READ_YOUR_WRITES) : 0);
		if (valid(j, CAUSAL, o, unit, &u) && u != NO_OP && older(j, CAUSAL, v, u, unit))
			broke |= MODEL_BIT(MODEL_CAUSAL) |
				 (own ? MODEL_BIT(MODEL_MONOTONIC_READS) : 0);
	}
	return broke;
}

static bool search(const struct judged *j, enum relation relation, uint64_t unit, unsigned done,
		   uint32_t last)
{
	uint32_t i, k, n = (uint32_t)j->history.n_ops, w;
	bool left = false;

	for (i = 0; i < n; i++) {
		bool write = is(j, i, OP_WRITE, unit), free = true;

		if (done >> i & 1 || !(write || (is_ok(j, i, OP_READ, unit) && names(j, i, &w))))
			continue;
		left |= !write || is_ok(j, i, OP_WRITE, unit);
		if (!write && w != last)
			continue;
		for (k = 0; k < n && free; k++)
			free = done >> k & 1 || !before(j, relation, k, i) ||
			       !(is_ok(j, k, OP_WRITE, unit) ||
				 (is_ok(j, k, OP_READ, unit) && names(j, k, &w)));
		if (free && search(j, relation, unit, done | 1U << i, write ? i : last))
			return true;
	}
	return !left;
}

static unsigned by_definition(const struct judged *j)
{
	const unsigned all = (1U << MODELS) - 1;
	unsigned broke = 0;
	uint64_t unit;
	uint32_t r, v;

	for (unit = 0; unit < UNITS; unit++) {
		if (!search(j, ALL, unit, 0, NO_OP))
			broke |= MODEL_BIT(MODEL_LINEARIZABLE);
		if (!search(j, OWN, unit, 0, NO_OP))
			broke |= MODEL_BIT(MODEL_SEQUENTIAL_PER_UNIT);
		for (r = 0; r < j->history.n_ops; r++) {
			bool sharp;

			if (!is_ok(j, r, OP_READ, unit) || j->history.ops[r].value != VALUE_TAG)
				continue;
			if (!names(j, r, &v)) {
				broke |= all & ~MODEL_BIT(MODEL_SAFE);
				sharp = true;
			} else {
				sharp = regular_broken(j, ALL, r, v, unit) ||
					(j->causal && regular_broken(j, CAUSAL, r, v, unit));
				if (v != NO_OP && before(j, CAUSAL, r, v))
					broke |= MODEL_BIT(MODEL_CAUSAL);
				else
					broke |= newer_known(j, r, v, unit);
			}
			if (sharp)
				broke |= MODEL_BIT(MODEL_REGULAR);
			if (sharp && none_overlaps(j, r, unit))
				broke |= MODEL_BIT(MODEL_SAFE);
		}
	}
	return broke;
}

static bool held(const struct judged *j, enum model model)
{
	return j->verdict.models[model] == MODEL_HELD;
}

/* What must be so whatever the history. */
static void check_laws(const struct judged *j, bool messages)
{
	unsigned m;

	for (m = 0; m < MODELS && held(j, MODEL_LINEARIZABLE); m++)
		assert_true(held(j, m));
	if (held(j, MODEL_REGULAR))
		assert_true(held(j, MODEL_SAFE));
	if (held(j, MODEL_CAUSAL))
		assert_true(held(j, MODEL_MONOTONIC_READS) && held(j, MODEL_READ_YOUR_WRITES));
	/* Where only its own nodes' order says what is older: */
	if (held(j, MODEL_SEQUENTIAL_PER_UNIT) && !messages && !j->causal)
		assert_true(held(j, MODEL_MONOTONIC_READS) && held(j, MODEL_READ_YOUR_WRITES));
}

/* Guards against: code that is not the definition; see the top. */
static void random_histories(void **state)
{
	const char *wanted = getenv("ORACLE_HISTORIES");
	uint64_t trials = 30000, trial, count[MODELS] = {0};
	struct op ops[OPS_MAX];
	struct error err;
	struct judged j;
	unsigned n, i, m, defined;
	bool messages;

	(void)state;
	if (wanted)
		assert_int_equal(parse_u64(wanted, 100000000, "ORACLE_HISTORIES", &trials, &err),
				 0);
	for (trial = 0; trial < trials; trial++) {
		n = make_operations(ops);
		to_history(ops, n, &j);
		for (i = 0, messages = false; i < n; i++)
			messages |= ops[i].after > 0;
		/* A tie can make a message ambiguous: refused, and not to be judged. */
		if (order_build(&j.history, &j.order, &err) < 0) {
			history_done(&j.history);
			continue;
		}
		run(&j, pick(2));
		defined = by_definition(&j);
		if (j.causal && defined)
			defined |= MODEL_BIT(MODEL_LINEARIZABLE);
		for (m = 0; m < MODELS; m++) {
			bool broke = j.verdict.models[m] == MODEL_BROKE;

			if (broke != (defined >> m & 1)) {
				history_text_print(stderr, &j.history);
				fail_msg("trial %llu: %s is %s", (unsigned long long)trial,
					 model_names[m], model_state_names[j.verdict.models[m]]);
			}
			count[m] += broke;
		}
		check_laws(&j, messages);
		finish(&j);
	}
	/* A generator that never breaks a model tests nothing; they break in different histories.
	 */
	for (m = 0; m < MODELS; m++) {
		print_message("%s broke in %llu\n", model_names[m], (unsigned long long)count[m]);
		assert_true(count[m] > trials / 200);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_hand),
		cmocka_unit_test(by_hand_content),
		cmocka_unit_test(across),
		cmocka_unit_test(random_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
