/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history_text.c - the text form of a history, read.
 *
 * One line at a time, copied out of the file so that it can be cut into words (history_line.h).
 */
#include "history/history_text.h"

#include <inttypes.h>
#include <string.h>

#include "history/history_line.h"
#include "common/parse.h"

#define LINE_MAX_BYTES (VALUE_TEXT_MAX + 1024)

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* The text of an event, with \\ and \xHH undone. */
static int unescape(const char *from, char ret[EVENT_TEXT_MAX + 1], struct error *err)
{
	int high, low;
	size_t used = 0;
	char c;

	for (; *from; from++) {
		c = *from;
		if (c == '\\' && from[1] == '\\') {
			from++;
		} else if (c == '\\') {
			high = from[1] == 'x' ? hex(from[2]) : -1;
			low = high < 0 ? -1 : hex(from[3]);
			if (low < 0 || !(high | low))
				return error_set(
					err, ERROR_USER,
					"event: a backslash is written \\\\, a byte \\xHH");
			c = (char)(high << 4 | low);
			from += 3;
		}
		if (used == EVENT_TEXT_MAX)
			return error_set(err, ERROR_USER, "event: longer than %u bytes",
					 EVENT_TEXT_MAX);
		ret[used++] = c;
	}
	ret[used] = 0;
	return 0;
}

static int read_event(struct reader *reader, struct error *err)
{
	struct record record = {.type = RECORD_EVENT};
	struct event *event = &record.event;
	unsigned kind;
	char *name;

	if (line_number(reader, TIME_NONE - 1, "time of an event", &event->time, err) < 0 ||
	    line_node(reader, &event->node, err) < 0)
		return -1;
	name = line_need(reader, "event", err);
	if (!name || parse_name(name, event_kind_names, EVENT_KINDS, "event", &kind, err) < 0)
		return -1;
	event->kind = (enum event_kind)kind;
	if (unescape(reader->rest, event->text, err) < 0)
		return -1;
	return history_add(reader->history, reader->line, &record, err);
}

static int read_units(struct reader *reader, struct op *op, struct error *err)
{
	char *text = line_need(reader, "unit", err), *plus;
	uint64_t count = 1;

	if (!text)
		return -1;
	if (op->kind == OP_FLUSH && !strcmp(text, "-"))
		return 0;
	plus = strchr(text, '+');
	if (plus) {
		*plus++ = 0;
		if (parse_u64(plus, UINT16_MAX, "number of units", &count, err) < 0)
			return -1;
	}
	op->count = (uint16_t)count;
	if (parse_u64(text, UINT64_MAX, "unit", &op->unit, err) < 0)
		return -1;
	if (op->kind == OP_FLUSH && (op->unit || op->count != 1))
		return error_set(err, ERROR_USER, "unit: a flush has none; write '-' or 0");
	return 0;
}

/* after=NODE:K or peer=SEQUENCE. */
static int read_suffix(struct op *op, char *text, struct error *err)
{
	char other = (char)('a' + !op->node);

	if (!strncmp(text, "after=", 6) && !op->after) {
		if (text[6] != other || text[7] != ':')
			return error_set(
				err, ERROR_USER,
				"'%.40s': an operation of %c comes after=%c:K, K completions "
				"of the other node",
				text, 'a' + op->node, other);
		return parse_u64(text + 8, UINT64_MAX, "after", &op->after, err);
	}
	if (!strncmp(text, "peer=", 5) && !op->peer) {
		if (op->value.kind == VALUE_MISDIRECTED)
			return error_set(err, ERROR_USER, "peer: not with a misdirected value");
		return parse_u64(text + 5, UINT64_MAX, "peer", &op->peer, err);
	}
	return error_set(err, ERROR_USER,
			 "'%.40s' is not understood here; after=NODE:K and "
			 "peer=SEQUENCE may follow a value, once each",
			 text);
}

