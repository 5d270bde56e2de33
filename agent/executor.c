/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * executor.c - see executor.h.
 *
 * invoke is taken before the tags are stamped (they carry it), immediately before the system call;
 * complete when the last one, fsync of a `sync` write included, has returned. A wider interval only
 * makes the judge more lenient; a narrower one would accuse the innocent.
 *
 * What a system call that failed or fell short has done is not known: the outcome is unknown, with
 * the time it returned, and the batch goes on. A note tells why.
 */
#include "agent/executor_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/fs_name.h"
#include "common/clock.h"

int executor_init(struct executor *executor, struct outlet *outlet, struct error *err)
{
	memset(executor, 0, sizeof(*executor));
	executor->outlet = outlet;
	executor->window = window_new();
	if (!executor->window || posix_memalign(&executor->buf, TARGET_ALIGN, TARGET_OP_MAX)) {
		free(executor->window);
		executor->window = executor->buf = NULL;
		return error_set(err, ERROR_WORLD, "no memory for an I/O buffer");
	}
	return 0;
}

void executor_done(struct executor *executor)
{
	executor_close(executor);
	free(executor->buf);
	free(executor->window);
}

int executor_open(struct executor *executor, const struct message_open *open,
		  const struct target_io io[IO_ROLES], struct error *err)
{
	char words[256];

	executor_close(executor);
	executor->update.n = 0;
	memset(executor->last, 0, sizeof(executor->last));
	executor->target = target_open(open, io, err);
	if (!executor->target)
		return -1;
	outlet_event(executor->outlet, executor->connection, EVENT_NOTE,
		     target_words(executor->target, words, sizeof(words)));
	if (!open->device)
		outlet_event(executor->outlet, executor->connection, EVENT_NOTE,
			     fs_name_note(&fs_name_places, executor->target->st_dev, words,
					  sizeof(words)));
	return 0;
}

void executor_close(struct executor *executor)
{
	target_close(executor->target);
	executor->target = NULL;
}

static void send_records(struct executor *executor)
{
	if (executor->used)
		outlet_send(executor->outlet, executor->connection, MESSAGE_RECORDS,
			    executor->records, executor->used);
	executor->used = 0;
}

void executor_flush(struct executor *executor)
{
	window_end_all(executor);
	send_records(executor);
}

void executor_make_room(struct executor *executor)
{
	if (sizeof(executor->records) - executor->used < RECORD_MAX)
		send_records(executor);
}

void executor_emit_bytes(struct executor *executor, const uint8_t *bytes, size_t size)
{
	memcpy(executor->records + executor->used, bytes, size);
	executor->used += size;
}

void executor_emit(struct executor *executor, const struct record *record)
{
	executor_make_room(executor);
	executor->used += record_encode(record, executor->records + executor->used);
}

/* An operation whose outcome is unknown: say why beside it. */
static void note(struct executor *executor, const struct op *op, const struct error *why)
{
	struct record record = {.type = RECORD_EVENT,
				.event = {.node = op->node, .kind = EVENT_NOTE}};

	record.event.time = op->complete;
	snprintf(record.event.text, sizeof(record.event.text), "%s of unit %llu: %.160s",
		 op->kind == OP_READ	? "read"
		 : op->kind == OP_WRITE ? "write"
					: "flush",
		 (unsigned long long)op->unit, why->text);
	executor_emit(executor, &record);
}

/* All but the parts, which are two thousand bytes and as many as n_parts says. */
static void begin_record(struct record *ret)
{
	memset(ret, 0, offsetof(struct record, op.value.parts));
	ret->type = RECORD_OP;
}

static void fill_op(const struct executor *executor, const struct message_op *message,
		    struct op *op)
{
	op->node = executor->target->node;
	op->lane = message->lane;
	op->kind = (enum op_kind)message->kind;
	op->unit = message->unit;
	op->count = message->count;
	op->after = message->after;
}

/* Make the buffer ready: what is to be written, or what no read can return. Last of all before the
 * system call, for here the operation is invoked. */
static void fill_buffer(const struct executor *executor, const struct message_op *message,
			void *buf, struct op *op)
{
	struct target *target = executor->target;
	uint64_t per_unit = target->unit / SECTOR_SIZE;
	struct tag tag = {.write_id = write_id(target->node, 0, op->lane, message->sequence),
			  .sector = op->unit * per_unit,
			  .sectors = (uint16_t)(op->count * per_unit),
			  .peer = message->peer};

	if (op->kind == OP_READ) {
		tag_poison(buf, (size_t)op->count * target->unit);
		op->invoke = clock_ns();
		return;
	}
	op->peer = message->peer;
	op->value.kind = VALUE_TAG;
	op->value.write_id = tag.write_id;
	op->invoke = tag.invoke = clock_ns();
	tag_stamp(&target->space, &tag, buf);
}

void executor_begin(const struct executor *executor, const struct message_op *message, void *buf,
		    struct record *ret)
{
	begin_record(ret);
	fill_op(executor, message, &ret->op);
	fill_buffer(executor, message, buf, &ret->op);
}

static bool same_value(const struct value *a, const struct value *b)
{
	return a->kind == b->kind && a->write_id == b->write_id && a->kind != VALUE_MISDIRECTED &&
	       a->kind != VALUE_TORN;
}

/* The records of a read: one if all units hold the same, else one for each unit. */
static void emit_values(struct executor *executor, struct record *record, const uint8_t *buf)
{
	struct target *target = executor->target;
	unsigned per_unit = target->unit / SECTOR_SIZE, count = record->op.count, i;
	uint64_t first = record->op.unit;
	struct value *value = &record->op.value, next;
	bool same = true;

	tag_read(&target->space, first * per_unit, per_unit, buf, value);
	for (i = 1; i < count && same; i++) {
		tag_read(&target->space, (first + i) * per_unit, per_unit,
			 buf + (size_t)i * target->unit, &next);
		same = same_value(&next, value);
	}
	if (same) {
		executor_emit(executor, record);
		return;
	}
	record->op.count = 1;
	for (i = 0; i < count; i++) {
		record->op.unit = first + i;
		tag_read(&target->space, (first + i) * per_unit, per_unit,
			 buf + (size_t)i * target->unit, value);
		executor_emit(executor, record);
	}
}

void executor_end(struct executor *executor, struct record *record,
		  const struct io_request *request)
{
	struct op *op = &record->op;

	op->complete = request->complete;
	op->outcome = request->result < 0 ? OUTCOME_UNKNOWN : OUTCOME_OK;
	if (op->kind == OP_READ && !request->result) {
		emit_values(executor, record, request->buf);
		return;
	}
	executor_emit(executor, record);
	if (request->result < 0)
		note(executor, op, &request->err);
}

static void do_flush(struct executor *executor, const struct message_op *message)
{
	struct io_request request = {.result = 0};
	struct record record;

	begin_record(&record);
	fill_op(executor, message, &record.op);
	record.op.invoke = clock_ns();
	request.result = target_flush(executor->target, &request.err);
	request.complete = clock_ns();
	executor_end(executor, &record, &request);
}

void executor_do(struct executor *executor, const struct message_op *op)
{
	if (op->kind != OP_FLUSH && executor_is_plain(op)) {
		window_do(executor, op);
		return;
	}
	window_end_all(executor);
	if (op->kind == OP_FLUSH)
		do_flush(executor, op);
	else if (op->flags & MESSAGE_OP_UPDATE)
		update_do(executor, op);
	else
		beside_do(executor, op);
}
