/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_tail.c - target.h: files beside the data files, of which the end is a register.
 *
 * "tail.00" belongs to data file 0, and to its first unit. It is pairs: a hole, then a unit with
 * the tag of the write that ended the file there.
 *
 *      hole tag hole tag hole TAG      the file's size says where the last one is
 *
 * An extension adds a pair. A truncation cuts the file to half its pairs, then adds one: so it is
 * shorter, and holes come to lie where something stood. A read takes the size and looks at the last
 * pair: what the file ends with is the value, and before it there must be zeroes.
 *
 * Why that may be judged: once ftruncate(2) and write(2) have returned, size and content are what
 * they say (POSIX: what is cut off is gone, what a file is extended by reads as zeroes), and a
 * cluster file system says so to all nodes. Both take several calls, so no tail is looked at while
 * the other node writes it: whoever asks has to see to that.
 */
#include "agent/target_beside.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAIRS_MAX 32 /* an extension beyond that begins anew */

void target_tail_name(unsigned file, char ret[16])
{
	snprintf(ret, 16, "tail.%02u", file);
}

static int tail_of(struct target *target, uint64_t unit, struct error *err)
{
	unsigned file = (unsigned)(unit / target->units_per_file);
	int *fd = &target->beside.tail[file];
	char name[16];

	target_tail_name(file, name);
	if (*fd < 0)
		*fd = target_beside_open(
			target, name, O_CREAT | target->role[IO_WRITER]->io.path->open_flags, err);
	return *fd;
}

static int size_of(int fd, uint64_t *ret, struct error *err)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return error_set_errno(err, ERROR_WORLD, "size of a tail");
	*ret = (uint64_t)status.st_size;
	return 0;
}

int target_tail_write(struct target *target, uint64_t unit, bool cut, const void *buf, bool sync,
		      struct error *err)
{
	uint64_t pair = 2ULL * target->unit, size = 0, base;
	int fd = tail_of(target, unit, err);

	if (fd < 0 || size_of(fd, &size, err) < 0)
		return -1;
	base = cut ? size / pair / 2 * pair : size;
	if (base >= PAIRS_MAX * pair)
		base = 0;
	if ((base < size && ftruncate(fd, (off_t)base) < 0) ||
	    ftruncate(fd, (off_t)(base + target->unit)) < 0)
		return error_set_errno(err, ERROR_WORLD, "truncation of a tail");
	if (io_result(pwrite(fd, buf, target->unit, (off_t)(base + target->unit)), target->unit,
		      "extension of a tail", err) < 0)
		return -1;
	if (sync && target->role[IO_WRITER]->io.path->sync == IO_SYNC_FLUSH && fsync(fd) < 0)
		return error_set_errno(err, ERROR_WORLD, "fsync of a tail");
	return 0;
}

/* What is cut off, or was never a hole, shows as what it is; beyond the end is the poison. */
static void judge_pair(const struct target *target, uint64_t unit, const uint8_t *pair,
		       struct value *ret)
{
	unsigned sectors = target->unit / SECTOR_SIZE;
	struct value hole;

	tag_read(&target->space, unit * sectors, sectors, pair, &hole);
	tag_read(&target->space, unit * sectors, sectors, pair + target->unit, ret);
	if (ret->kind == VALUE_TAG && hole.kind != VALUE_ZERO)
		*ret = hole;
}

int target_tail_find(struct target *target, uint64_t unit, void *buf, struct value *ret,
		     struct error *err)
{
	uint64_t pair = 2ULL * target->unit, size = 0;
	int fd = tail_of(target, unit, err);

	if (fd < 0 || size_of(fd, &size, err) < 0)
		return -1;
	if (!size || size % pair) {
		*ret = (struct value){.kind = size ? VALUE_CORRUPT : VALUE_TAG,
				      .write_id = WRITE_ID_INITIAL};
		return 0;
	}
	tag_poison(buf, pair);
	if (pread(fd, buf, pair, (off_t)(size - pair)) < 0)
		return error_set_errno(err, ERROR_WORLD, "read of a tail");
	judge_pair(target, unit, buf, ret);
	return 0;
}
