/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_read_fs.c - what the file system said, read back from a JSON verdict.
 *
 * Which kinds can accuse, and what the verdict over them is, follows from them: a file in which
 * they differ is refused.
 */
#include <inttypes.h>
#include <string.h>

#include "report/report_read_parts.h"

#define KEYS(table) table, (sizeof(table) / sizeof((table)[0]))

/* Seconds of a 64-bit clock in ns, before or after. */
#define SECONDS_MAX 2e10

static const char *const node_names[NODES] = {"a", "b"};

static int read_seconds(const struct place *place, const json_t *object, struct fs_said *ret)
{
	const json_t *value = json_object_get(object, "first_s");
	double number = json_number_value(value);

	ret->first_known = !json_is_null(value);
	if (!ret->first_known)
		return 0;
	if (!json_is_number(value) || !(number >= -SECONDS_MAX && number <= SECONDS_MAX))
		return place_fail(place, "first_s", "a number of seconds or null is expected");
	if (!ret->node_known)
		return place_fail(place, "first_s", "null is expected, for node is null");
	ret->first_s = number;
	return 0;
}

static int read_since(const struct place *place, const json_t *object, struct fs_said *ret)
{
	unsigned since = 0;
	bool known;

	if (get_name_or_null(place, object, "since", fs_since_names, 2, &known, &since) < 0)
		return -1;
	if (known != ret->first_known)
		return place_fail(place, "since", "is null just where first_s is");
	ret->since_mount = since;
	return 0;
}

static int read_said(const struct place *place, const json_t *object, enum fs_kind kind,
		     struct fs_said *ret)
{
	static const char *const keys[] = {"count", "accuses", "node", "first_s", "since", "line"};
	unsigned node = 0;

	if (get_keys(place, object, KEYS(keys)) < 0 ||
	    get_u64(place, object, "count", &ret->count) < 0 ||
	    get_bool(place, object, "accuses", &ret->accuses) < 0 ||
	    get_name_or_null(place, object, "node", node_names, NODES, &ret->node_known, &node) <
		    0 ||
	    read_seconds(place, object, ret) < 0 || read_since(place, object, ret) < 0 ||
	    get_text_or_null(place, object, "line", ret->line, sizeof(ret->line)) < 0)
		return -1;
	ret->node = (uint8_t)node;
	if (!ret->count)
		return place_fail(place, "count", "0; a kind that was not heard is not listed");
	if (ret->accuses && !fs_kind_is_damage(kind))
		return place_fail(place, "accuses", "true, but this kind accuses nobody");
	if (ret->node_known == (kind == FS_FSCK))
		return place_fail(place, "node", "null is of fsck alone");
	return 0;
}

/* What the kinds come to. */
static enum fs_state state_of(const struct fs_evidence *fs)
{
	enum fs_state state = FS_SILENT, of_kind;
	unsigned k;

	for (k = 0; k < FS_KINDS; k++) {
		if (!fs->said[k].count)
			continue;
		of_kind = fs->said[k].accuses		       ? FS_DAMAGED
			  : fs_kind_is_damage((enum fs_kind)k) ? FS_UNCLEAR
							       : FS_NOTED;
		if (of_kind > state)
			state = of_kind;
	}
	return state;
}

static int read_kinds(struct place *place, const json_t *kinds, struct fs_evidence *ret)
{
	size_t back, known = 0;
	unsigned k;

	if (!json_is_object(kinds))
		return place_fail(place, NULL, "an object is expected");
	for (k = 0; k < FS_KINDS; k++) {
		const json_t *said = json_object_get(kinds, fs_kind_names[k]);

		if (!said)
			continue;
		back = place_enter(place, fs_kind_names[k]);
		if (read_said(place, said, (enum fs_kind)k, &ret->said[k]) < 0)
			return -1;
		place_leave(place, back);
		known++;
	}
	if (known != json_object_size(kinds))
		return place_fail(place, NULL, "a kind that is not known");
	return 0;
}

int read_file_system(struct place *place, const json_t *cell, struct verdict *ret)
{
	static const char *const keys[] = {"verdict", "why", "churned", "kinds"};
	const json_t *object = json_object_get(cell, "file_system");
	size_t back = place_enter(place, "file_system"), inner;
	struct fs_evidence *fs = &ret->fs;
	unsigned said;

	if (get_keys(place, object, KEYS(keys)) < 0 ||
	    get_name(place, object, "verdict", fs_state_names, FS_STATES, &said) < 0 ||
	    get_text_or_null(place, object, "why", fs->why, sizeof(fs->why)) < 0 ||
	    get_u64(place, object, "churned", &fs->churned) < 0)
		return -1;
	inner = place_enter(place, "kinds");
	if (read_kinds(place, json_object_get(object, "kinds"), fs) < 0)
		return -1;
	place_leave(place, inner);
	fs->state = (enum fs_state)said;
	if (fs->state != state_of(fs))
		return place_fail(place, "verdict", "by the kinds it is %s",
				  fs_state_names[state_of(fs)]);
	if (!*fs->why != (fs->state != FS_UNCLEAR))
		return place_fail(place, "why", "is null just where verdict is not unclear");
	if (fs->state == FS_DAMAGED && strcmp(ret->facts.fault, "none") != 0)
		return place_fail(place, "verdict", "damaged, though the cell's fault is not none");
	place_leave(place, back);
	return 0;
}
