/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_oracle.c - the judge against a search that knows no theory.
 *
 * Guards against: a register check that accuses a correct history, or misses a wrong one. Random
 * small histories (2 to 4 lanes, one to three units, unknown and failed outcomes, ties, message
 * edges, one clock or two) are judged and also searched by brute force for an order that explains
 * them, in the manner of Wing and Gong: any order of the operations of a unit that agrees with what
 * is certainly ordered, as worked out here pair by pair from the definitions. No disagreement is
 * allowed, and with two clocks nobody may be accused whom the true times acquit. Each violation's
 * witness must be inexplicable by itself.
 *
 * ORACLE_HISTORIES sets their number (for sanitizers and valgrind), ORACLE_SEED the seed.
 */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/parse.h"
#include "history/history_text.h"
#include "check/judgement.h"

#define OPS_MAX 12
#define UNITS 3
#define BASE 1000

struct world {
	unsigned n;
	struct op ops[OPS_MAX];	 /* as recorded */
	int64_t invoke[OPS_MAX]; /* true times */
	int64_t complete[OPS_MAX];
	struct history_header header;
	int64_t theta; /* true */
};

/* How many were violated; found so by the streaming pass; across units only. */
struct tally {
	unsigned violated, streamed, across;
};

static uint64_t state;
static char folder[] = "/tmp/test-oracle-XXXXXX", files[NODES][64];

