/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * generation.c - see generation.h.
 *
 * A line is current:bitmap:history:history:flags..., the first four in hexadecimal; both versions
 * of DRBD print at least these, a line for each volume (and, in 9, for each peer).
 */
#include "drbd/generation.h"

#include <ctype.h>
#include <string.h>

#define DIGITS 16
#define UUIDS 4

/* 16 digits of *at and what follows them. */
static bool take_uuid(const char **at, const char *end, uint64_t *ret)
{
	size_t i;

	if (end - *at < DIGITS)
		return false;
	*ret = 0;
	for (i = 0; i < DIGITS; i++) {
		int c = tolower((unsigned char)(*at)[i]);

		if (!isxdigit(c))
			return false;
		*ret = *ret << 4 | (uint64_t)(isdigit(c) ? c - '0' : c - 'a' + 10);
	}
	*at += DIGITS;
	if (*at == end)
		return true;
	return *(*at)++ == ':';
}

static int take_line(const char *line, const char *end, struct drbd_generations *ret,
		     struct error *err)
{
	uint64_t uuids[UUIDS];
	size_t i;

	if (ret->n == sizeof(ret->volumes) / sizeof(ret->volumes[0]))
		return error_set(err, ERROR_WORLD, "more than %zu volumes", ret->n);
	for (i = 0; i < UUIDS; i++) {
		if (!take_uuid(&line, end, &uuids[i]) || (line == end && i + 1 < UUIDS))
			return error_set(err, ERROR_WORLD,
					 "not a line of generations (four times 16 hexadecimal "
					 "digits, with ':' between)");
	}
	ret->volumes[ret->n++] =
		(struct drbd_generation){.current = uuids[0] & ~1ULL, .bitmap = uuids[1] & ~1ULL};
	return 0;
}

int drbd_generations_parse(const char *source, const char *text, size_t len,
			   struct drbd_generations *ret, struct error *err)
{
	struct drbd_generations all = {.n = 0};
	const char *at = text, *end = text + len, *newline;
	unsigned line = 0;

	while (at < end) {
		line++;
		newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline)
			newline = end;
		if (newline > at && take_line(at, newline, &all, err) < 0)
			return error_prefix(err, "%s: line %u", source, line);
		at = newline + (newline < end);
	}
	if (!all.n)
		return error_set(err, ERROR_WORLD, "%s: line %u: no generation was told", source,
				 line);
	*ret = all;
	return 0;
}

bool drbd_same_generation(const struct drbd_generations *before,
			  const struct drbd_generations *after, struct drbd_why *why)
{
	size_t i;

	if (before->n != after->n)
		return drbd_because(why, "its volumes or peers changed between the two looks\n"
					 "look at the kernel's log of that host");
	for (i = 0; i < before->n; i++) {
		if (before->volumes[i].bitmap || after->volumes[i].bitmap)
			return drbd_because(
				why, "a bitmap has a generation: one host has written, or has been "
				     "synced, without the other\n"
				     "wait for the resync, or resolve the split brain");
		if (before->volumes[i].current != after->volumes[i].current)
			return drbd_because(
				why, "the data has a new generation: a host has gone on without "
				     "the other between the two looks\n"
				     "look for a lost connection in the kernel's log of both "
				     "hosts");
	}
	return true;
}
