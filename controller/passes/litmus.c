/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * litmus.c - see litmus.h.
 *
 * Let read r of node n have returned v, and let w be a successful write of the other node to the
 * same unit, with v certainly older than w: v is the initial value, or its write succeeded and
 * certainly precedes w. A value is written once; so w took effect after v's write and, as r saw v,
 * after r: an edge r -> w ("from-read"). Two of them, r0 -> w1 and r1 -> w0, close a circle with
 * the nodes' own order if w0 precedes r0 and w1 precedes r1: index(w0) <= known(r0)[0] and
 * index(w1) <= known(r1)[1]. Each of the four took effect within its interval, so r0 < w1 < r1 <
 * w0 < r0: no order explains that, whatever else happened and whatever the clocks show. A write
 * whose outcome is unknown is never w nor v's write: it may take effect at any time.
 *
 * Of an edge of node n only the pair (x = index of the write missed, y = known(r)[n]) matters: a
 * front per node (front.h). An edge (x, y) meets one (x', y') of the other node if x <= y' and
 * x' <= y, so the best partner is the last with x' <= y. An edge that the front refuses needs no
 * look: the better one had its own.
 *
 * Edges are found in a table that keeps of each unit, per node, the last read and the last two
 * successful writes: whichever of r and w is fed later finds the other.
 * Circles within one unit are left to that unit's check, and so is a read that is stale by itself.
 */
#include "passes/litmus.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "order/front.h"

/* Units of one operation that are looked at. */
#define SPAN_MAX 16

enum evidence { EVIDENCE_MESSAGE = 1, EVIDENCE_CLOCK = 2 };

/* The index of a value's write, such that value <= known(w)[its node] says that it is older than w:
 * the initial value is older than all, one whose write is not known older than none. */
#define VALUE_INITIAL 0
#define VALUE_UNKNOWN UINT32_MAX

/* Each node's last two successful writes, the last first. */
#define KEPT 2

/* What is seen of a unit, per node. Two cache lines of what most operations need, and one that only
 * edges need. */
struct unit_slot {
	uint64_t unit;
	uint64_t id[NODES][KEPT];
	uint32_t index[NODES][KEPT]; /* 0: no such write */
	bool reported[NODES][KEPT];
	uint8_t read_writer[NODES]; /* the node that wrote the value read */

	_Alignas(64) uint32_t known[NODES][KEPT][NODES];
	uint32_t read_value[NODES], read_own_known[NODES];
	uint32_t read_index[NODES]; /* 0: no read */
	uint32_t read_number[NODES];

	uint32_t message[NODES][KEPT], number[NODES][KEPT];
	uint64_t read_id[NODES];
};
_Static_assert(sizeof(struct unit_slot) == 192, "three cache lines");

struct litmus {
	struct unit_slot *slots;
	struct front fronts[NODES]; /* edges from node n's reads */
	unsigned shift;
	uint64_t found;
};

static const struct litmus_sizes usual = {.units = 1 << 16, .edges = 1 << 12};

struct litmus *litmus_new(const struct litmus_sizes *sizes, struct error *err)
{
	struct litmus *litmus = calloc(1, sizeof(*litmus));
	void *slots = NULL;
	size_t bytes;
	unsigned node;

	if (!sizes)
		sizes = &usual;
	bytes = sizes->units * sizeof(*litmus->slots);
	assert(sizes->units > 1 && !(sizes->units & (sizes->units - 1)));
	if (!litmus || posix_memalign(&slots, _Alignof(struct unit_slot), bytes)) {
		error_set(err, ERROR_WORLD, "out of memory for a table of units");
		goto fail;
	}
	litmus->slots = memset(slots, 0, bytes);
	litmus->shift = 64 - (unsigned)__builtin_ctz(sizes->units);
	for (node = 0; node < NODES; node++) {
		if (front_init(&litmus->fronts[node], sizes->edges, err) < 0)
			goto fail;
	}
	return litmus;
fail:
	litmus_free(litmus);
	return NULL;
}

void litmus_free(struct litmus *litmus)
{
	unsigned node;

	if (!litmus)
		return;
	for (node = 0; node < NODES; node++)
		front_done(&litmus->fronts[node]);
	free(litmus->slots);
	free(litmus);
}

/* Where this unit is kept, if it is; multiplied by 2^64 over the golden ratio to spread it. */
static struct unit_slot *slot_for(struct litmus *litmus, uint64_t unit)
{
	return &litmus->slots[unit * 0x9e3779b97f4a7c15ULL >> litmus->shift];
}

static struct unit_slot *slot_of(struct litmus *litmus, uint64_t unit)
{
	struct unit_slot *slot = slot_for(litmus, unit);

	if (slot->unit != unit) {
		memset(slot, 0, sizeof(*slot));
		slot->unit = unit;
	}
	return slot;
}

static uint32_t resolve(const struct unit_slot *slot, uint64_t id)
{
	unsigned node = write_id_node(id);

	if (id == WRITE_ID_INITIAL)
		return VALUE_INITIAL;
	if (slot->id[node][0] == id)
		return slot->index[node][0];
	return slot->id[node][1] == id ? slot->index[node][1] : VALUE_UNKNOWN;
}

/* This fault is told: neither accuse the write again, nor hear the read again. */
static void forget(struct litmus *litmus, unsigned reader, const struct front_step *edge)
{
	struct unit_slot *slot = slot_for(litmus, edge->unit);
	unsigned i;

	if (slot->unit != edge->unit)
		return;
	for (i = 0; i < KEPT; i++)
		slot->reported[!reader][i] |= slot->index[!reader][i] == edge->x;
	if (slot->read_index[reader] == edge->index)
		slot->read_index[reader] = 0;
}

