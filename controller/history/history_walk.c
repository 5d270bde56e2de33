/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history_walk.c - what is in a history, one by one, and where it came from.
 *
 * Records are kept by type, each with the number it has in its file; the walk puts them together
 * again.
 */
#include "history/history.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void history_get(const struct history *history, uint32_t op, struct op *ret)
{
	const struct history_op *from = &history->ops[op];

	memset(ret, 0, sizeof(*ret));
	ret->node = from->node;
	ret->lane = from->lane;
	ret->kind = (enum op_kind)from->kind;
	ret->outcome = (enum op_outcome)from->outcome;
	ret->unit = from->unit;
	ret->count = from->count;
	ret->invoke = from->invoke;
	ret->complete = from->complete;
	ret->after = from->after;
	ret->peer = from->peer;
	ret->value.kind = (enum value_kind)from->value;
	ret->value.write_id = from->write_id;
	ret->value.at_unit = from->at_unit;
	ret->value.n_parts = from->n_parts;
	if (from->n_parts)
		memcpy(ret->value.parts, history->parts + from->parts,
		       from->n_parts * sizeof(struct part));
}

char *history_place(const struct history_file *file, uint64_t number, char *ret, size_t size)
{
	size_t len = strlen(file->name), room = size > 32 ? size - 32 : 0;

	/* A long path is cut at its front: its end tells more. */
	snprintf(ret, size, "%s:%s%" PRIu64, file->name + (len > room ? len - room : 0),
		 file->text ? "" : "record ", number);
	return ret;
}

char *history_source(const struct history *history, uint32_t op, char *ret, size_t size)
{
	const struct history_op *from = &history->ops[op];

	return history_place(&history->files[from->file], from->number, ret, size);
}

/* Where in its file the next one of a list is; UINT64_MAX: none of this file is left. */
static uint64_t ping_number(const struct history_ping *pings, size_t n, size_t next, uint32_t file)
{
	return next < n && pings[next].file == file ? pings[next].number : UINT64_MAX;
}

static uint64_t event_number(const struct history *history, const struct history_cursor *cursor)
{
	size_t next = cursor->event;

	return next < history->n_events && history->events[next].file == cursor->file
		       ? history->events[next].number
		       : UINT64_MAX;
}

static uint64_t op_number(const struct history *history, const struct history_cursor *cursor)
{
	size_t next = cursor->op;

	return next < history->n_ops && history->ops[next].file == cursor->file
		       ? history->ops[next].number
		       : UINT64_MAX;
}

/* The next record of the cursor's file; false: there is none. No two have the same number. */
static bool next_of_file(const struct history *history, struct history_cursor *cursor,
			 struct record *ret)
{
	uint64_t op = op_number(history, cursor), event = event_number(history, cursor);
	uint64_t ping = ping_number(history->pings, history->n_pings, cursor->ping, cursor->file);
	uint64_t sample =
		ping_number(history->samples, history->n_samples, cursor->sample, cursor->file);
	uint64_t least = op < event ? op : event;

	least = least < ping ? least : ping;
	least = least < sample ? least : sample;
	if (least == UINT64_MAX)
		return false;
	if (least == op) {
		ret->type = RECORD_OP;
		history_get(history, (uint32_t)cursor->op++, &ret->op);
	} else if (least == event) {
		ret->type = RECORD_EVENT;
		ret->event = history->events[cursor->event++].event;
	} else if (least == ping) {
		ret->type = RECORD_PING;
		ret->ping = history->pings[cursor->ping++].ping;
	} else {
		ret->type = RECORD_SAMPLE;
		ret->ping = history->samples[cursor->sample++].ping;
	}
	return true;
}

bool history_next(const struct history *history, struct history_cursor *cursor, struct record *ret)
{
	for (; cursor->file < history->n_files; cursor->file++) {
		if (next_of_file(history, cursor, ret))
			return true;
	}
	return false;
}
