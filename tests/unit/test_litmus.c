/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_litmus.c - store buffering, against a search that knows no theory.
 *
 * Guards against: a correct system accused, a circle that some order explains, one that is missed
 * or told twice. Random small histories, and shapes by hand in all orders of the feed.
 *
 * ORACLE_HISTORIES sets their number (for sanitizers and valgrind), ORACLE_SEED the seed.
 */
#include "tests/test.h"

#include "passes/litmus.h"
#include "tests/unit/fed_world.h"

/* How often each thing came up, so that no test is empty. */
static struct {
	unsigned long circles, sequential, only_across;
} seen;

/* All of a search that knows no theory: is there an order of all units that explains the set? */
struct search {
	const struct world *w;
	unsigned n, ops[OPS_MAX], before[OPS_MAX], needed;
};

static bool explore(const struct search *s, unsigned done, const uint64_t held[UNITS])
{
	unsigned i, u;

	if ((done & s->needed) == s->needed)
		return true;
	for (i = 0; i < s->n; i++) {
		const struct fed *op = &s->w->ops[s->ops[i]];
		uint64_t then[UNITS];
		bool fits = true;

		if (done >> i & 1 || s->before[i] & ~done)
			continue;
		memcpy(then, held, sizeof(then));
		for (u = 0; u < op->count; u++) {
			fits &= op->kind == OP_WRITE || held[op->unit + u] == op->write_id;
			then[op->unit + u] = op->write_id;
		}
		if (fits && explore(s, done | 1U << i, then))
			return true;
	}
	return false;
}

/* own_only: the order of each node is all that binds. */
static bool explained(const struct world *w, unsigned which, bool own_only)
{
	const uint64_t held[UNITS] = {0};
	struct search s = {.w = w};
	unsigned i, j;

	for (i = 0; i < w->n; i++) {
		const struct fed *op = &w->ops[i];

		if (!(which >> i & 1) || op->outcome == OUTCOME_FAIL || op->value != VALUE_TAG ||
		    (op->kind == OP_READ && op->outcome != OUTCOME_OK))
			continue;
		if (op->outcome == OUTCOME_OK)
			s.needed |= 1U << s.n;
		s.ops[s.n++] = i;
	}
	for (i = 0; i < s.n; i++) {
		for (j = 0; j < s.n; j++) {
			if (w->ops[s.ops[j]].outcome == OUTCOME_OK &&
			    (!own_only || w->ops[s.ops[j]].node == w->ops[s.ops[i]].node) &&
			    precedes(w, s.ops[j], s.ops[i]))
				s.before[i] |= 1U << j;
		}
	}
	return explore(&s, 0, held);
}

static unsigned bit_of(const struct world *w, const struct litmus_op *op, enum op_kind kind)
{
	unsigned i;

	for (i = 0; i < w->n; i++) {
		const struct fed *o = &w->ops[i];

		if (o->node == op->node && o->index == op->index && o->number == op->number &&
		    o->unit <= op->unit && op->unit < o->unit + o->count && o->kind == kind)
			return 1U << i;
	}
	return 0;
}

/* The four and the writes of what was read must have no explanation; each unit alone may. */
static void check_finding(const struct world *w, const struct litmus_finding *finding)
{
	unsigned set = 0, i, unit, node, all = (1U << w->n) - 1;
	bool alone = true;

	for (node = 0; node < NODES; node++) {
		unsigned read = bit_of(w, &finding->reads[node], OP_READ);
		unsigned write = bit_of(w, &finding->writes[node], OP_WRITE);

		hold(w, read && write && finding->reads[node].node == node &&
				finding->reads[node].unit == finding->writes[!node].unit);
		set |= read | write;
		i = (unsigned)__builtin_ctz(read);
		if (writer_of(w, w->ops[i].write_id) >= 0)
			set |= 1U << writer_of(w, w->ops[i].write_id);
	}
	hold(w, !explained(w, set, false));
	hold(w, !explained(w, all, false));
	hold(w, !finding->sequential || (finding->by_message && !explained(w, set, true)));
	for (unit = 0; unit < w->units; unit++) {
		unsigned here = 0;

		for (i = 0; i < w->n; i++) {
			if (w->ops[i].unit == unit && w->ops[i].count == 1)
				here |= 1U << i;
		}
		alone &= explained(w, here, false);
	}
	seen.circles++;
	seen.sequential += finding->sequential;
	seen.only_across += alone;
}

static void try_litmus(const struct world *w, const struct litmus_sizes *sizes, bool correct)
{
	struct litmus *litmus = litmus_new(sizes, NULL);
	struct litmus_finding finding;
	unsigned n, found = 0;

	assert_non_null(litmus);
	for (n = 0; n < w->n; n++) {
		if (!litmus_step(litmus, &w->ops[w->feed[n]], &finding))
			continue;
		hold(w, !correct);
		found++;
		check_finding(w, &finding);
	}
	assert_int_equal(litmus_found(litmus), found);
	litmus_free(litmus);
}

