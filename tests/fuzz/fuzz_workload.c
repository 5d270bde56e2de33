/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_workload.c - any bytes as a workload text: refused with the file, or a workload whose
 * numbers are within what the engine takes for granted.
 */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "plan/workload.h"

static void look_at_step(const struct workload *w, unsigned i)
{
	const struct workload_step *step = &w->steps[i];
	unsigned j;

	if (!step->n_actions || step->n_actions > WORKLOAD_ACTIONS_MAX)
		fuzz_fail("step %u: %u actions", i, step->n_actions);
	if (step->delay_ns > step->delay_max_ns || step->delay_max_ns > WORKLOAD_DELAY_MAX_NS)
		fuzz_fail("step %u: a delay out of range", i);
	if (step->at_once && (!i || step->delay_max_ns || w->steps[i - 1].at_once ||
			      w->steps[i - 1].writer == step->writer))
		fuzz_fail("step %u: at once with what?", i);
	for (j = 0; j < step->n_actions; j++) {
		const struct workload_action *action = &step->actions[j];

		if (action->what >= DO_KINDS || action->which >= UNITS_KINDS)
			fuzz_fail("step %u: an action out of range", i);
		if (action->what == DO_INCREMENT && w->layout != LAYOUT_PACKED)
			fuzz_fail("step %u: an update of units that are apart", i);
		if (action->what == DO_WRITE && w->layout >= LAYOUT_NAMES)
			fuzz_fail("step %u: what is no block is written like one", i);
		if (action->what >= DO_CREATE &&
		    w->layout != (action->what >= DO_EXTEND ? LAYOUT_TAIL : LAYOUT_NAMES))
			fuzz_fail("step %u: a block that is written like something else", i);
	}
}

static void look_at_lanes(const struct workload *w)
{
	unsigned i;

	if (w->n_lanes > WORKLOAD_LANES_MAX || workload_lanes(w) > LANES_MAX ||
	    (w->n_lanes && w->units < LANES_MAX))
		fuzz_fail("%u sections of lanes", w->n_lanes);
	for (i = 0; i < w->n_lanes; i++) {
		const struct lane_program *program = &w->lanes[i].program;

		if (!program->ops || program->ops > LANE_OPS_MAX ||
		    program->time_ns > LANE_TIME_MAX_NS)
			fuzz_fail("lane %u does not end", i);
		if (program->churn != (w->layout == LAYOUT_NAMES) ||
		    (program->churn && !program->time_ns))
			fuzz_fail("lane %u churns where it must not", i);
		if (program->churn == !!(program->weight[OP_READ] + program->weight[OP_WRITE]))
			fuzz_fail("lane %u does nothing", i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct workload w;
	struct error err = {ERROR_NONE, ""};
	unsigned i;

	if (workload_parse("input", (const char *)data, size, &w, &err) < 0) {
		if (err.kind != ERROR_USER || strncmp(err.text, "input", 5))
			fuzz_fail("a refusal that does not name the file: %s", err.text);
		return 0;
	}
	if (!w.files || w.files > WORKLOAD_FILES_MAX || w.units > WORKLOAD_UNITS_MAX || !w.units ||
	    w.units % w.files || !w.rounds || w.rounds > WORKLOAD_ROUNDS_MAX ||
	    w.n_steps > WORKLOAD_STEPS_MAX)
		fuzz_fail("a workload out of range");
	if (w.layout == LAYOUT_TAIL && w.units != w.files)
		fuzz_fail("a file with several ends");
	look_at_lanes(&w);
	for (i = 0; i < w.n_steps; i++)
		look_at_step(&w, i);
	return 0;
}
