/* SPDX-License-Identifier: GPL-2.0-or-later */
/* op.c - the names tables of op.h; each prints and parses. */
#include "common/op.h"

const char *const op_kind_names[OP_KINDS] = {[OP_READ] = "r", [OP_WRITE] = "w", [OP_FLUSH] = "f"};

const char *const op_outcome_names[OUTCOMES] = {
	[OUTCOME_OK] = "ok", [OUTCOME_FAIL] = "fail", [OUTCOME_UNKNOWN] = "unknown"};

const char *const value_kind_names[VALUE_KINDS] = {
	[VALUE_NONE] = "-",	     [VALUE_TAG] = "tag",	  [VALUE_ZERO] = "zero",
	[VALUE_CORRUPT] = "corrupt", [VALUE_FOREIGN] = "foreign", [VALUE_MISDIRECTED] = "at",
	[VALUE_TORN] = "torn"};

const char *const event_kind_names[EVENT_KINDS] = {
	[EVENT_NOTE] = "note",	    [EVENT_ROUND] = "round",	 [EVENT_KERNEL] = "kernel",
	[EVENT_CRASH] = "crash",    [EVENT_RECOVER] = "recover", [EVENT_FENCE] = "fence",
	[EVENT_FAULT] = "fault",    [EVENT_HEAL] = "heal",	 [EVENT_DROP_CACHE] = "drop-cache",
	[EVENT_DISCARD] = "discard"};

enum value_kind worst_part(const struct value *value)
{
	static const enum value_kind worst_first[] = {VALUE_CORRUPT, VALUE_MISDIRECTED,
						      VALUE_FOREIGN, VALUE_ZERO};
	size_t k;
	unsigned i;

	for (k = 0; k < sizeof(worst_first) / sizeof(worst_first[0]); k++) {
		for (i = 0; i < value->n_parts; i++) {
			if (value->parts[i].kind == worst_first[k])
				return worst_first[k];
		}
	}
	return VALUE_TORN;
}
