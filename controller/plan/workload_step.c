/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload_step.c - the steps of a workload text.
 *
 * A line is a step of one node, or, with `both`, one of each that begin at once. So a step is
 * always of one node, and what is at once with another says so.
 */
#include <string.h>

#include "common/parse.h"
#include "plan/workload_internal.h"

#define ACTIONS "read, write, flush, increment, create, rename, link, extend, truncate"
#define ALLOWED_AT_END "a step may end in 'after TIME' or 'after TIME..TIME', once"

bool workload_chooses(enum workload_which which, bool writer, unsigned i)
{
	bool second = i % 2;

	switch (which) {
	case UNITS_FIRST:
		return !second;
	case UNITS_SECOND:
		return second;
	case UNITS_OWN:
		return second == !writer;
	case UNITS_OTHER:
		return second == writer;
	default:
		return true;
	}
}

static bool at_word(const struct parser *p, unsigned at, const char *word)
{
	return at < p->n_words && !strcmp(p->word[at], word);
}

static int read_time(struct parser *p, const char *text, uint64_t *ret)
{
	struct error err;

	if (parse_duration(text, "after", ret, &err) < 0)
		return workload_fail(p, "%s", err.text);
	if (*ret > WORKLOAD_DELAY_MAX_NS)
		return workload_fail(p, "after: %s is more than 60s", text);
	return 0;
}

/* TIME or TIME..TIME */
static int read_delay(struct parser *p, const char *text, struct workload_step *step)
{
	const char *dots = strstr(text, "..");
	char from[32];

	if (!dots) {
		if (read_time(p, text, &step->delay_ns) < 0)
			return -1;
		step->delay_max_ns = step->delay_ns;
		return 0;
	}
	if ((size_t)(dots - text) >= sizeof(from))
		return workload_fail(p, "after: '%s' is not a duration such as 200ms or 5s", text);
	memcpy(from, text, (size_t)(dots - text));
	from[dots - text] = 0;
	if (read_time(p, from, &step->delay_ns) < 0 ||
	    read_time(p, dots + 2, &step->delay_max_ns) < 0)
		return -1;
	if (!step->delay_ns || step->delay_ns > step->delay_max_ns)
		return workload_fail(p, "after: %s must go from more than 0 upwards", text);
	return 0;
}

bool workload_writes(const struct workload_action *action)
{
	return action->what != DO_READ && action->what != DO_FLUSH;
}

/* ACTION: flush, or one of the others [WHICH] [sync]. *at is moved behind it. */
static int read_action(struct parser *p, unsigned *at, struct workload_step *step)
{
	static const char *const what[DO_KINDS] = {"read",	"write",  "flush",
						   "increment", "create", "rename",
						   "link",	"extend", "truncate"};
	static const char *const which[UNITS_KINDS] = {"all", "first", "second",
						       "own", "other", "around"};
	struct workload_action action = {0};
	struct error err;
	unsigned number;

	if (*at == p->n_words)
		return workload_fail(p, "%s: what is to be done? one of: " ACTIONS, p->word[0]);
	if (step->n_actions == WORKLOAD_ACTIONS_MAX)
		return workload_fail(p, "more than %d things in one step", WORKLOAD_ACTIONS_MAX);
	if (parse_name(p->word[(*at)++], what, DO_KINDS, p->word[0], &number, &err) < 0)
		return workload_fail(p, "%s", err.text);
	action.what = (enum workload_do)number;
	if (action.what != DO_FLUSH && *at < p->n_words &&
	    !parse_name(p->word[*at], which, UNITS_KINDS, "", &number, NULL)) {
		action.which = (enum workload_which)number;
		(*at)++;
	}
	if (workload_writes(&action) && at_word(p, *at, "sync")) {
		action.sync = true;
		(*at)++;
	}
	if (action.which == UNITS_AROUND && action.what != DO_READ)
		return workload_fail(p, "what is around the units is only read");
	step->actions[step->n_actions++] = action;
	return 0;
}

