/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * executor.c - see executor.h.
 *
 * invoke is taken before the tags are stamped (they carry it), immediately before the system call;
 * complete when the last one, fsync of a `sync` write included, has returned. A wider interval only
 * makes the judge more lenient; a narrower one would accuse the innocent.
 *
 * What a system call that failed or fell short has done is not known: the outcome is unknown, with
 * the time it returned, and the batch goes on. A note tells why, once in each batch.
 */
#include "agent/executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

int executor_init(struct executor *executor, struct outlet *outlet, struct error *err)
{
	memset(executor, 0, sizeof(*executor));
	executor->outlet = outlet;
	if (posix_memalign(&executor->buf, TARGET_ALIGN, TARGET_OP_MAX)) {
		executor->buf = NULL;
		return error_set(err, ERROR_WORLD, "no memory for an I/O buffer");
	}
	return 0;
}

void executor_done(struct executor *executor)
{
	executor_close(executor);
	free(executor->buf);
}

int executor_open(struct executor *executor, const struct message_open *open,
		  const struct io_path *io, struct error *err)
{
	executor_close(executor);
	memset(executor->last, 0, sizeof(executor->last));
	executor->target = target_open(open, io, err);
	return executor->target ? 0 : -1;
}

void executor_close(struct executor *executor)
{
	target_close(executor->target);
	executor->target = NULL;
}

static int check_range(const struct target *target, const struct message_op *op, struct error *err)
{
	if (!op->count || op->unit >= target->units || op->count > target->units - op->unit)
		return error_set(err, ERROR_USER, "units %llu+%u: the target has %llu",
				 (unsigned long long)op->unit, op->count,
				 (unsigned long long)target->units);
	if ((uint64_t)op->count * target->unit > TARGET_OP_MAX)
		return error_set(err, ERROR_USER, "%u units are more than %u bytes", op->count,
				 TARGET_OP_MAX);
	if (op->unit / target->units_per_file !=
	    (op->unit + op->count - 1) / target->units_per_file)
		return error_set(err, ERROR_USER, "units %llu+%u do not lie in one file",
				 (unsigned long long)op->unit, op->count);
	return 0;
}

/* last: as after the operations before this one; updated. */
static int check_op(const struct target *target, const struct message_op *op, uint64_t *last,
		    struct error *err)
{
	if (op->kind >= OP_KINDS || op->lane > LANE_MAX)
		return error_set(err, ERROR_USER, "kind %u on lane %u does not exist", op->kind,
				 op->lane);
	if (op->kind == OP_FLUSH) {
		if (op->unit || op->count != 1)
			return error_set(err, ERROR_USER, "a flush has unit 0 and count 1");
		return 0;
	}
	if (check_range(target, op, err) < 0)
		return -1;
	if (op->kind == OP_READ)
		return 0;
	if (op->sequence <= last[op->lane] || op->sequence > SEQUENCE_MAX ||
	    op->peer > SEQUENCE_MAX)
		return error_set(err, ERROR_USER,
				 "write sequence %llu of lane %u: must rise above "
				 "%llu",
				 (unsigned long long)op->sequence, op->lane,
				 (unsigned long long)last[op->lane]);
	last[op->lane] = op->sequence;
	return 0;
}

int executor_check(struct executor *executor, const struct message_run *run, struct error *err)
{
	uint64_t last[LANE_MAX + 1];
	uint32_t i;

	if (!executor->target)
		return error_set(err, ERROR_USER, "no target is open");
	memcpy(last, executor->last, sizeof(last));
	for (i = 0; i < run->n; i++) {
		if (check_op(executor->target, &run->ops[i], last, err) < 0)
			return error_prefix(err, "operation %u of %u", i + 1, run->n);
	}
	memcpy(executor->last, last, sizeof(last));
	return 0;
}

void executor_flush(struct executor *executor)
{
	if (executor->used)
		outlet_send(executor->outlet, executor->connection, MESSAGE_RECORDS,
			    executor->records, executor->used);
	executor->used = 0;
}

static void emit(struct executor *executor, const struct record *record)
{
	if (sizeof(executor->records) - executor->used < RECORD_MAX)
		executor_flush(executor);
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
	emit(executor, &record);
}

static int do_write(struct executor *executor, const struct message_op *message, struct op *op,
		    struct error *err)
{
	struct target *target = executor->target;
	uint64_t per_unit = target->unit / SECTOR_SIZE;
	struct tag tag = {.write_id = write_id(target->node, 0, op->lane, message->sequence),
			  .sector = op->unit * per_unit,
			  .sectors = (uint16_t)(op->count * per_unit),
			  .peer = message->peer};
	int result;

	op->peer = message->peer;
	op->value.kind = VALUE_TAG;
	op->value.write_id = tag.write_id;
	op->invoke = tag.invoke = clock_ns();
	tag_stamp(&target->space, &tag, executor->buf);
	result = target_write(target, op->unit, op->count, executor->buf, err);
	if (!result && message->sync)
		result = target_flush_unit(target, op->unit, err);
	return result;
}

static int do_read(struct executor *executor, struct op *op, struct error *err)
{
	struct target *target = executor->target;

	tag_poison(executor->buf, (size_t)op->count * target->unit);
	op->invoke = clock_ns();
	return target_read(target, op->unit, op->count, executor->buf, err);
}

static bool same_value(const struct value *a, const struct value *b)
{
	return a->kind == b->kind && a->write_id == b->write_id && a->kind != VALUE_MISDIRECTED &&
	       a->kind != VALUE_TORN;
}

/* The records of a read: one if all units hold the same, else one for each unit. */
static void emit_values(struct executor *executor, struct record *record)
{
	struct target *target = executor->target;
	unsigned per_unit = target->unit / SECTOR_SIZE, count = record->op.count, i;
	uint64_t first = record->op.unit;
	struct value value;
	bool same = true;

	for (i = 0; i < count && same; i++) {
		tag_read(&target->space, (first + i) * per_unit, per_unit,
			 (uint8_t *)executor->buf + (size_t)i * target->unit, &value);
		if (!i)
			record->op.value = value;
		else
			same = same_value(&value, &record->op.value);
	}
	if (same) {
		emit(executor, record);
		return;
	}
	record->op.count = 1;
	for (i = 0; i < count; i++) {
		record->op.unit = first + i;
		tag_read(&target->space, (first + i) * per_unit, per_unit,
			 (uint8_t *)executor->buf + (size_t)i * target->unit, &record->op.value);
		emit(executor, record);
	}
}

void executor_do(struct executor *executor, const struct message_op *message)
{
	struct record record = {.type = RECORD_OP};
	struct op *op = &record.op;
	struct error why = {0};
	int result;

	op->node = executor->target->node;
	op->lane = message->lane;
	op->kind = (enum op_kind)message->kind;
	op->unit = message->unit;
	op->count = message->count;
	op->after = message->after;
	if (op->kind == OP_WRITE) {
		result = do_write(executor, message, op, &why);
	} else if (op->kind == OP_READ) {
		result = do_read(executor, op, &why);
	} else {
		op->invoke = clock_ns();
		result = target_flush(executor->target, &why);
	}
	op->complete = clock_ns();
	op->outcome = result < 0 ? OUTCOME_UNKNOWN : OUTCOME_OK;
	if (op->kind == OP_READ && !result) {
		emit_values(executor, &record);
		return;
	}
	emit(executor, &record);
	if (result < 0)
		note(executor, op, &why);
}
