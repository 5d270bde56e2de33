/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parse.c - see parse.h. */
#include "common/parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits at the start of text; the rest is left to the caller. */
static bool digits(const char *text, uint64_t *ret, const char **rest)
{
	char *end;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*ret = strtoull(text, &end, 10);
	*rest = end;
	return errno == 0;
}

int parse_u64(const char *text, uint64_t max, const char *what, uint64_t *ret, struct error *err)
{
	const char *rest;
	uint64_t value;

	if (!digits(text, &value, &rest) || *rest || value > max)
		return error_set(err, ERROR_USER, "%s: '%.40s' is not a number from 0 to %llu",
				 what, text, (unsigned long long)max);
	*ret = value;
	return 0;
}

int parse_i64(const char *text, const char *what, int64_t *ret, struct error *err)
{
	bool negative = text[0] == '-';
	const char *rest;
	uint64_t value;

	if (!digits(text + negative, &value, &rest) || *rest || value > INT64_MAX)
		return error_set(err, ERROR_USER, "%s: '%.40s' is not a whole number", what, text);
	*ret = negative ? -(int64_t)value : (int64_t)value;
	return 0;
}

int parse_size(const char *text, const char *what, uint64_t *ret, struct error *err)
{
	static const char letters[] = "KMGT";
	const char *rest, *letter;
	unsigned shift = 0;
	uint64_t value;

	if (!digits(text, &value, &rest))
		goto bad;
	if (*rest) {
		letter = strchr(letters, toupper((unsigned char)*rest));
		if (!letter || rest[1])
			goto bad;
		shift = 10 * (unsigned)(letter - letters + 1);
	}
	if (value > UINT64_MAX >> shift)
		goto bad;
	*ret = value << shift;
	return 0;
bad:
	return error_set(err, ERROR_USER, "%s: '%.40s' is not a size such as 4096, 64K or 2G", what,
			 text);
}

int parse_duration(const char *text, const char *what, uint64_t *ret, struct error *err)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000}};
	const char *rest;
	uint64_t value;
	size_t i;

	if (digits(text, &value, &rest)) {
		for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
			if (strcmp(rest, units[i].name) || value > UINT64_MAX / units[i].ns)
				continue;
			*ret = value * units[i].ns;
			return 0;
		}
	}
	return error_set(err, ERROR_USER, "%s: '%.40s' is not a duration such as 200ms or 5s", what,
			 text);
}

int parse_fraction(const char *text, const char *what, double *ret, struct error *err)
{
	char *end;
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (!isdigit((unsigned char)text[0]) || strpbrk(text, "xX") || *end || errno ||
	    !(value >= 0 && value <= 1))
		return error_set(err, ERROR_USER, "%s: '%.40s' is not a number from 0 to 1", what,
				 text);
	*ret = value;
	return 0;
}

int parse_name(const char *text, const char *const *names, size_t n, const char *what,
	       unsigned *ret, struct error *err)
{
	char list[512] = "";
	size_t i, used = 0;

	for (i = 0; i < n; i++) {
		if (!names[i])
			continue;
		if (!strcmp(text, names[i])) {
			*ret = (unsigned)i;
			return 0;
		}
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s",
						 used ? ", " : "", names[i]);
	}
	return error_set(err, ERROR_USER, "%s: '%.40s' is unknown; use one of: %s", what, text,
			 list);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int parse_uuid(const char *text, const char *what, uint8_t ret[16], struct error *err)
{
	uint8_t uuid[16];
	const char *p = text;
	int high, low;
	size_t i;

	for (i = 0; i < sizeof(uuid); i++) {
		if (i && *p == '-')
			p++;
		high = hex_value(p[0]);
		low = high < 0 ? -1 : hex_value(p[1]);
		if (low < 0)
			goto bad;
		uuid[i] = (uint8_t)(high << 4 | low);
		p += 2;
	}
	if (*p)
		goto bad;
	memcpy(ret, uuid, sizeof(uuid));
	return 0;
bad:
	return error_set(err, ERROR_USER, "%s: '%.40s' is not a uuid", what, text);
}

void format_uuid(const uint8_t uuid[16], char ret[37])
{
	static const char hex[] = "0123456789abcdef";
	size_t i, at = 0;

	for (i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			ret[at++] = '-';
		ret[at++] = hex[uuid[i] >> 4];
		ret[at++] = hex[uuid[i] & 15];
	}
	ret[at] = 0;
}

/* Length of the valid UTF-8 sequence at text (of at most len bytes) that is printable; 0 if none.
 */
static size_t utf8_length(const unsigned char *text, size_t len)
{
	size_t n, i;
	uint32_t code;

	if (text[0] < 0x80)
		return text[0] >= 0x20 && text[0] != 0x7f;
	n = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	if (text[0] < 0xc2 || text[0] > 0xf4 || n > len)
		return 0;
	code = text[0] & (0x7fU >> n);
	for (i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	/* overlong forms, surrogates, C1 controls */
	if ((n == 3 && code < 0x800) || (n == 4 && (code < 0x10000 || code > 0x10ffff)) ||
	    (code >= 0xd800 && code < 0xe000) || code < 0xa0)
		return 0;
	/* direction overrides and the like would reorder a terminal line */
	if ((code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069) || code == 0xfeff)
		return 0;
	return n;
}

char *printable(const char *text, size_t len, char *ret, size_t size)
{
	const unsigned char *from = (const unsigned char *)text;
	size_t at = 0, n;

	while (len && at + 1 < size) {
		n = utf8_length(from, len);
		if (n && at + n < size) {
			memcpy(ret + at, from, n);
			at += n;
		} else if (n) {
			break;
		} else {
			ret[at++] = '?';
			n = 1;
		}
		from += n;
		len -= n;
	}
	ret[at] = 0;
	return ret;
}
