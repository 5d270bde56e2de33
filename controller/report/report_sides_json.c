/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_sides_json.c - the conclusion of report_sides.c for programs. */
#include "report/report_sides.h"

#include <inttypes.h>

/* jansson takes the value over; a NULL (no memory) makes it fail. */
static void add(json_t *object, const char *key, json_t *value, bool *failed)
{
	*failed |= json_object_set_new(object, key, value) < 0;
}

static json_t *pairs_json(const struct sides *s, bool *failed)
{
	json_t *pairs = json_array(), *pair;
	unsigned w, r;

	for (w = 0; w < SIDE_MODES; w++) {
		for (r = 0; r < SIDE_MODES; r++) {
			if (s->states[w][r] == PAIR_UNTESTED)
				continue;
			pair = json_object();
			add(pair, "writer", json_string(cache_mode_names[w]), failed);
			add(pair, "reader", json_string(cache_mode_names[r]), failed);
			add(pair, "exposures", json_sprintf("%" PRIu64, s->pairs[w][r].all),
			    failed);
			add(pair, "stale_exposures", json_sprintf("%" PRIu64, s->pairs[w][r].stale),
			    failed);
			add(pair, "state", json_string(pair_state_names[s->states[w][r]]), failed);
			*failed |= json_array_append_new(pairs, pair) < 0;
		}
	}
	return pairs;
}

static json_t *modes_json(const struct sides *s, enum side side, bool *failed)
{
	json_t *modes = json_object();
	unsigned i;

	for (i = 0; i < SIDE_MODES; i++) {
		if (s->modes[side][i].blame != BLAME_UNTESTED)
			add(modes, cache_mode_names[i],
			    json_string(blame_names[s->modes[side][i].blame]), failed);
	}
	return modes;
}

json_t *sides_json(const struct verdict *verdicts, size_t n)
{
	char text[SIDES_TEXT_MAX];
	json_t *json, *lines;
	struct sides sides;
	bool failed = false;
	unsigned side;

	if (!sides_of(verdicts, n, &sides))
		return json_null();
	json = json_object();
	lines = json_array();
	add(json, "pairs", pairs_json(&sides, &failed), &failed);
	for (side = 0; side < SIDES; side++) {
		add(json, side_names[side], modes_json(&sides, (enum side)side, &failed), &failed);
		words_side(&sides, (enum side)side, text);
		failed |= json_array_append_new(lines, json_string(text)) < 0;
	}
	failed |= json_array_append_new(lines, json_string(words_physics(&sides, text))) < 0;
	add(json, "physics", json_string(physics_names[sides.physics]), &failed);
	add(json, "conclusion", lines, &failed);
	if (!failed)
		return json;
	json_decref(json);
	return NULL;
}
