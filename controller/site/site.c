/* SPDX-License-Identifier: GPL-2.0-or-later */
/* site.c - see site.h. */
#include "site/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "site/built_guests.h"
#include "virt/domain_xml.h"
#include "virt/effective.h"
#include "site/existing_guest.h"
#include "site/residency.h"
#include "site/volume.h"

#define FLUSH_NS (120 * NS_PER_S)
#define GREET_NS (60 * NS_PER_S)
#define ANSWER_NS (10 * NS_PER_S)
#define MOUNT_SPARE_NS (10 * NS_PER_S)

/* libvirt plugs no such disk into a running guest: theirs is there from the start. */
static int boot_with(struct site *site, char *const disks[NODES], struct error *err)
{
	bool found = false;
	unsigned node;
	int result;

	site_disconnect(site);
	if (built_guests_destroy(site, &found, err) < 0)
		return -1;
	for (node = 0; node < NODES; node++)
		site->guests[node].disk = disks[node];
	result = built_guests_boot(site, err);
	for (node = 0; node < NODES; node++)
		site->guests[node].disk = NULL;
	return result;
}

static int attach(struct site *site, char *const disks[NODES], struct error *err)
{
	struct error why;
	unsigned node, back;

	for (node = 0; node < NODES; node++) {
		if (built_guest_attach(site, node, disks[node], err) < 0)
			break;
	}
	if (node == NODES)
		return 0;
	/* the other host's mode may have been one that goes with the rest */
	for (back = 0; err->kind == ERROR_REFUSED && back < node; back++) {
		if (built_guest_detach(site, back, disks[back], &why) < 0)
			return error_set(err, why.kind, "%s", why.text);
	}
	return -1;
}

static int plug_in(struct site *site, const struct cell *cell, char *ret_disks[NODES],
		   struct error *err)
{
	unsigned node;

	progress_step(site->progress, "making the volume");
	if (volume_make(site, cell->churns, err) < 0)
		return -1;
	for (node = 0; node < NODES; node++) {
		snprintf(site->nodes[node].disk, sizeof(site->nodes[node].disk), "%s",
			 domain_xml_disk_target(&cell->disk));
		ret_disks[node] = built_guest_disk_xml(site, node, cell, err);
		if (!ret_disks[node])
			return -1;
	}
	if (site_boots_for(site, cell))
		return boot_with(site, ret_disks, err);
	progress_step(site->progress, "attaching the disk");
	return attach(site, ret_disks, err);
}

/* Whether the guest has mounted the volume, where the target is to be. */
static int await_mount(struct site *site, unsigned node, const char *target, struct error *err)
{
	const struct plan_host *plan = site->nodes[node].plan;
	struct message_await await = {.timeout_ms = (uint32_t)(plan->start_ns / NS_PER_MS)};

	if (site->volume == VOLUME_RAW)
		return 0;
	snprintf(await.directory, sizeof(await.directory), "%s", target);
	*strrchr(await.directory, '/') = 0;
	snprintf(await.fstype, sizeof(await.fstype), "%s", volume_kind_names[site->volume]);
	if (agent_begin_await_mount(site->agents[node], &await, err) < 0 ||
	    agent_finish(site->agents[node], plan->start_ns + MOUNT_SPARE_NS, err) < 0)
		return -1;
	return 0;
}

static int power_up(struct site *site, const struct cell *cell, struct error *err)
{
	const enum cache_mode *cache = cell->cache;
	unsigned node;
	int fd;

	site_disconnect(site);
	/* before anything is done to either: another run may have come to them in between */
	for (node = 0; node < NODES; node++) {
		if (existing_guest_check(site->existing[node], err) < 0)
			return -1;
	}
	progress_step(site->progress, "shutting the guests down");
	for (node = 0; node < NODES; node++) {
		if (existing_guest_stop(site->existing[node], err) < 0)
			return -1;
	}
	progress_step(site->progress, "starting the guests with their disks as %s and %s",
		      cache_mode_names[cache[0]], cache_mode_names[cache[1]]);
	for (node = 0; node < NODES; node++) {
		if (existing_guest_set_disk(site->existing[node], cache[node], &cell->disk, err) <
			    0 ||
		    existing_guest_start(site->existing[node], err) < 0)
			return -1;
	}
	progress_step(site->progress, "waiting for the agents in the guests");
	for (node = 0; node < NODES; node++) {
		fd = existing_guest_connect(site->existing[node], err);
		if (fd < 0 || site_greet(site, node, fd, err) < 0)
			return -1;
	}
	progress_step(site->progress, "waiting for the volume to be mounted");
	for (node = 0; node < NODES; node++) {
		if (await_mount(site, node, site->target, err) < 0)
			return -1;
	}
	return 0;
}

int site_begin(struct site *site, const struct cell *cell, char *ret_disks[NODES],
	       struct error *err)
{
	return site->built ? plug_in(site, cell, ret_disks, err) : power_up(site, cell, err);
}

