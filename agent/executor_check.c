/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * executor_check.c - executor.h: may a RUN be done? It comes from a controller that is not trusted
 * to be sound, and nothing of it is begun before all of it was looked at.
 */
#include "agent/executor_internal.h"

#include <string.h>

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

bool executor_is_plain(const struct message_op *op)
{
	return !(op->flags & (MESSAGE_OP_UPDATE | MESSAGE_OP_BESIDE));
}

/* One thing beside at most; and ways of writing it. */
static int check_beside(const struct target *target, const struct message_op *op, struct error *err)
{
	unsigned beside = op->flags & MESSAGE_OP_BESIDE;
	unsigned ways = op->flags & (MESSAGE_OP_CREATE | MESSAGE_OP_LINK | MESSAGE_OP_TRUNCATE);

	if (beside & (beside - 1) || ways & (ways - 1) ||
	    (ways && (op->kind != OP_WRITE || !(beside & (MESSAGE_OP_NAME | MESSAGE_OP_TAIL)))) ||
	    (beside == MESSAGE_OP_TAIL && ways & MESSAGE_OP_LINK))
		return error_set(err, ERROR_USER, "flags 0x%x do not go together", op->flags);
	/* two entries of a slot are told as two sectors of a unit */
	if (beside == MESSAGE_OP_NAME && target->unit < 2 * SECTOR_SIZE)
		return error_set(err, ERROR_USER, "names need units of at least %u bytes",
				 2 * SECTOR_SIZE);
	return 0;
}

/* last: as after the operations before this one; updated. */
static int check_op(const struct target *target, const struct message_op *op, uint64_t *last,
		    struct error *err)
{
	if (op->kind >= OP_KINDS || op->lane > LANE_MAX)
		return error_set(err, ERROR_USER, "kind %u on lane %u does not exist", op->kind,
				 op->lane);
	if (op->flags & ~MESSAGE_OP_FLAGS)
		return error_set(err, ERROR_USER, "flags 0x%x do not exist", op->flags);
	if (op->kind == OP_FLUSH) {
		if (op->unit || op->count != 1)
			return error_set(err, ERROR_USER, "a flush has unit 0 and count 1");
		return 0;
	}
	if (!executor_is_plain(op) && (target->device || op->count != 1))
		return error_set(err, ERROR_USER,
				 "updates, logs, names and tails are of one unit, and not of "
				 "a device");
	if (check_beside(target, op, err) < 0)
		return -1;
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
	struct update update = {0};
	uint32_t i;

	if (!executor->target)
		return error_set(err, ERROR_USER, "no target is open");
	memcpy(last, executor->last, sizeof(last));
	for (i = 0; i < run->n; i++) {
		if (check_op(executor->target, &run->ops[i], last, err) < 0 ||
		    update_check(executor->target, &update, &run->ops[i], err) < 0)
			return error_prefix(err, "operation %u of %u", i + 1, run->n);
	}
	if (update_check(executor->target, &update, NULL, err) < 0)
		return -1;
	memcpy(executor->last, last, sizeof(last));
	return 0;
}
