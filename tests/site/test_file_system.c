/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run knows of the file systems it makes: which lines of their checks tell of damage. */
#include "site/file_system.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

/* Guards against: progress of a clean check that is counted as damage, and damage that is not. */
static void complaints(void **state)
{
	static const struct {
		enum volume_kind kind;
		const char *line;
		enum fsck_word word;
	} lines[] = {
		{VOLUME_GFS2, "Initializing fsck", FSCK_PROGRESS},
		{VOLUME_GFS2, "pass1 completed in 0.004s", FSCK_PROGRESS},
		{VOLUME_GFS2, "", FSCK_PROGRESS},
		{VOLUME_GFS2, "Ondisk and fsck bitmaps differ at block 8392 (0x20c8)", FSCK_DAMAGE},
		{VOLUME_GFS2, "(level 1 passed)", FSCK_PROGRESS},
		{VOLUME_GFS2, "(level 1 failed at block 17 (0x11): Some damage was found",
		 FSCK_DAMAGE},
		{VOLUME_GFS2, "Block 12658 (0x3172) bitmap says 1 (data) but FSCK saw 0 (free)",
		 FSCK_DAMAGE},
		{VOLUME_GFS2, "Bitmap at block 12658 (0x3172) left inconsistent", FSCK_FOLLOWS},
		{VOLUME_GFS2, "RGs: Consistent: 3   Cleaned: 0   Inconsistent: 1   Fixed: 0",
		 FSCK_PROGRESS},
		/* what a sound file system may have, though fsck's status is that of damage */
		{VOLUME_GFS2, "Found unlinked inode at 4928 (0x1340)", FSCK_LEFTOVER},
		{VOLUME_GFS2, "Unlinked inode left unlinked", FSCK_LEFTOVER},
		{VOLUME_GFS2, "The statfs file is wrong:", FSCK_LEFTOVER},
		{VOLUME_GFS2, "free:    11308 (0x2c2c)", FSCK_LEFTOVER},
		{VOLUME_GFS2, "The statfs file was not fixed.", FSCK_LEFTOVER},
		{VOLUME_GFS2, "Block 4931 (0x1343) bitmap says 2 (other) but FSCK saw 0 (free)",
		 FSCK_LEFT_BLOCK},
		{VOLUME_GFS2, "RG #4131 (0x1023) free count inconsistent: is 11186 should be 11187",
		 FSCK_FOLLOWS},
		{VOLUME_GFS2, "Resource group counts left inconsistent", FSCK_FOLLOWS},
		{VOLUME_OCFS2, "Checking OCFS2 filesystem in /dev/loop2:", FSCK_PROGRESS},
		{VOLUME_OCFS2, "  Number of slots:    2", FSCK_PROGRESS},
		{VOLUME_OCFS2, "** Skipping slot recovery because -n was given. **", FSCK_PROGRESS},
		{VOLUME_OCFS2, "Pass 4b: Checking inodes link counts", FSCK_PROGRESS},
		{VOLUME_OCFS2, "All passes succeeded.", FSCK_PROGRESS},
		{VOLUME_OCFS2, "", FSCK_PROGRESS},
		{VOLUME_OCFS2, "[INODE_ALLOC_REPAIR] Inode 5 is marked as invalid but",
		 FSCK_DAMAGE},
		{VOLUME_OCFS2, "fsck.ocfs2: Internal logic failure while performing pass 3",
		 FSCK_DAMAGE},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *line = lines[i].line;

		if (file_system_of(lines[i].kind)->word(line, strlen(line)) != lines[i].word)
			fail_msg("'%s'", line);
	}
}

/* Guards against: a raw volume for whose guests a cluster is made, or one that OCFS2 lacks. */
static void clusters(void **state)
{
	(void)state;
	assert_null(file_system_of(VOLUME_RAW)->mkfs);
	assert_string_equal(file_system_of(VOLUME_RAW)->init, " stalemate.cluster=0");
	assert_string_equal(file_system_of(VOLUME_OCFS2)->init, " stalemate.cluster=o2cb");
	assert_string_equal(file_system_of(VOLUME_GFS2)->init, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(complaints),
		cmocka_unit_test(clusters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
