/* SPDX-License-Identifier: GPL-2.0-or-later */
/* io.c - the table of I/O paths, and what they share. */
#include "agent/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The flags that make a path what it is. */
#define PATH_FLAGS (O_DIRECT | O_DSYNC)

const struct io_path *const io_paths[] = {&io_buffered, &io_dsync,	   &io_nosync,
					  &io_direct,	&io_direct_nosync, &io_mmap,
					  &io_uring,	&io_uring_direct,  NULL};

struct io_file {
	int fd;
};

const struct io_path *io_find(const struct io_path *const paths[], const char *name,
			      struct error *err)
{
	size_t i;

	for (i = 0; paths[i]; i++) {
		if (!strcmp(paths[i]->name, name))
			return paths[i];
	}
	error_set(err, ERROR_USER, "no I/O path is named '%.40s'", name);
	return NULL;
}

int io_prove(const struct io_path *io, int fd, struct error *err)
{
	int flags = fcntl(fd, F_GETFL), wrong;

	if (flags < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot read the flags of a file");
	wrong = (flags & PATH_FLAGS) ^ io->open_flags;
	if (!wrong)
		return 0;
	return error_set(err, ERROR_WORLD,
			 "path %s is not in effect: the open file is %s O_%s (F_GETFL %#o)",
			 io->name, flags & wrong ? "with" : "without",
			 wrong & O_DIRECT ? "DIRECT" : "DSYNC", (unsigned)flags);
}

int io_result(ssize_t done, size_t size, const char *what, struct error *err)
{
	if (done < 0)
		return error_set_errno(err, ERROR_WORLD, "%s failed", what);
	if ((size_t)done == size)
		return 0;
	errno = EIO;
	return error_set(err, ERROR_WORLD, "%s of only %zd of %zu bytes", what, done, size);
}

void *io_file_open(void *session, int fd, struct error *err)
{
	struct io_file *file = malloc(sizeof(*file));

	(void)session;
	if (file)
		file->fd = fd;
	else
		error_set_errno(err, ERROR_WORLD, "no memory for an open file");
	return file;
}

int io_file_read(void *file, void *buf, size_t size, uint64_t at, struct error *err)
{
	return io_result(pread(((struct io_file *)file)->fd, buf, size, (off_t)at), size, "read",
			 err);
}

int io_file_write(void *file, const void *buf, size_t size, uint64_t at, struct error *err)
{
	return io_result(pwrite(((struct io_file *)file)->fd, buf, size, (off_t)at), size, "write",
			 err);
}

int io_file_flush(void *file, struct error *err)
{
	return io_result(fsync(((struct io_file *)file)->fd), 0, "fsync", err);
}

void io_file_close(void *file)
{
	close(((struct io_file *)file)->fd);
	free(file);
}
