/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.c - bench [--scale] JSON: measure what docs/design.md sets goals for, print a table, write
 * the numbers. --scale: the judge at 1 M to 100 M operations, and nothing else (6.4 GB of files).
 *
 * Each small number is the median of several runs, so that a neighbour on the machine costs one
 * run, not the result; a run of the judge is long enough to be its own median. What cannot be
 * measured here is left out, never 0.
 *
 *   checker.*                    see bench_checker.c
 *   tag.stamp_ns, tag.verify_ns  per 4 KiB block, over a working set that does not fit the caches
 *                                closest to the core
 *   tag.verify_vs_xxh3           the latter / one pass of XXH3 over the same blocks
 *   record.overhead_percent      making a record, against the tagged 4 KiB write into a file in
 *                                memory that it is about: the cheapest operation there is
 */
#include "tests/bench/bench.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <jansson.h>
#include <xxhash.h>

#include "common/clock.h"
#include "common/record.h"
#include "common/tag.h"
#include "tests/bench/child.h"

#define RUNS 7
#define BLOCK 4096
#define SECTORS (BLOCK / SECTOR_SIZE)
#define BLOCKS 1024

static const struct tag_space space = {{1, 2, 3, 4}, 1};
static uint8_t *blocks;
static json_t *numbers;

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The median of RUNS results; negative if a run could not be done. */
static double median(double (*measure)(unsigned), unsigned argument)
{
	double results[RUNS];
	unsigned i;

	for (i = 0; i < RUNS; i++) {
		results[i] = measure(argument);
		if (results[i] < 0)
			return -1;
	}
	qsort(results, RUNS, sizeof(results[0]), by_value);
	return results[RUNS / 2];
}

void bench_report(const char *name, double value, const char *unit)
{
	if (value < 0) {
		printf("%-32s %14s\n", name, "not measured");
		return;
	}
	printf("%-32s %14.*f %s\n", name, value < 10 ? 2 : 1, value, unit);
	json_object_set_new(numbers, name, json_real(value));
}

static void stamp(unsigned block, uint64_t sequence)
{
	struct tag tag = {.write_id = write_id(1, 0, 3, sequence),
			  .sector = (uint64_t)block * SECTORS,
			  .invoke = sequence,
			  .sectors = SECTORS};

	tag_stamp(&space, &tag, blocks + (size_t)block * BLOCK);
}

static double measure_stamp(unsigned rounds)
{
	uint64_t start = clock_ns(), sequence = 0;
	unsigned i, block;

	for (i = 0; i < rounds; i++) {
		for (block = 0; block < BLOCKS; block++)
			stamp(block, ++sequence);
	}
	return (double)(clock_ns() - start) / (rounds * BLOCKS);
}

static double measure_verify(unsigned rounds)
{
	uint64_t start = clock_ns();
	struct value value;
	unsigned i, block;

	for (i = 0; i < rounds; i++) {
		for (block = 0; block < BLOCKS; block++) {
			tag_read(&space, (uint64_t)block * SECTORS, SECTORS,
				 blocks + (size_t)block * BLOCK, &value);
			if (value.kind != VALUE_TAG)
				return -1;
		}
	}
	return (double)(clock_ns() - start) / (rounds * BLOCKS);
}

/* The time that verifying takes / that of one XXH3 pass of a program that is compiled as this one.
 */
static double measure_verify_vs_xxh3(unsigned rounds)
{
	double verify = measure_verify(rounds);
	uint64_t start = clock_ns(), sum = 0;
	unsigned i, block;

	for (i = 0; i < rounds; i++) {
		for (block = 0; block < BLOCKS; block++)
			sum += XXH3_64bits(blocks + (size_t)block * BLOCK, BLOCK);
	}
	if (!sum || verify < 0)
		return -1;
	return verify * (rounds * BLOCKS) / (double)(clock_ns() - start);
}

/* ns of a tagged write into a file in memory. */
static double measure_write(unsigned rounds)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);
	uint64_t start = clock_ns(), sequence = 0;
	unsigned i, block;

	if (fd < 0)
		return -1;
	for (i = 0; i < rounds; i++) {
		for (block = 0; block < BLOCKS; block++) {
			stamp(block, ++sequence);
			if (pwrite(fd, blocks + (size_t)block * BLOCK, BLOCK, block * BLOCK) !=
			    BLOCK) {
				close(fd);
				return -1;
			}
			/* as each operation reads the clock when it completes */
			if (clock_ns() < start)
				abort();
		}
	}
	close(fd);
	return (double)(clock_ns() - start) / (rounds * BLOCKS);
}

/* ns to make a record. */
static double measure_record(unsigned rounds)
{
	struct record record = {.type = RECORD_OP,
				.op = {.kind = OP_WRITE, .count = 1, .value = {.kind = VALUE_TAG}}};
	uint8_t buf[RECORD_MAX];
	uint64_t start = clock_ns();
	unsigned i;

	for (i = 1; i <= rounds * BLOCKS; i++) {
		record.op.unit = record.op.invoke = record.op.complete = i;
		record.op.value.write_id = write_id(0, 0, 0, i);
		record_encode(&record, buf);
	}
	return (double)(clock_ns() - start) / (rounds * BLOCKS);
}

/* Where histories go: TMPDIR if that is set, else beside the JSON. */
static void find_folder(const char *json, char *ret, size_t size)
{
	const char *given = getenv("TMPDIR"), *slash = strrchr(json, '/');

	if (given)
		snprintf(ret, size, "%s/stalemate-bench-%ld", given, (long)getpid());
	else
		snprintf(ret, size, "%.*s/bench-histories", slash ? (int)(slash - json) : 1,
			 slash ? json : ".");
}

/* The tag's and the record's numbers. Returns -1 for want of memory. */
static int bench_tags(void)
{
	double record, operation;

	blocks = aligned_alloc(BLOCK, (size_t)BLOCKS * BLOCK);
	if (!blocks)
		return -1;
	bench_report("tag.stamp_ns", median(measure_stamp, 20), "ns / 4 KiB  (goal 500)");
	bench_report("tag.verify_ns", median(measure_verify, 20), "ns / 4 KiB  (goal 300)");
	bench_report("tag.verify_vs_xxh3", median(measure_verify_vs_xxh3, 20),
		     "of one XXH3 pass, SSE2");
	record = median(measure_record, 20);
	operation = median(measure_write, 5);
	bench_report("record.overhead_percent",
		     record < 0 || operation <= 0 ? -1 : 100 * record / operation,
		     "% of a write into memory");
	free(blocks);
	return 0;
}

int main(int argc, char **argv)
{
	bool scale = argc == 3 && !strcmp(argv[1], "--scale");
	const char *json = argv[argc - 1];
	char folder[2048];
	int result = 3;

	if (argc != 2 && !scale) {
		fprintf(stderr, "usage: bench [--scale] JSON\n");
		return 2;
	}
	numbers = json_object();
	if (!numbers)
		return 3;
	setvbuf(stdout, NULL, _IOLBF, 0);
	child_catch_signals();
	find_folder(json, folder, sizeof(folder));
	/* The judge first: its children start from a small process. */
	if (scale)
		bench_scale(folder);
	else
		bench_checker(folder);
	if (!scale && !child_signal() && bench_tags() < 0)
		goto out;
	if (child_signal())
		result = 130;
	else if (!json_dump_file(numbers, json, JSON_INDENT(2) | JSON_SORT_KEYS))
		result = 0;
out:
	json_decref(numbers);
	return result;
}