static void fill(struct litmus_finding *ret, unsigned reader, const struct front_step *edge)
{
	ret->reads[reader] =
		(struct litmus_op){edge->unit, edge->index, edge->read, (uint8_t)reader};
	ret->writes[!reader] = (struct litmus_op){edge->unit, edge->x, edge->write, !reader};
}

/* A read of node `reader` missed a write: does that close a circle? */
static bool add_edge(struct litmus *litmus, unsigned reader, const struct front_step *edge,
		     struct litmus_finding *ret)
{
	struct front *own = &litmus->fronts[reader], *opposite = &litmus->fronts[!reader];
	const struct front_step *partner;
	uint32_t i;

	if (!front_insert(own, edge))
		return false;
	i = front_count(opposite, edge->y);
	if (!i)
		return false;
	partner = front_at(opposite, --i);
	if (partner->y < edge->x || partner->unit == edge->unit)
		return false;
	fill(ret, reader, edge);
	fill(ret, !reader, partner);
	ret->by_message = !((edge->evidence | partner->evidence) & EVIDENCE_CLOCK);
	ret->sequential = !(edge->evidence | partner->evidence);
	forget(litmus, reader, edge);
	forget(litmus, !reader, partner);
	front_remove(opposite, i);
	front_remove(own, front_count(own, edge->x) - 1);
	litmus->found++;
	return true;
}

/* The unit's last read by `reader` and the other node's i-th last write: an edge if the value read
 * is certainly older than the write. */
static bool try_edge(struct litmus *litmus, const struct unit_slot *slot, unsigned reader,
		     unsigned i, struct litmus_finding *ret)
{
	unsigned other = !reader, writer = slot->read_writer[reader];
	uint32_t value = slot->read_value[reader];
	struct front_step edge;

	if (value > slot->known[other][i][writer])
		return false;
	edge = (struct front_step){.unit = slot->unit,
				   .x = slot->index[other][i],
				   .y = slot->read_own_known[reader],
				   .read = slot->read_number[reader],
				   .write = slot->number[other][i],
				   .index = slot->read_index[reader]};
	if (value != VALUE_INITIAL && writer != other)
		edge.evidence =
			value <= slot->message[other][i] ? EVIDENCE_MESSAGE : EVIDENCE_CLOCK;
	return add_edge(litmus, reader, &edge, ret);
}

/* A write that is newer than the value read certainly ended before the read began. (Without
 * branches, which nothing could predict; index 0 becomes a greater number than any.) */
static bool stale(const struct unit_slot *slot, const struct fed *op, uint32_t value)
{
	unsigned writer = write_id_node(op->write_id), node, i, found = 0;

	for (node = 0; node < NODES; node++) {
		for (i = 0; i < KEPT; i++)
			found |= (unsigned)(slot->index[node][i] - 1 < op->known[node]) &
				 (unsigned)(value <= slot->known[node][i][writer]);
	}
	return found;
}

static bool feed_read(struct litmus *litmus, struct unit_slot *slot, const struct fed *op,
		      struct litmus_finding *ret)
{
	unsigned node = op->node, other = !op->node, i;
	uint32_t value = resolve(slot, op->write_id);

	if (stale(slot, op, value))
		return false;
	slot->read_id[node] = op->write_id;
	slot->read_writer[node] = (uint8_t)write_id_node(op->write_id);
	slot->read_value[node] = value;
	slot->read_own_known[node] = op->known[node];
	slot->read_index[node] = op->index;
	slot->read_number[node] = op->number;
	for (i = KEPT; i--;) {
		if (slot->index[other][i] && !slot->reported[other][i] &&
		    try_edge(litmus, slot, node, i, ret))
			return true;
	}
	return false;
}

static bool feed_write(struct litmus *litmus, struct unit_slot *slot, const struct fed *op,
		       struct litmus_finding *ret)
{
	unsigned node = op->node, other = !op->node;

	slot->id[node][1] = slot->id[node][0];
	slot->index[node][1] = slot->index[node][0];
	slot->reported[node][1] = slot->reported[node][0];
	slot->message[node][1] = slot->message[node][0];
	slot->number[node][1] = slot->number[node][0];
	memcpy(slot->known[node][1], slot->known[node][0], sizeof(op->known));
	slot->id[node][0] = op->write_id;
	slot->index[node][0] = op->index;
	slot->reported[node][0] = false;
	slot->message[node][0] = op->message;
	slot->number[node][0] = op->number;
	memcpy(slot->known[node][0], op->known, sizeof(op->known));
	if (!slot->read_index[other])
		return false;
	if (slot->read_value[other] == VALUE_UNKNOWN)
		slot->read_value[other] = resolve(slot, slot->read_id[other]);
	return try_edge(litmus, slot, other, 0, ret);
}

bool litmus_step(struct litmus *litmus, const struct fed *op, struct litmus_finding *ret)
{
	unsigned i;
	bool found = false;

	if (op->value != VALUE_TAG || op->outcome != OUTCOME_OK || op->index == INDEX_NEVER)
		return false;
	for (i = 0; i < op->count && i < SPAN_MAX && !found; i++) {
		struct unit_slot *slot = slot_of(litmus, op->unit + i);

		if (op->kind == OP_READ)
			found = feed_read(litmus, slot, op, ret);
		else if (op->kind == OP_WRITE && write_id_node(op->write_id) == op->node)
			found = feed_write(litmus, slot, op, ret);
	}
	return found;
}

uint64_t litmus_found(const struct litmus *litmus)
{
	return litmus->found;
}
