/* SPDX-License-Identifier: GPL-2.0-or-later */
/* free_run.c - see free_run.h. */
#include "run/free_run.h"

#include "common/clock.h"
#include "host/interrupt.h"

#define POLL_NS NS_PER_MS
#define PING_EVERY_NS (50 * NS_PER_MS)
#define SILENCE_NS (120 * NS_PER_S) /* of both agents: something hangs */

struct race {
	struct agent_link *const *agents;
	struct recorder *recorder;
	bool running[NODES];
	uint64_t told[NODES], heard[NODES]; /* of the other node; of this one */
	uint64_t last_heard, next_ping;
};

/* Lanes that churn are silent until they end. */
static uint64_t silent_ns(const struct lane_set *set)
{
	uint64_t longest = 0;
	unsigned i;

	for (i = 0; lane_set_churns(set) && i < set->n; i++) {
		if (set->lanes[i].time_ns > longest)
			longest = set->lanes[i].time_ns;
	}
	return longest;
}

/* Pass on what was heard, once it is in its file: kill -9 leaves no edge to what is lost. */
static int pass_on(struct race *race, struct error *err)
{
	unsigned node;

	if (recorder_flush(race->recorder, err) < 0)
		return -1;
	for (node = 0; node < NODES; node++) {
		uint64_t certain = agent_link_certain_completions(race->agents[!node]);
		uint64_t own = agent_link_completions(race->agents[node]);

		if (!race->running[node] ||
		    (certain == race->told[node] && own == race->heard[node]))
			continue;
		race->told[node] = certain;
		race->heard[node] = own;
		race->last_heard = clock_ns();
		if (agent_tell_heard(race->agents[node], certain, err) < 0)
			return -1;
	}
	return 0;
}

static int ping(struct race *race, struct error *err)
{
	unsigned node;

	if (clock_ns() < race->next_ping)
		return 0;
	race->next_ping = clock_ns() + PING_EVERY_NS;
	for (node = 0; node < NODES; node++) {
		if (race->running[node] && agent_begin_ping(race->agents[node], err) < 0)
			return -1;
	}
	return 0;
}

static int turn(struct race *race, struct error *err)
{
	unsigned node;
	int got;

	if (interrupted())
		return interrupt_error(err);
	for (node = 0; node < NODES; node++) {
		if (!race->running[node])
			continue;
		got = agent_poll(race->agents[node], POLL_NS, err);
		if (got < 0)
			return -1;
		race->running[node] = !got;
	}
	if (clock_ns() > race->last_heard + SILENCE_NS)
		return error_set(err, ERROR_WORLD,
				 "free-running lanes: no operation has ended "
				 "on either node for two minutes");
	return pass_on(race, err) < 0 || ping(race, err) < 0 ? -1 : 0;
}

int free_run_carry_out(struct agent_link *const agents[NODES], struct recorder *recorder,
		       const struct message_lanes *lanes, struct error *err)
{
	struct race race = {.agents = agents,
			    .recorder = recorder,
			    .last_heard = clock_ns() + lanes->delay_ns + silent_ns(&lanes->set)};
	unsigned node;
	int result = 0;

	for (node = 0; node < NODES; node++)
		race.heard[node] = agent_link_completions(agents[node]);
	if (recorder_flush(recorder, err) < 0)
		return -1;
	for (node = 0; node < NODES && !result; node++) {
		result = agent_begin_lanes(agents[node], lanes, err);
		race.running[node] = true;
	}
	while (!result && (race.running[0] || race.running[1]))
		result = turn(&race, err);
	for (node = 0; node < NODES; node++)
		agent_give_up(agents[node]);
	return result;
}
