/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_lane_program.c - what free-running lanes do, and sets that nobody may run. */
#include "tests/test.h"

#include <string.h>

#include "common/lane_program.h"

#define UNITS 64 /* of the target: 4 files of 16, every 4th unit is used */

static struct lane_set a_set(void)
{
	struct lane_set set = {
		.seed = 7, .base = 100, .files = 4, .used = 4, .stride = 4, .per_file = 16};
	unsigned i;

	for (i = 0; i < 4; i++)
		set.lanes[set.n++] = (struct lane_program){.node = i % 2,
							   .pick = {PICK_NEAR, PICK_RANDOM},
							   .weight = {7, 3},
							   .ops = 1000};
	return set;
}

/* Guards against: a unit that is not used, or that two lanes of a node share; weights that are not
 * kept; a sequence that does not rise with the step. */
static void test_ops(void **state)
{
	struct lane_set set = a_set();
	unsigned owner[2][UNITS] = {{0}}, reads = 0, writes = 0, node, lane;
	uint32_t step;

	(void)state;
	assert_int_equal(lane_set_check(&set, UNITS, NULL), 0);
	for (node = 0; node < 2; node++) {
		assert_int_equal(lane_set_count(&set, node), 2);
		for (lane = 0; lane < 2; lane++) {
			for (step = 0; step < 1000; step++) {
				struct lane_op op = lane_set_op(&set, node, lane, step);

				assert_true(op.unit < UNITS && op.unit % 4 == 0);
				assert_true(!owner[node][op.unit] ||
					    owner[node][op.unit] == lane + 1);
				owner[node][op.unit] = lane + 1;
				reads += op.kind == OP_READ;
				writes += op.kind == OP_WRITE;
				if (op.kind == OP_WRITE)
					assert_int_equal(op.sequence, 100 + step + 1);
			}
		}
	}
	assert_in_range(reads, 2600, 3000);
	assert_in_range(writes, 1000, 1400);
	for (step = 0; step < UNITS; step += 4)
		assert_true(owner[0][step] && owner[0][step] == owner[1][step]);
}

/* Guards against: agent and controller that do not agree; a seed that changes nothing. */
static void test_pure(void **state)
{
	struct lane_set set = a_set(), other = a_set();
	unsigned differ = 0;
	uint32_t step;

	(void)state;
	other.seed++;
	for (step = 0; step < 200; step++) {
		struct lane_op op = lane_set_op(&set, 1, 1, step);
		struct lane_op again = lane_set_op(&set, 1, 1, step);
		struct lane_op else_where = lane_set_op(&other, 1, 1, step);

		assert_int_equal(op.unit, again.unit);
		assert_int_equal(op.kind, again.kind);
		differ += op.unit != else_where.unit || op.kind != else_where.kind;
	}
	assert_true(differ > 100);
}

/* Guards against: a near read that goes anywhere. More of them than of random ones find a write of
 * the other node among its last four. */
static void test_near(void **state)
{
	struct lane_set set = a_set();
	unsigned found[2] = {0, 0}, pick, back;
	uint32_t step;

	(void)state;
	for (pick = 0; pick < 2; pick++) {
		set.lanes[1].pick[OP_READ] = pick ? PICK_NEAR : PICK_RANDOM;
		for (step = 10; step < 1000; step++) {
			struct lane_op op = lane_set_op(&set, 1, 0, step), written;

			for (back = 0; op.kind == OP_READ && back < 4; back++) {
				written = lane_set_op(&set, 0, 0, step - back);
				if (written.kind != OP_WRITE || written.unit != op.unit)
					continue;
				found[pick]++;
				break;
			}
		}
	}
	assert_true(found[1] > 2 * found[0]);
}

/* Guards against: sequential lanes that leave a unit out, or that do not begin anew. */
static void test_sequential(void **state)
{
	struct lane_set set = a_set();
	uint32_t step;

	(void)state;
	set.lanes[0].pick[OP_READ] = set.lanes[0].pick[OP_WRITE] = PICK_SEQUENTIAL;
	for (step = 0; step < 40; step++)
		assert_int_equal(lane_set_op(&set, 0, 0, step).unit, step * 8 % UNITS);
}

static void refused(const struct lane_set *set, uint64_t units)
{
	struct error err = {ERROR_NONE, ""};

	assert_int_equal(lane_set_check(set, units, &err), -1);
	assert_int_equal(err.kind, ERROR_USER);
}

static void churns(struct lane_set *set)
{
	unsigned i;

	for (i = 0; i < set->n; i++)
		set->lanes[i] =
			(struct lane_program){.node = i % 2, .churn = 1, .ops = 5, .time_ns = 1};
}

/* Guards against: what a broken peer may send: no lanes, endless ones, units beyond the target. */
static void test_refused(void **state)
{
	struct lane_set set;

	(void)state;
#define REFUSED(change) \
	do { \
		set = a_set(); \
		change; \
		refused(&set, UNITS); \
	} while (0)
	REFUSED(set.n = 0);
	REFUSED(set.n = 17);
	REFUSED(set.lanes[2].ops = 0);
	REFUSED(set.lanes[2].ops = LANE_OPS_MAX + 1);
	REFUSED(set.lanes[2].time_ns = LANE_TIME_MAX_NS + 1);
	REFUSED(set.lanes[2].node = 2);
	REFUSED(set.lanes[2].sync = 2);
	REFUSED(set.lanes[2].pick[1] = PICKS);
	REFUSED(set.lanes[2].weight[0] = LANE_WEIGHT_MAX + 1);
	REFUSED(memset(set.lanes[2].weight, 0, sizeof(set.lanes[2].weight)));
	REFUSED(set.lanes[2].churn = 1);
	REFUSED(set.lanes[2] = ((struct lane_program){.churn = 1, .ops = 1, .time_ns = 1}));
	REFUSED(churns(&set); set.lanes[2].churn = 2);
	REFUSED(churns(&set); set.lanes[2].time_ns = 0);
	REFUSED(churns(&set); set.lanes[2].weight[0] = 1);
	set = a_set();
	assert_false(lane_set_churns(&set));
	churns(&set);
	assert_int_equal(lane_set_check(&set, UNITS, NULL), 0);
	assert_true(lane_set_churns(&set));
	REFUSED(set.files = 0);
	REFUSED(set.files = 5);
	REFUSED(set.used = 0);
	REFUSED(set.used = 5);
	REFUSED(set.used = 1);
	REFUSED(set.stride = 0);
	REFUSED(set.stride = 6);
	REFUSED(set.per_file = 0);
	REFUSED(set.per_file = 17);
	REFUSED(set.base = SEQUENCE_MAX);
	set = a_set();
	refused(&set, UNITS - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ops),	cmocka_unit_test(test_pure),
		cmocka_unit_test(test_near),	cmocka_unit_test(test_sequential),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
