/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fed_world.h - random small histories as the passes are fed them, with all worked out by
 * definition.
 *
 * They come with true times, two clocks of random offset (or none that is known), true messages,
 * unknown and failed outcomes, and any feed that agrees with what is certain.
 */
#ifndef TESTS_UNIT_FED_WORLD_H
#define TESTS_UNIT_FED_WORLD_H

#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order/fed.h"
#include "common/parse.h"

#define OPS_MAX 14
#define UNITS 3
#define NEVER INT64_MAX

struct world {
	unsigned n, units;
	struct fed ops[OPS_MAX];
	int64_t invoke[OPS_MAX], complete[OPS_MAX]; /* true times */
	uint32_t after[OPS_MAX];		    /* a message's count; 0: none */
	bool clock;
	int64_t below, above;	/* the bounds are that far from the true offset */
	unsigned feed[OPS_MAX]; /* which operation comes when */
	unsigned place[OPS_MAX];
};

/* Each test begins with the same seed; trial is the number of the history at hand. */
static uint64_t state, seed = 20261124, histories = 20000, trial;

static inline unsigned pick(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

static inline void make_operations(struct world *w, unsigned lanes, unsigned units, unsigned n)
{
	unsigned lane, i, numbers[NODES] = {0, 0};
	int64_t t[4];
	uint64_t sequence[4] = {0};

	memset(w, 0, sizeof(*w));
	w->n = n;
	w->units = units;
	for (lane = 0; lane < 4; lane++)
		t[lane] = pick(4);
	for (i = 0; i < n; i++) {
		struct fed *op = &w->ops[i];

		lane = pick(lanes);
		op->node = lane & 1;
		op->lane = (uint16_t)lane;
		op->unit = pick(units);
		op->count = op->unit + 1 < units && !pick(12) ? 2 : 1;
		op->number = numbers[op->node]++;
		op->kind = pick(5) < 2 ? OP_WRITE : OP_READ;
		op->outcome = pick(12) ? OUTCOME_OK : pick(3) ? OUTCOME_UNKNOWN : OUTCOME_FAIL;
		if (op->kind == OP_WRITE) {
			op->value = VALUE_TAG;
			op->write_id = write_id(op->node, 0, lane, ++sequence[lane]);
		}
		w->invoke[i] = t[lane] + pick(4);
		w->complete[i] = t[lane] = w->invoke[i] + pick(8);
		if (op->outcome == OUTCOME_UNKNOWN && pick(2))
			w->complete[i] = NEVER;
	}
}

/* Completions of that node up to a moment of true time. */
static inline uint32_t completed(const struct world *w, unsigned node, int64_t until)
{
	uint32_t count = 0;
	unsigned i;

	for (i = 0; i < w->n; i++)
		count += w->ops[i].node == node && w->complete[i] <= until;
	return count;
}

/* Index, messages and K by definition; quiet: next to nothing orders the nodes. */
static inline void make_order(struct world *w, bool quiet)
{
	unsigned i, j;

	w->clock = !quiet && pick(2);
	w->below = pick(8);
	w->above = pick(8);
	for (i = 0; i < w->n; i++) {
		struct fed *op = &w->ops[i];

		op->index = w->complete[i] == NEVER ? INDEX_NEVER : 1;
		for (j = 0; j < w->n && op->index != INDEX_NEVER; j++)
			op->index += w->ops[j].node == op->node &&
				     (w->complete[j] < w->complete[i] ||
				      (j < i && w->complete[j] == w->complete[i]));
		if (!pick(quiet ? 40 : 5))
			w->after[i] = completed(w, !op->node, w->invoke[i] - 1 - pick(4));
	}
	for (i = 0; i < w->n; i++) {
		struct fed *op = &w->ops[i];
		uint32_t by_clock = completed(w, !op->node,
					      w->invoke[i] - 1 - (op->node ? w->above : w->below));

		for (j = 0; j < w->n; j++) {
			if (w->ops[j].node == op->node && w->after[j] > op->message &&
			    (j == i || w->invoke[j] < w->invoke[i]))
				op->message = w->after[j];
		}
		op->known[op->node] = completed(w, op->node, w->invoke[i] - 1);
		op->known[!op->node] = w->clock && by_clock > op->message ? by_clock : op->message;
	}
}

/* Values as a correct register gives them: each operation takes effect at one moment within. */
static inline void make_values(struct world *w)
{
	uint64_t held[UNITS] = {0};
	unsigned order[OPS_MAX], i, j, u;
	int64_t at[OPS_MAX];

	for (i = 0; i < w->n; i++) {
		int64_t length =
			w->ops[i].outcome == OUTCOME_UNKNOWN ? 30 : w->complete[i] - w->invoke[i];

		at[i] = (w->invoke[i] + pick((unsigned)length + 1)) * 16 + pick(16);
		for (j = i; j && at[order[j - 1]] > at[i]; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	for (i = 0; i < w->n; i++) {
		struct fed *op = &w->ops[order[i]];

		if (op->outcome == OUTCOME_FAIL || (op->outcome == OUTCOME_UNKNOWN && !pick(3)))
			continue;
		for (u = 0; u < op->count && op->kind == OP_WRITE; u++)
			held[op->unit + u] = op->write_id;
		if (op->kind != OP_READ)
			continue;
		op->value = VALUE_TAG;
		op->write_id = held[op->unit];
		if (held[op->unit + op->count - 1] != held[op->unit]) {
			op->value = VALUE_TORN;
			op->write_id = 0;
		}
	}
}

static inline int writer_of(const struct world *w, uint64_t id)
{
	unsigned i;

	for (i = 0; i < w->n; i++) {
		if (id && w->ops[i].kind == OP_WRITE && w->ops[i].write_id == id)
			return (int)i;
	}
	return -1;
}

/* Let some reads return anything that was ever written to their unit, even later. */
static inline void spoil(struct world *w, unsigned share)
{
	unsigned i, j, tries;

	for (i = 0; i < w->n; i++) {
		struct fed *op = &w->ops[i];

		if (op->kind != OP_READ || op->outcome != OUTCOME_OK || pick(4) >= share)
			continue;
		op->value = VALUE_TAG;
		op->write_id = WRITE_ID_INITIAL;
		for (tries = 0; tries < 3; tries++) {
			j = pick(w->n);
			if (w->ops[j].kind == OP_WRITE && w->ops[j].unit <= op->unit &&
			    op->unit + op->count <= w->ops[j].unit + w->ops[j].count)
				op->write_id = w->ops[j].write_id;
		}
	}
}

/* Any order that agrees with what is certain; per node by completion. */
static inline void make_feed(struct world *w)
{
	unsigned i, n, node, next[NODES] = {0, 0};
	uint32_t done[NODES] = {0, 0};
	bool fed[OPS_MAX] = {false};

	for (n = 0; n < w->n; n++) {
		bool ready[NODES] = {false, false};
		int64_t best[NODES] = {NEVER, NEVER};

		for (i = 0; i < w->n; i++) {
			bool never = w->complete[i] == NEVER;
			int64_t key = 2 * (never ? w->invoke[i] : w->complete[i]) + never;

			if (!fed[i] && key < best[w->ops[i].node]) {
				best[w->ops[i].node] = key;
				next[w->ops[i].node] = i;
			}
		}
		for (node = 0; node < NODES; node++)
			ready[node] = best[node] != NEVER &&
				      w->ops[next[node]].known[!node] <= done[!node];
		assert_true(ready[0] || ready[1]);
		node = ready[0] && ready[1] ? pick(2) : ready[1];
		i = next[node];
		fed[i] = true;
		done[node] += w->complete[i] != NEVER;
		w->feed[n] = i;
		w->place[i] = n;
	}
}

static inline void make_world(struct world *w, unsigned lanes, unsigned units, unsigned n,
			      unsigned spoiled, bool quiet)
{
	make_operations(w, lanes, units, n);
	make_order(w, quiet);
	make_values(w);
	if (spoiled)
		spoil(w, spoiled);
	make_feed(w);
}

/* i certainly ended before j began, by K. */
static inline bool precedes(const struct world *w, unsigned i, unsigned j)
{
	return w->ops[i].index <= w->ops[j].known[w->ops[i].node];
}

static _Noreturn inline void differs(const struct world *w, const char *what)
{
	unsigned n;

	fprintf(stderr, "seed %" PRIu64 ", history %" PRIu64 ", in feed order:\n", seed, trial);
	for (n = 0; n < w->n; n++) {
		const struct fed *op = &w->ops[w->feed[n]];

		fprintf(stderr,
			"%c %d %s unit %d+%d [%d,%d] %s value %d %" PRIx64
			" index %d known %u,%u message %u\n",
			'a' + op->node, op->lane, op_kind_names[op->kind], (int)op->unit, op->count,
			(int)w->invoke[w->feed[n]], (int)w->complete[w->feed[n]],
			op_outcome_names[op->outcome], op->value, op->write_id, (int)op->index,
			op->known[0], op->known[1], op->message);
	}
	fail_msg("not so: %s", what);
	abort();
}

#define hold(world, condition) \
	do { \
		if (!(condition)) \
			differs(world, #condition); \
	} while (0)

/* Operations by hand: index and number follow, K is the own node's, clocks are unknown. */
static inline struct fed by_hand(unsigned node, enum op_kind kind, uint64_t unit, uint64_t id,
				 uint32_t index)
{
	struct fed op = {.unit = unit,
			 .write_id = id,
			 .index = index,
			 .number = index - 1,
			 .count = 1,
			 .node = (uint8_t)node,
			 .kind = (uint8_t)kind,
			 .outcome = OUTCOME_OK,
			 .value = VALUE_TAG};

	op.known[node] = index - 1;
	return op;
}

/* The number of histories and the seed, from PREFIX_HISTORIES and PREFIX_SEED. */
static inline void configure(const char *number, const char *given)
{
	if (number)
		assert_int_equal(parse_u64(number, 100000000, "histories", &histories, NULL), 0);
	if (given)
		assert_int_equal(parse_u64(given, UINT64_MAX, "seed", &seed, NULL), 0);
	print_message("seed %" PRIu64 ", %" PRIu64 " histories a test\n", seed, histories);
}

#endif
