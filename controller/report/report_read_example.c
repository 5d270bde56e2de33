/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_read_example.c - violations with their witnesses, read back from a JSON verdict.
 *
 * A witness is evidence: it need not be an operation that a history could hold (a damaged one may
 * be just what is shown), but each of its fields is in its range.
 */
#include "report/report_read_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check/examples.h"
#include "history/history_text.h"
#include "common/parse.h"
#include "report/report_words.h"

#define KEYS(table) table, (sizeof(table) / sizeof((table)[0]))

static const char *const node_names[NODES] = {"a", "b"};

static int read_node(const struct place *place, const json_t *object, uint8_t *ret)
{
	unsigned node;

	if (get_name(place, object, "node", node_names, NODES, &node) < 0)
		return -1;
	*ret = (uint8_t)node;
	return 0;
}

/* The unit, and where in the target it lies: that follows from the facts, and must agree. */
static int read_place(const struct place *place, const json_t *object,
		      const struct cell_facts *facts, uint64_t *ret)
{
	char name[32], expected[32] = "";
	uint64_t offset = 0, expected_offset = 0;
	unsigned file = 0;
	bool known;

	if (get_u64(place, object, "unit", ret) < 0 ||
	    get_text_or_null(place, object, "file", name, sizeof(name)) < 0 ||
	    get_u64_or_null(place, object, "offset", &known, &offset) < 0)
		return -1;
	if (words_locate(facts, *ret, &file, &expected_offset))
		snprintf(expected, sizeof(expected), "data.%02u", file);
	if (strcmp(name, expected))
		return place_fail(place, "file", "%s, but by the cell's target it is %s",
				  *name ? name : "null", *expected ? expected : "null");
	if (known != !!*expected || offset != expected_offset)
		return place_fail(place, "offset", "does not agree with the cell's target");
	return 0;
}

static int read_value(const struct place *place, const json_t *object, struct value *ret)
{
	const char *text = json_string_value(json_object_get(object, "value"));
	struct error err;
	char shown[256];

	if (!text || strlen(text) >= VALUE_TEXT_MAX)
		return place_fail(place, "value", "a value such as \"a:0:17\" is expected");
	if (value_parse(text, ret, &err) < 0)
		return place_fail(place, "value", "%s",
				  printable(err.text, strlen(err.text), shown, sizeof(shown)));
	return 0;
}

/* The record's own fields. */
static int read_op(const struct place *place, const json_t *object, struct op *ret)
{
	unsigned lane, count, kind, outcome;
	bool completed;

	if (read_node(place, object, &ret->node) < 0 ||
	    get_unsigned(place, object, "lane", 0, LANE_MAX, &lane) < 0 ||
	    get_name(place, object, "op", op_kind_names, OP_KINDS, &kind) < 0 ||
	    get_unsigned(place, object, "count", 1, UINT16_MAX, &count) < 0 ||
	    get_u64(place, object, "invoke", &ret->invoke) < 0 ||
	    get_u64_or_null(place, object, "complete", &completed, &ret->complete) < 0 ||
	    get_name(place, object, "outcome", op_outcome_names, OUTCOMES, &outcome) < 0 ||
	    read_value(place, object, &ret->value) < 0 ||
	    get_u64(place, object, "after", &ret->after) < 0 ||
	    get_u64(place, object, "peer", &ret->peer) < 0)
		return -1;
	if (!completed)
		ret->complete = TIME_NONE;
	else if (ret->complete == TIME_NONE)
		return place_fail(place, "complete", "out of range; what is not known is null");
	else if (ret->complete < ret->invoke)
		return place_fail(place, "complete", "before invoke");
	ret->lane = (uint16_t)lane;
	ret->count = (uint16_t)count;
	ret->kind = (enum op_kind)kind;
	ret->outcome = (enum op_outcome)outcome;
	return 0;
}

