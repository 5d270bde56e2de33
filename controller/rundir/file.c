/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.c - small files of a run directory, whole: written so that a reader (or a crash) finds the
 * old content or the new one, read without trust in what is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rundir/rundir.h"

static int write_all(int fd, const char *data, size_t size)
{
	ssize_t n;

	while (size) {
		n = write(fd, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		size -= (size_t)n;
	}
	return fsync(fd);
}

int rundir_write_file(const char *path, const void *data, size_t size, struct error *err)
{
	char *fresh = NULL;
	int fd = -1, ret = -1;

	if (asprintf(&fresh, "%s.%d.new", path, (int)getpid()) < 0) {
		fresh = NULL;
		error_set(err, ERROR_WORLD, "%s: out of memory", path);
		goto out;
	}
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot create %s", fresh);
		goto out;
	}
	if (write_all(fd, data, size) < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot write %s", fresh);
		goto remove;
	}
	if (rename(fresh, path) < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot rename %s to %s", fresh, path);
		goto remove;
	}
	ret = 0;
	goto out;
remove:
	unlink(fresh);
out:
	if (fd >= 0)
		close(fd);
	free(fresh);
	return ret;
}

/* Open a regular file; anything else is the user's mistake. O_NONBLOCK: a FIFO must not hang. */
static int open_regular(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return error_set_errno(err, ERROR_USER, "%s", path);
	if (fstat(fd, &st) < 0)
		error_set_errno(err, ERROR_WORLD, "%s", path);
	else if (S_ISDIR(st.st_mode))
		error_set(err, ERROR_USER, "%s: is a folder, not a file", path);
	else if (!S_ISREG(st.st_mode))
		error_set(err, ERROR_USER, "%s: is not a regular file", path);
	else
		return fd;
	close(fd);
	return -1;
}

/* Double the room. -1 when memory is short; *data is kept then. */
static int grow(char **data, size_t *room)
{
	char *more = realloc(*data, *room * 2 + 1);

	if (!more)
		return -1;
	*data = more;
	*room *= 2;
	return 0;
}

char *rundir_read_file(const char *path, size_t max, size_t *ret_size, struct error *err)
{
	size_t used = 0, room = 4096;
	char *data = NULL;
	ssize_t n = 1;
	int fd;

	fd = open_regular(path, err);
	if (fd < 0)
		return NULL;
	data = malloc(room + 1);
	while (data && n) {
		if (used == room && grow(&data, &room) < 0)
			break;
		n = read(fd, data + used, room - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			error_set_errno(err, ERROR_WORLD, "cannot read %s", path);
			goto fail;
		}
		used += (size_t)n;
		if (used > max) {
			error_set(err, ERROR_USER, "%s: larger than %zu bytes", path, max);
			goto fail;
		}
	}
	if (!data || n) {
		error_set(err, ERROR_WORLD, "%s: out of memory", path);
		goto fail;
	}
	close(fd);
	data[used] = 0;
	if (ret_size)
		*ret_size = used;
	return data;
fail:
	close(fd);
	free(data);
	return NULL;
}
