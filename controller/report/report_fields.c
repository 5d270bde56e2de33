/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_fields.c - see report_fields.h. */
#include "report/report_fields.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

#define SHOWN_MAX 48 /* of what a file has where something else belongs */

size_t place_enter(struct place *place, const char *key)
{
	size_t back = strlen(place->at);

	snprintf(place->at + back, sizeof(place->at) - back, "%s%s", back ? "." : "", key);
	return back;
}

size_t place_enter_element(struct place *place, const char *key, size_t i)
{
	size_t back = place_enter(place, key), used = strlen(place->at);

	snprintf(place->at + used, sizeof(place->at) - used, "[%zu]", i);
	return back;
}

void place_leave(struct place *place, size_t back)
{
	place->at[back] = 0;
}

int place_fail(const struct place *place, const char *key, const char *format, ...)
{
	char what[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	key = key ? key : "";
	return error_set(place->err, ERROR_USER, "%s: %s%s%s%s%s", place->name, place->at,
			 *place->at && *key ? "." : "", key, *place->at || *key ? ": " : "", what);
}

int get_keys(const struct place *place, const json_t *object, const char *const *keys, size_t n)
{
	char shown[SHOWN_MAX];
	const char *key;
	json_t *value;
	size_t i;

	if (!json_is_object(object))
		return place_fail(place, NULL, "an object is expected");
	for (i = 0; i < n; i++) {
		if (!json_object_get(object, keys[i]))
			return place_fail(place, keys[i], "is missing");
	}
	if (json_object_size(object) == n)
		return 0;
	json_object_foreach((json_t *)object, key, value)
	{
		for (i = 0; i < n && strcmp(key, keys[i]); i++)
			;
		if (i == n)
			return place_fail(place, printable(key, strlen(key), shown, sizeof(shown)),
					  "is no key of format version 1");
	}
	return 0;
}

static const char *need_string(const struct place *place, const json_t *object, const char *key,
			       const char *what)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (!text)
		place_fail(place, key, "%s is expected", what);
	return text;
}

static bool is_null(const json_t *object, const char *key)
{
	return json_is_null(json_object_get(object, key));
}

int get_bool(const struct place *place, const json_t *object, const char *key, bool *ret)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_boolean(value))
		return place_fail(place, key, "true or false is expected");
	*ret = json_is_true(value);
	return 0;
}

int get_unsigned(const struct place *place, const json_t *object, const char *key, unsigned min,
		 unsigned max, unsigned *ret)
{
	const json_t *value = json_object_get(object, key);
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < min || number > max)
		return place_fail(place, key, "a number from %u to %u is expected", min, max);
	*ret = (unsigned)number;
	return 0;
}

static int get_real(const struct place *place, const json_t *object, const char *key, double max,
		    const char *what, bool *known, double *ret)
{
	const json_t *value = json_object_get(object, key);
	double number = json_number_value(value);

	*known = !json_is_null(value);
	if (!*known)
		return 0;
	if (!json_is_number(value) || !(number >= 0 && number <= max))
		return place_fail(place, key, "%s or null is expected", what);
	*ret = number;
	return 0;
}

int get_fraction_or_null(const struct place *place, const json_t *object, const char *key,
			 bool *known, double *ret)
{
	return get_real(place, object, key, 1, "a number from 0 to 1", known, ret);
}

int get_seconds_or_null(const struct place *place, const json_t *object, const char *key,
			bool *known, double *ret)
{
	/* A time in ns has 64 bits: no more seconds than that. */
	return get_real(place, object, key, 2e10, "a number of seconds", known, ret);
}

/* The digits as report_json writes them: no zero in front. */
static bool has_leading_zero(const char *digits)
{
	return digits[0] == '0' && digits[1];
}

int get_u64(const struct place *place, const json_t *object, const char *key, uint64_t *ret)
{
	const char *text = need_string(place, object, key, "a number in quotes");
	char shown[SHOWN_MAX];

	if (!text)
		return -1;
	if (parse_u64(text, UINT64_MAX, key, ret, NULL) < 0 || has_leading_zero(text))
		return place_fail(place, key, "'%s' is not a decimal number of 64 bits",
				  printable(text, strlen(text), shown, sizeof(shown)));
	return 0;
}

int get_u64_or_null(const struct place *place, const json_t *object, const char *key, bool *known,
		    uint64_t *ret)
{
	*known = !is_null(object, key);
	return *known ? get_u64(place, object, key, ret) : 0;
}

int get_i64_or_null(const struct place *place, const json_t *object, const char *key, bool *known,
		    int64_t *ret)
{
	const char *text;
	char shown[SHOWN_MAX];

	*known = !is_null(object, key);
	if (!*known)
		return 0;
	text = need_string(place, object, key, "a number in quotes");
	if (!text)
		return -1;
	if (parse_i64(text, key, ret, NULL) < 0 || has_leading_zero(text + (*text == '-')))
		return place_fail(place, key, "'%s' is not a whole number of 64 bits",
				  printable(text, strlen(text), shown, sizeof(shown)));
	return 0;
}

int get_text(const struct place *place, const json_t *object, const char *key, char *ret,
	     size_t size)
{
	const char *text = need_string(place, object, key, "a text");

	if (!text)
		return -1;
	if (strlen(text) >= size)
		return place_fail(place, key, "longer than %zu bytes", size - 1);
	printable(text, strlen(text), ret, size);
	if (strcmp(text, ret))
		return place_fail(place, key, "the text holds control characters");
	return 0;
}

int get_text_or_null(const struct place *place, const json_t *object, const char *key, char *ret,
		     size_t size)
{
	ret[0] = 0;
	if (is_null(object, key))
		return 0;
	if (get_text(place, object, key, ret, size) < 0)
		return -1;
	return *ret ? 0 : place_fail(place, key, "an empty text; what is not known is null");
}

int get_name(const struct place *place, const json_t *object, const char *key,
	     const char *const *names, size_t n, unsigned *ret)
{
	const char *text = need_string(place, object, key, "a name");
	char shown[SHOWN_MAX];
	struct error err;

	if (!text)
		return -1;
	printable(text, strlen(text), shown, sizeof(shown));
	if (parse_name(shown, names, n, "the name", ret, &err) < 0)
		return place_fail(place, key, "%s", err.text);
	return 0;
}

int get_name_or_null(const struct place *place, const json_t *object, const char *key,
		     const char *const *names, size_t n, bool *known, unsigned *ret)
{
	*known = !is_null(object, key);
	return *known ? get_name(place, object, key, names, n, ret) : 0;
}
