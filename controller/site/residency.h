/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * residency.h - how much of a device is in its host's page cache. A cell whose reader finds blocks
 * from before in there tests what was before.
 */
#ifndef SITE_RESIDENCY_H
#define SITE_RESIDENCY_H

#include "host/host.h"

/*
 * Bytes of the block device that the host's page cache holds now; nothing is read, and nothing
 * changes. -1 with *err where it is not known: no perl on a host over ssh, a device larger than can
 * be walked in time, no permission. What is not known is never 0.
 */
int residency(struct host *host, const char *device, uint64_t *ret, struct error *err);

#endif
