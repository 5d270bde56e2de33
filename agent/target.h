/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.h - what is under test: a directory of ours with a claim (common/claim.h) and data files,
 * or a block device that its owner has claimed for us.
 *
 * PATH/data.00, data.01, ... have equal sizes; in order they are ONE address space of units: unit u
 * is in file u / units_per_file. A device is one file, units from its beginning on. The tag's
 * sector number is the sector in that space.
 */
#ifndef AGENT_TARGET_H
#define AGENT_TARGET_H

#include <stdbool.h>
#include <sys/types.h>

#include "agent/io.h"
#include "common/message.h"
#include "common/op.h"
#include "common/tag.h"

#define TARGET_FILES_MAX 256
#define TARGET_OP_MAX (1U << 20) /* bytes of one operation; of what is read of a log at once */
#define TARGET_ALIGN 4096	 /* of buffers */

/* How a target is to be used in one role. */
struct target_io {
	const struct io_path *path;
	unsigned depth; /* operations under way at once, at most; 1 to IO_DEPTH_MAX */
};

/* One way in which its files are open; target_way.c. */
struct target_way {
	struct target_io io;
	void *session;
	void *file[TARGET_FILES_MAX];
	struct io_request *done; /* where the path has only one at a time */
};

/* Descriptors beside the ways, opened at first use; -1: not yet. target_beside.c. */
struct target_beside {
	int lock[TARGET_FILES_MAX]; /* what fcntl locks are taken on */
	int log[TARGET_FILES_MAX];
	int tail[TARGET_FILES_MAX];  /* target_tail.c */
	int names[TARGET_FILES_MAX]; /* directories; target_names.c */
};

/* Read only for everyone but target*.c. */
struct target {
	char path[MESSAGE_TEXT_MAX];
	struct tag_space space;
	uint8_t node;
	bool device;
	uint32_t unit, files;
	uint64_t units, units_per_file;
	struct target_way ways[IO_ROLES]; /* the second one only if the roles differ */
	struct target_way *role[IO_ROLES];
	struct target_beside beside;
	dev_t st_dev; /* which file system it is on; a device, or not known: 0 */
	/* At the opening, of ways that claim to go past the page cache: */
	bool past_cache, unseen; /* a read left nothing in it; that could not be seen */
};

/*
 * Open for each role as `io` says (open->io and open->serial are our caller's to resolve), with
 * open->create make, mark, preallocate and prefill it first, as the writer. A path that is not in
 * effect is ERROR_WORLD: nothing else is ever used in its place. What exists and is not ours is
 * refused with ERROR_USER and left as it is; no space, I/O errors, a claim of another run are
 * ERROR_WORLD. On failure what this call created is removed again.
 */
struct target *target_open(const struct message_open *open, const struct target_io io[IO_ROLES],
			   struct error *err);

/* Close; NULL is fine. Nothing is flushed or removed. */
void target_close(struct target *target);

/* What has been proven of both ways: "path: writes dsync (O_DSYNC), reads buffered". Returns ret.
 */
char *target_words(const struct target *target, char *ret, size_t size);

/*
 * The request that reads or writes `count` units from `unit` on; all of *ret is set but for the
 * answer. sync: a write that is to be stable when it completes, by whatever that takes on its path.
 */
void target_request(const struct target *target, enum io_role role, uint64_t unit, unsigned count,
		    void *buf, bool sync, struct io_request *ret);

/*
 * Begin a request of that role. It stays where it is until target_reap returns it, with its result
 * (as below), and the time at which it completed. At most the role's depth are under way.
 */
void target_submit(struct target *target, enum io_role role, struct io_request *request);

/* Wait until one of those under way is over: they are returned in the order of their completion. */
struct io_request *target_reap(struct target *target, enum io_role role);

/* Both. Nothing else may be under way; but where the path does one after the other, several threads
 * may do this at once. */
void target_do(struct target *target, enum io_role role, struct io_request *request);

/*
 * One operation on `count` units from `unit` on, which must lie within one file (our caller has
 * checked). -1 with *err (ERROR_WORLD): whether it happened is not known.
 */
int target_read(struct target *target, uint64_t unit, unsigned count, void *buf, struct error *err);
int target_write(struct target *target, uint64_t unit, unsigned count, const void *buf,
		 struct error *err);

/* Make the writes to all files stable, on whatever path. */
int target_flush(struct target *target, struct error *err);

/*
 * Take, or give back, the whole file's lock for writing (fcntl(2); a cluster file system makes it
 * one of the cluster). Waits for it as long as it takes. The lock goes with the target's closing.
 */
int target_lock(struct target *target, unsigned file, bool take, struct error *err);

/*
 * The file's log, "log.00": units that were appended one after another; each is of one unit of the
 * file, and of several the last counts. It is opened as the role's path says, with O_APPEND, and
 * written to by write(2) (by mmap and uring, too). sync: as in target_request.
 */
int target_log_append(struct target *target, uint64_t unit, const void *buf, bool sync,
		      struct error *err);

/* What the log has of this unit: the prefill if nothing. What is no whole tag of this run anywhere
 * in the log is the value. buf: TARGET_OP_MAX bytes, which a log must fit. */
int target_log_find(struct target *target, uint64_t unit, void *buf, struct value *ret,
		    struct error *err);

/*
 * The file "tail.00", whose end is a register: extend it by a hole and the unit at buf, after
 * having cut it to about half if so asked. sync: as for a log. The other node must not write it
 * meanwhile.
 */
int target_tail_write(struct target *target, uint64_t unit, bool cut, const void *buf, bool sync,
		      struct error *err);

/* What the file ends with: the prefill if it is empty; what the hole holds if it does not read as
 * zeroes; corrupt if it ends where no write has ended it. buf: two units. The other node must not
 * write it meanwhile. */
int target_tail_find(struct target *target, uint64_t unit, void *buf, struct value *ret,
		     struct error *err);

/* How a name is written: what takes the old entry's place, and how. */
enum name_way {
	NAME_RENAME, /* the old entry by its new name */
	NAME_CREATE, /* a new file; then the old entry is unlinked */
	NAME_LINK,   /* a second entry for the old one's file; then the old entry is unlinked */
};

/*
 * The slot of the unit in the directory "names.00": one entry, whose name is the write. A slot
 * without one is written by creating it, whatever the way; buf: the unit that the created file
 * holds. sync: file and directory are flushed, on every path but those that never do. The other
 * node must not write this slot meanwhile.
 */
int target_name_write(struct target *target, uint64_t unit, uint64_t id, enum name_way way,
		      const void *buf, bool sync, struct error *err);

/*
 * What the slot holds: the prefill if it has no entry; torn if it has several; else what its name
 * says, or, where the file that it names does not hold a whole tag of this unit, what that holds.
 * buf: a unit, poisoned. The other node must not write this slot meanwhile.
 */
int target_name_find(struct target *target, uint64_t unit, void *buf, struct value *ret,
		     struct error *err);

#endif
