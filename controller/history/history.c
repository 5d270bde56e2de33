/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history.c - histories from files into one: what the two readers (binary and text) share.
 *
 * Files are judged together only if they are of one target, and each node's operations must come
 * from one file: completions are counted per node (order.h), and a second file of the same node
 * would shift the count.
 */
#include "history/history.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/grow.h"
#include "history/history_binary.h"
#include "history/history_text.h"

static int add_parts(struct history *history, const struct op *op, struct error *err)
{
	unsigned i;

	for (i = 0; i < op->value.n_parts; i++) {
		if (grow((void **)&history->parts, &history->cap_parts, history->n_parts,
			 sizeof(*history->parts), err) < 0)
			return -1;
		history->parts[history->n_parts++] = op->value.parts[i];
	}
	return 0;
}

static unsigned sum_sectors(const struct value *value)
{
	unsigned i, sectors = 0;

	for (i = 0; i < value->n_parts; i++)
		sectors += value->parts[i].sectors;
	return sectors;
}

int history_check_op(const struct history_header *header, const struct op *op, struct error *err)
{
	unsigned sectors;

	if (!(header->nodes >> op->node & 1))
		return error_set(err, ERROR_USER,
				 "operation of node %c, but the header says that "
				 "the history holds none of it",
				 'a' + op->node);
	if (header->units && (op->unit >= header->units || op->count > header->units - op->unit))
		return error_set(err, ERROR_USER,
				 "unit %" PRIu64 " is beyond the target's %" PRIu64 " units",
				 op->unit + op->count - 1, header->units);
	if (op->value.kind != VALUE_TORN)
		return 0;
	sectors = sum_sectors(&op->value);
	if (sectors != op->count * (header->unit / SECTOR_SIZE))
		return error_set(
			err, ERROR_USER,
			"the parts of a torn value are %u sectors, but %u units of %u bytes "
			"are %u",
			sectors, op->count, header->unit, op->count * (header->unit / SECTOR_SIZE));
	return 0;
}

static int add_op(struct history *history, uint64_t number, const struct op *op, struct error *err)
{
	uint32_t file = (uint32_t)history->n_files - 1;
	struct history_op *to;

	if (history_check_op(&history->header, op, err) < 0)
		return -1;
	if (history->n_ops >= NO_OP - 1 || history->n_parts >= UINT32_MAX - SECTORS_MAX)
		return error_set(err, ERROR_USER, "more operations than can be judged at once");
	if (grow((void **)&history->ops, &history->cap_ops, history->n_ops, sizeof(*to), err) < 0)
		return -1;
	to = &history->ops[history->n_ops];
	*to = (struct history_op){
		.unit = op->unit,
		.invoke = op->invoke,
		.complete = op->complete,
		.after = op->after,
		.peer = op->peer,
		.write_id = op->value.write_id,
		.at_unit = op->value.at_unit,
		.parts = (uint32_t)history->n_parts,
		.file = file,
		.number = number,
		.count = op->count,
		.lane = op->lane,
		.node = op->node,
		.kind = (uint8_t)op->kind,
		.outcome = (uint8_t)op->outcome,
		.value = (uint8_t)op->value.kind,
	};
	if (op->value.kind == VALUE_TORN) {
		to->n_parts = (uint8_t)op->value.n_parts;
		to->write_id = 0;
		if (add_parts(history, op, err) < 0)
			return -1;
	}
	history->files[file].seen |= (uint8_t)(1U << op->node);
	history->n_ops++;
	return 0;
}

int history_check_sample(const struct history_header *header, struct error *err)
{
	if (header->clock == HISTORY_CLOCK_NONE)
		return 0;
	return error_set(err, ERROR_USER,
			 "a clock sample, though the header says how the clocks are: they exclude "
			 "each other");
}

static int add_event(struct history *history, uint64_t number, const struct event *event,
		     struct error *err)
{
	if (grow((void **)&history->events, &history->cap_events, history->n_events,
		 sizeof(*history->events), err) < 0)
		return -1;
	history->events[history->n_events++] =
		(struct history_event){*event, (uint32_t)history->n_files - 1, number};
	return 0;
}

/* A ping or a sample, at the end of its list. */
static int add_ping(struct history *history, uint64_t number, const struct ping *ping,
		    struct history_ping **list, size_t *n, size_t *cap, struct error *err)
{
	if (grow((void **)list, cap, *n, sizeof(**list), err) < 0)
		return -1;
	(*list)[(*n)++] = (struct history_ping){*ping, (uint32_t)history->n_files - 1, number};
	return 0;
}

int history_add(struct history *history, uint64_t number, const struct record *record,
		struct error *err)
{
	switch (record->type) {
	case RECORD_OP:
		return add_op(history, number, &record->op, err);
	case RECORD_EVENT:
		return add_event(history, number, &record->event, err);
	case RECORD_SAMPLE:
		if (history_check_sample(&history->header, err) < 0)
			return -1;
		return add_ping(history, number, &record->ping, &history->samples,
				&history->n_samples, &history->cap_samples, err);
	default:
		return add_ping(history, number, &record->ping, &history->pings, &history->n_pings,
				&history->cap_pings, err);
	}
}

