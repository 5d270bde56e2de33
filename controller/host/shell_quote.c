/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shell_quote.c - see shell_quote.h.
 *
 * Within single quotes a shell changes nothing; a single quote itself ends them, stands escaped,
 * and begins them anew.
 */
#include "host/shell_quote.h"

#include <stdlib.h>
#include <string.h>

char *shell_quote(const char *const argv[], struct error *err)
{
	size_t size = 1, i;
	const char *from;
	char *ret, *to;

	for (i = 0; argv[i]; i++)
		size += 4 * strlen(argv[i]) + 3;
	ret = to = calloc(1, size);
	if (!ret) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	for (i = 0; argv[i]; i++) {
		if (i)
			*to++ = ' ';
		*to++ = '\'';
		for (from = argv[i]; *from; from++) {
			if (*from == '\'') {
				memcpy(to, "'\\''", 4);
				to += 4;
			} else {
				*to++ = *from;
			}
		}
		*to++ = '\'';
	}
	*to = '\0';
	return ret;
}
