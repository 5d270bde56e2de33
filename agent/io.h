/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io.h - one way of reading and writing the files of a target.
 *
 * A path is a struct of functions; another one is one file (io_NAME.c) and one row in io.c. Each
 * function does one system call's worth of work on the caller's buffer (aligned to 4096 bytes) and
 * keeps nothing of it afterwards. Less than all bytes is a failure: whether the rest happened is
 * not known.
 */
#ifndef AGENT_IO_H
#define AGENT_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"

struct io_path {
	const char *name;
	int open_flags; /* for open(2), beside O_RDWR: O_DIRECT and the like */

	/* Take over fd, a regular file or a block device that was opened with open_flags; NULL on
	 * failure, fd then remains the caller's. */
	void *(*open)(int fd, struct error *err);
	int (*read)(void *file, void *buf, size_t size, uint64_t at, struct error *err);
	int (*write)(void *file, const void *buf, size_t size, uint64_t at, struct error *err);
	/* All writes that have returned are stable, or -1. */
	int (*flush)(void *file, struct error *err);
	void (*close)(void *file);
};

extern const struct io_path io_buffered; /* pread(2), pwrite(2), fsync(2) */
extern const struct io_path io_direct;	 /* the same with O_DIRECT */

/* All paths, NULL at the end. */
extern const struct io_path *const io_paths[];

/* The one of that name in such a table, or NULL with *err (ERROR_USER). */
const struct io_path *io_find(const struct io_path *const paths[], const char *name,
			      struct error *err);

/* What pread(2), pwrite(2) and their like returned: 0 if it was all `size` bytes, else -1 with
 * *err (ERROR_WORLD) from errno, which is kept, or for the bytes missing (EIO). `what`: "read". */
int io_result(ssize_t done, size_t size, const char *what, struct error *err);

/* The functions of a path that uses these system calls on the descriptor, as it is. */
void *io_file_open(int fd, struct error *err);
int io_file_read(void *file, void *buf, size_t size, uint64_t at, struct error *err);
int io_file_write(void *file, const void *buf, size_t size, uint64_t at, struct error *err);
int io_file_flush(void *file, struct error *err);
void io_file_close(void *file);

#endif
