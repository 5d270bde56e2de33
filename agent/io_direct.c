/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io_direct.c - pread and pwrite past the guest's page cache (O_DIRECT), with fsync or without.
 *
 * Never anything else in its place: a descriptor that lacks the flag is refused (io_prove), and so
 * is a file system that takes the flag and reads through its cache all the same (target_probe.c).
 * What remains is what a file system does by itself for a file that has it: GFS2 writes through the
 * page cache what it must first allocate. So a target is allocated and prefilled before it is
 * tested; what is cached of a range the kernel writes back before it reads it, and drops when it
 * writes it.
 */
#include "agent/io.h"

#include <fcntl.h>

#define DIRECT \
	.open_flags = O_DIRECT, .open = io_file_open, .read = io_file_read, \
	.write = io_file_write, .flush = io_file_flush, .close = io_file_close

const struct io_path io_direct = {.name = "direct", .sync = IO_SYNC_FLUSH, DIRECT};
const struct io_path io_direct_nosync = {.name = "direct-nosync", .sync = IO_SYNC_NEVER, DIRECT};
