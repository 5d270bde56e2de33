/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload_beside.c - what layouts names and tail ask of a workload's steps.
 *
 * A name is written by two system calls (a create or a link, then an unlink), and what readdir(3)
 * returns of an entry that comes or goes meanwhile is nobody's promise; the end of a file is read
 * and written by several calls, too. So nothing may be read or written while the other node writes
 * it: a correct system could be accused. What is beside it in the same directory may.
 */
#include "plan/workload_internal.h"

/* The layout that has it; LAYOUTS: not a matter of this file. */
static enum workload_layout layout_of(enum workload_do what)
{
	switch (what) {
	case DO_CREATE:
	case DO_RENAME:
	case DO_LINK:
		return LAYOUT_NAMES;
	case DO_EXTEND:
	case DO_TRUNCATE:
		return LAYOUT_TAIL;
	default:
		return LAYOUTS;
	}
}

static int check_action(struct parser *p, const struct workload_action *action)
{
	enum workload_layout layout = p->workload.layout, needed = layout_of(action->what);

	if (needed == LAYOUT_NAMES && layout != needed)
		return workload_fail(p, "create, rename and link write names, so they need layout "
					"names");
	if (needed == LAYOUT_TAIL && layout != needed)
		return workload_fail(p, "extend and truncate write the end of a file, so they need "
					"layout tail");
	if (action->what == DO_WRITE && layout == LAYOUT_NAMES)
		return workload_fail(p, "write: a name is written by create, rename or link");
	if (action->what == DO_WRITE && layout == LAYOUT_TAIL)
		return workload_fail(p,
				     "write: the end of a file is written by extend or truncate");
	return 0;
}

/* Is there a unit that both have to do with, and one of them writes? Each second is alike. */
static bool meet(const struct workload_action *a, bool a_writer, const struct workload_action *b,
		 bool b_writer)
{
	unsigned i;

	if (a->what == DO_FLUSH || b->what == DO_FLUSH ||
	    (!workload_writes(a) && !workload_writes(b)))
		return false;
	for (i = 0; i < 2; i++) {
		if (workload_chooses(a->which, a_writer, i) &&
		    workload_chooses(b->which, b_writer, i))
			return true;
	}
	return false;
}

static int check_pair(struct parser *p, const struct workload_step *a,
		      const struct workload_step *b)
{
	unsigned i, j;

	for (i = 0; i < a->n_actions; i++) {
		for (j = 0; j < b->n_actions; j++) {
			if (meet(&a->actions[i], a->writer, &b->actions[j], b->writer))
				return workload_fail(p, "at once with the step before it: with "
							"this layout nothing is read or written "
							"while the other node writes it (own and "
							"other halves are apart)");
		}
	}
	return 0;
}

int workload_check_beside(struct parser *p)
{
	const struct workload *w = &p->workload;
	unsigned i, j;

	p->line = p->units_line;
	if (w->layout == LAYOUT_TAIL && w->units != w->files)
		return workload_fail(p, "layout tail: a file has one end, so units must be as many "
					"as files");
	for (i = 0; i < w->n_steps; i++) {
		p->line = p->step_line[i];
		for (j = 0; j < w->steps[i].n_actions; j++) {
			if (check_action(p, &w->steps[i].actions[j]) < 0)
				return -1;
		}
		if (w->layout >= LAYOUT_NAMES && w->steps[i].at_once &&
		    check_pair(p, &w->steps[i - 1], &w->steps[i]) < 0)
			return -1;
	}
	return 0;
}
