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
#include "site/daemons.h"
#include "site/hypervisor.h"
#include "site/interrupt.h"
#include "site/process.h"
#include "site/wait.h"

#define BOOT_NS (180 * NS_PER_S) /* two guests under emulation take 11 s on two idle cores */
#define GREET_NS (20 * NS_PER_S)
#define MEMORY_MIB 512
#define SPACE_SPARE (64ULL << 20)
#define TAIL_SIZE 1200 /* of a console, in an error message */

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

/* Everything below lab_open's choice to bring a new lab up. */
static int bring_up(struct lab *lab, struct error *err)
{
	unsigned node;

	if (daemons_start(lab->options.progress, err) < 0)
		return -1;
	lab->hypervisor = hypervisor_open(LIBVIRT_URI, err);
	if (!lab->hypervisor || create_volume(lab, err) < 0)
		return -1;
	for (node = 0; node < NODES; node++) {
		lab->state.ports[node] = free_port();
		if (!lab->state.ports[node] || lab->state.ports[node] == lab->state.ports[0] * node)
			return error_set(err, ERROR_WORLD, "no free UDP port on 127.0.0.1");
		if (loop_attach(LAB_VOLUME, lab->state.loops[node], err) < 0)
			return -1;
	}
	if (lab_boot(lab, err) < 0)
		return -1;
	lab->state.persistent = lab->options.persistent;
	return lab_state_write(&lab->state, err);
}

/* Take over a lab that `lab up` left, if it is whole and what is wanted. */
static bool adopt(struct lab *lab)
{
	struct lab_state found;
	unsigned node;

	if (!lab_state_read(&found) || found.kvm != lab->state.kvm ||
	    found.volume_size != lab->state.volume_size ||
	    strcmp(found.image.initramfs, lab->state.image.initramfs) ||
	    !hypervisor_reachable(LIBVIRT_URI))
		return false;
	lab->hypervisor = hypervisor_open(LIBVIRT_URI, NULL);
	if (!lab->hypervisor)
		return false;
	lab->state = found;
	lab->options.persistent = found.persistent;
	for (node = 0; node < NODES; node++) {
		if (!hypervisor_running(lab->hypervisor, lab_guest_names[node]) ||
		    lab_connect(lab, node, &(struct error){0}) < 0)
			return false;
	}
	progress_step(lab->options.progress, "using the lab that is up");
	return true;
}

static void let_go(struct lab *lab)
{
	lab_disconnect(lab);
	hypervisor_close(lab->hypervisor);
	lab->hypervisor = NULL;
}

/* Destroy our guests, starting libvirtd for it if QEMUs are there without it. */
static int destroy_guests(const struct progress *progress, bool *found, struct error *err)
{
	struct hypervisor *hypervisor;
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
	hypervisor = hypervisor_open(LIBVIRT_URI, err);
	if (!hypervisor)
		return -1;
	result = lab_destroy_guests(hypervisor, found, err);
	hypervisor_close(hypervisor);
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
	for (node = 0; node < NODES; node++)
		unlink(lab_console(node));
	lab_state_remove();
	daemons_stop();
	interrupt_hold(held);
	return result;
}

int lab_open(const struct lab_options *options, struct lab *ret, struct error *err)
{
	struct lab lab = {.options = *options, .lock = -1};
	struct error ignored;
	bool found;

	lab.lock = lab_lock(options->purpose, err);
	if (lab.lock < 0)
		return -1;
	lab.state.volume_size = options->volume_size;
	if (accelerator_choose(options->accelerator, &lab.state.kvm, err) < 0 ||
	    image_build(options->progress, &lab.state.image, err) < 0)
		goto fail;
	if (!adopt(&lab)) {
		let_go(&lab);
		if (take_down(options->progress, &found, err) < 0)
			goto fail;
		if (found)
			progress_step(options->progress, "cleaned up what an earlier run left");
		if (bring_up(&lab, err) < 0) {
			lab_disconnect(&lab);
			take_down(options->progress, &found, &ignored);
			goto fail;
		}
	}
	*ret = lab;
	return 0;
fail:
	let_go(&lab);
	lab_unlock(lab.lock);
	return -1;
}

void lab_close(struct lab *lab)
{
	struct error ignored;
	bool found;

	lab_disconnect(lab);
	if (!lab->options.persistent)
		take_down(lab->options.progress, &found, &ignored);
	let_go(lab);
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
