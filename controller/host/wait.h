/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wait.h - wait for a state, never for a time: every wait has a deadline and says what for. */
#ifndef SITE_WAIT_H
#define SITE_WAIT_H

#include <stdint.h>

#include "common/error.h"

/*
 * Ask `ready(context, err)` every few milliseconds until it says 1. Returns 0 then; -1 with *err
 * when it says -1 (its own error stands), at timeout_ns ("waited N s for WHAT", ERROR_WORLD), or
 * on an interruption.
 */
int wait_for(const char *what, uint64_t timeout_ns, int (*ready)(void *context, struct error *err),
	     void *context, struct error *err);

#endif
