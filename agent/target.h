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

#include "agent/io.h"
#include "common/message.h"
#include "common/op.h"
#include "common/tag.h"

#define TARGET_FILES_MAX 256
#define TARGET_OP_MAX (1U << 20) /* bytes of one operation */
#define TARGET_ALIGN 4096	 /* of buffers */

/* Read only for everyone but target.c. */
struct target {
	char path[MESSAGE_TEXT_MAX];
	struct tag_space space;
	uint8_t node;
	uint32_t unit, files;
	uint64_t units, units_per_file;
	const struct io_path *io;
	void *file[TARGET_FILES_MAX];
};

/*
 * Open by `io` (open->io and open->serial are our caller's to resolve), with open->create make,
 * mark, preallocate and prefill it first. What exists and is not ours is refused with ERROR_USER
 * and left as it is; no space, I/O errors, a claim of another run are ERROR_WORLD. On failure what
 * this call created is removed again.
 */
struct target *target_open(const struct message_open *open, const struct io_path *io,
			   struct error *err);

/* Close; NULL is fine. Nothing is flushed or removed. */
void target_close(struct target *target);

/*
 * One operation on `count` units from `unit` on, which must lie within one file (our caller has
 * checked). -1 with *err (ERROR_WORLD): whether it happened is not known.
 */
int target_read(struct target *target, uint64_t unit, unsigned count, void *buf, struct error *err);
int target_write(struct target *target, uint64_t unit, unsigned count, const void *buf,
		 struct error *err);

/* Make the writes to the file that holds `unit` stable; target_flush: to all files. */
int target_flush_unit(struct target *target, uint64_t unit, struct error *err);
int target_flush(struct target *target, struct error *err);

#endif
