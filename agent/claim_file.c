/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim_file.c - see claim_file.h.
 *
 * A new claim is written beside the old one and renamed over it, so that a target of ours never is
 * without one, whenever we are killed.
 */
#include "agent/claim_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CLAIM_NEW CLAIM_NAME ".new"

int claim_file_read(int directory, struct claim *ret, struct error *err)
{
	uint8_t buf[CLAIM_SIZE + 1];
	struct stat status;
	ssize_t got = -1;
	int fd;

	fd = openat(directory, CLAIM_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, ERROR_USER, "it has no " CLAIM_NAME);
	if (!fstat(fd, &status) && S_ISREG(status.st_mode))
		got = read(fd, buf, sizeof(buf));
	close(fd);
	if (got != CLAIM_SIZE)
		return error_set(err, ERROR_USER, "its " CLAIM_NAME " is not a file of %d bytes",
				 CLAIM_SIZE);
	return claim_decode(buf, ret, err);
}

int claim_file_write(int directory, const struct claim *claim, struct error *err)
{
	uint8_t buf[CLAIM_SIZE];
	int fd = -1, result = -1, saved;

	claim_encode(claim, buf);
	if (unlinkat(directory, CLAIM_NEW, 0) < 0 && errno != ENOENT)
		goto out;
	fd = openat(directory, CLAIM_NEW, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0 || write(fd, buf, sizeof(buf)) != (ssize_t)sizeof(buf) || fsync(fd) < 0 ||
	    renameat(directory, CLAIM_NEW, directory, CLAIM_NAME) < 0 || fsync(directory) < 0)
		goto out;
	result = 0;
out:
	saved = errno;
	if (result < 0)
		error_set_errno(err, ERROR_WORLD, "cannot write its " CLAIM_NAME);
	if (result < 0 && fd >= 0)
		unlinkat(directory, CLAIM_NEW, 0);
	if (fd >= 0)
		close(fd);
	errno = saved;
	return result;
}
