/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload.c - a workload text, line by line.
 *
 * Each line is a few words. A setting is given once; steps run in the order of lines. What makes
 * no sense is refused here, so that the runner has nothing to decide: a workload without a write,
 * or without a read after a write, could never show anything.
 */
#include "plan/workload.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "rundir/rundir.h"

#define FILE_MAX_BYTES (64 * 1024)
#define LINE_MAX_BYTES 255
#define WORDS_MAX 8

struct parser {
	const char *name;
	unsigned line;
	unsigned files_line, units_line, rounds_line; /* 0 = not given */
	struct workload workload;
	char words[LINE_MAX_BYTES + 1]; /* the line, cut into words */
	const char *word[WORDS_MAX];
	unsigned n_words;
	struct error *err;
};

static int __attribute__((format(printf, 2, 3))) fail(struct parser *p, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return error_set(p->err, ERROR_USER, "%s:%u: %s", p->name, p->line, text);
}

static int split_words(struct parser *p)
{
	char *state = NULL, *word;

	p->n_words = 0;
	for (word = strtok_r(p->words, " \t", &state); word; word = strtok_r(NULL, " \t", &state)) {
		if (p->n_words == WORDS_MAX)
			return fail(p, "more than %d words", WORDS_MAX);
		p->word[p->n_words++] = word;
	}
	return 0;
}

static int read_number(struct parser *p, unsigned max, unsigned *seen, unsigned *ret)
{
	const char *what = p->word[0];
	struct error err;
	uint64_t value;

	if (*seen)
		return fail(p, "%s given twice, first in line %u", what, *seen);
	*seen = p->line;
	if (p->n_words != 2)
		return fail(p, "%s: one number from 1 to %u is expected", what, max);
	if (parse_u64(p->word[1], max, what, &value, &err) < 0)
		return fail(p, "%s", err.text);
	if (!value)
		return fail(p, "%s: must be at least 1", what);
	*ret = (unsigned)value;
	return 0;
}

static int read_delay(struct parser *p, const char *text, struct workload_step *step)
{
	struct error err;

	if (parse_duration(text, "after", &step->delay_ns, &err) < 0)
		return fail(p, "%s", err.text);
	if (step->delay_ns > WORKLOAD_DELAY_MAX_NS)
		return fail(p, "after: %s is more than 60s", text);
	return 0;
}

/* step writer|reader read|write|flush [sync] [after DURATION] */
static int read_step(struct parser *p)
{
	static const char *const who[] = {"writer", "reader"};
	static const char *const what[OP_KINDS] = {
		[OP_READ] = "read", [OP_WRITE] = "write", [OP_FLUSH] = "flush"};
	struct workload_step step = {0};
	unsigned i, side, kind;
	struct error err;

	if (p->workload.n_steps == WORKLOAD_STEPS_MAX)
		return fail(p, "more than %d steps", WORKLOAD_STEPS_MAX);
	if (p->n_words < 3)
		return fail(p, "a step is 'step writer|reader read|write|flush [sync] [after "
			       "DURATION]'");
	if (parse_name(p->word[1], who, 2, "step", &side, &err) < 0 ||
	    parse_name(p->word[2], what, OP_KINDS, "step", &kind, &err) < 0)
		return fail(p, "%s", err.text);
	step.writer = side == 0;
	step.kind = (enum op_kind)kind;
	if (step.kind == OP_WRITE && !step.writer)
		return fail(p, "the reader does not write; the roles swap after each round");
	for (i = 3; i < p->n_words; i++) {
		if (!strcmp(p->word[i], "sync") && step.kind == OP_WRITE && !step.sync) {
			step.sync = true;
		} else if (!strcmp(p->word[i], "after") && i + 1 < p->n_words && !step.delay_ns) {
			if (read_delay(p, p->word[++i], &step) < 0)
				return -1;
		} else {
			return fail(p,
				    "'%s' does not fit here; a step may end in 'after "
				    "DURATION', a write also in 'sync', each once",
				    p->word[i]);
		}
	}
	p->workload.steps[p->workload.n_steps++] = step;
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
		return fail(p, "longer than %d bytes", LINE_MAX_BYTES);
	printable(text, len, clean, sizeof(clean));
	for (i = 0; i < len; i++) {
		if (text[i] != clean[i] && text[i] != '\t')
			return fail(p, "byte 0x%02x in column %zu is not text",
				    (unsigned char)text[i], i + 1);
	}
	memcpy(p->words, text, len);
	p->words[len] = 0;
	p->words[strcspn(p->words, "#")] = 0;
	if (split_words(p) < 0)
		return -1;
	if (!p->n_words)
		return 0;
	if (!strcmp(p->word[0], "files"))
		return read_number(p, WORKLOAD_FILES_MAX, &p->files_line, &w->files);
	if (!strcmp(p->word[0], "units"))
		return read_number(p, WORKLOAD_UNITS_MAX, &p->units_line, &w->units);
	if (!strcmp(p->word[0], "rounds"))
		return read_number(p, WORKLOAD_ROUNDS_MAX, &p->rounds_line, &w->rounds);
	if (!strcmp(p->word[0], "step"))
		return read_step(p);
	return fail(p, "'%s' is unknown; a line begins with files, units, rounds or step",
		    p->word[0]);
}

/* What no single line can tell. Blamed on the file, or on the line that could mend it. */
static int check_whole(struct parser *p)
{
	const struct workload *w = &p->workload;
	const char *missing = !p->files_line	? "files"
			      : !p->units_line	? "units"
			      : !p->rounds_line ? "rounds"
						: NULL;
	bool written = false, read = false;
	unsigned i;

	if (missing)
		return error_set(p->err, ERROR_USER, "%s: a line '%s NUMBER' is missing", p->name,
				 missing);
	p->line = p->units_line;
	if (w->units % w->files)
		return fail(p, "units: %u cannot be spread evenly over %u files", w->units,
			    w->files);
	for (i = 0; i < w->n_steps; i++) {
		written |= w->steps[i].kind == OP_WRITE;
		read |= written && w->steps[i].kind == OP_READ && !w->steps[i].writer;
	}
	if (!read)
		return error_set(p->err, ERROR_USER,
				 "%s: no read by the reader after a write by the writer; nothing "
				 "could be found out",
				 p->name);
	return 0;
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
