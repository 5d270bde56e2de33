/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cell_internal.h - what the files of a cell (cell_*.c) share; nobody else includes it. */
#ifndef RUN_CELL_INTERNAL_H
#define RUN_CELL_INTERNAL_H

#include "run/cell_run.h"
#include "run/handoff.h"
#include "run/recorder.h"

/* State of a cell under way, beside what it was given. */
struct cell_state {
	const struct cell_run *c;
	struct cell_facts facts;
	struct recorder recorder;
	const struct fault *fault;
	bool fault_fired;
	char *disk_xml[NODES];		  /* of guests of ours */
	char directory[MESSAGE_TEXT_MAX]; /* where the guests mount: the target's parent */
};

/* cell_run.c's steps 2 and 3: the target is made by node a alone, and is on the store when b looks.
 */
int cell_target_prepare(struct cell_state *s, struct error *err);

/* Step 4: mounted and open on both nodes. */
int cell_target_open(struct cell_state *s, struct error *err);

/* Closed and unmounted again on a node. */
int cell_target_close(struct cell_state *s, unsigned node, struct error *err);

/* cell_proof.c: the modes in effect, into the facts; what cannot be read makes the cell invalid. */
void cell_prove_modes(struct cell_state *s);

/* What the hosts have cached of the volume, once it was dropped; not nothing: invalid. */
void cell_measure_caches(struct cell_state *s);

/* What the disks have counted so far. -1 with *err. */
int cell_count_disks(struct cell_state *s, struct disk_counts ret[NODES], struct error *err);

/* Whether the target lies on the disks, by what these moved (facts.disk_bytes). */
void cell_prove_disk(struct cell_state *s);

/* cell_fault.c: for a workload's `begun`; the context is the cell_state. */
int cell_fault_begun(void *context, const struct handoff_step *step, struct error *err);

/* After the workload: a fault that did not fire makes the cell invalid. */
void cell_fault_prove(struct cell_state *s);

#endif
