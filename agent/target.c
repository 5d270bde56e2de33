/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.c - see target.h.
 *
 * The prefill writes every unit once, whole, with the tag of sequence 0: so "initial" is a value
 * like any other, and a unit that reads as zeros or as something else is a finding. It goes down
 * the writer's path, and is flushed whatever the path.
 *
 * A device is one file to us: the address space of units is the same in one piece.
 */
#include "agent/target.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "agent/claim_file.h"
#include "agent/target_create.h"
#include "agent/target_device.h"
#include "agent/target_beside.h"
#include "agent/target_way.h"
#include "common/clock.h"

static int check_geometry(const struct message_open *open, struct error *err)
{
	if (open->node >= NODES)
		return error_set(err, ERROR_USER, "node %u does not exist", open->node);
	if (open->unit < UNIT_MIN || open->unit > UNIT_MAX || (open->unit & (open->unit - 1)))
		return error_set(err, ERROR_USER,
				 "unit %u: must be a power of two from %u to %u bytes", open->unit,
				 UNIT_MIN, UNIT_MAX);
	if (!open->files || open->files > TARGET_FILES_MAX)
		return error_set(err, ERROR_USER, "%u data files: must be 1 to %u", open->files,
				 TARGET_FILES_MAX);
	if (!open->size || open->size > INT64_MAX ||
	    open->size % ((uint64_t)open->files * open->unit))
		return error_set(err, ERROR_USER,
				 "size %llu: must be a multiple of %u files of %u-byte units",
				 (unsigned long long)open->size, open->files, open->unit);
	return 0;
}

/* An absolute path without slashes at its end: those would make open(2) follow a symbolic link. */
static int check_path(const char *path, char ret[MESSAGE_TEXT_MAX], struct error *err)
{
	size_t len = strlen(path);

	if (path[0] != '/')
		return error_set(err, ERROR_USER, "the target '%.200s' is not an absolute path",
				 path);
	while (len && path[len - 1] == '/')
		len--;
	if (!len)
		return error_set(err, ERROR_USER, "the root directory cannot be a target");
	memcpy(ret, path, len);
	ret[len] = 0;
	return 0;
}

/* Without `create` all must be there already, as this run's other node has made it. */
static int find(const struct target *target, const struct message_open *open,
		struct target_created *made, struct error *err)
{
	struct claim claim;