static int add_step(struct parser *p, const struct workload_step *step)
{
	struct workload *w = &p->workload;
	const struct workload_step *before = w->n_steps ? &w->steps[w->n_steps - 1] : NULL;

	if (w->n_steps == WORKLOAD_STEPS_MAX)
		return workload_fail(p, "more than %d steps", WORKLOAD_STEPS_MAX);
	if (step->at_once && (!before || before->at_once || before->writer == step->writer))
		return workload_fail(p, "'and' goes with a step of the other node in the line "
					"before, and two are at once, no more");
	p->step_line[w->n_steps] = p->line;
	w->steps[w->n_steps++] = *step;
	return 0;
}

/* step|and writer|reader|both ACTION[, ACTION...] [after TIME[..TIME]] */
int workload_read_step(struct parser *p)
{
	static const char *const who[] = {"writer", "reader", "both"};
	struct workload_step step = {.at_once = at_word(p, 0, "and")};
	unsigned side, at = 2;
	struct error err;

	if (p->n_words < 3)
		return workload_fail(p, "a step is 'step writer|reader|both ACTION ...', an action "
					"one of: " ACTIONS);
	if (parse_name(p->word[1], who, 3, p->word[0], &side, &err) < 0)
		return workload_fail(p, "%s", err.text);
	step.writer = side != 1;
	do {
		if (read_action(p, &at, &step) < 0)
			return -1;
	} while (at_word(p, at, ",") && at++);
	if (at_word(p, at, "after") && at + 1 < p->n_words && !step.at_once) {
		if (read_delay(p, p->word[at + 1], &step) < 0)
			return -1;
		at += 2;
	}
	if (at < p->n_words)
		return workload_fail(p,
				     "'%s' does not fit here; after what is done comes which units "
				     "(all, first, second, own, other, around), of a write also "
				     "'sync'; the next after a comma; " ALLOWED_AT_END,
				     p->word[at]);
	if (side != 2)
		return add_step(p, &step);
	if (step.at_once)
		return workload_fail(p, "'and both': who else?");
	if (add_step(p, &step) < 0)
		return -1;
	step.writer = false;
	step.at_once = true;
	step.delay_ns = step.delay_max_ns = 0;
	return add_step(p, &step);
}

static bool reads(const struct workload_action *action)
{
	return (action->what == DO_READ && action->which != UNITS_AROUND) ||
	       action->what == DO_INCREMENT;
}

static int check_action(struct parser *p, const struct workload_action *action)
{
	const struct workload *w = &p->workload;
	unsigned per_file = w->units / w->files;

	if (action->which != UNITS_ALL && action->which != UNITS_AROUND && per_file % 2)
		return workload_fail(p, "halves of %u units in each file: the number must be even",
				     per_file);
	if (action->which == UNITS_AROUND && w->layout != LAYOUT_SPREAD)
		return workload_fail(p, "there is something around the units only with layout "
					"spread");
	if (action->what == DO_INCREMENT && w->layout != LAYOUT_PACKED)
		return workload_fail(p, "increment: writes all units of a file at once, so it "
					"needs layout packed");
	if (action->what == DO_INCREMENT && action->which != UNITS_OWN)
		return workload_fail(p, "increment: only of a node's own units");
	return 0;
}

/* Can this read find a write of the other node: of a step before it, or at once with it? */
static bool finds(const struct workload *w, unsigned reader)
{
	unsigned i, j, k, last = reader;

	if (reader + 1 < w->n_steps && w->steps[reader + 1].at_once)
		last++;
	for (i = 0; i <= last; i++) {
		for (j = 0; j < w->steps[i].n_actions; j++) {
			for (k = 0; k < w->steps[reader].n_actions; k++) {
				if (w->steps[i].writer != w->steps[reader].writer &&
				    workload_writes(&w->steps[i].actions[j]) &&
				    reads(&w->steps[reader].actions[k]))
					return true;
			}
		}
	}
	return false;
}

int workload_check_steps(struct parser *p, bool *ret_found)
{
	const struct workload *w = &p->workload;
	unsigned i, j;

	*ret_found = false;

	for (i = 0; i < w->n_steps; i++) {
		p->line = p->step_line[i];
		for (j = 0; j < w->steps[i].n_actions; j++) {
			if (check_action(p, &w->steps[i].actions[j]) < 0)
				return -1;
		}
		*ret_found |= finds(w, i);
	}
	return 0;
}
