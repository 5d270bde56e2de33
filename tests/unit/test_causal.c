/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_causal.c - what was read as evidence of order, against its definition.
 *
 * Guards against: an edge that is not certain (a correct system accused), an edge that is missed,
 * and a full window that does harm. Random small histories; C is worked out pair by pair.
 *
 * ORACLE_HISTORIES sets their number (for sanitizers and valgrind), ORACLE_SEED the seed.
 */
#include "tests/test.h"

#include "order/causal.h"
#include "tests/unit/fed_world.h"

/* What precedes b without clocks across nodes, as a set; of all fed before b it is in before[]. */
static unsigned closure(const struct world *w, const unsigned *before, unsigned b)
{
	const struct fed *op = &w->ops[b];
	unsigned set = 0, last, i;
	int write;

	for (i = 0; i < w->n; i++) {
		if (w->ops[i].index <=
		    (w->ops[i].node == op->node ? op->known[op->node] : op->message))
			set |= 1U << i;
	}
	do {
		last = set;
		for (i = 0; i < w->n; i++) {
			const struct fed *read = &w->ops[i];

			if (!(last >> i & 1))
				continue;
			set |= before[i];
			if (read->kind != OP_READ || read->outcome != OUTCOME_OK ||
			    read->value != VALUE_TAG || read->node != op->node)
				continue;
			write = writer_of(w, read->write_id);
			if (write >= 0 && w->ops[write].outcome != OUTCOME_FAIL &&
			    w->place[write] < w->place[b] && !precedes(w, i, (unsigned)write))
				set |= before[write];
		}
	} while (set != last);
	return set;
}

/* The reason must be a read that the operation knows of, of a write that knows enough. */
static void check_reason(const struct world *w, const struct causal *causal, const struct fed *op,
			 uint32_t c)
{
	struct causal_reason reason;
	const struct fed *read = NULL, *write = NULL;
	unsigned i;

	hold(w, causal_why(causal, op->node, op->known[op->node], !op->node, c, &reason));
	for (i = 0; i < w->n; i++) {
		const struct fed *o = &w->ops[i];

		if (o->node == reason.read_node && o->index == reason.read_index &&
		    o->number == reason.read_number && o->kind == OP_READ)
			read = o;
		if (o->node == reason.write_node && o->index == reason.write_index &&
		    o->number == reason.write_number && o->kind == OP_WRITE)
			write = o;
	}
	hold(w, read && write && read->write_id == write->write_id && read->unit == reason.unit);
	hold(w, read->node == op->node && read->index <= op->known[op->node]);
	hold(w, write->node != op->node && write->known[write->node] >= c);
}

/* How often each thing came up, so that no test is empty. */
static struct {
	unsigned long steps, late, forgotten;
} seen;

/* Windows that hold all of such a history, and are quick to clear. */
static const struct causal_sizes ample = {.writes = 256, .waiting = 64, .steps = 16};

/* One history through the module; exact: C must be all there is. */
static void try_causal(const struct world *w, const struct causal_sizes *sizes, bool exact,
		       bool true_time)
{
	struct causal *causal = causal_new(sizes, NULL);
	unsigned before[OPS_MAX] = {0}, n, i, node;

	assert_non_null(causal);
	for (n = 0; n < w->n; n++) {
		unsigned b = w->feed[n];
		const struct fed *op = &w->ops[b];
		uint32_t c[NODES], most[NODES] = {0, 0};

		before[b] = closure(w, before, b);
		causal_step(causal, op, c);
		for (i = 0; i < w->n; i++) {
			if (before[b] >> i & 1 && w->ops[i].index > most[w->ops[i].node])
				most[w->ops[i].node] = w->ops[i].index;
			hold(w, !true_time || w->ops[i].index > c[w->ops[i].node] ||
					w->complete[i] < w->invoke[b]);
		}
		for (node = 0; node < NODES; node++) {
			hold(w, c[node] <= most[node]);
			hold(w, !exact || causal_forgotten(causal) || c[node] == most[node]);
		}
		hold(w, !exact || sizes != &ample || !causal_forgotten(causal));
		if (c[!op->node] > op->message) {
			seen.steps++;
			if (sizes == &ample) /* else it may have fallen out, for op's own sake */
				check_reason(w, causal, op, c[!op->node]);
		}
	}
	seen.forgotten += causal_forgotten(causal) != 0;
	causal_free(causal);
	for (i = 0; i < w->n; i++) {
		int write = writer_of(w, w->ops[i].write_id);

		seen.late +=
			w->ops[i].kind == OP_READ && write >= 0 && w->place[write] > w->place[i];
	}
}

