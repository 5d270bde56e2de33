/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * passes.c - see passes.h.
 *
 * One thread does all passes on one feed. Several share the units, each with a feed of its own
 * (job.h); what goes across units is one more job, since what was read of one unit is evidence on
 * every other.
 */
#include "passes/passes.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order/crew.h"
#include "passes/job.h"

struct running {
	const struct passes_options *options;
	const struct scan *scan;
	struct job *jobs;
	unsigned n_jobs;
	unsigned unit_jobs; /* the first of them: those that count operations */
	pthread_mutex_t lock;
	uint64_t done, all; /* completions gone past, of all jobs */
	struct passes result;
};

static void note_progress(void *context, uint64_t done)
{
	struct running *r = context;

	pthread_mutex_lock(&r->lock);
	r->done += done;
	judge_progress_step(&r->options->progress, "judging", r->done, r->all);
	pthread_mutex_unlock(&r->lock);
}

static void add_job(struct running *r, const struct job *like, unsigned passes, unsigned share,
		    unsigned shares)
{
	struct job *job = &r->jobs[r->n_jobs++];

	*job = *like;
	job->passes = passes;
	job->part.share = share;
	job->part.shares = shares;
	job->progress = note_progress;
	job->context = r;
	r->all += (uint64_t)like->scan->nodes[0].n_completed + like->scan->nodes[1].n_completed;
}

/* Which jobs there are. like: a job with all of that set which is the same for all. */
static int make_jobs(struct running *r, const struct job *like, unsigned threads, struct error *err)
{
	unsigned passes = r->options->passes, share;

	/* With one clock everything read is in the clock's order already. */
	if (like->bounds->clock == HISTORY_CLOCK_ONE)
		passes &= ~PASS_ACROSS;
	r->jobs = calloc(threads + 1, sizeof(*r->jobs));
	if (!r->jobs)
		return error_set(err, ERROR_WORLD, "out of memory");
	if (threads == 1 || passes == PASS_ACROSS) {
		add_job(r, like, passes, 0, 1);
		r->unit_jobs = 1;
		return 0;
	}
	for (share = 0; share < threads; share++)
		add_job(r, like, passes & ~PASS_ACROSS, share, threads);
	r->unit_jobs = threads;
	if (passes & PASS_ACROSS)
		add_job(r, like, PASS_ACROSS, 0, 1);
	return 0;
}

/* 0; -1; 1: a circle. */
static int run_jobs(struct running *r, struct crew *crew, struct error *err)
{
	unsigned i;

	/* The longest first: it is the last. */
	for (i = r->n_jobs; i--;)
		crew_add(crew, job_work, &r->jobs[i]);
	crew_finish(crew);
	for (i = 0; i < r->n_jobs; i++) {
		if (!r->jobs[i].result)
			continue;
		if (err)
			*err = r->jobs[i].err;
		return r->jobs[i].result;
	}
	return 0;
}

