/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history_binary.h - the binary form of a history (rundir/history_file.h), read. */
#ifndef CHECK_HISTORY_BINARY_H
#define CHECK_HISTORY_BINARY_H

#include "check/history.h"

/*
 * Decode the len bytes of the file `name` and append to *history, whose newest file it is; its
 * header goes to history->header. complete: see history_read. Errors (ERROR_USER) name the file,
 * the record and its offset.
 */
int history_binary_read(struct history *history, const char *name, const uint8_t *buf, size_t len,
			bool complete, struct error *err);

#endif
