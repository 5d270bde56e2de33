/* SPDX-License-Identifier: GPL-2.0-or-later */
/* same_device.h - are two names of one block device? Only the host knows on which they are names.
 */
#ifndef SITE_SAME_DEVICE_H
#define SITE_SAME_DEVICE_H

#include "host/host.h"

/*
 * 1 if they are (/dev/drbd/by-res/r0/0 and /dev/drbd0), which equal names are taken for without a
 * look; 0 if not, also when one is no block device or is not there; -1 with *err when nobody could
 * look. host may be NULL: then only equal names are known to be one.
 */
int same_device(struct host *host, const char *one, const char *other, struct error *err);

#endif
