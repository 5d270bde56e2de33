/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * job.c - see job.h.
 *
 * Operations are fed a few at a time, so that those to come are known and their units can be
 * fetched early, and all of it stays in the cache nearest to the core.
 */
#include "passes/job.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"

#define BATCH 256U
#define SOONER 6U /* operations ahead: of one whose unit is fetched now, */
#define LATER 12U /* and of one of which it is found out where its unit is */
#define LITMUS_KEPT 1000U

struct doing {
	struct job *job;
	struct feed *feed;
	struct causal *causal; /* with litmus, for what goes across units; else NULL */
	struct litmus *litmus;
	struct fed ops[BATCH];
	uint32_t across[BATCH][NODES]; /* K and what was read */
};

static int note_litmus(struct job *job, const struct litmus_finding *finding, struct error *err)
{
	if (!shard_has(&job->part, finding->reads[0].unit))
		return 0;
	job->found_litmus++;
	if (job->n_litmus == LITMUS_KEPT)
		return 0;
	if (grow((void **)&job->litmus, &job->cap_litmus, job->n_litmus, sizeof(*finding), err) < 0)
		return -1;
	job->litmus[job->n_litmus++] = *finding;
	return 0;
}

static int across(struct doing *d, unsigned i, struct error *err)
{
	struct litmus_finding finding;
	struct fed op = d->ops[i];

	/* What the clocks prove is no less certain here than a message. */
	op.message = op.known[!op.node];
	causal_step(d->causal, &op, d->across[i]);
	/* What is stale by what was read is not to be found a second time. */
	op.message = d->ops[i].message;
	memcpy(op.known, d->across[i], sizeof(op.known));
	if (litmus_step(d->litmus, &op, &finding))
		return note_litmus(d->job, &finding, err);
	return 0;
}

/* One pass takes the operations at hand that are of the part: picked[0 .. n). */
static int run_pass(struct doing *d, unsigned pass, const uint16_t *picked, unsigned n,
		    struct error *err)
{
	struct live *live = d->job->lives[pass];
	unsigned i;

	for (i = 0; i < n; i++) {
		const struct fed *op = &d->ops[picked[i]];

		if (i + LATER < n)
			live_expect(live, &d->ops[picked[i + SOONER]], &d->ops[picked[i + LATER]]);
		if (live_feed(live, op,
			      pass == PASS_ACROSS_NUMBER ? d->across[picked[i]] : op->known,
			      err) < 0)
			return -1;
	}
	return 0;
}

static int run_batch(struct doing *d, unsigned n, struct error *err)
{
	struct job *job = d->job;
	uint16_t picked[BATCH];
	unsigned i, n_picked = 0, pass;

	for (i = 0; i < n; i++) {
		const struct fed *op = &d->ops[i];

		if (d->causal && across(d, i, err) < 0)
			return -1;
		if (shard_has(&job->part, op->unit))
			op_counts_add(&job->counts, op->kind, op->outcome);
		if (shard_has_one(&job->part, op->unit, op->count))
			picked[n_picked++] = (uint16_t)i;
	}
	for (pass = 0; pass < PASSES; pass++) {
		if (job->lives[pass] && run_pass(d, pass, picked, n_picked, err) < 0)
			return -1;
	}
	return 0;
}

static int open_all(struct doing *d, struct error *err)
{
	struct job *job = d->job;
	/* The windows of what is followed across units: no larger than the history. */
	struct litmus_sizes litmus = {window_for(job->scan, 1U << 14),
				      window_for(job->scan, 1U << 12)};
	unsigned pass;

	if (job->passes & PASS_ACROSS) {
		d->causal = causal_new_for(job->scan, err);
		d->litmus = d->causal ? litmus_new(&litmus, err) : NULL;
		if (!d->litmus)
			return -1;
	}
	for (pass = 0; pass < PASSES; pass++) {
		if (!(job->passes >> pass & 1))
			continue;
		job->lives[pass] = live_open(job->scan, 1U << pass == PASS_EXACT, &job->part, err);
		if (!job->lives[pass])
			return -1;
	}
	/* What was read is evidence whichever unit it was read from. */
	d->feed = feed_open(job->tapes, job->scan, job->bounds, d->causal ? NULL : &job->part, err);
	return d->feed ? 0 : -1;
}

/* 1: a circle. */
static int run(struct doing *d, struct error *err)
{
	struct job *job = d->job;
	uint64_t done = 0, now;
	unsigned pass;
	int n;

	if (open_all(d, err) < 0)
		return -1;
	while ((n = feed_next(d->feed, d->ops, BATCH, err)) > 0) {
		if (run_batch(d, (unsigned)n, err) < 0)
			return -1;
		now = feed_done(d->feed);
		job->progress(job->context, now - done);
		done = now;
	}
	if (n < 0)
		return feed_is_circle(d->feed) ? 1 : -1;
	for (pass = 0; pass < PASSES; pass++) {
		if (job->lives[pass] && live_end(job->lives[pass], err) < 0)
			return -1;
	}
	job->undecided = d->causal ? causal_forgotten(d->causal) : 0;
	return 0;
}

void job_work(void *context)
{
	struct job *job = context;
	struct doing *d = calloc(1, sizeof(*d));

	if (!d) {
		job->result = error_set(&job->err, ERROR_WORLD, "out of memory");
		return;
	}
	d->job = job;
	job->result = run(d, &job->err);
	feed_close(d->feed);
	causal_free(d->causal);
	litmus_free(d->litmus);
	free(d);
}

void job_done(struct job *job)
{
	unsigned pass;

	for (pass = 0; pass < PASSES; pass++)
		live_close(job->lives[pass]);
	free(job->litmus);
}
