/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * executor.h - performs operations on the open target and sends their records.
 *
 * Used by one thread, the lane's. A RUN is checked as a whole before its first operation is done:
 * so FAILED means that nothing of it was submitted.
 */
#ifndef AGENT_EXECUTOR_H
#define AGENT_EXECUTOR_H

#include "agent/outlet.h"
#include "agent/target.h"
#include "common/message.h"

struct window;

/* The update under a lock that is being checked, or done; update.c. */
struct update {
	unsigned n;	/* units read so far */
	uint64_t first; /* the first of them */
	uint16_t lane;
	bool locked, broken;
	struct error why;
};

struct executor {
	struct outlet *outlet;	     /* not owned */
	struct target *target;	     /* NULL: none is open */
	uint64_t connection;	     /* whom the records are for */
	void *buf;		     /* TARGET_OP_MAX bytes, of the operations being done */
	struct window *window;	     /* these operations */
	struct update update;	     /* whose operations are being done */
	uint64_t last[LANE_MAX + 1]; /* highest write sequence of each lane since OPEN */
	size_t used;
	uint8_t records[FRAME_PAYLOAD_MAX]; /* not sent yet */
};

int executor_init(struct executor *executor, struct outlet *outlet, struct error *err);
void executor_done(struct executor *executor);

/* Open a target in place of the one that may be open; on failure none is. The paths in effect are
 * told in a note. */
int executor_open(struct executor *executor, const struct message_open *open,
		  const struct target_io io[IO_ROLES], struct error *err);
void executor_close(struct executor *executor);

/* May this RUN be done? -1 with *err (ERROR_USER): nothing of it may. */
int executor_check(struct executor *executor, const struct message_run *run, struct error *err);

/*
 * Do one checked operation. Those before it that it can be under way with need not be over then:
 * plain reads, or writes, as many as the path's queue depth allows, each on another lane, all
 * together at most TARGET_OP_MAX bytes. The records, in the order in which the operations
 * completed, are sent when a frame is full.
 */
void executor_do(struct executor *executor, const struct message_op *op);

/* Wait until none is under way, and send all records. */
void executor_flush(struct executor *executor);

#endif
