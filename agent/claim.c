/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim.c - see claim.h for the layout; this file owns its byte order.
 *
 * A new claim is written beside the old one and renamed over it, so that a target of ours never is
 * without one, whenever we are killed.
 */
#include "agent/claim.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/bytes.h"

#define CLAIM_VERSION 1
#define CLAIM_NEW CLAIM_NAME ".new"

static const char magic[] = "stalemate-claim\n";

enum {
	AT_MAGIC = 0,
	AT_VERSION = 16,
	AT_UNIT = 20,
	AT_FILES = 24,
	AT_VOLUME = 28,
	AT_RUN = 32,
	AT_SIZE = 48,
	AT_CHECKSUM = 504,
};

static_assert(sizeof(magic) - 1 == AT_VERSION, "the magic fills its field");
static_assert(AT_CHECKSUM + 8 == CLAIM_SIZE, "the layout fills a claim");

void claim_encode(const struct claim *claim, uint8_t ret[CLAIM_SIZE])
{
	memset(ret, 0, CLAIM_SIZE);
	memcpy(ret + AT_MAGIC, magic, sizeof(magic) - 1);
	put_u32(ret + AT_VERSION, CLAIM_VERSION);
	put_u32(ret + AT_UNIT, claim->unit);
	put_u32(ret + AT_FILES, claim->files);
	put_u32(ret + AT_VOLUME, claim->volume);
	memcpy(ret + AT_RUN, claim->run, sizeof(claim->run));
	put_u64(ret + AT_SIZE, claim->size);
	put_u64(ret + AT_CHECKSUM, XXH3_64bits(ret, AT_CHECKSUM));
}

int claim_decode(const uint8_t buf[CLAIM_SIZE], struct claim *ret, struct error *err)
{
	if (memcmp(buf + AT_MAGIC, magic, sizeof(magic) - 1))
		return error_set(err, ERROR_USER, "its " CLAIM_NAME " is not one of ours");
	if (get_u32(buf + AT_VERSION) != CLAIM_VERSION)
		return error_set(err, ERROR_USER,
				 "its " CLAIM_NAME " has version %u, this agent knows %u",
				 get_u32(buf + AT_VERSION), CLAIM_VERSION);
	if (get_u64(buf + AT_CHECKSUM) != XXH3_64bits(buf, AT_CHECKSUM))
		return error_set(err, ERROR_USER, "its " CLAIM_NAME " is damaged");
	ret->unit = get_u32(buf + AT_UNIT);
	ret->files = get_u32(buf + AT_FILES);
	ret->volume = get_u32(buf + AT_VOLUME);
	memcpy(ret->run, buf + AT_RUN, sizeof(ret->run));
	ret->size = get_u64(buf + AT_SIZE);
	return 0;
}

int claim_read(int directory, struct claim *ret, struct error *err)
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

int claim_write(int directory, const struct claim *claim, struct error *err)
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
