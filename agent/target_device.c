/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_device.c - see target_device.h.
 *
 * Whether a device may be overwritten was asked once, on its host, by `stalemate claim`. Here its
 * answer is looked for, in the last block, and nothing is written without it. The exclusive open is
 * the kernel's own refusal while it is mounted, swapped to, or part of something else.
 *
 * The guest's own block cache would serve stale reads under any cache mode of the host's, and the
 * host would be accused of them: so a device is opened past that cache or not at all.
 */
#include "agent/target_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/io.h"
#include "agent/target_create.h"

/* An exclusively open device and its last block. */
struct device {
	const char *path;
	int fd;
	uint64_t size;
	uint8_t *block; /* CLAIM_BLOCK bytes, aligned */
};

static int open_device(struct device *device, int flags, struct error *err)
{
	struct stat status;

	if (!(flags & O_DIRECT))
		return error_set(err, ERROR_USER,
				 "the device %s can be tested with paths past the page cache "
				 "only (direct, direct-nosync, uring-direct): the guest's own "
				 "block cache is no part of the test",
				 device->path);
	if (stat(device->path, &status) < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot find the device %s", device->path);
	if (!S_ISBLK(status.st_mode))
		return error_set(err, ERROR_USER, "%s is not a block device", device->path);
	device->fd = open(device->path, O_RDWR | O_EXCL | O_CLOEXEC | flags);
	if (device->fd < 0 && errno == EBUSY)
		return error_set(err, ERROR_USER,
				 "the device %s is in use: mounted, swapped to, or part of "
				 "another volume",
				 device->path);
	if (device->fd < 0 || fstat(device->fd, &status) < 0 ||
	    ioctl(device->fd, BLKGETSIZE64, &device->size) < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot open the device %s", device->path);
	if (!S_ISBLK(status.st_mode) || device->size < 2 * CLAIM_BLOCK)
		return error_set(err, ERROR_USER, "the device %s is too small", device->path);
	return 0;
}

static int read_claim(const struct device *device, struct claim *ret, struct error *err)
{
	uint64_t at = claim_place(device->size);
	ssize_t got = pread(device->fd, device->block, CLAIM_BLOCK, (off_t)at);

	if (io_result(got, CLAIM_BLOCK, "read", err) < 0)
		return error_prefix(err, "cannot read the claim of the device %s", device->path);
	if (claim_decode_device(device->block, device->size, ret, err) < 0)
		return error_prefix(err,
				    "the device %s is not ours (claim it on its host: `stalemate "
				    "claim`)",
				    device->path);
	return 0;
}

static int write_claim(const struct device *device, const struct message_open *open,
		       struct error *err)
{
	struct claim claim = target_claim(open);
	ssize_t done;

	claim.device = device->size;
	memset(device->block, 0, CLAIM_BLOCK);
	claim_encode(&claim, device->block);
	done = pwrite(device->fd, device->block, CLAIM_BLOCK, (off_t)claim_place(device->size));
	if (io_result(done, CLAIM_BLOCK, "write", err) < 0 ||
	    io_result(fsync(device->fd), 0, "fsync", err) < 0)
		return error_prefix(err, "cannot claim the device %s", device->path);
	return 0;
}

/* May this OPEN use the device? Then, with `create`, it is claimed for it. */
static int claim_it(const struct device *device, const struct message_open *open, struct error *err)
{
	uint64_t room = claim_place(device->size);
	struct claim claim;

	if (read_claim(device, &claim, err) < 0) {
		if (!open->create)
			err->kind = ERROR_WORLD;
		return -1;
	}
	if (open->size > room)
		return error_set(err, ERROR_USER,
				 "the device %s has room for %llu bytes, the target has %llu; "
				 "choose a smaller size or a larger device",
				 device->path, (unsigned long long)room,
				 (unsigned long long)open->size);
	if (!open->create)
		return target_check_claim(device->path, &claim, open, err);
	return write_claim(device, open, err);
}

int target_device_open(const char *path, const struct message_open *open, int flags,
		       struct error *err)
{
	struct device device = {.path = path, .fd = -1};
	void *block = NULL;
	int result = -1;

	if (posix_memalign(&block, CLAIM_BLOCK, CLAIM_BLOCK)) {
		error_set(err, ERROR_WORLD, "no memory for a claim");
		return -1;
	}
	device.block = block;
	if (!open_device(&device, flags, err) && !claim_it(&device, open, err)) {
		result = device.fd;
		device.fd = -1;
	}
	if (device.fd >= 0)
		close(device.fd);
	free(block);
	return result;
}
