/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cell_target.c - cell_internal.h: what the agents do with the target around a cell's workload. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "run/cell_internal.h"
#include "site/file_system.h"
#include "virt/domain_xml.h"

#define MOUNT_NS (60 * NS_PER_S)
#define UNMOUNT_NS (60 * NS_PER_S)
#define OPEN_NS (120 * NS_PER_S)
#define PING_NS (5 * NS_PER_S)
#define DISK_MS 30000

static const struct file_system *file_system(const struct cell_state *s)
{
	return file_system_of(s->c->site->volume);
}

static int begin_mount(struct cell_state *s, unsigned node, const char *options, struct error *err)
{
	struct message_mount mount = {.timeout_ms = DISK_MS};

	snprintf(mount.serial, sizeof(mount.serial), "%s", GUEST_SERIAL);
	snprintf(mount.directory, sizeof(mount.directory), "%s", s->directory);
	snprintf(mount.fstype, sizeof(mount.fstype), "%s", file_system(s)->type);
	snprintf(mount.options, sizeof(mount.options), "%s", options);
	return agent_begin_mount(s->c->site->agents[node], &mount, err);
}

static int open_target(struct cell_state *s, unsigned node, bool create, struct error *err)
{
	struct agent_link *agent = s->c->site->agents[node];
	const struct plan *plan = s->c->plan;
	struct message_open target = {
		.size = plan->size,
		.unit = plan->unit,
		.files = s->c->workload->files,
		.volume = s->c->volume,
		.node = (uint8_t)node,
		.create = create,
		.device = s->c->site->volume == VOLUME_RAW,
		.timeout_ms = DISK_MS,
	};

	snprintf(target.path, sizeof(target.path), "%s", plan->target);
	if (target.device && !plan->target[0])
		snprintf(target.serial, sizeof(target.serial), "%s", GUEST_SERIAL);
	memcpy(target.run, s->c->uuid, sizeof(target.run));
	snprintf(target.io, sizeof(target.io), "%s", s->c->cell->path);
	if (agent_begin_open(agent, &target, err) < 0)
		return -1;
	return agent_finish(agent, OPEN_NS, err);
}

/* Mount where the run does it; what fails or hangs may be there even so. */
static int mount_on(struct cell_state *s, unsigned node, const char *options, struct error *err)
{
	if (!site_mounts(s->c->site))
		return 0;
	if (begin_mount(s, node, options, err) < 0)
		return -1;
	return agent_finish(s->c->site->agents[node], MOUNT_NS, err);
}

int cell_target_close(struct cell_state *s, unsigned node, struct error *err)
{
	struct agent_link *agent = s->c->site->agents[node];

	if (agent_begin_close(agent, err) < 0 || agent_finish(agent, OPEN_NS, err) < 0)
		return -1;
	if (!site_mounts(s->c->site))
		return 0;
	if (agent_begin_unmount(agent, s->directory, err) < 0)
		return -1;
	return agent_finish(agent, UNMOUNT_NS, err);
}

int cell_target_prepare(struct cell_state *s, struct error *err)
{
	if (mount_on(s, 0, file_system(s)->alone, err) < 0 || open_target(s, 0, true, err) < 0 ||
	    cell_target_close(s, 0, err) < 0)
		return error_prefix(err, "preparing the target");
	return site_drop_caches(s->c->site, err);
}

int cell_target_open(struct cell_state *s, struct error *err)
{
	struct agent_link *const *agents = s->c->site->agents;
	struct ping ping;
	unsigned node;

	for (node = 0; site_mounts(s->c->site) && node < NODES; node++) {
		if (begin_mount(s, node, file_system(s)->shared, err) < 0)
			return -1;
	}
	for (node = 0; site_mounts(s->c->site) && node < NODES; node++) {
		if (agent_finish(agents[node], MOUNT_NS, err) < 0)
			return -1;
	}
	for (node = 0; node < NODES; node++) {
		if (agent_ping(agents[node], PING_NS, &ping, err) < 0)
			return -1;
		s->facts.mounted_ns[node] = ping.n1;
		s->facts.mounted_known[node] = true;
	}
	for (node = 0; node < NODES; node++) {
		if (open_target(s, node, false, err) < 0)
			return -1;
	}
	return 0;
}