static int read_op(struct reader *reader, struct record *record, struct error *err)
{
	struct op *op = &record->op;
	uint64_t lane;
	unsigned index;
	char *text;

	record->type = RECORD_OP;
	*op = (struct op){.count = 1, .complete = TIME_NONE};
	if (line_node(reader, &op->node, err) < 0 ||
	    line_number(reader, LANE_MAX, "lane", &lane, err) < 0)
		return -1;
	op->lane = (uint16_t)lane;
	text = line_need(reader, "operation", err);
	if (!text || parse_name(text, op_kind_names, OP_KINDS, "operation", &index, err) < 0)
		return -1;
	op->kind = (enum op_kind)index;
	if (read_units(reader, op, err) < 0 ||
	    line_number(reader, TIME_NONE - 1, "invoke", &op->invoke, err) < 0)
		return -1;
	text = line_need(reader, "complete", err);
	if (!text || (strcmp(text, "-") &&
		      parse_u64(text, TIME_NONE - 1, "complete", &op->complete, err) < 0))
		return -1;
	text = line_need(reader, "outcome", err);
	if (!text || parse_name(text, op_outcome_names, OUTCOMES, "outcome", &index, err) < 0)
		return -1;
	op->outcome = (enum op_outcome)index;
	text = line_need(reader, "value", err);
	if (!text || value_parse(text, &op->value, err) < 0)
		return -1;
	while ((text = line_word(reader)) && *text != '#') {
		if (read_suffix(op, text, err) < 0)
			return -1;
	}
	return op_validate(op, err);
}

static int read_line(struct reader *reader, char *line, struct record *record, struct error *err)
{
	reader->rest = line + strspn(line, " \t");
	if (!*reader->rest)
		return 0;
	if (*reader->rest == '#') {
		reader->rest++;
		return line_comment(reader, err);
	}
	reader->begun = true;
	if (*reader->rest == '!') {
		reader->rest++;
		return read_event(reader, err);
	}
	if (read_op(reader, record, err) < 0)
		return -1;
	return history_add(reader->history, reader->line, record, err);
}

/* Copy one line into `line`, refusing what is not text. */
static int take_line(const char *text, size_t len, char line[LINE_MAX_BYTES], struct error *err)
{
	char shown[LINE_MAX_BYTES];
	char *tab;

	if (len && text[len - 1] == '\r')
		len--;
	if (len >= LINE_MAX_BYTES)
		return error_set(err, ERROR_USER, "the line is longer than %u bytes",
				 LINE_MAX_BYTES - 1);
	if (memchr(text, 0, len))
		return error_set(err, ERROR_USER, "the line holds a NUL byte; is this a text?");
	memcpy(line, text, len);
	line[len] = 0;
	while ((tab = strchr(line, '\t')))
		*tab = ' ';
	printable(line, len, shown, sizeof(shown));
	if (strcmp(line, shown))
		return error_set(err, ERROR_USER,
				 "the line holds control characters or is not valid UTF-8");
	return 0;
}

/* The first line. */
static int read_magic(char *line, const char *name, struct error *err)
{
	size_t size = strlen(HISTORY_TEXT_MAGIC);
	uint64_t version;
	char *end;

	if (strncmp(line, HISTORY_TEXT_MAGIC, size))
		return error_set(err, ERROR_USER,
				 "%s:1: not a history: neither the magic of a binary one nor "
				 "'" HISTORY_TEXT_MAGIC "%u' stands at its start (offset 0)",
				 name, HISTORY_TEXT_VERSION);
	end = line + size + strcspn(line + size, " ");
	*end = 0;
	if (parse_u64(line + size, UINT32_MAX, "version of the history", &version, err) < 0)
		return error_prefix(err, "%s:1", name);
	if (version < 1 || version > HISTORY_TEXT_VERSION)
		return error_set(err, ERROR_USER,
				 "%s:1: history of format version %" PRIu64
				 ", but this stalemate reads up to version %u%s",
				 name, version, HISTORY_TEXT_VERSION,
				 version ? "; use a newer stalemate" : "");
	return 0;
}

int history_text_read(struct history *history, const char *name, const char *text, size_t len,
		      struct error *err)
{
	struct reader reader = {.history = history};
	char line[LINE_MAX_BYTES];
	struct record record;
	const char *end;
	size_t size;

	history->header = (struct history_header){
		.unit = 4096, .nodes = (1U << NODES) - 1, .clock = HISTORY_CLOCK_ONE};
	while (len) {
		end = memchr(text, '\n', len);
		size = end ? (size_t)(end - text) : len;
		reader.line++;
		if (reader.line == 1 &&
		    (size < strlen(HISTORY_TEXT_MAGIC) || take_line(text, size, line, NULL) < 0))
			line[0] = 0; /* noise: the message about the first line says it best */
		else if (take_line(text, size, line, err) < 0)
			return error_prefix(err, "%s:%" PRIu64, name, reader.line);
		if (reader.line == 1) {
			if (read_magic(line, name, err) < 0)
				return -1;
		} else if (read_line(&reader, line, &record, err) < 0) {
			return error_prefix(err, "%s:%" PRIu64, name, reader.line);
		}
		size += end != NULL;
		text += size;
		len -= size;
	}
	return 0;
}
