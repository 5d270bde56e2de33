/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replication_parts.h - what the files of replication.h share, and no other has. */
#ifndef SITE_REPLICATION_PARTS_H
#define SITE_REPLICATION_PARTS_H

#include "drbd/kernel_log.h"
#include "drbd/watch.h"
#include "site/drbd_ask.h"
#include "site/replication.h"

/* All that a host tells at one time. */
struct drbd_look {
	struct drbd_state state;
	struct drbd_generations generations;
	char *log; /* the end of the kernel's */
};

struct side {
	char letter;
	struct drbd_at at;
	int fd;		   /* what the watch prints; -1: none runs */
	char unheard[512]; /* why the watch does not tell all; "": it does */
	struct drbd_watch watch;
	struct drbd_look before, after;
};

struct replication {
	struct side sides[NODES];
	bool verify_alg; /* configured on both */
	bool watched;	 /* between begin and end */
};

/* The watch of one side (replication_watch.c). start: -1 with *err if the host vanished. */
int side_watch_start(struct side *side, struct error *err);
void side_watch_poll(struct side *side);
void side_watch_stop(struct side *side);
/* false, with *why: it was unfit at some time, or nobody knows. */
bool side_watch_fit(const struct side *side, struct drbd_why *why);

/* What both kernels have logged since `before`; what could not be read is empty. */
void replication_logs(const struct replication *replication, char *const before[NODES],
		      char *const after[NODES], struct drbd_log ret[NODES]);

/* Append to facts->replicas_note, "; " between. */
void replication_note(struct cell_facts *facts, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
