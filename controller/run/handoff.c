/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * handoff.c - see handoff.h.
 *
 * One handoff is about the workload's units of one file: GFS2 locks whole files, so a file is what
 * is handed over, and its units go in one message each way. Writer and reader swap with every
 * handoff, and for each file with every round. The next handoff takes another file, so the time
 * GFS2 keeps a file's lock on a node does not set the pace.
 *
 *      controller      reader            writer
 *          |--- read ---->|                 |       prime: the reader's host may cache it
 *          |<-- records --|                 |
 *          |------------ write, after=K --->|       K: completions of the reader known
 *          |<----------- records -----------|       the acknowledgement: flushed
 *          |-- read, after=K -->|           |       must see what was written
 *          |<-- records --|                 |
 *
 * A step with a delay ("does staleness heal?") is done once at the end of each round for all
 * files, so that the delay is waited for once.
 */
#include "run/handoff.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "host/interrupt.h"

#define RUN_NS (60 * NS_PER_S)
#define PING_NS (5 * NS_PER_S)
#define PING_EVERY_NS (50 * NS_PER_MS) /* 10 a second and more, though handoffs lie between */

/* splitmix64 (Steele, Lea, Flood 2014): a pure function of its state. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static void shuffle(unsigned *order, unsigned n, uint64_t *state)
{
	unsigned i, j, swap;

	for (i = 0; i < n; i++)
		order[i] = i;
	for (i = n; i-- > 1;) {
		j = (unsigned)(next_random(state) % (i + 1));
		swap = order[i];
		order[i] = order[j];
		order[j] = swap;
	}
}

static unsigned next_lane(struct handoff *h, unsigned node)
{
	unsigned lane = h->lane[node];

	h->lane[node] = (lane + 1) % h->lanes;
	return lane;
}

/* Append one step's operations on one file to the batch for `node`; a flush is of all files. */
static void add_ops(struct handoff *h, const struct workload_step *step, unsigned file,
		    unsigned node)
{
	uint64_t per_file = h->units / h->workload->files;
	unsigned used = h->workload->units / h->workload->files, i;
	uint64_t stride = per_file / used ? per_file / used : 1;
	bool is_flush = step->kind == OP_FLUSH;

	if (is_flush)
		used = 1;
	for (i = 0; i < used && h->run.n < MESSAGE_OPS_MAX; i++) {
		struct message_op *op = &h->run.ops[h->run.n++];

		*op = (struct message_op){
			.kind = (uint8_t)step->kind,
			.sync = step->sync,
			.count = 1,
			.lane = (uint16_t)next_lane(h, node),
			.unit = is_flush ? 0 : file * per_file + i * stride,
			.after = agent_link_completions(h->agents[!node]),
		};
		if (step->kind == OP_WRITE) {
			op->sequence = ++h->sequence[node];
			op->peer = h->sequence[!node];
		}
	}
}

static int carry_out_batch(struct handoff *h, unsigned node, uint64_t delay_ns, struct error *err)
{
	int result;

	if (!h->run.n)
		return 0;
	h->run.delay_ns = delay_ns;
	/* What a message tells of is in its file first: kill -9 leaves no edge to what is lost. */
	if (recorder_flush(h->recorder, err) < 0)
		return -1;
	if (agent_begin_run(h->agents[node], &h->run, err) < 0)
		return -1;
	result = agent_finish(h->agents[node], RUN_NS + delay_ns, err);
	h->run.n = 0;
	return result;
}

static unsigned writer_of(unsigned round, unsigned file)
{
	return (round + file) % NODES;
}

static int measure_clocks(struct handoff *h, struct error *err)
{
	unsigned node;

	if (clock_ns() < h->next_ping)
		return 0;
	for (node = 0; node < NODES; node++) {
		if (agent_ping(h->agents[node], PING_NS, NULL, err) < 0)
			return -1;
	}
	h->next_ping = clock_ns() + PING_EVERY_NS;
	return 0;
}

static int hand_over(struct handoff *h, unsigned number, unsigned file, unsigned writer,
		     struct error *err)
{
	const struct workload *workload = h->workload;
	unsigned node, i;
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	for (node = 0; node < NODES; node++) {
		if (recorder_event(h->recorder, node, EVENT_ROUND,
				   agent_link_last_time(h->agents[node]), text, err) < 0)
			return -1;
	}
	for (i = 0; i < workload->n_steps; i++) {
		node = workload->steps[i].writer ? writer : !writer;
		if (workload->steps[i].delay_ns)
			continue;
		add_ops(h, &workload->steps[i], file, node);
		if (carry_out_batch(h, node, 0, err) < 0)
			return -1;
	}
	return measure_clocks(h, err);
}

/* The delayed steps of a round: for all files, on the node that was reader (or writer) of each. */
static int look_again(struct handoff *h, unsigned round, struct error *err)
{
	const struct workload *workload = h->workload;
	unsigned i, node, file;
	uint64_t delay;

	for (i = 0; i < workload->n_steps; i++) {
		const struct workload_step *step = &workload->steps[i];

		delay = step->delay_ns;
		for (node = 0; delay && node < NODES; node++) {
			for (file = 0; file < workload->files; file++) {
				if ((writer_of(round, file) == node) == step->writer)
					add_ops(h, step, file, node);
			}
			/* both nodes look at the same moment: the second need not wait again */
			if (carry_out_batch(h, node, node ? 1 : delay, err) < 0 ||
			    measure_clocks(h, err) < 0)
				return -1;
		}
	}
	return 0;
}

int handoff_carry_out(struct handoff *h, struct error *err)
{
	unsigned files = h->workload->files, round, i, number = 0;
	uint64_t random = h->seed;
	unsigned *order;
	int result = -1;

	order = calloc(files, sizeof(*order));
	if (!order)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (round = 0; round < h->workload->rounds; round++) {
		shuffle(order, files, &random);
		progress_step(h->progress, "%s: round %u of %u", h->workload->name, round + 1,
			      h->workload->rounds);
		for (i = 0; i < files; i++) {
			if (h->goes_on && !h->goes_on(h->context)) {
				result = 0;
				goto out;
			}
			if (hand_over(h, ++number, order[i], writer_of(round, order[i]), err) < 0)
				goto out;
		}
		if (look_again(h, round, err) < 0)
			goto out;
	}
	h->next_ping = 0; /* the last operations have a measurement after them, too */
	result = measure_clocks(h, err);
out:
	free(order);
	return result;
}
