/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - see progress.h. */
#include "host/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

void progress_step(const struct progress *progress, const char *format, ...)
{
	char text[512], clean[512];
	va_list args;

	if (!progress || !progress->step)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	progress->step(progress->context, printable(text, strlen(text), clean, sizeof(clean)));
}
