/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domain_xml.h - libvirt's XML, built and read with libxml2; nobody else knows it. */
#ifndef SITE_DOMAIN_XML_H
#define SITE_DOMAIN_XML_H

#include <stdbool.h>

#include "common/error.h"
#include "rundir/facts.h"

/* A guest of the lab. */
struct guest_spec {
	const char *name;
	bool kvm; /* else software emulation */
	const char *kernel, *initramfs, *command_line;
	const char *console; /* file that the serial console goes to */
	const char *mac;
	unsigned memory_mib;
	unsigned port, peer_port; /* UDP on 127.0.0.1: the network between the guests */
};

#define GUEST_CHANNEL "org.stalemate.agent.0" /* name of the agent's virtio port */
#define GUEST_DISK "vda"		      /* where the volume's disk goes */
#define GUEST_SERIAL "stalemate"	      /* its serial: how the agent finds it */

/* A domain (without the volume's disk), to be freed with free(). NULL with *err. */
char *domain_xml_guest(const struct guest_spec *spec, struct error *err);

/*
 * The volume's disk for one cell: a block device, raw, shareable, virtio. Cells differ in the
 * cache attribute alone; CACHE_DEFAULT has none, as a plain definition. To be freed.
 */
char *domain_xml_disk(const char *device, enum cache_mode cache, struct error *err);

/* Whether a live domain's XML has a disk on GUEST_DISK. -1 with *err on XML that does not parse. */
int domain_xml_has_disk(const char *xml, struct error *err);

/* Whether the agent has its end of the channel open. -1 with *err as above. */
int domain_xml_channel_connected(const char *xml, struct error *err);

/* A disk as a domain has it; what the XML does not say is "". */
struct domain_disk {
	char type[16], source[256], format[16], cache[16], bus[16];
	bool shareable;
};

/* The disk with that target (vdb): 1 with *ret set, 0 if there is none, -1 with *err. */
int domain_xml_disk_at(const char *xml, const char *target, struct domain_disk *ret,
		       struct error *err);

/* Whether it has a virtio port of that name. -1 with *err. */
int domain_xml_has_channel(const char *xml, const char *name, struct error *err);

/* Whether the domain was made by us (its description says so). */
bool domain_xml_is_ours(const char *xml);

#endif
