/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_clock_pieces.c - bounds of the difference of two clocks.
 *
 * Guards against: a bound that is not true (then a correct system would be accused), one that is
 * wider than the samples prove, a step of a clock that is averaged away, and numbers that run
 * over. Clocks are simulated in 1/1024 ns, show whole ns, and change their rates every ms.
 */
#include "tests/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/clock_pieces.h"

#define FINE 1024 /* of a ns */
#define STEPS 400 /* of a ms: how long the world is */
#define STEP_NS 1000000
#define WORLD_NS ((uint64_t)STEPS * STEP_NS)
#define SAMPLES 64
#define FAR (INT64_C(1) << 60)	   /* 36 years in ns */
#define TOO_FAR (INT64_C(1) << 62) /* 146 years */

enum { A, B, C, CLOCKS };

/* What each clock shows at the beginning of each ms, in 1/1024 ns. */
static struct world {
	uint64_t shows[CLOCKS][STEPS + 1];
	uint64_t jump_at, jump_by; /* one clock is stepped forward, ns */
	int jumps;		   /* which; -1: none */
} world;

static struct error err;
static struct clock_bounds bounds;
static uint64_t state;

static uint64_t pick(uint64_t n)
{
	uint64_t x = state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	x ^= x >> 31;
	return x % n;
}

/* Clocks whose rates differ from that of `master` by up to ppm, which changes every ms or so. */
static void make_world(int master, uint32_t ppm)
{
	uint64_t step = (uint64_t)STEP_NS * FINE;
	int64_t off = 0;
	int clock, i;

	world.jumps = -1;
	for (i = 0; i <= STEPS; i++)
		world.shows[master][i] =
			7000000ULL * FINE + i * step + (ppm ? i * (pick(3) + 1) / 4 * FINE : 0);
	for (clock = 0; clock < CLOCKS; clock++) {
		if (clock == master)
			continue;
		world.shows[clock][0] = (1000 + pick(100000000)) * FINE + (ppm ? pick(FINE) : 0);
		for (i = 0; i < STEPS; i++) {
			int64_t most;

			step = world.shows[master][i + 1] - world.shows[master][i];
			most = (int64_t)(step * ppm / 1000000);
			if (!i || !pick(50)) /* for long at an end of what is claimed */
				off = pick(3) ? (pick(2) ? most : -most)
					      : (int64_t)pick((uint64_t)most * 2 + 1) - most;
			if (off > most || off < -most)
				off = 0;
			world.shows[clock][i + 1] =
				world.shows[clock][i] + (uint64_t)((int64_t)step + off);
		}
	}
}

/* What a clock shows at a time of the world, in 1/1024 ns since its beginning. */
static uint64_t shown(int clock, uint64_t fine)
{
	uint64_t step = (uint64_t)STEP_NS * FINE, i = fine / step, rest = fine % step;
	const uint64_t *at = &world.shows[clock][i];
	uint64_t value = at[0] + (uint64_t)((unsigned __int128)(at[1] - at[0]) * rest / step);

	if (clock == world.jumps && fine >= world.jump_at * FINE)
		value += world.jump_by * FINE;
	return value / FINE;
}

/* Something between 100 ns and 2 ms, mostly short. */
static uint64_t delay(void)
{
	uint64_t most = 1000ULL << pick(12);

	return 100 * FINE + pick(most * FINE);
}

/* A question of one clock to another. */
static struct clock_sample ask(int from, int to)
{
	uint64_t t = pick((WORLD_NS - 8 * STEP_NS) * FINE);
	struct clock_sample s;

	s.a0 = shown(from, t);
	s.b1 = shown(to, t += delay());
	s.b2 = shown(to, t += pick(2) ? 0 : delay());
	s.a3 = shown(from, t + delay());
	return s;
}

static int build(enum history_clock clock, uint32_t ppm, const struct clock_sample *samples,
		 size_t n, const struct ping *pings, size_t n_pings)
{
	struct history_header header = {.clock = clock, .drift_ppm = ppm};

	clock_bounds_done(&bounds);
	return clock_bounds_build(&header, samples, n, pings, n_pings, &bounds, &err);
}

