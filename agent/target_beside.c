/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_beside.c - target.h: locks on data files, and logs beside them.
 *
 * A log models a file that two nodes append to. Where an entry lands is the file system's to say,
 * so an entry is not known by its place, but by its tag, which names the unit it is of; a unit is
 * written by whoever the workload lets write it. So an entry that is lost, or cut off again, is a
 * unit that shows what it held before: nothing that a judge of registers does not know.
 *
 * Locks are of a descriptor of their own: closing any descriptor of a file gives up all the
 * process's locks on it, and the ways open and close theirs as they like.
 */
#include "agent/target_beside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/target_create.h"

void target_beside_init(struct target *target)
{
	memset(&target->beside, 0xff, sizeof(target->beside));
}

void target_beside_close(struct target *target)
{
	unsigned i;

	for (i = 0; i < TARGET_FILES_MAX; i++) {
		if (target->beside.lock[i] >= 0)
			close(target->beside.lock[i]);
		if (target->beside.log[i] >= 0)
			close(target->beside.log[i]);
		if (target->beside.tail[i] >= 0)
			close(target->beside.tail[i]);
		if (target->beside.names[i] >= 0)
			close(target->beside.names[i]);
	}
}

void target_log_name(unsigned file, char ret[16])
{
	snprintf(ret, 16, "log.%02u", file);
}

int target_beside_open(const struct target *target, const char *name, int flags, struct error *err)
{
	struct stat status;
	int directory, fd = -1;

	directory = open(target->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory >= 0)
		fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags,
			    0600);
	if (fd < 0) {
		error_set_errno(err, ERROR_WORLD, "cannot open the target's %s", name);
	} else if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1) {
		error_set(err, ERROR_WORLD, "the target's %s is no regular file with one name",
			  name);
		close(fd);
		fd = -1;
	}
	if (directory >= 0)
		close(directory);
	return fd;
}

int target_lock(struct target *target, unsigned file, bool take, struct error *err)
{
	struct flock lock = {.l_type = take ? F_WRLCK : F_UNLCK, .l_whence = SEEK_SET};
	int *fd = &target->beside.lock[file];
	char name[16];

	target_file_name(file, name);
	if (*fd < 0)
		*fd = target_beside_open(target, name, 0, err);
	if (*fd < 0)
		return -1;
	if (fcntl(*fd, F_SETLKW, &lock) < 0)
		return error_set_errno(err, ERROR_WORLD, "%s the lock of %s",
				       take ? "cannot take" : "cannot give back", name);
	return 0;
}

static int log_of(struct target *target, uint64_t unit, struct error *err)
{
	unsigned file = (unsigned)(unit / target->units_per_file);
	int *fd = &target->beside.log[file];
	char name[16];

	target_log_name(file, name);
	if (*fd < 0)
		*fd = target_beside_open(
			target, name,
			O_CREAT | O_APPEND | target->role[IO_WRITER]->io.path->open_flags, err);
	return *fd;
}

int target_log_append(struct target *target, uint64_t unit, const void *buf, bool sync,
		      struct error *err)
{
	int fd = log_of(target, unit, err);

	if (fd < 0 || io_result(write(fd, buf, target->unit), target->unit, "append", err) < 0)
		return -1;
	if (sync && target->role[IO_WRITER]->io.path->sync == IO_SYNC_FLUSH && fsync(fd) < 0)
		return error_set_errno(err, ERROR_WORLD, "fsync of a log");
	return 0;
}

/* All of a log; its bytes, or -1. */
static ssize_t read_log(int fd, uint8_t *buf, struct error *err)
{
	size_t used = 0;
	ssize_t got;

	tag_poison(buf, TARGET_OP_MAX);
	do {
		got = pread(fd, buf + used, TARGET_OP_MAX - used, (off_t)used);
		if (got < 0)
			return error_set_errno(err, ERROR_WORLD, "read of a log");
		used += (size_t)got;
	} while (got && used < TARGET_OP_MAX);
	if (used == TARGET_OP_MAX)
		return error_set(err, ERROR_WORLD, "a log is larger than %u bytes", TARGET_OP_MAX);
	return (ssize_t)used;
}

int target_log_find(struct target *target, uint64_t unit, void *buf, struct value *ret,
		    struct error *err)
{
	unsigned sectors = target->unit / SECTOR_SIZE;
	int fd = log_of(target, unit, err);
	ssize_t size = fd < 0 ? -1 : read_log(fd, buf, err);
	struct value value;
	size_t at;

	if (size < 0)
		return -1;
	*ret = (struct value){.kind = VALUE_TAG, .write_id = WRITE_ID_INITIAL};
	for (at = 0; at < (size_t)size; at += target->unit) {
		/* beyond the end is the poison: half an entry is a damaged one */
		tag_read(&target->space, unit * sectors, sectors, (uint8_t *)buf + at, &value);
		if (value.kind == VALUE_MISDIRECTED)
			continue;
		*ret = value;
		if (value.kind != VALUE_TAG)
			break;
	}
	return 0;
}
