/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * join.c - see join.h.
 *
 * Units are judged one by one and each is in one shard, so almost all counts are sums. Not so the
 * rounds: one round touches units of many shards, and which rounds a shard saw is not in its
 * verdict. The most that any shard saw is certainly not too many, and fewer rounds only make the
 * bound wider; the stale ones are at most the sum, and at most the rounds.
 *
 * A model held if it held in every shard that tells of it, and broke if it broke in one. Examples
 * come by time where two of them can be compared, which is when the same node saw them; else in the
 * order of the shards. Bounds, kind and reason are then made anew, as of a whole history.
 */
#include "check/join.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/examples.h"

#define AT(member) offsetof(struct verdict, member)

static const size_t sums[] = {
	AT(ops),
	AT(reads),
	AT(writes),
	AT(unknown),
	AT(exposures),
	AT(stale_rounds),
	AT(stale_exposures),
	AT(n_violations),
	AT(torn_permitted),
	AT(suspect),
	AT(stream_units),
	AT(exact_units),
	AT(readers[0].all),
	AT(readers[0].stale),
	AT(readers[1].all),
	AT(readers[1].stale),
};

static int say_missing(const struct verdict *const *by_shard, unsigned shards, struct error *err)
{
	unsigned i, n = 0;
	char list[128] = "";
	size_t used = 0;

	for (i = 0; i < shards; i++) {
		if (by_shard[i])
			continue;
		if (++n <= 8)
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%u",
						 used ? ", " : "", i + 1);
	}
	if (n > 8)
		snprintf(list + used, sizeof(list) - used, " and %u more", n - 8);
	return n ? error_set(err, ERROR_USER, "of %u shards these are missing: %s", shards, list)
		 : 0;
}

/* Each part to its place; the array has room for all shards. */
static int place(const struct verdict *parts, size_t n, const struct verdict **by_shard,
		 struct error *err)
{
	unsigned shards = parts[0].shards;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct verdict *part = &parts[i];

		if (!part->shards || !part->shard || part->shard > part->shards)
			return error_set(err, ERROR_USER,
					 "a verdict of the whole history, not of a shard of it, is "
					 "among those to be joined");
		if (part->shards != shards)
			return error_set(err, ERROR_USER,
					 "shard %u of %u and shard %u of %u are not of one whole",
					 parts[0].shard, shards, part->shard, part->shards);
		if (by_shard[part->shard - 1])
			return error_set(err, ERROR_USER, "shard %u of %u is there twice",
					 part->shard, shards);
		by_shard[part->shard - 1] = part;
	}
	return say_missing(by_shard, shards, err);
}

/* What must be alike between two parts. */
static int check_alike(const struct verdict *first, const struct verdict *part, struct error *err)
{
	const struct cell_facts *a = &first->facts, *b = &part->facts;
	const char *what = NULL;

	if (strcmp(a->id, b->id))
		what = "the cell";
	else if (strcmp(a->selector, b->selector))
		what = "the selector";
	else if (a->confidence < b->confidence || a->confidence > b->confidence)
		what = "the confidence";
	else if (a->max_rate < b->max_rate || a->max_rate > b->max_rate)
		what = "the rate asked for";
	else if (a->has_expected != b->has_expected || a->expected != b->expected)
		what = "the verdict expected";
	else if (cell_facts_replicas(a) != cell_facts_replicas(b) ||
		 a->replicas_out_of_sync != b->replicas_out_of_sync ||
		 strcmp(a->replicas_note, b->replicas_note))
		what = "what is known of the replicas";
	else if (!fs_evidence_same(&first->fs, &part->fs))
		what = "what the file system said";
	else if (a->unit != b->unit || a->units != b->units || a->files != b->files)
		what = "the target";
	if (!what)
		return 0;
	return error_set(err, ERROR_USER, "shards %u and %u of %u differ: %s is not the same",
			 first->shard, part->shard, first->shards, what);
}

static int add(uint64_t *to, uint64_t more, struct error *err)
{
	if (__builtin_add_overflow(*to, more, to))
		return error_set(err, ERROR_USER,
				 "the counts of the shards together do not fit 64 bits");
	return 0;
}

static void add_warning(struct verdict *to, const char *warning)
{
	size_t used = strlen(to->warning);

	/* Every shard of a history warns of the same cut record. */
	if (*warning && !strstr(to->warning, warning))
		snprintf(to->warning + used, sizeof(to->warning) - used, "%s%s", used ? "; " : "",
			 warning);
}

/* A text that none of the parts before had. */
static void take(char to[FACTS_TEXT_MAX], const char from[FACTS_TEXT_MAX])
{
	if (!*to)
		memcpy(to, from, FACTS_TEXT_MAX);
}

/*
 * Why a part could not be judged as asked is true of the whole. The reason of a verdict that was
 * read is all that is left of it: an error in spite of violations is the judge's own fault.
 */
static void add_trouble(struct verdict *to, const struct verdict *part)
{
	if (*part->facts.not_run)
		take(to->facts.not_run, part->facts.not_run);
	else if (part->kind == VERDICT_REFUSED)
		take(to->facts.refused, part->reason);
	else if (part->kind == VERDICT_INVALID)
		take(to->facts.invalid, part->reason);
	else if (part->kind == VERDICT_ERROR &&
		 (*part->fault || part->n_violations || part->fs.state == FS_DAMAGED))
		take(to->fault, part->reason);
	else if (part->kind == VERDICT_ERROR || part->kind == VERDICT_VIOLATED)
		take(to->facts.error, part->reason);
}