/* All bounds that are given are true. Returns how many times there were some. */
static unsigned assert_true_bounds(unsigned queries, const char *what, uint64_t seed)
{
	unsigned i, node, given = 0;
	int64_t lo, hi, theta;

	for (i = 0; i < queries; i++) {
		uint64_t t = pick(WORLD_NS * FINE), a = shown(A, t), b = shown(B, t);

		theta = (int64_t)(b - a);
		for (node = 0; node < NODES; node++) {
			if (!clock_bounds_at(&bounds, node, node ? b : a, &lo, &hi))
				continue;
			given++;
			if (theta < lo || theta > hi)
				fail_msg("%s, seed %llu: at %llu ns of %c: %lld is not within "
					 "%lld .. %lld",
					 what, (unsigned long long)seed,
					 (unsigned long long)(node ? b : a), 'a' + node,
					 (long long)theta, (long long)lo, (long long)hi);
		}
	}
	return given;
}

static const uint32_t claims[] = {0, 10, 1000, 100000, 400000};
#define CLAIMS (sizeof(claims) / sizeof(claims[0]))

/* Guards against: bounds that are not true although the claim is, by a's time or by b's. */
static void samples_are_true(void **unused)
{
	struct clock_sample samples[SAMPLES];
	uint64_t seed;
	size_t i, n;

	(void)unused;
	for (seed = 0; seed < 1500; seed++) {
		uint32_t ppm = claims[seed % CLAIMS];

		state = seed;
		make_world(pick(2) ? A : B, ppm);
		n = 1 + pick(SAMPLES);
		for (i = 0; i < n; i++)
			samples[i] = ask(A, B);
		assert_int_equal(build(HISTORY_CLOCK_ONE, ppm, samples, n, NULL, 0), 0);
		assert_string_equal(bounds.warning, "");
		assert_int_equal(bounds.clock, HISTORY_CLOCK_BOUNDS);
		assert_int_equal(assert_true_bounds(100, "samples", seed), 200);
	}
}

static size_t ask_both(struct ping *pings)
{
	size_t i, n = 2 + pick(2 * SAMPLES - 2);

	for (i = 0; i < n; i++) {
		uint8_t node = i < 2 ? (uint8_t)i : (uint8_t)pick(2);
		struct clock_sample s = ask(C, node);

		pings[i] = (struct ping){node, s.a0, s.b1, s.b2, s.a3};
	}
	return n;
}

/* Guards against: the same through the controller's clock. */
static void pings_are_true(void **unused)
{
	struct ping pings[2 * SAMPLES];
	uint64_t seed;
	size_t n;

	(void)unused;
	for (seed = 0; seed < 1500; seed++) {
		uint32_t ppm = claims[1 + seed % (CLAIMS - 1)];

		state = seed;
		make_world(C, ppm);
		n = ask_both(pings);
		assert_int_equal(build(HISTORY_CLOCK_NONE, ppm, NULL, 0, pings, n), 0);
		assert_string_equal(bounds.warning, "");
		assert_int_equal(bounds.clock, HISTORY_CLOCK_BOUNDS);
		assert_int_equal(assert_true_bounds(100, "pings", seed), 200);
	}
}

/*
 * A step that no sample can hide, of one of the clocks, so far from the ends of the world that
 * samples stand before and after it.
 */
static void step_clock(int clock)
{
	world.jumps = clock;
	world.jump_at = WORLD_NS / 4 + pick(WORLD_NS / 4);
	world.jump_by = 20ULL * WORLD_NS + pick(WORLD_NS);
}

