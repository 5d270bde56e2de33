/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history_print.c - the text form of a history, printed.
 *
 * Records of all types come in the order they have in their file, so that binary -> text -> binary
 * gives the same bytes. What an event's text may not have in a line is escaped.
 */
#include "history/history_text.h"

#include <inttypes.h>
#include <string.h>

#include "common/parse.h"

/* Samples say all that is known of the clocks: the header may not say it as well. */
static void print_clock(FILE *file, const struct history *history)
{
	const struct history_header *header = &history->header;

	if (header->clock == HISTORY_CLOCK_BOUNDS)
		fprintf(file, "# clock b-a %" PRId64 " %" PRId64 "\n", header->theta_lo,
			header->theta_hi);
	else if (!history->n_samples)
		fprintf(file, "# clock %s\n", header->clock == HISTORY_CLOCK_ONE ? "one" : "none");
	if (header->drift_ppm)
		fprintf(file, "# drift %" PRIu32 "\n", header->drift_ppm);
}

static void print_header(FILE *file, const struct history_header *header)
{
	char run[37];

	format_uuid(header->run, run);
	fprintf(file, HISTORY_TEXT_MAGIC "%d\n# run %s\n# volume %" PRIu32 "\n# unit %" PRIu32 "\n",
		HISTORY_TEXT_VERSION, run, header->volume, header->unit);
	fprintf(file, "# units %" PRIu64 "\n# seed %" PRIu64 "\n# nodes%s%s\n", header->units,
		header->seed, header->nodes & 1 ? " a" : "", header->nodes & 2 ? " b" : "");
}

/* Length of the printable character at text; 0 if it is none. */
static size_t character(const char *text)
{
	char shown[8];
	size_t n, left = strnlen(text, 4);

	if ((unsigned char)*text < 0x80)
		return *text >= 0x20 && *text != 0x7f;
	for (n = 2; n <= left; n++) {
		if (!memcmp(printable(text, n, shown, sizeof(shown)), text, n))
			return n;
	}
	return 0;
}

static void print_event(FILE *file, const struct event *event)
{
	const char *text = event->text;
	size_t n;

	fprintf(file, "! %" PRIu64 " %c %s", event->time, 'a' + event->node,
		event_kind_names[event->kind]);
	if (*text)
		fputc(' ', file);
	for (; *text; text += n ? n : 1) {
		n = character(text);
		if (*text == '\\')
			fputs("\\\\", file);
		else if (n)
			fwrite(text, n, 1, file);
		else
			fprintf(file, "\\x%02x", (unsigned)(unsigned char)*text);
	}
	fputc('\n', file);
}

static void print_ping(FILE *file, const char *name, const struct ping *ping)
{
	fprintf(file, "# %s %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", name, ping->c0,
		ping->n1, ping->n2, ping->c3);
}

void history_text_print(FILE *file, const struct history *history)
{
	struct history_cursor cursor = {0};
	struct record record;
	char line[OP_TEXT_MAX];

	print_header(file, &history->header);
	print_clock(file, history);
	while (history_next(history, &cursor, &record)) {
		if (record.type == RECORD_OP)
			fprintf(file, "%s\n", op_format(&record.op, line));
		else if (record.type == RECORD_EVENT)
			print_event(file, &record.event);
		else if (record.type == RECORD_PING)
			print_ping(file, record.ping.node ? "ping b" : "ping a", &record.ping);
		else
			print_ping(file, "sample", &record.ping);
	}
}
