/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_table.c - the verdict table: one row a cell.
 *
 * Columns are as wide as what they hold; that of the replicas is only there where a cell has
 * some. A table too wide for the terminal says "as asked"
 * instead of repeating modes, and if that is not enough moves its columns closer. The mark beside
 * a verdict is a word, so colour only repeats it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "common/parse.h"
#include "report/report_internal.h"
#include "report/report_words.h"

enum column {
	COLUMN_CELL,
	COLUMN_EFFECTIVE,
	COLUMN_EXPOSURES,
	COLUMN_STALE,
	COLUMN_FIRST,
	COLUMN_VERDICT,
	COLUMN_RATE,
	COLUMN_VOLUME,
	COLUMN_REPLICAS, /* the last: it may be left out */
	COLUMNS
};

struct row {
	char text[COLUMNS][WORDS_MAX];
	int status;   /* as check_read_status: picks the verdict's colour */
	int replicas; /* as check_exit_status: that of the replicas */
};

/* How many columns the table has. */
static unsigned n_columns(const struct verdict *v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (cell_facts_replicas(&v[i].facts) != REPLICAS_NOT_ASKED)
			return COLUMNS;
	}
	return COLUMN_REPLICAS;
}

const char *report_mark(const struct verdict *v)
{
	switch (check_read_status(v)) {
	case 0:
		return ", expected";
	case 1:
		return " UNEXPECTED";
	default:
		return v->kind == VERDICT_CONSISTENT || v->kind == VERDICT_VIOLATED ? ", undecided"
										    : "";
	}
}

/* The mode alone names a cell, unless more than the mode varies: then its id does. */
/* "path=buffered ..." of a selector that begins with its modes. */
static const char *rest_of(const char *selector)
{
	return selector + strcspn(selector, " ");
}

static bool mode_names_cell(const struct verdict *v, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++) {
		if (strcmp(rest_of(v[i].facts.selector), rest_of(v->facts.selector)) ||
		    strcmp(v[i].facts.path, v->facts.path) ||
		    strcmp(v[i].facts.workload, v->facts.workload) ||
		    strcmp(v[i].facts.fault, v->facts.fault) ||
		    v[i].facts.repeat != v->facts.repeat)
			return false;
	}
	return true;
}

static void fill_header(struct row *row, const struct verdict *v, bool by_mode)
{
	static const char *const names[COLUMNS] = {
		[COLUMN_EFFECTIVE] = "effective", [COLUMN_EXPOSURES] = "exposures",
		[COLUMN_STALE] = "stale",	  [COLUMN_FIRST] = "first",
		[COLUMN_VERDICT] = "verdict",	  [COLUMN_VOLUME] = "volume",
		[COLUMN_REPLICAS] = "replicas"};
	unsigned c;

	for (c = 0; c < COLUMNS; c++)
		snprintf(row->text[c], WORDS_MAX, "%s", names[c] ? names[c] : "");
	snprintf(row->text[COLUMN_CELL], WORDS_MAX, by_mode ? "cache asked" : "cell");
	snprintf(row->text[COLUMN_RATE], WORDS_MAX, "rate %g %%", v->facts.confidence * 100);
}

