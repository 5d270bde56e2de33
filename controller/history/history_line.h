/* SPDX-License-Identifier: GPL-2.0-or-later */
/* history_line.h - a line of a text history, cut into words; used by its two readers alone. */
#ifndef HISTORY_HISTORY_LINE_H
#define HISTORY_HISTORY_LINE_H

#include "history/history.h"

struct reader {
	struct history *history;
	uint64_t line;
	bool begun;	/* an operation or event was read */
	uint32_t given; /* header words seen, as bits of their index in the table */
	char *rest;	/* what of the line is not yet cut into words */
};

/* The next word of the line, or NULL. */
char *line_word(struct reader *reader);

/* The next word, which must be there: NULL with ERROR_USER naming `what`. The next three likewise:
 * a number up to max, a node, the end (a comment may follow). */
char *line_need(struct reader *reader, const char *what, struct error *err);
int line_number(struct reader *reader, uint64_t max, const char *what, uint64_t *ret,
		struct error *err);
int line_node(struct reader *reader, uint8_t *ret, struct error *err);
int line_end(struct reader *reader, struct error *err);

/* The rest of a line that began with '#' (history_head.c). */
int line_comment(struct reader *reader, struct error *err);

#endif
