/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target_create.h - making a target: its directory, claim and data files; for target*.c only. */
#ifndef AGENT_TARGET_CREATE_H
#define AGENT_TARGET_CREATE_H

#include <stdbool.h>

#include "agent/target.h"
#include "common/claim.h"

/* What one OPEN has opened and, with `create`, made so far: to be undone if it fails. */
struct target_created {
	int fd; /* the target's directory, or -1 */
	bool directory;
	bool file[TARGET_FILES_MAX];
	bool no_space; /* it failed for lack of space */
};

/* "data.00" for file 0. */
void target_file_name(unsigned file, char ret[16]);

/* Open data file `file` of the target at `directory`; -1 with *err if it is no regular file with
 * one name, or cannot be opened. ENOENT is left in errno when it does not exist. */
int target_open_file(int directory, unsigned file, int flags, struct error *err);

/* The claim that this OPEN makes; of a directory. */
struct claim target_claim(const struct message_open *open);

/* Whether the claim found at `path` is what this OPEN means; else -1 with *err (ERROR_WORLD). */
int target_check_claim(const char *path, const struct claim *claim, const struct message_open *open,
		       struct error *err);

/*
 * Make the target's directory if it does not exist, claim it for `open`, and have all data files
 * there at their size and preallocated. Whatever the result, *made says what to close and undo.
 */
int target_create(const char *path, const struct message_open *open, struct target_created *made,
		  struct error *err);

/* Remove what was made; after lack of space *err is filled anew, with what there is. */
void target_undo(const char *path, uint64_t size, const struct target_created *made,
		 struct error *err);

#endif
