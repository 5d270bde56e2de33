/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * churn.c - see churn.h.
 *
 * What a step does is drawn from (seed, node, lane, step), as all lanes' steps are. A step is about
 * a name, "c3.a-1" being the fourth of node a's lane 1; half of the steps take one of the lane's
 * own, half one of anybody's. So both nodes allocate and free inodes in the same resource groups
 * all the time, change the same directories, and now and then meet at the same inode.
 *
 * All is bounded: so many names, and no file larger than FILE_MAX_BYTES.
 */
#include "agent/churn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/target_beside.h"

#define NAMES 16 /* of a lane in each directory */
#define FILE_MAX_BYTES 16384
#define WRITE_BYTES UNIT_MIN

enum { DRAW_WHAT = LANE_DRAWS, DRAW_DIRECTORY, DRAW_NAME, DRAW_OTHER, DRAW_PLACE };

struct churn_step {
	int directory;
	char name[32], other[32];
	off_t at;
};

static uint64_t draw(const struct churn *churn, uint32_t step, unsigned use)
{
	return lane_set_draw(churn->set, churn->target->node, churn->lane, step, use);
}

static void draw_name(const struct churn *churn, uint64_t from, char ret[32])
{
	unsigned node = churn->target->node, lane = churn->lane, lanes;

	if (from & 1) {
		node = from >> 1 & 1;
		lanes = lane_set_count(churn->set, node);
		lane = lanes ? (unsigned)(from >> 8) % lanes : 0;
	}
	snprintf(ret, 32, CHURN_PREFIX "%u.%c-%u", (unsigned)(from >> 32) % NAMES, 'a' + (int)node,
		 lane);
}

static int create(const struct churn *churn, const struct churn_step *s)
{
	int fd = openat(s->directory, s->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);
	ssize_t done;

	if (fd < 0)
		return -1;
	done = write(fd, churn->buf, WRITE_BYTES);
	return close(fd) < 0 || done < 0 ? -1 : 0;
}

static int rewrite(const struct churn *churn, const struct churn_step *s)
{
	int fd = openat(s->directory, s->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t done;

	if (fd < 0)
		return -1;
	done = pwrite(fd, churn->buf, WRITE_BYTES, s->at);
	return close(fd) < 0 || done < 0 ? -1 : 0;
}

static int move(const struct churn *churn, const struct churn_step *s)
{
	(void)churn;
	return renameat(s->directory, s->name, s->directory, s->other);
}

static int add_link(const struct churn *churn, const struct churn_step *s)
{
	(void)churn;
	return linkat(s->directory, s->name, s->directory, s->other, 0);
}

static int remove_name(const struct churn *churn, const struct churn_step *s)
{
	(void)churn;
	return unlinkat(s->directory, s->name, 0);
}

static int list(const struct churn *churn, const struct churn_step *s)
{
	int fd = openat(s->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), failed;
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	(void)churn;
	if (!stream) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	errno = 0;
	while (readdir(stream))
		;
	failed = errno;
	closedir(stream);
	errno = failed;
	return failed ? -1 : 0;
}

static int flush(const struct churn *churn, const struct churn_step *s)
{
	int fd = openat(s->directory, s->name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC), result, failed;

	(void)churn;
	if (fd < 0)
		return -1;
	result = fsync(fd);
	failed = errno;
	close(fd);
	errno = failed;
	return result;
}

static const struct {
	const char *name;
	unsigned weight;
	int (*act)(const struct churn *churn, const struct churn_step *s);
} kinds[] = {
	{"create", 30, create}, {"write", 15, rewrite},	     {"rename", 10, move},
	{"link", 10, add_link}, {"unlink", 25, remove_name}, {"readdir", 5, list},
	{"fsync", 5, flush},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* What a correct system may well answer when somebody else was first, or the volume is full. */
static bool is_lost_race(int number)
{
	return number == ENOENT || number == EEXIST || number == ESTALE || number == ENOSPC ||
	       number == EMLINK;
}

int churn_open(struct churn *churn, const struct target *target, const struct lane_set *set,
	       unsigned lane, struct error *err)
{
	unsigned i;

	churn->target = target;
	churn->set = set;
	churn->lane = lane;
	churn->n = 0;
	memset(churn->buf, 0x5a, sizeof(churn->buf));
	for (i = 0; i < target->files; i++) {
		churn->directory[i] = target_names_open(target, i, err);
		if (churn->directory[i] < 0)
			return -1;
		churn->n++;
	}
	return 0;
}

void churn_close(struct churn *churn)
{
	while (churn->n)
		close(churn->directory[--churn->n]);
}

int churn_do(const struct churn *churn, uint32_t step, struct error *err)
{
	unsigned what = (unsigned)(draw(churn, step, DRAW_WHAT) % 100), i;
	struct churn_step s = {
		.directory = churn->directory[draw(churn, step, DRAW_DIRECTORY) % churn->n],
		.at = (off_t)(draw(churn, step, DRAW_PLACE) % (FILE_MAX_BYTES - WRITE_BYTES))};

	draw_name(churn, draw(churn, step, DRAW_NAME), s.name);
	draw_name(churn, draw(churn, step, DRAW_OTHER), s.other);
	for (i = 0; i + 1 < KINDS && what >= kinds[i].weight; i++)
		what -= kinds[i].weight;
	if (!kinds[i].act(churn, &s) || is_lost_race(errno))
		return 0;
	return error_set_errno(err, ERROR_WORLD, "%s", kinds[i].name);
}
