/* SPDX-License-Identifier: GPL-2.0-or-later */
/* built_guests.c - see built_guests.h. */
#include "site/built_guests.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "site/file_system.h"
#include "virt/domain_xml.h"
#include "virt/effective.h"
#include "host/wait.h"

#define TAIL_NS (20 * NS_PER_S)
#define DETACH_NS (30 * NS_PER_S)
#define MEMORY_MIB 512
#define TAIL_SIZE 1200 /* of a console, in an error message */
#define TAIL_TEXT "1200"

static const char *const macs[NODES] = {"52:54:00:57:a1:0a", "52:54:00:57:a1:0b"};

char *built_guest_xml(const struct site *site, unsigned node, struct error *err)
{
	const struct built_guest *guest = &site->guests[node], *peer = &site->guests[!node];
	char command_line[256];
	struct guest_spec spec = {
		.name = site->nodes[node].domain,
		.kvm = guest->kvm,
		.kernel = guest->kernel,
		.initramfs = guest->initramfs,
		.command_line = command_line,
		.console = guest->console,
		.heartbeat = guest->heartbeat,
		.heartbeat_serial = FILE_SYSTEM_HEARTBEAT,
		.mac = macs[node],
		.memory_mib = MEMORY_MIB,
		.address = guest->address,
		.peer_address = peer->address,
		.port = guest->port,
		.peer_port = peer->port,
		.scsi = site->scsi,
		.disk = guest->disk,
	};

	snprintf(command_line, sizeof(command_line),
		 "console=ttyS0 panic=-1 quiet loglevel=5 stalemate.node=%c%s", 'a' + node,
		 file_system_of(site->volume)->init);
	return domain_xml_guest(&spec, err);
}

char *built_guest_disk_xml(const struct site *site, unsigned node, const struct cell *cell,
			   struct error *err)
{
	return domain_xml_disk(site->nodes[node].device, cell->cache[node], &cell->disk, err);
}

/* The last lines of a guest's console, for an error message. */
static void console_tail(struct site *site, unsigned node, char *ret, size_t size)
{
	const char *argv[] = {"tail", "-c", TAIL_TEXT, site->guests[node].console, NULL};
	struct process_result result;
	struct error ignored;
	char *start;
	size_t i;

	snprintf(ret, size, "(not read)");
	if (host_run(site->nodes[node].host, argv, TAIL_NS, &result, &ignored) < 0)
		return;
	start = result.out;
	if (strlen(start) >= TAIL_SIZE && strchr(start, '\n'))
		start = strchr(start, '\n') + 1;
	for (i = 0; start[i]; i++) { /* one line: " | " between the console's */
		if (start[i] == '\n')
			start[i] = '|';
		else if (start[i] == '\r')
			start[i] = ' ';
	}
	printable(start, strlen(start), ret, (uint32_t)size);
	process_result_done(&result);
}

struct guest {
	struct site *site;
	unsigned node;
};

/* Whether the guest's agent has opened its port; an error as soon as the guest is gone. */
static int agent_ready(void *context, struct error *err)
{
	const struct guest *guest = context;
	struct site_node *node = &guest->site->nodes[guest->node];
	char tail[TAIL_SIZE + 1];
	struct error why;
	char *xml;
	int got;

	xml = hypervisor_xml(node->hypervisor, node->domain, &why);
	if (!xml && hypervisor_is_running(node->hypervisor, node->domain, NULL))
		return error_set(err, why.kind, "%s", why.text);
	if (!xml) {
		console_tail(guest->site, guest->node, tail, sizeof(tail));
		return error_set(err, ERROR_WORLD,
				 "guest %s stopped while booting; the end of its console: %s",
				 node->domain, tail);
	}
	got = domain_xml_channel_connected(xml, err);
	free(xml);
	return got;
}

