/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rounds.c - see rounds.h. */
#include "order/rounds.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"
#include "common/parse.h"

static int by_time(const void *a, const void *b)
{
	const struct round_start *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

int rounds_add(struct rounds *rounds, const struct event *event, struct error *err)
{
	unsigned node = event->node;
	struct round_start *start;

	if (event->kind != EVENT_ROUND)
		return 0;
	if (grow((void **)&rounds->starts[node], &rounds->cap_starts[node], rounds->n_starts[node],
		 sizeof(*start), err) < 0)
		return -1;
	start = &rounds->starts[node][rounds->n_starts[node]];
	*start = (struct round_start){.time = event->time};
	/* A round is known by its number; one without is a round of its own. */
	if (parse_u64(event->text, UINT64_MAX >> 1, "round", &start->number, NULL) < 0)
		start->number = ~(2 * (uint64_t)rounds->n_starts[node] + node);
	rounds->n_starts[node]++;
	return 0;
}

int rounds_sort(struct rounds *rounds, struct error *err)
{
	size_t n = rounds->n_starts[0] + rounds->n_starts[1], i, k = 0;
	uint64_t *numbers = calloc(n + 1, sizeof(*numbers)), *found;
	unsigned node;

	if (!numbers)
		return error_set(err, ERROR_WORLD, "out of memory");
	for (node = 0; node < NODES; node++) {
		for (i = 0; i < rounds->n_starts[node]; i++)
			numbers[k++] = rounds->starts[node][i].number;
	}
	qsort(numbers, n, sizeof(*numbers), by_number);
	for (i = k = 0; i < n; i++) {
		if (!i || numbers[i] != numbers[k - 1])
			numbers[k++] = numbers[i];
	}
	rounds->n_rounds = (uint32_t)k;
	for (node = 0; node < NODES; node++) {
		for (i = 0; i < rounds->n_starts[node]; i++) {
			struct round_start *start = &rounds->starts[node][i];

			found = bsearch(&start->number, numbers, k, sizeof(*numbers), by_number);
			start->round = (uint32_t)(found - numbers) + 1;
		}
		if (rounds->n_starts[node])
			qsort(rounds->starts[node], rounds->n_starts[node],
			      sizeof(struct round_start), by_time);
	}
	free(numbers);
	return 0;
}

uint32_t rounds_at(const struct rounds *rounds, unsigned node, uint64_t invoke)
{
	const struct round_start *starts = rounds->starts[node];
	size_t lo = 0, hi = rounds->n_starts[node], mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (starts[mid].time <= invoke)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? starts[lo - 1].round : 0;
}

void rounds_done(struct rounds *rounds)
{
	free(rounds->starts[0]);
	free(rounds->starts[1]);
	memset(rounds, 0, sizeof(*rounds));
}

int round_marks_init(struct round_marks *marks, const struct rounds *rounds, struct error *err)
{
	marks->n = rounds->n_rounds;
	marks->marks = calloc((size_t)marks->n + 1, 1);
	return marks->marks ? 0 : error_set(err, ERROR_WORLD, "out of memory");
}

void round_marks_set(struct round_marks *marks, uint32_t round, bool stale)
{
	if (round)
		marks->marks[round] |= stale ? 3 : 1;
}

void round_marks_join(struct round_marks *to, const struct round_marks *from)
{
	uint32_t i;

	for (i = 1; i <= to->n; i++)
		to->marks[i] |= from->marks[i];
}

void round_marks_count(const struct round_marks *marks, uint64_t *ret_exposed, uint64_t *ret_stale)
{
	uint32_t i;

	*ret_exposed = *ret_stale = 0;
	for (i = 1; i <= marks->n; i++) {
		*ret_exposed += marks->marks[i] & 1;
		*ret_stale += marks->marks[i] >> 1;
	}
}

void round_marks_done(struct round_marks *marks)
{
	free(marks->marks);
	memset(marks, 0, sizeof(*marks));
}
