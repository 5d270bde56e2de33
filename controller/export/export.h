/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * export.h - a history for other people's checkers: one clock, one register per unit.
 *
 * docs/history-format.md, section "Export", is the contract. What is exported never claims an
 * order that is not certain, nor a value that our own checks leave undecided: a history that we
 * call consistent is linearizable as exported.
 */
#ifndef EXPORT_EXPORT_H
#define EXPORT_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "history/history.h"

enum export_outcome { EXPORT_OK, EXPORT_FAIL, EXPORT_INFO };

/* One unit of one operation. */
struct export_op {
	uint64_t unit;
	int64_t call, ret; /* closed; of an EXPORT_INFO ret is the end of the history */
	uint32_t op;	   /* of the history */
	uint32_t process;
	uint8_t outcome; /* enum export_outcome; a read is always EXPORT_OK */
};

/* A call (before returns at the same time, which makes a tie concurrent) or a return. */
struct export_event {
	int64_t time;
	uint32_t op; /* of export.ops */
	bool is_return;
};

struct export
{
	const struct history *history;
	struct export_op *ops; /* by unit */
	struct export_event *events;
	size_t n_ops, cap_ops, n_events;
	uint32_t n_processes;
	uint64_t undecided; /* reads left out, since they prove nothing either way */
	uint64_t fenced;    /* writes that a fence ends, which the formats cannot say */
	/* Pairs of operations of one unit with a certain order; of these, not so as exported. */
	uint64_t certain, lost;
	char clock_warning[FACTS_TEXT_MAX]; /* order.h: why bounds were discarded; "" = not */
};

/*
 * Choose what is exported, of all units or (unit not NULL) of one, and put it on one clock.
 * ERROR_USER: nothing to export, times beyond what the formats hold, or what order_build and
 * units_build refuse. The history must outlive *ret; release with export_done. *ret is not set on
 * failure.
 */
int export_build(const struct history *history, const uint64_t *unit, struct export *ret,
		 struct error *err);
void export_done(struct export *export);

/* What a reader of the export has to know, as one line; "" if nothing. Returns ret. */
char *export_warning(const struct export *export, char *ret, size_t size);

/* Where an operation (of export.ops) comes from, as history_source has it, fit to be printed. */
#define EXPORT_SOURCE_MAX 256
char *export_source(const struct export *export, uint32_t op, char ret[EXPORT_SOURCE_MAX]);

/*
 * The EDN history of Jepsen and Knossos, a map a line. plain: values alone, not [unit value]
 * tuples, for an export of one unit. Whether writing succeeded is for the caller to ask (ferror).
 */
void export_edn(FILE *file, const struct export *export, bool plain);

/* The operations of porcupine, a JSON object a line, by time of call. Fails for want of memory or
 * when the file cannot be written. */
int export_porcupine(FILE *file, const struct export *export, struct error *err);

#endif
