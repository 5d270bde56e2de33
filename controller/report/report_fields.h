/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_fields.h - keys of a JSON verdict, read without trust; for report_read*.c alone.
 *
 * All get_* take the place of the object, the object and the key, which get_keys has found there.
 * They return 0, or -1 with an ERROR_USER that names file and place; then *ret is not to be used.
 */
#ifndef REPORT_REPORT_FIELDS_H
#define REPORT_REPORT_FIELDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

/* Where we are: "x.json: cells[3].examples[0]". */
struct place {
	const char *name; /* of the file */
	char at[256];
	struct error *err;
};

/* Go to a member, or to an element of it. Returns what brings back where we were. */
size_t place_enter(struct place *place, const char *key);
size_t place_enter_element(struct place *place, const char *key, size_t i);
void place_leave(struct place *place, size_t back);

/* Fill the error with what is wrong with `key` (NULL: with the place itself). Returns -1. */
int place_fail(const struct place *place, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/* It is an object with these keys and no other. */
int get_keys(const struct place *place, const json_t *object, const char *const *keys, size_t n);

int get_bool(const struct place *place, const json_t *object, const char *key, bool *ret);
/* A JSON number. */
int get_unsigned(const struct place *place, const json_t *object, const char *key, unsigned min,
		 unsigned max, unsigned *ret);
int get_fraction_or_null(const struct place *place, const json_t *object, const char *key,
			 bool *known, double *ret);
int get_seconds_or_null(const struct place *place, const json_t *object, const char *key,
			bool *known, double *ret);
/* Decimal digits in a string. */
int get_u64(const struct place *place, const json_t *object, const char *key, uint64_t *ret);
int get_u64_or_null(const struct place *place, const json_t *object, const char *key, bool *known,
		    uint64_t *ret);
int get_i64_or_null(const struct place *place, const json_t *object, const char *key, bool *known,
		    int64_t *ret);
/* A printable text below `size` bytes. null: "", an empty string is none. */
int get_text(const struct place *place, const json_t *object, const char *key, char *ret,
	     size_t size);
int get_text_or_null(const struct place *place, const json_t *object, const char *key, char *ret,
		     size_t size);
/* One of a table of names. */
int get_name(const struct place *place, const json_t *object, const char *key,
	     const char *const *names, size_t n, unsigned *ret);
int get_name_or_null(const struct place *place, const json_t *object, const char *key,
		     const char *const *names, size_t n, bool *known, unsigned *ret);

#endif