/* Guards against: bounds carried over a step; a stretch discarded in silence, or all of it. */
static void steps_are_seen(void **unused)
{
	struct clock_sample samples[SAMPLES];
	struct ping pings[2 * SAMPLES];
	uint64_t seed, given = 0;
	size_t i, n;

	(void)unused;
	for (seed = 0; seed < 3000; seed++) {
		uint32_t ppm = claims[1 + seed % 3];
		bool direct = seed & 1;

		state = seed;
		make_world(direct ? A : C, ppm);
		step_clock((int)pick(direct ? 2 : 3));
		if (direct) {
			n = SAMPLES / 2 + pick(SAMPLES / 2);
			for (i = 0; i < n; i++)
				samples[i] = ask(A, B);
			assert_int_equal(build(HISTORY_CLOCK_ONE, ppm, samples, n, NULL, 0), 0);
		} else {
			n = ask_both(pings);
			if (n < SAMPLES)
				continue;
			assert_int_equal(build(HISTORY_CLOCK_NONE, ppm, NULL, 0, pings, n), 0);
		}
		assert_int_equal(bounds.clock, HISTORY_CLOCK_BOUNDS);
		assert_non_null(strstr(bounds.warning, "discarded"));
		given +=
			assert_true_bounds(100, direct ? "stepped samples" : "stepped pings", seed);
	}
	/* Samples under way at the same time cost some; without a step it would be 200 each. */
	assert_true(given > 2000 * 150);
}

/* The intersection by its definition, at a time of the asker (0) or of the answerer (1). */
static void by_definition(const struct clock_sample *samples, size_t n, uint32_t ppm, int node,
			  uint64_t time, double *ret_lo, double *ret_hi)
{
	double slope = (double)ppm / (1e6 - ppm), lo = -1e30, hi = 1e30;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct clock_sample *s = &samples[i];
		double high = (double)s->b1 - (double)s->a0, low = (double)s->b2 - (double)s->a3;
		double to_high = (double)time - (double)(node ? s->b1 : s->a0);
		double to_low = (double)time - (double)(node ? s->b2 : s->a3);

		high += slope * ((to_high < 0 ? -to_high : to_high) + 1) + 1;
		low -= slope * ((to_low < 0 ? -to_low : to_low) + 1) + 1;
		hi = high < hi ? high : hi;
		lo = low > lo ? low : lo;
	}
	*ret_lo = lo;
	*ret_hi = hi;
}

/* Guards against: a sample forgotten by a sweep, one dropped that was needed, a piece not found;
 * past and future must both count, whatever the order of samples and of questions. */
static void all_samples_count(void **unused)
{
	struct clock_sample samples[SAMPLES];
	uint64_t seed, time;
	int64_t lo, hi;
	double want_lo, want_hi;
	unsigned i, n, node;

	(void)unused;
	for (seed = 0; seed < 400; seed++) {
		uint32_t ppm = claims[1 + seed % (CLAIMS - 1)];

		state = seed;
		make_world(A, ppm);
		n = 1 + (unsigned)pick(SAMPLES);
		for (i = 0; i < n; i++)
			samples[i] = ask(A, B);
		assert_int_equal(build(HISTORY_CLOCK_ONE, ppm, samples, n, NULL, 0), 0);
		for (i = 0; i < 200; i++) {
			node = i & 1;
			time = i < 100 ? 5000000 * i : pick(2 * WORLD_NS);
			assert_true(clock_bounds_at(&bounds, node, time, &lo, &hi));
			by_definition(samples, n, ppm, (int)node, time, &want_lo, &want_hi);
			if ((double)lo > want_lo + 0.01 || (double)lo < want_lo - 2.01 ||
			    (double)hi < want_hi - 0.01 || (double)hi > want_hi + 2.01)
				fail_msg("seed %llu, %u samples, %u ppm: %lld .. %lld, not "
					 "%.2f .. %.2f",
					 (unsigned long long)seed, n, ppm, (long long)lo,
					 (long long)hi, want_lo, want_hi);
		}
	}
}

/* Guards against: ends taken from one sample instead of the best of each direction. */
static void width_is_that_of_the_quickest(void **unused)
{
	/* theta 1000; forth and back take 900/10, 20/700, 500/500 */
	static const struct clock_sample samples[] = {
		{0, 1900, 1900, 910}, {5000, 6020, 6120, 5820}, {9000, 10500, 10500, 10000}};
	int64_t lo, hi;

	(void)unused;
	assert_int_equal(build(HISTORY_CLOCK_ONE, 0, samples, 3, NULL, 0), 0);
	assert_true(clock_bounds_at(&bounds, 0, 7000000, &lo, &hi));
	assert_int_equal(lo, 990);
	assert_int_equal(hi, 1020);
	assert_true(clock_bounds_at(&bounds, 1, 0, &lo, &hi));
	assert_int_equal(lo, 990);
	assert_int_equal(hi, 1020);
}

