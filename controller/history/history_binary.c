/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history_binary.c - the binary form of a history, read.
 *
 * A binary file ends in one of three ways: after a whole record; within one, or after one whose
 * checksum fails because only part of it reached the disk (what a crash leaves); or in damage. Only
 * the LAST record may be cut, and only when the run did not come to its end. A record with a
 * correct checksum that says something impossible was not cut: it is damage wherever it stands.
 */
#include "history/history_binary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Its own size is known only when its main record is intact. */
bool history_is_cut_tail(const uint8_t *buf, size_t len)
{
	unsigned i, sides;

	if (len < RECORD_SIZE)
		return true;
	if (!record_intact(buf))
		return len == RECORD_SIZE;
	sides = record_sides(buf);
	if (len < (1 + sides) * RECORD_SIZE)
		return true;
	for (i = 1; i <= sides; i++) {
		if (!record_intact(buf + i * RECORD_SIZE))
			return len == (1 + sides) * RECORD_SIZE;
	}
	return false;
}

int history_cut_short(struct history *history, const char *name, uint64_t number, uint64_t offset,
		      bool complete, struct error *err)
{
	unsigned node;
	size_t used;

	if (complete)
		return error_set(err, ERROR_USER,
				 "%s: record %" PRIu64 " at offset %" PRIu64
				 " is cut short, though the run "
				 "is marked complete: the file is damaged",
				 name, number, offset);
	for (node = 0; node < NODES; node++)
		history->open_ended[node] |= history->header.nodes >> node & 1;
	used = strlen(history->warning);
	snprintf(history->warning + used, sizeof(history->warning) - used,
		 "%s%s: the last record (%" PRIu64 ", at offset %" PRIu64
		 ") is cut short, as a crash "
		 "leaves it; the rest is judged",
		 used ? "; " : "", name, number, offset);
	return 0;
}

int history_binary_read(struct history *history, const char *name, const uint8_t *buf, size_t len,
			bool complete, struct error *err)
{
	size_t offset = HISTORY_HEADER_SIZE;
	struct record record;
	uint64_t number;
	int used;

	if (history_header_decode(name, buf, len, &history->header, err) < 0)
		return -1;
	for (number = 1; offset < len; number++, offset += (size_t)used) {
		size_t rest = len - offset;

		used = record_decode(buf + offset, rest < RECORD_MAX ? rest : RECORD_MAX, &record,
				     err);
		if (used <= 0 && history_is_cut_tail(buf + offset, rest))
			return history_cut_short(history, name, number, offset, complete, err);
		if (used <= 0 || history_add(history, number, &record, err) < 0)
			return error_prefix(err, "%s: record %" PRIu64 " at offset %zu", name,
					    number, offset);
	}
	return 0;
}
