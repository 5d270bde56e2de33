/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parse.h - strict numbers and sizes from text; names tables that print and parse.
 *
 * Nothing is accepted that is not wholly consumed: no sign where none is meant, no leading
 * blanks, no overflow. On failure *ret is untouched.
 */
#ifndef COMMON_PARSE_H
#define COMMON_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* Decimal, 0 .. max. `what` names the thing in the message. */
int parse_u64(const char *text, uint64_t max, const char *what, uint64_t *ret, struct error *err);

/* Decimal with an optional '-'. */
int parse_i64(const char *text, const char *what, int64_t *ret, struct error *err);

/* A size in bytes: decimal with an optional K, M, G or T (powers of 1024; lower case too). */
int parse_size(const char *text, const char *what, uint64_t *ret, struct error *err);

/* A duration in ns: decimal with a unit ns, us, ms, s or m. */
int parse_duration(const char *text, const char *what, uint64_t *ret, struct error *err);

/* A number within 0 .. 1, such as a probability. */
int parse_fraction(const char *text, const char *what, double *ret, struct error *err);

/*
 * Index of `text` in a names table of n entries; on failure the message lists all names.
 * The same table prints: names[index].
 */
int parse_name(const char *text, const char *const *names, size_t n, const char *what,
	       unsigned *ret, struct error *err);

/* 32 hexadecimal digits, dashes anywhere between bytes allowed (a uuid), to 16 bytes. */
int parse_uuid(const char *text, const char *what, uint8_t ret[16], struct error *err);

/* The canonical 36-character form (and the terminator). */
void format_uuid(const uint8_t uuid[16], char ret[37]);

/*
 * Copy untrusted text for a terminal or a log: control characters, DEL and bytes that are not
 * valid UTF-8 become '?'. ret holds `size` bytes and is always terminated. Returns ret.
 */
char *printable(const char *text, size_t len, char *ret, size_t size);

#endif
