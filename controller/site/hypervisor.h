/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hypervisor.h - a libvirt connection and the domains behind it; the only file that knows libvirt.
 *
 * Domains are named, not held: a name is looked up on each call, so a domain that vanished is an
 * error there and nothing dangles.
 */
#ifndef SITE_HYPERVISOR_H
#define SITE_HYPERVISOR_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct hypervisor;

/* Connect (and start the event loop's thread with the first one). NULL with ERROR_WORLD. */
struct hypervisor *hypervisor_open(const char *uri, struct error *err);
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

/* Whether it runs now. */
bool hypervisor_running(struct hypervisor *hypervisor, const char *name);

/* The live XML, to be freed with free(); NULL with *err. */
char *hypervisor_xml(struct hypervisor *hypervisor, const char *name, struct error *err);

/* The same of the definition that the next start uses. */
char *hypervisor_definition(struct hypervisor *hypervisor, const char *name, struct error *err);

/* What a domain is, beside its XML. */
struct domain_state {
	bool persistent, running, autostart, managed_save;
	int snapshots; /* -1: libvirt does not say */
};

/* -1 with ERROR_WORLD when there is no such domain, or libvirt does not answer. */
int hypervisor_look(struct hypervisor *hypervisor, const char *name, struct domain_state *ret,
		    struct error *err);

/* One command of the QEMU guest agent in the domain, its reply to be freed with free(); NULL with
 * *err, also when no such agent answers within timeout_s seconds. */
char *hypervisor_guest_agent(struct hypervisor *hypervisor, const char *name, const char *command,
			     int timeout_s, struct error *err);

/* Hot-plug a disk. */
int hypervisor_attach(struct hypervisor *hypervisor, const char *name, const char *disk_xml,
		      struct error *err);

/* Ask the guest to give a disk back; it is gone once hypervisor_xml no longer shows it. */
int hypervisor_detach(struct hypervisor *hypervisor, const char *name, const char *disk_xml,
		      struct error *err);

/* One QMP command, its reply to be freed with free(); NULL with *err. */
char *hypervisor_qmp(struct hypervisor *hypervisor, const char *name, const char *command,
		     struct error *err);

/*
 * Open the domain's virtio channel: a stream of libvirt, pumped by the event loop's thread to and
 * from a socket whose other end is returned (non-blocking). Close it to close the channel. -1 with
 * *err.
 */
int hypervisor_channel(struct hypervisor *hypervisor, const char *name, const char *channel,
		       struct error *err);

#endif
