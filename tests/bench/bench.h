/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench.h - what the parts of the bench share: the table and the numbers. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

/* A line of the table, and a number of this stable name in the JSON. A negative value was not
 * measured: said in the table, absent from the JSON. */
void bench_report(const char *name, double value, const char *unit);

/*
 * The judge on histories made for it, in folders below `folder` (created, and removed again):
 * speed and memory of each pass for several numbers of units, threads, and plain reading.
 */
void bench_checker(const char *folder);

/* The judge at 1 M, 10 M and 100 M operations: time and memory grow linearly, or not. */
void bench_scale(const char *folder);

#endif
