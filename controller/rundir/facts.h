/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * facts.h - what a run knows of a cell beside its histories: cell.json in the cell's folder.
 *
 * The run directory is the only thing between running and judging: `run` writes facts and
 * histories, `check` reads them. So the words both need stand here.
 */
#ifndef RUNDIR_FACTS_H
#define RUNDIR_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"
#include "common/io_name.h"
#include "common/op.h"
#include "rundir/fs_voice.h"

enum verdict_kind {
	VERDICT_CONSISTENT,
	VERDICT_VIOLATED,
	VERDICT_INCONCLUSIVE, /* too few exposures for the confidence asked */
	VERDICT_INVALID,      /* the cell did not test what it claims */
	VERDICT_ERROR,	      /* the cell could not be carried out or judged */
	VERDICT_REFUSED,      /* there is no such cell: libvirt refuses its disk */
	VERDICTS
};
extern const char *const verdict_kind_names[VERDICTS];

/* Cache modes of libvirt, as asked for or as found in effect. */
enum cache_mode {
	CACHE_NONE,
	CACHE_DIRECTSYNC,
	CACHE_WRITETHROUGH,
	CACHE_WRITEBACK,
	CACHE_UNSAFE,
	CACHE_DEFAULT, /* only asked for, never in effect */
	CACHE_MODES
};
extern const char *const cache_mode_names[CACHE_MODES];

#define FACTS_TEXT_MAX 1024

struct cell_facts {
	char id[64];	    /* folder of the cell: "01-none" */
	char selector[256]; /* "cache=none path=buffered workload=handoff fault=none repeat=1" */
	enum cache_mode asked[NODES];
	bool effective_known[NODES];
	enum cache_mode effective[NODES];
	char path[IO_NAMES_MAX], workload[64], fault[64];
	unsigned repeat;

	/* The target's geometry, so that a unit can be found again; 0 = not known. Its files in
	 * order are one address space: unit u lies in file u / (units / files). */
	unsigned unit; /* bytes */
	uint64_t units;
	unsigned files;

	bool has_expected;
	enum verdict_kind expected;
	double confidence; /* 0 .. 1 */
	double max_rate;   /* 0 = no demand on the number of exposures */

	char not_run[FACTS_TEXT_MAX]; /* why the cell was not run; "" = it was */
	char refused[FACTS_TEXT_MAX]; /* why there can be no such cell, as libvirt said; "" = can */
	char invalid[FACTS_TEXT_MAX]; /* why it did not test what it claims; "" = it did */
	char error[FACTS_TEXT_MAX];   /* why it could not be carried out to its end; "" = it was */

	bool mounted_known[NODES];
	uint64_t mounted_ns[NODES]; /* the node's clock when the volume was mounted */

	/* What QEMU says that it read and wrote for the tested disk, from before the target was
	 * made until the workload's end. Whatever was tested went there, or somewhere else. */
	bool disk_bytes_known[NODES];
	uint64_t disk_bytes[NODES];

	/* What each host's page cache held of the volume when the workload was to begin: bytes. */
	bool cached_before_known[NODES];
	uint64_t cached_before[NODES];

	/* Flushes that each guest asked of the disk while the workload ran; mounts are not in it.
	 */
	bool flushes_known[NODES];
	uint64_t flushes[NODES];

	/* The cluster file system's own voice. A GFS2's lock table, as its kernel calls it; ""
	 * where the run does not know it: then the agents' notes may tell (fs_voice.h). */
	char volume_name[FS_VOLUME_MAX];
	unsigned volume_made; /* 1: by the run, for this cell; 0: it may have been damaged before */
	unsigned withdraws;   /* "about to withdraw this file system" */
	unsigned kernel_errors;		   /* all other lines that fs_voice.h knows */
	char kernel_first[FACTS_TEXT_MAX]; /* the first such line */
	bool fsck_known;
	unsigned fsck_errors;
	char fsck_first[FACTS_TEXT_MAX];

	/* The replicas of a replicated volume, compared after the cell (enum replicas_state). */
	bool replicas_known;
	uint64_t replicas_out_of_sync;	    /* KiB in which they differ */
	char replicas_note[FACTS_TEXT_MAX]; /* why not compared, or what else was seen */
};

/* Whether both hosts hold the same: a verdict of its own. Coherence and this can point in opposite
 * directions. */
enum replicas_state {
	REPLICAS_NOT_ASKED, /* there are none, or the plan does not ask for it */
	REPLICAS_NOT_COMPARED,
	REPLICAS_IDENTICAL,
	REPLICAS_DIFFER,
	REPLICAS_STATES
};
extern const char *const replicas_state_names[REPLICAS_STATES]; /* "" for the first */

enum replicas_state cell_facts_replicas(const struct cell_facts *facts);

/* All zero but confidence 0.95 and repeat 1. */
void cell_facts_init(struct cell_facts *facts);

/* Write to `path` (a temporary file beside it, fsync, rename). */
int cell_facts_write(const struct cell_facts *facts, const char *path, struct error *err);

/* Read from `path`. A file that is not ours, damaged or of a newer version: ERROR_USER. What older
 * ones do not have (the replicas) is as cell_facts_init sets it. */
int cell_facts_read(const char *path, struct cell_facts *ret, struct error *err);

#endif
