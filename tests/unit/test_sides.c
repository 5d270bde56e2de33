/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_sides.c - made verdicts of pairs of modes, and what is concluded from them.
 *
 * Guards against: a conclusion that says more than the cells prove. A mode blamed for what its
 * partner did, or cleared by a handful of reads, by cells that do not count, or of a side on which
 * nobody tested it; a difference that is none within the bounds.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/verdict.h"
#include "report/report_sides.h"

#define CELLS_MAX 25

static struct verdict cells[CELLS_MAX];
static struct violation seen[2];
static size_t n_cells;
static struct sides sides;

static void begin(void)
{
	memset(cells, 0, sizeof(cells));
	memset(seen, 0, sizeof(seen));
	n_cells = 0;
}

/* A cell with host a in mode a and b in b, and how many of 128 reads were stale on each. */
static struct verdict *add(enum cache_mode a, enum cache_mode b, uint64_t stale_a, uint64_t stale_b)
{
	struct verdict *v = &cells[n_cells++];

	cell_facts_init(&v->facts);
	v->facts.max_rate = 0.05;
	v->facts.effective[0] = a;
	v->facts.effective[1] = b;
	v->facts.effective_known[0] = v->facts.effective_known[1] = true;
	snprintf(v->facts.fault, sizeof(v->facts.fault), "none");
	v->readers[0] = (struct exposures){128, stale_a};
	v->readers[1] = (struct exposures){128, stale_b};
	v->exposures = 256;
	v->stale_exposures = v->n_violations = stale_a + stale_b;
	v->kind = v->n_violations ? VERDICT_VIOLATED : VERDICT_CONSISTENT;
	/* enough for who looks at which node saw violations: one for each node, all that there are
	 */
	v->n_violations = (stale_a > 0) + (stale_b > 0);
	seen[0].node = 0;
	seen[1].node = 1;
	v->n_examples = v->n_violations;
	v->examples = stale_a ? seen : seen + 1;
	return v;
}

static bool is_cached(enum cache_mode mode)
{
	return mode == CACHE_WRITETHROUGH || mode == CACHE_WRITEBACK || mode == CACHE_UNSAFE;
}

/* What semantics make of a pair: the reader's cache is stale, and what an unsafe writer wrote is
 * nowhere yet. */
static uint64_t stale_of(enum cache_mode writer, enum cache_mode reader)
{
	return is_cached(reader) ? 128 : writer == CACHE_UNSAFE ? 120 : 0;
}

static void add_real(enum cache_mode a, enum cache_mode b)
{
	add(a, b, stale_of(b, a), stale_of(a, b));
}

static void conclude(const char *reader, const char *writer, const char *physics)
{
	char text[SIDES_TEXT_MAX];

	assert_true(sides_of(cells, n_cells, &sides));
	assert_string_equal(words_side(&sides, SIDE_READER, text), reader);
	assert_string_equal(words_side(&sides, SIDE_WRITER, text), writer);
	assert_string_equal(words_physics(&sides, text), physics);
}

#define ANSWERS "the reader's host answers from its page cache, where the old block still is"
#define KEEPS "the writer's host keeps a write in its page cache in spite of a flush (unsafe)"
#define AGREES "That is what the modes should do: "
#define LITTLE "Too little to compare with what the modes should do."
#define OPEN ": stale reads, but no cell tells whether this side's mode did it"

/* Guards against: the 25 pairs of a system that does what its modes say, read otherwise. */
static void all_pairs(void **unused)
{
	unsigned i;

	(void)unused;
	begin();
	for (i = 0; i < 25; i++)
		add_real((enum cache_mode)(i / 5), (enum cache_mode)(i % 5));
	conclude("Reader's side: writethrough, writeback, unsafe broke it, stale whatever the "
		 "writer's mode (5 tested); none, directsync did not break it, stale only beside a "
		 "writer with unsafe.",
		 "Writer's side: unsafe broke it, stale whatever the reader's mode (5 tested); "
		 "none, directsync, writethrough, writeback did not break it, stale only beside a "
		 "reader with writethrough, writeback, unsafe.",
		 AGREES ANSWERS "; " KEEPS ".");
	/* both directions of a cell count, and each once */
	assert_int_equal(sides.pairs[CACHE_NONE][CACHE_UNSAFE].all, 256);
	assert_int_equal(sides.pairs[CACHE_NONE][CACHE_UNSAFE].stale, 256);
	assert_int_equal(sides.pairs[CACHE_UNSAFE][CACHE_NONE].stale, 240);
	assert_int_equal(sides.physics, PHYSICS_AGREES);
}

