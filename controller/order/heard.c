/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heard.c - see heard.h. */
#include "order/heard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/lane_program.h"
#include "common/parse.h"
#include "history/grow.h"

#define CHURNED_MAX ((uint64_t)LANE_OPS_MAX * LANES_MAX) /* of one note */

/* The entry of that kind and volume, made if need be. */
static struct heard_kind *entry(struct heard *heard, unsigned node, enum fs_kind kind,
				const char *volume, struct error *err)
{
	struct heard_kind *kinds = heard->kinds[node];
	size_t i, n = heard->n[node];

	for (i = 0; i < n; i++) {
		if (kinds[i].kind == kind && !strcmp(kinds[i].volume, volume))
			return &kinds[i];
	}
	if (n >= HEARD_MAX && kind != FS_LINES_LOST)
		return entry(heard, node, FS_LINES_LOST, "", err);
	if (grow((void **)&heard->kinds[node], &heard->cap[node], n, sizeof(*kinds), err) < 0)
		return NULL;
	kinds = &heard->kinds[node][heard->n[node]++];
	*kinds = (struct heard_kind){.kind = kind, .first = UINT64_MAX};
	snprintf(kinds->volume, sizeof(kinds->volume), "%s", volume);
	return kinds;
}

/* What an agent's lanes have churned, if the event says so. */
static void add_churned(struct heard *heard, const struct event *event)
{
	const char *number = event->text + strlen(EVENT_CHURNED);
	char digits[24];
	uint64_t n;

	if (event->kind != EVENT_NOTE ||
	    strncmp(event->text, EVENT_CHURNED, strlen(EVENT_CHURNED)) != 0)
		return;
	snprintf(digits, sizeof(digits), "%.*s", (int)strcspn(number, " "), number);
	if (!parse_u64(digits, CHURNED_MAX, "", &n, NULL) && heard->churned <= INT64_MAX)
		heard->churned += n;
}

/* Which file system the node's target lies on, if the event says so. Two opinions are none. */
static void add_volume(struct heard *heard, const struct event *event)
{
	char *known = heard->volume[event->node], volume[FS_VOLUME_MAX];

	if (event->kind != EVENT_NOTE || !fs_voice_own_name(event->text, volume))
		return;
	if (!heard->noted[event->node])
		memcpy(known, volume, sizeof(volume));
	else if (strcmp(known, volume) != 0)
		known[0] = 0;
	heard->noted[event->node] = true;
}

int heard_add(struct heard *heard, const struct event *event, struct error *err)
{
	char volume[FS_VOLUME_MAX] = "";
	struct heard_kind *to;
	enum fs_kind kind = FS_LINES_LOST;

	heard->fault |= event->kind == EVENT_FAULT || event->kind == EVENT_CRASH ||
			event->kind == EVENT_FENCE;
	add_churned(heard, event);
	add_volume(heard, event);
	if (event->kind == EVENT_KERNEL
		    ? !fs_voice_hear(event->text, &kind, volume)
		    : event->kind != EVENT_NOTE || strcmp(event->text, EVENT_LINES_LOST) != 0)
		return 0;
	to = entry(heard, event->node, kind, volume, err);
	if (!to)
		return -1;
	to->count++;
	if (event->time > to->last)
		to->last = event->time;
	if (event->time >= to->first)
		return 0;
	to->first = event->time;
	memcpy(to->line, event->text, sizeof(to->line));
	return 0;
}

void heard_done(struct heard *heard)
{
	unsigned node;

	for (node = 0; node < NODES; node++)
		free(heard->kinds[node]);
	memset(heard, 0, sizeof(*heard));
}
