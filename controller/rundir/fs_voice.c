/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fs_voice.c - see fs_voice.h.
 *
 * Words of Linux 6.1: fs/gfs2 (util.c, rgrp.c, recovery.c, glops.c, log.c, sys.c), fs/ocfs2
 * (super.c), fs/dlm, block/, fs/buffer.c, and of the watchdogs. A line counts by who speaks, which
 * is how it begins, and by how it goes on from there: so that a program that writes of a withdraw,
 * or a file that is named so, is not the file system.
 */
#include "rundir/fs_voice.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "common/op.h"

const char *const fs_kind_names[FS_KINDS] = {
	[FS_LVB_MISMATCH] = "lvb-mismatch",
	[FS_INVALID_METADATA] = "invalid-metadata",
	[FS_CONSISTENCY_ERROR] = "consistency-error",
	[FS_ASSERTION_FAILED] = "assertion-failed",
	[FS_WITHDRAW] = "withdraw",
	[FS_READ_ONLY] = "read-only",
	[FS_FSCK] = "fsck",
	[FS_IO_ERROR] = "io-error",
	[FS_DLM_ERROR] = "dlm-error",
	[FS_MEMBER_LOST] = "member-lost",
	[FS_WITHDRAW_ASKED] = "withdraw-asked",
	[FS_LINES_LOST] = "lines-lost",
	[FS_SYNC_ERROR] = "sync-error",
	[FS_RECOVERY_SKIPPED] = "recovery-skipped",
	[FS_RECOVERY_FAILED] = "recovery-failed",
	[FS_LOCKUP] = "lockup",
	[FS_OTHER_ERROR] = "other-error",
};

/* begins: how the speaker's words begin ("": any way); holds: what is found behind ("": nothing is
 * asked). The first that fits. */
struct words {
	const char *begins, *holds;
	enum fs_kind kind;
};

static const struct words gfs2[] = {
	{"rgd: ", " lvb flag mismatch ", FS_LVB_MISMATCH},
	{"rgd: ", " lvb free mismatch ", FS_LVB_MISMATCH},
	{"rgd: ", " lvb dinode mismatch ", FS_LVB_MISMATCH},
	{"rgd: ", " lvb igen mismatch ", FS_LVB_MISMATCH},
	{"fatal: invalid metadata block", "", FS_INVALID_METADATA},
	{"fatal: filesystem consistency error", "", FS_CONSISTENCY_ERROR},
	{"rgrp ", " has an error, marking it readonly", FS_CONSISTENCY_ERROR},
	{"fatal: assertion ", "", FS_ASSERTION_FAILED},
	{"fatal: I/O error", "", FS_IO_ERROR},
	{"Error ", " writing to journal", FS_IO_ERROR},
	{"Error ", " syncing glock", FS_SYNC_ERROR},
	{"about to withdraw this file system", "", FS_WITHDRAW},
	{"withdrawing from cluster at user's request", "", FS_WITHDRAW_ASKED},
	{"Journal recovery skipped for ", "", FS_RECOVERY_SKIPPED},
	{"jid=", ": Failed", FS_RECOVERY_FAILED},
	{"fatal:", "", FS_OTHER_ERROR},
	{"", "rror", FS_OTHER_ERROR},
	{"", "ailed", FS_OTHER_ERROR},
	{"", "inconsisten", FS_OTHER_ERROR},
	{NULL, NULL, FS_KINDS},
};

/* What is said without the file system's or device's name. */
static const struct words others[] = {
	{"OCFS2: File system is now read-only", "", FS_READ_ONLY},
	{"On-disk corruption discovered. Please run fsck.ocfs2", "", FS_CONSISTENCY_ERROR},
	{"dlm: closing connection to node ", "", FS_MEMBER_LOST},
	{"o2net: No longer connected to node ", "", FS_MEMBER_LOST},
	{"dlm: ", " error ", FS_DLM_ERROR},
	{"dlm: ", " failed", FS_DLM_ERROR},
	{"I/O error, dev ", "", FS_IO_ERROR},
	{"blk_update_request: I/O error", "", FS_IO_ERROR},
	{"critical target error, dev ", "", FS_IO_ERROR},
	{"critical medium error, dev ", "", FS_IO_ERROR},
	{"Buffer I/O error on dev ", "", FS_IO_ERROR},
	{"INFO: task ", " blocked for more than ", FS_LOCKUP},
	{"watchdog: BUG: soft lockup ", "", FS_LOCKUP},
	{"rcu: INFO: ", " detected ", FS_LOCKUP},
	{"(", ":ocfs2_", FS_OTHER_ERROR},
	{"(", ":o2net_", FS_OTHER_ERROR},
	{"(", ":o2hb_", FS_OTHER_ERROR},
	{NULL, NULL, FS_KINDS},
};

