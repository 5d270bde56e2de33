/* SPDX-License-Identifier: GPL-2.0-or-later */
/* io_name.c - see io_name.h. */
#include "common/io_name.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/parse.h"

const char *const io_kind_names[IO_KINDS] = {
	[IO_BUFFERED] = "buffered", [IO_DSYNC] = "dsync",
	[IO_NOSYNC] = "nosync",	    [IO_DIRECT] = "direct",
	[IO_MMAP] = "mmap",	    [IO_DIRECT_NOSYNC] = "direct-nosync",
	[IO_URING] = "uring",	    [IO_URING_DIRECT] = "uring-direct"};

static_assert(2 * (sizeof("uring-direct:64") - 1) + 2 <= IO_NAMES_MAX, "two names fit");

bool io_kind_is_direct(enum io_kind kind)
{
	return kind == IO_DIRECT || kind == IO_DIRECT_NOSYNC || kind == IO_URING_DIRECT;
}

static bool has_depth(enum io_kind kind)
{
	return kind == IO_URING || kind == IO_URING_DIRECT;
}

static int parse_depth(const char *text, struct io_name *ret, struct error *err)
{
	uint64_t depth;

	if (!has_depth(ret->kind))
		return error_set(err, ERROR_USER,
				 "path: '%s' takes no queue depth; only uring and uring-direct do",
				 io_kind_names[ret->kind]);
	if (parse_u64(text, IO_DEPTH_MAX, "queue depth", &depth, err) < 0)
		return error_prefix(err, "path: %s", io_kind_names[ret->kind]);
	if (!depth)
		return error_set(err, ERROR_USER, "path: %s: the queue depth must be 1 to %d",
				 io_kind_names[ret->kind], IO_DEPTH_MAX);
	ret->depth = (unsigned)depth;
	return 0;
}

/* The first `len` bytes of the text: "uring:16". */
static int parse_one(const char *text, size_t len, struct io_name *ret, struct error *err)
{
	char name[64], *colon;
	unsigned kind;

	snprintf(name, sizeof(name), "%.*s", (int)(len < 63 ? len : 63), text);
	colon = strchr(name, ':');
	if (colon)
		*colon = 0;
	if (parse_name(name, io_kind_names, IO_KINDS, "path", &kind, err) < 0)
		return -1;
	ret->kind = (enum io_kind)kind;
	ret->depth = has_depth(ret->kind) ? IO_DEPTH_DEFAULT : 1;
	return colon ? parse_depth(colon + 1, ret, err) : 0;
}

int io_names_parse(const char *text, struct io_name ret[IO_ROLES], struct error *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (parse_one(text, len, &ret[IO_WRITER], err) < 0)
		return -1;
	if (slash)
		return parse_one(slash + 1, strlen(slash + 1), &ret[IO_READER], err);
	ret[IO_READER] = ret[IO_WRITER];
	return 0;
}

unsigned io_names_lanes(const struct io_name names[IO_ROLES])
{
	unsigned writer = names[IO_WRITER].depth, reader = names[IO_READER].depth;

	return writer > reader ? writer : reader;
}

static void format_one(const struct io_name *name, char ret[16])
{
	if (has_depth(name->kind) && name->depth != IO_DEPTH_DEFAULT)
		snprintf(ret, 16, "%s:%u", io_kind_names[name->kind], name->depth % 100);
	else
		snprintf(ret, 16, "%s", io_kind_names[name->kind]);
}

char *io_names_format(const struct io_name names[IO_ROLES], char ret[IO_NAMES_MAX])
{
	char writer[16], reader[16];

	format_one(&names[IO_WRITER], writer);
	format_one(&names[IO_READER], reader);
	if (strcmp(writer, reader) != 0)
		snprintf(ret, IO_NAMES_MAX, "%s/%s", writer, reader);
	else
		snprintf(ret, IO_NAMES_MAX, "%s", writer);
	return ret;
}
