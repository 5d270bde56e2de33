/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload.h - a text that says what writer and reader do in each round of a handoff.
 *
 * docs/workload-format.md is the grammar. The controller runs the steps one after another: a
 * step begins when the controller has heard that the one before has ended, and that message is
 * what proves the order. Adding a workload needs no compiler.
 */
#ifndef PLAN_WORKLOAD_H
#define PLAN_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/op.h"

#define WORKLOAD_STEPS_MAX 16
#define WORKLOAD_FILES_MAX 256
#define WORKLOAD_UNITS_MAX 1024 /* what one request to the agent holds */
#define WORKLOAD_ROUNDS_MAX 100000
#define WORKLOAD_DELAY_MAX_NS (60ULL * 1000000000ULL)

struct workload_step {
	bool writer; /* else the reader */
	enum op_kind kind;
	bool sync;	   /* a write: durable before it counts as complete */
	uint64_t delay_ns; /* before the step's first operation */
};

struct workload {
	char name[64];
	unsigned files;
	unsigned units;	 /* in all, units / files in each file */
	unsigned rounds; /* writer and reader swap after each */
	unsigned n_steps;
	struct workload_step steps[WORKLOAD_STEPS_MAX];
};

/* Parse a text of `size` bytes; `name` stands for the file in messages ("NAME:LINE: …",
 * ERROR_USER). ret->name is the file's name without folder and ".workload". */
int workload_parse(const char *name, const char *text, size_t size, struct workload *ret,
		   struct error *err);

/* Read and parse a file. */
int workload_read(const char *path, struct workload *ret, struct error *err);

/*
 * The folders where workloads are looked for, in this order: $STALEMATE_WORKLOADS (only this one
 * if it is set), ./workloads, ../workloads and ../share/stalemate/workloads as seen from the
 * program. NULL-terminated, malloc'ed, to be freed with workload_free_list; NULL when memory is
 * short.
 */
char **workload_dirs(void);

/* The path of NAME.workload in the first of the folders that has it, malloc'ed. NULL with an
 * ERROR_USER that says where it was looked for. */
char *workload_find(const char *name, char *const *dirs, struct error *err);

/* The paths of all workloads in the folders, sorted by name, the first folder's where two have
 * the same name. As workload_dirs. */
char **workload_list(char *const *dirs, struct error *err);

void workload_free_list(char **list);

/* The text of the first comment line, without '#' and "NAME: ", cleaned for a terminal; "" if
 * there is none. */
void workload_summary(const char *text, char *ret, size_t size);

#endif