static void fill_row(struct row *row, const struct verdict *v, bool by_mode)
{
	if (by_mode)
		words_asked(&v->facts, row->text[COLUMN_CELL]);
	else
		printable(v->facts.id, strlen(v->facts.id), row->text[COLUMN_CELL], WORDS_MAX);
	words_effective(&v->facts, row->text[COLUMN_EFFECTIVE]);
	snprintf(row->text[COLUMN_EXPOSURES], WORDS_MAX, "%" PRIu64, v->exposures);
	snprintf(row->text[COLUMN_STALE], WORDS_MAX, "%" PRIu64, v->stale_exposures);
	if (v->first_known)
		snprintf(row->text[COLUMN_FIRST], WORDS_MAX, "%.3f s", v->first_violation_s);
	else
		snprintf(row->text[COLUMN_FIRST], WORDS_MAX, "-");
	snprintf(row->text[COLUMN_VERDICT], WORDS_MAX, "%s%s", verdict_kind_names[v->kind],
		 report_mark(v));
	/* of a cell that did not test what it claims nothing follows */
	if (v->kind == VERDICT_INVALID || v->kind == VERDICT_ERROR || v->kind == VERDICT_REFUSED)
		snprintf(row->text[COLUMN_RATE], WORDS_MAX, "-");
	else
		words_rate(v, row->text[COLUMN_RATE]);
	words_volume(v, row->text[COLUMN_VOLUME]);
	words_replicas(&v->facts, row->text[COLUMN_REPLICAS]);
	row->status = check_read_status(v);
	row->replicas = check_exit_status(v);
}

/* The width of each column; returns that of the table, columns two apart. */
static size_t measure(const struct row *rows, size_t n, size_t widths[COLUMNS], unsigned columns)
{
	size_t i, c, len, total = 0;

	for (c = 0; c < columns; c++) {
		widths[c] = 0;
		for (i = 0; i < n; i++) {
			len = strlen(rows[i].text[c]);
			widths[c] = len > widths[c] ? len : widths[c];
		}
		total += widths[c] + (c ? 2 : 0);
	}
	return total;
}

static void shorten(struct row *rows, const struct verdict *v, size_t n)
{
	char asked[WORDS_MAX];
	size_t i;

	for (i = 0; i < n; i++) {
		if (!strcmp(words_asked(&v[i].facts, asked), rows[i + 1].text[COLUMN_EFFECTIVE]))
			snprintf(rows[i + 1].text[COLUMN_EFFECTIVE], WORDS_MAX, "as asked");
	}
}

static void print_row(FILE *out, const struct row *row, const size_t widths[COLUMNS],
		      unsigned columns, int gap, bool colour)
{
	static const char *const colours[] = {"\033[32m", "\033[31m", "", "\033[33m"};
	unsigned c;

	for (c = 0; c < columns; c++) {
		bool right = c == COLUMN_EXPOSURES || c == COLUMN_STALE || c == COLUMN_FIRST;
		bool differ = c == COLUMN_REPLICAS && !strncmp(row->text[c], "DIFFER", 6);
		bool paint = colour && (c == COLUMN_VERDICT || differ);
		int width = c + 1 == columns ? 0 : (int)widths[c];

		if (c)
			fprintf(out, "%*s", gap, "");
		if (paint)
			fputs(colours[differ ? row->replicas : row->status], out);
		fprintf(out, "%*s", right ? width : -width, row->text[c]);
		if (paint)
			fputs("\033[0m", out);
	}
	fputc('\n', out);
}

int report_table(FILE *out, const struct verdict *verdicts, size_t n,
		 const struct report_options *options)
{
	struct row *rows = calloc(n + 1, sizeof(*rows));
	bool by_mode = mode_names_cell(verdicts, n);
	unsigned columns = n_columns(verdicts, n);
	size_t widths[COLUMNS], i;
	bool first_known = false;
	int gap = 2;

	if (!rows) {
		errno = ENOMEM;
		return -1;
	}
	fill_header(&rows[0], verdicts, by_mode);
	for (i = 0; i < n; i++)
		fill_row(&rows[i + 1], &verdicts[i], by_mode);
	if (measure(rows, n + 1, widths, columns) > options->width) {
		shorten(rows, verdicts, n);
		gap = measure(rows, n + 1, widths, columns) > options->width ? 1 : 2;
	}
	for (i = 0; i <= n; i++)
		print_row(out, &rows[i], widths, columns, gap, options->colour && i);
	for (i = 0; i < n; i++)
		first_known |= verdicts[i].first_known;
	if (first_known)
		fputs("(first: from the mount to the first violation; effective: on both hosts, or "
		      "a/b)\n",
		      out);
	free(rows);
	return 0;
}
