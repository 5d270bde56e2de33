/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io.h - one way of reading and writing the files of a target.
 *
 * A path is a struct of functions; another one is one file (io_NAME.c), one row in io.c, and its
 * name in common/io_name.c. Each function does one system call's worth of work on the caller's
 * buffer (aligned to 4096 bytes) and keeps nothing of it afterwards. Less than all bytes is a
 * failure: whether the rest happened is not known.
 */
#ifndef AGENT_IO_H
#define AGENT_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "common/io_name.h"

/* What a write that is to be `sync` takes beside the write itself. */
enum io_sync {
	IO_SYNC_FLUSH, /* a flush of its file */
	IO_SYNC_DONE,  /* nothing: each write is stable when it has returned */
	IO_SYNC_NEVER, /* nothing: it is not carried out; that is what the path is for */
};

/* One operation of several that are under way at once. */
struct io_request {
	void *file;
	void *buf; /* a write only reads it */
	size_t size;
	uint64_t at;
	bool write, flush; /* flush: and then flush the file */

	unsigned awaited; /* the path's own, while it is under way */

	/* the answer */
	int result;
	uint64_t complete; /* when it came: clock_ns */
	struct error err;  /* result -1: as of the functions below; else not set */
};

struct io_path {
	const char *name;
	int open_flags; /* for open(2), beside O_RDWR: O_DIRECT and the like */
	enum io_sync sync;

	/* What all files of a target share, to be given back to `end` after the last is closed;
	 * NULL with *err on failure. The functions are NULL where there is no such thing; session
	 * is NULL then, too. */
	void *(*begin)(unsigned depth, struct error *err);
	void (*end)(void *session);

	/* Take over fd, a regular file or a block device that was opened with open_flags; NULL on
	 * failure, fd then remains the caller's. */
	void *(*open)(void *session, int fd, struct error *err);
	int (*read)(void *file, void *buf, size_t size, uint64_t at, struct error *err);
	int (*write)(void *file, const void *buf, size_t size, uint64_t at, struct error *err);
	/* All writes that have returned are stable, or -1: on every path, whatever its `sync`. */
	int (*flush)(void *file, struct error *err);
	void (*close)(void *file);

	/* Several at once. submit begins one, which stays where it is until reap returns it; at
	 * most the session's depth are under way. reap waits until one of them has its answer, and
	 * returns them in the order of `complete`. NULL: the path does one after the other. */
	void (*submit)(void *session, struct io_request *request);
	struct io_request *(*reap)(void *session);
};

extern const struct io_path io_buffered;      /* pread(2), pwrite(2), fsync(2) */
extern const struct io_path io_dsync;	      /* the same with O_DSYNC, no fsync */
extern const struct io_path io_nosync;	      /* the same without either */
extern const struct io_path io_direct;	      /* O_DIRECT, fsync */
extern const struct io_path io_direct_nosync; /* O_DIRECT alone */
extern const struct io_path io_mmap;	      /* memcpy from and to a shared mapping, msync(2) */
extern const struct io_path io_uring;	      /* io_uring through the page cache, linked fsync */
extern const struct io_path io_uring_direct;  /* the same with O_DIRECT */

/* All paths, NULL at the end. */
extern const struct io_path *const io_paths[];

/* The one of that name in such a table, or NULL with *err (ERROR_USER). */
const struct io_path *io_find(const struct io_path *const paths[], const char *name,
			      struct error *err);

/* Does the descriptor go past the page cache and sync by itself just as the path says, no more
 * and no less? What F_GETFL says now is what counts, not what open(2) was asked for. -1 with *err
 * (ERROR_WORLD). */
int io_prove(const struct io_path *io, int fd, struct error *err);

/* What pread(2), pwrite(2) and their like returned: 0 if it was all `size` bytes, else -1 with
 * *err (ERROR_WORLD) from errno, which is kept, or for the bytes missing (EIO). `what`: "read". */
int io_result(ssize_t done, size_t size, const char *what, struct error *err);

/* The functions of a path that uses these system calls on the descriptor, as it is. */
void *io_file_open(void *session, int fd, struct error *err);
int io_file_read(void *file, void *buf, size_t size, uint64_t at, struct error *err);
int io_file_write(void *file, const void *buf, size_t size, uint64_t at, struct error *err);
int io_file_flush(void *file, struct error *err);
void io_file_close(void *file);

#endif
