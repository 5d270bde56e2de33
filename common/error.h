/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * error.h - one error value, filled where the fact is known, printed by main programs only.
 *
 * Fallible functions return 0 or -1 (constructors: pointer or NULL) and take a last parameter
 * `struct error *err`, which is filled on failure and left alone on success. The text is one
 * line without a newline and says what, where, and what to do.
 */
#ifndef COMMON_ERROR_H
#define COMMON_ERROR_H

enum error_kind {
	ERROR_NONE,
	ERROR_USER,	   /* the user's words: usage, plan, content of a file given */
	ERROR_WORLD,	   /* the world: root, libvirtd, space, boot, a guest that hangs */
	ERROR_INTERRUPTED, /* SIGINT or SIGTERM */
	ERROR_REFUSED,	   /* libvirt takes no such definition, whatever the host is like */
};

struct error {
	enum error_kind kind;
	char text[2048];
};

/* Fill *err (which may be NULL); always returns -1, so that callers can `return error_set(...)`. */
int error_set(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/* The same, with ": strerror(errno)" appended; errno is preserved. Returns -1. */
int error_set_errno(struct error *err, enum error_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4), cold));

/* Put "prefix: " before the text that *err holds. Returns -1. */
int error_prefix(struct error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3), cold));

/* Put "; and then: ..." behind the text that *err holds, whose kind stays: what failed as well,
 * while the first failure was being cleaned up. Nothing held yet (ERROR_NONE): it is *other. */
void error_add(struct error *err, const struct error *other);

#ifdef __clang_analyzer__
/* The analyzer looks at one file at a time: tell it that these never return 0. */
static inline int error_failed(int status)
{
	(void)status;
	return -1;
}
#define error_set(...) error_failed(error_set(__VA_ARGS__))
#define error_set_errno(...) error_failed(error_set_errno(__VA_ARGS__))
#define error_prefix(...) error_failed(error_prefix(__VA_ARGS__))
#endif

/* Exit status of a program that ends with this error: 2 user, 3 world, 130 interrupted. */
int error_exit_status(const struct error *err);

#endif
