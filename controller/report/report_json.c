/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_json.c - the report for programs; docs/verdict.schema.json is the contract.
 *
 * Every 64-bit number and every time in ns is a decimal string, because many JSON readers keep
 * numbers as doubles. What is not known is null, never 0 or a missing key. Texts from outside
 * pass through printable(): JSON must be UTF-8.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "history/history_text.h"
#include "common/parse.h"
#include "report/report.h"
#include "report/report_sides.h"
#include "report/report_fs.h"
#include "report/report_words.h"

#define SCHEMA 1
#define REAL_DIGITS 9

static const char *const node_names[NODES] = {"a", "b"};

static json_t *u64(uint64_t value)
{
	return json_sprintf("%" PRIu64, value);
}

static json_t *u64_or_null(bool known, uint64_t value)
{
	return known ? u64(value) : json_null();
}

static json_t *real_or_null(bool known, double value)
{
	return known ? json_real(value) : json_null();
}

static json_t *text(const char *from)
{
	char clean[FACTS_TEXT_MAX];

	return json_string(printable(from, strlen(from), clean, sizeof(clean)));
}

static json_t *text_or_null(const char *from)
{
	return from && from[0] ? text(from) : json_null();
}

/* Add to an object; jansson takes the value over, and a NULL (no memory) makes it fail. */
static void add(json_t *object, const char *key, json_t *value, bool *failed)
{
	*failed |= json_object_set_new(object, key, value) < 0;
}

/* A torn value can be as long as it likes: room on the heap. */
static json_t *value_json(const struct value *value)
{
	char *room = malloc(VALUE_TEXT_MAX);
	json_t *json = room ? json_string(value_format(value, room)) : NULL;

	free(room);
	return json;
}

static void add_place(json_t *object, const struct cell_facts *facts, uint64_t unit, bool *failed)
{
	unsigned file = 0;
	uint64_t offset = 0;
	bool known = words_locate(facts, unit, &file, &offset);

	add(object, "unit", u64(unit), failed);
	add(object, "file", known ? json_sprintf("data.%02u", file) : json_null(), failed);
	add(object, "offset", u64_or_null(known, offset), failed);
}

static json_t *witness_json(const struct cell_facts *facts, const struct witness *w, bool *failed)
{
	const struct op *op = &w->op;
	json_t *json = json_object();

	add(json, "role", text(w->role), failed);
	add(json, "source", text(words_source(facts, w)), failed);
	add(json, "node", json_string(node_names[op->node]), failed);
	add(json, "lane", json_integer(op->lane), failed);
	add(json, "op", json_string(op_kind_names[op->kind]), failed);
	add_place(json, facts, op->unit, failed);
	add(json, "count", json_integer(op->count), failed);
	add(json, "invoke", u64(op->invoke), failed);
	add(json, "complete", u64_or_null(op->complete != TIME_NONE, op->complete), failed);
	add(json, "outcome", json_string(op_outcome_names[op->outcome]), failed);
	add(json, "value", value_json(&op->value), failed);
	add(json, "after", u64(op->after), failed);
	add(json, "peer", u64(op->peer), failed);
	return json;
}

static json_t *example_json(const struct cell_facts *facts, const struct violation *v, bool *failed)
{
	json_t *json = json_object(), *witness = json_array();
	unsigned i;

	add(json, "class", json_string(anomaly_names[v->anomaly]), failed);
	add(json, "node", json_string(node_names[v->node]), failed);
	add_place(json, facts, v->unit, failed);
	add(json, "by_message", json_boolean(v->by_message), failed);
	add(json, "margin_ns",
	    v->by_message || !v->margin_ns ? json_null() : json_sprintf("%" PRId64, v->margin_ns),
	    failed);
	add(json, "generations", u64_or_null(v->generations, v->generations), failed);
	add(json, "staleness_ns", u64_or_null(v->staleness_known, v->staleness_ns), failed);
	add(json, "repeats", u64(v->repeats), failed);
	add(json, "healed", json_boolean(v->healed), failed);
	add(json, "layer", json_null(), failed);
	for (i = 0; i < v->n_witnesses; i++)
		*failed |= json_array_append_new(witness,
						 witness_json(facts, &v->witnesses[i], failed)) < 0;
	add(json, "witness", witness, failed);
	return json;
}

static void add_examples(json_t *cell, const struct verdict *v, bool *failed)
{
	json_t *examples = json_array();
	size_t i;

	for (i = 0; i < v->n_examples; i++)
		*failed |= json_array_append_new(
				   examples, example_json(&v->facts, &v->examples[i], failed)) < 0;
	add(cell, "examples", examples, failed);
}

