/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_plan_cache.c - `all` among the cache modes of a plan. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan.h"
#include "tests/unit/plan_text.h"

/* Guards against: pairs of modes missing, there twice, or in another order than docs/plan.md says;
 * `default`, which is in effect one of the others, among them. */
static void test_all_modes(void **state)
{
	struct plan plan;
	unsigned i;

	(void)state;
	parse("[matrix]\ncache = all/all\n", &plan);
	assert_int_equal(plan.n_cells, 25);
	for (i = 0; i < 25; i++) {
		assert_int_equal(plan.cells[i].cache[0], i / 5);
		assert_int_equal(plan.cells[i].cache[1], i % 5);
	}
	assert_string_equal(plan.cells[0].id, "01-none");
	assert_string_equal(plan.cells[13].id, "14-writethrough-writeback");
	plan_done(&plan);
	parse("[matrix]\ncache = default, all, none/default\n", &plan);
	assert_int_equal(plan.n_cells, 7);
	for (i = 0; i < 5; i++)
		assert_true(plan.cells[1 + i].cache[0] == i && plan.cells[1 + i].cache[1] == i);
	plan_done(&plan);
	parse("[matrix]\ncache = all/none, none/unsafe, none/default\n", &plan);
	assert_int_equal(plan.n_cells, 7);
	assert_string_equal(plan.cells[4].id, "05-unsafe-none");
	assert_string_equal(plan.cells[5].id, "06-none-unsafe");
	plan_done(&plan);
	/* every pair there is */
	parse("[matrix]\ncache = all/all, default, all/default, default/all\n", &plan);
	assert_int_equal(plan.n_cells, 36);
	plan_done(&plan);
	expect_error("[matrix]\ncache = none, all\n",
		     "p.conf:2: cache: 'none', which 'all' stands for too, is in the list already");
	expect_error(
		"[matrix]\ncache = all/none, writeback/all\n",
		"p.conf:2: cache: 'writeback/none', which 'writeback/all' stands for too, is in "
		"the list already");
	expect_error("[matrix]\ncache = all, unsafe\n",
		     "p.conf:2: cache: 'unsafe' is in the list twice; use repeat");
	expect_error("[matrix]\ncache = all/all/all\n",
		     "p.conf:2: cache mode: 'all/all' is unknown; " MODE_NAMES);
}

/* Guards against: an expectation of `all` that beats one which names the mode, or that speaks of
 * `default`. */
static void test_expect_all(void **state)
{
	struct plan plan;
	unsigned a, b;

	(void)state;
	parse("[matrix]\ncache = all/all, default\n[expect]\nall/writethrough = violated\n"
	      "all/writeback = violated\nwritethrough/all = violated\nwriteback/all = violated\n"
	      "all/all = violated\nnone/none = consistent\n",
	      &plan);
	for (a = 0; a < 5; a++) {
		for (b = 0; b < 5; b++) {
			assert_true(plan.cells[5 * a + b].has_expected);
			assert_int_equal(plan.cells[5 * a + b].expected,
					 a || b ? VERDICT_VIOLATED : VERDICT_CONSISTENT);
		}
	}
	assert_false(plan.cells[25].has_expected);
	plan_done(&plan);
	parse("[matrix]\ncache = all/all\n[expect]\nall = violated\n", &plan);
	assert_true(plan.cells[6].has_expected && !plan.cells[1].has_expected);
	plan_done(&plan);
	expect_error("[matrix]\ncache = all/all\n[expect]\nall/none = violated\n"
		     "none/all = consistent\n",
		     "p.conf:5: contradicts line 4 for the cell cache=none path=buffered "
		     "workload=handoff fault=none repeat=1, and neither says more; give one that "
		     "names both");
	expect_error("[matrix]\ncache = all\n[expect]\nall = violated\nall = violated\n",
		     "p.conf:5: this expectation is given twice, first in line 4");
}

/* Guards against: cells that `all` stands for, and that cannot be chosen by it. */
static void test_only_all(void **state)
{
	struct plan plan;

	(void)state;
	parse("[matrix]\ncache = all/all, default\n", &plan);
	assert_int_equal(plan_select(&plan, "cache=all/none,cache=unsafe/all", NULL), 0);
	assert_int_equal(plan.n_cells, 9);
	assert_int_equal(plan_select(&plan, "cache=all", NULL), 0);
	assert_int_equal(plan.n_cells, 2);
	plan_done(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_modes),
		cmocka_unit_test(test_expect_all),
		cmocka_unit_test(test_only_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
