/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload.c - a workload text, line by line.
 *
 * Each line is a few words. A setting is given once; steps run in the order of lines. What makes
 * no sense is refused here, so that the runner has nothing to decide: a workload without a write,
 * or without a read after a write, could never show anything. Steps are workload_step.c's, what
 * layouts names and tail ask of them workload_beside.c's, lanes workload_lane.c's.
 */
#include "plan/workload_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "rundir/rundir.h"

#define FILE_MAX_BYTES (64 * 1024)

int workload_fail(struct parser *p, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(p->err, ERROR_USER, "%s:%u: %s", p->name, p->line, text);
}

/* Cut a clean text into p->words: at blanks, and a comma is a word of its own. */
static int split_words(struct parser *p, const char *text, size_t len)
{
	char *to = p->words;
	size_t i;

	p->n_words = 0;
	for (i = 0; i < len && text[i] != '#'; i++) {
		bool blank = text[i] == ' ' || text[i] == '\t', comma = text[i] == ',';
		bool first = !i || strchr(" \t,", text[i - 1]);

		if (blank || (!comma && !first)) {
			*to++ = blank ? 0 : text[i];
			continue;
		}
		if (p->n_words == WORDS_MAX)
			return workload_fail(p, "more than %d words", WORDS_MAX);
		if (comma)
			*to++ = 0; /* ends the word before it */
		p->word[p->n_words++] = to;
		*to++ = text[i];
		if (comma)
			*to++ = 0;
	}
	*to = 0;
	return 0;
}

static int read_layout(struct parser *p)
{
	static const char *const names[LAYOUTS] = {"spread", "packed", "log", "names", "tail"};
	struct error err;
	unsigned layout;

	if (p->layout_line)
		return workload_fail(p, "layout given twice, first in line %u", p->layout_line);
	p->layout_line = p->line;
	if (p->n_words != 2)
		return workload_fail(p, "layout: one of spread, packed, log, names and tail is "
					"expected");
	if (parse_name(p->word[1], names, LAYOUTS, "layout", &layout, &err) < 0)
		return workload_fail(p, "%s", err.text);
	p->workload.layout = (enum workload_layout)layout;
	return 0;
}

static int read_number(struct parser *p, unsigned max, unsigned *seen, unsigned *ret)
{
	const char *what = p->word[0];
	struct error err;
	uint64_t value;

	if (*seen)
		return workload_fail(p, "%s given twice, first in line %u", what, *seen);
	*seen = p->line;
	if (p->n_words != 2)
		return workload_fail(p, "%s: one number from 1 to %u is expected", what, max);
	if (parse_u64(p->word[1], max, what, &value, &err) < 0)
		return workload_fail(p, "%s", err.text);
	if (!value)
		return workload_fail(p, "%s: must be at least 1", what);
	*ret = (unsigned)value;
	return 0;
}

static int read_line(struct parser *p, const char *text, size_t len)
{
	struct workload *w = &p->workload;
	char clean[LINE_MAX_BYTES + 1];
	size_t i;

	if (len && text[len - 1] == '\r')
		len--;
	if (len > LINE_MAX_BYTES)
		return workload_fail(p, "longer than %d bytes", LINE_MAX_BYTES);
	printable(text, len, clean, sizeof(clean));
	for (i = 0; i < len; i++) {
		if (text[i] != clean[i] && text[i] != '\t')
			return workload_fail(p, "byte 0x%02x in column %zu is not text",
					     (unsigned char)text[i], i + 1);
	}
	if (split_words(p, text, len) < 0)
		return -1;
	if (!p->n_words)
		return 0;
	if (p->lane_line || !strcmp(p->word[0], "lane"))
		return workload_read_lane(p);
	if (!strcmp(p->word[0], "files"))
		return read_number(p, WORKLOAD_FILES_MAX, &p->files_line, &w->files);
	if (!strcmp(p->word[0], "units"))
		return read_number(p, WORKLOAD_UNITS_MAX, &p->units_line, &w->units);
	if (!strcmp(p->word[0], "rounds"))
		return read_number(p, WORKLOAD_ROUNDS_MAX, &p->rounds_line, &w->rounds);
	if (!strcmp(p->word[0], "layout"))
		return read_layout(p);
	if (!strcmp(p->word[0], "step") || !strcmp(p->word[0], "and"))
		return workload_read_step(p);
	return workload_fail(p,
			     "'%s' is unknown; a line begins with files, units, rounds, layout, "
			     "step, and or lane",
			     p->word[0]);
}

/* What no single line can tell. Blamed on the file, or on the line that could mend it. */
static int check_whole(struct parser *p)
{
	bool in_steps, in_lanes;
	const struct workload *w = &p->workload;
	const char *missing = !p->files_line	? "files"
			      : !p->units_line	? "units"
			      : !p->rounds_line ? "rounds"
						: NULL;

	if (missing)
		return error_set(p->err, ERROR_USER, "%s: a line '%s NUMBER' is missing", p->name,
				 missing);
	p->line = p->units_line;
	if (w->units % w->files)
		return workload_fail(p, "units: %u cannot be spread evenly over %u files", w->units,
				     w->files);
	if (workload_check_steps(p, &in_steps) < 0 || workload_check_beside(p) < 0 ||
	    workload_check_lanes(p, &in_lanes) < 0)
		return -1;
	if (in_steps || in_lanes)
		return 0;
	return error_set(p->err, ERROR_USER,
			 "%s: no read by one node after a write by the other; nothing could be "
			 "found out",
			 p->name);
}

static void set_name(struct workload *workload, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dot;

	snprintf(workload->name, sizeof(workload->name), "%s", slash ? slash + 1 : path);
	dot = strstr(workload->name, ".workload");
	if (dot && dot != workload->name)
		*dot = 0;
}

int workload_parse(const char *name, const char *text, size_t size, struct workload *ret,
		   struct error *err)
{
	struct parser p = {.name = name, .err = err};
	const char *end, *stop = text + size;

	if (size > FILE_MAX_BYTES)
		return error_set(err, ERROR_USER, "%s: larger than %d bytes", name, FILE_MAX_BYTES);
	set_name(&p.workload, name);
	for (; text < stop; text = end + 1) {
		p.line++;
		end = memchr(text, '\n', (size_t)(stop - text));
		if (!end)
			end = stop;
		if (read_line(&p, text, (size_t)(end - text)) < 0)
			return -1;
	}
	if (check_whole(&p) < 0)
		return -1;
	*ret = p.workload;
	return 0;
}

int workload_read(const char *path, struct workload *ret, struct error *err)
{
	size_t size;
	char *text = rundir_read_file(path, FILE_MAX_BYTES, &size, err);
	int result;

	if (!text)
		return -1;
	result = workload_parse(path, text, size, ret, err);
	free(text);
	return result;
}