bool fs_kind_is_damage(enum fs_kind kind)
{
	return kind <= FS_FSCK;
}

static bool skip(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncasecmp(*at, word, len) != 0)
		return false;
	*at += len;
	return true;
}

static bool find(const struct words *words, const char *line, enum fs_kind *ret)
{
	for (; words->begins; words++) {
		size_t len = strlen(words->begins);

		if (strncmp(line, words->begins, len) != 0 || !strstr(line + len, words->holds))
			continue;
		*ret = words->kind;
		return true;
	}
	return false;
}

/* "stalemate:lab.0" once the file system has a journal: the number goes. */
static void drop_journal(char *volume)
{
	char *dot = strrchr(volume, '.'), *at = dot;

	while (at && isdigit((unsigned char)*++at))
		;
	if (dot && dot[1] && !*at)
		*dot = 0;
}

/* "gfs2: fsid=NAME: WORDS"; before Linux 5.2 some are "GFS2: WORDS". */
static bool hear_gfs2(const char *line, enum fs_kind *ret, char volume[FS_VOLUME_MAX])
{
	size_t len;

	if (!skip(&line, "gfs2: "))
		return false;
	if (skip(&line, "fsid=")) {
		len = strcspn(line, " ");
		if (len < 2 || len > FS_VOLUME_MAX || line[len - 1] != ':' || !line[len])
			return false;
		snprintf(volume, FS_VOLUME_MAX, "%.*s", (int)len - 1, line);
		drop_journal(volume);
		line += len + 1;
		skip(&line, "gfs2: ");
	}
	return find(gfs2, line, ret);
}

/* "OCFS2: ERROR (device NAME): WORDS"; "abort" where nothing is written any more. */
static bool hear_ocfs2(const char *line, enum fs_kind *ret, char volume[FS_VOLUME_MAX])
{
	size_t len;

	if (skip(&line, "OCFS2: ERROR (device "))
		*ret = FS_CONSISTENCY_ERROR;
	else if (skip(&line, "OCFS2: abort (device "))
		*ret = FS_WITHDRAW;
	else
		return false;
	len = strcspn(line, " )");
	if (!len || len >= FS_VOLUME_MAX || strncmp(line + len, "):", 2) != 0)
		return false;
	snprintf(volume, FS_VOLUME_MAX, "%.*s", (int)len, line);
	return true;
}

/* -EINTR (fs/dlm/recoverd.c): the next change of members came before the recovery from the last was
 * done, which then begins anew. Two nodes that mount at once often have it. */
static bool is_new_recovery(const char *line)
{
	static const char error[] = " error -4";
	const char *at = strstr(line, error);

	return at && !strncmp(line, "dlm: ", 5) && !at[sizeof(error) - 1];
}

bool fs_voice_hear(const char *line, enum fs_kind *ret, char ret_volume[FS_VOLUME_MAX])
{
	ret_volume[0] = 0;
	if (is_new_recovery(line))
		return false;
	if (hear_gfs2(line, ret, ret_volume) || hear_ocfs2(line, ret, ret_volume) ||
	    find(others, line, ret))
		return true;
	ret_volume[0] = 0;
	return false;
}

/* More than these bytes a kernel has no room for, and what it prints then is another name. */
#define TABLE_MAX 63
#define DEVICE_MAX 31

static bool is_name(const char *type, const char *name)
{
	static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_.:+/";
	size_t len = strlen(name);

	if (!len || strspn(name, bytes) != len)
		return false;
	if (!strcmp(type, "gfs2"))
		return strchr(name, ':') && name[0] != ':' && len <= TABLE_MAX;
	return !strcmp(type, "ocfs2") && !strchr(name, ':') && len <= DEVICE_MAX;
}

/* The note's next word, and the blank between it and another; false: none, or it is too long. */
static bool take_word(const char **at, char *ret, size_t size)
{
	size_t len = strcspn(*at, " ");

	if (!len || len >= size)
		return false;
	memcpy(ret, *at, len);
	ret[len] = 0;
	*at += len;
	*at += **at && (*at)[1];
	return true;
}

bool fs_voice_own_name(const char *note, char ret_volume[FS_VOLUME_MAX])
{
	char type[16], number[24];

	ret_volume[0] = 0;
	if (strncmp(note, EVENT_FILE_SYSTEM, strlen(EVENT_FILE_SYSTEM)) != 0)
		return false;
	note += strlen(EVENT_FILE_SYSTEM);
	if (!take_word(&note, type, sizeof(type)) || !take_word(&note, number, sizeof(number)) ||
	    !take_word(&note, ret_volume, FS_VOLUME_MAX) || *note || !is_name(type, ret_volume))
		ret_volume[0] = 0;
	return true;
}
