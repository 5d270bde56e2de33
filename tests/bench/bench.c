/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench.c - bench JSON: measure what docs/design.md sets goals for, print a table, write the
 * numbers.
 *
 * Each number is the median of several runs, so that a neighbour on the machine costs one run, not
 * the result. What cannot be measured here is left out, never 0.
 *
 *   tag.stamp_ns, tag.verify_ns     per 4 KiB block, over a working set that does not fit the
 * caches closest to the core record.overhead_percent         making a record, against the tagged 4
 * KiB write into a file in memory that it is about: the cheapest operation there is
 *   checker.stream.N.ops_per_s      stalemate's judge on a binary history of N units, 16 lanes,
 * from the file to the verdict
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jansson.h>

#include "check/check.h"
#include "common/clock.h"
#include "common/record.h"
#include "common/tag.h"
#include "rundir/history_file.h"

#define RUNS 7
#define BLOCK 4096
#define SECTORS (BLOCK / SECTOR_SIZE)
#define BLOCKS 1024
#define LANES 16
#define CHECK_OPS 400000

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

static void report(const char *name, double value, const char *unit)
{
	if (value < 0) {
		printf("%-32s %14s\n", name, "not measured");
		return;
	}
	printf("%-32s %14.1f %s\n", name, value, unit);
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

/*
 * A history that is right: one operation after another by its effect, with intervals that overlap
 * those of the other lanes; reads and writes in turn, both nodes, one clock's worth of order.
 */
static int write_history(const char *path, unsigned units)
{
	struct history_header header = {
		.run = {1}, .unit = BLOCK, .units = units, .nodes = 3, .clock = HISTORY_CLOCK_ONE};
	struct record record = {.type = RECORD_OP};
	uint64_t *last = calloc(units, sizeof(*last)), sequence[LANES] = {0};
	struct history_writer *writer = history_create(path, &header, NULL);
	uint32_t random = 12345;
	unsigned i, lane, unit;
	int result = last && writer ? 0 : -1;

	for (i = 0; !result && i < CHECK_OPS; i++) {
		random = random * 1664525U + 1013904223U;
		lane = i % LANES;
		unit = (random >> 8) % units;
		record.op = (struct op){.node = lane & 1,
					.lane = (uint16_t)lane,
					.kind = random >> 31 ? OP_WRITE : OP_READ,
					.unit = unit,
					.count = 1};
		/* the effect is at i * 100; the interval reaches past those of some neighbours */
		record.op.invoke = (i + 1) * 100ULL - (random >> 4) % 90;
		record.op.complete = (i + 1) * 100ULL + 100 + random % 700;
		if (record.op.kind == OP_WRITE)
			last[unit] = write_id(lane & 1, 0, lane, ++sequence[lane]);
		record.op.value.kind = VALUE_TAG;
		record.op.value.write_id = last[unit];
		result = history_append(writer, &record, NULL);
	}
	if (history_close(writer, NULL) < 0)
		result = -1;
	free(last);
	return result;
}

static double measure_checker(unsigned units)
{
	char folder[] = "/tmp/stalemate-bench-XXXXXX", path[64];
	const char *paths[] = {path};
	struct check_options options = {0};
	struct verdict verdict;
	struct error err;
	double result = -1;
	uint64_t start;

	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/all.history", folder);
	if (write_history(path, units) < 0)
		goto out;
	start = clock_ns();
	if (check_files(paths, 1, &options, &verdict, &err) < 0) {
		fprintf(stderr, "bench: %s\n", err.text);
		goto out;
	}
	result = CHECK_OPS / ((double)(clock_ns() - start) / NS_PER_S);
	if (verdict.n_violations) {
		fprintf(stderr, "bench: the judge accuses a history that is right\n");
		result = -1;
	}
	verdict_done(&verdict);
out:
	unlink(path);
	rmdir(folder);
	return result;
}

int main(int argc, char **argv)
{
	double record, operation;
	int result = 1;

	if (argc != 2) {
		fprintf(stderr, "usage: bench JSON\n");
		return 2;
	}
	blocks = aligned_alloc(BLOCK, (size_t)BLOCKS * BLOCK);
	numbers = json_object();
	if (!blocks || !numbers)
		goto out;
	report("tag.stamp_ns", median(measure_stamp, 20), "ns / 4 KiB  (goal 500)");
	report("tag.verify_ns", median(measure_verify, 20), "ns / 4 KiB  (goal 300)");
	record = median(measure_record, 20);
	operation = median(measure_write, 5);
	report("record.overhead_percent",
	       record < 0 || operation <= 0 ? -1 : 100 * record / operation,
	       "% of a write into memory");
	report("checker.stream.1.ops_per_s", median(measure_checker, 1), "(goal 1e6)");
	report("checker.stream.64.ops_per_s", median(measure_checker, 64), "");
	report("checker.stream.4096.ops_per_s", median(measure_checker, 4096), "(goal 5e6)");
	result = json_dump_file(numbers, argv[1], JSON_INDENT(2) | JSON_SORT_KEYS) ? 3 : 0;
out:
	json_decref(numbers);
	free(blocks);
	return result;
}
