/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload_lane.c - the sections `lane ... end` of a workload text: what runs free.
 *
 * Each line within is one property. A lane must end: by a number of operations, by a time, or by
 * whichever comes first.
 */
#include <string.h>

#include "common/parse.h"
#include "plan/workload_internal.h"

static struct workload_lane *last_lane(struct parser *p)
{
	return &p->workload.lanes[p->workload.n_lanes - 1];
}

/* lane writer|reader|both [N] */
static int begin_lane(struct parser *p)
{
	static const char *const who[] = {"writer", "reader", "both"};
	struct workload *w = &p->workload;
	uint64_t count = 1;
	struct error err;
	unsigned side;

	if (p->n_words < 2 || p->n_words > 3)
		return workload_fail(p, "a section of lanes begins with 'lane writer|reader|both "
					"[NUMBER]'");
	if (w->n_lanes == WORKLOAD_LANES_MAX)
		return workload_fail(p, "more than %d sections of lanes", WORKLOAD_LANES_MAX);
	if (parse_name(p->word[1], who, 3, "lane", &side, &err) < 0 ||
	    (p->n_words == 3 && parse_u64(p->word[2], LANES_MAX, "lane", &count, &err) < 0))
		return workload_fail(p, "%s", err.text);
	if (!count)
		return workload_fail(p, "lane: must be at least 1");
	w->lanes[w->n_lanes++] = (struct workload_lane){
		.writer = side != 1, .reader = side != 0, .count = (unsigned)count};
	p->lane_line = p->line;
	return 0;
}

/* read|write WEIGHT [PICK] [sync] */
static int read_weight(struct parser *p, enum op_kind kind)
{
	struct lane_program *program = &last_lane(p)->program;
	unsigned at = 2, pick;
	uint64_t weight;
	struct error err;

	if (program->weight[kind])
		return workload_fail(p, "%s given twice in this section", p->word[0]);
	if (p->n_words < 2)
		return workload_fail(p, "%s: how often? a number from 1 to %d is expected",
				     p->word[0], LANE_WEIGHT_MAX);
	if (parse_u64(p->word[1], LANE_WEIGHT_MAX, p->word[0], &weight, &err) < 0)
		return workload_fail(p, "%s", err.text);
	if (!weight)
		return workload_fail(p, "%s: must be at least 1", p->word[0]);
	program->weight[kind] = (uint16_t)weight;
	if (at < p->n_words && !parse_name(p->word[at], lane_pick_names, PICKS, "", &pick, NULL)) {
		program->pick[kind] = (uint8_t)pick;
		at++;
	}
	if (at < p->n_words && kind == OP_WRITE && !strcmp(p->word[at], "sync")) {
		program->sync = 1;
		at++;
	}
	if (at < p->n_words)
		return workload_fail(p,
				     "'%s' does not fit here; after how often comes which unit "
				     "(random, sequential, near), of a write also 'sync'",
				     p->word[at]);
	return 0;
}

static int read_ops(struct parser *p)
{
	struct lane_program *program = &last_lane(p)->program;
	struct error err;
	uint64_t ops;

	if (program->ops)
		return workload_fail(p, "ops given twice in this section");
	if (p->n_words != 2)
		return workload_fail(p, "ops: one number from 1 to %d is expected", LANE_OPS_MAX);
	if (parse_u64(p->word[1], LANE_OPS_MAX, "ops", &ops, &err) < 0)
		return workload_fail(p, "%s", err.text);
	if (!ops)
		return workload_fail(p, "ops: must be at least 1");
	program->ops = (uint32_t)ops;
	return 0;
}

static int read_time(struct parser *p)
{
	struct lane_program *program = &last_lane(p)->program;
	struct error err;

	if (program->time_ns)
		return workload_fail(p, "for given twice in this section");
	if (p->n_words != 2)
		return workload_fail(p, "for: one time, such as 10s, is expected");
	if (parse_duration(p->word[1], "for", &program->time_ns, &err) < 0)
		return workload_fail(p, "%s", err.text);
	if (!program->time_ns || program->time_ns > LANE_TIME_MAX_NS)
		return workload_fail(p, "for: %s is not more than 0 and at most 600s", p->word[1]);
	return 0;
}

static int read_churn(struct parser *p)
{
	struct lane_program *program = &last_lane(p)->program;

	if (p->n_words != 1)
		return workload_fail(p, "'churn' stands alone");
	if (program->churn)
		return workload_fail(p, "churn given twice in this section");
	program->churn = 1;
	return 0;
}

