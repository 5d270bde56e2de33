/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * facts_read.c - reading cell.json.
 *
 * The file is untrusted: it may come from another machine or an editor. So every field must be
 * there (but for those that older programs did not know), of its type and in its range, and no
 * other field may be; anything else is an error that names file and field. A change of meaning
 * takes a new schema number.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "rundir/facts_fields.h"
#include "rundir/rundir.h"

#define FILE_MAX (256 * 1024)

static int read_text(const json_t *value, const struct facts_field *field, char *ret,
		     struct error *err)
{
	if (!json_is_string(value))
		return error_set(err, ERROR_USER, "%s: a text is expected", field->name);
	if (json_string_length(value) >= field->size)
		return error_set(err, ERROR_USER, "%s: longer than %zu bytes", field->name,
				 field->size - 1);
	memcpy(ret, json_string_value(value), json_string_length(value) + 1);
	return 0;
}

static int read_count(const json_t *value, const char *name, unsigned *ret, struct error *err)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || number > INT32_MAX)
		return error_set(err, ERROR_USER, "%s: a number from 0 to %d is expected", name,
				 INT32_MAX);
	*ret = (unsigned)number;
	return 0;
}

static int read_fraction(const json_t *value, const char *name, double *ret, struct error *err)
{
	double number = json_number_value(value);

	if (!json_is_number(value) || !(number >= 0 && number < 1))
		return error_set(err, ERROR_USER, "%s: a number from 0 to below 1 is expected",
				 name);
	*ret = number;
	return 0;
}

static int read_u64(const json_t *value, const char *name, uint64_t *ret, struct error *err)
{
	if (!json_is_string(value))
		return error_set(err, ERROR_USER, "%s: a number in quotes is expected", name);
	return parse_u64(json_string_value(value), UINT64_MAX, name, ret, err);
}

static int read_name(const json_t *value, const char *const *names, size_t n, const char *name,
		     unsigned *ret, struct error *err)
{
	if (!json_is_string(value))
		return error_set(err, ERROR_USER, "%s: a name is expected", name);
	return parse_name(json_string_value(value), names, n, name, ret, err);
}

static int read_mode(const json_t *value, const struct facts_field *field, enum cache_mode *ret,
		     struct error *err)
{
	/* "default" is only asked for: what is in effect always has a name of its own */
	size_t n = field->type == FIELD_MODES_OPT ? CACHE_DEFAULT : CACHE_MODES;
	unsigned mode;

	if (read_name(value, cache_mode_names, n, field->name, &mode, err) < 0)
		return -1;
	*ret = (enum cache_mode)mode;
	return 0;
}

static int read_pair(const json_t *pair, const struct facts_field *field, void *at, bool *known,
		     struct error *err)
{
	unsigned n;

	if (json_object_size(pair) != NODES)
		goto bad;
	for (n = 0; n < NODES; n++) {
		const json_t *value = json_object_get(pair, facts_node_names[n]);

		if (!value)
			goto bad;
		if (known)
			known[n] = !json_is_null(value);
		if (known && !known[n])
			continue;
		if (field->type == FIELD_PAIR_OPT
			    ? read_u64(value, field->name, (uint64_t *)at + n, err)
			    : read_mode(value, field, (enum cache_mode *)at + n, err))
			return -1;
	}
	return 0;
bad:
	return error_set(err, ERROR_USER, "%s: an object with a and b is expected", field->name);
}

static int read_field(const json_t *value, const struct facts_field *field, struct cell_facts *ret,
		      struct error *err)
{
	void *at = (char *)ret + field->offset;
	bool *known = (bool *)((char *)ret + field->known);
	unsigned kind;

	switch (field->type) {
	case FIELD_TEXT:
		return read_text(value, field, at, err);
	case FIELD_COUNT:
		return read_count(value, field->name, at, err);
	case FIELD_COUNT_OPT:
		*known = !json_is_null(value);
		return *known ? read_count(value, field->name, at, err) : 0;
	case FIELD_U64:
		return read_u64(value, field->name, at, err);
	case FIELD_U64_OPT:
		*known = !json_is_null(value);
		return *known ? read_u64(value, field->name, at, err) : 0;
	case FIELD_FRACTION:
		return read_fraction(value, field->name, at, err);
	case FIELD_VERDICT_OPT:
		*known = !json_is_null(value);
		if (!*known)
			return 0;
		if (read_name(value, verdict_kind_names, VERDICTS, field->name, &kind, err) < 0)
			return -1;
		*(enum verdict_kind *)at = (enum verdict_kind)kind;
		return 0;
	case FIELD_MODES:
		return read_pair(value, field, at, NULL, err);
	case FIELD_MODES_OPT:
	case FIELD_PAIR_OPT:
		return read_pair(value, field, at, known, err);
	}
	return -1;
}

static int read_schema(const json_t *root, struct error *err)
{
	const json_t *schema = json_object_get(root, "schema");

	if (!json_is_integer(schema))
		return error_set(err, ERROR_USER, "not the facts of a cell: no \"schema\" in it");
	if (json_integer_value(schema) != FACTS_SCHEMA)
		return error_set(err, ERROR_USER,
				 "schema %" JSON_INTEGER_FORMAT " is unknown; this program reads "
				 "schema %d: use the version that wrote it",
				 json_integer_value(schema), FACTS_SCHEMA);
	return 0;
}

static bool is_field(const char *name)
{
	size_t i;

	for (i = 0; i < facts_n_fields; i++) {
		if (!strcmp(name, facts_fields[i].name))
			return true;
	}
	return !strcmp(name, "schema");
}

static int read_root(json_t *root, struct cell_facts *ret, struct error *err)
{
	char clean[64];
	const char *name;
	json_t *value;
	size_t i;

	if (read_schema(root, err) < 0)
		return -1;
	json_object_foreach(root, name, value)
	{
		if (!is_field(name))
			return error_set(err, ERROR_USER, "unknown field '%s'",
					 printable(name, strlen(name), clean, sizeof(clean)));
	}
	for (i = 0; i < facts_n_fields; i++) {
		value = json_object_get(root, facts_fields[i].name);
		if (!value && facts_fields[i].newer)
			continue;
		if (!value)
			return error_set(err, ERROR_USER, "field '%s' is missing",
					 facts_fields[i].name);
		if (read_field(value, &facts_fields[i], ret, err) < 0)
			return -1;
	}
	if (!ret->confidence)
		return error_set(err, ERROR_USER, "confidence: must be above 0");
	return 0;
}

int cell_facts_read(const char *path, struct cell_facts *ret, struct error *err)
{
	struct cell_facts facts;
	char *text, clean[128];
	json_t *root = NULL;
	json_error_t why;
	size_t size;
	int result = -1;

	text = rundir_read_file(path, FILE_MAX, &size, err);
	if (!text)
		return -1;
	root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why);
	if (!root) {
		error_set(err, ERROR_USER, "%s:%d: not JSON: %s", path, why.line,
			  printable(why.text, strlen(why.text), clean, sizeof(clean)));
		goto out;
	}
	cell_facts_init(&facts);
	if (read_root(root, &facts, err) < 0) {
		error_prefix(err, "%s", path);
		goto out;
	}
	*ret = facts;
	result = 0;
out:
	json_decref(root);
	free(text);
	return result;
}
