/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mount.h - the volume: find its disk, mount and unmount it. */
#ifndef AGENT_MOUNT_H
#define AGENT_MOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/message.h"

#define MOUNT_SYS_BLOCK "/sys/block"

/*
 * Look once for a disk with that serial below sys_block (MOUNT_SYS_BLOCK, or a test's folder).
 * True with "/dev/NAME" in ret if it is there.
 */
bool mount_find_disk(const char *sys_block, const char *serial, char *ret, size_t size);

/* Whether the device can be opened: a disk being hot-plugged has its serial in sysfs, and even its
 * node, a moment before the kernel lets anyone open it (ENXIO). */
bool mount_disk_opens(const char *device);

/*
 * Mount `device` as mount->fstype, with its options, at mount->directory, which is made with its
 * parents if need be. Something mounted there already is an error (ERROR_WORLD).
 */
int mount_do(const struct message_mount *mount, const char *device, struct error *err);

/* Unmount, never lazily: what keeps the volume busy is to be known. May hang as the volume does. */
int mount_undo(const char *directory, struct error *err);

#endif