	memset(made, 0, sizeof(*made));
	made->fd = openat(AT_FDCWD, target->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (made->fd < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot open the target %s", target->path);
	if (claim_file_read(made->fd, &claim, err) < 0) {
		err->kind = ERROR_WORLD;
		return error_prefix(err, "the target %s is not ours", target->path);
	}
	return target_check_claim(target->path, &claim, open, err);
}

static int open_device(struct target *target, const struct target_io io[IO_ROLES],
		       const struct message_open *open, struct error *err)
{
	int flags = io[IO_WRITER].path->open_flags & io[IO_READER].path->open_flags, fd;

	fd = target_device_open(target->path, open, flags, err);
	return fd < 0 ? -1 : target_ways_take(target, io, fd, err);
}

static int prefill(struct target *target, struct error *err)
{
	unsigned batch = TARGET_OP_MAX / target->unit, sectors = target->unit / SECTOR_SIZE, n, i;
	struct tag tag = {.write_id = WRITE_ID_INITIAL, .sectors = (uint16_t)sectors};
	uint64_t unit = 0, left;
	void *buf = NULL;
	int result = -1;

	if (posix_memalign(&buf, TARGET_ALIGN, TARGET_OP_MAX))
		return error_set(err, ERROR_WORLD, "no memory to prefill the target");
	tag.invoke = clock_ns();
	while (unit < target->units) {
		left = target->units_per_file - unit % target->units_per_file;
		n = left < batch ? (unsigned)left : batch;
		for (i = 0; i < n; i++) {
			tag.sector = (unit + i) * sectors;
			tag_stamp(&target->space, &tag, (uint8_t *)buf + (size_t)i * target->unit);
		}
		if (target_write(target, unit, n, buf, err) < 0)
			goto out;
		unit += n;
	}
	result = target_flush(target, err);
out:
	free(buf);
	if (!result)
		return 0;
	error_prefix(err, "cannot prefill the target %s", target->path);
	return target_blame(target, target->role[IO_WRITER], err);
}

/* The names are stable too: of the files in the directory, and its own in its parent. */
static int sync_names(const struct target *target, const struct target_created *made,
		      struct error *err)
{
	int parent = openat(made->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result;

	result = fsync(made->fd);
	if (!result && parent >= 0)
		result = fsync(parent);
	if (parent >= 0)
		close(parent);
	if (result < 0)
		return error_set_errno(err, ERROR_WORLD, "cannot sync the target %s", target->path);
	return 0;
}

/* Open what is there or, with `create`, make it; *made says what to undo. */
static int open_target(struct target *target, const struct target_io io[IO_ROLES],
		       const struct message_open *open, struct target_created *made,
		       struct error *err)
{
	struct stat status;

	if (open->device)
		return open_device(target, io, open, err);
	if (!open->create && find(target, open, made, err) < 0)
		return -1;
	if (open->create && target_create(target->path, open, made, err) < 0)
		return -1;
	if (!fstat(made->fd, &status))
		target->st_dev = status.st_dev;
	return target_ways_open(target, io, made->fd, err);
}

struct target *target_open(const struct message_open *open, const struct target_io io[IO_ROLES],
			   struct error *err)
{
	struct error local = {0};
	struct target_created made = {.fd = -1};
	struct target *target = calloc(1, sizeof(*target));

	if (!target) {
		error_set(&local, ERROR_WORLD, "no memory for the target");
		goto fail;
	}
	target_beside_init(target);
	if (check_geometry(open, &local) < 0 || check_path(open->path, target->path, &local) < 0)
		goto fail;
	memcpy(target->space.run, open->run, sizeof(open->run));
	target->space.volume = open->volume;
	target->node = open->node;
	target->device = open->device;
	target->unit = open->unit;
	target->files = open->device ? 1 : open->files;
	target->units = open->size / open->unit;
	target->units_per_file = target->units / target->files;
	assert(target->units_per_file); /* check_geometry has seen to it */
	if (open_target(target, io, open, &made, &local) < 0)
		goto fail;
	if (open->create && prefill(target, &local) < 0)
		goto fail;
	if (target_probe(target, &local) < 0)
		goto fail;
	if (open->create && !open->device && sync_names(target, &made, &local) < 0)
		goto fail;
	if (made.fd >= 0)
		close(made.fd);
	return target;
fail:
	if (target)
		target_undo(target->path, open->size, &made, &local);
	if (made.fd >= 0)
		close(made.fd);
	target_close(target);
	error_set(err, local.kind, "%s", local.text);
	return NULL;
}

void target_close(struct target *target)
{
	if (target) {
		target_ways_close(target);
		target_beside_close(target);
	}
	free(target);
}

static void *file_of(const struct target_way *way, const struct target *target, uint64_t unit)
{
	return way->file[unit / target->units_per_file];
}

/* Where in its file a unit stands. */
static uint64_t place_of(const struct target *target, uint64_t unit)
{
	return unit % target->units_per_file * target->unit;
}

void target_request(const struct target *target, enum io_role role, uint64_t unit, unsigned count,
		    void *buf, bool sync, struct io_request *ret)
{
	const struct target_way *way = target->role[role];

	ret->file = file_of(way, target, unit);
	ret->buf = buf;
	ret->size = (size_t)count * target->unit;
	ret->at = place_of(target, unit);
	ret->write = role == IO_WRITER;
	ret->flush = sync && way->io.path->sync == IO_SYNC_FLUSH;
}

static void do_one(const struct io_path *io, struct io_request *r)
{
	if (r->write)
		r->result = io->write(r->file, r->buf, r->size, r->at, &r->err);
	else
		r->result = io->read(r->file, r->buf, r->size, r->at, &r->err);
	if (!r->result && r->flush)
		r->result = io->flush(r->file, &r->err);
	r->complete = clock_ns();
}

void target_submit(struct target *target, enum io_role role, struct io_request *request)
{
	struct target_way *way = target->role[role];

	if (way->io.path->submit) {
		way->io.path->submit(way->session, request);
		return;
	}
	assert(!way->done);
	do_one(way->io.path, request);
	way->done = request;
}

struct io_request *target_reap(struct target *target, enum io_role role)
{
	struct target_way *way = target->role[role];
	struct io_request *ret = way->done;

	if (way->io.path->reap)
		return way->io.path->reap(way->session);
	assert(ret);
	way->done = NULL;
	return ret;
}

void target_do(struct target *target, enum io_role role, struct io_request *request)
{
	const struct target_way *way = target->role[role];

	if (!way->io.path->submit) {
		do_one(way->io.path, request); /* several threads may be here */
		return;
	}
	way->io.path->submit(way->session, request);
	way->io.path->reap(way->session);
}

int target_read(struct target *target, uint64_t unit, unsigned count, void *buf, struct error *err)
{
	const struct target_way *way = target->role[IO_READER];

	return way->io.path->read(file_of(way, target, unit), buf, (size_t)count * target->unit,
				  place_of(target, unit), err);
}

int target_write(struct target *target, uint64_t unit, unsigned count, const void *buf,
		 struct error *err)
{
	const struct target_way *way = target->role[IO_WRITER];

	return way->io.path->write(file_of(way, target, unit), buf, (size_t)count * target->unit,
				   place_of(target, unit), err);
}

int target_flush(struct target *target, struct error *err)
{
	const struct target_way *way = target->role[IO_WRITER];
	unsigned i;

	for (i = 0; i < target->files; i++) {
		if (way->io.path->flush(way->file[i], err) < 0)
			return -1;
	}
	return 0;
}
