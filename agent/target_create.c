/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_create.c - make a target without ever touching what is not ours.
 *
 * First everything that exists is looked at: the directory (no symbolic link), its claim, its data
 * files (regular, one name each). Only then the first byte changes: the claim of this run, then
 * the files. Data files are reused in place; surplus ones of an earlier, larger set, logs,
 * tails and directories of names are removed.
 */
#include "agent/target_create.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/claim_file.h"
#include "agent/target_beside.h"

void target_file_name(unsigned file, char ret[16])
{
	snprintf(ret, 16, "data.%02u", file);
}

int target_open_file(int directory, unsigned file, int flags, struct error *err)
{
	struct stat status;
	char name[16];
	int fd;

	target_file_name(file, name);
	fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, 0600);
	if (fd < 0 && errno == EINVAL && flags & O_DIRECT)
		return error_set(err, ERROR_WORLD, "its file system does not do O_DIRECT");
	if (fd < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot open its %s", name);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_nlink != 1) {
		close(fd);
		errno = EINVAL;
		return error_set(err, ERROR_USER, "its %s is not a regular file with one name",
				 name);
	}
	return fd;
}

struct claim target_claim(const struct message_open *open)
{
	struct claim claim = {.volume = open->volume,
			      .unit = open->unit,
			      .files = open->files,
			      .size = open->size};

	memcpy(claim.run, open->run, sizeof(claim.run));
	return claim;
}

int target_check_claim(const char *path, const struct claim *claim, const struct message_open *open,
		       struct error *err)
{
	if (memcmp(claim->run, open->run, sizeof(claim->run)))
		return error_set(err, ERROR_WORLD, "the target %s was claimed by another run",
				 path);
	if (claim->volume != open->volume || claim->unit != open->unit ||
	    claim->size != open->size || claim->files != open->files)
		return error_set(err, ERROR_WORLD,
				 "the target %s was claimed as volume %u, %llu bytes in %u files "
				 "of %u-byte units, not as volume %u, %llu in %u of %u",
				 path, claim->volume, (unsigned long long)claim->size, claim->files,
				 claim->unit, open->volume, (unsigned long long)open->size,
				 open->files, open->unit);
	return 0;
}

static int refuse(struct error *err, const char *path, const char *why)
{
	return error_set(err, ERROR_USER,
			 "%s exists and is not ours: %s; choose another target or remove it "
			 "yourself",
			 path, why);
}

/* Is all that exists in the directory ours? */
static int look(int directory, const char *path, struct error *err)
{
	struct error why = {0};
	struct claim claim;
	unsigned i;
	int fd;

	if (claim_file_read(directory, &claim, &why) < 0)
		return refuse(err, path, why.text);
	for (i = 0; i < TARGET_FILES_MAX; i++) {
		fd = target_open_file(directory, i, 0, &why);
		if (fd >= 0)
			close(fd);
		else if (errno != ENOENT)
			return refuse(err, path, why.text);
	}
	return 0;
}

static int open_directory(const char *path, struct target_created *made, struct error *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

	made->fd = open(path, flags);
	if (made->fd >= 0)
		return look(made->fd, path, err);
	if (errno == ENOTDIR || errno == ELOOP)
		return refuse(err, path, "it is not a directory");
	if (errno != ENOENT || mkdir(path, 0700) < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot create the target %s", path);
	made->directory = true;
	made->fd = open(path, flags);
	if (made->fd < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot open the target %s", path);
	return 0;
}

static int make_file(unsigned file, uint64_t size, struct target_created *made, struct error *err)
{
	int fd = target_open_file(made->fd, file, 0, err), result;

	if (fd < 0 && errno == ENOENT) {
		fd = target_open_file(made->fd, file, O_CREAT | O_EXCL, err);
		made->file[file] = fd >= 0;
	}
	if (fd < 0) {
		made->no_space = errno == ENOSPC;
		return -1;
	}
	result = ftruncate(fd, (off_t)size);
	if (!result)
		result = fallocate(fd, 0, 0, (off_t)size);
	/* where that does not exist, the prefill will find out */
	if (result < 0 && errno == EOPNOTSUPP)
		result = 0;
	if (result < 0) {
		made->no_space = errno == ENOSPC;
		error_set_errno(err, ERROR_WORLD, "cannot preallocate data file %u", file);
	}
	close(fd);
	return result;
}

static int remove_old(int directory, const char *name, struct error *err)
{
	if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
		return error_set_errno(err, ERROR_WORLD, "cannot remove its old %s", name);
	return 0;
}

/* Data files beyond the new number, logs, tails, and directories of names. */
static int remove_surplus(int directory, unsigned files, struct error *err)
{
	char name[16];
	unsigned i;

	for (i = 0; i < TARGET_FILES_MAX; i++) {
		target_file_name(i, name);
		if (i >= files && remove_old(directory, name, err) < 0)
			return -1;
		target_log_name(i, name);
		if (remove_old(directory, name, err) < 0)
			return -1;
		target_tail_name(i, name);
		if (remove_old(directory, name, err) < 0 ||
		    target_names_remove(directory, i, err) < 0)
			return -1;
	}
	return 0;
}

int target_create(const char *path, const struct message_open *open, struct target_created *made,
		  struct error *err)
{
	struct claim claim = target_claim(open);
	unsigned i;

	memset(made, 0, sizeof(*made));
	if (open_directory(path, made, err) < 0)
		return -1;
	if (claim_file_write(made->fd, &claim, err) < 0) {
		made->no_space = errno == ENOSPC;
		return -1;
	}
	if (remove_surplus(made->fd, open->files, err) < 0)
		return -1;
	for (i = 0; i < open->files; i++) {
		if (make_file(i, open->size / open->files, made, err) < 0)
			return -1;
	}
	return 0;
}

void target_undo(const char *path, uint64_t size, const struct target_created *made,
		 struct error *err)
{
	struct statvfs space;
	char name[16];
	unsigned i;

	for (i = 0; i < TARGET_FILES_MAX; i++) {
		target_file_name(i, name);
		if (made->file[i])
			unlinkat(made->fd, name, 0);
	}
	if (made->directory) {
		if (made->fd >= 0)
			unlinkat(made->fd, CLAIM_NAME, 0);
		rmdir(path);
	}
	if (made->no_space && !fstatvfs(made->fd, &space))
		error_set(err, ERROR_WORLD,
			  "not enough space for the target %s: it needs %llu bytes, its volume has "
			  "%llu free; choose a smaller size or a larger volume",
			  path, (unsigned long long)size,
			  (unsigned long long)space.f_bavail * space.f_frsize);
}