/* Guards against: a drift added the wrong way, or of another size. */
static void drift_widens(void **unused)
{
	static const struct clock_sample sample = {1000000, 1000100, 1000100, 1000200};
	int64_t lo, hi;

	(void)unused;
	assert_int_equal(build(HISTORY_CLOCK_ONE, 1000, &sample, 1, NULL, 0), 0);
	assert_true(clock_bounds_at(&bounds, 0, 3000200, &lo, &hi));
	/* 1 ns and a slope of 1001.001 ppm over 1 ns; the slope over 2000200 and 2000000 ns */
	assert_int_equal(hi, 100 + 2 + 2003);
	assert_int_equal(lo, -(100 + 2 + 2003));
	assert_true(clock_bounds_at(&bounds, 0, 0, &lo, &hi));
	assert_int_equal(hi, 100 + 2 + 1002);
	assert_int_equal(lo, -(100 + 2 + 1002));
	assert_true(clock_bounds_at(&bounds, 1, 1000100, &lo, &hi));
	assert_int_equal(hi, 100 + 2);
	assert_int_equal(lo, -(100 + 2));
}

/* Guards against: a source used that the header does not allow, or one that is forgotten. */
static void sources(void **unused)
{
	static const struct clock_sample sample = {100, 300, 300, 120};
	static const struct ping pings[] = {{0, 100, 1000, 1000, 110}, {1, 120, 5000, 5000, 140}};
	struct history_header header = {
		.clock = HISTORY_CLOCK_BOUNDS, .theta_lo = INT64_MIN, .theta_hi = INT64_MAX};
	int64_t lo = 5, hi = 5;

	(void)unused;
	assert_int_equal(build(HISTORY_CLOCK_ONE, 1000, NULL, 0, pings, 2), 0);
	assert_int_equal(bounds.clock, HISTORY_CLOCK_ONE);
	assert_true(clock_bounds_at(&bounds, 1, UINT64_MAX, &lo, &hi));
	assert_true(lo == 0 && hi == 0);
	clock_bounds_done(&bounds);
	assert_int_equal(clock_bounds_build(&header, NULL, 0, pings, 2, &bounds, &err), 0);
	assert_true(clock_bounds_at(&bounds, 0, 0, &lo, &hi));
	assert_true(lo == INT64_MIN && hi == INT64_MAX);
	assert_int_equal(build(HISTORY_CLOCK_NONE, 0, NULL, 0, pings, 2), 0);
	assert_int_equal(bounds.clock, HISTORY_CLOCK_NONE);
	assert_false(clock_bounds_at(&bounds, 0, 0, &lo, &hi));
	assert_int_equal(build(HISTORY_CLOCK_NONE, 1000, NULL, 0, NULL, 0), 0);
	assert_int_equal(bounds.clock, HISTORY_CLOCK_NONE);
	assert_int_equal(build(HISTORY_CLOCK_NONE, 1000, NULL, 0, pings, 1), 0);
	assert_int_equal(bounds.clock, HISTORY_CLOCK_NONE);
	assert_int_equal(build(HISTORY_CLOCK_NONE, 1000, NULL, 0, pings + 1, 1), 0);
	assert_int_equal(bounds.clock, HISTORY_CLOCK_NONE);
	assert_int_equal(build(HISTORY_CLOCK_NONE, 1000, NULL, 0, pings, 2), 0);
	assert_int_equal(bounds.clock, HISTORY_CLOCK_BOUNDS);
	assert_true(clock_bounds_at(&bounds, 0, 1000, &lo, &hi));
	/* c 100..110 then, give or take 2; b shows 4860..4880 more than c, give or take 2 */
	assert_in_range(lo, 3960 - 6, 3960);
	assert_in_range(hi, 3990, 3990 + 6);
	/* samples before pings, and before the header's clock */
	assert_int_equal(build(HISTORY_CLOCK_NONE, 0, &sample, 1, pings, 2), 0);
	assert_true(clock_bounds_at(&bounds, 0, 1000, &lo, &hi));
	assert_true(lo == 180 && hi == 200);
}