/* Guards against a correct system accused of store buffering, and a circle that can be explained,
 * with windows that hold all and windows that hold next to nothing. */
static void store_buffering_is_real(void **unused)
{
	const struct litmus_sizes small = {.units = 2, .edges = 2},
				  some = {.units = 8, .edges = 16};
	struct world w;

	(void)unused;
	state = seed;
	memset(&seen, 0, sizeof(seen));
	for (trial = 0; trial < histories; trial++) {
		make_world(&w, 2 + pick(3), UNITS, 4 + pick(OPS_MAX - 3), 0, false);
		try_litmus(&w, pick(2) ? &small : &some, true);
		make_world(&w, 2 + pick(3), 2, 4 + pick(5), 1 + pick(4), pick(4));
		try_litmus(&w, pick(4) ? &some : &small, false);
	}
	assert_true(seen.circles && seen.sequential && seen.only_across);
}

/* Guards against store buffering that is missed in some order of the feed, or told twice. */
static void store_buffering_is_found(void **unused)
{
	unsigned mask, i, done[NODES], again;

	(void)unused;
	for (mask = 0; mask < 16; mask++) {
		const struct fed ops[NODES][2] = {
			{by_hand(0, OP_WRITE, 7, write_id(0, 0, 0, 1), 1),
			 by_hand(0, OP_READ, 8, WRITE_ID_INITIAL, 2)},
			{by_hand(1, OP_WRITE, 8, write_id(1, 0, 1, 1), 1),
			 by_hand(1, OP_READ, 7, WRITE_ID_INITIAL, 2)},
		};
		struct litmus *litmus = litmus_new(NULL, NULL);
		struct litmus_finding finding;

		assert_non_null(litmus);
		done[0] = done[1] = 0;
		for (i = 0; i < 4 && __builtin_popcount(mask) == 2; i++) {
			unsigned node = mask >> i & 1;

			assert_int_equal(litmus_step(litmus, &ops[node][done[node]++], &finding),
					 i == 3);
		}
		if (!i)
			goto next;
		assert_true(finding.sequential && finding.by_message);
		for (again = 3; again < 6; again++) {
			struct fed a = by_hand(0, OP_READ, 8, WRITE_ID_INITIAL, again);
			struct fed b = by_hand(1, OP_READ, 7, WRITE_ID_INITIAL, again);

			assert_false(litmus_step(litmus, &a, &finding));
			assert_false(litmus_step(litmus, &b, &finding));
		}
	next:
		litmus_free(litmus);
	}
}

/* A message told the operation of so many completions. */
static struct fed told(struct fed op, uint32_t completions)
{
	op.known[!op.node] = op.message = completions;
	return op;
}

/* Feed them all; which one closed the first circle, or n; *ret_circles: how many there were. */
static unsigned feed_all(const struct fed *ops, unsigned n, struct litmus_finding *ret,
			 unsigned *ret_circles)
{
	struct litmus *litmus = litmus_new(NULL, NULL);
	struct litmus_finding finding;
	unsigned i, at = n;

	assert_non_null(litmus);
	for (i = 0; i < n; i++) {
		if (litmus_step(litmus, &ops[i], &finding) && at == n) {
			at = i;
			*ret = finding;
		}
	}
	*ret_circles = (unsigned)litmus_found(litmus);
	litmus_free(litmus);
	return at;
}

/* Guards against a missed write found only if it is its node's last to the unit, or if the value
 * read is initial; and against evidence told wrongly. */
static void missed_writes(void **unused)
{
	/* b wrote again before a's read was fed; a read its own value, of which b was told. */
	const struct fed again[] = {
		by_hand(0, OP_WRITE, 8, write_id(0, 0, 0, 1), 1),
		by_hand(0, OP_WRITE, 7, write_id(0, 0, 0, 2), 2),
		told(by_hand(1, OP_WRITE, 8, write_id(1, 0, 1, 1), 1), 1),
		told(by_hand(1, OP_READ, 7, WRITE_ID_INITIAL, 2), 1),
		told(by_hand(1, OP_WRITE, 8, write_id(1, 0, 1, 2), 3), 1),
		by_hand(0, OP_READ, 8, write_id(0, 0, 0, 1), 3),
	};
	/* a read what b was still writing. */
	const struct fed late[] = {
		by_hand(0, OP_WRITE, 7, write_id(0, 0, 0, 1), 1),
		by_hand(0, OP_READ, 8, write_id(1, 0, 1, 1), 2),
		by_hand(1, OP_WRITE, 8, write_id(1, 0, 1, 1), 1),
		by_hand(1, OP_WRITE, 8, write_id(1, 0, 1, 2), 2),
		by_hand(1, OP_READ, 7, WRITE_ID_INITIAL, 3),
	};
	struct fed by_clock[6];
	struct litmus_finding finding;
	unsigned circles, i;

	(void)unused;
	assert_int_equal(feed_all(again, 6, &finding, &circles), 5);
	assert_int_equal(finding.writes[1].index, 1);
	assert_true(finding.by_message && !finding.sequential);
	for (i = 0; i < 6; i++) {
		by_clock[i] = again[i];
		by_clock[i].message = 0;
	}
	assert_int_equal(feed_all(by_clock, 6, &finding, &circles), 5);
	assert_false(finding.by_message || finding.sequential);
	assert_int_equal(feed_all(late, 5, &finding, &circles), 4);
	assert_true(finding.by_message && finding.sequential);
}

