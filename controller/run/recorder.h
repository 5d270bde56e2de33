/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * recorder.h - what agents send becomes the histories of a cell, and its kernel lines facts.
 */
#ifndef RUN_RECORDER_H
#define RUN_RECORDER_H

#include "rundir/facts.h"
#include "rundir/history_file.h"
#include "site/agent_link.h"

/* Who else is told of each record, once it has been written. record may be NULL. */
struct record_listener {
	void (*record)(void *context, const struct record *record);
	void *context;
};

struct recorder {
	struct history_writer *histories[NODES];
	struct cell_facts *facts; /* its kernel counters are kept here */
	struct agent_sink sink;	  /* give this to the agents */
	struct record_listener listener;
};

/* Create both histories in the cell's folder. On failure nothing is open. */
int recorder_open(struct recorder *recorder, const char *run, const struct history_header *header,
		  struct cell_facts *facts, const struct record_listener *listener,
		  struct error *err);

/* Add an event of the controller's own to a node's history. */
int recorder_event(struct recorder *recorder, unsigned node, enum event_kind kind, uint64_t time,
		   const char *text, struct error *err);

/* Hand what there is to the kernel, so that it outlives us. */
int recorder_flush(struct recorder *recorder, struct error *err);

/* Make durable and close both. */
int recorder_close(struct recorder *recorder, struct error *err);

#endif
