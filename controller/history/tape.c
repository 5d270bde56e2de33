/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tape.c - see tape.h.
 *
 * Files are read with pread and not mapped: a mapping of a file larger than memory counts as
 * resident, and one that shrinks under us kills the program.
 */
#include "history/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct keyed {
	uint64_t complete;
	uint32_t op;
};

static int by_completion(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->complete != y->complete)
		return x->complete < y->complete ? -1 : 1;
	return x->op < y->op ? -1 : x->op > y->op;
}

static uint64_t slots_of(const struct history_op *op)
{
	return 1 + (op->n_parts + RECORD_PARTS - 1) / RECORD_PARTS;
}

/* Encode one node's operations, sorted. */
static int fill_tape(const struct history *history, struct keyed *keys, size_t n, struct tape *tape,
		     struct error *err)
{
	struct record *record = calloc(1, sizeof(*record));
	uint8_t bytes[RECORD_MAX];
	uint64_t slots = 0;
	size_t i, size;

	for (i = 0; i < n; i++)
		slots += slots_of(&history->ops[keys[i].op]);
	tape->memory = malloc((slots + 1) * RECORD_SIZE);
	tape->ops = calloc(slots + 1, sizeof(*tape->ops));
	if (!record || !tape->memory || !tape->ops) {
		free(record);
		return error_set(err, ERROR_WORLD, "out of memory for %zu operations", n);
	}
	record->type = RECORD_OP;
	for (i = 0; i < n; i++) {
		history_get(history, keys[i].op, &record->op);
		size = record_encode(record, bytes);
		memcpy(tape->memory + tape->n_slots * RECORD_SIZE, bytes, size);
		tape->ops[tape->n_slots] = keys[i].op;
		tape->n_slots += size / RECORD_SIZE;
	}
	free(record);
	return 0;
}

static int load_node(const struct history *history, unsigned node, struct tape *tape,
		     struct error *err)
{
	struct keyed *keys = calloc(history->n_ops + 1, sizeof(*keys));
	size_t i, n = 0;
	int result;

	if (!keys)
		return error_set(err, ERROR_WORLD, "out of memory for %zu operations",
				 history->n_ops);
	for (i = 0; i < history->n_ops; i++) {
		if (history->ops[i].node == node)
			keys[n++] = (struct keyed){history->ops[i].complete, (uint32_t)i};
	}
	if (n)
		qsort(keys, n, sizeof(*keys), by_completion);
	result = fill_tape(history, keys, n, tape, err);
	free(keys);
	return result;
}

int tapes_borrow(const struct history *history, struct tapes *ret, struct error *err)
{
	struct tapes tapes = {.loaded = *history, .in_memory = true};
	unsigned node;

	for (node = 0; node < NODES; node++)
		tapes.nodes[node].fd = -1;
	for (node = 0; node < NODES; node++) {
		if (load_node(&tapes.loaded, node, &tapes.nodes[node], err) < 0) {
			tapes_release(&tapes);
			return -1;
		}
	}
	*ret = tapes;
	return 0;
}

void tapes_release(struct tapes *tapes)
{
	memset(&tapes->loaded, 0, sizeof(tapes->loaded));
	tapes_close(tapes);
}

/* The same, but the tapes own it from now on, even on failure. */
static int tapes_from_history(struct history *history, struct tapes *ret, struct error *err)
{
	int result = tapes_borrow(history, ret, err);

	if (result < 0)
		history_done(history);
	memset(history, 0, sizeof(*history));
	return result;
}

/* A file that can be read where it lies: binary, of one node. Else -1, and someone else will say
 * what is wrong with it, if anything is. */
static int open_binary(const char *path, struct history_header *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	uint8_t head[HISTORY_HEADER_SIZE];
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	    history_is_binary(head, sizeof(head)) &&
	    history_header_decode(path, head, sizeof(head), ret, NULL) == 0 &&
	    !(ret->nodes & (ret->nodes - 1)))
		return fd;
	close(fd);
	return -1;
}

