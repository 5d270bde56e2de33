/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab.c - see lab.h: bringing the lab up and taking it down.
 *
 * Up: daemons, image, volume file, two loop devices, two transient guests, their agents. Each step
 * can be undone without a note of it: domains carry our mark and a fixed name, loop devices name
 * their file, daemons have pid files in our folder. So taking down is one function that looks at
 * the world, and it serves the normal end, every error path and what a kill -9 left behind.
 */
#include "site/lab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parse.h"
#include "site/built_guests.h"
#include "site/claim_device.h"
#include "site/daemons.h"
#include "site/file_system.h"
#include "virt/effective.h"
#include "virt/hypervisor.h"
#include "host/interrupt.h"
#include "host/process.h"

#define SPACE_SPARE (64ULL << 20)

const char *const lab_guest_names[NODES] = {"stalemate-lab-a", "stalemate-lab-b"};
static const char *const consoles[NODES] = {LAB_DISK_DIR "/console-a.log",
					    LAB_DISK_DIR "/console-b.log"};

void lab_describe(const struct lab_state *state, struct site *ret)
{
	unsigned node;

	ret->built = true;
	ret->volume = state->volume;
	ret->scsi = state->scsi;
	ret->steady_clocks = state->kvm;
	snprintf(ret->accelerator, sizeof(ret->accelerator), "%s", state->kvm ? "kvm" : "tcg");
	snprintf(ret->packages, sizeof(ret->packages), "%s", state->image.packages);
	for (node = 0; node < NODES; node++) {
		struct site_node *n = &ret->nodes[node];
		struct built_guest *guest = &ret->guests[node];

		n->letter = (char)('a' + node);
		snprintf(n->device, sizeof(n->device), "%s", state->loops[node]);
		snprintf(n->source, sizeof(n->source), "%s", state->loops[node]);
		snprintf(n->domain, sizeof(n->domain), "%s", lab_guest_names[node]);
		guest->kvm = state->kvm;
		guest->port = state->ports[node];
		snprintf(guest->address, sizeof(guest->address), "127.0.0.1");
		snprintf(guest->console, sizeof(guest->console), "%s", consoles[node]);
		snprintf(guest->heartbeat, sizeof(guest->heartbeat), "%s",
			 state->volume == VOLUME_OCFS2 ? LAB_HEARTBEAT : "");
		snprintf(guest->kernel, sizeof(guest->kernel), "%s", state->image.kernel);
		snprintf(guest->initramfs, sizeof(guest->initramfs), "%s", state->image.initramfs);
	}
}

/* Both hosts are this machine: two handles on it, one connection to its libvirt. */
static int connect_site(struct site *site, struct error *err)
{
	const struct host_options local = {.ssh = "local"};
	unsigned node;

	for (node = 0; node < NODES; node++) {
		site->nodes[node].host = host_open(&local, err);
		if (!site->nodes[node].host)
			return -1;
	}
	site->nodes[0].hypervisor = hypervisor_open(LIBVIRT_URI, err);
	site->nodes[1].hypervisor = site->nodes[0].hypervisor;
	return site->nodes[0].hypervisor ? 0 : -1;
}

static void disconnect_site(struct site *site)
{
	unsigned node;

	site_disconnect(site);
	hypervisor_close(site->nodes[0].hypervisor);
	for (node = 0; node < NODES; node++) {
		host_close(site->nodes[node].host);
		site->nodes[node].host = NULL;
		site->nodes[node].hypervisor = NULL;
	}
}

/* A UDP port of the loopback interface that nobody has now. 0 = none. */
static unsigned free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	unsigned port = 0;
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !bind(fd, (struct sockaddr *)&address, size) &&
	    !getsockname(fd, (struct sockaddr *)&address, &size))
		port = ntohs(address.sin_port);
	if (fd >= 0)
		close(fd);
	return port;
}

