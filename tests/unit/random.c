/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * random.c - numbers that follow from a seed: xorshift64*, of which the upper half is used.
 *
 * Not the C library's, whose numbers differ from one to the other: a seed that was printed must
 * give the same histories everywhere.
 */
#include "tests/test.h"

#include <stdlib.h>

#include "tests/unit/random.h"
#include "common/parse.h"

static uint64_t state = 1;

struct random_request random_requested(uint64_t histories)
{
	const char *number = getenv("ORACLE_HISTORIES"), *seed = getenv("ORACLE_SEED");
	struct random_request ret = {.histories = histories, .seed = 20261124};

	if (number)
		assert_int_equal(
			parse_u64(number, 100000000, "ORACLE_HISTORIES", &ret.histories, NULL), 0);
	if (seed)
		assert_int_equal(parse_u64(seed, UINT64_MAX, "ORACLE_SEED", &ret.seed, NULL), 0);
	return ret;
}

void random_begin(uint64_t seed, uint64_t stream)
{
	state = seed * 0x9e3779b97f4a7c15ULL + stream;
	if (!state)
		state = 1; /* 0 would stay 0 */
}

unsigned pick(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state * 0x2545f4914f6cdd1dULL) >> 33) % n;
}
