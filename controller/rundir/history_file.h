/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history_file.h - a binary history: a header of 128 bytes, then records (common/record.h).
 *
 * docs/history-format.md is the contract. `run` appends, `check` reads; this file owns both.
 */
#ifndef RUNDIR_HISTORY_FILE_H
#define RUNDIR_HISTORY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "common/op.h"
#include "common/record.h"

enum history_clock {
	HISTORY_CLOCK_ONE,    /* all nodes share one clock (text without `# clock`) */
	HISTORY_CLOCK_NONE,   /* nothing is known across nodes but what samples or pings prove */
	HISTORY_CLOCK_BOUNDS, /* clock(b) - clock(a) lies in [theta_lo, theta_hi] */
};

/* What a history says of itself. */
struct history_header {
	uint8_t run[16];
	uint32_t volume;
	uint32_t unit;	/* bytes */
	uint64_t units; /* in the target; 0 = not known */
	uint64_t seed;
	uint8_t nodes; /* bit 0: holds operations of a, bit 1: of b */
	enum history_clock clock;
	int64_t theta_lo, theta_hi; /* ns; of BOUNDS */
	uint32_t drift_ppm;
};

#define HISTORY_HEADER_SIZE 128
#define HISTORY_VERSION 1
#define HISTORY_DRIFT_MAX 1000000U /* ppm: a clock that stands still */

/* Whether these first bytes of a file are (the beginning of) a binary history's magic. */
bool history_is_binary(const uint8_t *buf, size_t len);

/* The one pair that knows the header's bytes. */
void history_header_encode(const struct history_header *header, uint8_t ret[HISTORY_HEADER_SIZE]);

/*
 * Decode the header at the start of a file of len bytes; `name` stands for the file in messages.
 * Cut short, a newer version, damaged, a field out of range: ERROR_USER with file and offset, *ret
 * untouched.
 */
int history_header_decode(const char *name, const uint8_t *buf, size_t len,
			  struct history_header *ret, struct error *err);

struct history_writer;

/* Create (O_EXCL) and write the header. NULL with ERROR_WORLD on failure. */
struct history_writer *history_create(const char *path, const struct history_header *header,
				      struct error *err);

/* Append records (checked by record_decode beforehand by whoever received them). Written through
 * a buffer; history_sync makes all of it durable. */
int history_append(struct history_writer *writer, const struct record *record, struct error *err);
int history_sync(struct history_writer *writer, struct error *err);

/* Hand to the kernel what was appended: it outlives the program, not the machine. */
int history_flush(struct history_writer *writer, struct error *err);

/* Flush and close; NULL is fine. The first failure of any earlier write is reported here too. */
int history_close(struct history_writer *writer, struct error *err);

#endif
