/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fences.c - see fences.h. */
#include "order/fences.h"

#include <stdlib.h>
#include <string.h>

#include "history/grow.h"

static int by_time(const void *a, const void *b)
{
	const struct fence *x = a, *y = b;

	return x->time < y->time ? -1 : x->time > y->time;
}

int fences_add(struct fences *fences, const struct event *event, struct error *err)
{
	unsigned node = event->node;

	if (event->kind != EVENT_FENCE)
		return 0;
	if (grow((void **)&fences->of[node], &fences->cap[node], fences->n[node],
		 sizeof(*fences->of[node]), err) < 0)
		return -1;
	fences->of[node][fences->n[node]++] = (struct fence){event->time, UINT64_MAX, 0};
	return 0;
}

void fences_sort(struct fences *fences)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (fences->n[node])
			qsort(fences->of[node], fences->n[node], sizeof(*fences->of[node]),
			      by_time);
	}
}

void fences_done(struct fences *fences)
{
	free(fences->of[0]);
	free(fences->of[1]);
	memset(fences, 0, sizeof(*fences));
}

uint32_t fences_ending(const struct fences *fences, unsigned node, uint64_t invoke,
		       uint64_t complete)
{
	const struct fence *of = fences->of[node];
	size_t lo = 0, hi = fences->n[node], mid;

	/* The first one after the invocation. */
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (of[mid].time <= invoke)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == fences->n[node] || (complete != TIME_NONE && complete > of[lo].time))
		return 0;
	return of[lo].place;
}

uint32_t fences_known(const struct fences *fences, unsigned of, unsigned node, uint64_t invoke)
{
	uint32_t place = 0;
	size_t i;

	for (i = 0; i < fences->n[of]; i++) {
		const struct fence *fence = &fences->of[of][i];

		if ((of == node ? fence->time < invoke : fence->late <= invoke) &&
		    fence->place > place)
			place = fence->place;
	}
	return place;
}
