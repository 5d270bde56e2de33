/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * heard.h - what a node's kernel said of its file system (rundir/fs_voice.h), while its records are
 * read: how often, when first and last, and the first line of each kind.
 *
 * Which volume was tested the histories say in a note, if at all, and when it was mounted they do
 * not, so each volume that a line names is kept apart. However many lines there are, what is kept
 * is bounded: of volumes beyond HEARD_MAX it is only known that there were some, which counts as
 * lines that were lost.
 */
#ifndef ORDER_HEARD_H
#define ORDER_HEARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/op.h"
#include "rundir/fs_voice.h"

#define HEARD_MAX 64 /* per node */

/* Lines of one kind about one volume. */
struct heard_kind {
	enum fs_kind kind;
	char volume[FS_VOLUME_MAX];    /* "": the lines do not say */
	uint64_t count, first, last;   /* times: ns, the node's clock */
	char line[EVENT_TEXT_MAX + 1]; /* the first: untrusted bytes, terminated */
};

struct heard {
	struct heard_kind *kinds[NODES];
	size_t n[NODES], cap[NODES];
	/* By which name its kernel speaks of what the node's target lies on, as its agent notes;
	 * "": not known, or two notes do not agree. */
	char volume[NODES][FS_VOLUME_MAX];
	bool noted[NODES];
	uint64_t churned; /* operations of metadata, as the agents note */
	bool fault;	  /* an event says that somebody broke something on purpose */
};

/* Take note of an event; what is no word of the file system is passed over. */
int heard_add(struct heard *heard, const struct event *event, struct error *err);
void heard_done(struct heard *heard);

#endif