/* 1: added; 0: it, or it beside the others, cannot be read where it lies. */
static int add_file(struct tapes *tapes, const char *path, struct error *err)
{
	struct history_header before = tapes->loaded.header, own;
	int fd = open_binary(path, &own);
	struct tape *tape;
	struct stat st;
	uint64_t size;

	if (fd < 0)
		return 0;
	tape = &tapes->nodes[own.nodes >> 1];
	/* Two headers that differ on the clocks may be reconciled by samples, which are records. */
	if (tape->fd >= 0 || fstat(fd, &st) < 0 ||
	    (tapes->loaded.n_files && own.clock != before.clock)) {
		close(fd);
		return 0;
	}
	tape->fd = fd;
	tape->file = (uint32_t)tapes->loaded.n_files;
	size = (uint64_t)st.st_size - HISTORY_HEADER_SIZE;
	tape->n_slots = size / RECORD_SIZE;
	tape->rest = size % RECORD_SIZE;
	if (!history_add_file(&tapes->loaded, path, err))
		return -1;
	tapes->loaded.header = own;
	return history_merge_header(&tapes->loaded, &before, err) < 0 ? -1 : 1;
}

static int load(const char *const *paths, size_t n, bool complete, struct tapes *ret,
		struct error *err)
{
	struct history history;

	if (history_read(paths, n, complete, &history, err) < 0 ||
	    tapes_from_history(&history, ret, err) < 0)
		return -1;
	ret->complete = complete;
	return 0;
}

int tapes_open(const char *const *paths, size_t n, bool complete, struct tapes *ret,
	       struct error *err)
{
	struct tapes tapes = {.complete = complete, .nodes = {{.fd = -1}, {.fd = -1}}};
	int added = n > 0;
	size_t i;

	for (i = 0; i < n && added > 0; i++)
		added = add_file(&tapes, paths[i], err);
	if (added > 0) {
		*ret = tapes;
		return 0;
	}
	tapes_close(&tapes);
	return added < 0 ? -1 : load(paths, n, complete, ret, err);
}

void tapes_close(struct tapes *tapes)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (tapes->nodes[node].fd >= 0)
			close(tapes->nodes[node].fd);
		free(tapes->nodes[node].memory);
		free(tapes->nodes[node].ops);
	}
	history_done(&tapes->loaded);
	memset(tapes, 0, sizeof(*tapes));
	tapes->nodes[0].fd = tapes->nodes[1].fd = -1;
}

int tapes_load(struct tapes *tapes, struct error *err)
{
	const char *paths[NODES];
	struct tapes loaded;
	size_t i;

	for (i = 0; i < tapes->loaded.n_files; i++)
		paths[i] = tapes->loaded.files[i].name;
	if (load(paths, tapes->loaded.n_files, tapes->complete, &loaded, err) < 0)
		return -1;
	tapes_close(tapes);
	*tapes = loaded;
	return 0;
}

int tape_read(const struct tapes *tapes, unsigned node, uint64_t slot, size_t n, uint8_t *buf,
	      struct error *err)
{
	const struct tape *tape = &tapes->nodes[node];
	size_t size = n * RECORD_SIZE, done = 0;
	ssize_t got;

	if (tape->fd < 0) {
		memcpy(buf, tape->memory + slot * RECORD_SIZE, size);
		return 0;
	}
	while (done < size) {
		got = pread(tape->fd, buf + done, size - done,
			    (off_t)(HISTORY_HEADER_SIZE + slot * RECORD_SIZE + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set_errno(err, ERROR_WORLD, "cannot read the history %s",
					       tapes->loaded.files[tape->file].name);
		if (!got)
			return error_set(err, ERROR_WORLD,
					 "%s: became shorter while it was being judged",
					 tapes->loaded.files[tape->file].name);
		done += (size_t)got;
	}
	return 0;
}
