/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_probe.c - see target_way.h.
 *
 * A file system may take O_DIRECT when a file is opened and then read through the page cache all
 * the same. mincore(2) of a mapping tells: a page that was not there before the read must not be
 * there after it. Where it was there before (somebody maps it, or the file system keeps nothing but
 * its page cache, like tmpfs) nothing is shown either way.
 */
#include "agent/target_way.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/target_create.h"

int target_blame(const struct target *target, const struct target_way *way, struct error *err)
{
	if (errno == EINVAL && way->io.path->open_flags & O_DIRECT)
		error_set(err, ERROR_WORLD,
			  "the file system of %s does not do O_DIRECT for units of %u bytes",
			  target->path, target->unit);
	return -1;
}

/* What a descriptor of our own shows, and reads nothing, of the file with the target's last unit.
 */
struct window {
	int fd;
	void *page; /* the one that holds the unit's first byte */
	size_t size;
};

static void window_close(struct window *window)
{
	if (window->page)
		munmap(window->page, window->size);
	if (window->fd >= 0)
		close(window->fd);
}

/* false: there is nothing to be seen. */
static bool window_open(const struct target *target, int directory, struct window *ret)
{
	uint64_t at = (target->units_per_file - 1) * target->unit;

	*ret = (struct window){.fd = -1, .size = (size_t)sysconf(_SC_PAGESIZE)};
	if (directory < 0)
		return false;
	ret->fd = target_open_file(directory, target->files - 1, 0, NULL);
	if (ret->fd < 0)
		return false;
	posix_fadvise(ret->fd, 0, 0, POSIX_FADV_DONTNEED);
	ret->page = mmap(NULL, ret->size, PROT_NONE, MAP_SHARED, ret->fd,
			 (off_t)(at / ret->size * ret->size));
	if (ret->page != MAP_FAILED)
		return true;
	ret->page = NULL;
	return false;
}

static bool is_cached(const struct window *window)
{
	unsigned char there = 1;

	return mincore(window->page, window->size, &there) < 0 || there & 1;
}

/* One unit alone, not at the beginning: the prefill's large writes may pass where that does not. */
static int probe_way(struct target *target, const struct target_way *way, int directory,
		     struct error *err)
{
	uint8_t buf[UNIT_MAX] __attribute__((aligned(TARGET_ALIGN)));
	uint64_t at = (target->units_per_file - 1) * target->unit;
	struct window window;
	bool can_tell, cached = false;
	int result;

	can_tell = window_open(target, directory, &window) && !is_cached(&window);
	result = way->io.path->read(way->file[target->files - 1], buf, target->unit, at, err);
	if (result < 0) {
		error_prefix(err, "the target %s", target->path);
		target_blame(target, way, err);
	} else if (can_tell) {
		cached = is_cached(&window);
	}
	window_close(&window);
	if (cached)
		return error_set(err, ERROR_WORLD,
				 "path %s is not in effect: the file system of %s takes O_DIRECT "
				 "and reads through its page cache all the same",
				 way->io.path->name, target->path);
	target->past_cache |= can_tell;
	target->unseen |= !can_tell;
	return result;
}

int target_probe(struct target *target, struct error *err)
{
	int directory = open(target->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int result = 0;
	unsigned i;

	for (i = 0; !result && i < IO_ROLES; i++) {
		const struct target_way *way = &target->ways[i];

		if (way->io.path && way->io.path->open_flags & O_DIRECT)
			result = probe_way(target, way, directory, err);
	}
	if (directory >= 0)
		close(directory);
	return result;
}
