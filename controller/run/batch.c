/* SPDX-License-Identifier: GPL-2.0-or-later */
/* batch.c - see batch.h. */
#include "run/batch.h"

#include <assert.h>
#include <string.h>

static unsigned per_file(const struct workload *workload)
{
	return workload->units / workload->files;
}

/* From one unit of a file that is used to the next. */
static uint64_t stride(const struct workload *workload, uint64_t units)
{
	uint64_t result = units / workload->files / per_file(workload);

	return workload->layout == LAYOUT_SPREAD && result ? result : 1;
}

static void add(struct batch *b, enum op_kind kind, uint8_t flags, uint64_t unit)
{
	static const uint8_t beside[LAYOUTS] = {[LAYOUT_LOG] = MESSAGE_OP_LOG,
						[LAYOUT_NAMES] = MESSAGE_OP_NAME,
						[LAYOUT_TAIL] = MESSAGE_OP_TAIL};
	struct message_op *op = &b->run.ops[b->run.n];

	assert(b->run.n < MESSAGE_OPS_MAX);
	b->run.n++;
	if (kind != OP_FLUSH)
		flags |= beside[b->workload->layout];
	*op = (struct message_op){
		.kind = (uint8_t)kind,
		.flags = flags,
		.count = 1,
		.lane = (uint16_t)b->lane,
		.unit = unit,
		.after = b->after,
	};
	if (kind == OP_WRITE) {
		op->sequence = ++b->sequence;
		op->peer = b->peer;
	}
}

static void turn(struct batch *b)
{
	b->lane = (b->lane + 1) % b->lanes;
}

/* All units of the file are read and written back, one of them anew: one after another, on one
 * lane. */
static void add_increment(struct batch *b, uint64_t first, unsigned own, uint8_t flags)
{
	unsigned i;

	for (i = 0; i < per_file(b->workload); i++)
		add(b, OP_READ, MESSAGE_OP_UPDATE, first + i);
	add(b, OP_WRITE, flags | MESSAGE_OP_UPDATE, first + own);
	turn(b);
}

static void add_action(struct batch *b, const struct workload_action *action, bool writer,
		       uint64_t first)
{
	static const uint8_t ways[DO_KINDS] = {[DO_CREATE] = MESSAGE_OP_CREATE,
					       [DO_LINK] = MESSAGE_OP_LINK,
					       [DO_TRUNCATE] = MESSAGE_OP_TRUNCATE};
	enum op_kind kind = workload_writes(action) ? OP_WRITE : OP_READ;
	uint64_t step = stride(b->workload, b->units);
	uint8_t flags = (uint8_t)(ways[action->what] | (action->sync ? MESSAGE_OP_SYNC : 0));
	unsigned i;

	for (i = 0; i < per_file(b->workload); i++) {
		if (!workload_chooses(action->which, writer, i))
			continue;
		if (action->what == DO_INCREMENT) {
			add_increment(b, first, i, flags);
			continue;
		}
		add(b, kind, flags, first + i * step);
		turn(b);
	}
}

/* In ascending order, so that whoever reads ahead does. */
static void add_around(struct batch *b, uint64_t first)
{
	uint64_t step = stride(b->workload, b->units), i;

	for (i = 0; i < step * per_file(b->workload); i++) {
		if (i % step) {
			add(b, OP_READ, 0, first + i);
			turn(b);
		}
	}
}

void batch_add(struct batch *b, const struct workload_step *step, unsigned file)
{
	uint64_t first = file * (b->units / b->workload->files);
	unsigned i;

	for (i = 0; i < step->n_actions; i++) {
		if (step->actions[i].what == DO_FLUSH) {
			add(b, OP_FLUSH, 0, 0);
			turn(b);
		} else if (step->actions[i].which == UNITS_AROUND) {
			add_around(b, first);
		} else {
			add_action(b, &step->actions[i], step->writer, first);
		}
	}
}

uint64_t batch_step_size(const struct workload *workload, const struct workload_step *step,
			 uint64_t units)
{
	uint64_t used = per_file(workload), result = 0;
	unsigned i;

	for (i = 0; i < step->n_actions; i++) {
		const struct workload_action *action = &step->actions[i];

		if (action->what == DO_FLUSH)
			result++;
		else if (action->what == DO_INCREMENT)
			result += used * (used + 1);
		else if (action->which == UNITS_AROUND)
			result += (stride(workload, units) - 1) * used;
		else
			result += used;
	}
	return result;
}

void batch_lanes(const struct workload *workload, uint64_t units, unsigned writer,
		 struct lane_set *ret)
{
	unsigned i, node, count;

	memset(ret, 0, sizeof(*ret));
	ret->files = workload->files;
	ret->used = per_file(workload);
	ret->stride = (uint32_t)stride(workload, units);
	ret->per_file = units / workload->files;
	for (i = 0; i < workload->n_lanes; i++) {
		const struct workload_lane *lane = &workload->lanes[i];

		for (node = 0; node < NODES; node++) {
			if (!(node == writer ? lane->writer : lane->reader))
				continue;
			for (count = 0; count < lane->count; count++) {
				assert(ret->n < NODES * LANES_MAX);
				ret->lanes[ret->n] = lane->program;
				ret->lanes[ret->n++].node = (uint8_t)node;
			}
		}
	}
}
