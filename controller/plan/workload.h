/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workload.h - a text that says what the two nodes do.
 *
 * docs/workload-format.md is the grammar. The controller runs the steps one after another: a
 * step begins when the controller has heard that the one before has ended, and that message is
 * what proves the order; steps of both nodes may also begin at once. Adding a workload needs no
 * compiler.
 */
#ifndef PLAN_WORKLOAD_H
#define PLAN_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/lane_program.h"
#include "common/op.h"

#define WORKLOAD_STEPS_MAX 24
#define WORKLOAD_ACTIONS_MAX 4
#define WORKLOAD_LANES_MAX 4
#define WORKLOAD_FILES_MAX 256
#define WORKLOAD_UNITS_MAX 1024 /* what one request to the agent holds */
#define WORKLOAD_ROUNDS_MAX 100000
#define WORKLOAD_DELAY_MAX_NS (60ULL * 1000000000ULL)

/* Where the units lie in their file. */
enum workload_layout {
	LAYOUT_SPREAD, /* evenly over the file */
	LAYOUT_PACKED, /* side by side, from its beginning */
	LAYOUT_LOG,    /* they are entries of a file that only grows */
	LAYOUT_NAMES,  /* they are names in a directory */
	LAYOUT_TAIL,   /* each is the end of a file */
	LAYOUTS
};

/* Which of a file's units. Own and other go by role: the writer's own are the first. */
enum workload_which {
	UNITS_ALL,
	UNITS_FIRST,  /* each second one, from the first on */
	UNITS_SECOND, /* those between */
	UNITS_OWN,
	UNITS_OTHER,
	UNITS_AROUND, /* what lies between all of them: not written, ever */
	UNITS_KINDS
};

/* Three write a name: by a new file, by renaming the old entry, by a link to it. The last two write
 * the end of a file. */
enum workload_do {
	DO_READ,
	DO_WRITE,
	DO_FLUSH,
	DO_INCREMENT,
	DO_CREATE,
	DO_RENAME,
	DO_LINK,
	DO_EXTEND,
	DO_TRUNCATE,
	DO_KINDS
};

struct workload_action {
	enum workload_do what;
	enum workload_which which;
	bool sync; /* a write: durable before it counts as complete */
};

/* What one node does without waiting for anybody. */
struct workload_step {
	bool writer;  /* else the reader */
	bool at_once; /* begins together with the step before it, which is of the other node */
	uint64_t delay_ns, delay_max_ns; /* before the first operation: from .. to, log-uniform */
	unsigned n_actions;
	struct workload_action actions[WORKLOAD_ACTIONS_MAX];
};

/* Lanes that run free, at the beginning of each round. */
struct workload_lane {
	bool writer, reader; /* whose; of both there are `count` each */
	unsigned count;
	struct lane_program program; /* node is not set */
};

struct workload {
	char name[64];
	unsigned files;
	unsigned units;	 /* in all, units / files in each file */
	unsigned rounds; /* writer and reader swap after each */
	enum workload_layout layout;
	unsigned n_steps;
	struct workload_step steps[WORKLOAD_STEPS_MAX];
	unsigned n_lanes;
	struct workload_lane lanes[WORKLOAD_LANES_MAX];
};

/* How many lanes run free on a node, at most. */
unsigned workload_lanes(const struct workload *workload);

/* Do lanes of it churn metadata? */
bool workload_churns(const struct workload *workload);

/* Does it write units? */
bool workload_writes(const struct workload_action *action);

/* Whether the i-th unit of a file is one of `which` (not AROUND), for writer or reader. */
bool workload_chooses(enum workload_which which, bool writer, unsigned i);

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
