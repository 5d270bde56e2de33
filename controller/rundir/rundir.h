/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rundir.h - the run directory: the names of its files; nothing about their meaning.
 *
 *   RUN/plan.conf             the plan as it was read
 *   RUN/run.json              uuid, seed, start and end, versions, command line
 *   RUN/events.log            what the controller did, with times
 *   RUN/verdict.json          the judgement (what `report --format json` prints)
 *   RUN/complete              exists once the run came to its end
 *   RUN/domains/{a,b}.xml     the guests' definitions
 *   RUN/saved/                users' guests as they were, secrets and all (site/saved.h)
 *   RUN/consoles/{a,b}.log    their serial consoles
 *   RUN/canary/               the planted faults the judge was shown
 *   RUN/cells/ID/cell.json    facts.h
 *   RUN/cells/ID/{a,b}.history   the binary histories;  history.txt is their text twin
 *   RUN/cells/ID/{a,b}-disk.xml  the disk as attached;  fsck.log
 */
#ifndef RUNDIR_RUNDIR_H
#define RUNDIR_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* "RUN/name" or "RUN/cells/ID/name" (cell may be NULL). Returns a malloc'ed string. */
char *rundir_path(const char *run, const char *cell, const char *name);

/* Create RUN with its folders (parents too). An existing non-empty folder is an ERROR_USER. */
int rundir_create(const char *run, struct error *err);

/* Create RUN/cells/ID. */
int rundir_create_cell(const char *run, const char *cell, struct error *err);

/* "runs/20261124T074500Z-NAME" for the time given (seconds since 1970). malloc'ed. */
char *rundir_default_name(const char *plan_name, int64_t now_s);

/* Point "runs/last" to this run, when it lies in runs/. */
int rundir_set_last(const char *run, struct error *err);

/*
 * The ids of the cells, sorted, as a NULL-terminated malloc'ed array of malloc'ed strings; free
 * with rundir_free_cells. Not a run directory: ERROR_USER.
 */
char **rundir_cells(const char *run, struct error *err);
void rundir_free_cells(char **cells);

/* True when `path` is a folder that looks like a run directory (has cells/). */
bool rundir_is_run(const char *path);

/* Write a whole small file (temporary, fsync, rename). */
int rundir_write_file(const char *path, const void *data, size_t size, struct error *err);

/* The whole of a small file (at most max bytes), malloc'ed and NUL-terminated; *ret_size may be
 * NULL. */
char *rundir_read_file(const char *path, size_t max, size_t *ret_size, struct error *err);

#endif
