/* SPDX-License-Identifier: GPL-2.0-or-later */
/* why.h - why not, and what to do about it. */
#ifndef DRBD_WHY_H
#define DRBD_WHY_H

#include <stdbool.h>

/* One line each; the remedy may be "". */
struct drbd_why {
	char text[768];
	char remedy[512];
};

/* Fill *why, which may be NULL, from "TEXT\nREMEDY" or "TEXT"; what is too long is cut. Always
 * returns false, so that a question can `return drbd_because(...)`. */
bool drbd_because(struct drbd_why *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
