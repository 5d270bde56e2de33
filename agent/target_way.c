/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target_way.c - see target_way.h. */
#include "agent/target_way.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/target_create.h"

/* The descriptor becomes the way's. */
static int take_file(struct target_way *way, unsigned file, int fd, struct error *err)
{
	if (!io_prove(way->io.path, fd, err))
		way->file[file] = way->io.path->open(way->session, fd, err);
	if (way->file[file])
		return 0;
	close(fd);
	return -1;
}

static int open_files(const struct target *target, struct target_way *way, int directory,
		      struct error *err)
{
	uint64_t size = target->units_per_file * target->unit;
	struct stat status;
	unsigned i;
	int fd;

	for (i = 0; i < target->files; i++) {
		fd = target_open_file(directory, i, way->io.path->open_flags, err);
		if (fd < 0)
			return -1;
		if (fstat(fd, &status) < 0 || (uint64_t)status.st_size != size) {
			error_set(err, ERROR_WORLD, "data file %u has not the size of the claim",
				  i);
			close(fd);
			return -1;
		}
		if (take_file(way, i, fd, err) < 0)
			return -1;
	}
	return 0;
}

/* The ways of both roles, one if they are alike; without files. */
static int begin(struct target *target, const struct target_io io[IO_ROLES], struct error *err)
{
	unsigned role, n = 0, i;

	for (role = 0; role < IO_ROLES; role++) {
		struct target_way *way = &target->ways[n];

		if (n && io[role].path == io[0].path && io[role].depth == io[0].depth) {
			target->role[role] = target->role[0];
			continue;
		}
		assert(io[role].depth && io[role].depth <= IO_DEPTH_MAX);
		target->role[role] = way;
		way->io = io[role];
		n++;
	}
	for (i = 0; i < n; i++) {
		struct target_way *way = &target->ways[i];

		if (!way->io.path->begin)
			continue;
		way->session = way->io.path->begin(way->io.depth, err);
		if (!way->session)
			return error_prefix(err, "path %s", way->io.path->name);
	}
	return 0;
}

int target_ways_open(struct target *target, const struct target_io io[IO_ROLES], int directory,
		     struct error *err)
{
	unsigned i;
	int result = begin(target, io, err);

	for (i = 0; !result && i < IO_ROLES; i++) {
		if (target->ways[i].io.path)
			result = open_files(target, &target->ways[i], directory, err);
	}
	if (!result)
		return 0;
	err->kind = ERROR_WORLD;
	return error_prefix(err, "the target %s", target->path);
}

int target_ways_take(struct target *target, const struct target_io io[IO_ROLES], int device,
		     struct error *err)
{
	struct target_way *ways = target->ways;
	int second;

	assert(io[IO_WRITER].path->open_flags == io[IO_READER].path->open_flags);
	if (begin(target, io, err) < 0) {
		close(device);
		return -1;
	}
	if (ways[1].io.path) {
		/* it is open exclusively: another open(2) would be refused */
		second = fcntl(device, F_DUPFD_CLOEXEC, 0);
		if (second < 0) {
			error_set_errno(err, ERROR_WORLD, "the target %s", target->path);
			close(device);
			return -1;
		}
		if (take_file(&ways[1], 0, second, err) < 0) {
			close(device);
			return -1;
		}
	}
	return take_file(&ways[0], 0, device, err);
}

void target_ways_close(struct target *target)
{
	unsigned i, file;

	for (i = 0; i < IO_ROLES; i++) {
		struct target_way *way = &target->ways[i];

		for (file = 0; file < target->files; file++) {
			if (way->file[file])
				way->io.path->close(way->file[file]);
		}
		if (way->session)
			way->io.path->end(way->session);
	}
}

static const char *words(const struct target *target, enum io_role role, char ret[96])
{
	const struct target_io *io = &target->role[role]->io;
	char depth[32] = "";
	int flags = io->path->open_flags;

	if (io->depth > 1)
		snprintf(depth, sizeof(depth), ", queue depth %u", io->depth);
	snprintf(ret, 96, "%s (%s%s)", io->path->name,
		 flags & O_DIRECT  ? "O_DIRECT"
		 : flags & O_DSYNC ? "O_DSYNC"
				   : "no flags",
		 depth);
	return ret;
}

char *target_words(const struct target *target, char *ret, size_t size)
{
	char writer[96], reader[96];

	snprintf(ret, size, "path in effect: writes %s, reads %s%s",
		 words(target, IO_WRITER, writer), words(target, IO_READER, reader),
		 target->unseen	      ? "; whether a direct read passes the page cache is not known"
		 : target->past_cache ? "; a direct read left nothing in the page cache"
				      : "");
	return ret;
}
