/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_fs_voice.c - what a line of a kernel's log means.
 *
 * Guards against: a withdraw or a mismatch that goes unheard; an ordinary line of a mount, of
 * another program or another file system that is taken for damage; damage of one volume laid to
 * another.
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "common/op.h"
#include "rundir/fs_voice.h"

#define LAB "gfs2: fsid=stalemate:lab.0: "

struct line {
	const char *line;
	enum fs_kind kind;
	const char *volume;
};

static void check(const struct line *lines, size_t n)
{
	char volume[FS_VOLUME_MAX];
	enum fs_kind kind;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!fs_voice_hear(lines[i].line, &kind, volume))
			fail_msg("not heard: %s", lines[i].line);
		if (kind != lines[i].kind)
			fail_msg("%s, not %s: %s", fs_kind_names[kind],
				 fs_kind_names[lines[i].kind], lines[i].line);
		assert_string_equal(volume, lines[i].volume);
	}
}

/* As Linux 6.1 prints them; the last are older or newer forms. */
static void gfs2(void **state)
{
	static const struct line lines[] = {
		{LAB "GFS2: rgd: 16443 lvb free mismatch 56752/56783", FS_LVB_MISMATCH,
		 "stalemate:lab"},
		{LAB "GFS2: rgd: 16443 lvb dinode mismatch 44/13", FS_LVB_MISMATCH,
		 "stalemate:lab"},
		{LAB "GFS2: rgd: 16443 lvb flag mismatch 0/1", FS_LVB_MISMATCH, "stalemate:lab"},
		{LAB "GFS2: rgd: 16443 lvb igen mismatch 5/4", FS_LVB_MISMATCH, "stalemate:lab"},
		{LAB "fatal: invalid metadata block - bh = 2072 (bad magic number), function = "
		     "gfs2_meta_buffer, file = fs/gfs2/meta_io.c, line = 491",
		 FS_INVALID_METADATA, "stalemate:lab"},
		{LAB "fatal: filesystem consistency error - function = gfs2_rgrp_go_instantiate",
		 FS_CONSISTENCY_ERROR, "stalemate:lab"},
		{LAB "rgrp 16443 has an error, marking it readonly until umount",
		 FS_CONSISTENCY_ERROR, "stalemate:lab"},
		{LAB "fatal: assertion \"!bd->bd_tr\" failed - function = x", FS_ASSERTION_FAILED,
		 "stalemate:lab"},
		{LAB "about to withdraw this file system", FS_WITHDRAW, "stalemate:lab"},
		{LAB "withdrawing from cluster at user's request", FS_WITHDRAW_ASKED,
		 "stalemate:lab"},
		{LAB "fatal: I/O error - block = 16708, function = gfs2_ail1_empty_one",
		 FS_IO_ERROR, "stalemate:lab"},
		{LAB "Error 10 writing to journal, jid=0", FS_IO_ERROR, "stalemate:lab"},
		{LAB "Error -5 syncing glock ", FS_SYNC_ERROR, "stalemate:lab"},
		{LAB "Journal recovery skipped for jid 0 until next mount.", FS_RECOVERY_SKIPPED,
		 "stalemate:lab"},
		{LAB "jid=1: Failed", FS_RECOVERY_FAILED, "stalemate:lab"},
		{LAB "Reprocessing of jid 0 failed with -2.", FS_OTHER_ERROR, "stalemate:lab"},
		{"GFS2: rgd: 16443 lvb free mismatch 56752/56783", FS_LVB_MISMATCH, ""},
		{"GFS2: fsid=c:my.fs.12: fatal: filesystem consistency error", FS_CONSISTENCY_ERROR,
		 "c:my.fs"},
		{"gfs2: fsid=c:f: about to withdraw this file system", FS_WITHDRAW, "c:f"},
	};

	(void)state;
	check(lines, sizeof(lines) / sizeof(lines[0]));
}

