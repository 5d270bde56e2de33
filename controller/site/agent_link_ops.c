/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_link_ops.c - agent_link_internal.h: operations commanded, and what is known of them. */
#include "site/agent_link_internal.h"

#include <string.h>

/* The next one that was commanded on a lane and not heard of; NULL: there is none. */
static const struct message_op *next_on(const struct agent_link *link, uint16_t lane)
{
	uint32_t i;

	for (i = link->from[lane]; link->run && i < link->run->n; i++) {
		if (!link->is_heard[i] && link->run->ops[i].lane == lane)
			return &link->run->ops[i];
	}
	return NULL;
}

/* No earlier than this was the next operation of the lane invoked: it is sequential, and was
 * commanded after all that was known then had completed. */
static uint64_t least_invoke(const struct agent_link *link, uint16_t lane)
{
	return link->lane_time[lane] > link->begun ? link->lane_time[lane] : link->begun;
}

static bool is_of_run(const struct agent_link *link, const struct op *op)
{
	const struct message_op *asked = next_on(link, op->lane);

	return asked && op->kind == asked->kind && op->unit == asked->unit &&
	       op->count == asked->count && op->after == asked->after &&
	       (op->kind != OP_WRITE || (write_id_sequence(op->value.write_id) == asked->sequence &&
					 write_id_lane(op->value.write_id) == asked->lane));
}

/* The lane's next step. What it had heard of the other node is what we told, and never less. */
static bool is_of_lanes(const struct agent_link *link, const struct op *op)
{
	const struct lane_program *program;
	struct lane_op asked;

	program = link->lanes ? lane_set_get(&link->lanes->set, link->node, op->lane) : NULL;
	if (!program || program->churn || link->steps[op->lane] >= program->ops)
		return false;
	asked = lane_set_op(&link->lanes->set, link->node, op->lane, link->steps[op->lane]);
	return op->kind == asked.kind && op->unit == asked.unit && op->count == 1 &&
	       op->after >= link->after[op->lane] && op->after <= link->told &&
	       (op->kind != OP_WRITE || (write_id_sequence(op->value.write_id) == asked.sequence &&
					 write_id_lane(op->value.write_id) == op->lane));
}

bool agent_link_is_commanded(const struct agent_link *link, const struct op *op)
{
	return op->node == link->node && (is_of_run(link, op) || is_of_lanes(link, op)) &&
	       op->invoke >= least_invoke(link, op->lane) &&
	       (op->complete == TIME_NONE || op->complete >= link->last_time);
}

void agent_link_hear(struct agent_link *link, const struct op *op)
{
	if (link->lanes) {
		link->steps[op->lane]++;
		link->after[op->lane] = op->after;
	} else {
		link->from[op->lane] = (uint32_t)(next_on(link, op->lane) - link->run->ops);
		link->is_heard[link->from[op->lane]++] = true;
		link->heard++;
	}
	if (op->complete == TIME_NONE)
		return;
	if (op->complete > link->last_time)
		link->before_last = link->completions;
	link->completions++;
	link->last_time = link->lane_time[op->lane] = op->complete;
}

int agent_begin_run(struct agent_link *link, const struct message_run *run, struct error *err)
{
	uint32_t i;

	link->run = run;
	link->heard = 0;
	memset(link->is_heard, 0, sizeof(link->is_heard));
	for (i = 0; i < run->n; i++)
		link->from[run->ops[i].lane] = 0;
	link->begun = link->last_time;
	return agent_link_begin(link, MESSAGE_RUN,
				message_encode_run(run, channel_payload(&link->channel)), err);
}

int agent_begin_lanes(struct agent_link *link, const struct message_lanes *lanes, struct error *err)
{
	link->lanes = lanes;
	link->told = 0;
	memset(link->steps, 0, sizeof(link->steps));
	memset(link->after, 0, sizeof(link->after));
	link->begun = link->last_time;
	return agent_link_begin(link, MESSAGE_LANES,
				message_encode_lanes(lanes, channel_payload(&link->channel)), err);
}

int agent_tell_heard(struct agent_link *link, uint64_t completions, struct error *err)
{
	struct message_heard heard = {.completions = completions,
				      .n = lane_set_count(&link->lanes->set, link->node)};
	uint32_t request = link->request;
	int result;

	memcpy(heard.steps, link->steps, sizeof(heard.steps));
	if (completions > link->told)
		link->told = completions;
	result = agent_link_begin(link, MESSAGE_HEARD,
				  message_encode_heard(&heard, channel_payload(&link->channel)),
				  err);
	link->request = request; /* HEARD has no answer */
	return result;
}

static void record_one(struct agent_link *link, struct op op)
{
	struct record record = {.type = RECORD_OP};

	op.node = link->node;
	op.outcome = OUTCOME_UNKNOWN;
	op.invoke = least_invoke(link, op.lane);
	op.complete = TIME_NONE;
	record.op = op;
	agent_link_to_sink(link, &record, NULL);
}

static void record_run(struct agent_link *link)
{
	uint32_t i;

	for (i = 0; i < link->run->n; i++) {
		const struct message_op *asked = &link->run->ops[i];
		struct op op = {.lane = asked->lane,
				.kind = asked->kind,
				.unit = asked->unit,
				.count = asked->count,
				.peer = asked->peer};

		if (link->is_heard[i])
			continue;
		if (asked->kind == OP_WRITE) {
			op.value.kind = VALUE_TAG;
			op.value.write_id = write_id(link->node, 0, asked->lane, asked->sequence);
		}
		record_one(link, op);
	}
}

/* Each lane's writes from the first that was not heard of, up to as far as it may have come; a read
 * of which nothing is known says nothing. */
static void record_lanes(struct agent_link *link)
{
	const struct lane_set *set = &link->lanes->set;
	unsigned lane;
	uint32_t step;

	for (lane = 0; lane < lane_set_count(set, link->node); lane++) {
		const struct lane_program *program = lane_set_get(set, link->node, lane);

		for (step = link->steps[lane]; !program->churn && step < program->ops &&
					       step - link->steps[lane] < LANE_AHEAD;
		     step++) {
			struct lane_op asked = lane_set_op(set, link->node, lane, step);
			struct op op = {.lane = (uint16_t)lane,
					.kind = asked.kind,
					.unit = asked.unit,
					.count = 1};

			if (asked.kind != OP_WRITE)
				continue;
			op.value.kind = VALUE_TAG;
			op.value.write_id = write_id(link->node, 0, lane, asked.sequence);
			record_one(link, op);
		}
	}
}

void agent_link_record_unknown(struct agent_link *link)
{
	if (link->run)
		record_run(link);
	if (link->lanes)
		record_lanes(link);
}
