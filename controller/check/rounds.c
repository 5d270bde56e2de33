/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rounds.c - see rounds.h. */
#include "check/rounds.h"

#include <stdlib.h>
#include <string.h>

#include "common/parse.h"

static int by_time(const void *a, const void *b)
{
	const struct round_start *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

static int by_number(const void *a, const void *b)
{
	const struct round *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* A round is known by its number; one without is a round of its own. */
static uint64_t round_number(const struct event *event, size_t i)
{
	uint64_t number;

	if (parse_u64(event->text, UINT64_MAX >> 1, "round", &number, NULL) < 0)
		return ~(uint64_t)i;
	return number;
}

int rounds_build(const struct history *history, struct rounds *ret, struct error *err)
{
	struct rounds rounds = {0};
	size_t i, n = 0;

	rounds.rounds = calloc(history->n_events + 1, sizeof(*rounds.rounds));
	rounds.starts[0] = calloc(history->n_events + 1, sizeof(struct round_start));
	rounds.starts[1] = calloc(history->n_events + 1, sizeof(struct round_start));
	if (!rounds.rounds || !rounds.starts[0] || !rounds.starts[1]) {
		rounds_done(&rounds);
		return error_set(err, ERROR_WORLD, "out of memory");
	}
	for (i = 0; i < history->n_events; i++) {
		const struct event *event = &history->events[i].event;
		uint64_t number;

		if (event->kind != EVENT_ROUND)
			continue;
		number = round_number(event, i);
		rounds.starts[event->node][rounds.n_starts[event->node]++] =
			(struct round_start){event->time, number};
		rounds.rounds[n++].number = number;
	}
	qsort(rounds.starts[0], rounds.n_starts[0], sizeof(struct round_start), by_time);
	qsort(rounds.starts[1], rounds.n_starts[1], sizeof(struct round_start), by_time);
	qsort(rounds.rounds, n, sizeof(struct round), by_number);
	for (i = 0; i < n; i++) {
		if (!i || rounds.rounds[i].number != rounds.rounds[rounds.n_rounds - 1].number)
			rounds.rounds[rounds.n_rounds++] = rounds.rounds[i];
	}
	*ret = rounds;
	return 0;
}

void rounds_done(struct rounds *rounds)
{
	free(rounds->starts[0]);
	free(rounds->starts[1]);
	free(rounds->rounds);
	memset(rounds, 0, sizeof(*rounds));
}

void rounds_mark(struct rounds *rounds, unsigned node, uint64_t invoke, bool stale)
{
	const struct round_start *starts = rounds->starts[node];
	size_t lo = 0, hi = rounds->n_starts[node], mid;
	struct round key = {0}, *round;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (starts[mid].time <= invoke)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (!lo)
		return;
	key.number = starts[lo - 1].number;
	round = bsearch(&key, rounds->rounds, rounds->n_rounds, sizeof(*round), by_number);
	round->exposed = true;
	round->stale |= stale;
}

void rounds_count(const struct rounds *rounds, uint64_t *ret_exposed, uint64_t *ret_stale)
{
	size_t i;

	*ret_exposed = *ret_stale = 0;
	for (i = 0; i < rounds->n_rounds; i++) {
		*ret_exposed += rounds->rounds[i].exposed;
		*ret_stale += rounds->rounds[i].stale;
	}
}
