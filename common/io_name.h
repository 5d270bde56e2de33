/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * io_name.h - the I/O paths by name: the one table that prints and parses them.
 *
 * A plan chooses a path for each role, WRITER/READER; so says the agent's OPEN. What a path does
 * is the agent's (agent/io.h); what it means beside a workload's `sync` stands in docs/agent.md.
 */
#ifndef COMMON_IO_NAME_H
#define COMMON_IO_NAME_H

#include <stdbool.h>

#include "common/error.h"

enum io_kind {
	IO_BUFFERED,	  /* page cache; sync: fsync */
	IO_DSYNC,	  /* page cache, O_DSYNC: each write is stable when it returns */
	IO_NOSYNC,	  /* page cache; sync: nothing */
	IO_DIRECT,	  /* O_DIRECT; sync: fsync */
	IO_DIRECT_NOSYNC, /* O_DIRECT; sync: nothing */
	IO_MMAP,	  /* a shared mapping; sync: msync */
	IO_URING,	  /* io_uring, page cache; sync: a linked fsync */
	IO_URING_DIRECT,  /* the same with O_DIRECT */
	IO_KINDS
};

extern const char *const io_kind_names[IO_KINDS];

/* Past the guest's own page cache? */
bool io_kind_is_direct(enum io_kind kind);

/* Who uses a path: roles go by operation, for writer and reader swap with every handoff. */
enum io_role { IO_WRITER, IO_READER, IO_ROLES };

#define IO_DEPTH_DEFAULT 8 /* of a path that has one */
#define IO_DEPTH_MAX 64

struct io_name {
	enum io_kind kind;
	unsigned depth; /* operations under way at once; 1 for all but io_uring */
};

#define IO_NAMES_MAX 32 /* "uring-direct:64/uring-direct:64" and the terminator */

/* "direct", or "uring:16/buffered" where the roles differ. -1 with *err (ERROR_USER); *ret is
 * undefined then. */
int io_names_parse(const char *text, struct io_name ret[IO_ROLES], struct error *err);

/* The lanes that keep the deeper of the two busy. */
unsigned io_names_lanes(const struct io_name names[IO_ROLES]);

/* The shortest text that means the same. Returns ret. */
char *io_names_format(const struct io_name names[IO_ROLES], char ret[IO_NAMES_MAX]);

#endif
