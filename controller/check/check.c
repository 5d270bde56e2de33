/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * check.c - the judge from outside: a cell of a run, or bare files; and what a verdict means for
 * the exit status.
 *
 * The kinds, first match:
 *   error         the judge contradicts itself, or the cell was not run
 *   invalid       it did not test what it claims, whatever was found
 *   violated      proven, by what was read or by the file system's own voice; a cell that ended in
 *                 an error may have proven it before (the reason says)
 *   error         it could not be carried out to its end
 *   inconclusive  no operation was there to judge; or a rate was demanded, and the exposures do not
 *                 bound it that low
 *   consistent    else
 */
#include "check/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/judgement.h"
#include "rundir/rundir.h"

/* What is wrong with the cell as a test; "" if nothing. */
static void find_invalid(const struct cell_facts *facts, char ret[FACTS_TEXT_MAX])
{
	unsigned node;

	snprintf(ret, FACTS_TEXT_MAX, "%s", facts->invalid);
	for (node = 0; node < NODES && !*ret; node++) {
		enum cache_mode asked = facts->asked[node], effective = facts->effective[node];

		if (asked == CACHE_DEFAULT)
			continue;
		if (facts->effective_known[node] && effective != asked)
			snprintf(ret, FACTS_TEXT_MAX,
				 "on host %c cache mode %s is in effect, not %s as asked",
				 'a' + (int)node, cache_mode_names[effective],
				 cache_mode_names[asked]);
		else if (!facts->effective_known[node] && !*facts->error)
			snprintf(ret, FACTS_TEXT_MAX,
				 "the cache mode in effect on host %c is not proven",
				 'a' + (int)node);
	}
}

/* Churn is there to make the file system speak. That it did not is no proof. */
static void say_nothing_read(const struct verdict *verdict, char ret[FACTS_TEXT_MAX])
{
	const struct fs_evidence *fs = &verdict->fs;

	if (!fs->churned)
		snprintf(ret, FACTS_TEXT_MAX,
			 "the history has no operation: nothing could be judged");
	else
		snprintf(ret, FACTS_TEXT_MAX,
			 "no operation was there to judge; in %llu operations of churn %s, and %s",
			 (unsigned long long)fs->churned,
			 fs->state == FS_UNCLEAR
				 ? "damage was heard that something else may explain"
				 : "no damage was heard",
			 !verdict->facts.fsck_known   ? "fsck did not look"
			 : verdict->facts.fsck_errors ? "fsck complained"
						      : "fsck found none");
}

static bool is_inconclusive(const struct verdict *verdict, char ret[FACTS_TEXT_MAX])
{
	const struct cell_facts *facts = &verdict->facts;

	/* A shard may be empty: the whole decides. */
	if (!verdict->ops && !verdict->shards) {
		say_nothing_read(verdict, ret);
		return true;
	}
	if (facts->max_rate <= 0)
		return false;
	if (!verdict->rate_known) {
		snprintf(ret, FACTS_TEXT_MAX,
			 "no read could have shown a stale value, though a rate below %g is asked "
			 "for",
			 facts->max_rate);
		return true;
	}
	if (verdict->rate_upper <= facts->max_rate)
		return false;
	snprintf(ret, FACTS_TEXT_MAX,
		 "%llu exposures bound the rate of stale reads by %.2g only, not by %g, at "
		 "confidence %g",
		 (unsigned long long)verdict->exposures, verdict->rate_upper, facts->max_rate,
		 facts->confidence);
	return true;
}

void verdict_decide(struct verdict *verdict, bool bare)
{
	const struct cell_facts *facts = &verdict->facts;
	char invalid[FACTS_TEXT_MAX] = "";

	if (!bare)
		find_invalid(facts, invalid);
	if (*verdict->fault) {
		verdict->kind = VERDICT_ERROR;
		snprintf(verdict->reason, sizeof(verdict->reason), "%s", verdict->fault);
	} else if (*facts->not_run) {
		verdict->kind = VERDICT_ERROR;
		snprintf(verdict->reason, sizeof(verdict->reason), "%s", facts->not_run);
	} else if (*facts->refused) {
		verdict->kind = VERDICT_REFUSED;
		snprintf(verdict->reason, sizeof(verdict->reason), "%s", facts->refused);
	} else if (*invalid) {
		verdict->kind = VERDICT_INVALID;
		snprintf(verdict->reason, sizeof(verdict->reason), "%s", invalid);
	} else if (verdict->n_violations || verdict->fs.state == FS_DAMAGED) {
		verdict->kind = VERDICT_VIOLATED;
		snprintf(verdict->reason, sizeof(verdict->reason), "%s", facts->error);
	} else if (*facts->error) {
		verdict->kind = VERDICT_ERROR;
		snprintf(verdict->reason, sizeof(verdict->reason), "%s", facts->error);
	} else if (is_inconclusive(verdict, verdict->reason)) {
		verdict->kind = VERDICT_INCONCLUSIVE;
	} else {
		verdict->kind = VERDICT_CONSISTENT;
	}
}