/* Map the whole of a regular file. */
static int map_file(const char *path, const uint8_t **ret, size_t *ret_len, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result = -1;
	struct stat st;
	void *map;

	if (fd < 0)
		return error_set_errno(err, ERROR_USER, "cannot open the history %s", path);
	if (fstat(fd, &st) < 0) {
		error_set_errno(err, ERROR_USER, "cannot look at the history %s", path);
	} else if (S_ISDIR(st.st_mode)) {
		error_set(err, ERROR_USER,
			  "%s: is a directory, neither a history nor a run directory (no cells/ in "
			  "it)",
			  path);
	} else if (!S_ISREG(st.st_mode)) {
		error_set(err, ERROR_USER, "%s: not a regular file; a history is one", path);
	} else if (!st.st_size) {
		error_set(err, ERROR_USER,
			  "%s: empty (0 bytes): not even a history's header is there", path);
	} else {
		map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (map == MAP_FAILED) {
			error_set_errno(err, ERROR_WORLD, "cannot map the history %s", path);
		} else {
			*ret = map;
			*ret_len = (size_t)st.st_size;
			result = 0;
		}
	}
	close(fd);
	return result;
}

static int contradict(const struct history *history, const char *what, struct error *err)
{
	return error_set(err, ERROR_USER,
			 "%s and %s contradict each other in their headers: %s; judge only "
			 "histories of one target together",
			 history->files[0].name, history->files[history->n_files - 1].name, what);
}

/*
 * The newest file's header says otherwise of the clocks than the earlier ones did. Samples in one
 * of them say it all for both: beside them "none" is all that a header can say, and "one" is what a
 * text says that says nothing.
 */
static bool clocks_differ(const struct history *history, const struct history_header *before)
{
	const struct history_header *now = &history->header;

	if (history->n_samples)
		return now->clock == HISTORY_CLOCK_BOUNDS || before->clock == HISTORY_CLOCK_BOUNDS;
	return now->clock != before->clock ||
	       (now->clock == HISTORY_CLOCK_BOUNDS &&
		(now->theta_lo != before->theta_lo || now->theta_hi != before->theta_hi));
}

/* The header of one more file (in history->header) against what the earlier ones said. */
int history_merge_header(struct history *history, const struct history_header *before,
			 struct error *err)
{
	struct history_header *now = &history->header;

	if (history->n_files == 1)
		return 0;
	if (memcmp(now->run, before->run, sizeof(now->run)))
		return contradict(history, "run", err);
	if (now->volume != before->volume)
		return contradict(history, "volume", err);
	if (now->unit != before->unit)
		return contradict(history, "unit", err);
	if (now->units != before->units)
		return contradict(history, "units", err);
	if (now->seed != before->seed)
		return contradict(history, "seed", err);
	if (now->drift_ppm != before->drift_ppm || clocks_differ(history, before))
		return contradict(history, "clock", err);
	if (history->n_samples)
		now->clock = HISTORY_CLOCK_NONE;
	now->nodes |= before->nodes;
	return 0;
}

struct history_file *history_add_file(struct history *history, const char *path, struct error *err)
{
	struct history_file *file;

	if (grow((void **)&history->files, &history->cap_files, history->n_files, sizeof(*file),
		 err) < 0)
		return NULL;
	file = &history->files[history->n_files];
	*file = (struct history_file){.name = strdup(path)};
	if (!file->name) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	history->n_files++;
	return file;
}

static int check_overlap(const struct history *history, struct error *err)
{
	const struct history_file *last = &history->files[history->n_files - 1];
	uint8_t both;
	size_t i;

	for (i = 0; i + 1 < history->n_files; i++) {
		both = history->files[i].seen & last->seen;
		if (both)
			return error_set(err, ERROR_USER,
					 "%s and %s both hold operations of node %c; a node's "
					 "operations come from one file",
					 history->files[i].name, last->name, both & 1 ? 'a' : 'b');
	}
	return 0;
}

static int read_file(struct history *history, const char *path, bool complete, struct error *err)
{
	struct history_header before = history->header;
	const uint8_t *buf = NULL;
	struct history_file *file;
	size_t len = 0;
	int result = -1;

	if (map_file(path, &buf, &len, err) < 0)
		return -1;
	file = history_add_file(history, path, err);
	if (!file)
		goto out;
	file->text = !history_is_binary(buf, len);
	if (file->text ? history_text_read(history, path, (const char *)buf, len, err) < 0
		       : history_binary_read(history, path, buf, len, complete, err) < 0)
		goto out;
	if (history_merge_header(history, &before, err) < 0 || check_overlap(history, err) < 0)
		goto out;
	result = 0;
out:
	munmap((void *)(uintptr_t)buf, len);
	return result;
}

int history_read(const char *const *paths, size_t n, bool complete, struct history *ret,
		 struct error *err)
{
	struct history history = {0};
	size_t i;

	if (!n)
		return error_set(err, ERROR_USER, "no history given");
	for (i = 0; i < n; i++) {
		if (read_file(&history, paths[i], complete, err) < 0)
			goto out;
	}
	*ret = history;
	return 0;
out:
	history_done(&history);
	return -1;
}

void history_done(struct history *history)
{
	size_t i;

	for (i = 0; i < history->n_files; i++)
		free(history->files[i].name);
	free(history->files);
	free(history->ops);
	free(history->parts);
	free(history->events);
	free(history->pings);
	free(history->samples);
	memset(history, 0, sizeof(*history));
}
