/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hypervisor.h - a libvirt connection and the domains behind it; only hypervisor*.c know libvirt.
 *
 * Domains are named, not held: a name is looked up on each call, so a domain that vanished is an
 * error there and nothing dangles.
 *
 * No call waits without end: a connection has 60 s to be made, a call 120 s to be answered (and
 * timeout_s more, where there is one); then it fails with ERROR_WORLD. What it asked for may still
 * be done later. A signal (interrupt.h) ends a wait at once with ERROR_INTERRUPTED, but a call that
 * changes something is first given 10 s to end by itself, so that what is cleaned up afterwards is
 * all there. A connection that was lost (libvirtd restarted, the network away, no answer in time)
 * is made anew by the next call; a guest that died with it stays dead. ERROR_REFUSED: what was to
 * be started, defined or plugged in is something that libvirt does not support.
 */
#ifndef SITE_HYPERVISOR_H
#define SITE_HYPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct hypervisor;

/*
 * Connect (and start the event loop's thread with the first one). ssh, where the URI names it, asks
 * nothing on the terminal: it fails instead. NULL with ERROR_WORLD or ERROR_INTERRUPTED.
 */
struct hypervisor *hypervisor_open(const char *uri, struct error *err);

/* NULL: fine. Takes 10 s for each connection at most: one that does not close ends with us. */
void hypervisor_close(struct hypervisor *hypervisor);

/* Whether a connection can be made at all; says nothing on failure. */
bool hypervisor_reachable(const char *uri);

/* "QEMU 7.2.x, libvirt 9.0.0" into ret. */
void hypervisor_versions(struct hypervisor *hypervisor, char *ret, uint32_t size);

/*
 * Start a transient domain: nothing of it remains once it is destroyed. With dies_with_us libvirt
 * destroys it when this connection ends, even by kill -9.
 */
int hypervisor_start(struct hypervisor *hypervisor, const char *xml, bool dies_with_us,
		     struct error *err);

/* Destroy it; not there: fine. */
int hypervisor_destroy(struct hypervisor *hypervisor, const char *name, struct error *err);

/* Let a running domain's processors stand still, and let them go on. */
int hypervisor_suspend(struct hypervisor *hypervisor, const char *name, struct error *err);
int hypervisor_resume(struct hypervisor *hypervisor, const char *name, struct error *err);

/* 1 if it runs now, 0 if not or if there is none of that name, -1 with *err if nobody says. */
int hypervisor_is_running(struct hypervisor *hypervisor, const char *name, struct error *err);

/* Whether that says 1: false does not mean that it does not run. */
bool hypervisor_running(struct hypervisor *hypervisor, const char *name);

/* The live XML, to be freed with free(); NULL with *err. */
char *hypervisor_xml(struct hypervisor *hypervisor, const char *name, struct error *err);

/* The same of the definition that the next start uses. */
char *hypervisor_definition(struct hypervisor *hypervisor, const char *name, struct error *err);

/* That definition with its secrets (VNC passwords and the like): what defines it again. */
char *hypervisor_definition_secure(struct hypervisor *hypervisor, const char *name,
				   struct error *err);

/* What a domain is, beside its XML. */
struct domain_state {
	char uuid[37];
	bool persistent, running, autostart, managed_save;
	bool halted;		    /* it runs no code: paused, crashed, shutting down, off */
	int snapshots, checkpoints; /* -1: this driver has none */
};

/* -1 with *err when there is no such domain, or libvirt does not say one of these. */
int hypervisor_look(struct hypervisor *hypervisor, const char *name, struct domain_state *ret,
		    struct error *err);

/* Define a persistent domain, or define it anew: its next start uses that. Its autostart stays. */
int hypervisor_define(struct hypervisor *hypervisor, const char *xml, struct error *err);

int hypervisor_set_autostart(struct hypervisor *hypervisor, const char *name, bool on,
			     struct error *err);

/* Start a domain by its definition. Running already: fine. */
int hypervisor_start_defined(struct hypervisor *hypervisor, const char *name, struct error *err);

/* Ask the guest to shut down: through its QEMU guest agent if there is one, else by ACPI. It is off
 * when hypervisor_is_off says 1. Off already: fine. */
int hypervisor_shutdown(struct hypervisor *hypervisor, const char *name, struct error *err);

/* 1 if it is shut off, 0 if not, -1 with *err: also when there is no such domain. */
int hypervisor_is_off(struct hypervisor *hypervisor, const char *name, struct error *err);

/* Whether a block job (copy, commit, backup) works on a disk of a running domain. -1 with *err. */
int hypervisor_block_job(struct hypervisor *hypervisor, const char *name, const char *disk,
			 struct error *err);

/* What a guest has asked of a disk since it was there. */
struct disk_counts {
	uint64_t bytes; /* read and written, together */
	bool flushes_known;
	uint64_t flushes; /* requests of the guest to make stable what was written */
};

/* Of a running domain's disk (its target: vda). -1 with *err. */
int hypervisor_disk_counts(struct hypervisor *hypervisor, const char *name, const char *disk,
			   struct disk_counts *ret, struct error *err);

/* One command of the QEMU guest agent in the domain, its reply to be freed with free(); NULL with
 * *err, also when no such agent answers within timeout_s seconds. */
char *hypervisor_guest_agent(struct hypervisor *hypervisor, const char *name, const char *command,
			     int timeout_s, struct error *err);

/* Hot-plug a device: a disk, a channel. The definition stays as it is. */
int hypervisor_attach(struct hypervisor *hypervisor, const char *name, const char *device_xml,
		      struct error *err);

/* Ask the guest to give a device back; it is gone once hypervisor_xml no longer shows it. */
int hypervisor_detach(struct hypervisor *hypervisor, const char *name, const char *device_xml,
		      struct error *err);

/* One QMP command, its reply to be freed with free(); NULL with *err. */
char *hypervisor_qmp(struct hypervisor *hypervisor, const char *name, const char *command,
		     struct error *err);

/*
 * Open the domain's virtio channel: a stream of libvirt, pumped by the event loop's thread to and
 * from a socket whose other end is returned (non-blocking). It has a connection of its own, which
 * outlives hypervisor_close. Close it to close the channel. -1 with *err.
 */
int hypervisor_channel(struct hypervisor *hypervisor, const char *name, const char *channel,
		       struct error *err);

#endif
