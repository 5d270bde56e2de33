/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_read_counts.c - the counts of a cell, read back from a JSON verdict; and whether they can
 * be.
 *
 * Each relation here follows from how a history is counted, so that no verdict of ours breaks one:
 *
 *   - operations are reads, writes and flushes; any of them may have an unknown outcome;
 *   - each violation is of one class; what proves one across units marks no unit, all else does;
 *   - without a read nothing is exposed, violated, suspect or torn, without an operation nothing is
 *     marked or let go, and an exposure takes another node's write;
 *   - a read of several units may be an exposure in each. So exposures can be more than reads.
 *
 * The last two hold of a whole. A shard counts an operation where its first unit is, but what it
 * shows where that unit is: it can have an exposure, even a violation, and no read of its own.
 *
 * Rounds are not compared with exposures: each pass marks rounds of its own.
 */
#include "report/report_read_parts.h"

#include <inttypes.h>

#define COUNTS (sizeof(counts) / sizeof(counts[0]))

enum need { NEEDS_NOTHING, NEEDS_OPERATION, NEEDS_READ };

static const struct count {
	const char *key;
	size_t offset;
	enum need need; /* in a whole */
} counts[] = {
	{"operations", offsetof(struct verdict, ops), NEEDS_NOTHING},
	{"reads", offsetof(struct verdict, reads), NEEDS_NOTHING},
	{"writes", offsetof(struct verdict, writes), NEEDS_NOTHING},
	{"unknown", offsetof(struct verdict, unknown), NEEDS_NOTHING},
	{"exposures", offsetof(struct verdict, exposures), NEEDS_READ},
	{"stale_exposures", offsetof(struct verdict, stale_exposures), NEEDS_READ},
	{"rounds", offsetof(struct verdict, rounds), NEEDS_READ},
	{"stale_rounds", offsetof(struct verdict, stale_rounds), NEEDS_READ},
	{"violations", offsetof(struct verdict, n_violations), NEEDS_READ},
	{"suspect", offsetof(struct verdict, suspect), NEEDS_READ},
	{"torn_permitted", offsetof(struct verdict, torn_permitted), NEEDS_READ},
	{"undecided", offsetof(struct verdict, undecided), NEEDS_OPERATION},
	{"stream_units", offsetof(struct verdict, stream_units), NEEDS_OPERATION},
	{"exact_units", offsetof(struct verdict, exact_units), NEEDS_OPERATION},
};

static uint64_t count_of(const struct verdict *verdict, size_t i)
{
	return *(const uint64_t *)((const char *)verdict + counts[i].offset);
}

/* Exposures by the node that read. */
static int read_readers(struct place *place, const json_t *cell, struct verdict *ret)
{
	static const char *const nodes[NODES] = {"a", "b"};
	static const char *const keys[] = {"exposures", "stale_exposures"};
	const json_t *readers = json_object_get(cell, "readers"), *reader;
	size_t back = place_enter(place, "readers"), inner;
	unsigned n;

	if (get_keys(place, readers, nodes, NODES) < 0)
		return -1;
	for (n = 0; n < NODES; n++) {
		reader = json_object_get(readers, nodes[n]);
		inner = place_enter(place, nodes[n]);
		if (get_keys(place, reader, keys, 2) < 0 ||
		    get_u64(place, reader, keys[0], &ret->readers[n].all) < 0 ||
		    get_u64(place, reader, keys[1], &ret->readers[n].stale) < 0)
			return -1;
		place_leave(place, inner);
	}
	place_leave(place, back);
	return 0;
}

int read_counts(struct place *place, const json_t *cell, struct verdict *ret)
{
	const json_t *classes = json_object_get(cell, "classes");
	size_t i, back, known = 0;

	for (i = 0; i < COUNTS; i++) {
		if (get_u64(place, cell, counts[i].key,
			    (uint64_t *)((char *)ret + counts[i].offset)) < 0)
			return -1;
	}
	if (read_readers(place, cell, ret) < 0)
		return -1;
	back = place_enter(place, "classes");
	if (!json_is_object(classes))
		return place_fail(place, NULL, "an object is expected");
	for (i = 0; i < ANOMALIES; i++) {
		if (!json_object_get(classes, anomaly_names[i]))
			continue;
		if (get_u64(place, classes, anomaly_names[i], &ret->classes[i]) < 0)
			return -1;
		if (!ret->classes[i])
			return place_fail(place, anomaly_names[i],
					  "0; a class that has no violation is not listed");
		known++;
	}
	if (known != json_object_size(classes))
		return place_fail(place, NULL, "a class that is not known");
	place_leave(place, back);
	return 0;
}

/* more: how many of `key` there are, which cannot be more than the `of` there are of `what`. */
static int check_most(const struct place *place, const char *key, uint64_t more, uint64_t of,
		      const char *what)
{
	if (more <= of)
		return 0;
	return place_fail(place, key, "%" PRIu64 ", more than there are %s (%" PRIu64 ")", more,
			  what, of);
}

static int check_operations(const struct place *place, const struct verdict *v)
{
	if (check_most(place, "reads", v->reads, v->ops, "operations") < 0 ||
	    check_most(place, "writes", v->writes, v->ops - v->reads,
		       "operations that are no reads") < 0)
		return -1;
	return check_most(place, "unknown", v->unknown, v->ops, "operations");
}

static bool is_sum(uint64_t of, uint64_t a, uint64_t b)
{
	uint64_t sum;

	return !__builtin_add_overflow(a, b, &sum) && sum == of;
}

