/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * run_display.c - see run_display.h.
 *
 * On a terminal the steps share one line, which is rewritten; what is to stay is written in its
 * place and ends in a newline. What is said of a cell is not the verdict: the watch
 * (passes/watch.h) says early what is certain already, and a cell that has ended is judged here for
 * a line of its own, again by the caller for the table.
 */
#include "run_display.h"

#include "check/check.h"
#include "check/twin.h"
#include "common/clock.h"
#include "passes/watch.h"

/* Where to begin what is to be seen: in place of the line that is rewritten. */
static const char *afresh(const struct run_display *d)
{
	return d->terminal ? "\r\033[K" : "";
}

static double seconds_since(uint64_t time)
{
	return (double)(clock_ns() - time) / NS_PER_S;
}

/* Seconds until the end, from the cells that are done; negative = cannot tell yet. */
static double seconds_left(const struct run_display *d)
{
	double spent = seconds_since(d->cells_start);

	if (!d->cells_done)
		return -1;
	spent = spent / (double)d->cells_done * (double)d->plan->n_cells - spent;
	return spent > 0 ? spent : 0;
}

static void show_step(void *context, const char *what)
{
	struct run_display *d = context;
	char line[192], where[96] = "", violated[32] = "", eta[32] = "";

	if (d->cell)
		snprintf(where, sizeof(where), "[%zu/%zu] %s: ", d->index + 1, d->plan->n_cells,
			 d->cell->id);
	if (d->violated)
		snprintf(violated, sizeof(violated), " (%u units violated)", d->violated);
	if (d->cell && seconds_left(d) >= 0)
		snprintf(eta, sizeof(eta), " (%.0f s left)", seconds_left(d));
	snprintf(line, sizeof(line), "%s%s%s%s", where, what, violated, eta);
	if (d->terminal)
		fprintf(d->out, "%s%.79s", afresh(d), line);
	else
		fprintf(d->out, "%7.1f %s\n", seconds_since(d->start), line);
}

static void cell_begins(void *context, const struct cell *cell, size_t index)
{
	struct run_display *d = context;

	if (!d->cells_start)
		d->cells_start = clock_ns();
	d->cell = cell;
	d->index = index;
	d->cell_start = clock_ns();
	d->violated = 0;
	watch_free(d->watch);
	d->watch = watch_new(cell->lanes, NULL);
}

/* Say the cell's first violation at once. No watch, for want of memory, is no failure: the verdict
 * does not need it. */
static void record_arrives(void *context, const struct record *record)
{
	struct run_display *d = context;
	struct watch_finding finding;
	char words[128];
	int found;

	if (!d->watch)
		return;
	found = watch_take(d->watch, record, &finding, NULL);
	if (found < 0) {
		watch_free(d->watch);
		d->watch = NULL;
	}
	if (found <= 0)
		return;
	if (!d->violated)
		fprintf(d->out,
			"%s        [%zu/%zu] %s: first violation: %s, %.2f s after the cell "
			"began\n",
			afresh(d), d->index + 1, d->plan->n_cells, d->cell->id,
			watch_words(&finding, words, sizeof(words)), seconds_since(d->cell_start));
	d->violated += (unsigned)found;
}

/* A cell's histories are complete: write their text twin, say at once what was found. */
static void cell_ends(void *context, const struct cell *cell, size_t index)
{
	struct run_display *d = context;
	struct check_options options = {0};
	struct verdict verdict;
	struct error err;

	d->cells_done = index + 1;
	d->violated = 0;
	if (twin_write(d->run, cell->id, &err) < 0 ||
	    check_cell(d->run, cell->id, &options, &verdict, &err) < 0) {
		fprintf(d->out, "%sstalemate: %s\n", afresh(d), err.text);
		return;
	}
	fprintf(d->out, "%s        [%zu/%zu] %s: %s, %llu of %llu exposures stale%s%s\n", afresh(d),
		index + 1, d->plan->n_cells, cell->id, verdict_kind_names[verdict.kind],
		(unsigned long long)verdict.stale_exposures, (unsigned long long)verdict.exposures,
		verdict.reason[0] ? ": " : "", verdict.reason);
	verdict_done(&verdict);
}

void run_display_begin(struct run_display *display, struct runner *runner)
{
	display->start = clock_ns();
	display->progress = (struct progress){show_step, display};
	runner->progress = &display->progress;
	runner->context = display;
	runner->begin = cell_begins;
	runner->end = cell_ends;
	runner->record = record_arrives;
}

void run_display_end(struct run_display *display)
{
	watch_free(display->watch);
	display->watch = NULL;
	fputs(afresh(display), display->out);
}
