/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io_direct.c - pread and pwrite past the guest's page cache (O_DIRECT), fsync.
 *
 * Never anything else in its place: a descriptor that lacks the flag is refused. What remains is
 * what a file system does by itself for a file that has it: GFS2 writes through the page cache what
 * it must first allocate. So a target is allocated and prefilled before it is tested; what is
 * cached of a range the kernel writes back before it reads it, and drops when it writes it.
 */
#include "agent/io.h"

#include <fcntl.h>

static void *direct_open(int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && flags & O_DIRECT)
		return io_file_open(fd, err);
	error_set(err, ERROR_WORLD, "it was opened without O_DIRECT");
	return NULL;
}

const struct io_path io_direct = {
	.name = "direct",
	.open_flags = O_DIRECT,
	.open = direct_open,
	.read = io_file_read,
	.write = io_file_write,
	.flush = io_file_flush,
	.close = io_file_close,
};
