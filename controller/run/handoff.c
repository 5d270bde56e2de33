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
 * From the first step with a delay ("does staleness heal?") on, the steps are done once at the end
 * of each round for all files, so that the delay is waited for once. Steps that are at once are
 * begun on both nodes before either is waited for, one of them up to 2 ms late; none carries what
 * the other did (after=).
 */
#include "run/handoff.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "run/free_run.h"
#include "host/interrupt.h"

#define RUN_NS (60 * NS_PER_S)
#define JITTER_NS (2 * NS_PER_MS)
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

/* Between 0 and 1. */
static double next_fraction(uint64_t *state)
{
	return (double)(next_random(state) >> 11) * 0x1p-53;
}

static unsigned writer_of(unsigned round, unsigned file)
{
	return (round + file) % NODES;
}

/* The node whose step it is. */
static unsigned actor(const struct workload_step *step, unsigned writer)
{
	return step->writer ? writer : !writer;
}

/* What each node is to carry: all that was heard before this step. */
static void begin_step(struct handoff *h)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		h->batch[node].after = agent_link_completions(h->agents[!node]);
		h->batch[node].peer = h->batch[!node].sequence;
		h->batch[node].run.n = 0;
		h->batch[node].run.delay_ns = 0;
	}
}

/* Each node does what is in its batch; both at once. */
static int carry_out(struct handoff *h, struct error *err)
{
	bool begun[NODES] = {false, false};
	struct error other;
	unsigned node;
	int result = 0;

	/* What a message tells of is in its file first: kill -9 leaves no edge to what is lost. */
	if (recorder_flush(h->recorder, err) < 0)
		return -1;
	for (node = 0; !result && node < NODES; node++) {
		if (!h->batch[node].run.n)
			continue;
		result = agent_begin_run(h->agents[node], &h->batch[node].run, err);
		begun[node] = !result;
		h->step.operations += h->batch[node].run.n;
	}
	h->step.number++;
	h->step.drawn = next_random(&h->step_random);
	if (!result && h->begun)
		result = h->begun(h->context, &h->step, err);
	for (node = 0; node < NODES; node++) {
		if (begun[node] &&
		    agent_finish(h->agents[node], RUN_NS + h->batch[node].run.delay_ns,
				 result ? &other : err) < 0)
			result = -1;
	}
	return result;
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

/* Steps from i on that begin at once: up to where? */
static unsigned end_of(const struct workload *workload, unsigned i)
{
	for (i++; i < workload->n_steps && workload->steps[i].at_once; i++)
		;
	return i;
}

static unsigned first_delayed(const struct workload *workload)
{
	unsigned i;

	for (i = 0; i < workload->n_steps && !workload->steps[i].delay_max_ns; i++)
		;
	return i;
}

static int begin_episode(struct handoff *h, unsigned number, struct error *err)
{
	unsigned node;
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	for (node = 0; node < NODES; node++) {
		if (recorder_event(h->recorder, node, EVENT_ROUND,
				   agent_link_last_time(h->agents[node]), text, err) < 0)
			return -1;
	}
	return 0;
}

static int hand_over(struct handoff *h, unsigned number, unsigned file, unsigned writer,
		     struct error *err)
{
	const struct workload *workload = h->workload;
	unsigned i, end;

	if (begin_episode(h, number, err) < 0)
		return -1;
	for (i = 0; i < first_delayed(workload); i = end) {
		end = end_of(workload, i);
		begin_step(h);
		if (end - i > 1) /* which of them is late, and how much, is never the same */
			h->batch[next_random(&h->random) % NODES].run.delay_ns =
				next_random(&h->random) % JITTER_NS;
		for (; i < end; i++)
			batch_add(&h->batch[actor(&workload->steps[i], writer)],
				  &workload->steps[i], file);
		if (carry_out(h, err) < 0)
			return -1;
	}
	return measure_clocks(h, err);
}

static uint64_t draw_delay(struct handoff *h, const struct workload_step *step)
{
	double from = (double)step->delay_ns, to = (double)step->delay_max_ns;

	if (step->delay_ns == step->delay_max_ns)
		return step->delay_ns;
	return (uint64_t)(from * pow(to / from, next_fraction(&h->random)));
}

/* The rest of a round, from the first delayed step on: for all files, on the node that was reader
 * (or writer) of each; both nodes at the same moment. */
static int look_again(struct handoff *h, unsigned round, struct error *err)
{
	const struct workload *workload = h->workload;
	unsigned i, file, end;
	uint64_t delay;

	for (i = first_delayed(workload); i < workload->n_steps; i = end) {
		end = end_of(workload, i);
		delay = draw_delay(h, &workload->steps[i]);
		begin_step(h);
		h->batch[0].run.delay_ns = h->batch[1].run.delay_ns = delay;
		for (; i < end; i++) {
			for (file = 0; file < workload->files; file++)
				batch_add(&h->batch[actor(&workload->steps[i],
							  writer_of(round, file))],
					  &workload->steps[i], file);
		}
		if (carry_out(h, err) < 0 || measure_clocks(h, err) < 0)
			return -1;
	}
	return 0;
}

/* What runs free, at the beginning of a round. */
static int run_free(struct handoff *h, unsigned number, unsigned round, struct error *err)
{
	struct lane_set *set = &h->free.set;
	unsigned node, i;
	uint32_t ops = 0;

	if (begin_episode(h, number, err) < 0)
		return -1;
	batch_lanes(h->workload, h->units, writer_of(round, 0), set);
	set->seed = next_random(&h->random);
	for (node = 0; node < NODES; node++) {
		if (h->batch[node].sequence > set->base)
			set->base = h->batch[node].sequence;
	}
	for (i = 0; i < set->n; i++)
		ops = set->lanes[i].ops > ops ? set->lanes[i].ops : ops;
	for (node = 0; node < NODES; node++)
		h->batch[node].sequence = set->base + ops;
	return free_run_carry_out(h->agents, h->recorder, &h->free, err);
}

/* Steps of the whole workload, those that are at once as one. */
static uint64_t count_steps(const struct workload *workload)
{
	unsigned delayed = first_delayed(workload), i;
	uint64_t n = 0;

	for (i = 0; i < workload->n_steps; i = end_of(workload, i))
		n += i < delayed ? workload->files : 1;
	return n * workload->rounds;
}

static void begin_workload(struct handoff *h)
{
	unsigned node;

	h->step = (struct handoff_step){.all = count_steps(h->workload)};

	for (node = 0; node < NODES; node++) {
		h->batch[node].workload = h->workload;
		h->batch[node].units = h->units;
		h->batch[node].lanes = h->lanes;
	}
	h->random = h->seed;
	h->step_random = ~h->seed; /* its own: without a fault the rest goes the same way */
}

int handoff_carry_out(struct handoff *h, struct error *err)
{
	unsigned files = h->workload->files, round, i, number = 0;
	unsigned *order;
	int result = -1;

	order = calloc(files, sizeof(*order));
	if (!order)
		return error_set(err, ERROR_WORLD, "out of memory");
	begin_workload(h);
	for (round = 0; round < h->workload->rounds; round++) {
		shuffle(order, files, &h->random);
		h->step.round = round + 1;
		progress_step(h->progress, "%s: round %u of %u", h->workload->name, round + 1,
			      h->workload->rounds);
		if (h->workload->n_lanes && run_free(h, ++number, round, err) < 0)
			goto out;
		for (i = 0; h->workload->n_steps && i < files; i++) {
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
