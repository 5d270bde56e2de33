/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim_device.h - the mark on a device of a host that says we may overwrite it (common/claim.h).
 *
 * Its owner puts it there, once (`stalemate claim`); a run looks for it before it writes anything.
 * All is asked of the host's own tools: dd, od, wipefs, find and sh.
 */
#ifndef SITE_CLAIM_DEVICE_H
#define SITE_CLAIM_DEVICE_H

#include "host/host.h"

#define CLAIM_DEVICE_MIN (32ULL << 20) /* bytes of a device that can be claimed */

struct claim_device {
	char path[256];	 /* where the links of its name end; fit for a terminal, as all text here */
	char number[32]; /* "147:0" */
	uint64_t size;
	bool read_only;
	char what[256];	      /* model, file or name below it: "loop file /srv/x"; may be "" */
	char part[128];	      /* partitions on it: "sda1 sda2" */
	char holders[128];    /* what is built on it: "dm-0" */
	char signatures[256]; /* what wipefs knows on it: "ext4 (root), dos"; "" = nothing */
	bool ours;	      /* ... is at most a cluster file system that a run has made */
	bool blank;	      /* its first MiB is zeros */
	bool claimed;	      /* the mark is there, and for a device of this size */
};

/*
 * What is there; nothing is changed but that the host's cache of the device is written back and
 * dropped, so that it is the device that is looked at. -1 with *err: no block device (ERROR_USER),
 * a DRBD device that is Secondary, a tool that is missing, an I/O error, no answer (ERROR_WORLD).
 */
int claim_device_look(struct host *host, const char *device, struct claim_device *ret,
		      struct error *err);

/* May it be claimed, going by what it is and what lies on it? -1 with *err (ERROR_USER), which
 * names what was found. */
int claim_device_check(const struct claim_device *device, struct error *err);

/* Does nobody use it? -1 with *err (ERROR_USER), which names who does. */
int claim_device_check_free(struct host *host, const struct claim_device *device,
			    struct error *err);

/* Put the mark there, or take it away; read back from the device afterwards. Checks nothing before.
 */
int claim_device_mark(struct host *host, const struct claim_device *device, struct error *err);
int claim_device_unmark(struct host *host, const struct claim_device *device, struct error *err);

/*
 * For a run, before it writes: the size in bytes, and whether the device is claimed. A mark beside
 * something else, put there since by somebody, is -1 with *err (ERROR_USER), as is what is no
 * device; else as claim_device_look.
 */
int claim_device_read(struct host *host, const char *device, uint64_t *ret_size, bool *ret_claimed,
		      struct error *err);

#endif