/* A shard without operations says nothing of a model; but what one on several units showed in its
 * units may count, though the operation itself counts in another shard. */
static void add_models(struct verdict *to, const struct verdict *part)
{
	bool has_any = part->ops || part->n_violations || part->undecided;
	unsigned i;

	for (i = 0; i < MODELS; i++) {
		if (part->models[i] == MODEL_BROKE ||
		    (part->models[i] == MODEL_UNDECIDED && to->models[i] == MODEL_HELD && has_any))
			to->models[i] = part->models[i];
	}
}

static int add_part(struct verdict *to, const struct verdict *part, struct error *err)
{
	size_t i;

	for (i = 0; i < sizeof(sums) / sizeof(sums[0]); i++) {
		if (add((uint64_t *)((char *)to + sums[i]),
			*(const uint64_t *)((const char *)part + sums[i]), err) < 0)
			return -1;
	}
	for (i = 0; i < ANOMALIES; i++) {
		if (add(&to->classes[i], part->classes[i], err) < 0)
			return -1;
	}
	add_models(to, part);
	/* What goes across units each shard follows over all of them: it counts the same. */
	if (to->undecided < part->undecided)
		to->undecided = part->undecided;
	if (to->rounds < part->rounds)
		to->rounds = part->rounds;
	if (part->first_known &&
	    (!to->first_known || part->first_violation_s < to->first_violation_s))
		to->first_violation_s = part->first_violation_s;
	to->first_known |= part->first_known;
	add_warning(to, part->warning);
	add_trouble(to, part);
	return 0;
}

/* When its node saw it, by that node's clock. */
static uint64_t seen_at(const struct violation *v)
{
	uint64_t time, latest = 0;
	unsigned i;

	for (i = 0; i < v->n_witnesses; i++) {
		const struct op *op = &v->witnesses[i].op;

		time = op->complete == TIME_NONE ? op->invoke : op->complete;
		if (op->node == v->node && time > latest)
			latest = time;
	}
	return latest;
}

/* The part whose next example comes first; next[i] counts what is taken of part i. */
static unsigned first_of(const struct verdict *const *by_shard, unsigned shards, const size_t *next)
{
	uint64_t time, least[NODES] = {0};
	unsigned i, node, best[NODES];

	for (node = 0; node < NODES; node++)
		best[node] = shards;
	for (i = 0; i < shards; i++) {
		const struct violation *v;

		if (next[i] == by_shard[i]->n_examples)
			continue;
		v = &by_shard[i]->examples[next[i]];
		time = seen_at(v);
		if (best[v->node] == shards || time < least[v->node]) {
			best[v->node] = i;
			least[v->node] = time;
		}
	}
	return best[0] < best[1] ? best[0] : best[1];
}

static int join_examples(const struct verdict *const *by_shard, unsigned shards, struct verdict *to,
			 struct error *err)
{
	size_t total = 0, done, *next = NULL;
	unsigned i, w;

	for (i = 0; i < shards && total < EXAMPLES_MAX; i++)
		total += by_shard[i]->n_examples;
	if (!total)
		return 0;
	if (total > EXAMPLES_MAX)
		total = EXAMPLES_MAX;
	to->examples = examples_new(total);
	next = calloc(shards, sizeof(*next));
	if (!to->examples || !next) {
		free(next);
		return error_set(err, ERROR_WORLD, "out of memory");
	}
	to->n_examples = total;
	for (done = 0; done < total; done++) {
		i = first_of(by_shard, shards, next);
		to->examples[done] = by_shard[i]->examples[next[i]++];
		for (w = 0; w < to->examples[done].n_witnesses; w++)
			examples_set_role(to->examples, total, done, w,
					  to->examples[done].witnesses[w].role);
	}
	free(next);
	return 0;
}

static void finish(struct verdict *verdict)
{
	if (!verdict->ops)
		memset(verdict->models, 0, sizeof(verdict->models)); /* undecided */
	if (verdict->stale_rounds > verdict->rounds)
		verdict->stale_rounds = verdict->rounds;
	verdict_rates(verdict);
	/* A bare history cannot be invalid by itself, but a part may have been called so. */
	verdict_decide(verdict, !*verdict->facts.id && !*verdict->facts.invalid);
}

static int join(const struct verdict *const *by_shard, unsigned shards, struct verdict *verdict,
		struct error *err)
{
	unsigned i;

	verdict->facts = by_shard[0]->facts;
	verdict->fs = by_shard[0]->fs;
	for (i = 0; i < MODELS; i++)
		verdict->models[i] = MODEL_HELD;
	for (i = 0; i < shards; i++) {
		if (check_alike(by_shard[0], by_shard[i], err) < 0 ||
		    add_part(verdict, by_shard[i], err) < 0)
			return -1;
	}
	if (join_examples(by_shard, shards, verdict, err) < 0)
		return -1;
	finish(verdict);
	return 0;
}

int verdict_join(const struct verdict *parts, size_t n, struct verdict *ret, struct error *err)
{
	const struct verdict **by_shard;
	struct verdict *verdict;
	int result = -1;

	if (!n)
		return error_set(err, ERROR_USER, "no verdict to join");
	by_shard = calloc((size_t)parts[0].shards + 1, sizeof(struct verdict *));
	verdict = calloc(1, sizeof(*verdict));
	if (!by_shard || !verdict) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	if (place(parts, n, by_shard, err) < 0)
		goto out;
	result = join(by_shard, parts[0].shards, verdict, err);
	if (result < 0)
		verdict_done(verdict);
	else
		*ret = *verdict;
out:
	free(verdict);
	free(by_shard);
	return result;
}
