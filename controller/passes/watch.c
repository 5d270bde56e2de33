/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.c - see watch.h.
 *
 * Operations wait in one queue a node, in the order in which they arrived, which is that of their
 * completion. One is fed to the streaming pass (live.h) once the other node's completions that a
 * message says were before it have been fed: so the feed agrees with every edge that is used.
 *
 * Each number handed over is a lower bound of what is so, and fewer edges accuse fewer. K of the
 * own node are the completions that a ring of the latest proves to lie before the invocation. K of
 * the other is the best message of this operation and of those, fed before, that its node invoked
 * earlier.
 *
 * Of a lane that is over (watch_node.c) writes that never completed may still arrive, invoked at
 * any time since. These make no difference but to values that were read before their write was fed.
 * When such a value is superseded the pass marks the unit with a doubt (MARK_DOUBT), and that is
 * not said. For the same reason an operation that never completed waits for nothing but its turn:
 * no other has to come after it, and what it knew is a fact whenever it is told.
 *
 * A torn value may be half of a write under way, so it is passed over, unless one of its parts is
 * what no writer explains.
 */
#include "passes/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history_text.h"
#include "passes/watch_node.h"

#define UNKNOWN_MAX 65536U /* writes that may take effect at any time: each is kept */

struct watch {
	struct scan scan; /* of nothing */
	struct live *live;
	struct watch_node nodes[NODES];
	size_t n_marks; /* seen */
	uint32_t n_unknown;
	bool silent;
};

struct watch *watch_new(unsigned lanes, struct error *err)
{
	static const struct shard all = {.shards = 1, .shares = 1};
	struct watch *watch = calloc(1, sizeof(*watch));
	unsigned node;

	if (!watch) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	watch->scan.names_rise = true;
	watch->scan.header_nodes = (1U << NODES) - 1;
	for (node = 0; node < NODES; node++) {
		if (watch_node_init(&watch->nodes[node], node, lanes, err) < 0)
			goto out;
	}
	watch->live = live_open(&watch->scan, false, &all, err);
	if (watch->live)
		return watch;
out:
	watch_free(watch);
	return NULL;
}

void watch_free(struct watch *watch)
{
	if (!watch)
		return;
	watch_node_done(&watch->nodes[0]);
	watch_node_done(&watch->nodes[1]);
	live_close(watch->live);
	free(watch);
}

bool watch_is_silent(const struct watch *watch)
{
	return watch->silent;
}

/* Take note of the marks that this operation made. */
static int take_marks(struct watch *watch, const struct op_head *op, int found,
		      struct watch_finding *ret)
{
	const struct mark *marks;
	size_t n = live_marks(watch->live, &marks);

	for (; watch->n_marks < n; watch->n_marks++) {
		const struct mark *mark = &marks[watch->n_marks];

		if (mark->what & MARK_DOUBT)
			continue;
		if (!found++)
			*ret = (struct watch_finding){
				.unit = mark->unit, .what = mark->what, .op = *op};
	}
	return found;
}

static int give(struct watch *watch, const struct op_head *op, uint32_t message, struct error *err)
{
	const struct watch_node *own = &watch->nodes[op->node];
	struct fed fed = {.unit = op->unit,
			  .write_id = op->value == VALUE_TAG ? op->write_id : 0,
			  .index = op->complete == TIME_NONE ? INDEX_NEVER : own->done + 1,
			  .message = message,
			  .count = op->count,
			  .lane = op->lane,
			  .node = op->node,
			  .kind = op->kind,
			  .outcome = op->outcome,
			  .value = op->value};
	unsigned node;

	if (op->kind == OP_READ && op->value == VALUE_TORN)
		return 0;
	fed.known[op->node] = watch_node_own(own, op);
	fed.known[!op->node] = message;
	for (node = 0; node < NODES; node++)
		memcpy(fed.low[node], watch->nodes[node].low, sizeof(fed.low[node]));
	return live_feed(watch->live, &fed, fed.known, err);
}

/* Feed the first of those that wait. 0: it is not its turn yet. */
static int feed_first(struct watch *watch, unsigned number, int *found, struct watch_finding *ret,
		      struct error *err)
{
	struct watch_node *own = &watch->nodes[number];
	const struct op_head *op = watch_node_first(own);
	uint32_t message;

	if (!op)
		return 0;
	message = watch_node_message(own, op);
	if (op->complete != TIME_NONE && message > watch->nodes[!number].done)
		return 0;
	if (give(watch, op, message, err) < 0)
		return -1;
	*found = take_marks(watch, op, *found, ret);
	return watch_node_fed(own, err) < 0 ? -1 : 1;
}

/* Feed all whose turn it is: what is fed of one node may be what the other's waits for. */
static int feed_all(struct watch *watch, int *found, struct watch_finding *ret, struct error *err)
{
	bool more = true;
	unsigned node;
	int fed;

	while (more) {
		more = false;
		for (node = 0; node < NODES; node++) {
			while ((fed = feed_first(watch, node, found, ret, err)) > 0)
				more = true;
			if (fed < 0)
				return -1;
		}
	}
	return 0;
}

static struct op_head head_of(const struct op *op)
{
	struct op_head head = {.unit = op->unit,
			       .invoke = op->invoke,
			       .complete = op->complete,
			       .write_id = op->value.write_id,
			       .after = op->after,
			       .count = op->count,
			       .lane = op->lane,
			       .node = op->node,
			       .kind = (uint8_t)op->kind,
			       .outcome = (uint8_t)op->outcome,
			       .value = (uint8_t)op->value.kind};

	if (op->value.kind == VALUE_TORN && op->count == 1)
		head.value = (uint8_t)worst_part(&op->value);
	return head;
}

int watch_take(struct watch *watch, const struct record *record, struct watch_finding *ret,
	       struct error *err)
{
	struct op_head op;
	int found = 0;

	if (watch->silent || record->type != RECORD_OP)
		return 0;
	op = head_of(&record->op);
	if (op.outcome == OUTCOME_FAIL && op.complete == TIME_NONE)
		return 0; /* it never was, and counts nowhere */
	if (op.kind == OP_WRITE && op.outcome == OUTCOME_UNKNOWN)
		watch->n_unknown++;
	if (!watch_node_accepts(&watch->nodes[op.node], &op) || watch->n_unknown > UNKNOWN_MAX) {
		watch->silent = true;
		return 0;
	}
	if (watch_node_add(&watch->nodes[op.node], &op, err) < 0 ||
	    feed_all(watch, &found, ret, err) < 0)
		return -1;
	return found;
}

static char *name_format(uint64_t id, char ret[VALUE_TEXT_MAX])
{
	struct value value;

	value.kind = VALUE_TAG;
	value.write_id = id;
	return value_format(&value, ret);
}

char *watch_words(const struct watch_finding *finding, char *ret, size_t size)
{
	static const char *const bad[VALUE_KINDS] = {[VALUE_ZERO] = "zeroes",
						     [VALUE_CORRUPT] = "damaged data",
						     [VALUE_FOREIGN] = "another run's data",
						     [VALUE_MISDIRECTED] = "another unit's data"};
	const struct op_head *op = &finding->op;
	char text[VALUE_TEXT_MAX];

	snprintf(ret, size, "unit %" PRIu64 ": node %c %s %s%s", finding->unit, 'a' + op->node,
		 op->kind == OP_READ ? "read" : "wrote",
		 bad[op->value] ? bad[op->value] : name_format(op->write_id, text),
		 op->kind == OP_READ ? "" : ", and what was read before contradicts it");
	return ret;
}
