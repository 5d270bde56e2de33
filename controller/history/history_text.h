/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * history_text.h - the text form of a history: what people and tests write by hand.
 *
 * docs/history-format.md has the grammar. It is the exact twin of the binary form.
 */
#ifndef HISTORY_HISTORY_TEXT_H
#define HISTORY_HISTORY_TEXT_H

#include <stdio.h>

#include "history/history.h"

/* The first line of a text history, without the version. */
#define HISTORY_TEXT_MAGIC "# stalemate-history "
#define HISTORY_TEXT_VERSION 1

/*
 * Parse the len bytes of the file `name` and append to *history, whose newest file it is; its
 * header goes to history->header. Errors (ERROR_USER) name file:line.
 */
int history_text_read(struct history *history, const char *name, const char *text, size_t len,
		      struct error *err);

/* Print a whole history, header first, everything in the order of its files. Whether writing to
 * the file succeeded is for the caller to ask (ferror). */
void history_text_print(FILE *file, const struct history *history);

/* One value as the text form has it: "a:0:17", "torn=a:0:1*3,b:0:2*5". For reports too. */
#define VALUE_TEXT_MAX 8192
char *value_format(const struct value *value, char ret[VALUE_TEXT_MAX]);
int value_parse(const char *text, struct value *ret, struct error *err);

/* One operation as a line without its newline. */
#define OP_TEXT_MAX (VALUE_TEXT_MAX + 256)
char *op_format(const struct op *op, char ret[OP_TEXT_MAX]);

#endif
