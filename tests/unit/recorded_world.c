/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorded_world.c - random small histories as they are recorded, with the truth beside them.
 *
 * Everything happens in true time, in small integers, so that ties are common. What is recorded is
 * derived from it: a clock is true time plus a constant, a message counts what really was complete.
 */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/random.h"
#include "tests/unit/recorded_world.h"
#include "rundir/history_file.h"
#include "history/history_text.h"
#include "check/judgement.h"

#define BASE 1000 /* no clock shows less than 0 */

struct op *world_add(struct world *w, unsigned node, unsigned lane)
{
	struct op *op = &w->ops[w->n++];

	assert_true(w->n <= WORLD_OPS_MAX);
	memset(op, 0, sizeof(*op));
	op->node = (uint8_t)node;
	op->lane = (uint16_t)lane;
	op->count = 1;
	return op;
}

void world_take_effect(struct world *w, unsigned i, unsigned within)
{
	w->effect[i] = (w->invoke[i] + pick(within + 1)) * 16;
	w->effect[i] += pick(16);
}

bool world_writes(const struct op *a, const struct op *b)
{
	return a->kind == OP_WRITE && a->unit <= b->unit &&
	       b->unit + b->count <= a->unit + a->count;
}

/* What a read returns of what its units hold; never of more than two writes. */
static void read_value(const struct op *op, const uint64_t held[], struct value *ret)
{
	unsigned u;

	*ret = (struct value){.kind = VALUE_TAG, .write_id = held[op->unit]};
	if (held[op->unit + op->count - 1] == held[op->unit])
		return;
	*ret = (struct value){.kind = VALUE_TORN, .n_parts = 2};
	for (u = 0; u < 2; u++)
		ret->parts[u] = (struct part){
			.kind = VALUE_TAG, .sectors = 1, .write_id = held[op->unit + u]};
}

void world_values(struct world *w)
{
	uint64_t held[WORLD_UNITS_MAX] = {0};
	unsigned order[WORLD_OPS_MAX], i, j, u;

	for (i = 0; i < w->n; i++) {
		for (j = i; j && w->effect[order[j - 1]] > w->effect[i]; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	for (i = 0; i < w->n; i++) {
		struct op *op = &w->ops[order[i]];

		if (op->outcome == OUTCOME_FAIL ||
		    (op->kind == OP_WRITE && op->outcome == OUTCOME_UNKNOWN && !pick(3)))
			continue;
		for (u = 0; u < op->count && op->kind == OP_WRITE; u++)
			held[op->unit + u] = op->value.write_id;
		if (op->kind == OP_READ && op->outcome == OUTCOME_OK)
			read_value(op, held, &op->value);
	}
}

bool world_is_ended(const struct world *w, unsigned i)
{
	const struct op *op = &w->ops[i];

	return op->kind == OP_WRITE && op->outcome == OUTCOME_UNKNOWN && w->fenced[op->node] &&
	       w->invoke[i] < w->fence[op->node] &&
	       (w->complete[i] == WORLD_NEVER || w->complete[i] <= w->fence[op->node]);
}

void world_stamp(struct world *w, int64_t theta)
{
	unsigned i;

	for (i = 0; i < NODES; i++)
		w->fence_recorded[i] = (uint64_t)(w->fence[i] + BASE + (i ? theta : 0));

	for (i = 0; i < w->n; i++) {
		struct op *op = &w->ops[i];
		int64_t shift = BASE + (op->node ? theta : 0);

		op->invoke = (uint64_t)(w->invoke[i] + shift);
		op->complete = w->complete[i] == WORLD_NEVER ? TIME_NONE
							     : (uint64_t)(w->complete[i] + shift);
	}
}

/* Completions of the other node up to a moment. */
static uint32_t completed(const struct world *w, unsigned node, int64_t until)
{
	uint32_t count = 0;
	unsigned i;

	for (i = 0; i < w->n; i++)
		count += w->ops[i].node != node && w->complete[i] <= until;
	return count;
}

void world_tell(struct world *w, unsigned in_three)
{
	unsigned i;

	for (i = 0; i < w->n; i++) {
		if (pick(3) < in_three)
			w->ops[i].after = completed(w, w->ops[i].node, w->invoke[i] - 1 - pick(4));
	}
}

/* The event of a node that is fenced; false: it is not. */
static bool fence_record(const struct world *w, unsigned node, struct record *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->type = RECORD_EVENT;
	ret->event.node = (uint8_t)node;
	ret->event.kind = EVENT_FENCE;
	ret->event.time = w->fence_recorded[node];
	return w->fenced[node];
}

void world_history(const struct world *w, struct history *ret)
{
	struct record record = {.type = RECORD_OP};
	struct error err;
	unsigned i;

	memset(ret, 0, sizeof(*ret));
	ret->header = w->header;
	assert_non_null(history_add_file(ret, "world", &err));
	ret->files->text = true;
	for (i = 0; i < w->n; i++) {
		record.op = w->ops[i];
		assert_int_equal(history_add(ret, i + 1, &record, &err), 0);
	}
	for (i = 0; i < NODES; i++) {
		if (fence_record(w, i, &record))
			assert_int_equal(history_add(ret, w->n + i + 1, &record, &err), 0);
	}
}

void world_write(const struct world *w, unsigned node, const char *path)
{
	struct history_header header = w->header;
	struct record record = {.type = RECORD_OP};
	unsigned order[WORLD_OPS_MAX], n = 0, i, j;
	struct history_writer *writer;
	struct error err;

	for (i = 0; i < w->n; i++) {
		if (w->ops[i].node != node)
			continue;
		for (j = n++; j && w->ops[order[j - 1]].complete > w->ops[i].complete; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	header.nodes = (uint8_t)(1U << node);
	unlink(path);
	writer = history_create(path, &header, &err);
	assert_non_null(writer);
	for (i = 0; i < n; i++) {
		record.op = w->ops[order[i]];
		assert_int_equal(history_append(writer, &record, &err), 0);
	}
	if (fence_record(w, node, &record))
		assert_int_equal(history_append(writer, &record, &err), 0);
	assert_int_equal(history_close(writer, &err), 0);
}

int world_judge(const struct history *history, const struct check_options *options,
		struct verdict *ret, struct error *err)
{
	struct tapes tapes;
	int result;

	memset(ret, 0, sizeof(*ret));
	ret->facts.confidence = 0.95;
	if (tapes_borrow(history, &tapes, err) < 0)
		return -1;
	result = judgement_make(&tapes, options, ret, err);
	tapes_release(&tapes);
	return result;
}

void world_fail(const struct history *history, const char *test, const char *why, uint64_t seed,
		uint64_t trial)
{
	const char *where = getenv("TMPDIR");
	char path[4096];
	FILE *file;

	history_text_print(stderr, history);
	snprintf(path, sizeof(path), "%s/stalemate-%s-%" PRIu64 "-%" PRIu64 ".txt",
		 where ? where : "/tmp", test, seed, trial);
	file = fopen(path, "w");
	if (file) {
		fprintf(file, HISTORY_TEXT_MAGIC "1\n# %s, seed %" PRIu64 "\n", why, seed);
		history_text_print(file, history);
		fclose(file);
	}
	fail_msg("%s (seed %" PRIu64 ", history %" PRIu64 ", saved as %s)", why, seed, trial, path);
}
