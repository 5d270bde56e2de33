/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * site.h - two hosts, a guest on each, and the volume that both see: what a cell is run on, whoever
 * it belongs to.
 *
 * Three things can differ, and each is looked at in one place: the guests are ours (booted for the
 * run, the disk is switched while they run: built_guests.h) or the user's (shut down, redefined and
 * started for each mode: existing_guest.h); on the volume is a cluster file system, or nothing; a
 * host is this machine or reached over ssh (host.h). The lab (lab.h) is two hosts that are both
 * this machine, with loop devices for a volume; hosts.h opens those of a plan.
 */
#ifndef SITE_SITE_H
#define SITE_SITE_H

#include <limits.h>
#include <stdbool.h>

#include "plan/plan.h"
#include "site/agent_link.h"
#include "host/host.h"
#include "virt/hypervisor.h"
#include "host/progress.h"

struct existing_guest;
struct replication;

/* One host, and the guest there. */
struct site_node {
	char letter;		      /* a, b */
	const struct plan_host *plan; /* NULL in the lab */
	struct host *host;
	struct hypervisor *hypervisor;
	char device[256]; /* the volume, as the host's kernel calls it: /dev/drbd0 */
	char source[256]; /* the same as the guest's definition calls it: /dev/drbd/by-res/r0/0 */
	char domain[64];  /* the guest, as libvirt calls it */
	char disk[64];	  /* the volume's disk there: vda */
	const char *ssh_config; /* for ssh to the guest: as host_options has it */
};

/* A guest of ours on one host. Paths are the host's. */
struct built_guest {
	bool kvm;     /* else software emulation */
	bool started; /* by this process */
	const char
		*disk; /* to boot with, as built_guest_disk_xml made it; NULL: it is plugged in */
	char kernel[PATH_MAX], initramfs[PATH_MAX];
	char console[256];
	char heartbeat[256]; /* file for its cluster's heartbeat; "": needs none */
	char address[64];    /* this end of the network between the guests */
	unsigned port;	     /* UDP */
};

struct site {
	const struct progress *progress;
	enum volume_kind volume;
	char target[256];     /* as the plan has it */
	uint64_t room;	      /* built: bytes that a file system of ours may have, so that the
				 claim stays; 0 = the lab's, whose file is ours as a whole */
	uint32_t block_size;  /* bytes, of a file system of ours; 0 = 4096 */
	bool built;	      /* the guests are ours */
	bool scsi;	      /* built: they have SCSI controllers */
	bool own_daemons;     /* libvirtd was started for it, and is to be stopped */
	bool dies_with_us;    /* built: they end with this process, even by kill -9 */
	uint64_t boot_ns;     /* built: deadline for both to boot */
	char packages[1024];  /* built: what their image was made of */
	char accelerator[16]; /* "kvm", "tcg"; "" where it is not known */
	bool steady_clocks;   /* the guests' clocks tick with their hosts' */
	char kernel[128], agent[128]; /* in node a's guest, as its agent said last; "" = not yet */
	struct site_node nodes[NODES];
	struct built_guest guests[NODES];	/* built */
	struct existing_guest *existing[NODES]; /* not built */
	struct replication *replication;  /* NULL: it is not known how the volume is replicated */
	struct agent_link *agents[NODES]; /* NULL while there is no guest to talk to */
};

/*
 * What a cell needs, in this order; the texts of disks (to be freed; NULL where libvirt has them)
 * are for the record.
 *
 * site_begin: a fresh volume, given to both guests in a cache mode each. With guests of ours that
 * is a new file system (where one is wanted) and a disk plugged in; with the user's, their shutting
 * down, the changed definition, and their start, up to the mount and the agent's first word.
 * ERROR_REFUSED: libvirt takes no such disk; then it has been taken away from both guests again.
 */
int site_begin(struct site *site, const struct cell *cell, char *ret_disks[NODES],
	       struct error *err);

/* Whether guests of ours are booted for the cell by site_begin: its disk cannot be plugged in. They
 * are gone after site_end. */
bool site_boots_for(const struct site *site, const struct cell *cell);

/* Whether guests of ours are there to be asked. */
bool site_is_up(const struct site *site);

/* Whether the disk is as the cell has it beside the cache mode: "" in ret, or what is not. -1 with
 * *err: not known. */
int site_check_setup(struct site *site, unsigned node, const struct cell *cell, char *ret,
		     size_t size, struct error *err);

/* The mode in effect on a node's disk, as QEMU and the kernel say. */
int site_effective(struct site *site, unsigned node, enum cache_mode *ret, struct error *err);

/* What the guest's QEMU has counted of the volume's disk since it was plugged in. */
int site_disk_counts(struct site *site, unsigned node, struct disk_counts *ret, struct error *err);

/* Write back and drop a host's page cache of the volume; of both. */
int site_drop_cache(struct site *site, unsigned node, struct error *err);
int site_drop_caches(struct site *site, struct error *err);

/* Let a guest of ours stand still, and go on. */
int site_pause(struct site *site, unsigned node, struct error *err);
int site_resume(struct site *site, unsigned node, struct error *err);

/* Bytes of the volume in a host's page cache now. -1 with *err: not known. */
int site_cached(struct site *site, unsigned node, uint64_t *ret, struct error *err);

/* Whether nobody but the run uses the volume: what is cached of it is there by the run's doing. */
bool site_is_alone(const struct site *site);

/* Whether it is the run that mounts the volume in the guests (else it is there, or there is none).
 */
bool site_mounts(const struct site *site);

/*
 * The disk away from both guests, so that their QEMUs have closed it: unplugged, or (the user's
 * guests, and those that were booted with it) shut down. -1: a guest did not let go.
 */
int site_end(struct site *site, const struct cell *cell, char *const disks[NODES],
	     struct error *err);

/* Guests of ours: boot both anew. The user's: nothing, site_begin does it. */
int site_reboot(struct site *site, struct error *err);

/* The agent behind fd, which is the link's from then on, greeted as a node's. */
int site_greet(struct site *site, unsigned node, int fd, struct error *err);

/* After a failure: if a host does not answer any more, that is what err says first. */
void site_blame_host(const struct site *site, struct error *err);

/* Hang up both agents. */
void site_disconnect(struct site *site);

#endif
