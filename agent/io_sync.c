/* SPDX-License-Identifier: GPL-2.0-or-later */
/* io_sync.c - the plain path: pread and pwrite through the guest's page cache, fsync. */
#include "agent/io.h"

#include <stdlib.h>
#include <unistd.h>

struct sync_file {
	int fd;
};

static void *sync_open(int fd, struct error *err)
{
	struct sync_file *file = malloc(sizeof(*file));

	if (file)
		file->fd = fd;
	else
		error_set_errno(err, ERROR_WORLD, "no memory for an open file");
	return file;
}

static int sync_read(void *file, void *buf, size_t size, uint64_t at, struct error *err)
{
	return io_result(pread(((struct sync_file *)file)->fd, buf, size, (off_t)at), size, "read",
			 err);
}

static int sync_write(void *file, const void *buf, size_t size, uint64_t at, struct error *err)
{
	return io_result(pwrite(((struct sync_file *)file)->fd, buf, size, (off_t)at), size,
			 "write", err);
}

static int sync_flush(void *file, struct error *err)
{
	return io_result(fsync(((struct sync_file *)file)->fd), 0, "fsync", err);
}

static void sync_close(void *file)
{
	close(((struct sync_file *)file)->fd);
	free(file);
}

const struct io_path io_sync = {
	.name = "sync",
	.open = sync_open,
	.read = sync_read,
	.write = sync_write,
	.flush = sync_flush,
	.close = sync_close,
};
