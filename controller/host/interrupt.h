/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * interrupt.h - SIGINT and SIGTERM as a flag that every wait looks at.
 *
 * The first signal asks for an orderly end: what is going on fails with ERROR_INTERRUPTED and
 * everything started is taken down. During that taking-down the flag is ignored
 * (interrupt_hold), so that a second Ctrl-C cannot leave things behind.
 */
#ifndef SITE_INTERRUPT_H
#define SITE_INTERRUPT_H

#include <stdbool.h>

#include "common/error.h"

/* Install the handlers (without SA_RESTART: a wait in the kernel ends with EINTR). */
void interrupt_install(void);

/* True once a signal has come and is not held off. */
bool interrupted(void);

/* While on, interrupted() is false: cleaning up. Returns what it was. */
bool interrupt_hold(bool on);

/* error_set(err, ERROR_INTERRUPTED, ...) */
int interrupt_error(struct error *err);

#endif
