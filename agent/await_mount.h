/* SPDX-License-Identifier: GPL-2.0-or-later */
/* await_mount.h - is the volume mounted where the target is to be, and as a cluster needs it? */
#ifndef AGENT_AWAIT_MOUNT_H
#define AGENT_AWAIT_MOUNT_H

#include "agent/fs_name.h"
#include "common/message.h"

/*
 * Look once, at those places. 1 if m->directory lies on a file system of m->fstype; 0 with *err
 * (ERROR_WORLD) saying what is there instead: it may come yet; -1 with *err if no waiting helps: it
 * is there and locks for one node only (ERROR_WORLD), or the question is none (ERROR_USER). Touches
 * no file system but /proc and /sys: never hangs.
 */
int await_mount_look(const struct fs_name_places *places, const struct message_await *m,
		     struct error *err);

#endif