static void others(void **state)
{
	static const struct line lines[] = {
		{"OCFS2: ERROR (device vdb): ocfs2_validate_inode_block: Invalid dinode #513: "
		 "fs_generation is 1837764116",
		 FS_CONSISTENCY_ERROR, "vdb"},
		{"OCFS2: abort (device dm-0): ocfs2_start_trans: Detected aborted journal",
		 FS_WITHDRAW, "dm-0"},
		{"On-disk corruption discovered. Please run fsck.ocfs2 once the filesystem is "
		 "unmounted.",
		 FS_CONSISTENCY_ERROR, ""},
		{"OCFS2: File system is now read-only.", FS_READ_ONLY, ""},
		{"(mount.ocfs2,22804,44):ocfs2_fill_super:1033 ERROR: status = -30", FS_OTHER_ERROR,
		 ""},
		{"o2net: No longer connected to node b (num 1) at 10.0.0.2:7777", FS_MEMBER_LOST,
		 ""},
		{"dlm: closing connection to node 2", FS_MEMBER_LOST, ""},
		{"dlm: lab: dlm_recover_members error -107", FS_DLM_ERROR, ""},
		{"dlm: lab: dlm_recover_members error -44", FS_DLM_ERROR, ""},
		{"I/O error, dev vda, sector 0 op 0x1:(WRITE) flags 0x800", FS_IO_ERROR, ""},
		{"blk_update_request: I/O error, dev vda, sector 0", FS_IO_ERROR, ""},
		{"Buffer I/O error on dev vda, logical block 5, lost async page write", FS_IO_ERROR,
		 ""},
		{"INFO: task gfs2_quotad:213 blocked for more than 120 seconds.", FS_LOCKUP, ""},
		{"watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [dlm_recoverd:9]", FS_LOCKUP,
		 ""},
		{"rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:", FS_LOCKUP, ""},
	};

	(void)state;
	check(lines, sizeof(lines) / sizeof(lines[0]));
}

static void not_the_file_system(void **state)
{
	static const char *const lines[] = {
		"",
		"gfs2",
		"gfs2: ",
		"gfs2: fsid=",
		"gfs2: fsid=: ",
		"gfs2: fsid=x",
		"gfs2: fsid=x:",
		/* an ordinary cell, as the lab's kernels log it */
		"gfs2: fsid=stalemate:lab: Trying to join cluster \"lock_dlm\", \"stalemate:lab\"",
		"gfs2: fsid=stalemate:lab: Joined cluster. Now mounting FS (format 1802)...",
		LAB "journal 0 mapped with 1 extents in 0ms",
		LAB "jid=0, already locked for use",
		LAB "jid=0: Journal head lookup took 46ms",
		LAB "jid=1: Trying to acquire journal glock...",
		LAB "jid=0: Replaying journal...0x0 to 0x0",
		LAB "jid=0: Done",
		LAB "first mount done, others may mount",
		LAB "recover generation 3 done",
		LAB "Journal recovery complete for jid 0.",
		LAB "File system withdrawn", /* what follows from the withdraw is counted once */
		LAB "G:  s:SH n:2/81c f:qobnN t:SH d:EX/0 a:0 v:0 r:3 m:200 p:1",
		"dlm: lab: joining the lockspace group...",
		"dlm: lab: dlm_recover 1 generation 1 done: 12 ms",
		"dlm: lab: group event done 0",
		"dlm: lab: remove member 1",
		"dlm: lab: dlm_recover_members error -4",
		"dlm: lab: do_ls_recovery 1 interrupted and should be queued to run again",
		"memcpy: detected field-spanning write (size 112) of single field "
		"\"&e->request\" at fs/dlm/requestqueue.c:47 (size 88)",
		"virtio_blk virtio3: [vda] 131072 512-byte logical blocks (67.1 MB/64.0 MiB)",
		"ocfs2: Mounting device (253,1) on (node 1, slot 0) with ordered data mode.",
		"o2net: Connected to node b (num 1) at 10.0.0.2:7777",
		/* others who use the same words */
		"systemd[1]: gfs2: fsid=stalemate:lab.0: about to withdraw this file system",
		"backup: about to withdraw this file system",
		"stalemate-init: uevent: withdraw acknowledged",
		"EXT4-fs error (device vdb): ext4_lookup: fatal: invalid metadata block",
		"XFS (vdb): Corruption detected. Unmount and run xfs_repair",
		"audit: name=\"gfs2 fatal: filesystem consistency error\"",
		"OCFS2: ERROR (device ): x",
		"OCFS2: ERROR (device vdb",
		"my program: On-disk corruption discovered. Please run fsck.ocfs2 once",
		"wdlm: closing connection to node 2",
	};
	char volume[FS_VOLUME_MAX], name[2 * FS_VOLUME_MAX];
	enum fs_kind kind;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (fs_voice_hear(lines[i], &kind, volume))
			fail_msg("taken for %s: %s", fs_kind_names[kind], lines[i]);
		assert_string_equal(volume, "");
	}
	/* a name that does not fit is nobody's */
	snprintf(name, sizeof(name), "gfs2: fsid=%0*d: fatal: I/O error", FS_VOLUME_MAX, 0);
	assert_false(fs_voice_hear(name, &kind, volume));
}

