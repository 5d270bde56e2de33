/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history.h - all operations of a cell in memory, from one file or several, constant once read.
 *
 * A history in files is binary (rundir/history_file.h) or text (history/history_text.h), told apart
 * by its first bytes. Every operation keeps where it came from, for messages and witnesses.
 */
#ifndef HISTORY_HISTORY_H
#define HISTORY_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/op.h"
#include "common/record.h"
#include "rundir/facts.h"
#include "rundir/history_file.h"

#define NO_OP UINT32_MAX

struct history_file {
	char *name;
	bool text;
	uint8_t seen; /* nodes whose operations it holds, as bits */
};

/* An operation without the parts of a torn value: those are in history.parts. */
struct history_op {
	uint64_t unit, invoke, complete, after, peer;
	uint64_t write_id; /* of TAG and MISDIRECTED */
	uint64_t at_unit;  /* of MISDIRECTED */
	uint32_t parts;	   /* index of the first part */
	uint32_t file;	   /* index in history.files */
	uint64_t number;   /* text: line; binary: record, both from 1 */
	uint16_t count, lane;
	uint8_t n_parts;
	uint8_t node, kind, outcome, value; /* value: enum value_kind */
};

struct history_event {
	struct event event;
	uint32_t file;
	uint64_t number;
};

struct history_ping {
	struct ping ping;
	uint32_t file;
	uint64_t number;
};

struct history {
	struct history_header header;
	struct history_file *files;
	struct history_op *ops;
	struct part *parts;
	struct history_event *events;
	struct history_ping *pings;
	struct history_ping *samples; /* a asked, b answered */
	size_t n_files, n_ops, n_parts, n_events, n_pings, n_samples;
	size_t cap_files, cap_ops, cap_parts, cap_events, cap_pings, cap_samples;
	/* Operations of this node may be missing at the end: its records were cut short. */
	bool open_ended[NODES];
	char warning[FACTS_TEXT_MAX];
};

/*
 * Read n files, all of one target, into *ret; release with history_done. complete: the run these
 * files belong to came to its end, so that a record cut short at the end of a file is damage;
 * otherwise it is a warning, and that node is open-ended. ERROR_USER for anything a file can have
 * wrong, with file and line, or file, record and offset. *ret is not set on failure.
 */
int history_read(const char *const *paths, size_t n, bool complete, struct history *ret,
		 struct error *err);
void history_done(struct history *history);

/* The operation whole, as op.h has it. */
void history_get(const struct history *history, uint32_t op, struct op *ret);

/* "a.history:record 17" or "file.txt:12", cut to fit. Returns ret. */
char *history_source(const struct history *history, uint32_t op, char *ret, size_t size);

/* The same for a line or a record of that number. */
char *history_place(const struct history_file *file, uint64_t number, char *ret, size_t size);

/* Where a walk over all records is: begin with all zero. */
struct history_cursor {
	size_t op, event, ping, sample;
	uint32_t file;
};

/* The next record in the order of the files; false at the end. */
bool history_next(const struct history *history, struct history_cursor *cursor, struct record *ret);

/* What no operation may be in a history with this header: of a node that it does not hold, beyond
 * the target, torn into more or fewer sectors than its units have. ERROR_USER. */
int history_check_op(const struct history_header *header, const struct op *op, struct error *err);

/* Samples say what is known of the clocks, so no header beside them does: ERROR_USER if it does. */
int history_check_sample(const struct history_header *header, struct error *err);

/* For readers: one more file, whose records are to follow. NULL for want of memory. */
struct history_file *history_add_file(struct history *history, const char *path, struct error *err);

/* history->header is the newest file's, `before` what the earlier ones said: ERROR_USER when they
 * contradict each other; the nodes of both else. */
int history_merge_header(struct history *history, const struct history_header *before,
			 struct error *err);

/* For the two readers: append what was read from line or record `number` of the newest file. */
int history_add(struct history *history, uint64_t number, const struct record *record,
		struct error *err);

#endif
