/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shell_quote.h - an argument vector as one line that a POSIX shell takes apart again into it. */
#ifndef SITE_SHELL_QUOTE_H
#define SITE_SHELL_QUOTE_H

#include "common/error.h"

/* To be freed; NULL for want of memory. Every byte but NUL may be in an argument. */
char *shell_quote(const char *const argv[], struct error *err);

#endif
