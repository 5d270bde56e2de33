/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mount.c - see mount.h. mount(2) itself, no mount(8): the guest has no such program, and a cluster
 * file system needs no more. The options all file systems share are flags of that call, the rest
 * goes to the file system as text.
 */
#include "agent/mount.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bytes of a file below /sys/block/DISK, NUL behind them; -1 if there is none. */
static ssize_t read_file(int sys_block, const char *disk, const char *file, char *ret, size_t size)
{
	char path[NAME_MAX + 32];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", disk, file);
	fd = openat(sys_block, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	got = read(fd, ret, size - 1);
	close(fd);
	ret[got < 0 ? 0 : got] = 0;
	return got;
}

/*
 * The unit serial number page (SPC, 0x80) of a SCSI disk, or of a SATA disk, for which libata makes
 * one: four bytes, the last of them the text's length, then the text, with blanks around it. A
 * virtio disk has a file of its own for its serial.
 */
static bool serial_is(int sys_block, const char *disk, const char *serial)
{
	char text[256 + 4], *start = text;
	ssize_t got = read_file(sys_block, disk, "serial", text, sizeof(text));

	if (got < 0) {
		got = read_file(sys_block, disk, "device/vpd_pg80", text, sizeof(text));
		if (got < 4 || (unsigned char)text[1] != 0x80)
			return false;
		start = text + 4;
		start += strspn(start, " ");
	}
	start[strcspn(start, "\n")] = 0;
	for (got = (ssize_t)strlen(start); got && start[got - 1] == ' '; got--)
		start[got - 1] = 0;
	return !strcmp(start, serial);
}

bool mount_find_disk(const char *sys_block, const char *serial, char *ret, size_t size)
{
	DIR *dir = opendir(sys_block);
	struct dirent *entry;
	bool found = false;

	while (dir && !found && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !serial_is(dirfd(dir), entry->d_name, serial))
			continue;
		found = snprintf(ret, size, "/dev/%s", entry->d_name) < (int)size;
	}
	if (dir)
		closedir(dir);
	return found;
}

bool mount_disk_opens(const char *device)
{
	int fd = open(device, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int make_folders(const char *directory, struct error *err)
{
	char path[MESSAGE_TEXT_MAX];
	char *at = path;

	if (directory[0] != '/')
		return error_set(err, ERROR_USER, "'%.200s' is not an absolute path", directory);
	snprintf(path, sizeof(path), "%s", directory);
	while (at) {
		at = strchr(at + 1, '/');
		if (at)
			*at = 0;
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return error_set_errno(err, ERROR_WORLD, "cannot create %s", path);
		if (at)
			*at = '/';
	}
	return 0;
}

static bool is_mount_point(const char *directory)
{
	struct statx status;

	return !statx(AT_FDCWD, directory, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &status) &&
	       (status.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* The flags that `options` names; the other options go to rest, which is as large. */
static unsigned long split_options(const char *options, char rest[MESSAGE_TEXT_MAX])
{
	static const struct {
		const char *name;
		unsigned long flag;
	} table[] = {
		{"defaults", 0},
		{"ro", MS_RDONLY},
		{"rw", 0},
		{"noatime", MS_NOATIME},
		{"nosuid", MS_NOSUID},
		{"nodev", MS_NODEV},
		{"noexec", MS_NOEXEC},
		{"sync", MS_SYNCHRONOUS},
		{"dirsync", MS_DIRSYNC},
		{"relatime", MS_RELATIME},
		{"strictatime", MS_STRICTATIME},
		{"nodiratime", MS_NODIRATIME},
	};
	unsigned long flags = 0;
	size_t len, used = 0, i;

	for (; *options; options += len + (options[len] == ',')) {
		len = strcspn(options, ",");
		for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
			if (strlen(table[i].name) == len && !memcmp(table[i].name, options, len))
				break;
		}
		if (i < sizeof(table) / sizeof(table[0])) {
			flags |= table[i].flag;
		} else if (len) {
			if (used)
				rest[used++] = ',';
			memcpy(rest + used, options, len);
			used += len;
		}
	}
	rest[used] = 0;
	return flags;
}

int mount_do(const struct message_mount *m, const char *device, struct error *err)
{
	char rest[MESSAGE_TEXT_MAX];
	unsigned long flags = split_options(m->options, rest);

	if (make_folders(m->directory, err) < 0)
		return -1;
	if (is_mount_point(m->directory))
		return error_set(err, ERROR_WORLD, "something is mounted at %s already",
				 m->directory);
	if (mount(device, m->directory, m->fstype, flags, rest) < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot mount %s at %s as %s (%s)", device,
				       m->directory, m->fstype, m->options);
	return 0;
}

int mount_undo(const char *directory, struct error *err)
{
	if (umount2(directory, UMOUNT_NOFOLLOW) < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot unmount %s", directory);
	return 0;
}
