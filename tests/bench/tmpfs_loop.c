/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpfs_loop.c - see tmpfs_loop.h.
 *
 *   BASE/tmpfs          a tmpfs of our own
 *   BASE/tmpfs/volume   what the loop device stands on: by this it is found again, not by its name
 *   BASE/mnt            the ext4
 *
 * All of it is mounted in a namespace of this process alone. Else a guest that libvirt starts
 * meanwhile would take a copy of the mounts into its own and keep the device busy; and so it goes
 * with this process, however that ends.
 *
 * Taking it down looks at what is there, and not at how far the making came: a signal may have
 * ended a command after it had done its work.
 */
#include "tests/bench/tmpfs_loop.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/interrupt.h"
#include "host/process.h"
#include "site/loop.h"

#define COMMAND_NS (60 * NS_PER_S)
#define BUSY_TRIES 100
#define BUSY_NS (100 * NS_PER_MS)
#define PATH_SIZE 4096

struct paths {
	char tmpfs[PATH_SIZE], volume[PATH_SIZE], mnt[PATH_SIZE];
};

static void name(const char *base, struct paths *ret)
{
	snprintf(ret->tmpfs, PATH_SIZE, "%s/tmpfs", base);
	snprintf(ret->volume, PATH_SIZE, "%s/tmpfs/volume", base);
	snprintf(ret->mnt, PATH_SIZE, "%s/mnt", base);
}

int tmpfs_loop_up(const char *base, struct error *err)
{
	struct paths at = {0};
	const char *const make[] = {"truncate", "-s", "1G", at.volume, NULL};
	const char *const format[] = {"mkfs.ext4", "-q", "-F", at.volume, NULL};
	const char *const attach_and_mount[] = {"mount", "-t",	    "ext4", "-o",
						"loop",	 at.volume, at.mnt, NULL};

	name(base, &at);
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_set_errno(err, ERROR_WORLD, "no namespace for mounts (it takes root)");
	if (mkdir(at.tmpfs, 0700) < 0 || mkdir(at.mnt, 0700) < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot make folders in %s", base);
	if (mount("tmpfs", at.tmpfs, "tmpfs", 0, "size=1100m") < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot mount a tmpfs");
	if (process_run_ok(make, COMMAND_NS, err) < 0 ||
	    process_run_ok(format, COMMAND_NS, err) < 0 ||
	    process_run_ok(attach_and_mount, COMMAND_NS, err) < 0)
		return -1;
	return 0;
}

/* Until nothing is mounted there; who has just ended may hold it for a moment. */
static int unmount(const char *path, struct error *err)
{
	unsigned i;

	for (i = 0; umount2(path, UMOUNT_NOFOLLOW) < 0; i++) {
		if (errno == EINVAL || errno == ENOENT || errno == EPERM)
			return 0; /* nothing is, or we never could */
		if (errno != EBUSY || i == BUSY_TRIES)
			return error_set_errno(err, ERROR_WORLD, "cannot unmount %s", path);
		clock_sleep(BUSY_NS);
	}
	return 0;
}

/* A device whose file system is gone is still in use for a moment. */
static int detach(const char *volume, struct error *err)
{
	unsigned i;

	for (i = 0; access(volume, F_OK) == 0 && loop_detach_all(volume, err) < 0; i++) {
		if (i == BUSY_TRIES)
			return -1;
		clock_sleep(BUSY_NS);
	}
	return 0;
}

int tmpfs_loop_down(const char *base, struct error *err)
{
	bool held = interrupt_hold(true);
	struct paths at = {0};
	int result = -1;

	name(base, &at);
	if (!unmount(at.mnt, err) && !detach(at.volume, err) && !unmount(at.tmpfs, err))
		result = 0;
	interrupt_hold(held);
	return result;
}
