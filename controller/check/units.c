/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * units.c - see units.h.
 *
 * An operation on several units counts once per unit. The sectors of a torn value belong to the
 * units in order, so that a read of two units which are each whole is not a tear.
 */
#include "check/units.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"

static int by_unit(const void *a, const void *b)
{
	const struct touch *x = a, *y = b;

	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int by_id(const void *a, const void *b)
{
	const struct named_write *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->op < y->op ? -1 : x->op > y->op;
}

static bool in_scope(const struct unit_scope *scope, uint64_t unit)
{
	size_t lo = 0, hi = scope ? scope->n : 0, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (scope->units[mid] == unit)
			return true;
		if (scope->units[mid] < unit)
			lo = mid + 1;
		else
			hi = mid;
	}
	return !scope;
}

static int add_touches(const struct history *history, struct units *units, uint32_t op, uint32_t at,
		       struct error *err)
{
	const struct history_op *o = &history->ops[op];
	unsigned i;

	if (o->kind == OP_FLUSH || (o->kind == OP_READ && o->outcome != OUTCOME_OK) ||
	    (o->kind == OP_WRITE && o->outcome == OUTCOME_FAIL))
		return 0;
	for (i = 0; i < o->count; i++) {
		if (!in_scope(units->scope, o->unit + i))
			continue;
		if (grow((void **)&units->touches, &units->cap_touches, units->n_touches,
			 sizeof(struct touch), err) < 0)
			return -1;
		units->touches[units->n_touches++] = (struct touch){o->unit + i, op, at};
	}
	return 0;
}

static int name_writes(const struct history *history, struct units *units, struct error *err)
{
	char first[256], second[256];
	size_t i;

	units->writes = calloc(history->n_ops + 1, sizeof(*units->writes));
	if (!units->writes)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (i = 0; i < history->n_ops; i++) {
		if (history->ops[i].kind == OP_WRITE)
			units->writes[units->n_writes++] =
				(struct named_write){history->ops[i].write_id, (uint32_t)i};
	}
	qsort(units->writes, units->n_writes, sizeof(*units->writes), by_id);
	for (i = 1; i < units->n_writes; i++) {
		if (units->writes[i - 1].id == units->writes[i].id)
			return error_set(
				err, ERROR_USER,
				"%s and %s write the same value; written values are unique, or no "
				"read of them can be judged",
				history_source(history, units->writes[i - 1].op, first,
					       sizeof(first)),
				history_source(history, units->writes[i].op, second,
					       sizeof(second)));
	}
	return 0;
}

int units_build(const struct history *history, const struct order *order,
		const struct unit_scope *scope, struct units *ret, struct error *err)
{
	struct units units = {.scope = scope};
	uint32_t at = order->n_feed;
	size_t i;

	if (name_writes(history, &units, err) < 0)
		goto out;
	for (i = 0; i < order->n_feed; i++) {
		if (add_touches(history, &units, order->feed[i], (uint32_t)i, err) < 0)
			goto out;
	}
	for (i = 0; i < history->n_ops; i++) {
		if (order->position[i] == INDEX_NEVER &&
		    add_touches(history, &units, (uint32_t)i, at++, err) < 0)
			goto out;
	}
	if (units.n_touches)
		qsort(units.touches, units.n_touches, sizeof(struct touch), by_unit);
	*ret = units;
	return 0;
out:
	units_done(&units);
	return -1;
}

void units_done(struct units *units)
{
	free(units->touches);
	free(units->writes);
	memset(units, 0, sizeof(*units));
}

/* Index of the first write whose id is above `id`. */
static size_t first_above(const struct units *units, uint64_t id)
{
	size_t lo = 0, hi = units->n_writes, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (units->writes[mid].id <= id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint32_t units_find(const struct units *units, uint64_t id)
{
	size_t i = first_above(units, id);

	return i && units->writes[i - 1].id == id ? units->writes[i - 1].op : NO_OP;
}

bool units_may_lack(const struct history *history, const struct units *units, uint64_t id)
{
	unsigned node = write_id_node(id);

	if (!(history->header.nodes >> node & 1))
		return true;
	/* Sequences of a lane rise: only what is above all that were recorded can be missing. */
	if (units->scope)
		return history->open_ended[node] &&
		       write_id_sequence(id) > lanes_top(units->scope->lanes, id);
	return history->open_ended[node] && write_id_sequence(id) &&
	       first_above(units, id) == first_above(units, id | SEQUENCE_MAX);
}

/* The sectors [first, first + n) of a torn value. */
static void slice(const struct part *parts, unsigned n_parts, uint64_t first, unsigned n,
		  struct value *ret)
{
	uint64_t at = 0;
	unsigned i;

	for (i = 0; i < n_parts && n; at += parts[i].sectors, i++) {
		uint64_t end = at + parts[i].sectors;
		unsigned take;

		if (end <= first)
			continue;
		take = end - first < n ? (unsigned)(end - first) : n;
		ret->parts[ret->n_parts] = parts[i];
		ret->parts[ret->n_parts++].sectors = (uint16_t)take;
		first += take;
		n -= take;
	}
}

void units_value(const struct history *history, uint32_t op, uint64_t unit, struct value *ret)
{
	const struct history_op *o = &history->ops[op];
	unsigned sectors = history->header.unit / SECTOR_SIZE;

	ret->kind = (enum value_kind)o->value;
	ret->write_id = o->write_id;
	ret->at_unit = o->at_unit + (unit - o->unit);
	ret->n_parts = 0;
	if (ret->kind != VALUE_TORN)
		return;
	slice(history->parts + o->parts, o->n_parts, (unit - o->unit) * sectors, sectors, ret);
	if (ret->n_parts == 1) {
		ret->kind = ret->parts[0].kind;
		ret->write_id = ret->parts[0].write_id;
		ret->n_parts = 0;
	}
}
