/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * facts.c - cell.json: one table of fields that writes and (facts_read.c) reads.
 *
 * Texts pass through printable() on the way out: the kernel's words may hold bytes that are not
 * UTF-8, and those would make the whole file unreadable.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "rundir/facts_fields.h"
#include "rundir/rundir.h"

const char *const verdict_kind_names[VERDICTS] = {[VERDICT_CONSISTENT] = "consistent",
						  [VERDICT_VIOLATED] = "violated",
						  [VERDICT_INCONCLUSIVE] = "inconclusive",
						  [VERDICT_INVALID] = "invalid",
						  [VERDICT_ERROR] = "error",
						  [VERDICT_REFUSED] = "refused"};

const char *const cache_mode_names[CACHE_MODES] = {[CACHE_NONE] = "none",
						   [CACHE_DIRECTSYNC] = "directsync",
						   [CACHE_WRITETHROUGH] = "writethrough",
						   [CACHE_WRITEBACK] = "writeback",
						   [CACHE_UNSAFE] = "unsafe",
						   [CACHE_DEFAULT] = "default"};

const char *const replicas_state_names[REPLICAS_STATES] = {[REPLICAS_NOT_ASKED] = "",
							   [REPLICAS_NOT_COMPARED] = "not-compared",
							   [REPLICAS_IDENTICAL] = "identical",
							   [REPLICAS_DIFFER] = "differ"};

const char *const facts_node_names[NODES] = {"a", "b"};

#define AT(member) offsetof(struct cell_facts, member)
#define TEXT(name, member) \
	{ \
		name, FIELD_TEXT, AT(member), sizeof(((struct cell_facts *)0)->member), 0 \
	}

const struct facts_field facts_fields[] = {
	TEXT("id", id),
	TEXT("selector", selector),
	{"asked", FIELD_MODES, AT(asked), 0, 0},
	{"effective", FIELD_MODES_OPT, AT(effective), 0, AT(effective_known)},
	TEXT("path", path),
	TEXT("workload", workload),
	TEXT("fault", fault),
	{"repeat", FIELD_COUNT, AT(repeat), 0, 0},
	{"unit", FIELD_COUNT, AT(unit), 0, 0},
	{"units", FIELD_U64, AT(units), 0, 0},
	{"files", FIELD_COUNT, AT(files), 0, 0},
	{"expected", FIELD_VERDICT_OPT, AT(expected), 0, AT(has_expected)},
	{"confidence", FIELD_FRACTION, AT(confidence), 0, 0},
	{"max_rate", FIELD_FRACTION, AT(max_rate), 0, 0},
	TEXT("not_run", not_run),
	{"refused", FIELD_TEXT, AT(refused), FACTS_TEXT_MAX, 0, true},
	TEXT("invalid", invalid),
	TEXT("error", error),
	{"mounted_ns", FIELD_PAIR_OPT, AT(mounted_ns), 0, AT(mounted_known)},
	{"disk_bytes", FIELD_PAIR_OPT, AT(disk_bytes), 0, AT(disk_bytes_known), true},
	{"cached_before", FIELD_PAIR_OPT, AT(cached_before), 0, AT(cached_before_known), true},
	{"flushes", FIELD_PAIR_OPT, AT(flushes), 0, AT(flushes_known), true},
	{"volume_name", FIELD_TEXT, AT(volume_name), FS_VOLUME_MAX, 0, true},
	{"volume_made", FIELD_COUNT, AT(volume_made), 0, 0, true},
	{"withdraws", FIELD_COUNT, AT(withdraws), 0, 0},
	{"kernel_errors", FIELD_COUNT, AT(kernel_errors), 0, 0},
	TEXT("kernel_first", kernel_first),
	{"fsck_errors", FIELD_COUNT_OPT, AT(fsck_errors), 0, AT(fsck_known)},
	TEXT("fsck_first", fsck_first),
	{"replicas_out_of_sync", FIELD_U64_OPT, AT(replicas_out_of_sync), 0, AT(replicas_known),
	 true},
	{"replicas_note", FIELD_TEXT, AT(replicas_note), FACTS_TEXT_MAX, 0, true},
};
const size_t facts_n_fields = sizeof(facts_fields) / sizeof(facts_fields[0]);

void cell_facts_init(struct cell_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->confidence = 0.95;
	facts->repeat = 1;
}

enum replicas_state cell_facts_replicas(const struct cell_facts *facts)
{
	if (facts->replicas_known)
		return facts->replicas_out_of_sync ? REPLICAS_DIFFER : REPLICAS_IDENTICAL;
	return facts->replicas_note[0] ? REPLICAS_NOT_COMPARED : REPLICAS_NOT_ASKED;
}

static json_t *u64_json(uint64_t value)
{
	return json_sprintf("%" PRIu64, value);
}

static json_t *text_json(const char *text, size_t size)
{
	char clean[FACTS_TEXT_MAX];

	return json_string(printable(text, strnlen(text, size), clean, sizeof(clean)));
}

/* An object {"a": …, "b": …} of modes or numbers; known may be NULL (all are). */
static json_t *pair_json(enum field_type type, const void *at, const bool *known)
{
	json_t *pair = json_object();
	unsigned n;

	for (n = 0; n < NODES; n++) {
		json_t *value;

		if (known && !known[n])
			value = json_null();
		else if (type == FIELD_PAIR_OPT)
			value = u64_json(((const uint64_t *)at)[n]);
		else
			value = json_string(cache_mode_names[((const enum cache_mode *)at)[n]]);
		json_object_set_new(pair, facts_node_names[n], value);
	}
	return pair;
}

static json_t *field_json(const struct cell_facts *facts, const struct facts_field *field)
{
	const void *at = (const char *)facts + field->offset;
	const bool *known = (const bool *)((const char *)facts + field->known);

	switch (field->type) {
	case FIELD_TEXT:
		return text_json(at, field->size);
	case FIELD_COUNT:
		return json_integer(*(const unsigned *)at);
	case FIELD_COUNT_OPT:
		return *known ? json_integer(*(const unsigned *)at) : json_null();
	case FIELD_U64:
		return u64_json(*(const uint64_t *)at);
	case FIELD_U64_OPT:
		return *known ? u64_json(*(const uint64_t *)at) : json_null();
	case FIELD_FRACTION:
		return json_real(*(const double *)at);
	case FIELD_VERDICT_OPT:
		return *known ? json_string(verdict_kind_names[*(const enum verdict_kind *)at])
			      : json_null();
	case FIELD_MODES:
		return pair_json(field->type, at, NULL);
	case FIELD_MODES_OPT:
	case FIELD_PAIR_OPT:
		return pair_json(field->type, at, known);
	}
	return NULL;
}

int cell_facts_write(const struct cell_facts *facts, const char *path, struct error *err)
{
	json_t *root = json_object();
	char *text = NULL;
	size_t i;
	int ret = -1;

	if (json_object_set_new(root, "schema", json_integer(FACTS_SCHEMA)) < 0)
		goto memory;
	for (i = 0; i < facts_n_fields; i++) {
		if (json_object_set_new(root, facts_fields[i].name,
					field_json(facts, &facts_fields[i])) < 0)
			goto memory;
	}
	text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	if (!text)
		goto memory;
	ret = rundir_write_file(path, text, strlen(text), err);
	goto out;
memory:
	error_set(err, ERROR_WORLD, "%s: out of memory", path);
out:
	free(text);
	json_decref(root);
	return ret;
}
