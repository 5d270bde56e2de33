/* SPDX-License-Identifier: GPL-2.0-or-later */
/* executor_internal.h - what executor*.c, window.c, update.c and free_run.c share; nobody else
 * includes it. */
#ifndef AGENT_EXECUTOR_INTERNAL_H
#define AGENT_EXECUTOR_INTERNAL_H

#include "agent/executor.h"

/* The record of an operation that is about to be invoked, and its buffer: stamped, or poisoned. */
void executor_begin(const struct executor *executor, const struct message_op *message, void *buf,
		    struct record *ret);

/* Its records, once it is known what came of it; where that is unknown, why. */
void executor_end(struct executor *executor, struct record *record,
		  const struct io_request *request);

/* Append one record to what is to be sent. */
void executor_emit(struct executor *executor, const struct record *record);

/* Append a record in pieces, after making room for the greatest. */
void executor_make_room(struct executor *executor);
void executor_emit_bytes(struct executor *executor, const uint8_t *bytes, size_t size);

/* window.c. NULL: no memory; free() frees it. */
struct window *window_new(void);

/* Begin a plain read or write as soon as it may be; it need not be over when this returns. */
void window_do(struct executor *executor, const struct message_op *op);

/* Wait until nothing is under way. */
void window_end_all(struct executor *executor);

/* update.c: may the next operation follow those before it? `update` is updated; NULL for op asks
 * whether the RUN may end here. */
int update_check(const struct target *target, struct update *update, const struct message_op *op,
		 struct error *err);

/* Whether it is one system call on a data file, neither part of an update nor of what is beside. */
bool executor_is_plain(const struct message_op *op);

/* An operation with MESSAGE_OP_UPDATE; one of MESSAGE_OP_BESIDE. */
void update_do(struct executor *executor, const struct message_op *message);
void beside_do(struct executor *executor, const struct message_op *message);

#endif