/* Guards against: one cell of two modes, which tells the sides apart by its two directions. */
static void one_cell(void **unused)
{
	(void)unused;
	begin();
	add_real(CACHE_NONE, CACHE_WRITETHROUGH);
	/* stale where writethrough reads what none wrote; clean where none reads. But no third mode
	 * read what none wrote: it might be that a write of none is never seen. */
	conclude("Reader's side: none did not break it; writethrough" OPEN ".",
		 "Writer's side: writethrough did not break it; none" OPEN ".",
		 AGREES "none of those that were clean keeps old blocks for a reader.");
	add_real(CACHE_NONE, CACHE_NONE);
	conclude("Reader's side: writethrough broke it, stale beside a writer with none; none did "
		 "not break it.",
		 "Writer's side: none did not break it, stale only beside a reader with "
		 "writethrough; writethrough did not break it.",
		 AGREES ANSWERS ".");
}

/* Guards against: a side blamed where every pair was stale, or nothing concluded from modes that
 * are alike. */
static void not_separated(void **unused)
{
	(void)unused;
	begin();
	add_real(CACHE_NONE, CACHE_NONE);
	add_real(CACHE_UNSAFE, CACHE_UNSAFE);
	assert_false(sides_of(cells, n_cells, &sides));
	begin();
	add_real(CACHE_WRITEBACK, CACHE_UNSAFE);
	conclude("Reader's side: writeback, unsafe" OPEN ".",
		 "Writer's side: writeback, unsafe" OPEN ".", LITTLE);
	/* a clean pair that shares no mode with them changes nothing */
	add_real(CACHE_NONE, CACHE_DIRECTSYNC);
	conclude("Reader's side: none, directsync did not break it; writeback, unsafe" OPEN ".",
		 "Writer's side: none, directsync did not break it; writeback, unsafe" OPEN ".",
		 AGREES "none of those that were clean keeps old blocks for a reader.");
	/* both sides changed something: both are named, each beside the other */
	begin();
	add(CACHE_NONE, CACHE_UNSAFE, 0, 0);
	add(CACHE_NONE, CACHE_NONE, 0, 0);
	add(CACHE_UNSAFE, CACHE_UNSAFE, 128, 128);
	conclude("Reader's side: unsafe broke it, stale beside a writer with unsafe; none did not "
		 "break it.",
		 "Writer's side: unsafe broke it, stale beside a reader with unsafe; none did not "
		 "break it.",
		 AGREES ANSWERS "; " KEEPS ".");
}

/* Guards against: a mode cleared by three reads, or by a plan's demand that they do not meet; a
 * difference that chance may have made. */
static void too_little(void **unused)
{
	struct verdict *v;

	(void)unused;
	begin();
	v = add(CACHE_NONE, CACHE_DIRECTSYNC, 0, 0);
	v->readers[0].all = v->readers[1].all = 3;
	conclude("Reader's side: none, directsync: not enough exposures.",
		 "Writer's side: none, directsync: not enough exposures.", LITTLE);
	/* 128 of each direction exclude 0.05 and 0.0232, not 0.02 */
	begin();
	v = add(CACHE_NONE, CACHE_DIRECTSYNC, 0, 0);
	v->facts.max_rate = 0.02;
	conclude("Reader's side: none, directsync: not enough exposures.",
		 "Writer's side: none, directsync: not enough exposures.", LITTLE);
	v->facts.max_rate = 0; /* no demand: as much is asked all the same */
	assert_true(sides_of(cells, 1, &sides));
	assert_int_equal(sides.modes[SIDE_READER][CACHE_NONE].blame, BLAME_CLEAN);
	v->readers[1].all = 58; /* 59 exclude 0.05 */
	assert_true(sides_of(cells, 1, &sides));
	assert_int_equal(sides.modes[SIDE_READER][CACHE_NONE].blame, BLAME_CLEAN);
	assert_int_equal(sides.modes[SIDE_READER][CACHE_DIRECTSYNC].blame, BLAME_FEW);
	/* too few do not clear, and so do not accuse the other either */
	begin();
	add_real(CACHE_NONE, CACHE_WRITETHROUGH);
	v = add(CACHE_NONE, CACHE_NONE, 0, 0);
	v->readers[0].all = v->readers[1].all = 10;
	assert_true(sides_of(cells, 2, &sides));
	assert_int_equal(sides.modes[SIDE_READER][CACHE_WRITETHROUGH].blame, BLAME_OPEN);
	/* two stale of 128 beside none of 256: their bounds overlap */
	begin();
	add(CACHE_NONE, CACHE_WRITETHROUGH, 0, 2);
	add(CACHE_NONE, CACHE_NONE, 0, 0);
	assert_true(sides_of(cells, 2, &sides));
	assert_int_equal(sides.modes[SIDE_READER][CACHE_WRITETHROUGH].blame, BLAME_OPEN);
	assert_int_equal(sides.modes[SIDE_WRITER][CACHE_NONE].blame, BLAME_OPEN);
}

