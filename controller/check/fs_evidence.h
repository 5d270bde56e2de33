/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fs_evidence.h - the file system's own voice as evidence, beside what was read.
 *
 * GFS2 and OCFS2 look at what they read, and say when it cannot be: that the lock's value and the
 * block disagree, that metadata is none. On a volume whose disks and locks were sound that proves
 * what a stale read proves, that one node was given what the other had long replaced; and it can
 * show where no read of ours does.
 */
#ifndef CHECK_FS_EVIDENCE_H
#define CHECK_FS_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/op.h"
#include "rundir/facts.h"
#include "rundir/fs_voice.h"

enum fs_state {
	FS_SILENT,  /* nothing was heard */
	FS_NOTED,   /* something, but no damage */
	FS_UNCLEAR, /* damage, which may have another cause: it accuses nobody */
	FS_DAMAGED, /* damage that nothing but the tested system explains: the cell is violated */
	FS_STATES
};
extern const char *const fs_state_names[FS_STATES];

/* By fs_said's since_mount. */
extern const char *const fs_since_names[2];

/* All that was heard of one kind. */
struct fs_said {
	uint64_t count; /* 0: nothing, and the rest is zero */
	bool accuses;
	bool node_known; /* not of fsck, which is of the volume */
	uint8_t node;	 /* that said it first */
	bool first_known;
	bool since_mount; /* of the volume on that node; else since its first operation */
	double first_s;	  /* after that; below 0: before it */
	char line[EVENT_TEXT_MAX + 1]; /* the first, untrusted; "" if there is none */
};

#define FS_WHY_MAX 256

struct fs_evidence {
	enum fs_state state;
	char why[FS_WHY_MAX]; /* FS_UNCLEAR: what else may explain it; else "" */
	struct fs_said said[FS_KINDS];
	uint64_t churned; /* operations of metadata that provoked it, and were not judged */
};

/* Whether both say the same. */
bool fs_evidence_same(const struct fs_evidence *a, const struct fs_evidence *b);

struct scan;

/*
 * What the file system said in a cell, by what its histories hold (scan; NULL: there are none) and
 * what its facts say (the volume, its mounts, the fault, fsck). Of a bare history nothing is known
 * of these, so it is never FS_DAMAGED.
 */
void fs_evidence_make(const struct scan *scan, const struct cell_facts *facts,
		      struct fs_evidence *ret);

#endif
