/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_expect.c - the words cells are told apart by, selectors made of them, expectations.
 *
 * `[expect]` with `MODE = VERDICT` is short for `[expect cache=MODE]` with `verdict = VERDICT`.
 * Of the expectations that match a cell the one with most words wins: it says more. Two with
 * equally many words and different verdicts contradict each other; that is an error, and not
 * decided by the order of lines. With equally many words, each `all` says less.
 *
 * Here all words that the design knows are known, so that a plan may say what it expects of
 * cells that a later version runs; plan_keys.c refuses what this version cannot run.
 */
#include <stdio.h>
#include <string.h>

#include "common/parse.h"
#include "plan/plan_internal.h"

#define N(names) (sizeof(names) / sizeof((names)[0]))

static int parse_mode(const char *text, unsigned node, struct cache_pattern *ret, struct error *err)
{
	const char *names[CACHE_MODES + 1];
	unsigned mode;

	memcpy(names, cache_mode_names, sizeof(cache_mode_names));
	names[CACHE_MODES] = "all";
	if (parse_name(text, names, N(names), "cache mode", &mode, err) < 0)
		return -1;
	ret->all[node] = mode == CACHE_MODES;
	ret->mode[node] = ret->all[node] ? CACHE_NONE : (enum cache_mode)mode;
	return 0;
}

int parse_cache(const char *text, struct cache_pattern *ret, struct error *err)
{
	const char *slash = strchr(text, '/');
	char first[64];
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	snprintf(first, sizeof(first), "%.*s", (int)(len < 63 ? len : 63), text);
	/* none/none is no other cell than none, but all/all is more than all */
	ret->same = !slash;
	if (parse_mode(first, 0, ret, err) < 0)
		return -1;
	return parse_mode(slash ? slash + 1 : first, 1, ret, err);
}

bool cache_pattern_has(const struct cache_pattern *pattern, const enum cache_mode cache[NODES])
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (pattern->all[node] ? cache[node] == CACHE_DEFAULT
				       : cache[node] != pattern->mode[node])
			return false;
	}
	return !pattern->same || cache[0] == cache[1];
}

void format_cache(const enum cache_mode cache[NODES], char ret[32])
{
	if (cache[0] == cache[1])
		snprintf(ret, 32, "%s", cache_mode_names[cache[0]]);
	else
		snprintf(ret, 32, "%s/%s", cache_mode_names[cache[0]], cache_mode_names[cache[1]]);
}

int parse_path(const char *text, char ret[IO_NAMES_MAX], struct error *err)
{
	struct io_name names[IO_ROLES];

	if (io_names_parse(text, names, err) < 0)
		return -1;
	io_names_format(names, ret);
	return 0;
}

int parse_fault(const char *text, char ret[64], struct error *err)
{
	const struct fault *fault = fault_find(text, err);

	if (!fault)
		return -1;
	snprintf(ret, 64, "%s", fault->name);
	return 0;
}

int parse_workload(const char *text, char ret[64], struct error *err)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t len = strlen(text);

	if (!len || len > PLAN_WORKLOAD_NAME_MAX || text[strspn(text, alphabet)] || text[0] == '-')
		return error_set(err, ERROR_USER,
				 "workload: '%.60s' is not a name of a to z, 0 to 9 and '-', at "
				 "most %d long",
				 text, PLAN_WORKLOAD_NAME_MAX);
	memcpy(ret, text, len + 1);
	return 0;
}

int parse_disk(enum disk_axis axis, const char *text, unsigned *ret, struct error *err)
{
	const struct disk_axis_words *words = &disk_axes[axis];

	return parse_name(text, words->names, words->n, words->key, ret, err);
}

int parse_repeat(const char *text, unsigned *ret, struct error *err)
{
	uint64_t value;

	if (parse_u64(text, PLAN_REPEAT_MAX, "repeat", &value, err) < 0)
		return -1;
	if (!value)
		return error_set(err, ERROR_USER, "repeat: must be at least 1");
	*ret = (unsigned)value;
	return 0;
}

