/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan.c - a plan text, line by line.
 *
 * inih splits "key = value" and strips comments; it gets one line at a time, because Debian's
 * build cuts lines at 200 bytes, sections at 50, takes ':' for a separator and joins indented
 * lines to the one before. So lines are counted here, sections are read here, and a line that
 * inih would not read whole is refused. Every message names file and line.
 */
#include <ini.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "plan/plan_internal.h"
#include "rundir/rundir.h"

#define LINE_MAX_BYTES 198 /* what inih reads whole */
#define FILE_MAX_BYTES (1024 * 1024)

const char *const site_kind_names[SITE_KINDS] = {[SITE_LAB] = "lab", [SITE_HOSTS] = "hosts"};

const char *const section_names[SECTIONS] = {
	[SECTION_SITE] = "site",     [SECTION_HOST_A] = "host a", [SECTION_HOST_B] = "host b",
	[SECTION_MATRIX] = "matrix", [SECTION_JUDGE] = "judge",	  [SECTION_EXPECT] = "expect"};

int plan_fail(struct plan_parser *parser, unsigned line, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!line)
		return error_set(parser->err, ERROR_USER, "%s: %s", parser->name, text);
	return error_set(parser->err, ERROR_USER, "%s:%u: %s", parser->name, line, text);
}

/* The line as text: control characters or broken UTF-8 mean that this is no plan at all. */
static int check_text(struct plan_parser *parser, const char *line, size_t len)
{
	char clean[LINE_MAX_BYTES + 1];
	size_t i;

	if (len > LINE_MAX_BYTES)
		return plan_fail(parser, parser->line, "longer than %d bytes; write it shorter",
				 LINE_MAX_BYTES);
	printable(line, len, clean, sizeof(clean));
	for (i = 0; i < len; i++) {
		if (line[i] != clean[i] && line[i] != '\t')
			return plan_fail(parser, parser->line,
					 "byte 0x%02x in column %zu is not text; is this a plan "
					 "file?",
					 (unsigned char)line[i], i + 1);
	}
	return 0;
}

/* What stands between the brackets, its blanks made single ("host  a" is "host a"). */
static int section_text(struct plan_parser *parser, const char *line, char *ret)
{
	const char *end = strchr(line, ']'), *rest, *p;
	size_t used = 0;

	if (!end)
		return plan_fail(parser, parser->line, "']' is missing: %s", line);
	rest = end + 1 + strspn(end + 1, " \t");
	if (*rest && *rest != ';' && *rest != '#')
		return plan_fail(parser, parser->line, "'%s' after the ']'", rest);
	for (p = line + 1; p < end; p++) {
		if (*p != ' ' && *p != '\t')
			ret[used++] = *p;
		else if (used && ret[used - 1] != ' ')
			ret[used++] = ' ';
	}
	while (used && ret[used - 1] == ' ')
		used--;
	ret[used] = 0;
	return 0;
}

static int read_section(struct plan_parser *parser, const char *line)
{
	char text[LINE_MAX_BYTES + 1];
	unsigned i;

	if (section_text(parser, line, text) < 0)
		return -1;
	if (!strncmp(text, "expect ", 7)) {
		parser->section = SECTION_EXPECT_SELECTOR;
		return expect_section(parser, text + 7);
	}
	for (i = SECTION_NONE + 1; i < SECTIONS; i++) {
		if (strcmp(text, section_names[i]))
			continue;
		if (parser->section_line[i])
			return plan_fail(parser, parser->line,
					 "section [%s] given twice, first in line %u", text,
					 parser->section_line[i]);
		parser->section_line[i] = parser->line;
		parser->section = (enum section)i;
		return 0;
	}
	return plan_fail(parser, parser->line,
			 "unknown section [%s]; use one of: site, host a, host b, matrix, judge, "
			 "expect",
			 text);
}

