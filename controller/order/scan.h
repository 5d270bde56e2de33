/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scan.h - the first reading of a history: is it sound, and what must be known before it is judged
 * from front to back?
 *
 * What is kept is small beside the history: where every 4096th completion lies, the messages, the
 * writes that never completed, clock samples, rounds.
 */
#ifndef ORDER_SCAN_H
#define ORDER_SCAN_H

#include "order/fed.h"
#include "order/fences.h"
#include "order/heard.h"
#include "order/lanes.h"
#include "order/rounds.h"
#include "history/tape.h"

#define BLOCK_OPS 4096U /* completions of a node between two known places */

/* Completions BLOCK_OPS * i + 1 and on. */
struct block {
	uint64_t slot, time;   /* of the first */
	uint64_t invoke_least; /* among all of this block and behind it */
};

/* Slots after this one are preceded by so many side records in all. */
struct shift {
	uint32_t slot, sides;
};

/* From this invocation on (exclusive) the node knows of so many completions of the other. */
struct message {
	uint64_t invoke;
	uint32_t after;
	uint32_t slot;
};

/* A write without completion. */
struct pending {
	uint64_t write_id, unit, invoke;
	uint32_t slot, after;
	/* Filled by feed_prepare: K, and the fence that ends what it may still do (fed.h). */
	uint32_t known[NODES], message, fence;
	uint16_t count, lane;
	uint8_t node;
};

struct scan_node {
	uint32_t n_completed;
	uint64_t first_invoke; /* UINT64_MAX: no operation */
	struct block *blocks;
	struct shift *shifts;
	struct message *messages; /* all with after=, sorted by invoke */
	struct message *steps;	  /* those of them that tell more than all before */
	size_t n_blocks, cap_blocks, n_shifts, cap_shifts, n_messages, cap_messages, n_steps;
};

struct clock_sample;

struct scan {
	struct scan_node nodes[NODES];
	struct lanes lanes;	 /* all writes, failed ones too */
	struct pending *pending; /* by write_id */
	struct ping *pings;
	struct clock_sample *samples;
	size_t n_pending, cap_pending, n_pings, cap_pings, n_samples, cap_samples;
	struct rounds rounds;
	struct fences fences;
	struct heard heard;
	struct op_counts {
		uint64_t ops, reads, writes, unknown;
	} counts, bare; /* all; those that never completed, less pending writes */
	/* A lane's sequences rise with its completions; else names say nothing of what was
	 * before. */
	bool names_rise;
	uint8_t header_nodes; /* whose operations the history has, as bits */
};

/*
 * Read all tapes once, with so many threads (0: one for each). ERROR_USER for damage, with file,
 * record and offset (a cut last record of a run that did not come to its end is a warning in
 * tapes->loaded). Tapes out of order are loaded. Release with scan_done; *ret is not set on
 * failure.
 */
int scan_tapes(struct tapes *tapes, unsigned threads, struct scan *ret, struct error *err);
void scan_done(struct scan *scan);

/* One more. */
void op_counts_add(struct op_counts *counts, unsigned kind, unsigned outcome);
void op_counts_join(struct op_counts *to, const struct op_counts *from);

/* The size of a window: a power of two that holds all operations, at most `most` (one too). */
uint32_t window_for(const struct scan *scan, uint32_t most);

/* "a.history:record 17" or "file.txt:12" for the record at a slot. Returns ret. */
char *scan_source(const struct tapes *tapes, const struct scan *scan, unsigned node, uint64_t slot,
		  char *ret, size_t size);

/* The number that source has: a line of a text, or a record of a binary file, from 1. */
uint64_t scan_number(const struct tapes *tapes, const struct scan *scan, unsigned node,
		     uint64_t slot);

#endif
