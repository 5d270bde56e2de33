/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export_value.c - see export_value.h.
 *
 * A register checker refuses each value that nobody wrote. That is right for damage, zeroes and
 * the like, but two kinds of reads are no violation although no single write explains them
 * (content.c has the rules, which these here must not exceed):
 *
 *   a value whose write the history may lack, when only one node's history was given, or its end
 *   was cut off;
 *   a tear while a write of the unit may have been under way.
 */
#include "export/export_value.h"

enum naming {
	NAMES_WRITE,   /* of this unit, or the initial value */
	NAMES_NOTHING, /* certainly not: a violation */
	NAMES_LACKING, /* perhaps one that the history lacks */
};

static enum naming naming_of(const struct history *history, const struct units *units,
			     uint64_t unit, uint64_t id)
{
	const struct history_op *write;
	uint32_t op;

	if (id == WRITE_ID_INITIAL)
		return NAMES_WRITE;
	op = units_find(units, id);
	if (op == NO_OP)
		return units_may_lack(history, units, id) ? NAMES_LACKING : NAMES_NOTHING;
	write = &history->ops[op];
	return write->outcome != OUTCOME_FAIL && unit >= write->unit &&
			       unit - write->unit < write->count
		       ? NAMES_WRITE
		       : NAMES_NOTHING;
}

/* Whether this write of the unit may have been under way during the read. */
static bool may_overlap(const struct history *history, const struct order *order, uint32_t write,
			uint32_t read)
{
	if (history->ops[write].kind != OP_WRITE || order_before(history, order, read, write))
		return false;
	return history->ops[write].outcome != OUTCOME_OK ||
	       !order_before(history, order, write, read);
}

static bool tear_may_be(const struct history *history, const struct order *order,
			const struct units *units, size_t first, size_t last, size_t at)
{
	const struct touch *touches = units->touches;
	uint32_t read = touches[at].op;
	size_t away;

	/* The nearest first: they overlap most often. */
	for (away = 1; at >= first + away || at + away < last; away++) {
		if (at >= first + away && may_overlap(history, order, touches[at - away].op, read))
			return true;
		if (at + away < last && may_overlap(history, order, touches[at + away].op, read))
			return true;
	}
	return false;
}

bool export_decided(const struct history *history, const struct order *order,
		    const struct units *units, size_t first, size_t last, size_t at)
{
	const struct touch *touch = &units->touches[at];
	struct value value;
	enum naming naming;
	unsigned i;

	units_value(history, touch->op, touch->unit, &value);
	if (value.kind == VALUE_TAG)
		return naming_of(history, units, touch->unit, value.write_id) != NAMES_LACKING;
	if (value.kind != VALUE_TORN || worst_part(&value) != VALUE_TORN)
		return true;
	for (i = 0; i < value.n_parts; i++) {
		naming = naming_of(history, units, touch->unit, value.parts[i].write_id);
		if (naming != NAMES_WRITE)
			return naming == NAMES_NOTHING;
	}
	return !tear_may_be(history, order, units, first, last, at);
}
