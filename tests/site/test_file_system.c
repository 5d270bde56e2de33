/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a run knows of the file systems it makes: which lines of their checks tell of damage. */
#include "site/file_system.h"

#include <stdio.h>
#include <string.h>

#include "tests/test.h"

static bool complains(enum volume_kind kind, const char *line)
{
	return file_system_of(kind)->is_complaint(line, strlen(line));
}

/* Guards against: progress of a clean check that is counted as damage, and damage that is not. */
static void complaints(void **state)
{
	static const struct {
		enum volume_kind kind;
		const char *line;
		bool damage;
	} lines[] = {
		{VOLUME_GFS2, "Initializing fsck", false},
		{VOLUME_GFS2, "pass1 completed in 0.004s", false},
		{VOLUME_GFS2, "", false},
		{VOLUME_GFS2, "Ondisk and fsck bitmaps differ at block 8392 (0x20c8)", true},
		{VOLUME_GFS2, "(level 1 passed)", false},
		{VOLUME_GFS2, "(level 1 failed at block 17 (0x11): Some damage was found", true},
		{VOLUME_GFS2, "Block 12658 (0x3172) bitmap says 1 (data) but FSCK saw 0 (free)",
		 true},
		{VOLUME_GFS2, "Bitmap at block 12658 (0x3172) left inconsistent", true},
		{VOLUME_GFS2, "RGs: Consistent: 3   Cleaned: 0   Inconsistent: 1   Fixed: 0",
		 false},
		/* what a sound file system may have, though fsck's status is that of damage */
		{VOLUME_GFS2, "Found unlinked inode at 4928 (0x1340)", false},
		{VOLUME_GFS2, "Unlinked inode left unlinked", false},
		{VOLUME_GFS2, "The statfs file is wrong:", false},
		{VOLUME_GFS2, "free:    11308 (0x2c2c)", false},
		{VOLUME_GFS2, "The statfs file was not fixed.", false},
		{VOLUME_OCFS2, "Checking OCFS2 filesystem in /dev/loop2:", false},
		{VOLUME_OCFS2, "  Number of slots:    2", false},
		{VOLUME_OCFS2, "** Skipping slot recovery because -n was given. **", false},
		{VOLUME_OCFS2, "Pass 4b: Checking inodes link counts", false},
		{VOLUME_OCFS2, "All passes succeeded.", false},
		{VOLUME_OCFS2, "", false},
		{VOLUME_OCFS2, "[INODE_ALLOC_REPAIR] Inode 5 is marked as invalid but", true},
		{VOLUME_OCFS2, "fsck.ocfs2: Internal logic failure while performing pass 3", true},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (complains(lines[i].kind, lines[i].line) != lines[i].damage)
			fail_msg("'%s'", lines[i].line);
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
