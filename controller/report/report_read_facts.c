/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_read_facts.c - what a JSON verdict says a cell is, read back. */
#include <string.h>

#include "common/parse.h"
#include "report/report_read_parts.h"

#define KEYS(table) table, (sizeof(table) / sizeof((table)[0]))

static const char *const node_names[NODES] = {"a", "b"};

/* "none" or "none/writethrough"; null for a bare history. */
static int read_asked(const struct place *place, const json_t *cell, struct cell_facts *facts)
{
	char text[64], *second;
	unsigned modes[NODES];
	struct error err;

	if (get_text_or_null(place, cell, "cache", text, sizeof(text)) < 0)
		return -1;
	if (!*text != !*facts->id)
		return place_fail(place, "cache", "is null just where id is");
	if (!*text)
		return 0;
	second = strchr(text, '/');
	if (second)
		*second++ = 0;
	if (parse_name(text, cache_mode_names, CACHE_MODES, "cache mode", &modes[0], &err) < 0 ||
	    parse_name(second ? second : text, cache_mode_names, CACHE_MODES, "cache mode",
		       &modes[1], &err) < 0)
		return place_fail(place, "cache", "%s", err.text);
	facts->asked[0] = (enum cache_mode)modes[0];
	facts->asked[1] = (enum cache_mode)modes[1];
	return 0;
}

static int read_effective(struct place *place, const json_t *cell, struct cell_facts *facts)
{
	const json_t *object = json_object_get(cell, "effective");
	size_t back = place_enter(place, "effective");
	unsigned n, mode = 0;

	if (get_keys(place, object, node_names, NODES) < 0)
		return -1;
	for (n = 0; n < NODES; n++) {
		/* "default" is only asked for: what is in effect always has a name of its own */
		if (get_name_or_null(place, object, node_names[n], cache_mode_names, CACHE_DEFAULT,
				     &facts->effective_known[n], &mode) < 0)
			return -1;
		if (facts->effective_known[n])
			facts->effective[n] = (enum cache_mode)mode;
	}
	place_leave(place, back);
	return 0;
}

static int read_disks(struct place *place, const json_t *cell, struct cell_facts *facts)
{
	static const char *const keys[] = {"cached_before", "flushes"};
	const json_t *disks = json_object_get(cell, "disks"), *disk;
	size_t back = place_enter(place, "disks"), inner;
	unsigned n;

	if (get_keys(place, disks, node_names, NODES) < 0)
		return -1;
	for (n = 0; n < NODES; n++) {
		disk = json_object_get(disks, node_names[n]);
		inner = place_enter(place, node_names[n]);
		if (get_keys(place, disk, KEYS(keys)) < 0 ||
		    get_u64_or_null(place, disk, "cached_before", &facts->cached_before_known[n],
				    &facts->cached_before[n]) < 0 ||
		    get_u64_or_null(place, disk, "flushes", &facts->flushes_known[n],
				    &facts->flushes[n]) < 0)
			return -1;
		place_leave(place, inner);
	}
	place_leave(place, back);
	return 0;
}

static int read_target(struct place *place, const json_t *cell, struct cell_facts *facts)
{
	static const char *const keys[] = {"unit", "units", "files"};
	const json_t *object = json_object_get(cell, "target");
	size_t back = place_enter(place, "target");

	if (!json_is_null(object) &&
	    (get_keys(place, object, KEYS(keys)) < 0 ||
	     get_unsigned(place, object, "unit", 0, INT32_MAX, &facts->unit) < 0 ||
	     get_u64(place, object, "units", &facts->units) < 0 ||
	     get_unsigned(place, object, "files", 0, INT32_MAX, &facts->files) < 0))
		return -1;
	place_leave(place, back);
	return 0;
}

