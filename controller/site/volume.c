/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volume.c - see volume.h. */
#include "site/volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "site/claim_device.h"
#include "site/file_system.h"

/* fsck(8): errors were left; every other bit says that something was in fsck's way. */
#define FSCK_UNCORRECTED 4
#define VOLUME_MIN (31ULL << 20)

/* Only a device that bears our mark is written to. */
static int check_claim(const struct site_node *n, uint64_t *ret_size, struct error *err)
{
	bool local = host_is_local(n->host), claimed;

	if (claim_device_read(n->host, n->device, ret_size, &claimed, err) < 0)
		return error_prefix(err, "host %c", n->letter);
	if (claimed)
		return 0;
	return error_set(err, ERROR_WORLD,
			 "%s on host %c does not bear our mark, so nothing is written to it; if "
			 "all that is on it may be lost: stalemate claim%s%s %s",
			 n->device, n->letter, local ? "" : " --ssh ", local ? "" : n->plan->ssh,
			 n->device);
}

int volume_check(struct site *site, struct error *err)
{
	uint64_t size, room = UINT64_MAX;
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (check_claim(&site->nodes[node], &size, err) < 0)
			return -1;
		room = size < room ? size : room;
	}
	if (room < VOLUME_KEPT + VOLUME_MIN)
		return error_set(err, ERROR_WORLD, "the volume of %llu MiB is too small",
				 (unsigned long long)(room >> 20));
	site->room = room - VOLUME_KEPT;
	return 0;
}

int volume_make(struct site *site, bool contended, struct error *err)
{
	uint64_t size;
	uint32_t block = site->block_size ? site->block_size : FILE_SYSTEM_BLOCK;

	/* once more, for it may have been taken away since the cell before */
	if (site->room && check_claim(&site->nodes[0], &size, err) < 0)
		return -1;
	if (site->volume != VOLUME_RAW &&
	    file_system_make(file_system_of(site->volume), site->nodes[0].host,
			     site->nodes[0].device, block, site->room / block, contended, err) < 0)
		return -1;
	return site_drop_caches(site, err);
}

static unsigned count_words(const struct file_system *fs, const char *log, enum fsck_word word,
			    char *ret_first, size_t size)
{
	const char *line;
	unsigned n = 0;
	size_t len;

	for (line = log; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (fs->word(line, len) == word && !n++ && ret_first && !ret_first[0])
			printable(line, len, ret_first, size);
	}
	return n;
}

/* Whether there is a line that is no progress: a complaint, or of what a sound volume may have. */
static bool count_complaints(const struct file_system *fs, struct volume_fsck *fsck)
{
	unsigned blocks = count_words(fs, fsck->log, FSCK_LEFT_BLOCK, NULL, 0);

	fsck->complaints =
		count_words(fs, fsck->log, FSCK_DAMAGE, fsck->first, sizeof(fsck->first));
	if (!blocks)
		fsck->complaints +=
			count_words(fs, fsck->log, FSCK_FOLLOWS, fsck->first, sizeof(fsck->first));
	return fsck->complaints || blocks || count_words(fs, fsck->log, FSCK_LEFTOVER, NULL, 0);
}

static void say_complaint(const struct file_system *fs, const struct process_result *result,
			  struct volume_fsck *fsck)
{
	printable(result->complaint, strcspn(result->complaint, "\n"), fsck->first,
		  sizeof(fsck->first));
	if (!fsck->first[0])
		snprintf(fsck->first, sizeof(fsck->first), "fsck.%s ended with status %d", fs->type,
			 result->status);
}

int volume_fsck(struct site *site, struct volume_fsck *ret, struct error *err)
{
	const struct file_system *fs = file_system_of(site->volume);
	struct process_result result;

	if (site_drop_caches(site, err) < 0 ||
	    file_system_check(fs, site->nodes[0].host, site->nodes[0].device, &result, err) < 0)
		return -1;
	*ret = (struct volume_fsck){.log = result.out,
				    .known = !result.status || result.status == FSCK_UNCORRECTED};
	if (result.status && !count_complaints(fs, ret)) {
		ret->complaints = 1;
		say_complaint(fs, &result, ret);
	}
	free(result.complaint);
	return 0;
}
