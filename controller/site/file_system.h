/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_system.h - what differs between the cluster file systems that a run makes for guests of
 * ours: how they are made, mounted and checked. Names and node numbers are those of the guests'
 * cluster (agent/image/init).
 */
#ifndef SITE_FILE_SYSTEM_H
#define SITE_FILE_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"
#include "plan/plan.h"

#define FILE_SYSTEM_BLOCK 4096

/* The lock table, CLUSTER:NAME. */
#define FILE_SYSTEM_GFS2_NAME "stalemate:lab"

/* What a line of a check tells. */
enum fsck_word {
	FSCK_PROGRESS,
	FSCK_LEFTOVER,	 /* a sound one may have it, though fsck ends with the status of damage */
	FSCK_LEFT_BLOCK, /* the same, and it is why others may follow */
	FSCK_FOLLOWS,	 /* damage, unless a left block is there */
	FSCK_DAMAGE
};

struct file_system {
	const char *type;	 /* as mount(2) calls it */
	const char *name;	 /* by which its kernel's lines name it; "": its agents note it */
	const char *alone;	 /* mount options while one node alone uses it */
	const char *shared;	 /* when both do */
	const char *init;	 /* parameter of the guests' kernels: their cluster */
	const char *const *mkfs; /* up to -b BYTES, the device, and blocks if not all of it */
	const char *const *mkfs_contended; /* the same, for nodes that are to share its bitmaps */
	const char *const *fsck;	   /* up to the device; writes nothing */
	enum fsck_word (*word)(const char *line, size_t len); /* a line of fsck's output */
};

/* That of a kind of volume; of VOLUME_RAW only `init` is set. */
const struct file_system *file_system_of(enum volume_kind kind);

/* Make one on a host's device, of so many blocks of so many bytes; 0 blocks: all of it. contended:
 * both nodes are to take room from the same places of it, as far as its kind can be made so. */
int file_system_make(const struct file_system *fs, struct host *host, const char *device,
		     uint32_t block, uint64_t blocks, bool contended, struct error *err);

/* Look for damage on one that nobody has mounted, and change nothing: what the program said, to be
 * released with process_result_done. */
int file_system_check(const struct file_system *fs, struct host *host, const char *device,
		      struct process_result *ret, struct error *err);

/*
 * What OCFS2's cluster writes its heartbeat to, in a sparse file of this machine that must not be
 * there yet; both guests have it as a disk with the serial FILE_SYSTEM_HEARTBEAT. It is no part of
 * the volume: were it, a cache mode that hides one node's writes from the other would take the
 * cluster apart before it could damage anything.
 */
#define FILE_SYSTEM_HEARTBEAT "stalemate-beats"
int file_system_make_heartbeat(struct host *host, const char *path, struct error *err);

#endif
