/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * passes.c - see passes.h.
 *
 * Operations are fed in batches. Of each batch every lane of work (a pass, and a share of the
 * units) takes what is its own, in order; with several threads the next batch is fed meanwhile
 * (crew.h).
 */
#include "passes/passes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order/crew.h"
#include "history/grow.h"

#define BATCH 8192U
#define LITMUS_KEPT 1000U
#define SHARES_MAX (2 * CREW_MAX)

struct batch {
	struct fed *ops;
	uint32_t (*across)[NODES]; /* K and what was read */
	unsigned room;
	int n;
	/* Which of them are of each share of the units. */
	struct picked {
		uint32_t *ops;
		size_t n, cap;
	} picked[SHARES_MAX];
};

struct running {
	const struct passes_options *options;
	struct feed *feed;
	struct causal *causal;
	struct litmus *litmus;
	struct batch *batches[2];
	unsigned shares; /* of the units, per pass */
	struct job {
		struct running *of;
		struct live *live;
		unsigned pass, share;
		struct error err;
		bool failed;
	} * jobs;
	unsigned n_jobs, current;
	struct passes result;
};

static bool counts_here(const struct running *r, uint64_t unit)
{
	return r->options->shards < 2 ||
	       live_shard(unit, r->options->shards) == r->options->shard - 1;
}

static int note_litmus(struct running *r, const struct litmus_finding *finding, struct error *err)
{
	struct passes *to = &r->result;

	if (!counts_here(r, finding->reads[0].unit))
		return 0;
	to->found_litmus++;
	if (to->n_litmus == LITMUS_KEPT)
		return 0;
	if (grow((void **)&to->litmus, &to->cap_litmus, to->n_litmus, sizeof(*finding), err) < 0)
		return -1;
	to->litmus[to->n_litmus++] = *finding;
	return 0;
}

static int across(struct running *r, struct batch *batch, int i, struct error *err)
{
	struct litmus_finding finding;
	struct fed op = batch->ops[i];

	/* What the clocks prove is no less certain here than a message. */
	op.message = op.known[!op.node];
	causal_step(r->causal, &op, batch->across[i]);
	/* What is stale by what was read is not to be found a second time. */
	op.message = batch->ops[i].message;
	memcpy(op.known, batch->across[i], sizeof(op.known));
	if (litmus_step(r->litmus, &op, &finding))
		return note_litmus(r, &finding, err);
	return 0;
}

static int put(struct picked *to, uint32_t i, struct error *err)
{
	if (to->n && to->ops[to->n - 1] == i)
		return 0;
	if (to->n == to->cap && grow((void **)&to->ops, &to->cap, to->n, sizeof(i), err) < 0)
		return -1;
	to->ops[to->n++] = i;
	return 0;
}

/* Put an operation on the lists of the shares that its units are of. */
static int pick(struct running *r, struct batch *batch, uint32_t i, struct error *err)
{
	const struct fed *op = &batch->ops[i];
	unsigned k;

	for (k = 0; k < op->count; k++) {
		if (counts_here(r, op->unit + k) &&
		    put(&batch->picked[live_share(op->unit + k, r->shares)], i, err) < 0)
			return -1;
	}
	return 0;
}

/* The next batch, and what is done to it in order of the feed. */
static int fill(struct running *r, struct batch *batch, struct error *err)
{
	bool in_part = r->options->shards > 1;
	unsigned share;
	int i;

	for (share = 0; share < r->shares; share++)
		batch->picked[share].n = 0;
	batch->n = feed_next(r->feed, batch->ops, batch->room, err);
	for (i = 0; i < batch->n; i++) {
		const struct fed *op = &batch->ops[i];

		if (r->causal && across(r, batch, i, err) < 0)
			return -1;
		if (in_part && counts_here(r, op->unit))
			op_counts_add(&r->result.counts, op->kind, op->outcome);
		if (pick(r, batch, (uint32_t)i, err) < 0)
			return -1;
	}
	return batch->n < 0 ? -1 : 0;
}

/* One share of one pass takes its part of the batch at hand. */
static void work(void *context)
{
	struct job *job = context;
	const struct batch *batch = job->of->batches[job->of->current];
	const struct picked *picked = &batch->picked[job->share];
	size_t i;

	for (i = 0; i < picked->n && !job->failed; i++) {
		const struct fed *op = &batch->ops[picked->ops[i]];

		/* Another thread has fed it: it takes its time from there to here. */
		if (i + 32 < picked->n)
			__builtin_prefetch(&batch->ops[picked->ops[i + 32]]);
		if (i + 12 < picked->n)
			live_expect(job->live, &batch->ops[picked->ops[i + 6]],
				    &batch->ops[picked->ops[i + 12]]);
		job->failed = live_feed(job->live, op,
					job->pass == 2 ? batch->across[picked->ops[i]] : op->known,
					&job->err) < 0;
	}
}