/* Guards against: two kinds of one name, in a verdict that is to be read again. */
static void names(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 0; i < FS_KINDS; i++) {
		assert_non_null(fs_kind_names[i]);
		for (j = 0; j < i; j++)
			assert_string_not_equal(fs_kind_names[i], fs_kind_names[j]);
	}
	assert_true(fs_kind_is_damage(FS_WITHDRAW) && fs_kind_is_damage(FS_FSCK));
	assert_false(fs_kind_is_damage(FS_IO_ERROR) || fs_kind_is_damage(FS_OTHER_ERROR));
}

/* A line in which the kernel speaks of a volume of that name, heard: its name. */
static const char *heard_name(const char *name, char volume[FS_VOLUME_MAX])
{
	char line[512];
	enum fs_kind kind;

	snprintf(line, sizeof(line),
		 strchr(name, ':') ? "gfs2: fsid=%s.0: about to withdraw this file system"
				   : "OCFS2: ERROR (device %s): ocfs2_x: y",
		 name);
	assert_true(fs_voice_hear(line, &kind, volume));
	return volume;
}

/* Guards against: a name that is noted and never heard in a line, so that all damage is another
 * volume's. */
static void own_name(void **state)
{
	static const struct {
		const char *note, *name;
	} notes[] = {
		{"file system: gfs2 254:16 stalemate:lab", "stalemate:lab"},
		{"file system: gfs2 254:16 c:my.fs.12", "c:my.fs.12"},
		{"file system: ocfs2 254:0 vda", "vda"},
		{"file system: ocfs2 253:0 dm-0", "dm-0"},
		{"file system: ocfs2 104:0 cciss/c0d0", "cciss/c0d0"},
	};
	char volume[FS_VOLUME_MAX], again[FS_VOLUME_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
		assert_true(fs_voice_own_name(notes[i].note, volume));
		assert_string_equal(volume, notes[i].name);
		assert_string_equal(heard_name(volume, again), volume);
	}
}

/* Guards against: a guest's agent that says anything, or nothing, and is believed; a name cut to
 * size, which is another's. */
static void no_own_name(void **state)
{
	static const char *const unnamed[] = {
		"file system: ",
		"file system: gfs2",
		"file system: gfs2 254:16",
		"file system: gfs2 254:16 ",
		"file system: gfs2  c:f",
		"file system:  gfs2 254:16 c:f",
		"file system: gfs2 254:16  c:f",
		"file system: gfs2 254:16 c:f ",
		"file system: gfs2 254:16 c:f c:f",
		"file system: gfs2 254:16 vdb",
		"file system: gfs2 254:16 :f",
		"file system: gfs2 254:16 c:\t",
		"file system: gfs2 254:16 c:f\x1b[31m",
		"file system: gfs2 254:16 c:\xc3\xa9",
		"file system: ocfs2 254:0 c:f",
		"file system: ocfs2 254:0 (vdb",
		"file system: ocfs2 254:0 vdb):",
		"file system: ext4 254:0 vda",
		"file system: unknown 0:45 c:f",
		"file system: gfs2gfs2gfs2gfs2 254:16 c:f",
		"file system: gfs2 254254254254254254254:16 c:f",
	};
	static const char *const no_notes[] = {"", "file system", "file system:gfs2 254:16 c:f",
					       " file system: gfs2 254:16 c:f",
					       "path in effect: file system: gfs2 254:16 c:f"};
	char volume[FS_VOLUME_MAX], text[EVENT_TEXT_MAX + 1];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(unnamed) / sizeof(unnamed[0]); i++) {
		memset(volume, 'x', sizeof(volume));
		assert_true(fs_voice_own_name(unnamed[i], volume));
		if (*volume)
			fail_msg("taken for '%s': %s", volume, unnamed[i]);
	}
	for (i = 0; i < sizeof(no_notes) / sizeof(no_notes[0]); i++) {
		assert_false(fs_voice_own_name(no_notes[i], volume));
		assert_string_equal(volume, "");
	}
	/* as long as a kernel can print it, and longer: of a table 63 bytes, of a device 31 */
	for (i = 1; i < 200; i++) {
		snprintf(text, sizeof(text), "file system: gfs2 254:16 c:%0*d", (int)i, 0);
		assert_true(fs_voice_own_name(text, volume));
		assert_int_equal(strlen(volume), i <= 61 ? i + 2 : 0);
		snprintf(text, sizeof(text), "file system: ocfs2 254:16 v%0*d", (int)i, 0);
		assert_true(fs_voice_own_name(text, volume));
		assert_int_equal(strlen(volume), i <= 30 ? i + 1 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gfs2),
		cmocka_unit_test(others),
		cmocka_unit_test(not_the_file_system),
		cmocka_unit_test(names),
		cmocka_unit_test(own_name),
		cmocka_unit_test(no_own_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
