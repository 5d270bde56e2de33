/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plan_internal.h - what the files of the plan parser share; nobody else includes it.
 *
 *   plan.c         lines and sections
 *   plan_keys.c    each key: its section and its default
 *   plan_values.c  the range of each key of [site] and [judge]
 *   plan_host.c    the same of [host a] and [host b]
 *   plan_site.c    what keys say of each other
 *   plan_matrix.c  the lists of [matrix]
 *   plan_expect.c  selectors and expectations
 *   plan_cells.c   the matrix -> cells
 */
#ifndef PLAN_PLAN_INTERNAL_H
#define PLAN_PLAN_INTERNAL_H

#include "plan/plan.h"

#define PLAN_FILES 16 /* files of a target */
#define PLAN_LIST_MAX 32
#define PLAN_EXPECT_MAX 64
#define PLAN_CELLS_MAX 999
#define PLAN_REPEAT_MAX 999
#define PLAN_WORKLOAD_NAME_MAX 24
#define MIB (1024ULL * 1024)

enum section {
	SECTION_NONE, /* before the first */
	SECTION_SITE,
	SECTION_HOST_A,
	SECTION_HOST_B,
	SECTION_MATRIX,
	SECTION_JUDGE,
	SECTION_EXPECT, /* bare: mode = verdict */
	SECTIONS,
	SECTION_EXPECT_SELECTOR = SECTIONS, /* [expect KEY=V …]: verdict = … */
};
extern const char *const section_names[SECTIONS];

/* A or A/B in words: a mode, or `all`, which stands for each but `default`. */
struct cache_pattern {
	enum cache_mode mode[NODES];
	bool all[NODES]; /* then mode is not looked at */
	bool same;	 /* given without a slash: both hosts in the same mode */
};

/* One or more of the words by which cells are told apart; all given ones must match. */
struct selector {
	bool has_cache, has_path, has_workload, has_fault, has_repeat;
	bool has_disk[DISK_AXES];
	struct cache_pattern cache;
	char path[IO_NAMES_MAX], workload[64], fault[64];
	unsigned repeat;
	struct disk_setup disk;
};

struct expectation {
	struct selector selector;
	bool has_verdict;
	enum verdict_kind verdict;
	unsigned line;
};

struct matrix {
	enum cache_mode cache[CACHE_MODES * CACHE_MODES][NODES];
	char path[PLAN_LIST_MAX][IO_NAMES_MAX];
	char workload[PLAN_LIST_MAX][64];
	char fault[PLAN_LIST_MAX][64];
	unsigned disk[DISK_AXES][DISK_VALUES_MAX];
	size_t n_cache, n_path, n_workload, n_fault, n_disk[DISK_AXES];
	unsigned repeat;
};

#define PLAN_KEYS_MAX 52

struct plan_parser {
	const char *name; /* of the file, for messages */
	unsigned line;	  /* counted here, from 1 */
	enum section section;
	unsigned section_line[SECTIONS];  /* 0 = not seen */
	unsigned key_line[PLAN_KEYS_MAX]; /* by index in plan_keys.c; 0 = not given */
	struct plan plan;
	struct matrix matrix;
	struct expectation expect[PLAN_EXPECT_MAX];
	size_t n_expect;
	struct error *err;
};

/* "NAME:LINE: …", an ERROR_USER; line 0: of the file as a whole. Returns -1. */
int plan_fail(struct plan_parser *parser, unsigned line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* plan_keys.c: set what is not given. */
void plan_defaults(struct plan_parser *parser);

/* One "key = value" of a section other than the expectations. The message has no place yet. */
int plan_key(struct plan_parser *parser, const char *key, const char *value);

/* The line on which a key was given; 0 = it was not. */
unsigned plan_key_line(const struct plan_parser *parser, enum section section, const char *key);

/*
 * The next element of a comma-separated list: *list moves on, the element is trimmed into ret.
 * False at the end. An empty or overlong element is returned as "".
 */
bool plan_list_next(const char **list, char *ret, size_t size);

/* Read one value into parser->plan or parser->matrix; the message has no place yet. */
typedef int plan_reader(struct plan_parser *parser, const char *value, struct error *err);
plan_reader plan_read_kind, plan_read_volume, plan_read_target, plan_read_size,
	plan_read_volume_size, plan_read_unit, plan_read_confidence, plan_read_max_rate,
	plan_read_flush_scope, plan_read_cache, plan_read_path, plan_read_workload, plan_read_fault,
	plan_read_fault_at, plan_read_fault_for, plan_read_repeat, plan_read_verify,
	plan_read_block_size, plan_read_guests, plan_read_bus, plan_read_io, plan_read_iothread,
	plan_read_format;
plan_reader plan_read_ssh, plan_read_agent, plan_read_guest_ssh, plan_read_address,
	plan_read_on_hang, plan_read_stop_timeout, plan_read_start_timeout;

/* plan_site.c: what no single line can tell. */
int plan_check_site(struct plan_parser *parser);

/* plan_cells.c */
int plan_make_cells(struct plan_parser *parser);

/* plan_expect.c. Vocabulary: text -> value, with a message that lists what is allowed. */
int parse_cache(const char *text, struct cache_pattern *ret, struct error *err);
bool cache_pattern_has(const struct cache_pattern *pattern, const enum cache_mode cache[NODES]);
int parse_path(const char *text, char ret[IO_NAMES_MAX], struct error *err);
int parse_fault(const char *text, char ret[64], struct error *err);
int parse_workload(const char *text, char ret[64], struct error *err);
int parse_disk(enum disk_axis axis, const char *text, unsigned *ret, struct error *err);
int parse_repeat(const char *text, unsigned *ret, struct error *err);
int parse_verdict(const char *text, enum verdict_kind *ret, struct error *err);
void format_cache(const enum cache_mode cache[NODES], char ret[32]);

/* Add KEY=V to a selector; a key given twice is an error. */
int selector_set(struct selector *selector, const char *key, const char *value, struct error *err);
bool selector_matches(const struct selector *selector, const struct cell *cell);

/* The rest of "[expect …]", or a line within it. */
int expect_section(struct plan_parser *parser, const char *selector);
int expect_key(struct plan_parser *parser, const char *key, const char *value);

/* Give each cell the verdict of the most specific expectation that matches it. */
int expect_apply(struct plan_parser *parser);

#endif
