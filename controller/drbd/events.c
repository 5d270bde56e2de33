/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * events.c - see events.h.
 *
 * A line is an event, a kind of object, and words KEY:VALUE. The keys that are wanted stand in one
 * table with where their value goes; all others are passed over. A line is first understood as a
 * whole, and only then changes anything.
 *
 * These files are a folder of their own, below site/, since they ask nothing of the world: they are
 * given what drbdsetup printed, so that unit tests and the fuzzer can link them.
 */
#include "drbd/events.h"

#include <ctype.h>
#include <string.h>

#include "common/parse.h"

enum object { RESOURCE, CONNECTION, DEVICE, PEER_DEVICE, OBJECTS };
static const char *const objects[OBJECTS] = {"resource", "connection", "device", "peer-device"};

enum event { EXISTS, CREATE, CHANGE, DESTROY, EVENTS };
static const char *const events[EVENTS] = {"exists", "create", "change", "destroy"};

enum form { WORD, COUNT };
static const struct key {
	enum object object;
	const char *name;
	enum form form;
	size_t at; /* in what this object is kept as */
} keys[] = {
	{RESOURCE, "role", WORD, offsetof(struct drbd_state, role)},
	{RESOURCE, "suspended", WORD, offsetof(struct drbd_state, suspended)},
	{RESOURCE, "force-io-failures", WORD, offsetof(struct drbd_state, force_io_failures)},
	{CONNECTION, "connection", WORD, offsetof(struct drbd_peer, connection)},
	{CONNECTION, "role", WORD, offsetof(struct drbd_peer, role)},
	{DEVICE, "minor", COUNT, offsetof(struct drbd_volume, minor)},
	{DEVICE, "disk", WORD, offsetof(struct drbd_volume, disk)},
	{DEVICE, "quorum", WORD, offsetof(struct drbd_volume, quorum)},
	{DEVICE, "size", COUNT, offsetof(struct drbd_volume, size)},
	{DEVICE, "read", COUNT, offsetof(struct drbd_volume, read)},
	{DEVICE, "written", COUNT, offsetof(struct drbd_volume, written)},
	{DEVICE, "al-writes", COUNT, offsetof(struct drbd_volume, al_writes)},
	{DEVICE, "bm-writes", COUNT, offsetof(struct drbd_volume, bm_writes)},
	{PEER_DEVICE, "replication", WORD, offsetof(struct drbd_peer_device, replication)},
	{PEER_DEVICE, "peer-disk", WORD, offsetof(struct drbd_peer_device, disk)},
	{PEER_DEVICE, "out-of-sync", COUNT, offsetof(struct drbd_peer_device, out_of_sync)},
	{PEER_DEVICE, "received", COUNT, offsetof(struct drbd_peer_device, received)},
	{PEER_DEVICE, "sent", COUNT, offsetof(struct drbd_peer_device, sent)},
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* A line, understood. */
struct line {
	enum event event;
	enum object object;
	char resource[DRBD_NAME], peer[DRBD_NAME];
	struct drbd_count node_id, volume;
	const char *values[KEYS]; /* NULL: not said */
};

static bool find(const char *const *names, size_t n, const char *name, unsigned *ret)
{
	for (*ret = 0; *ret < n; (*ret)++) {
		if (!strcmp(names[*ret], name))
			return true;
	}
	return false;
}

static int word(const char *what, const char *value, char *ret, size_t size, struct error *err)
{
	size_t len = strlen(value);

	if (len >= size)
		return error_set(err, ERROR_WORLD, "%s: '%.40s...' is too long", what, value);
	printable(value, len, ret, size);
	return 0;
}

static int count(const char *what, const char *value, uint64_t max, struct drbd_count *ret,
		 struct error *err)
{
	if (parse_u64(value, max, what, &ret->value, err) < 0) {
		if (err)
			err->kind = ERROR_WORLD;
		return -1;
	}
	ret->told = true;
	return 0;
}

/* One KEY:VALUE, cut in two. */
static int understand_word(struct line *line, const char *key, const char *value, struct error *err)
{
	char room[DRBD_WORD];
	struct drbd_count number;
	size_t i;

	if (!strcmp(key, "name"))
		return word(key, value, line->resource, sizeof(line->resource), err);
	if (!strcmp(key, "conn-name"))
		return word(key, value, line->peer, sizeof(line->peer), err);
	if (!strcmp(key, "peer-node-id"))
		return count(key, value, UINT32_MAX, &line->node_id, err);
	if (!strcmp(key, "volume"))
		return count(key, value, UINT32_MAX, &line->volume, err);
	for (i = 0; i < KEYS; i++) {
		if (keys[i].object != line->object || strcmp(keys[i].name, key))
			continue;
		line->values[i] = value;
		if (keys[i].form == COUNT)
			return count(key, value, UINT64_MAX, &number, err);
		return word(key, value, room, sizeof(room), err);
	}
	return 0;
}

static int need_names(const struct line *line, struct error *err)
{
	const char *what = objects[line->object];

	if (!line->resource[0])
		return error_set(err, ERROR_WORLD, "a %s without the resource's name", what);
	if ((line->object == CONNECTION || line->object == PEER_DEVICE) && !line->peer[0] &&
	    !line->node_id.told)
		return error_set(err, ERROR_WORLD, "a %s without the peer's name", what);
	if ((line->object == DEVICE || line->object == PEER_DEVICE) && !line->volume.told)
		return error_set(err, ERROR_WORLD, "a %s without a volume", what);
	return 0;
}

/* Cuts text into words. 0: understood, 1: not for us, -1: neither. */
static int understand(char *text, struct line *line, struct error *err)
{
	char *at = text, *name = strsep(&at, " "), *object, *value;
	unsigned event, kind;

	if (isdigit((unsigned char)name[0]))
		name = at ? strsep(&at, " ") : name;
	object = at ? strsep(&at, " ") : NULL;
	if (!object || !find(events, EVENTS, name, &event) ||
	    !find(objects, OBJECTS, object, &kind))
		return 1;
	*line = (struct line){.event = (enum event)event, .object = (enum object)kind};
	while (at) {
		name = strsep(&at, " ");
		value = strchr(name, ':');
		if (!value)
			continue;
		*value++ = '\0';
		if (understand_word(line, name, value, err) < 0)
			return -1;
	}
	return need_names(line, err);
}

static void store(const struct line *line, void *object)
{
	size_t i;

	for (i = 0; i < KEYS; i++) {
		char *at = (char *)object + keys[i].at;

		if (!line->values[i])
			continue;
		if (keys[i].form == COUNT)
			count(keys[i].name, line->values[i], UINT64_MAX, (struct drbd_count *)at,
			      NULL);
		else
			word(keys[i].name, line->values[i], at, DRBD_WORD, NULL);
	}
}

static void take_connection(const struct line *line, struct drbd_state *state)
{
	struct drbd_peer *peer = drbd_find_peer(state, &line->node_id, line->peer);

	if (line->event == DESTROY) {
		if (peer)
			drbd_drop_peer(state, peer);
		return;
	}
	if (!peer)
		peer = drbd_add_peer(state);
	if (!peer)
		return;
	if (line->node_id.told)
		peer->node_id = line->node_id;
	if (line->peer[0])
		memcpy(peer->name, line->peer, sizeof(peer->name));
	store(line, peer);
}

static void take_device(const struct line *line, struct drbd_state *state)
{
	uint32_t number = (uint32_t)line->volume.value;
	struct drbd_volume *volume = drbd_find_volume(state, number);

	if (line->event == DESTROY) {
		if (volume)
			drbd_drop_volume(state, volume);
		return;
	}
	if (!volume)
		volume = drbd_add_volume(state);
	if (!volume)
		return;
	volume->volume = number;
	store(line, volume);
}

static void take_peer_device(const struct line *line, struct drbd_state *state)
{
	uint32_t number = (uint32_t)line->volume.value;
	struct drbd_peer *peer = drbd_find_peer(state, &line->node_id, line->peer);
	struct drbd_peer_device *device = peer ? drbd_find_peer_device(peer, number) : NULL;

	if (line->event == DESTROY) {
		if (device)
			drbd_drop_peer_device(peer, device);
		return;
	}
	if (!peer)
		state->more = true; /* its connection was not kept, or not told */
	else if (!device)
		device = drbd_add_peer_device(state, peer);
	if (!device)
		return;
	device->volume = number;
	store(line, device);
}

static void take(const struct line *line, struct drbd_state *state)
{
	memcpy(state->resource, line->resource, sizeof(state->resource));
	switch (line->object) {
	case RESOURCE:
		state->gone = line->event == DESTROY;
		store(line, state);
		break;
	case CONNECTION:
		take_connection(line, state);
		break;
	case DEVICE:
		take_device(line, state);
		break;
	default:
		take_peer_device(line, state);
		break;
	}
}

/* "exists -", with or without a time in front. */
static bool is_end(const char *line)
{
	const char *blank = isdigit((unsigned char)line[0]) ? strchr(line, ' ') : NULL;

	return !strcmp(blank ? blank + 1 : line, "exists -");
}

int drbd_events_line(const char *line, size_t len, struct drbd_state *state, struct error *err)
{
	char text[DRBD_LINE_MAX + 1];
	struct line understood;
	int result;

	if (len > DRBD_LINE_MAX)
		return error_set(err, ERROR_WORLD, "a line of more than %d bytes", DRBD_LINE_MAX);
	if (memchr(line, '\0', len))
		return error_set(err, ERROR_WORLD, "a NUL byte");
	memcpy(text, line, len);
	text[len] = '\0';
	if (is_end(text)) {
		state->whole = true;
		return 0;
	}
	if (!strncmp(text, "- skipped ", 10)) {
		state->skipped = true;
		return 0;
	}
	result = understand(text, &understood, err);
	if (result)
		return result < 0 ? -1 : 0;
	if (state->resource[0] && strcmp(state->resource, understood.resource))
		return error_set(err, ERROR_WORLD,
				 "of resource %s, after lines of %s: ask for one of them",
				 understood.resource, state->resource);
	take(&understood, state);
	return 0;
}

int drbd_events_parse(const char *source, const char *text, size_t len, struct drbd_state *ret,
		      struct error *err)
{
	struct drbd_state state = {0};
	const char *at = text, *end = text + len, *newline;
	unsigned line = 0;

	while (at < end) {
		line++;
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			newline = end;
		if (state.whole)
			return error_set(err, ERROR_WORLD,
					 "%s: line %u: something after \"exists -\": events2 was "
					 "not asked with --now",
					 source, line);
		if (drbd_events_line(at, (size_t)(newline - at), &state, err) < 0)
			return error_prefix(err, "%s: line %u", source, line);
		at = newline + (newline < end);
	}
	if (!state.whole)
		return error_set(err, ERROR_WORLD,
				 "%s: line %u: the end is missing (\"exists -\"): what was said "
				 "so far is not all",
				 source, line);
	if (!state.resource[0])
		return error_set(err, ERROR_WORLD,
				 "%s: line %u: no resource: it is not up on that host "
				 "(drbdadm up RESOURCE), or is called otherwise",
				 source, line);
	*ret = state;
	return 0;
}