static int by_unit(const void *a, const void *b)
{
	const struct marked_unit *x = a, *y = b;

	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

/* One unit, marked by several passes, is one: what is said of it is what the first of them saw. */
static void join_marks(struct passes *to)
{
	size_t i, k = 0;
	unsigned pass;

	for (i = 0; i < to->n_marked; i++) {
		if (!k || to->marked[k - 1].unit != to->marked[i].unit) {
			to->marked[k++] = to->marked[i];
			continue;
		}
		for (pass = 0; pass < PASSES; pass++)
			to->marked[k - 1].what[pass] |= to->marked[i].what[pass];
	}
	to->n_marked = k;
}

/* What all passes marked, unit by unit. */
static int gather_marks(struct running *r, struct error *err)
{
	struct passes *to = &r->result;
	const struct mark *marks;
	unsigned j, pass;
	size_t n = 0, i;

	for (j = 0; j < r->n_jobs; j++) {
		for (pass = 0; pass < PASSES; pass++)
			n += r->jobs[j].lives[pass] ? live_marks(r->jobs[j].lives[pass], &marks)
						    : 0;
	}
	to->marked = calloc(n + 1, sizeof(*to->marked));
	if (!to->marked)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (pass = 0; pass < PASSES; pass++) {
		for (j = 0; j < r->n_jobs; j++) {
			n = r->jobs[j].lives[pass] ? live_marks(r->jobs[j].lives[pass], &marks) : 0;
			for (i = 0; i < n; i++) {
				struct marked_unit *unit = &to->marked[to->n_marked++];

				unit->unit = marks[i].unit;
				unit->ops = marks[i].ops;
				unit->at = marks[i].at;
				unit->number = marks[i].number;
				memcpy(unit->exposures, marks[i].exposures,
				       sizeof(unit->exposures));
				unit->node = marks[i].node;
				unit->what[pass] = marks[i].what;
			}
		}
	}
	qsort(to->marked, to->n_marked, sizeof(*to->marked), by_unit);
	join_marks(to);
	return 0;
}

/* Exposures by K alone, not by what was read: of the first pass that was run, less those of units
 * that another pass marked. */
static void gather_exposures(struct running *r)
{
	struct passes *to = &r->result;
	struct live_result result;
	uint32_t less[NODES];
	unsigned j, n, pass = 0;
	size_t i;

	while (pass < PASSES && !r->jobs[0].lives[pass])
		pass++;
	for (j = 0; j < r->unit_jobs && pass < PASSES; j++) {
		live_result(r->jobs[j].lives[pass], &result);
		for (n = 0; n < NODES; n++)
			to->exposures[n] += result.exposures[n];
		round_marks_join(&to->rounds, result.rounds);
		for (i = 0; i < to->n_marked; i++) {
			if (to->marked[i].what[pass])
				continue;
			live_exposures(r->jobs[j].lives[pass], to->marked[i].unit, less);
			for (n = 0; n < NODES; n++)
				to->exposures[n] -= less[n];
		}
	}
}

/* What never completed is not fed: writes count where their unit is, all else in the first shard.
 */
static void gather_counts(struct running *r)
{
	struct op_counts *to = &r->result.counts;
	const struct scan *scan = r->scan;
	struct shard shard = r->jobs[0].part;
	unsigned j;
	size_t i;

	for (j = 0; j < r->unit_jobs; j++)
		op_counts_join(to, &r->jobs[j].counts);
	shard.shares = 1;
	for (i = 0; i < scan->n_pending; i++) {
		if (shard_has(&shard, scan->pending[i].unit))
			op_counts_add(to, OP_WRITE, OUTCOME_UNKNOWN);
	}
	if (!shard.number)
		op_counts_join(to, &scan->bare);
}

static int gather(struct running *r, struct error *err)
{
	struct job *across = &r->jobs[r->n_jobs - 1];
	struct passes *to = &r->result;

	if (round_marks_init(&to->rounds, &r->scan->rounds, err) < 0 || gather_marks(r, err) < 0)
		return -1;
	gather_exposures(r);
	gather_counts(r);
	to->litmus = across->litmus;
	to->n_litmus = across->n_litmus;
	to->found_litmus = across->found_litmus;
	to->undecided = across->undecided;
	across->litmus = NULL;
	return 0;
}

static int run_once(const struct tapes *tapes, struct scan *scan, struct clock_bounds *bounds,
		    const struct passes_options *options, struct passes *ret, struct error *err)
{
	struct running r = {.options = options, .scan = scan, .lock = PTHREAD_MUTEX_INITIALIZER};
	struct job like = {.tapes = tapes, .scan = scan, .bounds = bounds};
	struct crew *crew = NULL;
	int result = -1;
	unsigned i;

	like.part.shards = options->shards < 2 ? 1 : options->shards;
	like.part.number = options->shards < 2 ? 0 : options->shard - 1;
	if (feed_prepare(tapes, scan, bounds, err) < 0)
		return -1;
	crew = crew_new(options->threads, err);
	if (!crew || make_jobs(&r, &like, crew_size(crew), err) < 0)
		goto out;
	result = run_jobs(&r, crew, err);
	if (result)
		goto out;
	result = gather(&r, err);
	if (result)
		goto out;
	*ret = r.result;
	memset(&r.result, 0, sizeof(r.result));
out:
	for (i = 0; i < r.n_jobs; i++)
		job_done(&r.jobs[i]);
	free(r.jobs);
	passes_done(&r.result);
	crew_free(crew);
	return result;
}

int passes_run(const struct tapes *tapes, struct scan *scan, struct clock_bounds *bounds,
	       const struct passes_options *options, struct passes *ret, struct error *err)
{
	int result = run_once(tapes, scan, bounds, options, ret, err);

	if (result != 1 || bounds->clock != HISTORY_CLOCK_BOUNDS)
		return result ? -1 : 0;
	clock_bounds_done(bounds);
	snprintf(bounds->warning, sizeof(bounds->warning),
		 "clock bounds and messages contradict each other: the bounds are discarded, only "
		 "messages order the nodes");
	return run_once(tapes, scan, bounds, options, ret, err) ? -1 : 0;
}

void passes_done(struct passes *passes)
{
	free(passes->marked);
	free(passes->litmus);
	round_marks_done(&passes->rounds);
	memset(passes, 0, sizeof(*passes));
}