static unsigned pick(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

/* Lanes of operations in true time; reads have no value yet. */
static void make_operations(struct world *w)
{
	unsigned lanes = 2 + pick(3), lane, count, wanted = 3 + pick(OPS_MAX - 3), i;
	unsigned write_share = 2 + pick(4);
	struct op *op;
	int64_t t;

	w->n = 0;
	for (lane = 0; lane < lanes; lane++) {
		count = lane + 1 == lanes ? wanted - w->n : pick(wanted / 2 + 1);
		for (i = 0, t = pick(4); i < count && w->n < wanted; i++) {
			op = &w->ops[w->n];
			memset(op, 0, sizeof(*op));
			op->node = lane & 1;
			op->lane = (uint16_t)lane;
			op->unit = pick(4) ? 0 : pick(UNITS);
			op->count = 1;
			w->invoke[w->n] = t + pick(4);
			w->complete[w->n] = w->invoke[w->n] + pick(7);
			t = w->complete[w->n];
			op->kind = pick(10) < write_share ? OP_WRITE : OP_READ;
			op->outcome = pick(10)	? OUTCOME_OK
				      : pick(3) ? OUTCOME_UNKNOWN
						: OUTCOME_FAIL;
			if (op->kind == OP_WRITE) {
				op->value.kind = VALUE_TAG;
				op->value.write_id = write_id(op->node, 0, lane, i + 1);
				if (!pick(8)) {
					op->unit = 0;
					op->count = 2;
				}
			}
			w->n++;
		}
	}
}

/* Stamp with the nodes' clocks, and tell what messages could have told. */
static void make_record(struct world *w, enum history_clock clock)
{
	unsigned i, j, k;
	int64_t theta = clock == HISTORY_CLOCK_ONE ? 0 : (int64_t)pick(101) - 50;
	bool pending, tie;

	w->theta = theta;
	w->header = (struct history_header){.unit = 512, .nodes = 3, .clock = clock};
	if (clock == HISTORY_CLOCK_BOUNDS) {
		w->header.theta_lo = theta - pick(8);
		w->header.theta_hi = theta + pick(8);
	}
	for (i = 0; i < w->n; i++) {
		struct op *op = &w->ops[i];

		pending = op->outcome == OUTCOME_UNKNOWN && pick(2);
		op->invoke = (uint64_t)(w->invoke[i] + BASE + (op->node ? theta : 0));
		op->complete = pending ? TIME_NONE
				       : (uint64_t)(w->complete[i] + BASE + (op->node ? theta : 0));
	}
	for (i = 0; i < w->n; i++) {
		int64_t last = INT64_MIN, limit;

		if (pick(3))
			continue;
		/* Some true moment before this invocation: all that was complete by then. */
		limit = w->invoke[i] - 1 - pick(4);
		for (j = k = 0; j < w->n; j++) {
			if (w->ops[j].node == w->ops[i].node || w->ops[j].complete == TIME_NONE ||
			    w->complete[j] > limit)
				continue;
			k++;
			if (w->complete[j] > last)
				last = w->complete[j];
		}
		for (j = 0, tie = false; j < w->n; j++)
			tie |= w->ops[j].node != w->ops[i].node &&
			       w->ops[j].complete != TIME_NONE && w->complete[j] > limit &&
			       w->complete[j] == last;
		if (k && !tie)
			w->ops[i].after = k;
	}
}

/* Values as a correct register gives them: each operation takes effect at one moment within. */
static void make_values(struct world *w)
{
	uint64_t held[UNITS] = {0};
	unsigned order[OPS_MAX], i, j, u;
	int64_t at[OPS_MAX];

	for (i = 0; i < w->n; i++) {
		int64_t length = w->complete[i] - w->invoke[i];

		if (w->ops[i].outcome == OUTCOME_UNKNOWN)
			length = pick(30);
		at[i] = (w->invoke[i] + pick((unsigned)length + 1)) * 16 + pick(16);
		for (j = i; j && at[order[j - 1]] > at[i]; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	for (i = 0; i < w->n; i++) {
		struct op *op = &w->ops[order[i]];

		if (op->outcome == OUTCOME_FAIL ||
		    (op->kind == OP_WRITE && op->outcome == OUTCOME_UNKNOWN && !pick(3)))
			continue;
		for (u = 0; u < op->count && op->kind == OP_WRITE; u++)
			held[op->unit + u] = op->value.write_id;
		if (op->kind == OP_READ && op->outcome == OUTCOME_OK) {
			op->value.kind = VALUE_TAG;
			op->value.write_id = held[op->unit];
		}
	}
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
			if (w->ops[j].kind == OP_WRITE && w->ops[j].unit <= op->unit &&
			    op->unit < w->ops[j].unit + w->ops[j].count) {
				op->value.write_id = w->ops[j].value.write_id;
				break;
			}
		}
	}
}

/* i certainly ended before j began, by the definitions; true_time: as it really was. */
static bool precedes(const struct world *w, unsigned i, unsigned j, bool true_time)
{
	const struct op *a = &w->ops[i], *b = &w->ops[j];
	unsigned k, l, rank;

	if (a->complete == TIME_NONE)
		return false;
	if (true_time)
		return w->complete[i] < w->invoke[j];
	if (a->node == b->node)
		return a->complete < b->invoke;
	if (w->header.clock != HISTORY_CLOCK_NONE) {
		int64_t end = (int64_t)a->complete, begin = (int64_t)b->invoke;

		if (b->node ? end + w->header.theta_hi < begin : end - w->header.theta_lo < begin)
			return true;
	}
	/* A message known to b, or to what its node invoked earlier. */
	for (k = 0; k < w->n; k++) {
		const struct op *m = &w->ops[k];

		if (m->node != b->node || !m->after || (k != j && m->invoke >= b->invoke))
			continue;
		for (l = rank = 0; l < w->n; l++)
			rank += w->ops[l].node == a->node && w->ops[l].complete != TIME_NONE &&
				w->ops[l].complete <= a->complete;
		if (rank <= m->after)
			return true;
	}
	return false;
}

struct search {
	unsigned n;
	const struct op *ops[OPS_MAX];
	unsigned before[OPS_MAX]; /* bit set of what must come first */
	unsigned needed;	  /* what must come at all */
	uint8_t seen[1 << OPS_MAX][OPS_MAX + 1];
};

static struct search search;

static bool explore(unsigned done, unsigned last)
{
	unsigned i;

	if ((done & search.needed) == search.needed)
		return true;
	if (search.seen[done][last])
		return false;
	search.seen[done][last] = 1;
	for (i = 0; i < search.n; i++) {
		const struct op *op = search.ops[i];

		if (done >> i & 1 || search.before[i] & ~done)
			continue;
		if (op->kind == OP_WRITE) {
			if (explore(done | 1U << i, i))
				return true;
		} else if (op->value.write_id ==
			   (last == OPS_MAX ? 0 : search.ops[last]->value.write_id)) {
			if (explore(done | 1U << i, last))
				return true;
		}
	}
	return false;
}

/* Whether some order explains those operations of the unit that are in `which`. */
static bool explained(const struct world *w, unsigned unit, unsigned which, bool true_time)
{
	unsigned index[OPS_MAX], i, j;

	search.n = search.needed = 0;
	for (i = 0; i < w->n; i++) {
		const struct op *op = &w->ops[i];

		if (!(which >> i & 1) || unit < op->unit || unit >= op->unit + op->count ||
		    op->outcome == OUTCOME_FAIL ||
		    (op->kind == OP_READ && op->outcome != OUTCOME_OK))
			continue;
		index[search.n] = i;
		search.ops[search.n] = op;
		if (op->outcome == OUTCOME_OK)
			search.needed |= 1U << search.n;
		search.n++;
	}
	for (i = 0; i < search.n; i++) {
		search.before[i] = 0;
		for (j = 0; j < search.n; j++) {
			if (search.ops[j]->outcome == OUTCOME_OK &&
			    precedes(w, index[j], index[i], true_time))
				search.before[i] |= 1U << j;
		}
	}
	memset(search.seen, 0, sizeof(search.seen[0]) << search.n);
	return explore(0, OPS_MAX);
}

/* The same for all units at once: one order of everything. */
struct joint {
	unsigned n;
	const struct op *ops[OPS_MAX];
	unsigned before[OPS_MAX], needed;
	uint8_t seen[1 << OPS_MAX][OPS_MAX + 1][OPS_MAX + 1][OPS_MAX + 1];
};

static struct joint joint;

/* last: per unit, the write whose value it holds; OPS_MAX: the initial value. */
static bool explore_jointly(unsigned done, const unsigned last[UNITS])
{
	uint8_t *seen = &joint.seen[done][last[0]][last[1]][last[2]];
	unsigned i, u, next[UNITS];

	if ((done & joint.needed) == joint.needed)
		return true;
	if (*seen)
		return false;
	*seen = 1;
	for (i = 0; i < joint.n; i++) {
		const struct op *op = joint.ops[i];

		if (done >> i & 1 || joint.before[i] & ~done)
			continue;
		memcpy(next, last, sizeof(next));
		for (u = 0; u < op->count && op->kind == OP_WRITE; u++)
			next[op->unit + u] = i;
		if (op->kind == OP_READ &&
		    op->value.write_id != (last[op->unit] == OPS_MAX
						   ? 0
						   : joint.ops[last[op->unit]]->value.write_id))
			continue;
		if (explore_jointly(done | 1U << i, next))
			return true;
	}
	return false;
}

/* Whether some order explains those operations in `which`, on all units together. */
static bool explained_jointly(const struct world *w, unsigned which)
{
	static const unsigned initial[UNITS] = {OPS_MAX, OPS_MAX, OPS_MAX};
	unsigned index[OPS_MAX], i, j;

	joint.n = joint.needed = 0;
	for (i = 0; i < w->n; i++) {
		const struct op *op = &w->ops[i];

		if (!(which >> i & 1) || op->outcome == OUTCOME_FAIL ||
		    (op->kind == OP_READ && op->outcome != OUTCOME_OK))
			continue;
		index[joint.n] = i;
		joint.ops[joint.n] = op;
		if (op->outcome == OUTCOME_OK)
			joint.needed |= 1U << joint.n;
		joint.n++;
	}
	for (i = 0; i < joint.n; i++) {
		joint.before[i] = 0;
		for (j = 0; j < joint.n; j++) {
			if (joint.ops[j]->outcome == OUTCOME_OK &&
			    precedes(w, index[j], index[i], false))
				joint.before[i] |= 1U << j;
		}
	}
	memset(joint.seen, 0, sizeof(joint.seen[0]) << joint.n);
	return explore_jointly(0, initial);
}

static void to_history(const struct world *w, struct history *ret)
{
	struct record record = {.type = RECORD_OP};
	struct error err;
	unsigned i;

	memset(ret, 0, sizeof(*ret));
	ret->header = w->header;
	ret->files = calloc(1, sizeof(*ret->files));
	ret->files->name = strdup("oracle");
	ret->files->text = true;
	ret->n_files = ret->cap_files = 1;
	for (i = 0; i < w->n; i++) {
		record.op = w->ops[i];
		assert_int_equal(history_add(ret, i, &record, &err), 0);
	}
}

static void disagree(const struct history *history, const char *why, uint64_t seed, unsigned trial)
{
	const char *where = getenv("TMPDIR");
	char path[4096];
	FILE *file;

	history_text_print(stderr, history);
	snprintf(path, sizeof(path), "%s/stalemate-oracle-%" PRIu64 "-%u.txt",
		 where ? where : "/tmp", seed, trial);
	file = fopen(path, "w");
	if (file) {
		fprintf(file, HISTORY_TEXT_MAGIC "1\n# %s, seed %" PRIu64 "\n", why, seed);
		history_text_print(file, history);
		fclose(file);
	}
	fail_msg("%s (seed %" PRIu64 ", history %u, saved as %s)", why, seed, trial, path);
}

/* The operations of a witness, as bits. */
static unsigned witness_bits(const struct violation *violation)
{
	unsigned i, bits = 0;
	uint64_t line;

	for (i = 0; i < violation->n_witnesses; i++) {
		assert_int_equal(parse_u64(strchr(violation->witnesses[i].source, ':') + 1, 31,
					   "line", &line, NULL),
				 0);
		bits |= 1U << line;
	}
	return bits;
}

static bool is_across(enum anomaly anomaly)
{
	return anomaly == ANOMALY_CAUSAL_VIOLATION || anomaly == ANOMALY_STORE_BUFFERING;
}

/* What was said of the history against what is so. */
/* in_part: of large units only a part was looked at, which may not show everything. */
static const char *compare(const struct world *w, const struct verdict *verdict, bool correct,
			   bool in_part)
{
	bool certain = true, truth = true;
	uint64_t across, order;
	unsigned unit;

	for (unit = 0; unit < UNITS; unit++) {
		certain &= explained(w, unit, ~0U, false);
		truth &= explained(w, unit, ~0U, true);
	}
	across = verdict->classes[ANOMALY_CAUSAL_VIOLATION] +
		 verdict->classes[ANOMALY_STORE_BUFFERING];
	order = verdict->n_violations - across;
	if (*verdict->fault)
		return verdict->fault;
	if (verdict->n_violations && (truth || correct))
		return "a correct history is accused";
	if (order && certain)
		return "accused though an order explains it";
	if (!order && !certain && !in_part)
		return "no order explains it, but it is not accused";
	if (across && certain && explained_jointly(w, ~0U))
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
		if (!is_across(v->anomaly) ? explained(w, (unsigned)v->unit, witness_bits(v), false)
					   : v->anomaly == ANOMALY_STORE_BUFFERING &&
						     explained_jointly(w, witness_bits(v)))
			return "a witness proves nothing";
	}
	return NULL;
}

