/* SPDX-License-Identifier: GPL-2.0-or-later */
/* random.h - numbers that follow from a seed, and how many histories are to be made of them. */
#ifndef TESTS_UNIT_RANDOM_H
#define TESTS_UNIT_RANDOM_H

#include <stdint.h>

struct random_request {
	uint64_t histories, seed;
};

/* What ORACLE_HISTORIES and ORACLE_SEED say; without them so many histories, and always the same
 * seed. The test fails if either is not a number. */
struct random_request random_requested(uint64_t histories);

/* All that is picked from now on follows from these two; streams of one seed differ. */
void random_begin(uint64_t seed, uint64_t stream);

/* 0 to n - 1; n is not 0. */
unsigned pick(unsigned n);

#endif
