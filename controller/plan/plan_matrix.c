/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_matrix.c - the values of [matrix]: lists, each element once. `all` among the cache modes
 * becomes the modes that it stands for, the second host's changing fastest.
 */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "plan/plan_internal.h"

#define FAULT_FOR_MAX (30 * NS_PER_S) /* an operation is waited for for a minute */

bool plan_list_next(const char **list, char *ret, size_t size)
{
	const char *start, *end;
	size_t len;

	if (!*list)
		return false;
	start = *list + strspn(*list, " \t");
	end = start + strcspn(start, ",");
	*list = *end ? end + 1 : NULL;
	while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	len = (size_t)(end - start);
	if (len >= size)
		len = 0;
	memcpy(ret, start, len);
	ret[len] = 0;
	return true;
}

/* The next element into `word`: 1, or 0 at the end, or -1. */
static int list_word(const char **list, const char *what, size_t n, char word[64],
		     struct error *err)
{
	if (!plan_list_next(list, word, 64))
		return 0;
	if (!*word)
		return error_set(err, ERROR_USER, "%s: an empty element in the list", what);
	if (n == PLAN_LIST_MAX)
		return error_set(err, ERROR_USER, "%s: more than %d elements", what, PLAN_LIST_MAX);
	return 1;
}

static int twice(struct error *err, const char *what, const char *word)
{
	return error_set(err, ERROR_USER, "%s: '%s' is in the list twice; use repeat", what, word);
}

static bool is_listed(char (*list)[64], size_t n, const char *word)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!strcmp(list[i], word))
			return true;
	}
	return false;
}

/* One pair of modes that `word` stands for. */
static int add_cache(struct matrix *m, const char *word, const struct cache_pattern *pattern,
		     const enum cache_mode cache[NODES], struct error *err)
{
	char one[32];
	size_t i;

	for (i = 0; i < m->n_cache; i++) {
		if (m->cache[i][0] != cache[0] || m->cache[i][1] != cache[1])
			continue;
		if (!pattern->all[0] && !pattern->all[1])
			return twice(err, "cache", word);
		format_cache(cache, one);
		return error_set(err, ERROR_USER,
				 "cache: '%s', which '%s' stands for too, is in the list already",
				 one, word);
	}
	memcpy(m->cache[m->n_cache++], cache, sizeof(m->cache[0]));
	return 0;
}

int plan_read_cache(struct plan_parser *parser, const char *value, struct error *err)
{
	struct matrix *m = &parser->matrix;
	struct cache_pattern pattern;
	enum cache_mode cache[NODES];
	char word[64];
	unsigned i;
	int more;

	/* There is room for every pair, each once. */
	while ((more = list_word(&value, "cache", 0, word, err)) > 0) {
		if (parse_cache(word, &pattern, err) < 0)
			return -1;
		for (i = 0; i < CACHE_MODES * CACHE_MODES; i++) {
			cache[0] = (enum cache_mode)(i / CACHE_MODES);
			cache[1] = (enum cache_mode)(i % CACHE_MODES);
			if (cache_pattern_has(&pattern, cache) &&
			    add_cache(m, word, &pattern, cache, err) < 0)
				return -1;
		}
	}
	return more;
}

static int read_disk(struct plan_parser *parser, enum disk_axis axis, const char *value,
		     struct error *err)
{
	struct matrix *m = &parser->matrix;
	const char *what = disk_axes[axis].key;
	size_t *n = &m->n_disk[axis], i;
	char word[64];
	int more;

	/* There is room for every value, each once. */
	*n = 0;
	while ((more = list_word(&value, what, 0, word, err)) > 0) {
		unsigned got;

		if (parse_disk(axis, word, &got, err) < 0)
			return -1;
		for (i = 0; i < *n; i++) {
			if (m->disk[axis][i] == got)
				return twice(err, what, word);
		}
		m->disk[axis][(*n)++] = got;
	}
	return more;
}

int plan_read_bus(struct plan_parser *parser, const char *value, struct error *err)
{
	return read_disk(parser, DISK_BUS, value, err);
}

int plan_read_io(struct plan_parser *parser, const char *value, struct error *err)
{
	return read_disk(parser, DISK_IO, value, err);
}

int plan_read_iothread(struct plan_parser *parser, const char *value, struct error *err)
{
	return read_disk(parser, DISK_IOTHREAD, value, err);
}

int plan_read_format(struct plan_parser *parser, const char *value, struct error *err)
{
	return read_disk(parser, DISK_FORMAT, value, err);
}

int plan_read_path(struct plan_parser *parser, const char *value, struct error *err)
{
	struct matrix *m = &parser->matrix;
	char word[64];
	size_t i;
	int more;

	m->n_path = 0;
	while ((more = list_word(&value, "path", m->n_path, word, err)) > 0) {
		if (parse_path(word, m->path[m->n_path], err) < 0)
			return -1;
		for (i = 0; i < m->n_path; i++) {
			if (!strcmp(m->path[i], m->path[m->n_path]))
				return twice(err, "path", word);
		}
		m->n_path++;
	}
	return more;
}

int plan_read_workload(struct plan_parser *parser, const char *value, struct error *err)
{
	struct matrix *m = &parser->matrix;
	char word[64];
	int more;

	m->n_workload = 0;
	while ((more = list_word(&value, "workload", m->n_workload, word, err)) > 0) {
		if (parse_workload(word, m->workload[m->n_workload], err) < 0)
			return -1;
		if (is_listed(m->workload, m->n_workload, word))
			return twice(err, "workload", word);
		m->n_workload++;
	}
	return more;
}

int plan_read_fault(struct plan_parser *parser, const char *value, struct error *err)
{
	struct matrix *m = &parser->matrix;
	char word[64];
	int more;

	m->n_fault = 0;
	while ((more = list_word(&value, "fault", m->n_fault, word, err)) > 0) {
		if (!fault_find_carried_out(word, err))
			return -1;
		if (is_listed(m->fault, m->n_fault, word))
			return twice(err, "fault", word);
		snprintf(m->fault[m->n_fault], sizeof(m->fault[0]), "%s", word);
		m->n_fault++;
	}
	return more;
}

int plan_read_fault_at(struct plan_parser *parser, const char *value, struct error *err)
{
	return fault_moment_parse(value, &parser->plan.fault_at, err);
}

int plan_read_fault_for(struct plan_parser *parser, const char *value, struct error *err)
{
	uint64_t ns;

	if (parse_duration(value, "fault-for", &ns, err) < 0)
		return -1;
	if (!ns || ns > FAULT_FOR_MAX)
		return error_set(err, ERROR_USER,
				 "fault-for: more than 0 and at most 30s, not '%s'", value);
	parser->plan.fault_for_ns = ns;
	return 0;
}

int plan_read_repeat(struct plan_parser *parser, const char *value, struct error *err)
{
	return parse_repeat(value, &parser->matrix.repeat, err);
}
