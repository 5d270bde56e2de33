/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io_buffered.c - the plain paths: pread and pwrite through the guest's page cache.
 *
 * They differ in when a write is stable: after the fsync that a workload's `sync` asks for, by
 * itself (O_DSYNC), or when the kernel likes. Without a sync a cluster file system still owes the
 * other node what was written: it hands a file over by writing it back.
 */
#include "agent/io.h"

#include <fcntl.h>

#define PLAIN \
	.open = io_file_open, .read = io_file_read, .write = io_file_write, \
	.flush = io_file_flush, .close = io_file_close

const struct io_path io_buffered = {.name = "buffered", .sync = IO_SYNC_FLUSH, PLAIN};
const struct io_path io_dsync = {
	.name = "dsync", .open_flags = O_DSYNC, .sync = IO_SYNC_DONE, PLAIN};
const struct io_path io_nosync = {.name = "nosync", .sync = IO_SYNC_NEVER, PLAIN};