/* Guards against a fault of one unit told as one across units. */
static void left_to_the_unit(void **unused)
{
	/* a's read is stale by itself, and then misses another write. */
	const struct fed stale[] = {
		by_hand(0, OP_WRITE, 7, write_id(0, 0, 0, 1), 1),
		by_hand(1, OP_WRITE, 8, write_id(1, 0, 1, 1), 1),
		told(by_hand(0, OP_READ, 8, WRITE_ID_INITIAL, 2), 1),
		by_hand(1, OP_WRITE, 8, write_id(1, 0, 1, 2), 2),
		by_hand(1, OP_READ, 7, WRITE_ID_INITIAL, 3),
	};
	/* Each reads the other's first write after its own second one. */
	const struct fed one_unit[] = {
		by_hand(0, OP_WRITE, 7, write_id(0, 0, 0, 1), 1),
		by_hand(1, OP_WRITE, 7, write_id(1, 0, 1, 1), 1),
		by_hand(0, OP_WRITE, 7, write_id(0, 0, 0, 2), 2),
		by_hand(1, OP_WRITE, 7, write_id(1, 0, 1, 2), 2),
		by_hand(0, OP_READ, 7, write_id(1, 0, 1, 1), 3),
		by_hand(1, OP_READ, 7, write_id(0, 0, 0, 1), 3),
	};
	struct litmus_finding finding;
	unsigned circles;

	(void)unused;
	assert_int_equal(feed_all(stale, 5, &finding, &circles), 5);
	assert_int_equal(feed_all(one_unit, 6, &finding, &circles), 6);
}

/* Guards against one stale read, or one missed write, told again with each that the other misses.
 */
static void one_fault_once(void **unused)
{
	unsigned a, b, circles;

	(void)unused;
	for (a = 0, b = 1; a < NODES; a++, b--) {
		const struct fed by_read[] = {
			by_hand(a, OP_WRITE, 7, write_id(a, 0, 0, 1), 1),
			by_hand(a, OP_WRITE, 9, write_id(a, 0, 0, 2), 2),
			by_hand(a, OP_READ, 8, WRITE_ID_INITIAL, 3),
			by_hand(b, OP_WRITE, 8, write_id(b, 0, 1, 1), 1),
			by_hand(b, OP_READ, 7, WRITE_ID_INITIAL, 2), /* closes the circle */
			by_hand(b, OP_READ, 9, WRITE_ID_INITIAL, 3),
			by_hand(b, OP_WRITE, 8, write_id(b, 0, 1, 2), 4),
			by_hand(b, OP_READ, 9, WRITE_ID_INITIAL, 5),
		};
		const struct fed by_write[] = {
			by_read[0],
			by_hand(a, OP_READ, 8, WRITE_ID_INITIAL, 2),
			by_read[3],
			by_hand(b, OP_WRITE, 10, write_id(b, 0, 1, 2), 2),
			by_hand(b, OP_READ, 7, WRITE_ID_INITIAL, 3), /* closes the circle */
			by_hand(a, OP_WRITE, 7, write_id(a, 0, 0, 2), 3),
			by_hand(a, OP_READ, 10, WRITE_ID_INITIAL, 4),
		};
		struct litmus_finding finding;

		assert_int_equal(feed_all(by_read, 8, &finding, &circles), 4);
		assert_int_equal(circles, 1);
		assert_int_equal(feed_all(by_write, 7, &finding, &circles), 4);
		assert_int_equal(circles, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_buffering_is_real),
		cmocka_unit_test(store_buffering_is_found),
		cmocka_unit_test(missed_writes),
		cmocka_unit_test(left_to_the_unit),
		cmocka_unit_test(one_fault_once),
	};

	histories = 100000; /* circles are rare among them */
	configure(getenv("ORACLE_HISTORIES"), getenv("ORACLE_SEED"));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
