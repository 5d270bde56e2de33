/* SPDX-License-Identifier: GPL-2.0-or-later */
/* workload_internal.h - what the files of the workload parser share; nobody else includes it. */
#ifndef PLAN_WORKLOAD_INTERNAL_H
#define PLAN_WORKLOAD_INTERNAL_H

#include "plan/workload.h"

#define LINE_MAX_BYTES 255
#define WORDS_MAX 40

struct parser {
	const char *name;
	unsigned line;
	unsigned files_line, units_line, rounds_line, layout_line; /* 0 = not given */
	struct workload workload;
	char words[2 * LINE_MAX_BYTES + 1]; /* the line, cut into words; a comma is one */
	const char *word[WORDS_MAX];
	unsigned n_words;
	unsigned lane_line; /* of the section that has no end yet; 0 = none */
	unsigned step_line[WORKLOAD_STEPS_MAX];
	struct error *err;
};

/* "NAME:LINE: ..." of the line at hand, an ERROR_USER. Returns -1. */
int workload_fail(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line that begins with `step` or `and`. */
int workload_read_step(struct parser *p);

/* A line that begins with `lane`, or that is within its section. */
int workload_read_lane(struct parser *p);

/* What no single step or lane can tell. *ret_found: a read may find what the other node wrote. */
int workload_check_steps(struct parser *p, bool *ret_found);
int workload_check_beside(struct parser *p);
int workload_check_lanes(struct parser *p, bool *ret_found);

#endif