/* The same history as two binary files, read where they lie, by two threads. */
static void write_node(const struct world *w, unsigned node, const char *path)
{
	struct history_header header = w->header;
	struct record record = {.type = RECORD_OP};
	struct history_writer *writer;
	unsigned order[OPS_MAX], n = 0, i, j;
	struct error err;

	for (i = 0; i < w->n; i++) {
		if (w->ops[i].node != node)
			continue;
		for (j = n++; j && w->ops[order[j - 1]].complete > w->ops[i].complete; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	header.nodes = (uint8_t)(1U << node);
	unlink(path);
	writer = history_create(path, &header, &err);
	assert_non_null(writer);
	for (i = 0; i < n; i++) {
		record.op = w->ops[order[i]];
		assert_int_equal(history_append(writer, &record, &err), 0);
	}
	assert_int_equal(history_close(writer, &err), 0);
}

static const char *judge_files(const struct world *w, const struct verdict *expected)
{
	const struct check_options options = {.threads = 2};
	const char *const paths[] = {files[0], files[1]};
	const char *why = NULL;
	struct verdict verdict;
	struct error err;

	write_node(w, 0, paths[0]);
	write_node(w, 1, paths[1]);
	if (check_files(paths, NODES, &options, &verdict, &err) < 0)
		fail_msg("%s", err.text);
	if (verdict.n_violations != expected->n_violations || *verdict.fault ||
	    memcmp(verdict.classes, expected->classes, sizeof(verdict.classes)) ||
	    verdict.exposures != expected->exposures || verdict.ops != expected->ops ||
	    verdict.stale_exposures != expected->stale_exposures ||
	    verdict.stream_units != expected->stream_units ||
	    verdict.exact_units != expected->exact_units)
		why = "judged otherwise from files";
	verdict_done(&verdict);
	return why;
}

static void judge_world(struct world *w, bool correct, uint64_t seed, unsigned trial,
			struct tally *tally)
{
	/* In some, what is marked is looked at in the smallest pieces. */
	const struct check_options options = {.threads = 1, .group_ops = trial % 4 ? 0 : 3};
	struct verdict verdict = {0};
	struct history history;
	struct tapes tapes;
	struct error err;
	const char *why;

	verdict.facts.confidence = 0.95;
	to_history(w, &history);
	assert_int_equal(tapes_borrow(&history, &tapes, &err), 0);
	if (judgement_make(&tapes, &options, &verdict, &err) < 0)
		disagree(&history, err.text, seed, trial);
	why = compare(w, &verdict, correct, options.group_ops);
	if (!why)
		why = judge_witnesses(w, &verdict, options.group_ops);
	if (!why && trial % 32 == 7)
		why = judge_files(w, &verdict);
	if (why)
		disagree(&history, why, seed, trial);
	tally->violated += verdict.n_violations != 0;
	tally->streamed += verdict.stream_units != 0;
	tally->across += verdict.classes[ANOMALY_CAUSAL_VIOLATION] +
					 verdict.classes[ANOMALY_STORE_BUFFERING] ==
				 verdict.n_violations &&
			 verdict.n_violations;
	verdict_done(&verdict);
	tapes_release(&tapes);
	history_done(&history);
}

static void run(enum history_clock clock, unsigned share)
{
	const char *number = getenv("ORACLE_HISTORIES"), *given = getenv("ORACLE_SEED");
	uint64_t seed = 20261124, histories = 240000;
	struct tally tally = {0};
	unsigned n, i, spoiled;
	struct world w;

	if (number)
		assert_int_equal(parse_u64(number, 100000000, "histories", &histories, NULL), 0);
	if (given)
		assert_int_equal(parse_u64(given, UINT64_MAX, "seed", &seed, NULL), 0);
	n = (unsigned)histories * share / 100;
	state = seed * 0x9e3779b97f4a7c15ULL + (uint64_t)clock + 1;
	for (i = 0; i < n; i++) {
		make_operations(&w);
		make_record(&w, clock);
		make_values(&w);
		spoiled = pick(4);
		spoil(&w, spoiled);
		judge_world(&w, !spoiled, seed, i, &tally);
	}
	print_message("seed %" PRIu64 ": %u histories, %u violated; of these the streaming pass "
		      "found %u, %u show across units only\n",
		      seed, n, tally.violated, tally.streamed, tally.across);
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