/* Guards against: a cell that tested something else, or nothing, among the evidence. */
static void not_counted(void **unused)
{
	struct verdict *v;
	unsigned i;

	(void)unused;
	for (i = 0; i < 6; i++) {
		begin();
		v = add(CACHE_NONE, CACHE_UNSAFE, 128, 0);
		if (i == 0)
			v->kind = VERDICT_INVALID;
		if (i == 1)
			v->kind = VERDICT_ERROR;
		if (i == 2)
			v->facts.effective_known[1] = false;
		if (i == 3)
			v->facts.effective[1] = CACHE_DEFAULT;
		if (i == 4)
			snprintf(v->facts.fault, sizeof(v->facts.fault), "host-crash-a");
		if (i == 5)
			snprintf(v->facts.not_run, sizeof(v->facts.not_run), "no guest");
		assert_false(sides_of(cells, n_cells, &sides));
	}
	/* what was violated otherwise is not clean */
	begin();
	v = add(CACHE_NONE, CACHE_UNSAFE, 0, 128);
	v->n_violations = v->n_examples = 2;
	v->examples = seen;
	assert_true(sides_of(cells, 1, &sides));
	assert_int_equal(sides.states[CACHE_UNSAFE][CACHE_NONE], PAIR_UNTESTED);
	assert_int_equal(sides.states[CACHE_NONE][CACHE_UNSAFE], PAIR_STALE);
	/* nor what may be, for want of the examples */
	v->examples = seen + 1;
	v->n_examples = 1;
	assert_true(sides_of(cells, 1, &sides));
	assert_int_equal(sides.states[CACHE_UNSAFE][CACHE_NONE], PAIR_UNTESTED);
	v->n_violations = 1;
	assert_true(sides_of(cells, 1, &sides));
	assert_int_equal(sides.states[CACHE_UNSAFE][CACHE_NONE], PAIR_CLEAN);
	/* nor what the file system noticed */
	v->fs.state = FS_DAMAGED;
	assert_true(sides_of(cells, 1, &sides));
	assert_int_equal(sides.states[CACHE_UNSAFE][CACHE_NONE], PAIR_UNTESTED);
	/* counts of 64 bits that a file may hold */
	begin();
	for (i = 0; i < 2; i++)
		add(CACHE_NONE, CACHE_UNSAFE, 0, 0)->readers[0].all = UINT64_MAX;
	assert_true(sides_of(cells, 2, &sides));
	assert_true(sides.pairs[CACHE_UNSAFE][CACHE_NONE].all == UINT64_MAX);
}

/* Guards against: what no cache mode can do called agreement. */
static void against_physics(void **unused)
{
	(void)unused;
	begin();
	add(CACHE_NONE, CACHE_DIRECTSYNC, 128, 0);
	add(CACHE_DIRECTSYNC, CACHE_DIRECTSYNC, 0, 0);
	add(CACHE_NONE, CACHE_NONE, 128, 128);
	conclude("Reader's side: none broke it, stale whatever the writer's mode (2 tested); "
		 "directsync did not break it.",
		 "Writer's side: none, directsync did not break it, stale only beside a reader "
		 "with none.",
		 "Not what the modes should do: none on the reader's host keeps nothing of what "
		 "was read, so the cause is another.");
	assert_int_equal(sides.physics, PHYSICS_CONTRADICTS);
	/* on the writer's side, and a reader whose cache should have shown it */
	begin();
	add(CACHE_WRITETHROUGH, CACHE_NONE, 0, 128);
	add(CACHE_NONE, CACHE_NONE, 0, 0);
	conclude("Reader's side: none did not break it, stale only beside a writer with "
		 "writethrough; writethrough did not break it.",
		 "Writer's side: writethrough broke it, stale beside a reader with none; none did "
		 "not break it.",
		 "Not what the modes should do: writethrough on the writer's host holds no write "
		 "back, so the cause is another; writethrough on the reader's host caches, and yet "
		 "nothing stale came of it: it may not have held what was read.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_pairs),	 cmocka_unit_test(one_cell),
		cmocka_unit_test(not_separated), cmocka_unit_test(too_little),
		cmocka_unit_test(not_counted),	 cmocka_unit_test(against_physics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
