/* SPDX-License-Identifier: GPL-2.0-or-later */
/* io_buffered.c - the plain path: pread and pwrite through the guest's page cache, fsync. */
#include "agent/io.h"

const struct io_path io_buffered = {
	.name = "buffered",
	.open = io_file_open,
	.read = io_file_read,
	.write = io_file_write,
	.flush = io_file_flush,
	.close = io_file_close,
};