static void batch_free(struct batch *batch)
{
	unsigned share;

	if (!batch)
		return;
	for (share = 0; share < SHARES_MAX; share++)
		free(batch->picked[share].ops);
	free(batch->ops);
	free(batch->across);
	free(batch);
}

static struct batch *batch_new(unsigned room, struct error *err)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	if (batch) {
		batch->room = room;
		batch->ops = malloc(room * sizeof(*batch->ops));
		batch->across = malloc(room * sizeof(*batch->across));
	}
	if (!batch || !batch->ops || !batch->across) {
		batch_free(batch);
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	return batch;
}

static int run_batches(struct running *r, const struct scan *scan, struct crew *crew,
		       struct error *err)
{
	unsigned i, next = 0;
	uint64_t done = 0;
	int result;

	if (fill(r, r->batches[0], err) < 0)
		return -1;
	while (r->batches[next]->n) {
		done += (unsigned)r->batches[next]->n;
		judge_progress_step(&r->options->progress, "judging", done, scan->counts.ops);
		r->current = next;
		next ^= 1;
		for (i = 0; i < r->n_jobs; i++)
			crew_add(crew, work, &r->jobs[i]);
		result = fill(r, r->batches[next], err);
		crew_finish(crew);
		if (result < 0)
			return -1;
		for (i = 0; i < r->n_jobs; i++) {
			if (r->jobs[i].failed) {
				if (err)
					*err = r->jobs[i].err;
				return -1;
			}
		}
	}
	for (i = 0; i < r->n_jobs; i++) {
		if (live_end(r->jobs[i].live, err) < 0)
			return -1;
	}
	return 0;
}

static int open_jobs(struct running *r, const struct scan *scan, struct error *err)
{
	unsigned pass, share, outer = r->options->shards < 2 ? 1 : r->options->shards;
	unsigned base = r->options->shards < 2 ? 0 : r->options->shard - 1;
	struct live_part part;
	struct job *job;

	r->jobs = calloc((size_t)3 * r->shares, sizeof(*r->jobs));
	if (!r->jobs)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (pass = 0; pass < 3; pass++) {
		if (!(r->options->passes >> pass & 1) || (pass == 2 && !r->causal))
			continue;
		for (share = 0; share < r->shares; share++) {
			job = &r->jobs[r->n_jobs];
			*job = (struct job){.of = r, .pass = pass, .share = share};
			part = (struct live_part){base, outer, share, r->shares};
			job->live = live_open(scan, pass == 1, &part, err);
			if (!job->live)
				return -1;
			r->n_jobs++;
		}
	}
	return 0;
}

static int by_unit(const void *a, const void *b)
{
	const struct marked_unit *x = a, *y = b;

	return x->unit < y->unit ? -1 : x->unit > y->unit;
}

/* What all passes marked, unit by unit. */
static int gather_marks(struct running *r, struct error *err)
{
	struct passes *to = &r->result;
	struct live_result result;
	size_t n = 0, i, k;
	unsigned j;

	for (j = 0; j < r->n_jobs; j++) {
		live_result(r->jobs[j].live, &result);
		n += result.n_marks;
	}
	to->marked = calloc(n + 1, sizeof(*to->marked));
	if (!to->marked)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (j = n = 0; j < r->n_jobs; j++) {
		live_result(r->jobs[j].live, &result);
		for (i = 0; i < result.n_marks; i++, n++) {
			to->marked[n].unit = result.marks[i].unit;
			to->marked[n].ops = result.marks[i].ops;
			to->marked[n].at = result.marks[i].at;
			to->marked[n].number = result.marks[i].number;
			to->marked[n].exposures = result.marks[i].exposures;
			to->marked[n].node = result.marks[i].node;
			to->marked[n].what[r->jobs[j].pass] = result.marks[i].what;
		}
	}
	qsort(to->marked, n, sizeof(*to->marked), by_unit);
	for (i = k = 0; i < n; i++) {
		if (k && to->marked[k - 1].unit == to->marked[i].unit) {
			for (j = 0; j < 3; j++)
				to->marked[k - 1].what[j] |= to->marked[i].what[j];
			continue;
		}
		to->marked[k++] = to->marked[i];
	}
	to->n_marked = k;
	return 0;
}

