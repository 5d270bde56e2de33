/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fs_voice.h - what a guest's kernel says of its cluster file system, in kinds.
 *
 * A run counts these lines in its facts, the judge takes them for evidence: both go by this table.
 * docs/checks.md, "The file system's own voice", says of each kind what it proves.
 */
#ifndef RUNDIR_FS_VOICE_H
#define RUNDIR_FS_VOICE_H

#include <stdbool.h>

enum fs_kind {
	/* damage: what a sound volume with sound disks and locks never shows */
	FS_LVB_MISMATCH,
	FS_INVALID_METADATA,
	FS_CONSISTENCY_ERROR,
	FS_ASSERTION_FAILED,
	FS_WITHDRAW,
	FS_READ_ONLY,
	FS_FSCK, /* no line: what fsck found afterwards */
	/* what may explain damage without any fault of a cache */
	FS_IO_ERROR,
	FS_DLM_ERROR,
	FS_MEMBER_LOST,
	FS_WITHDRAW_ASKED,
	FS_LINES_LOST, /* no line: the agent's note that some are missing */
	/* what follows from the others, or is no more than worth knowing */
	FS_SYNC_ERROR,
	FS_RECOVERY_SKIPPED,
	FS_RECOVERY_FAILED,
	FS_LOCKUP,
	FS_OTHER_ERROR,
	FS_KINDS
};
extern const char *const fs_kind_names[FS_KINDS]; /* lower-case kebab */

/* Of a volume's name, terminator included; a lock table has 63 bytes at most. */
#define FS_VOLUME_MAX 80

bool fs_kind_is_damage(enum fs_kind kind);

/*
 * The kind of a line of the kernel's log, and of which volume it speaks: a GFS2's lock table
 * ("stalemate:lab"), an OCFS2's device ("vdb"), or "" where the line does not say. False for
 * everything else (of a mount, of another program, of another file system); then ret_volume is "".
 * The line may be any text.
 */
bool fs_voice_hear(const char *line, enum fs_kind *ret, char ret_volume[FS_VOLUME_MAX]);

/*
 * Whether an event of kind note says on which file system a target lies (EVENT_FILE_SYSTEM), and by
 * which name its kernel's lines speak of that, as in fs_voice_hear. "" where the note does not say,
 * or says what no GFS2 in a cluster (CLUSTER:NAME) and no OCFS2 (a device) is called. The text may
 * be any: it comes from a guest.
 */
bool fs_voice_own_name(const char *note, char ret_volume[FS_VOLUME_MAX]);

#endif
