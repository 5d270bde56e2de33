/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generate.c - see generate.h: a register system, simulated.
 *
 * Each lane is sequential: it invokes an operation, the operation takes effect at one moment, it
 * completes, and after a pause comes the next. The effects are what the units see, in the order of
 * time, so a read returns what was in force at its own moment, and the history is correct by
 * construction, however much the intervals overlap. A heap holds the next event of each lane, and
 * the effects of unknown writes that are still to come.
 *
 * Times are whole multiples of the number of lanes plus the lane's own number: no two lanes ever
 * share an instant, on any clock, so there is nothing to break ties about.
 *
 * A stale read is planted only where it is beyond doubt: the value in force had been written and
 * acknowledged before the read began, by more than the clocks are uncertain, and its own
 * write had begun as long after the one that is returned instead. One for each write at most, so
 * that each is a fault of its own.
 */
#include "tests/bench/generate.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/op.h"
#include "common/record.h"

#define LANES_MAX (2 * (LANE_MAX + 1))
#define LATE_MAX 64	/* unknown writes that may still take effect */
#define LATE_NS 1000000 /* within so long */
#define SHORT_NS 20000	/* a duration that is nothing special */
#define START_NS 1000000000
#define TAIL_MAX 1000000000
#define THETA_MAX 1000000000000
#define NEVER UINT64_MAX

/* What a unit holds, and what it held: enough to tell a certainly stale value. */
struct cell {
	uint64_t value, old;		/* write ids */
	uint64_t invoked, acknowledged; /* of value; NEVER: not, or not certain */
	uint64_t old_acknowledged;
	bool touched;
};

struct lane {
	struct op op;
	uint64_t invoke, complete; /* true times */
	uint64_t sequence;
	uint64_t peer;	/* the highest sequence of the other node that it read */
	bool effective; /* the effect is over, the completion is next */
	bool lost;	/* unknown, and never takes effect */
};

/* An event: of a lane, or (from n_lanes on) a late effect. */
struct event_at {
	uint64_t time;
	uint32_t who;
};

struct late {
	uint64_t unit, write_id;
};

struct world {
	const struct generate_options *options;
	struct generate_result result;
	uint64_t random, done, started;
	struct cell *cells;
	struct lane *lanes;
	struct event_at *heap;
	uint32_t n_heap;
	struct late late[LATE_MAX];
	uint32_t free_late[LATE_MAX], n_free_late;
	uint64_t completed[NODES]; /* with a completion, as after= counts them */
	uint64_t margin, next_stale;
	uint32_t write_limit, unknown_limit, message_limit; /* shares of 2^32 */
	struct history_writer *writers[NODES];
};

void generate_defaults(struct generate_options *ret)
{
	*ret = (struct generate_options){.lanes = 16,
					 .write_share = 0.5,
					 .tail = 100000,
					 .seed = 1,
					 .clock = HISTORY_CLOCK_ONE};
}