static int read_gfs2(struct place *place, const json_t *cell, struct cell_facts *facts)
{
	static const char *const keys[] = {"withdraws", "kernel_errors", "kernel_first",
					   "fsck_errors", "fsck_first"};
	const json_t *object = json_object_get(cell, "gfs2");
	size_t back;

	if (json_is_null(object) != !*facts->id)
		return place_fail(place, "gfs2", "is null just where id is");
	if (json_is_null(object))
		return 0;
	back = place_enter(place, "gfs2");
	if (get_keys(place, object, KEYS(keys)) < 0 ||
	    get_unsigned(place, object, "withdraws", 0, INT32_MAX, &facts->withdraws) < 0 ||
	    get_unsigned(place, object, "kernel_errors", 0, INT32_MAX, &facts->kernel_errors) < 0 ||
	    get_text_or_null(place, object, "kernel_first", facts->kernel_first,
			     sizeof(facts->kernel_first)) < 0 ||
	    get_text_or_null(place, object, "fsck_first", facts->fsck_first,
			     sizeof(facts->fsck_first)) < 0)
		return -1;
	facts->fsck_known = !json_is_null(json_object_get(object, "fsck_errors"));
	if (facts->fsck_known &&
	    get_unsigned(place, object, "fsck_errors", 0, INT32_MAX, &facts->fsck_errors) < 0)
		return -1;
	place_leave(place, back);
	return 0;
}

static int read_replicas(struct place *place, const json_t *cell, struct cell_facts *facts)
{
	static const char *const keys[] = {"verdict", "out_of_sync_kib", "note"};
	const json_t *object = json_object_get(cell, "replicas");
	enum replicas_state state;
	unsigned said;
	size_t back;

	if (json_is_null(object))
		return 0;
	if (!*facts->id)
		return place_fail(place, "replicas", "is null where id is");
	back = place_enter(place, "replicas");
	if (get_keys(place, object, KEYS(keys)) < 0 ||
	    get_u64_or_null(place, object, "out_of_sync_kib", &facts->replicas_known,
			    &facts->replicas_out_of_sync) < 0 ||
	    get_text_or_null(place, object, "note", facts->replicas_note,
			     sizeof(facts->replicas_note)) < 0 ||
	    get_name(place, object, "verdict", replicas_state_names + REPLICAS_NOT_COMPARED,
		     REPLICAS_STATES - REPLICAS_NOT_COMPARED, &said) < 0)
		return -1;
	state = cell_facts_replicas(facts);
	if (state == REPLICAS_NOT_ASKED)
		return place_fail(place, "note", "says why they were not compared");
	if (said + REPLICAS_NOT_COMPARED != (unsigned)state)
		return place_fail(place, "verdict", "by the other keys it is %s",
				  replicas_state_names[state]);
	place_leave(place, back);
	return 0;
}

static int read_repeat(const struct place *place, const json_t *cell, struct cell_facts *facts)
{
	if (json_is_null(json_object_get(cell, "repeat")) != !*facts->id)
		return place_fail(place, "repeat", "is null just where id is");
	return *facts->id ? get_unsigned(place, cell, "repeat", 1, INT32_MAX, &facts->repeat) : 0;
}

int read_facts(struct place *place, const json_t *cell, struct cell_facts *facts)
{
	unsigned expected = 0;

	if (get_text_or_null(place, cell, "id", facts->id, sizeof(facts->id)) < 0 ||
	    get_text_or_null(place, cell, "selector", facts->selector, sizeof(facts->selector)) <
		    0 ||
	    read_asked(place, cell, facts) < 0 || read_effective(place, cell, facts) < 0 ||
	    get_text_or_null(place, cell, "path", facts->path, sizeof(facts->path)) < 0 ||
	    get_text_or_null(place, cell, "workload", facts->workload, sizeof(facts->workload)) <
		    0 ||
	    get_text_or_null(place, cell, "fault", facts->fault, sizeof(facts->fault)) < 0 ||
	    read_repeat(place, cell, facts) < 0 || read_target(place, cell, facts) < 0 ||
	    get_name_or_null(place, cell, "expected", verdict_kind_names, VERDICTS,
			     &facts->has_expected, &expected) < 0 ||
	    get_text_or_null(place, cell, "not-run", facts->not_run, sizeof(facts->not_run)) < 0)
		return -1;
	facts->expected = (enum verdict_kind)expected;
	return read_disks(place, cell, facts) < 0 || read_gfs2(place, cell, facts) < 0
		       ? -1
		       : read_replicas(place, cell, facts);
}
