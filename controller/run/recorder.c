/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorder.c - see recorder.h. */
#include "run/recorder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rundir/fs_voice.h"
#include "rundir/rundir.h"

static void count_kernel_line(struct cell_facts *facts, const struct event *event)
{
	char volume[FS_VOLUME_MAX];
	enum fs_kind kind;

	if (!fs_voice_hear(event->text, &kind, volume))
		return;
	if (kind == FS_WITHDRAW)
		facts->withdraws++;
	else
		facts->kernel_errors++;
	if (!facts->kernel_first[0])
		snprintf(facts->kernel_first, sizeof(facts->kernel_first), "node %c: %s",
			 'a' + event->node, event->text);
}

static int take(void *context, const struct record *record, struct error *err)
{
	struct recorder *recorder = context;
	unsigned node;

	switch (record->type) {
	case RECORD_OP:
		node = record->op.node;
		break;
	case RECORD_EVENT:
		node = record->event.node;
		if (record->event.kind == EVENT_KERNEL)
			count_kernel_line(recorder->facts, &record->event);
		break;
	default:
		node = record->ping.node;
	}
	if (history_append(recorder->histories[node], record, err) < 0)
		return -1;
	if (recorder->listener.record)
		recorder->listener.record(recorder->listener.context, record);
	return 0;
}

int recorder_open(struct recorder *recorder, const char *run, const struct history_header *header,
		  struct cell_facts *facts, const struct record_listener *listener,
		  struct error *err)
{
	static const char *const names[NODES] = {"a.history", "b.history"};
	struct history_header own = *header;
	unsigned node;
	char *path;

	memset(recorder, 0, sizeof(*recorder));
	recorder->facts = facts;
	recorder->listener = *listener;
	recorder->sink = (struct agent_sink){take, recorder};
	for (node = 0; node < NODES; node++) {
		path = rundir_path(run, facts->id, names[node]);
		own.nodes = (uint8_t)(1U << node);
		recorder->histories[node] = path ? history_create(path, &own, err) : NULL;
		free(path);
		if (!recorder->histories[node]) {
			recorder_close(recorder, NULL);
			return -1;
		}
	}
	return 0;
}

int recorder_event(struct recorder *recorder, unsigned node, enum event_kind kind, uint64_t time,
		   const char *text, struct error *err)
{
	struct record record = {.type = RECORD_EVENT};

	record.event.node = (uint8_t)node;
	record.event.kind = kind;
	record.event.time = time;
	snprintf(record.event.text, sizeof(record.event.text), "%s", text);
	return take(recorder, &record, err);
}

int recorder_flush(struct recorder *recorder, struct error *err)
{
	return history_flush(recorder->histories[0], err) < 0 ||
			       history_flush(recorder->histories[1], err) < 0
		       ? -1
		       : 0;
}

int recorder_close(struct recorder *recorder, struct error *err)
{
	int result = 0;
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (recorder->histories[node] && history_sync(recorder->histories[node], err) < 0)
			result = -1;
		if (history_close(recorder->histories[node], err) < 0)
			result = -1;
		recorder->histories[node] = NULL;
	}
	return result;
}
