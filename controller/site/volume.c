/* SPDX-License-Identifier: GPL-2.0-or-later */
/* volume.c - see volume.h. */
#include "site/volume.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "site/claim_device.h"

#define MKFS_NS (120 * NS_PER_S)
#define FSCK_NS (240 * NS_PER_S)
#define BLOCK 4096
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

int volume_make(struct site *site, struct error *err)
{
	uint64_t size;
	uint32_t block = site->block_size ? site->block_size : BLOCK;
	char blocks[32], bytes[16];
	/* -K: no discard. */
	const char *argv[] = {
		"mkfs.gfs2", "-O", "-q", "-K", "-p", "lock_dlm", "-t",	VOLUME_NAME,	       "-j",
		"2",	     "-J", "8",	 "-r", "32", "-b",	 bytes, site->nodes[0].device, NULL,
		NULL};

	/* once more, for it may have been taken away since the cell before */
	if (site->room && check_claim(&site->nodes[0], &size, err) < 0)
		return -1;
	snprintf(blocks, sizeof(blocks), "%llu", (unsigned long long)(site->room / block));
	snprintf(bytes, sizeof(bytes), "%u", block);
	if (site->room)
		argv[17] = blocks;
	if (site->volume != VOLUME_RAW && host_run_ok(site->nodes[0].host, argv, MKFS_NS, err) < 0)
		return error_prefix(err, "cannot make the cluster file system");
	return site_drop_caches(site, err);
}

/* Whether a line of fsck.gfs2's output is its progress, not a complaint. */
static bool is_progress(const char *line, size_t len)
{
	static const char *const starts[] = {
		"Initializing",	     "Validating", "Level ", "Starting ", "Reconciling",
		"Clearing",	     "Journals",   "RGs: ",  "Writing",	  "gfs2_fsck",
		"fsck.gfs2 complete"};
	static const char completed[] = " completed in ", passed[] = " passed)";
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (!strncmp(line, starts[i], strlen(starts[i])))
			return true;
	}
	return !len || memmem(line, len, completed, strlen(completed)) ||
	       memmem(line, len, passed, strlen(passed));
}

static void count_complaints(struct volume_fsck *fsck)
{
	const char *line;
	size_t len;

	for (line = fsck->log; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		if (is_progress(line, len))
			continue;
		if (!fsck->complaints++)
			printable(line, len, fsck->first, sizeof(fsck->first));
	}
}

static void say_complaint(const struct process_result *result, struct volume_fsck *fsck)
{
	printable(result->complaint, strcspn(result->complaint, "\n"), fsck->first,
		  sizeof(fsck->first));
	if (!fsck->first[0])
		snprintf(fsck->first, sizeof(fsck->first), "fsck.gfs2 ended with status %d",
			 result->status);
}

int volume_fsck(struct site *site, struct volume_fsck *ret, struct error *err)
{
	/* errors go to stderr, of which a result has the end only: into one stream, as they come */
	const char *argv[] = {"sh", "-c", "exec fsck.gfs2 -n \"$0\" 2>&1", site->nodes[0].device,
			      NULL};
	struct process_result result;

	if (site_drop_caches(site, err) < 0 ||
	    host_run(site->nodes[0].host, argv, FSCK_NS, &result, err) < 0)
		return -1;
	*ret = (struct volume_fsck){.log = result.out,
				    .known = !result.status || result.status == FSCK_UNCORRECTED};
	if (result.status) {
		count_complaints(ret);
		if (!ret->complaints++)
			say_complaint(&result, ret);
	}
	free(result.complaint);
	return 0;
}
