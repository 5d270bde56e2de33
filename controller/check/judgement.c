/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * judgement.c - see judgement.h.
 *
 *   scan      is it sound?                       scan.h
 *   passes    which units cannot be explained?   passes.h
 *   findings  what is wrong with those, and why? findings.h
 *
 * The passes and what looks at their marks are different code: where they contradict each other,
 * the verdict is an error of ours and nothing else.
 *
 * Suspects: where clocks are known within bounds only, the history is judged once more as if the
 * middle of the bounds were the truth. What that accuses beyond the certain findings is counted,
 * and is never a failure.
 */
#include "check/judgement.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/findings.h"
#include "history/grow.h"
#include "check/models.h"

struct judging {
	struct tapes *tapes;
	struct scan scan;
	struct clock_bounds bounds;
	struct passes_options options;
	size_t group_ops;
	struct verdict *verdict;
};

/* Look at those marked by the streaming or exact pass, or at those that only the third one
 * marked. */
static int explain(struct judging *j, const struct passes *passes, bool across, struct findings *to,
		   uint64_t *ret_innocent, struct error *err)
{
	const struct marked_unit **list =
		calloc(passes->n_marked + 1, sizeof(struct marked_unit *));
	size_t i, n = 0;
	int result;

	if (!list)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < passes->n_marked; i++) {
		const struct marked_unit *marked = &passes->marked[i];

		if (across == !(marked->what[0] | marked->what[1]))
			list[n++] = marked;
	}
	result = findings_explain(to, j->tapes, &j->scan, &j->bounds, list, n, across, ret_innocent,
				  err);
	free(list);
	return result;
}

static int run(struct judging *j, struct passes *passes, struct findings *findings,
	       uint64_t ret_innocent[2], struct error *err)
{
	if (passes_run(j->tapes, &j->scan, &j->bounds, &j->options, passes, err) < 0)
		return -1;
	if (findings_init(findings, &j->scan.rounds, &j->options.progress, j->group_ops, err) < 0 ||
	    explain(j, passes, false, findings, &ret_innocent[0], err) < 0 ||
	    explain(j, passes, true, findings, &ret_innocent[1], err) < 0 ||
	    findings_litmus(findings, j->tapes, &j->scan, passes, err) < 0) {
		findings_done(findings);
		passes_done(passes);
		return -1;
	}
	return 0;
}

/* Whether the passes and what looked at their marks agree. Where operations may be missing, a pass
 * goes by the reads of a lost write alone, of which the other can say nothing. */
static void compare(const struct judging *j, const struct passes *passes,
		    const uint64_t innocent[2])
{
	struct verdict *verdict = j->verdict;
	bool whole = !j->tapes->loaded.open_ended[0] && !j->tapes->loaded.open_ended[1];
	bool both = (j->options.passes & PASS_STREAM) && (j->options.passes & PASS_EXACT);
	size_t i;

	for (i = 0; i < passes->n_marked; i++) {
		const struct marked_unit *marked = &passes->marked[i];

		verdict->stream_units += marked->what[0] != 0;
		verdict->exact_units += marked->what[1] != 0;
		if (both && marked->what[0] && !marked->what[1] && !*verdict->fault)
			snprintf(verdict->fault, sizeof(verdict->fault),
				 "the judge contradicts itself: the streaming pass accuses unit "
				 "%" PRIu64 ", the exact pass does not; please report this history",
				 marked->unit);
	}
	for (i = 0; i < 2; i++) {
		if (whole && innocent[i] != UINT64_MAX && !*verdict->fault)
			snprintf(verdict->fault, sizeof(verdict->fault),
				 "the judge contradicts itself: a pass accuses unit %" PRIu64
				 ", and no violation is found on it; please report this history",
				 innocent[i]);
	}
}

/* When the first violation was seen, after its node's mount or first operation. */
static void fill_first(const struct judging *j, const struct findings *findings)
{
	struct verdict *verdict = j->verdict;
	double seconds;
	unsigned node;

	for (node = 0; node < NODES; node++) {
		uint64_t begin = verdict->facts.mounted_known[node]
					 ? verdict->facts.mounted_ns[node]
					 : j->scan.nodes[node].first_invoke;

		if (findings->first_ns[node] == UINT64_MAX || findings->first_ns[node] < begin)
			continue;
		seconds = (double)(findings->first_ns[node] - begin) / 1e9;
		if (!verdict->first_known || seconds < verdict->first_violation_s)
			verdict->first_violation_s = seconds;
		verdict->first_known = true;
	}
}

static int fill_verdict(const struct judging *j, const struct passes *passes,
			struct findings *findings, struct error *err)
{
	struct verdict *verdict = j->verdict;
	unsigned node;

