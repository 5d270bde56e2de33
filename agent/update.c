/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * update.c - operations that are more than one system call: updates under a lock, logs, names,
 * tails.
 *
 * An update (a counter's increment, say) is a few operations: its reads, unit after unit of one
 * file, and one write. The first read takes the file's lock, what is read is kept, and the write
 * writes all of it back with its own unit new, and gives the lock back. In a correct system the
 * other units are written with what they held. In one that answered a read with something old, the
 * write puts that back: another node's write is gone, though its node was told that it is done.
 */
#include "agent/executor_internal.h"

#include "common/clock.h"

static int refuse(const char *why, struct error *err)
{
	return error_set(err, ERROR_USER, "%s", why);
}

/* One more read of an update. */
static int check_read(const struct target *target, struct update *update,
		      const struct message_op *op, struct error *err)
{
	if (update->n && (op->unit != update->first + update->n || op->lane != update->lane ||
			  op->unit % target->units_per_file == 0))
		return refuse("an update's reads follow each other in one file, on one lane", err);
	if ((update->n + 1ULL) * target->unit > TARGET_OP_MAX)
		return refuse("an update of too many units", err);
	if (!update->n)
		update->first = op->unit;
	update->lane = op->lane;
	update->n++;
	return 0;
}

int update_check(const struct target *target, struct update *update, const struct message_op *op,
		 struct error *err)
{
	bool is_part = op && op->flags & MESSAGE_OP_UPDATE;

	if (update->n && !is_part)
		return refuse("an update without its write", err);
	if (!is_part)
		return 0;
	if (op->kind == OP_FLUSH || op->count != 1 || op->flags & MESSAGE_OP_BESIDE)
		return refuse("an update is reads and a write of one unit each", err);
	if (op->kind == OP_READ)
		return check_read(target, update, op, err);
	if (op->unit < update->first || op->unit >= update->first + update->n ||
	    op->lane != update->lane)
		return refuse("an update writes one of the units that it has read", err);
	update->n = 0;
	return 0;
}

static uint8_t *place(const struct executor *executor, uint64_t unit)
{
	return (uint8_t *)executor->buf + (unit - executor->update.first) * executor->target->unit;
}

static void do_read(struct executor *executor, const struct message_op *message)
{
	struct update *update = &executor->update;
	struct target *target = executor->target;
	struct io_request request = {0};
	struct record record;

	if (!update->n) {
		*update = (struct update){.first = message->unit};
		update->broken =
			target_lock(target, (unsigned)(message->unit / target->units_per_file),
				    true, &update->why) < 0;
		update->locked = !update->broken;
	}
	update->n++;
	request.buf = place(executor, message->unit);
	executor_begin(executor, message, request.buf, &record);
	if (!update->broken)
		update->broken =
			target_read(target, message->unit, 1, request.buf, &update->why) < 0;
	request.result = update->broken ? -1 : 0;
	request.err = update->why;
	request.complete = clock_ns();
	executor_end(executor, &record, &request);
}

/* What was not read cannot be written back: then it is certain that nothing was written. */
static void do_write(struct executor *executor, const struct message_op *message)
{
	struct update *update = &executor->update;
	struct target *target = executor->target;
	struct io_request request;
	struct record record;
	struct error err;

	target_request(target, IO_WRITER, update->first, update->n, executor->buf,
		       message->flags & MESSAGE_OP_SYNC, &request);
	executor_begin(executor, message, place(executor, message->unit), &record);
	if (update->broken) {
		record.op.outcome = OUTCOME_FAIL;
		record.op.complete = clock_ns();
		executor_emit(executor, &record);
	} else {
		target_do(target, IO_WRITER, &request);
		executor_end(executor, &record, &request);
	}
	if (update->locked &&
	    target_lock(target, (unsigned)(message->unit / target->units_per_file), false, &err) <
		    0)
		outlet_event(executor->outlet, executor->connection, EVENT_NOTE, err.text);
	update->n = 0;
}

void update_do(struct executor *executor, const struct message_op *message)
{
	if (message->kind == OP_READ)
		do_read(executor, message);
	else
		do_write(executor, message);
}

/* Under the file's lock. O_APPEND alone is not enough between nodes: GFS2 looks up the end of the
 * file before it takes the lock to write there, and two nodes that append at once take the same
 * place. */
static int append(struct target *target, uint64_t unit, const void *buf, bool sync,
		  struct error *err)
{
	unsigned file = (unsigned)(unit / target->units_per_file);
	struct error unlock;
	int result;

	if (target_lock(target, file, true, err) < 0)
		return -1;
	result = target_log_append(target, unit, buf, sync, err);
	if (target_lock(target, file, false, &unlock) < 0 && !result)
		result = error_set(err, unlock.kind, "%s", unlock.text);
	return result;
}

static int write_beside(struct executor *executor, const struct message_op *message, uint64_t id,
			struct error *err)
{
	enum name_way way = message->flags & MESSAGE_OP_CREATE ? NAME_CREATE
			    : message->flags & MESSAGE_OP_LINK ? NAME_LINK
							       : NAME_RENAME;
	bool sync = message->flags & MESSAGE_OP_SYNC;

	if (message->flags & MESSAGE_OP_NAME)
		return target_name_write(executor->target, message->unit, id, way, executor->buf,
					 sync, err);
	if (message->flags & MESSAGE_OP_TAIL)
		return target_tail_write(executor->target, message->unit,
					 message->flags & MESSAGE_OP_TRUNCATE, executor->buf, sync,
					 err);
	return append(executor->target, message->unit, executor->buf, sync, err);
}

static int read_beside(struct executor *executor, const struct message_op *message,
		       struct value *ret, struct error *err)
{
	if (message->flags & MESSAGE_OP_NAME)
		return target_name_find(executor->target, message->unit, executor->buf, ret, err);
	if (message->flags & MESSAGE_OP_TAIL)
		return target_tail_find(executor->target, message->unit, executor->buf, ret, err);
	return target_log_find(executor->target, message->unit, executor->buf, ret, err);
}

void beside_do(struct executor *executor, const struct message_op *message)
{
	struct io_request request = {.buf = executor->buf};
	struct record record;

	executor_begin(executor, message, executor->buf, &record);
	if (message->kind == OP_WRITE)
		request.result =
			write_beside(executor, message, record.op.value.write_id, &request.err);
	else
		request.result = read_beside(executor, message, &record.op.value, &request.err);
	request.complete = clock_ns();
	if (message->kind == OP_WRITE || request.result < 0) {
		executor_end(executor, &record, &request);
		return;
	}
	record.op.complete = request.complete;
	record.op.outcome = OUTCOME_OK;
	executor_emit(executor, &record);
}