/* splitmix64: any seed will do, and so does every state. */
static uint64_t draw(struct world *w)
{
	uint64_t z = w->random += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

static uint64_t below(struct world *w, uint64_t n)
{
	return (uint64_t)((unsigned __int128)draw(w) * n >> 64);
}

static bool happens(struct world *w, uint32_t limit)
{
	return limit && (uint32_t)(draw(w) >> 32) <= limit - 1;
}

static uint32_t limit_of(double share)
{
	return share >= 1 ? UINT32_MAX : (uint32_t)(share * 4294967296.0);
}

/* 1 to 20 us, mostly short; one in a thousand takes up to tail. */
static uint64_t duration(struct world *w)
{
	uint64_t r = draw(w), u = r & 0xffff, square = u * u >> 16;

	if (r >> 54 == 0 && w->options->tail > SHORT_NS)
		return SHORT_NS + (r >> 16) % (w->options->tail - SHORT_NS);
	return 1000 + (SHORT_NS - 1000) * square / 65536;
}

/* The lane's own instants, at or after `time`. */
static uint64_t own_instant(const struct world *w, uint32_t lane, uint64_t time)
{
	uint64_t n = w->options->lanes;

	return (time + n - 1) / n * n + lane;
}

/* The event on top is replaced by this one: let it sink. */
static void heap_replace(struct world *w, struct event_at event)
{
	uint32_t at = 0, child;

	while ((child = 2 * at + 1) < w->n_heap) {
		if (child + 1 < w->n_heap && w->heap[child + 1].time < w->heap[child].time)
			child++;
		if (w->heap[child].time >= event.time)
			break;
		w->heap[at] = w->heap[child];
		at = child;
	}
	w->heap[at] = event;
}

static void heap_pop(struct world *w)
{
	struct event_at last = w->heap[--w->n_heap];

	if (w->n_heap)
		heap_replace(w, last);
}

static void heap_push(struct world *w, struct event_at event)
{
	uint32_t at = w->n_heap++;

	while (at && w->heap[(at - 1) / 2].time > event.time) {
		w->heap[at] = w->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	w->heap[at] = event;
}

/* The next operation of a lane, invoked after `now`. Returns when it takes effect. */
static uint64_t invoke(struct world *w, uint32_t number, uint64_t now)
{
	struct lane *lane = &w->lanes[number];
	struct op *op = &lane->op;
	unsigned node = number & 1;

	*op = (struct op){.node = (uint8_t)node,
			  .lane = (uint16_t)(number / 2),
			  .kind = happens(w, w->write_limit) ? OP_WRITE : OP_READ,
			  .unit = below(w, w->options->units),
			  .count = 1,
			  .value = {.kind = VALUE_TAG}};
	if (happens(w, w->message_limit))
		op->after = w->completed[!node]; /* told now, invoked later */
	lane->invoke = own_instant(w, number, now + 1 + below(w, 4000));
	lane->complete = own_instant(w, number, lane->invoke + duration(w));
	lane->effective = lane->lost = false;
	w->started++;
	if (op->kind == OP_WRITE) {
		op->value.write_id = write_id(node, 0, op->lane, ++lane->sequence);
		op->peer = lane->peer;
		if (happens(w, w->unknown_limit))
			op->outcome = OUTCOME_UNKNOWN;
	}
	return own_instant(w, number,
			   lane->invoke +
				   below(w, lane->complete - lane->invoke - w->options->lanes));
}

/* A write reaches its unit. */
static void apply(struct cell *cell, uint64_t id, uint64_t invoked)
{
	cell->old = cell->value;
	cell->old_acknowledged = cell->acknowledged;
	cell->value = id;
	cell->invoked = invoked;
	cell->acknowledged = NEVER;
}

/* Whether what the unit held before is beyond doubt too old for a read invoked then. */
static bool certainly_stale(const struct world *w, const struct cell *cell, uint64_t invoked)
{
	return cell->acknowledged != NEVER && cell->old_acknowledged != NEVER &&
	       cell->acknowledged + w->margin < invoked &&
	       cell->old_acknowledged + w->margin < cell->invoked;
}

static void take_read(struct world *w, struct lane *lane, struct cell *cell)
{
	uint64_t id = cell->value;

	if (w->result.stale < w->options->stale && w->done >= w->next_stale &&
	    certainly_stale(w, cell, lane->invoke)) {
		id = cell->old;
		cell->old_acknowledged = NEVER; /* not this one again */
		w->result.stale++;
		w->next_stale += w->options->operations / w->options->stale;
	}
	lane->op.value.write_id = id;
	if (id != WRITE_ID_INITIAL && write_id_node(id) != lane->op.node &&
	    write_id_sequence(id) > lane->peer)
		lane->peer = write_id_sequence(id);
}

/* An unknown write: it may take effect now (true), later, or never. */
static bool unknown_effect(struct world *w, const struct op *op, uint64_t complete)
{
	uint64_t fate = below(w, 3);
	uint32_t slot;

	w->result.unknown++;
	if (fate == 0 && w->n_free_late) {
		slot = w->free_late[--w->n_free_late];
		w->late[slot] = (struct late){op->unit, op->value.write_id};
		heap_push(w, (struct event_at){complete + below(w, LATE_NS),
					       w->options->lanes + slot});
	}
	return fate == 1;
}

static void take_effect(struct world *w, struct lane *lane)
{
	struct cell *cell = &w->cells[lane->op.unit];

	w->result.touched += !cell->touched;
	cell->touched = true;
	if (lane->op.kind == OP_READ)
		take_read(w, lane, cell);
	else if (lane->op.outcome == OUTCOME_OK || unknown_effect(w, &lane->op, lane->complete))
		apply(cell, lane->op.value.write_id, lane->invoke);
	lane->effective = true;
}

/* The operation is over: to the file with it. */
static int complete(struct world *w, struct lane *lane, struct error *err)
{
	struct op *op = &lane->op;
	struct cell *cell = &w->cells[op->unit];
	struct record record = {.type = RECORD_OP};
	int64_t shift = op->node ? w->result.theta : 0;

	if (op->kind == OP_WRITE && op->outcome == OUTCOME_OK && cell->value == op->value.write_id)
		cell->acknowledged = lane->complete;
	op->invoke = lane->invoke + (uint64_t)shift;
	op->complete = lane->complete + (uint64_t)shift;
	if (op->outcome == OUTCOME_UNKNOWN && op->value.write_id & 1)
		op->complete = TIME_NONE;
	else
		w->completed[op->node]++;
	w->result.reads += op->kind == OP_READ;
	w->result.writes += op->kind == OP_WRITE;
	w->done++;
	record.op = *op;
	return history_append(w->writers[op->node], &record, err);
}

static int run(struct world *w, struct error *err)
{
	struct event_at event;
	struct lane *lane;

	while (w->done < w->options->operations) {
		event = w->heap[0];
		if (event.who >= w->options->lanes) {
			struct late *late = &w->late[event.who - w->options->lanes];

			heap_pop(w);
			apply(&w->cells[late->unit], late->write_id, NEVER);
			w->free_late[w->n_free_late++] = event.who - w->options->lanes;
			continue;
		}
		lane = &w->lanes[event.who];
		if (!lane->effective) {
			event.time = lane->complete;
			heap_replace(w, event);
			take_effect(w, lane);
			continue;
		}
		if (complete(w, lane, err) < 0)
			return -1;
		if (w->started == w->options->operations) {
			heap_pop(w);
			continue;
		}
		event.time = invoke(w, event.who, event.time);
		heap_replace(w, event);
	}
	return 0;
}

static int refuse_options(const struct generate_options *o, struct error *err)
{
	if (!o->operations || !o->units || !o->lanes || o->lanes > LANES_MAX)
		return error_set(err, ERROR_USER,
				 "operations, units, lanes: 1 or more, lanes at "
				 "most %u",
				 LANES_MAX);
	if (o->write_share < 0 || o->write_share > 1 || o->unknown_share < 0 ||
	    o->unknown_share > 1 || o->message_share < 0 || o->message_share > 1)
		return error_set(err, ERROR_USER, "a share lies within 0 and 1");
	if (o->clock == HISTORY_CLOCK_BOUNDS &&
	    (o->theta_lo > o->theta_hi || o->theta_lo < -THETA_MAX || o->theta_hi > THETA_MAX))
		return error_set(err, ERROR_USER, "impossible clock bounds");
	if (o->tail > TAIL_MAX)
		return error_set(err, ERROR_USER, "a tail of at most %d ns", TAIL_MAX);
	if (o->stale && o->clock == HISTORY_CLOCK_NONE)
		return error_set(err, ERROR_USER, "without clocks nothing is certainly stale");
	return 0;
}

/* Memory, the true offset of the clocks, and the first operation of each lane. */
static int prepare(struct world *w, struct error *err)
{
	const struct generate_options *o = w->options;
	uint64_t start = START_NS;
	uint32_t i;

	w->cells = calloc(o->units, sizeof(*w->cells));
	w->lanes = calloc(o->lanes, sizeof(*w->lanes));
	w->heap = calloc(o->lanes + LATE_MAX, sizeof(*w->heap));
	if (!w->cells || !w->lanes || !w->heap)
		return error_set(err, ERROR_WORLD, "out of memory");
	w->random = o->seed;
	w->write_limit = limit_of(o->write_share);
	w->unknown_limit = limit_of(o->unknown_share);
	w->message_limit = limit_of(o->message_share);
	if (o->clock != HISTORY_CLOCK_ONE) {
		int64_t lo = o->clock == HISTORY_CLOCK_BOUNDS ? o->theta_lo : -START_NS;
		int64_t hi = o->clock == HISTORY_CLOCK_BOUNDS ? o->theta_hi : START_NS;

		w->margin = (uint64_t)(hi - lo);
		w->result.theta = lo + (int64_t)below(w, (uint64_t)(hi - lo) + 1);
		start = THETA_MAX + START_NS;
	}
	for (i = 0; i < LATE_MAX; i++)
		w->free_late[w->n_free_late++] = LATE_MAX - 1 - i;
	for (i = 0; i < o->lanes && i < o->operations; i++)
		heap_push(w, (struct event_at){invoke(w, i, start), i});
	return 0;
}

int generate_histories(const char *folder, const struct generate_options *options,
		       struct generate_result *ret, struct error *err)
{
	struct history_header header = {.run = {1},
					.volume = 1,
					.unit = 4096,
					.units = options->units,
					.seed = options->seed,
					.clock = options->clock,
					.theta_lo = options->theta_lo,
					.theta_hi = options->theta_hi};
	struct world *w = calloc(1, sizeof(*w));
	char path[4096];
	int result = -1;
	unsigned node;

	if (!w)
		return error_set(err, ERROR_WORLD, "out of memory");
	w->options = options;
	if (refuse_options(options, err) < 0 || prepare(w, err) < 0)
		goto out;
	for (node = 0; node < NODES; node++) {
		header.nodes = (uint8_t)(1U << node);
		snprintf(path, sizeof(path), "%s/%c.history", folder, 'a' + (int)node);
		w->writers[node] = history_create(path, &header, err);
		if (!w->writers[node])
			goto out;
	}
	result = run(w, err);
out:
	for (node = 0; node < NODES; node++) {
		if (history_close(w->writers[node], result < 0 ? NULL : err) < 0)
			result = -1;
	}
	if (!result)
		*ret = w->result;
	free(w->cells);
	free(w->lanes);
	free(w->heap);
	free(w);
	return result;
}