int built_guest_connect(struct site *site, unsigned node, struct error *err)
{
	const struct site_node *n = &site->nodes[node];
	struct guest guest = {site, node};
	char what[128], tail[TAIL_SIZE + 1];
	int fd;

	snprintf(what, sizeof(what), "the agent of guest %s", n->domain);
	if (wait_for(what, site->boot_ns ? site->boot_ns : BUILT_GUESTS_BOOT_NS, agent_ready,
		     &guest, err) < 0) {
		if (err->kind == ERROR_WORLD && !strstr(err->text, "console")) {
			console_tail(site, node, tail, sizeof(tail));
			error_prefix(err, "guest does not boot (end of its console: %s)", tail);
		}
		return -1;
	}
	fd = hypervisor_channel(n->hypervisor, n->domain, GUEST_CHANNEL, err);
	if (fd < 0)
		return -1;
	return site_greet(site, node, fd, err);
}

static int start_guest(struct site *site, unsigned node, struct error *err)
{
	char *xml = built_guest_xml(site, node, err);
	int result;

	if (!xml)
		return -1;
	result = hypervisor_start(site->nodes[node].hypervisor, xml, site->dies_with_us, err);
	free(xml);
	site->guests[node].started |= !result;
	return result;
}

/* Start both guests, then wait for both: they boot side by side and need each other. */
int built_guests_boot(struct site *site, struct error *err)
{
	unsigned node;

	progress_step(site->progress, "booting two guests (%s)",
		      strcmp(site->accelerator, "kvm") ? "software emulation: this CPU or machine "
							 "has no KVM"
						       : "KVM");
	for (node = 0; node < NODES; node++) {
		if (start_guest(site, node, err) < 0)
			return -1;
	}
	progress_step(site->progress, "waiting for %s",
		      site->volume == VOLUME_RAW ? "both guests" : "the cluster of both guests");
	for (node = 0; node < NODES; node++) {
		if (built_guest_connect(site, node, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * QEMU takes 2 to 3 s to leave when asked to under emulation, one guest after the other. A guest of
 * ours holds nothing worth an orderly end, so on this machine both are killed first; libvirt then
 * only has to notice. The mark in its definition makes sure that the process is a guest of ours.
 */
int built_guests_destroy(struct site *site, bool *ret_found, struct error *err)
{
	char path[128], *xml;
	int result = 0;
	unsigned node;
	pid_t pid;

	for (node = 0; node < NODES; node++) {
		struct site_node *n = &site->nodes[node];

		if (!n->domain[0])
			continue;
		xml = hypervisor_xml(n->hypervisor, n->domain, NULL);
		if (xml && !domain_xml_is_ours(xml)) {
			free(xml);
			return error_set(err, ERROR_WORLD,
					 "a domain named %s exists and is not ours; rename it",
					 n->domain);
		}
		*ret_found |= xml != NULL;
		snprintf(path, sizeof(path), QEMU_PID_FILE, n->domain);
		pid = xml && host_is_local(n->host) ? process_read_pid(path) : 0;
		if (pid)
			kill(pid, SIGKILL);
		free(xml);
	}
	for (node = 0; node < NODES; node++) {
		const struct site_node *n = &site->nodes[node];

		if (n->domain[0] && hypervisor_destroy(n->hypervisor, n->domain, err) < 0)
			result = -1;
	}
	return result;
}

int built_guest_attach(struct site *site, unsigned node, const char *disk_xml, struct error *err)
{
	return hypervisor_attach(site->nodes[node].hypervisor, site->nodes[node].domain, disk_xml,
				 err);
}

static int disk_gone(void *context, struct error *err)
{
	const struct guest *guest = context;
	struct site_node *node = &guest->site->nodes[guest->node];
	char *xml;
	int got;

	xml = hypervisor_xml(node->hypervisor, node->domain, err);
	if (!xml)
		return -1;
	got = domain_xml_has_disk(xml, node->disk, err);
	free(xml);
	return got < 0 ? -1 : !got;
}

int built_guest_detach(struct site *site, unsigned node, const char *disk_xml, struct error *err)
{
	struct guest guest = {site, node};
	char what[128];

	if (hypervisor_detach(site->nodes[node].hypervisor, site->nodes[node].domain, disk_xml,
			      err) < 0)
		return -1;
	snprintf(what, sizeof(what), "guest %s to give the disk back", site->nodes[node].domain);
	return wait_for(what, DETACH_NS, disk_gone, &guest, err);
}