static int create_volume(struct lab *lab, struct error *err)
{
	uint64_t size = lab->state.volume_size;
	struct statvfs space;
	int fd, failed;

	if (statvfs(LAB_DISK_DIR, &space) < 0)
		return error_set_errno(err, ERROR_WORLD, "%s", LAB_DISK_DIR);
	if ((uint64_t)space.f_bavail * space.f_frsize < size + SPACE_SPARE)
		return error_set(
			err, ERROR_WORLD,
			"%s has no room for the volume: %llu MiB are needed, %llu MiB free",
			LAB_DISK_DIR, (unsigned long long)((size + SPACE_SPARE) >> 20),
			(unsigned long long)((uint64_t)space.f_bavail * space.f_frsize >> 20));
	fd = open(LAB_VOLUME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_set_errno(err, ERROR_WORLD, "%s", LAB_VOLUME);
	failed = posix_fallocate(fd, 0, (off_t)size);
	close(fd);
	errno = failed;
	return failed ? error_set_errno(err, ERROR_WORLD, "%s", LAB_VOLUME) : 0;
}

/* A raw volume bears a claim, which the agents look for: the file is ours, so nobody is asked. */
static int claim_volume(struct lab *lab, struct error *err)
{
	struct claim_device device = {.size = lab->state.volume_size};

	snprintf(device.path, sizeof(device.path), "%s", lab->state.loops[0]);
	return claim_device_mark(lab->site.nodes[0].host, &device, err);
}

/* Everything below lab_open's choice to bring a new lab up. */
static int bring_up(struct lab *lab, struct error *err)
{
	unsigned node;

	if (daemons_start(lab->options.progress, err) < 0 || connect_site(&lab->site, err) < 0 ||
	    create_volume(lab, err) < 0)
		return -1;
	for (node = 0; node < NODES; node++) {
		lab->state.ports[node] = free_port();
		if (!lab->state.ports[node] || lab->state.ports[node] == lab->state.ports[0] * node)
			return error_set(err, ERROR_WORLD, "no free UDP port on 127.0.0.1");
		if (loop_attach(LAB_VOLUME, lab->state.loops[node], err) < 0)
			return -1;
	}
	if (lab->state.volume == VOLUME_RAW && claim_volume(lab, err) < 0)
		return -1;
	if (lab->state.volume == VOLUME_OCFS2 &&
	    file_system_make_heartbeat(lab->site.nodes[0].host, LAB_HEARTBEAT, err) < 0)
		return -1;
	lab_describe(&lab->state, &lab->site);
	if (built_guests_boot(&lab->site, err) < 0)
		return -1;
	lab->state.persistent = lab->options.persistent;
	return lab_state_write(&lab->state, err);
}

/* Take over a lab that `lab up` left, if it is whole and what is wanted. */
static bool adopt(struct lab *lab)
{
	struct lab_state found;
	struct error ignored;
	unsigned node;

	if (!lab_state_read(&found) || found.kvm != lab->state.kvm ||
	    (lab->state.scsi && !found.scsi) || found.volume != lab->state.volume ||
	    found.volume_size != lab->state.volume_size ||
	    strcmp(found.image.initramfs, lab->state.image.initramfs) ||
	    !hypervisor_reachable(LIBVIRT_URI))
		return false;
	if (connect_site(&lab->site, &ignored) < 0)
		return false;
	lab->state = found;
	lab->options.persistent = found.persistent;
	lab_describe(&lab->state, &lab->site);
	for (node = 0; node < NODES; node++) {
		if (!hypervisor_running(lab->site.nodes[node].hypervisor, lab_guest_names[node]) ||
		    built_guest_connect(&lab->site, node, &ignored) < 0)
			return false;
	}
	progress_step(lab->options.progress, "using the lab that is up");
	return true;
}

/* Destroy our guests, starting libvirtd for it if QEMUs are there without it. */
static int destroy_guests(const struct progress *progress, bool *found, struct error *err)
{
	struct lab_state unknown = {0};
	struct site site = {0};
	bool leftover = false;
	char path[128];
	unsigned node;
	int result;

	for (node = 0; node < NODES; node++) {
		snprintf(path, sizeof(path), QEMU_PID_FILE, lab_guest_names[node]);
		leftover |= process_started(process_read_pid(path)) != 0;
	}
	if (!leftover && !hypervisor_reachable(LIBVIRT_URI))
		return 0;
	if (leftover && daemons_start(progress, err) < 0)
		return -1;
	lab_describe(&unknown, &site);
	result = connect_site(&site, err);
	if (!result)
		result = built_guests_destroy(&site, found, err);
	disconnect_site(&site);
	return result;
}

/* The whole of taking down; the caller holds the lock. */
static int take_down(const struct progress *progress, bool *found, struct error *err)
{
	bool held = interrupt_hold(true);
	int result;
	unsigned node;

	*found = false;
	result = destroy_guests(progress, found, err);
	if (loop_detach_all(LAB_VOLUME, err) < 0)
		result = -1;
	*found |= !access(LAB_VOLUME, F_OK) || daemons_ours();
	unlink(LAB_VOLUME);
	unlink(LAB_HEARTBEAT);
	for (node = 0; node < NODES; node++)
		unlink(consoles[node]);
	lab_state_remove();
	daemons_stop();
	interrupt_hold(held);
	return result;
}

int lab_open(const struct lab_options *options, struct lab *ret, struct error *err)
{
	struct lab lab = {
		.options = *options,
		.lock = -1,
		.site = {.progress = options->progress,
			 .boot_ns = options->boot_ns,
			 .dies_with_us = !options->persistent},
	};
	struct error ignored;
	bool found;

	lab.lock = lab_lock(options->purpose, err);
	if (lab.lock < 0)
		return -1;
	lab.state.volume = options->volume;
	lab.state.scsi = options->scsi;
	lab.state.volume_size = options->volume_size;
	if (accelerator_choose(options->accelerator, &lab.state.kvm, err) < 0 ||
	    image_build(options->progress, &lab.state.image, err) < 0)
		goto fail;
	if (!adopt(&lab)) {
		disconnect_site(&lab.site);
		if (take_down(options->progress, &found, err) < 0)
			goto fail;
		if (found)
			progress_step(options->progress, "cleaned up what an earlier run left");
		if (bring_up(&lab, err) < 0) {
			site_disconnect(&lab.site);
			take_down(options->progress, &found, &ignored);
			goto fail;
		}
	}
	*ret = lab;
	return 0;
fail:
	disconnect_site(&lab.site);
	lab_unlock(lab.lock);
	return -1;
}

void lab_close(struct lab *lab)
{
	struct error ignored;
	bool found;

	site_disconnect(&lab->site);
	if (!lab->options.persistent)
		take_down(lab->options.progress, &found, &ignored);
	disconnect_site(&lab->site);
	lab_unlock(lab->lock);
}

int lab_down(const struct progress *progress, bool *ret_found, struct error *err)
{
	int lock = lab_lock("lab down", err), result;

	if (lock < 0)
		return -1;
	result = take_down(progress, ret_found, err);
	lab_unlock(lock);
	return result;
}

void lab_look(struct lab_report *ret)
{
	struct hypervisor *hypervisor;
	unsigned node;

	memset(ret, 0, sizeof(*ret));
	ret->locked = lab_locked_by(ret->holder, sizeof(ret->holder));
	ret->known = lab_state_read(&ret->state);
	ret->daemons = daemons_ours();
	hypervisor = hypervisor_open(LIBVIRT_URI, NULL);
	for (node = 0; hypervisor && node < NODES; node++)
		ret->guests[node] = hypervisor_running(hypervisor, lab_guest_names[node]);
	hypervisor_close(hypervisor);
	ret->up = ret->known && ret->guests[0] && ret->guests[1];
}
