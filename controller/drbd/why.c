/* SPDX-License-Identifier: GPL-2.0-or-later */
/* why.c - see why.h. */
#include "drbd/why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool drbd_because(struct drbd_why *why, const char *format, ...)
{
	char said[sizeof(struct drbd_why)], *remedy;
	va_list args;

	if (!why)
		return false;
	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
	remedy = strchr(said, '\n');
	if (remedy)
		*remedy++ = '\0';
	snprintf(why->text, sizeof(why->text), "%.*s", (int)sizeof(why->text) - 1, said);
	snprintf(why->remedy, sizeof(why->remedy), "%.*s", (int)sizeof(why->remedy) - 1,
		 remedy ? remedy : "");
	return false;
}