/* Counts of the units: from one pass, less what another pass alone marked. */
static void gather_counts(struct running *r)
{
	struct passes *to = &r->result;
	struct live_result result;
	unsigned j, pass = r->n_jobs ? r->jobs[r->n_jobs - 1].pass : 0;
	size_t i;

	for (j = 0; j < r->n_jobs; j++) {
		if (r->jobs[j].pass != pass)
			continue;
		live_result(r->jobs[j].live, &result);
		to->exposures += result.exposures;
		round_marks_join(&to->rounds, result.rounds);
		for (i = 0; i < to->n_marked; i++) {
			if (!to->marked[i].what[pass])
				to->exposures -=
					live_exposures(r->jobs[j].live, to->marked[i].unit);
		}
	}
	if (r->causal)
		to->undecided = causal_forgotten(r->causal);
}

static void close_all(struct running *r)
{
	unsigned i;

	for (i = 0; i < r->n_jobs; i++)
		live_close(r->jobs[i].live);
	free(r->jobs);
	batch_free(r->batches[0]);
	batch_free(r->batches[1]);
	causal_free(r->causal);
	litmus_free(r->litmus);
	feed_close(r->feed);
}

/* What never completed is not fed: writes count where their unit is, all else in the first shard.
 */
static void count_pending(struct running *r, const struct scan *scan)
{
	struct op_counts *to = &r->result.counts;
	size_t i;

	if (r->options->shards < 2) {
		*to = scan->counts;
		return;
	}
	for (i = 0; i < scan->n_pending; i++) {
		if (counts_here(r, scan->pending[i].unit))
			op_counts_add(to, OP_WRITE, OUTCOME_UNKNOWN);
	}
	if (r->options->shard > 1)
		return;
	op_counts_join(to, &scan->bare);
}

/* The windows of what is followed across units: no larger than the history. */
static int open_across(struct running *r, const struct scan *scan, struct error *err)
{
	struct litmus_sizes litmus = {window_for(scan, 1U << 14), window_for(scan, 1U << 12)};

	r->causal = causal_new_for(scan, err);
	r->litmus = r->causal ? litmus_new(&litmus, err) : NULL;
	return r->litmus ? 0 : -1;
}

/* 1: a circle within bounds that can be given up. */
static int run_once(const struct tapes *tapes, struct scan *scan, struct clock_bounds *bounds,
		    const struct passes_options *options, struct passes *ret, struct error *err)
{
	struct running r = {.options = options};
	struct crew *crew = crew_new(options->threads, err);
	int result = -1;

	if (!crew)
		return -1;
	r.shares = crew_size(crew) > 1 ? 2 * crew_size(crew) : 1;
	r.feed = feed_open(tapes, scan, bounds, err);
	if (!r.feed)
		goto out;
	r.batches[0] = batch_new(window_for(scan, BATCH), err);
	r.batches[1] = r.batches[0] ? batch_new(window_for(scan, BATCH), err) : NULL;
	if (!r.batches[1])
		goto out;
	if (round_marks_init(&r.result.rounds, &scan->rounds, err) < 0)
		goto out;
	if (options->passes & PASS_ACROSS && bounds->clock != HISTORY_CLOCK_ONE &&
	    open_across(&r, scan, err) < 0)
		goto out;
	if (open_jobs(&r, scan, err) < 0)
		goto out;
	if (run_batches(&r, scan, crew, err) < 0) {
		result = feed_is_circle(r.feed) && bounds->clock == HISTORY_CLOCK_BOUNDS ? 1 : -1;
		goto out;
	}
	if (gather_marks(&r, err) < 0)
		goto out;
	gather_counts(&r);
	count_pending(&r, scan);
	*ret = r.result;
	memset(&r.result, 0, sizeof(r.result));
	result = 0;
out:
	close_all(&r);
	passes_done(&r.result);
	crew_free(crew);
	return result;
}

int passes_run(const struct tapes *tapes, struct scan *scan, struct clock_bounds *bounds,
	       const struct passes_options *options, struct passes *ret, struct error *err)
{
	int result = run_once(tapes, scan, bounds, options, ret, err);

	if (result <= 0)
		return result;
	clock_bounds_done(bounds);
	snprintf(bounds->warning, sizeof(bounds->warning),
		 "clock bounds and messages contradict each other: the bounds are discarded, only "
		 "messages order the nodes");
	return run_once(tapes, scan, bounds, options, ret, err);
}

void passes_done(struct passes *passes)
{
	free(passes->marked);
	free(passes->litmus);
	round_marks_done(&passes->rounds);
	memset(passes, 0, sizeof(*passes));
}
