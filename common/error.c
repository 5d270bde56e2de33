/* SPDX-License-Identifier: GPL-2.0-or-later */
/* error.c - see error.h. */
#include "common/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef error_set /* the analyzer's own, see error.h */
#undef error_set_errno
#undef error_prefix

int error_set(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list args;

	if (err) {
		err->kind = kind;
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
	}
	return -1;
}

int error_set_errno(struct error *err, enum error_kind kind, const char *format, ...)
{
	int saved = errno;
	va_list args;
	size_t used;

	if (err) {
		err->kind = kind;
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
		used = strlen(err->text);
		snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(saved));
	}
	errno = saved;
	return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
	char rest[sizeof(err->text)];
	va_list args;
	size_t used;

	if (err) {
		memcpy(rest, err->text, sizeof(rest));
		va_start(args, format);
		vsnprintf(err->text, sizeof(err->text), format, args);
		va_end(args);
		used = strlen(err->text);
		snprintf(err->text + used, sizeof(err->text) - used, ": %s", rest);
	}
	return -1;
}

void error_add(struct error *err, const struct error *other)
{
	size_t used;

	if (!err)
		return;
	if (err->kind == ERROR_NONE) {
		*err = *other;
		return;
	}
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, "; and then: %s", other->text);
}

int error_exit_status(const struct error *err)
{
	switch (err->kind) {
	case ERROR_USER:
		return 2;
	case ERROR_INTERRUPTED:
		return 130;
	default:
		return 3;
	}
}
