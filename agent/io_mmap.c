/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io_mmap.c - a shared mapping of each file: memcpy, and msync.
 *
 * What the store fails at, a mapping reports as SIGBUS: on the spot, in the thread that touched the
 * page. It is caught there and is then an error like any other; a SIGBUS that is not ours kills us
 * as it would have. A unit is copied by the CPU and not written at once: a read that overlaps a
 * write may find it torn.
 */
#include "agent/io.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct mapping {
	int fd;
	size_t size;
	char *bytes;
};

static _Thread_local sigjmp_buf *way_out;

static void on_sigbus(int number)
{
	if (way_out)
		siglongjmp(*way_out, 1);
	signal(number, SIG_DFL); /* and the access, repeated, kills */
}

static void catch_sigbus(void)
{
	struct sigaction action = {.sa_handler = on_sigbus};

	sigaction(SIGBUS, &action, NULL);
}

/* memcpy; -1 with EIO if a page was not to be had. How much was copied is not known then. */
static int copy(void *to, const void *from, size_t size, const char *what, struct error *err)
{
	sigjmp_buf here;

	if (sigsetjmp(here, 1)) {
		way_out = NULL;
		errno = EIO;
		return error_set_errno(err, ERROR_WORLD, "%s of the mapping failed (SIGBUS)", what);
	}
	way_out = &here;
	memcpy(to, from, size);
	__asm__ volatile("" ::: "memory"); /* not after the next line */
	way_out = NULL;
	return 0;
}

static bool within(const struct mapping *map, size_t size, uint64_t at)
{
	return at <= map->size && size <= map->size - at;
}

static void *mmap_open(void *session, int fd, struct error *err)
{
	struct mapping *map = calloc(1, sizeof(*map));
	struct stat status;

	(void)session;
	catch_sigbus();
	if (!map || fstat(fd, &status) < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot prepare a mapping");
		free(map);
		return NULL;
	}
	map->fd = fd;
	map->size = (size_t)status.st_size;
	map->bytes = mmap(NULL, map->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map->bytes == MAP_FAILED) {
		error_set_errno(err, ERROR_WORLD, "cannot map a file of %zu bytes (mmap)",
				map->size);
		free(map);
		return NULL;
	}
	return map;
}

static int mmap_read(void *file, void *buf, size_t size, uint64_t at, struct error *err)
{
	struct mapping *map = file;

	if (!within(map, size, at))
		return io_result(0, size, "read", err);
	return copy(buf, map->bytes + at, size, "read", err);
}

static int mmap_write(void *file, const void *buf, size_t size, uint64_t at, struct error *err)
{
	struct mapping *map = file;

	if (!within(map, size, at))
		return io_result(0, size, "write", err);
	return copy(map->bytes + at, buf, size, "write", err);
}

static int mmap_flush(void *file, struct error *err)
{
	struct mapping *map = file;

	return io_result(msync(map->bytes, map->size, MS_SYNC), 0, "msync", err);
}

static void mmap_close(void *file)
{
	struct mapping *map = file;

	munmap(map->bytes, map->size);
	close(map->fd);
	free(map);
}

const struct io_path io_mmap = {
	.name = "mmap",
	.sync = IO_SYNC_FLUSH,
	.open = mmap_open,
	.read = mmap_read,
	.write = mmap_write,
	.flush = mmap_flush,
	.close = mmap_close,
};
