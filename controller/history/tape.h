/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tape.h - one node's records in the order of their completion, read from front to back.
 *
 * A binary history of one node that lies in that order (as `run` writes them) is read where it
 * lies, however large. Anything else (text, both nodes in one file, records out of order) is
 * loaded first and sorted. A record is known by its slot: slot * 64 is its place on the tape.
 */
#ifndef HISTORY_TAPE_H
#define HISTORY_TAPE_H

#include <stdbool.h>
#include <stdint.h>

#include "history/history.h"

struct tape {
	int fd;		  /* -1: in memory, or there is no history of this node */
	uint32_t file;	  /* of tapes.loaded.files */
	uint8_t *memory;  /* in memory: the records, owned */
	uint32_t *ops;	  /* in memory: per slot, which operation of the loaded history */
	uint64_t n_slots; /* a cut one at the end is not among them once it was scanned */
	uint64_t rest;	  /* bytes behind the last whole slot */
};

struct tapes {
	struct tape nodes[NODES];
	/* In memory: the history whole; else its header and files alone. */
	struct history loaded;
	bool in_memory;
	bool complete; /* the run came to its end: a cut record is damage */
};

/*
 * Open n files, all of one target. complete: see history_read. ERROR_USER for anything wrong with
 * the files as such; the records of those that are not loaded are looked at by scan.h. Release
 * with tapes_close; *ret is not set on failure.
 */
int tapes_open(const char *const *paths, size_t n, bool complete, struct tapes *ret,
	       struct error *err);
void tapes_close(struct tapes *tapes);

/* A history in memory as tapes; it stays its owner's, untouched, and outlives them. Release with
 * tapes_release. */
int tapes_borrow(const struct history *history, struct tapes *ret, struct error *err);
void tapes_release(struct tapes *tapes);

/* Load what is read where it lies, since its records turned out not to be in order. */
int tapes_load(struct tapes *tapes, struct error *err);

/* Read n slots from `slot` on into buf; all of them are there, or it is an ERROR_WORLD. */
int tape_read(const struct tapes *tapes, unsigned node, uint64_t slot, size_t n, uint8_t *buf,
	      struct error *err);

#endif
