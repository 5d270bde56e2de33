/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loop.c - see loop.h. Loop devices are found by their backing file in sysfs, so that leftovers of
 * a killed run need no notes of ours to be found. */
#include "site/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "common/clock.h"

#define LOOP_MAJOR 7
#define ATTEMPTS 16
#define DETACH_TRIES 100

/* First line of /sys/block/NAME/loop/FIELD; false when it cannot be read. */
static bool read_sys(const char *name, const char *field, char *ret, size_t size)
{
	char path[PATH_MAX];
	FILE *file;
	bool got;

	snprintf(path, sizeof(path), "/sys/block/%s/loop/%s", name, field);
	file = fopen(path, "re");
	if (!file)
		return false;
	got = fgets(ret, (int)size, file);
	fclose(file);
	if (got)
		ret[strcspn(ret, "\n")] = 0;
	return got;
}

/* /dev/loopN may be missing where nothing populates /dev. */
static void make_node(const char *device, int number)
{
	if (access(device, F_OK) < 0)
		mknod(device, S_IFBLK | 0660, makedev(LOOP_MAJOR, (unsigned)number));
}

int loop_attach(const char *file, char ret[LOOP_NAME_MAX], struct error *err)
{
	struct loop_config config = {.info.lo_flags = LO_FLAGS_DIRECT_IO};
	int control = -1, backing = -1, device = -1, number, i, result = -1;
	char name[LOOP_NAME_MAX], dio[16];

	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	if (control < 0)
		return error_set_errno(err, ERROR_WORLD,
				       "/dev/loop-control (loop devices are needed for the lab)");
	backing = open(file, O_RDWR | O_CLOEXEC);
	if (backing < 0) {
		error_set_errno(err, ERROR_WORLD, "%s", file);
		goto out;
	}
	config.fd = (uint32_t)backing;
	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%.63s", file);
	for (i = 0; i < ATTEMPTS; i++) { /* another process may take the free one first */
		number = ioctl(control, LOOP_CTL_GET_FREE);
		if (number < 0)
			break;
		snprintf(ret, LOOP_NAME_MAX, "/dev/loop%d", number);
		make_node(ret, number);
		device = open(ret, O_RDWR | O_CLOEXEC);
		if (device < 0)
			break;
		if (!ioctl(device, LOOP_CONFIGURE, &config))
			break;
		close(device);
		device = -1;
		if (errno != EBUSY)
			break;
	}
	if (device < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot attach a loop device to %s", file);
		goto out;
	}
	snprintf(name, sizeof(name), "%s", ret + strlen("/dev/"));
	if (!read_sys(name, "dio", dio, sizeof(dio)) || strcmp(dio, "1")) {
		ioctl(device, LOOP_CLR_FD);
		error_set(
			err, ERROR_WORLD,
			"the file system of %s cannot do direct I/O; it must lie on a disk, not on "
			"tmpfs",
			file);
		goto out;
	}
	result = 0;
out:
	if (device >= 0)
		close(device);
	if (backing >= 0)
		close(backing);
	close(control);
	return result;
}

static int detach(const char *name, struct error *err)
{
	char device[LOOP_NAME_MAX + 8], backing[PATH_MAX];
	int fd, tries;

	snprintf(device, sizeof(device), "/dev/%s", name);
	fd = open(device, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return error_set_errno(err, ERROR_WORLD, "%s", device);
	if (fchown(fd, 0, 0) < 0 || fchmod(fd, 0660) < 0 || ioctl(fd, LOOP_CLR_FD) < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot detach %s", device);
		close(fd);
		return -1;
	}
	close(fd); /* the last close detaches it */
	for (tries = 0; tries < DETACH_TRIES; tries++) {
		if (!read_sys(name, "backing_file", backing, sizeof(backing)))
			return 0;
		clock_sleep(10 * NS_PER_MS);
	}
	return error_set(err, ERROR_WORLD, "%s is still in use by another process", device);
}

int loop_detach_all(const char *file, struct error *err)
{
	char backing[PATH_MAX], deleted[PATH_MAX + 16];
	struct dirent *entry;
	int result = 0;
	DIR *dir;

	dir = opendir("/sys/block");
	if (!dir)
		return error_set_errno(err, ERROR_WORLD, "/sys/block");
	snprintf(deleted, sizeof(deleted), "%s (deleted)", file);
	while ((entry = readdir(dir))) {
		if (strncmp(entry->d_name, "loop", 4) ||
		    strlen(entry->d_name) >= LOOP_NAME_MAX - 8 ||
		    !read_sys(entry->d_name, "backing_file", backing, sizeof(backing)) ||
		    (strcmp(backing, file) && strcmp(backing, deleted)))
			continue;
		if (detach(entry->d_name, err) < 0)
			result = -1;
	}
	closedir(dir);
	return result;
}
