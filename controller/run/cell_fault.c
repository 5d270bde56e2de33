/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cell_fault.c - cell_internal.h: a cell's fault, while its workload runs.
 *
 * It fires when a step's operations have been begun and none was waited for: so it meets what is
 * under way, if that takes long enough. Both histories have it as an event, and its healing as
 * another, at the time up to which the node is known to have come. It fires once; a cell whose
 * fault did not fire has not tested what it says.
 */
#include "run/cell_internal.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/clock.h"
#include "host/interrupt.h"

#define SLICE_NS (100 * NS_PER_MS) /* between looks for an interruption */

static bool is_due(const struct fault_moment *at, const struct handoff_step *step)
{
	switch (at->when) {
	case FAULT_AFTER:
		return step->operations >= at->n;
	case FAULT_IN_ROUND:
		return step->round == at->n;
	default: /* each step alike, and the last one if no other */
		return !(step->drawn % (step->all - step->number + 1));
	}
}

static int tell(struct cell_state *s, enum event_kind kind, const char *text, struct error *err)
{
	unsigned node;

	event_log_note(s->c->log, "%s: %s: %s", s->facts.id, event_kind_names[kind], text);
	for (node = 0; node < NODES; node++) {
		if (recorder_event(&s->recorder, node, kind,
				   agent_link_last_time(s->c->site->agents[node]), text, err) < 0)
			return -1;
	}
	return 0;
}

/* The guest goes on whatever happens meanwhile. */
static int pause_guest(struct cell_state *s, unsigned node, struct error *err)
{
	uint64_t until = clock_ns() + s->c->plan->fault_for_ns;
	int result = site_pause(s->c->site, node, err);
	struct error why;
	bool held;

	while (!result && clock_ns() < until) {
		if (interrupted())
			result = interrupt_error(err);
		else
			clock_sleep(SLICE_NS);
	}
	held = interrupt_hold(true);
	if (site_resume(s->c->site, node, result ? &why : err) < 0)
		result = -1;
	interrupt_hold(held);
	return result;
}

static int inject(struct cell_state *s, struct error *err)
{
	switch (s->fault->kind) {
	case FAULT_GUEST_PAUSE:
		return pause_guest(s, s->fault->node, err);
	case FAULT_CACHE_DROP:
		return site_drop_cache(s->c->site, s->fault->node, err);
	default:
		return error_set(err, ERROR_WORLD, "fault '%s' is not there", s->fault->name);
	}
}

int cell_fault_begun(void *context, const struct handoff_step *step, struct error *err)
{
	struct cell_state *s = context;
	uint64_t start = clock_ns();
	char text[128];

	if (s->fault_fired || !is_due(&s->c->plan->fault_at, step))
		return 0;
	s->fault_fired = true;
	snprintf(text, sizeof(text),
		 "%s, in step %" PRIu64 " of %" PRIu64 ", round %u, with %" PRIu64
		 " operations begun",
		 s->fault->name, step->number, step->all, step->round, step->operations);
	if (tell(s, EVENT_FAULT, text, err) < 0)
		return -1;
	if (inject(s, err) < 0)
		return error_prefix(err, "fault %s", s->fault->name);
	snprintf(text, sizeof(text), "%s, after %.3f s", s->fault->name,
		 (double)(clock_ns() - start) / 1e9);
	return tell(s, EVENT_HEAL, text, err);
}

void cell_fault_prove(struct cell_state *s)
{
	if (s->fault->kind != FAULT_NONE && !s->fault_fired && !s->facts.invalid[0])
		snprintf(s->facts.invalid, sizeof(s->facts.invalid),
			 "the fault %s did not fire: the workload ended before its moment",
			 s->fault->name);
}