/* Churn ends by time: the controller hears nothing of it meanwhile. */
static int check_churn(struct parser *p, const struct lane_program *program)
{
	if (program->weight[OP_READ] || program->weight[OP_WRITE])
		return workload_fail(p,
				     "the lane of line %u churns, so it neither reads nor writes "
				     "units",
				     p->lane_line);
	if (!program->time_ns)
		return workload_fail(p, "the lane of line %u churns: 'for TIME' is missing",
				     p->lane_line);
	return 0;
}

static int end_lane(struct parser *p)
{
	struct lane_program *program = &last_lane(p)->program;

	if (p->n_words != 1)
		return workload_fail(p, "'end' stands alone");
	if (program->churn && check_churn(p, program) < 0)
		return -1;
	if (!program->churn && !program->weight[OP_READ] && !program->weight[OP_WRITE])
		return workload_fail(p,
				     "the lane of line %u does nothing: 'read', 'write' or 'churn' "
				     "is missing",
				     p->lane_line);
	if (!program->ops && !program->time_ns)
		return workload_fail(p,
				     "the lane of line %u never ends: 'ops NUMBER' or 'for "
				     "TIME' is missing",
				     p->lane_line);
	if (!program->ops)
		program->ops = LANE_OPS_MAX;
	p->lane_line = 0;
	return 0;
}

int workload_read_lane(struct parser *p)
{
	if (!p->lane_line)
		return begin_lane(p);
	if (!strcmp(p->word[0], "read"))
		return read_weight(p, OP_READ);
	if (!strcmp(p->word[0], "write"))
		return read_weight(p, OP_WRITE);
	if (!strcmp(p->word[0], "churn"))
		return read_churn(p);
	if (!strcmp(p->word[0], "ops"))
		return read_ops(p);
	if (!strcmp(p->word[0], "for"))
		return read_time(p);
	if (!strcmp(p->word[0], "end"))
		return end_lane(p);
	return workload_fail(p,
			     "'%s' is unknown between 'lane' (line %u) and its 'end'; a line "
			     "there begins with read, write, churn, ops or for",
			     p->word[0], p->lane_line);
}

/* Lanes of one node, over all sections; each node is writer and reader in turn. */
unsigned workload_lanes(const struct workload *w)
{
	unsigned i, writer = 0, reader = 0;

	for (i = 0; i < w->n_lanes; i++) {
		writer += w->lanes[i].writer ? w->lanes[i].count : 0;
		reader += w->lanes[i].reader ? w->lanes[i].count : 0;
	}
	return writer > reader ? writer : reader;
}

bool workload_churns(const struct workload *w)
{
	unsigned i;

	for (i = 0; i < w->n_lanes; i++) {
		if (w->lanes[i].program.churn)
			return true;
	}
	return false;
}

static int check_layout(struct parser *p, const struct lane_program *program)
{
	if (p->workload.layout == LAYOUT_LOG || p->workload.layout == LAYOUT_TAIL)
		return error_set(
			p->err, ERROR_USER,
			"%s: lanes do not append; layouts log and tail are for steps alone",
			p->name);
	if (program->churn != (p->workload.layout == LAYOUT_NAMES))
		return error_set(p->err, ERROR_USER,
				 "%s: lanes that churn need layout names, where no others are",
				 p->name);
	return 0;
}

int workload_check_lanes(struct parser *p, bool *ret_found)
{
	const struct workload *w = &p->workload;
	bool reads[2] = {false, false}, writes[2] = {false, false};
	unsigned i, side;

	if (p->lane_line) {
		p->line = p->lane_line;
		return workload_fail(p, "a lane without its 'end'");
	}
	if (workload_lanes(w) > LANES_MAX)
		return error_set(p->err, ERROR_USER, "%s: more than %d lanes on a node", p->name,
				 LANES_MAX);
	if (w->n_lanes && w->units < LANES_MAX)
		return error_set(p->err, ERROR_USER, "%s: lanes need at least %d units", p->name,
				 LANES_MAX);
	for (i = 0; i < w->n_lanes; i++) {
		const struct lane_program *program = &w->lanes[i].program;

		if (check_layout(p, program) < 0)
			return -1;
		for (side = 0; side < 2; side++) {
			if (!(side ? w->lanes[i].reader : w->lanes[i].writer))
				continue;
			/* of what both churn, the file system speaks by itself */
			reads[side] |= program->churn || program->weight[OP_READ];
			writes[side] |= program->churn || program->weight[OP_WRITE];
		}
	}
	*ret_found = (writes[0] && reads[1]) || (writes[1] && reads[0]);
	return 0;
}