static json_t *classes_json(const struct verdict *v, bool *failed)
{
	json_t *json = json_object();
	unsigned c;

	for (c = 0; c < ANOMALIES; c++) {
		if (v->classes[c])
			add(json, anomaly_names[c], u64(v->classes[c]), failed);
	}
	return json;
}

static json_t *gfs2_json(const struct cell_facts *facts, bool *failed)
{
	json_t *json;

	if (!facts->id[0])
		return json_null();
	json = json_object();
	add(json, "withdraws", json_integer(facts->withdraws), failed);
	add(json, "kernel_errors", json_integer(facts->kernel_errors), failed);
	add(json, "kernel_first", text_or_null(facts->kernel_first), failed);
	add(json, "fsck_errors", facts->fsck_known ? json_integer(facts->fsck_errors) : json_null(),
	    failed);
	add(json, "fsck_first", text_or_null(facts->fsck_first), failed);
	return json;
}

/* What was counted of each node's disk; null where that is not known. */
static json_t *disks_json(const struct cell_facts *facts, bool *failed)
{
	json_t *disks = json_object(), *disk;
	unsigned n;

	for (n = 0; n < NODES; n++) {
		disk = json_object();
		add(disk, "cached_before",
		    u64_or_null(facts->cached_before_known[n], facts->cached_before[n]), failed);
		add(disk, "flushes", u64_or_null(facts->flushes_known[n], facts->flushes[n]),
		    failed);
		add(disks, node_names[n], disk, failed);
	}
	return disks;
}

/* Where units lie in the target's files; null where that is not known. */
static json_t *target_json(const struct cell_facts *facts, bool *failed)
{
	json_t *json;

	if (!facts->unit && !facts->units && !facts->files)
		return json_null();
	json = json_object();
	add(json, "unit", json_integer(facts->unit), failed);
	add(json, "units", u64(facts->units), failed);
	add(json, "files", json_integer(facts->files), failed);
	return json;
}

/* What was asked and what was in effect; all null for a bare history. */
static json_t *replicas_json(const struct cell_facts *facts, bool *failed)
{
	enum replicas_state state = cell_facts_replicas(facts);
	json_t *json;

	if (state == REPLICAS_NOT_ASKED)
		return json_null();
	json = json_object();
	add(json, "verdict", json_string(replicas_state_names[state]), failed);
	add(json, "out_of_sync_kib",
	    u64_or_null(facts->replicas_known, facts->replicas_out_of_sync), failed);
	add(json, "note", text_or_null(facts->replicas_note), failed);
	return json;
}

static void add_facts(json_t *cell, const struct cell_facts *facts, bool *failed)
{
	bool known = facts->id[0];
	char asked[WORDS_MAX];
	json_t *effective = json_object();
	unsigned n;

	add(cell, "id", text_or_null(facts->id), failed);
	add(cell, "selector", text_or_null(facts->selector), failed);
	add(cell, "cache", known ? text(words_asked(facts, asked)) : json_null(), failed);
	for (n = 0; n < NODES; n++)
		add(effective, node_names[n],
		    facts->effective_known[n] ? json_string(cache_mode_names[facts->effective[n]])
					      : json_null(),
		    failed);
	add(cell, "effective", effective, failed);
	add(cell, "path", text_or_null(facts->path), failed);
	add(cell, "workload", text_or_null(facts->workload), failed);
	add(cell, "fault", text_or_null(facts->fault), failed);
	add(cell, "repeat", known ? json_integer(facts->repeat) : json_null(), failed);
	add(cell, "target", target_json(facts, failed), failed);
	add(cell, "expected",
	    facts->has_expected ? json_string(verdict_kind_names[facts->expected]) : json_null(),
	    failed);
	add(cell, "not-run", text_or_null(facts->not_run), failed);
	add(cell, "disks", disks_json(facts, failed), failed);
	add(cell, "gfs2", gfs2_json(facts, failed), failed);
}

static json_t *shard_json(const struct verdict *v, bool *failed)
{
	json_t *json;

	if (!v->shards)
		return json_null();
	json = json_object();
	add(json, "number", json_integer(v->shard), failed);
	add(json, "of", json_integer(v->shards), failed);
	return json;
}

static json_t *models_json(const struct verdict *v, bool *failed)
{
	json_t *json = json_object();
	unsigned m;

	for (m = 0; m < MODELS; m++)
		add(json, model_names[m], json_string(model_state_names[v->models[m]]), failed);
	return json;
}