/* Guards against C that claims less or more than follows, or what is not so in true time. */
static void correct_histories(void **unused)
{
	struct world w;

	(void)unused;
	state = seed;
	memset(&seen, 0, sizeof(seen));
	for (trial = 0; trial < histories; trial++) {
		make_world(&w, 2 + pick(3), 1 + pick(UNITS), 4 + pick(OPS_MAX - 3), 0, false);
		try_causal(&w, &ample, true, true);
	}
	assert_true(seen.steps && seen.late && !seen.forgotten);
}

/* Guards against a future read, a failed write or a stray value taken for evidence. */
static void spoiled_histories(void **unused)
{
	struct world w;

	(void)unused;
	state = seed;
	memset(&seen, 0, sizeof(seen));
	for (trial = 0; trial < histories; trial++) {
		make_world(&w, 2 + pick(3), 1 + pick(UNITS), 4 + pick(OPS_MAX - 3), 1 + pick(4),
			   false);
		try_causal(&w, &ample, false, false);
	}
	assert_true(seen.steps && seen.late);
}

/* Guards against a full window that claims too much, or loses something and does not count it. */
static void small_windows(void **unused)
{
	const struct causal_sizes sizes = {.writes = 2, .waiting = 2, .steps = 2};
	struct world w;

	(void)unused;
	state = seed;
	memset(&seen, 0, sizeof(seen));
	for (trial = 0; trial < histories; trial++) {
		make_world(&w, 4, 1 + pick(UNITS), OPS_MAX, 0, false);
		try_causal(&w, &sizes, true, true);
	}
	assert_true(seen.forgotten);
}

/* Guards against message passing that C does not show: new seen, then old. */
static void message_passing(void **unused)
{
	const struct fed ops[] = {
		by_hand(0, OP_WRITE, 7, write_id(0, 0, 0, 1), 1),
		by_hand(0, OP_WRITE, 8, write_id(0, 0, 0, 2), 2),
		by_hand(1, OP_READ, 8, write_id(0, 0, 0, 2), 1),
		by_hand(1, OP_READ, 7, WRITE_ID_INITIAL, 2),
	};
	struct causal *causal = causal_new(NULL, NULL);
	struct causal_reason reason;
	uint32_t c[NODES];
	unsigned i;

	(void)unused;
	assert_non_null(causal);
	for (i = 0; i < 4; i++)
		causal_step(causal, &ops[i], c);
	assert_int_equal(c[0], 1); /* the write to 7 precedes the last read */
	assert_int_equal(c[1], 1);
	assert_true(causal_why(causal, 1, 1, 0, 1, &reason));
	assert_int_equal(reason.read_index, 1);
	assert_int_equal(reason.write_index, 2);
	assert_int_equal(reason.unit, 8);
	assert_false(causal_why(causal, 1, 0, 0, 1, &reason)); /* before that read: nothing */
	assert_false(causal_why(causal, 1, 1, 0, 2, &reason)); /* of the write itself: nothing */
	causal_free(causal);
}

/* Guards against a future read taken for evidence when only C shows that it is one: each node reads
 * what the other writes next. */
static void load_buffering(void **unused)
{
	const struct fed ops[] = {
		by_hand(0, OP_READ, 8, write_id(1, 0, 1, 1), 1),
		by_hand(0, OP_WRITE, 7, write_id(0, 0, 0, 1), 2),
		by_hand(1, OP_READ, 7, write_id(0, 0, 0, 1), 1),
		by_hand(1, OP_WRITE, 8, write_id(1, 0, 1, 1), 2),
		by_hand(0, OP_READ, 9, WRITE_ID_INITIAL, 3),
	};
	struct causal *causal = causal_new(NULL, NULL);
	uint32_t c[NODES];
	unsigned i;

	(void)unused;
	assert_non_null(causal);
	for (i = 0; i < 5; i++) {
		causal_step(causal, &ops[i], c);
		if (i == 3)
			assert_int_equal(c[0], 1); /* b's write follows the read of its value */
	}
	assert_int_equal(c[1], 0);
	causal_free(causal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(correct_histories), cmocka_unit_test(spoiled_histories),
		cmocka_unit_test(small_windows),     cmocka_unit_test(message_passing),
		cmocka_unit_test(load_buffering),
	};

	configure(getenv("ORACLE_HISTORIES"), getenv("ORACLE_SEED"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