int parse_verdict(const char *text, enum verdict_kind *ret, struct error *err)
{
	/* the others say that nothing was found out: nobody can expect them */
	static const enum verdict_kind kinds[] = {VERDICT_CONSISTENT, VERDICT_VIOLATED,
						  VERDICT_REFUSED};
	const char *names[N(kinds)];
	unsigned i;

	for (i = 0; i < N(kinds); i++)
		names[i] = verdict_kind_names[kinds[i]];
	if (parse_name(text, names, N(names), "verdict", &i, err) < 0)
		return -1;
	*ret = kinds[i];
	return 0;
}

static int read_word(struct selector *selector, unsigned key, const char *value, struct error *err)
{
	switch (key) {
	case 0:
		return parse_cache(value, &selector->cache, err);
	case 1:
		return parse_path(value, selector->path, err);
	case 2:
		return parse_workload(value, selector->workload, err);
	case 3:
		return parse_fault(value, selector->fault, err);
	case 4:
		return parse_repeat(value, &selector->repeat, err);
	default:
		key -= 5;
		return parse_disk((enum disk_axis)key, value, &selector->disk.value[key], err);
	}
}

int selector_set(struct selector *selector, const char *key, const char *value, struct error *err)
{
	const char *names[5 + DISK_AXES] = {"cache", "path", "workload", "fault", "repeat"};
	bool *has[5 + DISK_AXES] = {&selector->has_cache, &selector->has_path,
				    &selector->has_workload, &selector->has_fault,
				    &selector->has_repeat};
	unsigned i;

	for (i = 0; i < DISK_AXES; i++) {
		names[5 + i] = disk_axes[i].key;
		has[5 + i] = &selector->has_disk[i];
	}
	if (parse_name(key, names, N(names), "selector", &i, err) < 0)
		return -1;
	if (*has[i])
		return error_set(err, ERROR_USER, "selector: %s given twice", key);
	if (read_word(selector, i, value, err) < 0)
		return -1;
	*has[i] = true;
	return 0;
}

bool selector_matches(const struct selector *selector, const struct cell *cell)
{
	unsigned axis;

	for (axis = 0; axis < DISK_AXES; axis++) {
		if (selector->has_disk[axis] &&
		    selector->disk.value[axis] != cell->disk.value[axis])
			return false;
	}
	if (selector->has_cache && !cache_pattern_has(&selector->cache, cell->cache))
		return false;
	return (!selector->has_path || !strcmp(selector->path, cell->path)) &&
	       (!selector->has_workload || !strcmp(selector->workload, cell->workload)) &&
	       (!selector->has_fault || !strcmp(selector->fault, cell->fault)) &&
	       (!selector->has_repeat || selector->repeat == cell->repeat);
}

static unsigned specificity(const struct selector *selector)
{
	unsigned words = (unsigned)selector->has_cache + selector->has_path +
			 selector->has_workload + selector->has_fault + selector->has_repeat;
	unsigned alls = (unsigned)selector->cache.all[0] + selector->cache.all[1], axis;

	for (axis = 0; axis < DISK_AXES; axis++)
		words += selector->has_disk[axis];
	return words * (NODES + 1) + NODES - alls;
}

static struct expectation *add_expectation(struct plan_parser *parser)
{
	struct expectation *expect;

	if (parser->n_expect == PLAN_EXPECT_MAX) {
		plan_fail(parser, parser->line, "more than %d expectations", PLAN_EXPECT_MAX);
		return NULL;
	}
	expect = &parser->expect[parser->n_expect++];
	expect->line = parser->line;
	return expect;
}

/* none/none says the same as none. */
static bool same_pattern(const struct cache_pattern *x, const struct cache_pattern *y)
{
	return x->all[0] == y->all[0] && x->all[1] == y->all[1] && x->mode[0] == y->mode[0] &&
	       x->mode[1] == y->mode[1] && (x->same == y->same || !(x->all[0] && x->all[1]));
}

