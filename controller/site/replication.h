/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replication.h - DRBD beside a run: fit before, during and after each cell, and are the replicas
 * the same at its end?
 *
 * Everything is looked at, nothing is changed but by replication_verify, which has DRBD compare its
 * replicas: what differs is neither repaired nor resynced by us, and no connection is touched.
 * What is not known is never fit.
 */
#ifndef SITE_REPLICATION_H
#define SITE_REPLICATION_H

#include "common/error.h"
#include "rundir/facts.h"

struct site_node;
struct replication;

/*
 * Once a run, of both nodes (NODES of them): DRBD and its tools are on both hosts, the plan's
 * resource is known there, the plan's device is one of it, protocol C and two primaries are in
 * effect. NULL with *err (ERROR_WORLD, with what to do) if one of these is not so, or cannot be
 * asked. Whether the resource is fit now is left to replication_begin. The hosts and plans of the
 * nodes must outlive it.
 */
struct replication *replication_open(const struct site_node *nodes, struct error *err);
void replication_close(struct replication *replication);

/*
 * Before a cell: look at both hosts and begin to watch. Both must be Primary by then (in DRBD 9 by
 * drbdadm primary, where a host is else Primary only while somebody has the volume open). Returns 0
 * also when the cell cannot stand: then facts->invalid (DRBD is not fit; with the reason and what
 * to do) or facts->error (a host could not be asked) says why, nothing is watched, and the cell is
 * not to be run. What they held before is kept. -1 only for an interruption or want of memory.
 */
int replication_begin(struct replication *replication, struct cell_facts *facts, struct error *err);

/*
 * While the cell runs: has nothing been heard that makes DRBD unfit? Never waits. Once it is false
 * the cell is lost, whatever follows (replication_end says why), and what still is written makes
 * the replicas differ more. Without a begin that watches: true.
 */
bool replication_goes_on(struct replication *replication);

/*
 * After the cell: stop watching, look again. If DRBD was fit
 * all along, nothing; else facts->invalid names host, state, and what the kernel said; facts->error
 * if a host cannot be asked any more. What they held before is kept. The kernel's findings that
 * stand beside a verdict go to facts->replicas_note. Without a begin that watches: nothing. Returns
 * as replication_begin.
 */
int replication_end(struct replication *replication, struct cell_facts *facts, struct error *err);

/*
 * With nobody writing (guests stopped, or their disks detached): have DRBD compare the replicas,
 * and wait for its end. Sets facts->replicas_known and replicas_out_of_sync, or says in
 * replicas_note why it is not known. A difference counts when a second verify finds one, too: what
 * only the first finds was still on its way. Returns -1 only for an interruption, after which DRBD
 * goes on with it, or want of memory.
 */
int replication_verify(struct replication *replication, struct cell_facts *facts,
		       struct error *err);

#endif
