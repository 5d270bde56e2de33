/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.h - loop devices: one "host's" view of the lab's volume.
 *
 * Each loop device is a block device with a page cache of its own; with direct I/O to the file
 * behind it nothing else is cached. So two of them over one file behave as the devices of two
 * hosts over a perfectly synchronous replicated volume.
 */
#ifndef SITE_LOOP_H
#define SITE_LOOP_H

#include "common/error.h"

#define LOOP_NAME_MAX 32

/* Attach a free loop device to the file, with direct I/O. ret gets "/dev/loopN". ERROR_WORLD when
 * there is none, or the file system cannot do direct I/O. */
int loop_attach(const char *file, char ret[LOOP_NAME_MAX], struct error *err);

/* Detach every loop device whose file is `file`. Returns 0 even if there was none. */
int loop_detach_all(const char *file, struct error *err);

#endif
