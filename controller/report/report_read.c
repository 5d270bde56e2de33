/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_read.c - see report_read.h: the whole file and its cells; their facts, counts and examples
 * are read by the files beside.
 *
 * The file is untrusted: it may come from another machine or an editor. What report_json derives
 * (as_expected, the overall verdict, the exit status, where a unit lies) is derived again here and
 * compared, so that a file that says two things is refused, and printing what was read gives the
 * same bytes.
 */
#include "report/report_read.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "common/parse.h"
#include "report/report.h"
#include "report/report_fields.h"
#include "report/report_read_parts.h"
#include "report/report_sides.h"
#include "rundir/rundir.h"

#define SCHEMA 1
#define CELLS_MAX 65536
#define KEYS(table) table, (sizeof(table) / sizeof((table)[0]))

static const char *const cell_keys[] = {"id",
					"selector",
					"cache",
					"effective",
					"path",
					"workload",
					"fault",
					"repeat",
					"target",
					"expected",
					"not-run",
					"disks",
					"gfs2",
					"file_system",
					"replicas",
					"verdict",
					"as_expected",
					"reason",
					"warning",
					"operations",
					"reads",
					"writes",
					"unknown",
					"exposures",
					"stale_exposures",
					"readers",
					"rounds",
					"stale_rounds",
					"violations",
					"suspect",
					"torn_permitted",
					"undecided",
					"stream_units",
					"exact_units",
					"shard",
					"confidence",
					"max_rate",
					"rate_lower",
					"rate_upper",
					"round_rate_lower",
					"round_rate_upper",
					"first_violation_s",
					"classes",
					"models",
					"examples"};

static int read_models(struct place *place, const json_t *cell, struct verdict *ret)
{
	const json_t *models = json_object_get(cell, "models");
	size_t i, back = place_enter(place, "models");
	unsigned state;

	if (get_keys(place, models, model_names, MODELS) < 0)
		return -1;
	for (i = 0; i < MODELS; i++) {
		if (get_name(place, models, model_names[i], model_state_names, MODEL_STATES,
			     &state) < 0)
			return -1;
		ret->models[i] = (enum model_state)state;
	}
	place_leave(place, back);
	return 0;
}

static int read_shard(struct place *place, const json_t *cell, struct verdict *ret)
{
	static const char *const keys[] = {"number", "of"};
	const json_t *shard = json_object_get(cell, "shard");
	size_t back = place_enter(place, "shard");

	if (!json_is_null(shard) &&
	    (get_keys(place, shard, KEYS(keys)) < 0 ||
	     get_unsigned(place, shard, "of", 1, SHARDS_MAX, &ret->shards) < 0 ||
	     get_unsigned(place, shard, "number", 1, ret->shards, &ret->shard) < 0))
		return -1;
	place_leave(place, back);
	return 0;
}

/* A pair of bounds: both are known or none is. */
static int read_bounds(const struct place *place, const json_t *cell, const char *const keys[2],
		       bool *known, double *lower, double *upper)
{
	bool upper_known;

	if (get_fraction_or_null(place, cell, keys[0], known, lower) < 0 ||
	    get_fraction_or_null(place, cell, keys[1], &upper_known, upper) < 0)
		return -1;
	if (*known != upper_known)
		return place_fail(place, keys[1], "is null just where %s is", keys[0]);
	return *lower <= *upper ? 0 : place_fail(place, keys[1], "is below %s", keys[0]);
}

static int read_rates(const struct place *place, const json_t *cell, struct verdict *ret)
{
	static const char *const reads[2] = {"rate_lower", "rate_upper"};
	static const char *const rounds[2] = {"round_rate_lower", "round_rate_upper"};
	double *confidence = &ret->facts.confidence, *max_rate = &ret->facts.max_rate;
	bool known;

	*confidence = *max_rate = 0;
	if (get_fraction_or_null(place, cell, "confidence", &known, confidence) < 0)
		return -1;
	if (known && !(*confidence > 0))
		return place_fail(place, "confidence", "above 0 is meant");
	/* In the digits of the file, what is next to 1 reads 1, and is no confidence. */
	if (*confidence >= 1)
		*confidence = 1 - DBL_EPSILON;
	if (get_fraction_or_null(place, cell, "max_rate", &known, max_rate) < 0)
		return -1;
	if (known && !(*max_rate > 0))
		return place_fail(place, "max_rate", "above 0 is meant; no demand is null");
	if (read_bounds(place, cell, reads, &ret->rate_known, &ret->rate_lower, &ret->rate_upper) <
		    0 ||
	    read_bounds(place, cell, rounds, &ret->round_rate_known, &ret->round_rate_lower,
			&ret->round_rate_upper) < 0)
		return -1;
	return get_seconds_or_null(place, cell, "first_violation_s", &ret->first_known,
				   &ret->first_violation_s);
}