static int read_witness(const struct place *place, const json_t *object,
			const struct cell_facts *facts, struct witness *ret, char role[ROLE_MAX])
{
	static const char *const keys[] = {"role",     "source",  "node",   "lane",  "op",
					   "unit",     "file",	  "offset", "count", "invoke",
					   "complete", "outcome", "value",  "after", "peer"};

	if (get_keys(place, object, KEYS(keys)) < 0 ||
	    get_text(place, object, "role", role, ROLE_MAX) < 0 ||
	    get_text(place, object, "source", ret->source, sizeof(ret->source)) < 0 ||
	    read_op(place, object, &ret->op) < 0)
		return -1;
	return read_place(place, object, facts, &ret->op.unit);
}

static int read_witnesses(struct place *place, const json_t *object, struct verdict *ret, size_t i)
{
	const json_t *list = json_object_get(object, "witness");
	struct violation *v = &ret->examples[i];
	size_t n = json_array_size(list), back;
	char role[ROLE_MAX];
	unsigned w;

	if (!json_is_array(list) || !n || n > WITNESS_MAX)
		return place_fail(place, "witness", "a list of 1 to %d operations is expected",
				  WITNESS_MAX);
	for (w = 0; w < n; w++) {
		back = place_enter_element(place, "witness", w);
		if (read_witness(place, json_array_get(list, w), &ret->facts, &v->witnesses[w],
				 role) < 0)
			return -1;
		examples_set_role(ret->examples, ret->n_examples, i, w, role);
		v->n_witnesses = w + 1;
		place_leave(place, back);
	}
	return 0;
}

static int read_example(struct place *place, const json_t *object, struct verdict *ret, size_t i)
{
	static const char *const keys[] = {"class",	   "node",	 "unit",      "file",
					   "offset",	   "by_message", "margin_ns", "generations",
					   "staleness_ns", "repeats",	 "healed",    "layer",
					   "witness"};
	struct violation *v = &ret->examples[i];
	unsigned anomaly;
	bool known;

	if (get_keys(place, object, KEYS(keys)) < 0 ||
	    get_name(place, object, "class", anomaly_names, ANOMALIES, &anomaly) < 0 ||
	    read_node(place, object, &v->node) < 0 ||
	    read_place(place, object, &ret->facts, &v->unit) < 0 ||
	    get_bool(place, object, "by_message", &v->by_message) < 0 ||
	    get_i64_or_null(place, object, "margin_ns", &known, &v->margin_ns) < 0 ||
	    get_u64_or_null(place, object, "generations", &known, &v->generations) < 0 ||
	    get_u64_or_null(place, object, "staleness_ns", &v->staleness_known, &v->staleness_ns) <
		    0 ||
	    get_u64(place, object, "repeats", &v->repeats) < 0 ||
	    get_bool(place, object, "healed", &v->healed) < 0)
		return -1;
	v->anomaly = (enum anomaly)anomaly;
	if (v->by_message && v->margin_ns)
		return place_fail(place, "margin_ns", "null is expected, for by_message is true");
	if (!json_is_null(json_object_get(object, "layer")))
		return place_fail(place, "layer",
				  "null is expected: this stalemate knows no layers");
	return read_witnesses(place, object, ret, i);
}

int read_examples(struct place *place, const json_t *cell, struct verdict *ret)
{
	const json_t *list = json_object_get(cell, "examples");
	size_t i, n = json_array_size(list), back;

	if (!json_is_array(list) || n > EXAMPLES_MAX)
		return place_fail(place, "examples", "a list of at most %d is expected",
				  EXAMPLES_MAX);
	if (n > ret->n_violations)
		return place_fail(place, "examples", "%zu, though there are %" PRIu64 " violations",
				  n, ret->n_violations);
	if (!n)
		return 0;
	ret->examples = examples_new(n);
	if (!ret->examples)
		return error_set(place->err, ERROR_WORLD, "%s: out of memory", place->name);
	ret->n_examples = n;
	for (i = 0; i < n; i++) {
		back = place_enter_element(place, "examples", i);
		if (read_example(place, json_array_get(list, i), ret, i) < 0)
			return -1;
		place_leave(place, back);
	}
	return 0;
}
