/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_system.c - see file_system.h. */
#include "site/file_system.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

#define MKFS_NS (120 * NS_PER_S)
#define FSCK_NS (240 * NS_PER_S)
#define ARGUMENTS_MAX 24
#define HEARTBEAT_SIZE (16 << 20) /* the least that mkfs.ocfs2 takes */
/* As agent/image/init has it: the heartbeat's region is named for its file system. */
#define HEARTBEAT_UUID "5354414C454D4154454845415254424D"

/* -K: no discard. -r: megabytes of a resource group. A node takes to a group of its own where there
 * are two, and with those of 2 GiB what the journals leave of a small volume is one. */
#define MKFS_GFS2(group) \
	"mkfs.gfs2", "-O", "-q", "-K", "-p", "lock_dlm", "-t", FILE_SYSTEM_GFS2_NAME, "-j", "2", \
		"-J", "8", "-r", group
static const char *const mkfs_gfs2[] = {MKFS_GFS2("32"), NULL};
static const char *const mkfs_gfs2_contended[] = {MKFS_GFS2("2048"), NULL};
/* Errors go to stderr, of which a result has the end only: into one stream, as they come. */
#define BOTH_STREAMS "sh", "-c", "exec \"$0\" \"$@\" 2>&1"
static const char *const fsck_gfs2[] = {BOTH_STREAMS, "fsck.gfs2", "-n", NULL};

/* -x: no question. */
#define MKFS_OCFS2 \
	"mkfs.ocfs2", "-q", "-x", "-F", "-C", "4096", "-N", "2", "-J", "size=4M", "--nodiscard", \
		"--fs-features=nobackup-super", "--cluster-stack=o2cb", \
		"--cluster-name=stalemate", "--global-heartbeat"
static const char *const mkfs_ocfs2[] = {MKFS_OCFS2, NULL};
static const char *const mkfs_heartbeat[] = {MKFS_OCFS2, "-U", HEARTBEAT_UUID, NULL};
static const char *const fsck_ocfs2[] = {BOTH_STREAMS, "fsck.ocfs2", "-f", "-n", NULL};

static bool begins_with(const char *line, size_t len, const char *const *starts, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (len >= strlen(starts[i]) && !strncmp(line, starts[i], strlen(starts[i])))
			return true;
	}
	return false;
}

/* One of these? */
#define IS_ONE_OF(line, len, starts) \
	begins_with((line), (len), (starts), sizeof(starts) / sizeof((starts)[0]))

static bool has(const char *line, size_t len, const char *words)
{
	return memmem(line, len, words, strlen(words));
}

/*
 * An unlinked inode that is not deallocated yet: where the other node still knew of it, that is
 * left to whoever needs the room next. Of some the block is no inode any more (seen after churn,
 * with no cache in the way): then the bitmap has a 2 where fsck saw nothing, and what it counts
 * follows from that. And the statfs file, which is not exact by design: each node adds what it has
 * changed now and then.
 */
static enum fsck_word gfs2_word(const char *line, size_t len)
{
	static const char *const leftovers[] = {"Found unlinked inode at ",
						"Unlinked inode left unlinked",
						"The statfs file ",
						"Current statfs values:",
						"Calculated statfs values:",
						"blocks:  ",
						"free:    ",
						"dinodes: "};
	static const char *const follows[] = {"Bitmap at block ", "RG #",
					      "Resource group counts left inconsistent"};
	static const char *const progress[] = {
		"Initializing",	     "Validating", "Level ", "Starting ", "Reconciling",
		"Clearing",	     "Journals",   "RGs: ",  "Writing",	  "gfs2_fsck",
		"fsck.gfs2 complete"};

	if (!len || IS_ONE_OF(line, len, progress) || has(line, len, " completed in ") ||
	    has(line, len, " passed)"))
		return FSCK_PROGRESS;
	if (IS_ONE_OF(line, len, leftovers))
		return FSCK_LEFTOVER;
	if (has(line, len, " bitmap says 2 (other) but FSCK saw 0 (free)"))
		return FSCK_LEFT_BLOCK;
	return IS_ONE_OF(line, len, follows) ? FSCK_FOLLOWS : FSCK_DAMAGE;
}

/* "[DIRENT_LENGTH] Directory inode ...": fsck.ocfs2(8) and fsck.ocfs2.checks(8). */
static enum fsck_word ocfs2_word(const char *line, size_t len)
{
	return len && (line[0] == '[' || has(line, len, "fsck.ocfs2: ")) ? FSCK_DAMAGE
									 : FSCK_PROGRESS;
}

const struct file_system *file_system_of(enum volume_kind kind)
{
	static const struct file_system table[VOLUME_KINDS] = {
		[VOLUME_GFS2] = {"gfs2", FILE_SYSTEM_GFS2_NAME, "lockproto=lock_nolock,noatime",
				 "noatime", "", mkfs_gfs2, mkfs_gfs2_contended, fsck_gfs2,
				 gfs2_word},
		/* there is no way to have it without the cluster; alone in that is enough */
		[VOLUME_OCFS2] = {"ocfs2", "", "noatime,heartbeat=global",
				  "noatime,heartbeat=global", " stalemate.cluster=o2cb", mkfs_ocfs2,
				  mkfs_ocfs2, fsck_ocfs2, ocfs2_word},
		[VOLUME_RAW] = {.init = " stalemate.cluster=0"},
	};

	return &table[kind];
}

/* The words, the size of a block, the device, and what follows; each but the words can be NULL. */
static void command(const char *const *words, const char *block, const char *device,
		    const char *more, const char *ret[ARGUMENTS_MAX])
{
	size_t n;

	for (n = 0; words[n]; n++)
		ret[n] = words[n];
	if (block) {
		ret[n++] = "-b";
		ret[n++] = block;
	}
	ret[n++] = device;
	ret[n++] = more;
	ret[n] = NULL;
}

int file_system_make(const struct file_system *fs, struct host *host, const char *device,
		     uint32_t block, uint64_t blocks, bool contended, struct error *err)
{
	const char *argv[ARGUMENTS_MAX];
	char bytes[16], number[32];

	snprintf(bytes, sizeof(bytes), "%u", block);
	snprintf(number, sizeof(number), "%llu", (unsigned long long)blocks);
	command(contended ? fs->mkfs_contended : fs->mkfs, bytes, device, blocks ? number : NULL,
		argv);
	if (host_run_ok(host, argv, MKFS_NS, err) < 0)
		return error_prefix(err, "cannot make the cluster file system");
	return 0;
}

int file_system_check(const struct file_system *fs, struct host *host, const char *device,
		      struct process_result *ret, struct error *err)
{
	const char *argv[ARGUMENTS_MAX];

	command(fs->fsck, NULL, device, NULL, argv);
	return host_run(host, argv, FSCK_NS, ret, err);
}

int file_system_make_heartbeat(struct host *host, const char *path, struct error *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int result = fd < 0 ? -1 : ftruncate(fd, HEARTBEAT_SIZE);
	const char *argv[ARGUMENTS_MAX];

	if (result < 0)
		error_set_errno(err, ERROR_WORLD, "%s", path);
	if (fd >= 0)
		close(fd);
	command(mkfs_heartbeat, "4096", path, NULL, argv);
	if (result < 0 || host_run_ok(host, argv, MKFS_NS, err) < 0)
		return error_prefix(err, "cannot make what the cluster's heartbeat goes to");
	return 0;
}
