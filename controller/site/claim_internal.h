/* SPDX-License-Identifier: GPL-2.0-or-later */
/* claim_internal.h - what claim_device.c and claim_look.c share; nobody else includes it. */
#ifndef SITE_CLAIM_INTERNAL_H
#define SITE_CLAIM_INTERNAL_H

#include "common/clock.h"
#include "site/claim_device.h"

#define CLAIM_ASK_NS (30 * NS_PER_S)

/* The output of a command that ended with 0, to be freed; NULL with *err (ERROR_WORLD: what it
 * complained of). */
char *claim_ask(struct host *host, const char *const argv[], struct error *err);

/* Whether the device's last block has our mark. */
int claim_read_mark(struct host *host, const struct claim_device *device, bool *ret,
		    struct error *err);

#endif
