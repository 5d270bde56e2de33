/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * canary.c - see canary.h.
 *
 * The bytes of the planted units are stamped and read back by the same code as the agents', put
 * into records and files like any history, and judged by the same function. What the canary does
 * not cover, in this form, is the guests' own I/O.
 */
#include "check/canary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "common/tag.h"
#include "rundir/history_file.h"
#include "rundir/rundir.h"

#define UNIT 4096U
#define UNIT_SECTORS (UNIT / SECTOR_SIZE)
#define UNIT_STALE 0
#define UNIT_TORN 1

static const struct tag_space space = {.run = "stalemate canary", .volume = 1};

/* What a reader of `unit` gets whose first `old` sectors are of write `a`, the rest of write `b`.
 */
static void planted_value(uint64_t unit, uint64_t a, unsigned old, uint64_t b, struct value *ret)
{
	struct tag tag = {.sector = unit * UNIT_SECTORS, .sectors = UNIT_SECTORS};
	uint8_t first[UNIT], second[UNIT];

	tag.write_id = a;
	tag_stamp(&space, &tag, first);
	tag.write_id = b;
	tag_stamp(&space, &tag, second);
	memcpy(second, first, old * SECTOR_SIZE);
	tag_read(&space, unit * UNIT_SECTORS, UNIT_SECTORS, second, ret);
}

/* Node b primes both units; a writes both; b, having heard of that, reads one stale, one torn. */
static int plant_node(struct history_writer *writer, unsigned node, struct error *err)
{
	struct record record = {.type = RECORD_OP};
	struct op *op = &record.op;
	uint64_t unit, written;
	unsigned step;

	for (step = 0; step < 3; step++) {
		if ((step == 1) != (node == 0)) /* steps 0 and 2 are b's */
			continue;
		for (unit = UNIT_STALE; unit <= UNIT_TORN; unit++) {
			written = write_id(0, 0, 0, unit + 1);
			*op = (struct op){.node = (uint8_t)node, .unit = unit, .count = 1};
			op->kind = node == 0 ? OP_WRITE : OP_READ;
			op->invoke = 1000 * (step + 1) + 100 * unit;
			op->complete = op->invoke + 50;
			op->after = step * 2;
			if (step == 0)
				planted_value(unit, 0, 0, WRITE_ID_INITIAL, &op->value);
			else if (step == 1)
				planted_value(unit, 0, 0, written, &op->value);
			else if (unit == UNIT_STALE)
				planted_value(unit, 0, 0, WRITE_ID_INITIAL, &op->value);
			else
				planted_value(unit, WRITE_ID_INITIAL, 3, written, &op->value);
			if (step == 2)
				op->after = 2;
			if (history_append(writer, &record, err) < 0)
				return -1;
		}
	}
	return 0;
}

static char *canary_path(const char *run, unsigned node)
{
	return rundir_path(run, NULL, node ? "canary/b.history" : "canary/a.history");
}

int canary_plant(const char *run, struct error *err)
{
	struct history_header header = {
		.volume = space.volume, .unit = UNIT, .units = 2, .clock = HISTORY_CLOCK_NONE};
	struct history_writer *writer;
	unsigned node;
	char *path;

	memcpy(header.run, space.run, sizeof(header.run));
	for (node = 0; node < NODES; node++) {
		header.nodes = (uint8_t)(1U << node);
		path = canary_path(run, node);
		writer = path ? history_create(path, &header, err) : NULL;
		free(path);
		if (!writer)
			return -1;
		if (plant_node(writer, node, err) < 0) {
			history_close(writer, NULL);
			return -1;
		}
		if (history_close(writer, err) < 0)
			return -1;
	}
	return 0;
}

int canary_check(const char *run, struct error *err)
{
	const struct check_options options = {0};
	char *paths[NODES] = {canary_path(run, 0), canary_path(run, 1)};
	struct verdict verdict;
	int result = -1;

	if (!paths[0] || !paths[1])
		error_set(err, ERROR_WORLD, "out of memory");
	else
		result = check_files((const char *const *)paths, NODES, &options, &verdict, err);
	free(paths[0]);
	free(paths[1]);
	if (result < 0)
		return error_prefix(err, "the canary could not be judged");
	if (verdict.classes[ANOMALY_STALE_READ] != 1 || verdict.classes[ANOMALY_TORN] != 1 ||
	    verdict.n_violations != 2)
		result = error_set(
			err, ERROR_WORLD,
			"the judge missed the canary: of one stale read and one torn unit "
			"planted it found %llu and %llu (%llu violations in all)",
			(unsigned long long)verdict.classes[ANOMALY_STALE_READ],
			(unsigned long long)verdict.classes[ANOMALY_TORN],
			(unsigned long long)verdict.n_violations);
	verdict_done(&verdict);
	return result;
}