/* Each exposure is of one reader. */
static int check_exposures(const struct place *place, const struct verdict *v)
{
	const struct exposures *a = &v->readers[0], *b = &v->readers[1];

	if (check_most(place, "stale_exposures", v->stale_exposures, v->exposures, "exposures") < 0)
		return -1;
	if (!is_sum(v->exposures, a->all, b->all) ||
	    !is_sum(v->stale_exposures, a->stale, b->stale) || a->stale > a->all ||
	    b->stale > b->all)
		return place_fail(place, "readers",
				  "does not add up to exposures and stale_exposures");
	return check_most(place, "stale_rounds", v->stale_rounds, v->rounds, "rounds");
}

/* What a whole cannot have, but a shard may. */
static int check_whole(const struct place *place, const struct verdict *v)
{
	size_t i;

	for (i = 0; i < COUNTS; i++) {
		uint64_t count = count_of(v, i);

		if (count && ((counts[i].need == NEEDS_READ && !v->reads) ||
			      (counts[i].need == NEEDS_OPERATION && !v->ops)))
			return place_fail(place, counts[i].key,
					  "%" PRIu64 ", though there are no %s", count,
					  counts[i].need == NEEDS_READ ? "reads" : "operations");
	}
	if (v->exposures && !v->writes)
		return place_fail(place, "exposures", "%" PRIu64 ", though there are no writes",
				  v->exposures);
	if (v->reads > UINT64_MAX / UINT16_MAX)
		return 0;
	return check_most(place, "exposures", v->exposures, v->reads * UINT16_MAX,
			  "units that so many reads can touch");
}

/* Each violation is of one class, and so are those that are shown. */
static int check_classes(const struct place *place, const struct verdict *v)
{
	uint64_t sum = 0, shown[ANOMALIES] = {0};
	size_t i;

	for (i = 0; i < ANOMALIES; i++) {
		if (v->classes[i] > v->n_violations - sum)
			break;
		sum += v->classes[i];
	}
	if (i < ANOMALIES || sum != v->n_violations)
		return place_fail(place, "violations",
				  "%" PRIu64 ", which is not the sum of the classes",
				  v->n_violations);
	for (i = 0; i < v->n_examples; i++)
		shown[v->examples[i].anomaly]++;
	for (i = 0; i < ANOMALIES; i++) {
		if (shown[i] > v->classes[i])
			return place_fail(place, "examples",
					  "%" PRIu64 " are %s, though there are %" PRIu64
					  " such violations",
					  shown[i], anomaly_names[i], v->classes[i]);
	}
	return 0;
}

/* What of a verdict follows from its counts. A judge that contradicts itself is an error; joined
 * with shards that found violations, it is the reason of theirs. */
static int check_verdict(const struct place *place, const struct verdict *v)
{
	bool clean = v->kind == VERDICT_CONSISTENT || v->kind == VERDICT_INCONCLUSIVE;
	bool violated = v->kind == VERDICT_VIOLATED;
	bool marked = v->stream_units || v->exact_units;
	uint64_t across =
		v->classes[ANOMALY_CAUSAL_VIOLATION] + v->classes[ANOMALY_STORE_BUFFERING];

	bool damaged = v->fs.state == FS_DAMAGED;

	if (damaged && (clean || (v->kind == VERDICT_ERROR && !*v->reason)))
		return place_fail(place, "verdict", "%s, though the file system was damaged",
				  verdict_kind_names[v->kind]);
	if (clean ? v->n_violations > 0 : violated && !v->n_violations && !damaged)
		return place_fail(place, "verdict", "%s, though there are %" PRIu64 " violations",
				  verdict_kind_names[v->kind], v->n_violations);
	if (v->kind == VERDICT_CONSISTENT && !v->ops && !v->shards)
		return place_fail(place, "verdict", "consistent, though there are no operations");
	if (v->first_known && !v->n_violations)
		return place_fail(place, "first_violation_s", "though there are no violations");
	if (v->n_violations > across && !marked)
		return place_fail(place, "exact_units",
				  "0, though there are violations within a unit");
	if (clean || (violated && !*v->reason))
		return check_most(place, "stream_units", v->stream_units, v->exact_units,
				  "exact_units");
	return 0;
}

/* A bound follows from trials and a confidence, and there is none without. */
static int check_rates(const struct place *place, const struct verdict *v)
{
	bool asked = v->facts.confidence > 0;

	if (v->rate_known != (asked && v->exposures))
		return place_fail(place, "rate_upper",
				  "is null just where confidence is, or exposures are 0");
	if (v->round_rate_known != (asked && v->rounds))
		return place_fail(place, "round_rate_upper",
				  "is null just where confidence is, or rounds are 0");
	return 0;
}

/* Of what was let go nobody knows whether it broke a model. */
static int check_models(struct place *place, const struct verdict *v)
{
	size_t i, back = place_enter(place, "models");

	for (i = 0; i < MODELS; i++) {
		if (v->undecided && v->models[i] == MODEL_HELD)
			return place_fail(place, model_names[i],
					  "held, though %" PRIu64 " reads are undecided",
					  v->undecided);
	}
	place_leave(place, back);
	return 0;
}

int check_counts(struct place *place, const struct verdict *verdict)
{
	if (check_operations(place, verdict) < 0 || check_exposures(place, verdict) < 0 ||
	    (verdict->shards < 2 && check_whole(place, verdict) < 0) ||
	    check_classes(place, verdict) < 0 || check_verdict(place, verdict) < 0 ||
	    check_rates(place, verdict) < 0)
		return -1;
	return check_models(place, verdict);
}
