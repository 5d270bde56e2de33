/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history_binary.h - the binary form of a history (rundir/history_file.h), read. */
#ifndef HISTORY_HISTORY_BINARY_H
#define HISTORY_HISTORY_BINARY_H

#include "history/history.h"

/*
 * Decode the len bytes of the file `name` and append to *history, whose newest file it is; its
 * header goes to history->header. complete: see history_read. Errors (ERROR_USER) name the file,
 * the record and its offset.
 */
int history_binary_read(struct history *history, const char *name, const uint8_t *buf, size_t len,
			bool complete, struct error *err);

/* A record that could not be decoded, at buf, `len` bytes before the end of the file: is it only
 * cut short? */
bool history_is_cut_tail(const uint8_t *buf, size_t len);

/* Take note of it: a warning, and the nodes of history->header are open-ended; ERROR_USER when the
 * run came to its end. */
int history_cut_short(struct history *history, const char *name, uint64_t number, uint64_t offset,
		      bool complete, struct error *err);

#endif