/* Exposures by the node that read. */
static json_t *readers_json(const struct verdict *v, bool *failed)
{
	json_t *json = json_object(), *reader;
	unsigned n;

	for (n = 0; n < NODES; n++) {
		reader = json_object();
		add(reader, "exposures", u64(v->readers[n].all), failed);
		add(reader, "stale_exposures", u64(v->readers[n].stale), failed);
		add(json, node_names[n], reader, failed);
	}
	return json;
}

static void add_counts(json_t *cell, const struct verdict *v, bool *failed)
{
	add(cell, "operations", u64(v->ops), failed);
	add(cell, "reads", u64(v->reads), failed);
	add(cell, "writes", u64(v->writes), failed);
	add(cell, "unknown", u64(v->unknown), failed);
	add(cell, "exposures", u64(v->exposures), failed);
	add(cell, "stale_exposures", u64(v->stale_exposures), failed);
	add(cell, "readers", readers_json(v, failed), failed);
	add(cell, "rounds", u64(v->rounds), failed);
	add(cell, "stale_rounds", u64(v->stale_rounds), failed);
	add(cell, "violations", u64(v->n_violations), failed);
	add(cell, "suspect", u64(v->suspect), failed);
	add(cell, "torn_permitted", u64(v->torn_permitted), failed);
	add(cell, "undecided", u64(v->undecided), failed);
	add(cell, "stream_units", u64(v->stream_units), failed);
	add(cell, "exact_units", u64(v->exact_units), failed);
	add(cell, "shard", shard_json(v, failed), failed);
}

static void add_rates(json_t *cell, const struct verdict *v, bool *failed)
{
	add(cell, "confidence", real_or_null(v->facts.confidence > 0, v->facts.confidence), failed);
	add(cell, "max_rate", real_or_null(v->facts.max_rate > 0, v->facts.max_rate), failed);
	add(cell, "rate_lower", real_or_null(v->rate_known, v->rate_lower), failed);
	add(cell, "rate_upper", real_or_null(v->rate_known, v->rate_upper), failed);
	add(cell, "round_rate_lower", real_or_null(v->round_rate_known, v->round_rate_lower),
	    failed);
	add(cell, "round_rate_upper", real_or_null(v->round_rate_known, v->round_rate_upper),
	    failed);
	add(cell, "first_violation_s", real_or_null(v->first_known, v->first_violation_s), failed);
}

static json_t *cell_json(const struct verdict *v, bool *failed)
{
	json_t *cell = json_object();

	add_facts(cell, &v->facts, failed);
	add(cell, "file_system", file_system_json(&v->fs), failed);
	add(cell, "replicas", replicas_json(&v->facts, failed), failed);
	add(cell, "verdict", json_string(verdict_kind_names[v->kind]), failed);
	add(cell, "as_expected", json_boolean(check_exit_status(v) == 0), failed);
	add(cell, "reason", text_or_null(words_reason(v)), failed);
	add(cell, "warning", text_or_null(v->warning), failed);
	add_counts(cell, v, failed);
	add_rates(cell, v, failed);
	add(cell, "classes", classes_json(v, failed), failed);
	add(cell, "models", models_json(v, failed), failed);
	add_examples(cell, v, failed);
	return cell;
}

int report_json(FILE *out, const struct verdict *verdicts, size_t n,
		const struct report_options *options)
{
	json_t *root = json_object(), *cells = json_array();
	bool failed = false;
	char *dump = NULL;
	size_t i;

	add(root, "schema", json_integer(SCHEMA), &failed);
	add(root, "run", text_or_null(options ? options->run : NULL), &failed);
	add(root, "verdict", json_string(verdict_kind_names[report_overall(verdicts, n)]), &failed);
	add(root, "exit_status", json_integer(n ? check_exit_status_all(verdicts, n) : 3), &failed);
	add(root, "sides", sides_json(verdicts, n), &failed);
	for (i = 0; i < n; i++)
		failed |= json_array_append_new(cells, cell_json(&verdicts[i], &failed)) < 0;
	add(root, "cells", cells, &failed);
	if (!failed)
		dump = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(REAL_DIGITS));
	json_decref(root);
	if (!dump) {
		errno = ENOMEM;
		return -1;
	}
	fprintf(out, "%s\n", dump);
	free(dump);
	return fflush(out) || ferror(out) ? -1 : 0;
}