	verdict->ops = passes->counts.ops;
	verdict->reads = passes->counts.reads;
	verdict->writes = passes->counts.writes;
	verdict->unknown = passes->counts.unknown;
	for (node = 0; node < NODES; node++) {
		struct exposures *reader = &verdict->readers[node];

		*reader = findings->exposures[node];
		reader->all += passes->exposures[node];
		verdict->exposures += reader->all;
		verdict->stale_exposures += reader->stale;
	}
	verdict->torn_permitted = findings->torn_permitted;
	verdict->undecided = passes->undecided;
	verdict->n_violations = findings->n;
	memcpy(verdict->classes, findings->classes, sizeof(verdict->classes));
	verdict->shard = j->options.shard;
	verdict->shards = j->options.shards;
	round_marks_join(&findings->rounds, &passes->rounds);
	round_marks_count(&findings->rounds, &verdict->rounds, &verdict->stale_rounds);
	verdict_rates(verdict);
	fs_evidence_make(&j->scan, &verdict->facts, &verdict->fs);
	fill_first(j, findings);
	models_decide(findings->broke, j->options.passes & PASS_ACROSS, verdict);
	return findings_examples(findings, verdict, err);
}

static void add_warning(struct verdict *verdict, const char *warning)
{
	size_t used = strlen(verdict->warning);

	if (*warning)
		snprintf(verdict->warning + used, sizeof(verdict->warning) - used, "%s%s",
			 used ? "; " : "", warning);
}

static void fill_warnings(const struct judging *j, const struct findings *findings)
{
	unsigned node;
	char text[192];

	add_warning(j->verdict, j->tapes->loaded.warning);
	add_warning(j->verdict, j->bounds.warning);
	for (node = 0; node < NODES; node++) {
		if (j->scan.header_nodes >> node & 1)
			continue;
		snprintf(text, sizeof(text),
			 "no history of node %c was given: reads of its writes are not judged",
			 'a' + (int)node);
		add_warning(j->verdict, text);
	}
	if (!findings->windows)
		return;
	snprintf(text, sizeof(text),
		 "%" PRIu64 " units have so many operations that only those around the first "
		 "violation were looked at: there may be more violations",
		 findings->windows);
	add_warning(j->verdict, text);
}

/* Judge with the middle of the clock bounds. Where that is impossible there are no suspects. */
static int count_suspects(struct judging *j, uint64_t certain, struct error *err)
{
	unsigned passes = j->options.passes;
	struct findings findings;
	struct passes suspect;
	struct error why;
	uint64_t innocent[2];
	int result;

	j->bounds.best_guess = true;
	j->options.passes = PASS_STREAM;
	result = run(j, &suspect, &findings, innocent, &why);
	j->options.passes = passes;
	if (result < 0) {
		if (err)
			*err = why;
		return why.kind == ERROR_WORLD ? -1 : 0;
	}
	if (findings.accused > certain)
		j->verdict->suspect = findings.accused - certain;
	findings_done(&findings);
	passes_done(&suspect);
	return 0;
}

static bool has_width(const struct judging *j)
{
	return j->bounds.clock == HISTORY_CLOCK_BOUNDS &&
	       (j->bounds.n_links || j->bounds.lo < j->bounds.hi);
}

static int judge(struct judging *j, struct error *err)
{
	uint64_t innocent[2], accused;
	struct findings findings;
	struct passes passes;
	int result;

	if (run(j, &passes, &findings, innocent, err) < 0)
		return -1;
	compare(j, &passes, innocent);
	fill_warnings(j, &findings);
	accused = findings.accused;
	result = fill_verdict(j, &passes, &findings, err);
	findings_done(&findings);
	passes_done(&passes);
	if (!result && has_width(j))
		result = count_suspects(j, accused, err);
	return result;
}

int judgement_make(struct tapes *tapes, const struct check_options *options,
		   struct verdict *verdict, struct error *err)
{
	struct judging j = {.tapes = tapes,
			    .options = {.passes = PASS_ALL},
			    .verdict = verdict,
			    .bounds = {.clock = HISTORY_CLOCK_NONE}};
	int result = -1;

	if (options) {
		j.options.passes = options->passes ? options->passes : PASS_ALL;
		j.options.threads = options->threads;
		j.options.shard = options->shard;
		j.options.shards = options->shards;
		j.options.progress = options->progress;
		j.group_ops = options->group_ops;
	}
	judge_progress_step(&j.options.progress, "reading", 0, 1);
	if (scan_tapes(tapes, j.options.threads, &j.scan, err) < 0)
		return -1;
	if (clock_bounds_build(&tapes->loaded.header, j.scan.samples, j.scan.n_samples,
			       j.scan.pings, j.scan.n_pings, &j.bounds, err) < 0)
		goto out;
	result = judge(&j, err);
out:
	clock_bounds_done(&j.bounds);
	scan_done(&j.scan);
	if (result < 0)
		verdict_done(verdict);
	return result;
}
