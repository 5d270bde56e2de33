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
