/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tmpfs_loop.h - an ext4 on a loop device over a file in a tmpfs: a disk as fast as memory. */
#ifndef TESTS_BENCH_TMPFS_LOOP_H
#define TESTS_BENCH_TMPFS_LOOP_H

#include "common/error.h"

/*
 * Make one in the folder `base`, which is there and empty: the file system is mounted at
 * BASE/mnt, for this process and its children. Needs root and loop devices: -1 with *err
 * (ERROR_WORLD, ERROR_INTERRUPTED) says what is missing. Whatever comes of it, tmpfs_loop_down is
 * to be called.
 */
int tmpfs_loop_up(const char *base, struct error *err);

/* Unmount and detach what is there of it; a signal does not keep it from that. -1 with *err: what
 * is left behind. */
int tmpfs_loop_down(const char *base, struct error *err);

#endif