static bool same_selector(const struct selector *x, const struct selector *y)
{
	return x->has_cache == y->has_cache && x->has_path == y->has_path &&
	       x->has_workload == y->has_workload && x->has_fault == y->has_fault &&
	       x->has_repeat == y->has_repeat && same_pattern(&x->cache, &y->cache) &&
	       !strcmp(x->path, y->path) && !strcmp(x->workload, y->workload) &&
	       !strcmp(x->fault, y->fault) && x->repeat == y->repeat &&
	       !memcmp(x->has_disk, y->has_disk, sizeof(x->has_disk)) &&
	       !memcmp(&x->disk, &y->disk, sizeof(x->disk));
}

/* The expectation just added must not repeat an earlier one. */
static int check_twice(struct plan_parser *parser)
{
	const struct expectation *last = &parser->expect[parser->n_expect - 1], *e;

	for (e = parser->expect; e < last; e++) {
		if (same_selector(&e->selector, &last->selector))
			return plan_fail(parser, parser->line,
					 "this expectation is given twice, first in line %u",
					 e->line);
	}
	return 0;
}

int expect_section(struct plan_parser *parser, const char *text)
{
	struct expectation *expect = add_expectation(parser);
	char word[256], *equals;
	struct error err;
	size_t len;

	if (!expect)
		return -1;
	while (*text) {
		len = strcspn(text, " ");
		snprintf(word, sizeof(word), "%.*s", (int)len, text);
		text += len + strspn(text + len, " ");
		equals = strchr(word, '=');
		if (!equals)
			return plan_fail(parser, parser->line,
					 "'%s' in [expect …] is not of the form key=value", word);
		*equals = 0;
		if (selector_set(&expect->selector, word, equals + 1, &err) < 0)
			return plan_fail(parser, parser->line, "%s", err.text);
	}
	return check_twice(parser);
}

/* In [expect]: MODE = VERDICT. */
static int expect_mode(struct plan_parser *parser, const char *mode, const char *value)
{
	struct expectation *expect = add_expectation(parser);
	struct error err;

	if (!expect)
		return -1;
	if (selector_set(&expect->selector, "cache", mode, &err) < 0 ||
	    parse_verdict(value, &expect->verdict, &err) < 0)
		return plan_fail(parser, parser->line, "%s", err.text);
	expect->has_verdict = true;
	return check_twice(parser);
}

int expect_key(struct plan_parser *parser, const char *key, const char *value)
{
	struct expectation *expect;
	struct error err;

	if (parser->section == SECTION_EXPECT)
		return expect_mode(parser, key, value);
	expect = &parser->expect[parser->n_expect - 1];
	if (strcmp(key, "verdict"))
		return plan_fail(parser, parser->line,
				 "unknown key '%s' in [expect …]; use: verdict", key);
	if (expect->has_verdict)
		return plan_fail(parser, parser->line, "verdict given twice");
	if (parse_verdict(value, &expect->verdict, &err) < 0)
		return plan_fail(parser, parser->line, "%s", err.text);
	expect->has_verdict = true;
	return 0;
}

static int apply_to(struct plan_parser *parser, struct cell *cell)
{
	const struct expectation *best = NULL, *rival = NULL;
	size_t i;

	for (i = 0; i < parser->n_expect; i++) {
		const struct expectation *e = &parser->expect[i];
		int more;

		if (!selector_matches(&e->selector, cell))
			continue;
		more = best ? (int)specificity(&e->selector) - (int)specificity(&best->selector)
			    : 1;
		if (more > 0) {
			best = e;
			rival = NULL;
		} else if (!more && e->verdict != best->verdict) {
			rival = e;
		}
	}
	if (rival)
		return plan_fail(parser, rival->line,
				 "contradicts line %u for the cell %s, and neither says more; give "
				 "one that names both",
				 best->line, cell->selector);
	if (best) {
		cell->has_expected = true;
		cell->expected = best->verdict;
	}
	return 0;
}

int expect_apply(struct plan_parser *parser)
{
	size_t i;

	for (i = 0; i < parser->n_expect; i++) {
		if (!parser->expect[i].has_verdict)
			return plan_fail(parser, parser->expect[i].line,
					 "[expect …] without a line 'verdict = …'");
	}
	for (i = 0; i < parser->plan.n_cells; i++) {
		if (apply_to(parser, &parser->plan.cells[i]) < 0)
			return -1;
	}
	return 0;
}