/* Guards against: a contradiction that is not seen, or that discards more than it must. */
static void contradictions(void **unused)
{
	/* theta 0..10 until a stepped b, then 1000..1010; one sample of 500..510 in between */
	static const struct clock_sample samples[] = {
		{1000, 1010, 1010, 1010}, {2000, 2010, 2010, 2010}, {3000, 3510, 3510, 3010},
		{4000, 5010, 5010, 4010}, {5000, 6010, 6010, 5010},
	};
	/* the answer before the question by the other clock: b1 of the second is too early */
	static const struct clock_sample back[] = {{1000, 9000, 9000, 1100},
						   {2000, 8999, 9999, 2100}};
	/* by itself: theta >= 100 and <= 50 */
	static const struct clock_sample itself = {1000, 1050, 1200, 1100};
	static const struct {
		unsigned node;
		uint64_t time;
		int64_t lo; /* -1: nothing */
	} want[] = {
		{0, 0, 0},	 {0, 2000, 0},	  {0, 2001, -1},   {0, 3005, -1},    {0, 4009, -1},
		{0, 4010, 1000}, {0, 9000, 1000}, {1, 0, 0},	   {1, 2000, 0},     {1, 2001, -1},
		{1, 3511, -1},	 {1, 5019, -1},	  {1, 5020, 1000}, {1, 99999, 1000}, {1, 0, 0},
	};
	int64_t lo, hi;
	size_t i;

	(void)unused;
	assert_int_equal(build(HISTORY_CLOCK_ONE, 0, samples, 5, NULL, 0), 0);
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		if (clock_bounds_at(&bounds, want[i].node, want[i].time, &lo, &hi) !=
			    (want[i].lo >= 0) ||
		    (want[i].lo >= 0 && (lo != want[i].lo || hi != want[i].lo + 10)))
			fail_msg("%zu: %lld .. %lld", i, (long long)lo, (long long)hi);
	}
	assert_string_equal(
		bounds.warning,
		"1 stretch of time discarded, the first from 0.000 s to 0.000 s of a's "
		"clock: no offset of the clocks satisfies all samples there; a clock was "
		"stepped or drifts by more than 0 ppm");
	assert_int_equal(build(HISTORY_CLOCK_ONE, 0, back, 2, NULL, 0), 0);
	assert_int_equal(bounds.clock, HISTORY_CLOCK_NONE);
	assert_non_null(strstr(bounds.warning, "backwards"));
	assert_int_equal(build(HISTORY_CLOCK_ONE, 0, &itself, 1, NULL, 0), 0);
	assert_int_equal(bounds.clock, HISTORY_CLOCK_NONE);
	assert_non_null(strstr(bounds.warning, "discarded"));
}

/* Guards against: samples under way at the same time whose contradiction goes unseen. */
static void contradictions_under_way(void **unused)
{
	static const struct clock_sample samples[] = {{0, 900, 900, 100}, {10, 300, 300, 250}};

	(void)unused;
	assert_int_equal(build(HISTORY_CLOCK_ONE, 0, samples, 2, NULL, 0), 0);
	assert_int_equal(bounds.clock, HISTORY_CLOCK_NONE);
	assert_non_null(strstr(bounds.warning, "discarded"));
}

