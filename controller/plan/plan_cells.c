/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_cells.c - the matrix -> the list of cells; the choice of some of them (--only).
 *
 * Cells are numbered in the order they run: bus, io, iothread, format, cache, path, workload,
 * fault, repeat, the last changing fastest. The number comes first in the id and all numbers are
 * equally wide, so that folders sort as they ran.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/plan_internal.h"

#define ONLY_MAX 64

/* "-WORD" behind what stands there: at most `most` bytes of it, and as many as there is room for.
 */
static void add_word(char *words, size_t size, const char *word, size_t most)
{
	size_t n = strlen(words), room = size - n;

	if (room > 2)
		snprintf(words + n, room, "-%.*s", (int)(room - 2 < most ? room - 2 : most), word);
}

static void name_cell(struct cell *cell, size_t number, int width, const struct matrix *m)
{
	char cache[32], disk[96] = "", words[32] = "", repeat[16] = "", *p;
	int n = 0, used = 0;
	unsigned axis;

	format_cache(cell->cache, cache);
	for (axis = 0; axis < DISK_AXES; axis++) {
		const char *value = disk_axes[axis].names[cell->disk.value[axis]];

		if (cell->disk.value[axis])
			used += snprintf(disk + used, sizeof(disk) - (size_t)used, "%s=%s ",
					 disk_axes[axis].key, value);
		if (m->n_disk[axis] > 1)
			n += snprintf(words + n, sizeof(words) - (size_t)n, "-%s%s",
				      axis == DISK_IOTHREAD ? "iothread-" : "", value);
		n = n < (int)sizeof(words) ? n : (int)sizeof(words) - 1;
	}
	snprintf(cell->selector, sizeof(cell->selector),
		 "cache=%s %spath=%s workload=%s fault=%s repeat=%u", cache, disk, cell->path,
		 cell->workload, cell->fault, cell->repeat);
	if (m->n_path > 1)
		add_word(words, sizeof(words), cell->path, 17);
	if (m->n_workload > 1)
		add_word(words, sizeof(words), cell->workload, sizeof(words));
	if (m->n_fault > 1)
		add_word(words, sizeof(words), cell->fault, sizeof(words));
	if (m->repeat > 1)
		snprintf(repeat, sizeof(repeat), "-r%u", cell->repeat);
	snprintf(cell->id, sizeof(cell->id), "%0*zu-%.23s%.31s%.5s", width, number, cache, words,
		 repeat);
	for (p = cell->id; *p; p++) {
		if (*p == '/' || *p == ':')
			*p = '-';
	}
}

/* The cell that stands at `index` of the product. */
static void fill_cell(struct cell *cell, size_t index, const struct matrix *m)
{
	unsigned axis;

	cell->repeat = (unsigned)(index % m->repeat) + 1;
	index /= m->repeat;
	snprintf(cell->fault, sizeof(cell->fault), "%s", m->fault[index % m->n_fault]);
	index /= m->n_fault;
	snprintf(cell->workload, sizeof(cell->workload), "%s", m->workload[index % m->n_workload]);
	index /= m->n_workload;
	snprintf(cell->path, sizeof(cell->path), "%s", m->path[index % m->n_path]);
	io_names_parse(cell->path, cell->io, NULL); /* it was parsed when it was read */
	cell->lanes = io_names_lanes(cell->io);
	index /= m->n_path;
	memcpy(cell->cache, m->cache[index % m->n_cache], sizeof(cell->cache));
	index /= m->n_cache;
	for (axis = DISK_AXES; axis-- > 0;) {
		cell->disk.value[axis] = m->disk[axis][index % m->n_disk[axis]];
		index /= m->n_disk[axis];
	}
}

int plan_make_cells(struct plan_parser *parser)
{
	const struct matrix *m = &parser->matrix;
	struct plan *plan = &parser->plan;
	size_t i, n = m->n_cache * m->n_path * m->n_workload * m->n_fault * m->repeat;
	unsigned axis;
	int width;

	for (axis = 0; axis < DISK_AXES; axis++)
		n *= m->n_disk[axis];
	width = n > 99 ? 3 : 2;
	if (!n)
		return plan_fail(parser, parser->section_line[SECTION_MATRIX],
				 "the matrix is empty: [matrix] needs 'cache = MODE, …'");
	if (n > PLAN_CELLS_MAX)
		return plan_fail(parser, parser->section_line[SECTION_MATRIX],
				 "the matrix has %zu cells; at most %d in one plan", n,
				 PLAN_CELLS_MAX);
	plan->cells = calloc(n, sizeof(*plan->cells));
	if (!plan->cells)
		return error_set(parser->err, ERROR_WORLD, "out of memory");
	plan->n_cells = n;
	for (i = 0; i < n; i++) {
		fill_cell(&plan->cells[i], i, m);
		name_cell(&plan->cells[i], i + 1, width, m);
	}
	return 0;
}

bool plan_has_bus(const struct plan *plan, unsigned bus)
{
	size_t i;

	for (i = 0; i < plan->n_cells; i++) {
		if (plan->cells[i].disk.value[DISK_BUS] == bus)
			return true;
	}
	return false;
}

/* "cache=none,fault=none" -> one selector per element. Returns their number, or -1. */
static int read_only(const char *only, struct selector *ret, struct error *err)
{
	char word[128], *equals;
	int n = 0;

	while (plan_list_next(&only, word, sizeof(word))) {
		if (n == ONLY_MAX)
			return error_set(err, ERROR_USER, "--only: more than %d elements",
					 ONLY_MAX);
		equals = strchr(word, '=');
		if (!equals)
			return error_set(err, ERROR_USER,
					 "--only: '%s' is not of the form KEY=VALUE", word);
		*equals = 0;
		if (selector_set(&ret[n], word, equals + 1, err) < 0)
			return error_prefix(err, "--only");
		n++;
	}
	return n;
}

/* Whether the two selectors, of one word each, are about the same key. */
static bool same_key(const struct selector *x, const struct selector *y)
{
	return x->has_cache == y->has_cache && x->has_path == y->has_path &&
	       x->has_workload == y->has_workload && x->has_fault == y->has_fault &&
	       x->has_repeat == y->has_repeat &&
	       !memcmp(x->has_disk, y->has_disk, sizeof(x->has_disk));
}

/* Each key that was given has a value which the cell has. */
static bool chosen(const struct cell *cell, const struct selector *only, int n)
{
	bool any;
	int i, k;

	for (i = 0; i < n; i++) {
		any = false;
		for (k = 0; k < n; k++)
			any |= same_key(&only[i], &only[k]) && selector_matches(&only[k], cell);
		if (!any)
			return false;
	}
	return true;
}

int plan_select(struct plan *plan, const char *text, struct error *err)
{
	struct selector *only = calloc(ONLY_MAX, sizeof(*only));
	size_t i, kept = 0;
	int n, ret = -1;

	if (!only)
		return error_set(err, ERROR_WORLD, "out of memory");
	n = read_only(text, only, err);
	if (n < 0)
		goto out;
	for (i = 0; i < plan->n_cells; i++)
		kept += chosen(&plan->cells[i], only, n);
	if (!kept) {
		error_set(err, ERROR_USER, "--only %s: no cell of the plan matches", text);
		goto out;
	}
	for (i = kept = 0; i < plan->n_cells; i++) {
		if (chosen(&plan->cells[i], only, n))
			plan->cells[kept++] = plan->cells[i];
	}
	plan->n_cells = kept;
	ret = 0;
out:
	free(only);
	return ret;
}