/* inih's handler: 1 = fine, 0 = stop. */
static int on_key(void *user, const char *section, const char *key, const char *value)
{
	struct plan_parser *parser = user;
	int ret;

	(void)section; /* ours, not inih's */
	if (!*key)
		ret = plan_fail(parser, parser->line, "a name is missing before '='");
	else if (parser->section == SECTION_NONE)
		ret = plan_fail(parser, parser->line, "'%s' stands before any section", key);
	else if (parser->section >= SECTION_EXPECT)
		ret = expect_key(parser, key, value);
	else
		ret = plan_key(parser, key, value);
	return ret == 0;
}

static int read_line(struct plan_parser *parser, const char *text, size_t len)
{
	char line[LINE_MAX_BYTES + 1];
	const char *start;
	struct error failed = {ERROR_NONE, ""}, *err = parser->err;

	if (len && text[len - 1] == '\r')
		len--;
	if (check_text(parser, text, len) < 0)
		return -1;
	memcpy(line, text, len);
	line[len] = 0;
	start = line + strspn(line, " \t");
	if (!*start || *start == '#' || *start == ';')
		return 0;
	if (*start == '[')
		return read_section(parser, start);
	if (start[strcspn(start, "=:")] != '=')
		return plan_fail(parser, parser->line, "not of the form 'key = value': %s", start);
	parser->err = &failed;
	if (ini_parse_string(start, on_key, parser) && failed.kind == ERROR_NONE)
		plan_fail(parser, parser->line, "not of the form 'key = value': %s", start);
	parser->err = err;
	if (failed.kind == ERROR_NONE)
		return 0;
	if (err)
		*err = failed;
	return -1;
}

static int read_lines(struct plan_parser *parser, const char *text)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	const char *end;

	if (!strncmp(text, byte_order_mark, 3))
		text += 3;
	for (; *text; text = *end ? end + 1 : end) {
		parser->line++;
		end = text + strcspn(text, "\n");
		if (read_line(parser, text, (size_t)(end - text)) < 0)
			return -1;
	}
	return 0;
}

/* "dir/my plan.conf" -> "my-plan": it becomes part of a folder's name. */
static void set_name(struct plan *plan, const char *path)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	const char *slash = strrchr(path, '/');
	size_t len, i;

	snprintf(plan->name, sizeof(plan->name), "%s", slash ? slash + 1 : path);
	len = strlen(plan->name);
	if (len > 5 && !strcmp(plan->name + len - 5, ".conf"))
		plan->name[len - 5] = 0;
	for (i = 0; plan->name[i]; i++) {
		if (!strchr(alphabet, plan->name[i]))
			plan->name[i] = '-';
	}
	if (!plan->name[0] || plan->name[0] == '.')
		snprintf(plan->name, sizeof(plan->name), "plan");
}

int plan_parse(const char *name, const char *text, struct plan *ret, struct error *err)
{
	struct plan_parser *parser = calloc(1, sizeof(*parser));
	int result = -1;

	if (!parser)
		return error_set(err, ERROR_WORLD, "out of memory");
	parser->name = name;
	parser->err = err;
	plan_defaults(parser);
	set_name(&parser->plan, name);
	parser->plan.text = strdup(text);
	if (!parser->plan.text) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	if (read_lines(parser, text) < 0 || plan_check_site(parser) < 0 ||
	    plan_make_cells(parser) < 0 || expect_apply(parser) < 0)
		goto out;
	*ret = parser->plan;
	result = 0;
out:
	if (result < 0)
		plan_done(&parser->plan);
	free(parser);
	return result;
}

int plan_read(const char *path, struct plan *ret, struct error *err)
{
	size_t size;
	char *text = rundir_read_file(path, FILE_MAX_BYTES, &size, err);
	int result = -1;

	if (!text)
		return -1;
	if (strlen(text) != size)
		error_set(err, ERROR_USER, "%s: holds zero bytes; a plan is a text", path);
	else
		result = plan_parse(path, text, ret, err);
	free(text);
	return result;
}

void plan_done(struct plan *plan)
{
	free(plan->text);
	free(plan->cells);
	plan->text = NULL;
	plan->cells = NULL;
	plan->n_cells = 0;
}