/* Guards against: sums that overflow, and bounds cut down to what a number holds. */
static void extremes(void **unused)
{
	static const uint64_t values[] = {
		0, 1, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX - 1, UINT64_MAX};
	struct clock_sample samples[8];
	struct ping pings[8];
	int64_t lo, hi;
	unsigned i, j, round, node;

	(void)unused;
	for (round = 0; round < 20000; round++) {
		state = round;
		for (i = 0; i < 8; i++) {
			struct clock_sample *s = &samples[i];

			*s = (struct clock_sample){values[pick(6)], values[pick(6)],
						   values[pick(6)], values[pick(6)]};
			pings[i] = (struct ping){i & 1, s->a0, s->b1, s->b2, s->a3};
		}
		assert_int_equal(build(HISTORY_CLOCK_NONE, claims[round % CLAIMS], samples,
				       round & 8 ? 1 + round % 8 : 0, pings, 8),
				 0);
		for (j = 0; j < 12; j++)
			clock_bounds_at(&bounds, j & 1, values[j / 2], &lo, &hi);
	}
	for (node = 0; node < NODES; node++) {
		samples[0] = (struct clock_sample){0, FAR, FAR, 0};
		assert_int_equal(build(HISTORY_CLOCK_ONE, 0, samples, 1, NULL, 0), 0);
		assert_true(clock_bounds_at(&bounds, node, FAR, &lo, &hi));
		assert_true(lo == FAR && hi == FAR);
		samples[0] = (struct clock_sample){FAR, 0, 0, FAR};
		assert_int_equal(build(HISTORY_CLOCK_ONE, 0, samples, 1, NULL, 0), 0);
		assert_true(clock_bounds_at(&bounds, node, FAR, &lo, &hi));
		assert_true(lo == -FAR && hi == -FAR);
		samples[0] = (struct clock_sample){0, TOO_FAR, TOO_FAR, 0};
		assert_int_equal(build(HISTORY_CLOCK_ONE, 0, samples, 1, NULL, 0), 0);
		assert_false(clock_bounds_at(&bounds, node, 0, &lo, &hi));
		samples[0] = (struct clock_sample){TOO_FAR, 0, 0, TOO_FAR};
		assert_int_equal(build(HISTORY_CLOCK_ONE, 0, samples, 1, NULL, 0), 0);
		assert_false(clock_bounds_at(&bounds, node, 0, &lo, &hi));
	}
	/* centuries between two samples: each bounds its own time only */
	samples[0] = (struct clock_sample){0, 0, 0, 0};
	samples[1] = (struct clock_sample){UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
	assert_int_equal(build(HISTORY_CLOCK_ONE, 1000, samples, 2, NULL, 0), 0);
	assert_true(!clock_bounds_at(&bounds, 0, (uint64_t)FAR * 2 - 1, &lo, &hi) ||
		    hi > FAR / 1000);
	assert_true(!clock_bounds_at(&bounds, 0, UINT64_MAX - 2 * FAR, &lo, &hi) ||
		    hi > FAR / 1000);
	samples[1] = (struct clock_sample){1ULL << 63, 1ULL << 63, 1ULL << 63, 1ULL << 63};
	assert_int_equal(build(HISTORY_CLOCK_ONE, 1000, samples, 2, NULL, 0), 0);
	assert_true(!clock_bounds_at(&bounds, 0, (1ULL << 63) - 2 * FAR, &lo, &hi) ||
		    hi > FAR / 1000);
	assert_int_equal(build(HISTORY_CLOCK_ONE, 499999, samples, 1, NULL, 0), 0);
	assert_int_equal(build(HISTORY_CLOCK_ONE, UINT32_MAX, samples, 1, NULL, 0), 0);
	assert_int_equal(bounds.clock, HISTORY_CLOCK_NONE);
}

static int done(void **unused)
{
	(void)unused;
	clock_bounds_done(&bounds);
	clock_bounds_done(&bounds);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_are_true),
		cmocka_unit_test(pings_are_true),
		cmocka_unit_test(steps_are_seen),
		cmocka_unit_test(all_samples_count),
		cmocka_unit_test(width_is_that_of_the_quickest),
		cmocka_unit_test(drift_widens),
		cmocka_unit_test(sources),
		cmocka_unit_test(contradictions),
		cmocka_unit_test(contradictions_under_way),
		cmocka_unit_test(extremes),
	};

	return cmocka_run_group_tests(tests, NULL, done);
}