bool site_boots_for(const struct site *site, const struct cell *cell)
{
	return site->built && cell->disk.value[DISK_BUS] == DISK_BUS_SATA;
}

bool site_is_up(const struct site *site)
{
	return site->agents[0] && site->agents[1];
}

int site_check_setup(struct site *site, unsigned node, const struct cell *cell, char *ret,
		     size_t size, struct error *err)
{
	const struct site_node *n = &site->nodes[node];
	char *xml = hypervisor_xml(n->hypervisor, n->domain, err);
	int result;

	if (!xml)
		return -1;
	result = domain_xml_check_setup(xml, n->disk, &cell->disk, ret, size, err);
	free(xml);
	return result;
}

int site_effective(struct site *site, unsigned node, enum cache_mode *ret, struct error *err)
{
	const struct site_node *n = &site->nodes[node];
	struct effective effective;
	char *reply;
	int result;

	reply = hypervisor_qmp(n->hypervisor, n->domain, "{\"execute\":\"query-block\"}", err);
	if (!reply)
		return -1;
	result = effective_parse_query_block(reply, n->source, &effective, err);
	free(reply);
	if (result < 0 ||
	    effective_host_direct(n->host, n->domain, n->device, &effective.host_direct, err) < 0)
		return -1;
	return effective_mode(&effective, ret, err);
}

int site_disk_counts(struct site *site, unsigned node, struct disk_counts *ret, struct error *err)
{
	const struct site_node *n = &site->nodes[node];

	return hypervisor_disk_counts(n->hypervisor, n->domain, n->disk, ret, err);
}

int site_drop_cache(struct site *site, unsigned node, struct error *err)
{
	const struct site_node *n = &site->nodes[node];
	const char *argv[] = {"blockdev", "--flushbufs", n->device, NULL};

	if (host_run_ok(n->host, argv, FLUSH_NS, err) < 0)
		return error_prefix(err, "cannot drop the page cache of host %c", n->letter);
	return 0;
}

int site_drop_caches(struct site *site, struct error *err)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (site_drop_cache(site, node, err) < 0)
			return -1;
	}
	return 0;
}

int site_pause(struct site *site, unsigned node, struct error *err)
{
	return hypervisor_suspend(site->nodes[node].hypervisor, site->nodes[node].domain, err);
}

int site_resume(struct site *site, unsigned node, struct error *err)
{
	return hypervisor_resume(site->nodes[node].hypervisor, site->nodes[node].domain, err);
}

int site_cached(struct site *site, unsigned node, uint64_t *ret, struct error *err)
{
	const struct site_node *n = &site->nodes[node];

	return residency(n->host, n->device, ret, err);
}

bool site_is_alone(const struct site *site)
{
	return site->built || site->volume == VOLUME_RAW;
}

bool site_mounts(const struct site *site)
{
	return site->built && site->volume != VOLUME_RAW;
}

int site_end(struct site *site, const struct cell *cell, char *const disks[NODES],
	     struct error *err)
{
	bool found = false;
	unsigned node;
	int result = 0;

	if (!site->built || site_boots_for(site, cell))
		site_disconnect(site);
	if (site_boots_for(site, cell))
		return built_guests_destroy(site, &found, err);
	for (node = 0; node < NODES; node++) {
		if (site->built ? built_guest_detach(site, node, disks[node], err) < 0
				: existing_guest_stop(site->existing[node], err) < 0)
			result = -1;
	}
	return result;
}

int site_reboot(struct site *site, struct error *err)
{
	bool found = false;

	if (!site->built)
		return 0;
	site_disconnect(site);
	if (built_guests_destroy(site, &found, err) < 0)
		return -1;
	return built_guests_boot(site, err);
}

int site_greet(struct site *site, unsigned node, int fd, struct error *err)
{
	struct agent_link *agent = agent_link_new(fd, (uint8_t)node, GREET_NS, err);

	site->agents[node] = agent;
	if (!agent)
		return -1;
	if (!node) {
		snprintf(site->kernel, sizeof(site->kernel), "%s", agent_link_kernel(agent));
		snprintf(site->agent, sizeof(site->agent), "%s", agent_link_build(agent));
	}
	return 0;
}

void site_blame_host(const struct site *site, struct error *err)
{
	const char *const argv[] = {"true", NULL};
	struct error gone;
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (host_run_ok(site->nodes[node].host, argv, ANSWER_NS, &gone) < 0 &&
		    gone.kind == ERROR_WORLD)
			error_prefix(err, "host %c does not answer any more (%.200s)",
				     site->nodes[node].letter, gone.text);
	}
}

void site_disconnect(struct site *site)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		agent_link_free(site->agents[node]);
		site->agents[node] = NULL;
		if (site->existing[node])
			existing_guest_disconnect(site->existing[node]);
	}
}