static int read_cell(struct place *place, const json_t *cell, struct verdict *ret)
{
	unsigned kind;
	bool as_expected;

	cell_facts_init(&ret->facts);
	if (get_keys(place, cell, KEYS(cell_keys)) < 0 ||
	    read_facts(place, cell, &ret->facts) < 0 ||
	    get_name(place, cell, "verdict", verdict_kind_names, VERDICTS, &kind) < 0 ||
	    get_text_or_null(place, cell, "reason", ret->reason, sizeof(ret->reason)) < 0 ||
	    get_text_or_null(place, cell, "warning", ret->warning, sizeof(ret->warning)) < 0 ||
	    read_file_system(place, cell, ret) < 0 || read_counts(place, cell, ret) < 0 ||
	    read_models(place, cell, ret) < 0 || read_shard(place, cell, ret) < 0 ||
	    read_rates(place, cell, ret) < 0 ||
	    get_bool(place, cell, "as_expected", &as_expected) < 0)
		return -1;
	ret->kind = (enum verdict_kind)kind;
	if (as_expected != (check_exit_status(ret) == 0))
		return place_fail(place, "as_expected", "does not agree with verdict and expected");
	return read_examples(place, cell, ret) < 0 ? -1 : check_counts(place, ret);
}

static int read_cells(struct place *place, const json_t *root, struct report_read *ret)
{
	const json_t *cells = json_object_get(root, "cells");
	size_t n = json_array_size(cells), back;

	if (!json_is_array(cells) || n > CELLS_MAX)
		return place_fail(place, "cells", "a list of at most %d is expected", CELLS_MAX);
	ret->verdicts = calloc(n ? n : 1, sizeof(*ret->verdicts));
	if (!ret->verdicts)
		return error_set(place->err, ERROR_WORLD, "%s: out of memory", place->name);
	while (ret->n < n) {
		back = place_enter_element(place, "cells", ret->n);
		ret->n++;
		if (read_cell(place, json_array_get(cells, ret->n - 1),
			      &ret->verdicts[ret->n - 1]) < 0)
			return -1;
		place_leave(place, back);
	}
	return 0;
}

/* What follows from the cells. */
static int check_sides(const struct place *place, const json_t *root,
		       const struct report_read *read)
{
	json_t *sides = sides_json(read->verdicts, read->n);
	bool same = sides && json_equal(sides, json_object_get(root, "sides"));

	if (!sides)
		return error_set(place->err, ERROR_WORLD, "%s: out of memory", place->name);
	json_decref(sides);
	return same ? 0 : place_fail(place, "sides", "is not what follows from the cells");
}

static int read_root(struct place *place, const json_t *root, struct report_read *ret)
{
	static const char *const keys[] = {"schema",	  "run",   "verdict",
					   "exit_status", "sides", "cells"};
	unsigned schema, kind, status;

	if (!json_is_object(root) || !json_object_get(root, "schema"))
		return place_fail(place, NULL, "no verdict of stalemate: no schema in it");
	if (get_unsigned(place, root, "schema", 0, INT32_MAX, &schema) < 0)
		return -1;
	if (schema != SCHEMA)
		return place_fail(place, "schema",
				  "format version %u, but this stalemate reads version %d", schema,
				  SCHEMA);
	if (get_keys(place, root, KEYS(keys)) < 0 ||
	    get_text_or_null(place, root, "run", ret->run, sizeof(ret->run)) < 0 ||
	    get_name(place, root, "verdict", verdict_kind_names, VERDICTS, &kind) < 0 ||
	    get_unsigned(place, root, "exit_status", 0, 3, &status) < 0 ||
	    read_cells(place, root, ret) < 0)
		return -1;
	if (kind != (unsigned)report_overall(ret->verdicts, ret->n))
		return place_fail(place, "verdict", "%s, but by the cells it is %s",
				  verdict_kind_names[kind],
				  verdict_kind_names[report_overall(ret->verdicts, ret->n)]);
	if (status != (unsigned)check_exit_status_all(ret->verdicts, ret->n))
		return place_fail(place, "exit_status", "%u, but by the cells it is %d", status,
				  check_exit_status_all(ret->verdicts, ret->n));
	return check_sides(place, root, ret);
}

int report_read(const char *name, const char *text, size_t len, struct report_read *ret,
		struct error *err)
{
	struct report_read read = {.n = 0};
	struct place place = {.name = name, .err = err};
	json_error_t wrong;
	json_t *root;
	char shown[JSON_ERROR_TEXT_LENGTH];
	int result;

	if (len > REPORT_READ_MAX)
		return error_set(err, ERROR_USER, "%s: larger than %zu bytes", name,
				 REPORT_READ_MAX);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &wrong);
	if (!root)
		return error_set(err, ERROR_USER, "%s:%d: not JSON: %s", name, wrong.line,
				 printable(wrong.text, strlen(wrong.text), shown, sizeof(shown)));
	result = read_root(&place, root, &read);
	json_decref(root);
	if (result < 0)
		report_read_done(&read);
	else
		*ret = read;
	return result;
}

int report_check(const char *name, const struct report_read *read, struct error *err)
{
	struct place place = {.name = name, .err = err};
	size_t i, back;

	for (i = 0; i < read->n; i++) {
		back = place_enter_element(&place, "cells", i);
		if (check_counts(&place, &read->verdicts[i]) < 0)
			return -1;
		place_leave(&place, back);
	}
	return 0;
}

int report_read_file(const char *path, struct report_read *ret, struct error *err)
{
	size_t len;
	char *text = rundir_read_file(path, REPORT_READ_MAX, &len, err);
	int result;

	if (!text)
		return -1;
	result = report_read(path, text, len, ret, err);
	free(text);
	return result;
}

void report_read_done(struct report_read *read)
{
	size_t i;

	for (i = 0; i < read->n; i++)
		verdict_done(&read->verdicts[i]);
	free(read->verdicts);
	memset(read, 0, sizeof(*read));
}
