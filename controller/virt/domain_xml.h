/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domain_xml.h - libvirt's XML, built, read and edited; only domain_xml*.c know libxml2. */
#ifndef SITE_DOMAIN_XML_H
#define SITE_DOMAIN_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "rundir/disk_setup.h"
#include "rundir/facts.h"

/* A guest of the lab. */
struct guest_spec {
	const char *name;
	bool kvm; /* else software emulation */
	const char *kernel, *initramfs, *command_line;
	const char *console;			  /* file that the serial console goes to */
	const char *heartbeat, *heartbeat_serial; /* a file for a disk of that serial, which other
						     guests here have too; "", NULL = none */
	const char *mac;
	unsigned memory_mib;
	const char *address,
		*peer_address;	  /* of the hosts: ends of the network between the guests */
	unsigned port, peer_port; /* UDP */
	bool scsi;		  /* with two SCSI controllers: the second has an iothread */
	const char *disk; /* the volume's, as domain_xml_disk made it, to boot with; NULL: none */
};

#define GUEST_CHANNEL "org.stalemate.agent.0" /* name of the agent's virtio port */
#define GUEST_SERIAL "stalemate"	      /* its serial: how the agent finds it */

/* A domain (without the volume's disk), to be freed with free(). NULL with *err. */
char *domain_xml_guest(const struct guest_spec *spec, struct error *err);

/*
 * The volume's disk for one cell, in a guest of ours: a block device, shareable. CACHE_DEFAULT has
 * no cache attribute, as a plain definition. What libvirt refuses is made all the same: its words
 * are wanted. To be freed.
 */
char *domain_xml_disk(const char *device, enum cache_mode cache, const struct disk_setup *setup,
		      struct error *err);

/* Where that disk is in the guest: vda, sda. */
const char *domain_xml_disk_target(const struct disk_setup *setup);

/* Whether it is there as asked, going by a live domain's XML: "" in ret, or what is otherwise ("bus
 * is virtio, not scsi"). What the setup leaves open is not looked at. -1 with *err: no such disk.
 */
int domain_xml_check_setup(const char *xml, const char *target, const struct disk_setup *setup,
			   char *ret, size_t size, struct error *err);

/* Whether a live domain's XML has a disk on target. -1 with *err on XML that does not parse. */
int domain_xml_has_disk(const char *xml, const char *target, struct error *err);

/* Whether the agent has its end of the channel open. -1 with *err as above. */
int domain_xml_channel_connected(const char *xml, struct error *err);

/* A disk as a domain has it; what the XML does not say is "". */
struct domain_disk {
	char type[16], source[256], format[16], cache[16], bus[16], device[16], io[16];
	char iothread[16];
	bool shareable, readonly;
};

/* The disk with that target (vdb): 1 with *ret set, 0 if there is none, -1 with *err. */
int domain_xml_disk_at(const char *xml, const char *target, struct domain_disk *ret,
		       struct error *err);

/* Whether it has a virtio port of that name. -1 with *err. */
int domain_xml_has_channel(const char *xml, const char *name, struct error *err);

/* The device of that channel, for plugging it into a running guest. To be freed; NULL with *err. */
char *domain_xml_channel(struct error *err);

/* The channel of that name as a running domain's XML has it, for unplugging it. To be freed; NULL
 * with *err, also when there is none. */
char *domain_xml_channel_of(const char *xml, const char *name, struct error *err);

/*
 * A definition in which that disk's cache mode is another, its way of I/O and its iothread too
 * where the setup (NULL: leaves all) says so, and nothing else: CACHE_DEFAULT takes the attribute
 * away. With run (NULL: without) it bears a mark in its metadata that names the run
 * whose change that is. To be freed; NULL with *err, also when there is no such disk.
 */
char *domain_xml_with_cache(const char *xml, const char *disk, enum cache_mode mode,
			    const struct disk_setup *setup, const char *run, struct error *err);

/* The run that a definition's mark names: 1 with ret set, 0 if it bears none, -1 with *err. */
int domain_xml_mark(const char *xml, char *ret, size_t size, struct error *err);

/*
 * Whether two definitions, as libvirt prints them, are the same: in all but the order of their
 * controllers, which libvirt does not keep, and the cache mode, the way of I/O and the iothread of
 * that disk and our mark (NULL: in these, too).
 * -1 with *err when one does not parse or has no such disk.
 */
int domain_xml_equal(const char *xml, const char *other, const char *but_cache_of,
		     struct error *err);

/* Whether libvirt prints the very same again when it reads this definition, as far as the order of
 * controllers goes: of a guest that was just defined it may not. -1 with *err. */
int domain_xml_order_stays(const char *xml, struct error *err);

/* The target (vdb) of the disk with that index: 1 with ret set, 0 past the last, -1 with *err. */
int domain_xml_disk_name(const char *xml, unsigned index, char *ret, size_t size,
			 struct error *err);

/*
 * What a running guest has that its definition has not, so that a shutdown would lose it: 1 with
 * the first such device in ret ("disk vdc (/srv/c.img)"), 0 if there is none, -1 with *err. Looked
 * at are disks, interfaces, devices of the host, and what else can be plugged in and keeps
 * something.
 */
int domain_xml_live_only(const char *live, const char *definition, char *ret, size_t size,
			 struct error *err);

/* Whose definition it is. */
struct domain_identity {
	char name[256], uuid[64];
};
int domain_xml_identity(const char *xml, struct domain_identity *ret, struct error *err);

/* Whether the domain was made by us (its description says so). */
bool domain_xml_is_ours(const char *xml);

#endif
