/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts_fields.h - the table of cell.json's fields, shared by its writer and its reader only. */
#ifndef RUNDIR_FACTS_FIELDS_H
#define RUNDIR_FACTS_FIELDS_H

#include <stddef.h>

#include "rundir/facts.h"

#define FACTS_SCHEMA 1

enum field_type {
	FIELD_TEXT,	   /* char[size] */
	FIELD_COUNT,	   /* unsigned */
	FIELD_COUNT_OPT,   /* unsigned, or null when its bool is false */
	FIELD_U64,	   /* decimal string */
	FIELD_U64_OPT,	   /* the same, or null */
	FIELD_FRACTION,	   /* double, 0 .. 1 */
	FIELD_VERDICT_OPT, /* enum verdict_kind, or null */
	FIELD_MODES,	   /* enum cache_mode[NODES] */
	FIELD_MODES_OPT,   /* each node's may be null; never "default" */
	FIELD_PAIR_OPT,	   /* uint64_t[NODES], each may be null */
};

struct facts_field {
	const char *name;
	enum field_type type;
	size_t offset;
	size_t size;  /* of TEXT */
	size_t known; /* offset of the bool (or bool[NODES]) of an _OPT */
	bool newer;   /* runs of older programs do not have it */
};

extern const struct facts_field facts_fields[];
extern const size_t facts_n_fields;

extern const char *const facts_node_names[NODES]; /* a b */

#endif