static void apply_options(struct cell_facts *facts, const struct check_options *options)
{
	if (options && options->confidence > 0)
		facts->confidence = options->confidence;
	if (options && options->max_rate > 0)
		facts->max_rate = options->max_rate;
}

static bool exists(const char *path)
{
	return path && access(path, F_OK) == 0;
}

/* The histories and facts of one cell -> *verdict, which is zero but for its facts. */
static int judge_cell(const char *const paths[NODES], bool complete,
		      const struct check_options *options, struct verdict *verdict,
		      struct error *err)
{
	const struct cell_facts *facts = &verdict->facts;
	bool interrupted = !complete || *facts->error || *facts->not_run;
	struct tapes tapes;
	unsigned node;
	int result;

	fs_evidence_make(NULL, facts, &verdict->fs);
	/* A cell that failed early has no histories to judge; any other without is damaged. */
	if ((*facts->error || *facts->not_run || *facts->refused || *facts->invalid) &&
	    (!exists(paths[0]) || !exists(paths[1])))
		return 0;
	if (tapes_open(paths, NODES, complete, &tapes, err) < 0)
		return -1;
	/* Of a cell that was cut off, an operation may have happened that no record tells of. */
	for (node = 0; node < NODES; node++)
		tapes.loaded.open_ended[node] |= interrupted;
	result = judgement_make(&tapes, options, verdict, err);
	tapes_close(&tapes);
	return result;
}

int check_cell(const char *run, const char *cell, const struct check_options *options,
	       struct verdict *ret, struct error *err)
{
	char *paths[NODES] = {rundir_path(run, cell, "a.history"),
			      rundir_path(run, cell, "b.history")};
	char *facts = rundir_path(run, cell, "cell.json");
	char *complete = rundir_path(run, NULL, "complete");
	struct verdict *verdict = calloc(1, sizeof(*verdict));
	int result = -1;

	if (!paths[0] || !paths[1] || !facts || !complete || !verdict) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	if (cell_facts_read(facts, &verdict->facts, err) < 0)
		goto out;
	apply_options(&verdict->facts, options);
	if (judge_cell((const char *const *)paths, exists(complete), options, verdict, err) < 0)
		goto out;
	verdict_decide(verdict, false);
	*ret = *verdict;
	result = 0;
out:
	free(verdict);
	free(paths[0]);
	free(paths[1]);
	free(facts);
	free(complete);
	return result;
}

/* The file lies in a cell of a run that came to its end: RUN/cells/ID/file beside RUN/complete. */
static bool of_complete_run(const char *path)
{
	const char *slash = strrchr(path, '/');
	char marker[4096];

	snprintf(marker, sizeof(marker), "%.*s/../../complete", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	return exists(marker);
}

int check_files(const char *const *paths, size_t n, const struct check_options *options,
		struct verdict *ret, struct error *err)
{
	struct verdict *verdict = calloc(1, sizeof(*verdict));
	struct tapes tapes;
	bool complete = n > 0;
	int result = -1;
	size_t i;

	if (!verdict)
		return error_set(err, ERROR_WORLD, "out of memory");
	cell_facts_init(&verdict->facts);
	apply_options(&verdict->facts, options);
	for (i = 0; i < n; i++)
		complete &= of_complete_run(paths[i]);
	if (tapes_open(paths, n, complete, &tapes, err) < 0)
		goto out;
	result = judgement_make(&tapes, options, verdict, err);
	tapes_close(&tapes);
	if (!result) {
		verdict_decide(verdict, true);
		*ret = *verdict;
	}
out:
	free(verdict);
	return result;
}

int check_read_status(const struct verdict *verdict)
{
	enum verdict_kind expected =
		verdict->facts.has_expected ? verdict->facts.expected : VERDICT_CONSISTENT;

	if (verdict->kind == expected)
		return 0;
	if (verdict->kind == VERDICT_VIOLATED)
		return 1;
	/* Expected, it had its chances, and did not show. */
	if (verdict->kind == VERDICT_CONSISTENT && expected == VERDICT_VIOLATED &&
	    verdict->exposures)
		return 1;
	/* It was taken after all. */
	if (verdict->kind == VERDICT_CONSISTENT && expected == VERDICT_REFUSED)
		return 1;
	return 3;
}

int check_exit_status(const struct verdict *verdict)
{
	int status = check_read_status(verdict);

	if (cell_facts_replicas(&verdict->facts) != REPLICAS_DIFFER)
		return status;
	/* Of an invalid cell nothing follows; where damage was expected and shown, this is more. */
	if (verdict->kind == VERDICT_INVALID || (verdict->kind == VERDICT_VIOLATED && !status))
		return status;
	return 1;
}

int check_exit_status_all(const struct verdict *verdicts, size_t n)
{
	int status, worst = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		status = check_exit_status(&verdicts[i]);
		if (status == 1 || (status && !worst))
			worst = status;
	}
	return n ? worst : 3;
}
