/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab_guests.c - the lab's two guests: their definition, boot, agents (lab.h). */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parse.h"
#include "site/hypervisor.h"
#include "site/lab.h"
#include "site/process.h"
#include "site/wait.h"

#define GREET_NS (20 * NS_PER_S)
#define MEMORY_MIB 512
#define TAIL_SIZE 1200 /* of a console, in an error message */

const char *const lab_guest_names[NODES] = {"stalemate-lab-a", "stalemate-lab-b"};
static const char *const consoles[NODES] = {LAB_DISK_DIR "/console-a.log",
					    LAB_DISK_DIR "/console-b.log"};
static const char *const macs[NODES] = {"52:54:00:57:a1:0a", "52:54:00:57:a1:0b"};

const char *lab_console(unsigned node)
{
	return consoles[node];
}

char *lab_guest_xml(const struct lab_state *state, unsigned node, struct error *err)
{
	char command_line[256];
	struct guest_spec spec = {
		.name = lab_guest_names[node],
		.kvm = state->kvm,
		.kernel = state->image.kernel,
		.initramfs = state->image.initramfs,
		.command_line = command_line,
		.console = consoles[node],
		.mac = macs[node],
		.memory_mib = MEMORY_MIB,
		.port = state->ports[node],
		.peer_port = state->ports[!node],
	};

	snprintf(command_line, sizeof(command_line),
		 "console=ttyS0 panic=-1 quiet loglevel=5 stalemate.node=%c", 'a' + node);
	return domain_xml_guest(&spec, err);
}

/* The last lines of a guest's console, for an error message. */
static void console_tail(unsigned node, char *ret, size_t size)
{
	char text[TAIL_SIZE + 1], *start = text;
	int fd = open(consoles[node], O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;
	off_t end;
	size_t i;

	if (fd >= 0) {
		end = lseek(fd, 0, SEEK_END);
		n = pread(fd, text, TAIL_SIZE, end > TAIL_SIZE ? end - TAIL_SIZE : 0);
		close(fd);
	}
	text[n > 0 ? n : 0] = 0;
	if (n == TAIL_SIZE && strchr(text, '\n'))
		start = strchr(text, '\n') + 1;
	for (i = 0; start[i]; i++) { /* one line: " | " between the console's */
		if (start[i] == '\n')
			start[i] = '|';
		else if (start[i] == '\r')
			start[i] = ' ';
	}
	printable(start, strlen(start), ret, size);
}

struct boot {
	struct lab *lab;
	unsigned node;
};

/* Whether the guest's agent has opened its port; an error as soon as the guest is gone. */
static int agent_ready(void *context, struct error *err)
{
	const struct boot *boot = context;
	const char *name = lab_guest_names[boot->node];
	char tail[TAIL_SIZE + 1];
	char *xml;
	int got;

	xml = hypervisor_xml(boot->lab->hypervisor, name, NULL);
	if (!xml) {
		console_tail(boot->node, tail, sizeof(tail));
		return error_set(err, ERROR_WORLD,
				 "guest %s stopped while booting; the end of its console: %s", name,
				 tail);
	}
	got = domain_xml_channel_connected(xml, err);
	free(xml);
	return got;
}

int lab_connect(struct lab *lab, unsigned node, struct error *err)
{
	struct boot boot = {lab, node};
	uint64_t boot_ns = lab->options.boot_ns ? lab->options.boot_ns : LAB_BOOT_NS;
	char what[96], tail[TAIL_SIZE + 1];
	int fd;

	snprintf(what, sizeof(what), "the agent of guest %s", lab_guest_names[node]);
	if (wait_for(what, boot_ns, agent_ready, &boot, err) < 0) {
		if (err->kind == ERROR_WORLD && !strstr(err->text, "console")) {
			console_tail(node, tail, sizeof(tail));
			error_prefix(err, "guest does not boot (end of its console: %s)", tail);
		}
		return -1;
	}
	fd = hypervisor_channel(lab->hypervisor, lab_guest_names[node], GUEST_CHANNEL, err);
	if (fd < 0)
		return -1;
	lab->agents[node] = agent_link_new(fd, (uint8_t)node, GREET_NS, err);
	return lab->agents[node] ? 0 : -1;
}

void lab_disconnect(struct lab *lab)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		agent_link_free(lab->agents[node]);
		lab->agents[node] = NULL;
	}
}

static int start_guest(struct lab *lab, unsigned node, struct error *err)
{
	char *xml = lab_guest_xml(&lab->state, node, err);
	int result;

	if (!xml)
		return -1;
	result = hypervisor_start(lab->hypervisor, xml, !lab->options.persistent, err);
	free(xml);
	return result;
}

/* Start both guests, then wait for both: they boot side by side and need each other. */
int lab_boot(struct lab *lab, struct error *err)
{
	unsigned node;

	progress_step(lab->options.progress, "booting two guests (%s)",
		      lab->state.kvm ? "KVM"
				     : "software emulation: this CPU or machine has no KVM");
	for (node = 0; node < NODES; node++) {
		if (start_guest(lab, node, err) < 0)
			return -1;
	}
	progress_step(lab->options.progress, "waiting for the cluster of both guests");
	for (node = 0; node < NODES; node++) {
		if (lab_connect(lab, node, err) < 0)
			return -1;
	}
	return 0;
}

/*
 * QEMU takes 2 to 3 s to leave when asked to under emulation, one guest after the other. A guest of
 * the lab holds nothing worth an orderly end, so both are killed first; libvirt then only has to
 * notice. The mark in its definition makes sure that the process is a guest of ours.
 */
int lab_destroy_guests(struct hypervisor *hypervisor, bool *ret_found, struct error *err)
{
	char path[128], *xml;
	int result = 0;
	unsigned node;
	pid_t pid;

	for (node = 0; node < NODES; node++) {
		xml = hypervisor_xml(hypervisor, lab_guest_names[node], NULL);
		if (xml && !domain_xml_is_ours(xml)) {
			free(xml);
			return error_set(err, ERROR_WORLD,
					 "a domain named %s exists and is not ours; rename it",
					 lab_guest_names[node]);
		}
		*ret_found |= xml != NULL;
		snprintf(path, sizeof(path), QEMU_PID_FILE, lab_guest_names[node]);
		pid = xml ? process_read_pid(path) : 0;
		if (pid)
			kill(pid, SIGKILL);
		free(xml);
	}
	for (node = 0; node < NODES; node++) {
		if (hypervisor_destroy(hypervisor, lab_guest_names[node], err) < 0)
			result = -1;
	}
	return result;
}

int lab_reboot(struct lab *lab, struct error *err)
{
	bool found = false;

	lab_disconnect(lab);
	if (lab_destroy_guests(lab->hypervisor, &found, err) < 0)
		return -1;
	return lab_boot(lab, err);
}
