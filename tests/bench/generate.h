/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate.h - write binary histories of a register system that is correct, except where asked.
 *
 * For benches and for tests of size: as many operations as wanted, in memory that depends on lanes
 * and units only. The same options give the same bytes.
 */
#ifndef TESTS_BENCH_GENERATE_H
#define TESTS_BENCH_GENERATE_H

#include <stdint.h>

#include "common/error.h"
#include "rundir/history_file.h"

struct generate_options {
	uint64_t operations;
	uint64_t units;
	unsigned lanes;	      /* in all, in turn of node a and node b; 1 .. 2 * (LANE_MAX + 1) */
	double write_share;   /* 0 .. 1, of all operations */
	double unknown_share; /* 0 .. 1, of the writes: outcome unknown; a third takes effect in
				 time, a third later, a third never; every second one has no
				 completion */
	double message_share; /* 0 .. 1, of all operations: carries after= */
	uint64_t tail;	/* ns: one operation in 1024 takes up to so long, the others 1 to 20 us */
	uint64_t stale; /* reads to be replaced by ones that are certainly stale */
	uint64_t seed;
	enum history_clock clock;
	int64_t theta_lo, theta_hi; /* of BOUNDS: b's clock is ahead by something in between */
};

struct generate_result {
	uint64_t reads, writes, unknown;
	uint64_t touched; /* units that any operation accessed */
	uint64_t stale;	  /* planted: fewer than asked for when there was no place for them */
	int64_t theta;	  /* the true offset */
};

/* 16 lanes, half writes, all ok, a tail of 100 us, one clock, seed 1; operations and units are left
 * to you. */
void generate_defaults(struct generate_options *ret);

/*
 * Write FOLDER/a.history and FOLDER/b.history (which must not exist), each in ascending order of
 * completion; an operation without one stands where its lane gave it up. ERROR_USER for options
 * out of range, ERROR_WORLD for want of memory or space, and then the files may be there in part.
 * *ret is not set on failure.
 */
int generate_histories(const char *folder, const struct generate_options *options,
		       struct generate_result *ret, struct error *err);

#endif
