/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab_volume.c - the lab's volume: making its file system, giving it to the guests in a cache mode
 * and taking it away again (lab.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "site/hypervisor.h"
#include "site/lab.h"
#include "site/process.h"
#include "site/wait.h"

#define MKFS_NS (60 * NS_PER_S)
#define FSCK_NS (120 * NS_PER_S)
#define DETACH_NS (30 * NS_PER_S)

int lab_make_volume(struct lab *lab, struct error *err)
{
	/* -K: no discard. The names are those of the guests' cluster (agent/image/init). */
	const char *argv[] = {"mkfs.gfs2",	   "-O", "-q", "-K", "-p", "lock_dlm", "-t",
			      "stalemate:lab",	   "-j", "2",  "-J", "8",  "-r",       "32",
			      lab->state.loops[0], NULL};

	if (process_run_ok(argv, MKFS_NS, err) < 0)
		return error_prefix(err, "cannot make the cluster file system");
	return lab_drop_caches(lab, err);
}

int lab_drop_caches(struct lab *lab, struct error *err)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (loop_flush(lab->state.loops[node], err) < 0)
			return -1;
	}
	return 0;
}

char *lab_disk_xml(const struct lab_state *state, unsigned node, enum cache_mode cache,
		   struct error *err)
{
	return domain_xml_disk(state->loops[node], cache, err);
}

int lab_attach(struct lab *lab, unsigned node, const char *disk_xml, struct error *err)
{
	return hypervisor_attach(lab->hypervisor, lab_guest_names[node], disk_xml, err);
}

struct detaching {
	struct lab *lab;
	unsigned node;
};

static int disk_gone(void *context, struct error *err)
{
	const struct detaching *detaching = context;
	char *xml;
	int got;

	xml = hypervisor_xml(detaching->lab->hypervisor, lab_guest_names[detaching->node], err);
	if (!xml)
		return -1;
	got = domain_xml_has_disk(xml, err);
	free(xml);
	return got < 0 ? -1 : !got;
}

int lab_detach(struct lab *lab, unsigned node, const char *disk_xml, struct error *err)
{
	struct detaching detaching = {lab, node};
	char what[96];

	if (hypervisor_detach(lab->hypervisor, lab_guest_names[node], disk_xml, err) < 0)
		return -1;
	snprintf(what, sizeof(what), "guest %s to give the disk back", lab_guest_names[node]);
	return wait_for(what, DETACH_NS, disk_gone, &detaching, err);
}

int lab_effective(struct lab *lab, unsigned node, enum cache_mode *ret, struct error *err)
{
	const char *device = lab->state.loops[node];
	struct effective effective;
	char path[128], *reply;
	int result;

	reply = hypervisor_qmp(lab->hypervisor, lab_guest_names[node],
			       "{\"execute\":\"query-block\"}", err);
	if (!reply)
		return -1;
	result = effective_parse_query_block(reply, device, &effective, err);
	free(reply);
	if (result < 0)
		return -1;
	snprintf(path, sizeof(path), QEMU_PID_FILE, lab_guest_names[node]);
	if (effective_host_direct(process_read_pid(path), device, &effective.host_direct, err) < 0)
		return -1;
	return effective_mode(&effective, ret, err);
}

/* Whether a line of fsck.gfs2's output is its progress, not a complaint. */
static bool is_progress(const char *line, size_t len)
{
	static const char *const starts[] = {"Initializing", "Validating",	  "Level ",
					     "(level",	     "Starting ",	  "Reconciling",
					     "Clearing",     "Journals",	  "Writing",
					     "gfs2_fsck",    "fsck.gfs2 complete"};
	static const char ending[] = " completed in ";
	size_t i;

	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		if (!strncmp(line, starts[i], strlen(starts[i])))
			return true;
	}
	return !len || memmem(line, len, ending, strlen(ending));
}

static void count_complaints(struct lab_fsck *fsck)
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

int lab_fsck(struct lab *lab, struct lab_fsck *ret, struct error *err)
{
	const char *argv[] = {"fsck.gfs2", "-n", lab->state.loops[0], NULL};
	struct process_result result;

	if (lab_drop_caches(lab, err) < 0 || process_run(argv, FSCK_NS, NULL, &result, err) < 0)
		return -1;
	*ret = (struct lab_fsck){.log = result.out};
	if (result.status) {
		count_complaints(ret);
		if (!ret->complaints++)
			printable(result.complaint, strcspn(result.complaint, "\n"), ret->first,
				  sizeof(ret->first));
	}
	free(result.complaint);
	return 0;
}
