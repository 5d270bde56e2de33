/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab.h - the embedded two-node lab: two guests on this machine that share one volume through two
 * separate host page caches.
 */
#ifndef SITE_LAB_H
#define SITE_LAB_H

#include <stdbool.h>

#include "common/clock.h"
#include "site/accelerator.h"
#include "site/agent_link.h"
#include "site/domain_xml.h"
#include "site/effective.h"
#include "site/lab_state.h"
#include "site/progress.h"

struct hypervisor;

struct lab_options {
	const char *purpose; /* "demo": for whom the lock is */
	enum accelerator accelerator;
	uint64_t volume_size;
	bool persistent;  /* `lab up`: leave it up when closed */
	uint64_t boot_ns; /* deadline for both guests to boot; 0 = LAB_BOOT_NS */
	const struct progress *progress;
};

struct lab {
	struct lab_options options;
	struct lab_state state;
	int lock;
	struct hypervisor *hypervisor;
	struct agent_link *agents[NODES];
};

/* Names of the guests' domains. */
extern const char *const lab_guest_names[NODES];

/* Two guests under emulation take 9 s on two idle cores, and several times that on busy ones. */
#define LAB_BOOT_NS (180 * NS_PER_S)

/* Where libvirt keeps the pid of a guest's QEMU; takes the domain's name. */
#define QEMU_PID_FILE "/run/libvirt/qemu/%s.pid"

/*
 * Take the lab: use one that is up already, if it is whole and of the same image, accelerator and
 * volume size; else clean up what a killed run left and bring it up: daemons, image, volume, loop
 * devices, both guests side by side, their cluster, their agents. On failure nothing of it
 * remains and *ret is not set.
 */
int lab_open(const struct lab_options *options, struct lab *ret, struct error *err);

/* Let go: a lab that `lab up` made stays up, any other is taken down. */
void lab_close(struct lab *lab);

/* Take down whatever there is of a lab. 0 also when there was nothing; *ret_found says which. */
int lab_down(const struct progress *progress, bool *ret_found, struct error *err);

/* What there is of a lab, for `lab status`. */
struct lab_report {
	bool locked;
	char holder[128];
	bool guests[NODES]; /* run */
	bool known;	    /* there is a state file: *state is set */
	struct lab_state state;
	bool daemons; /* started by us and running */
	bool up;      /* whole */
};
void lab_look(struct lab_report *ret);

/* Boot both guests anew (after a hang or a withdraw, or between --cold cells). */
int lab_reboot(struct lab *lab, struct error *err);

/* The steps of it: start both guests and connect to their agents / connect to one that runs (it may
 * still be booting) / hang up. */
int lab_boot(struct lab *lab, struct error *err);
int lab_connect(struct lab *lab, unsigned node, struct error *err);
void lab_disconnect(struct lab *lab);

/* End both guests; *ret_found is set true if there was one, else left alone. A domain of that name
 * which does not bear our mark is refused (ERROR_WORLD). */
int lab_destroy_guests(struct hypervisor *hypervisor, bool *ret_found, struct error *err);

/* A fresh cluster file system on the volume (lock_dlm, 2 journals), host caches dropped. */
int lab_make_volume(struct lab *lab, struct error *err);

/* Write back and drop both hosts' page caches of the volume. */
int lab_drop_caches(struct lab *lab, struct error *err);

/*
 * Attach the volume to guest `node` in a cache mode / take it away again and wait until QEMU has
 * closed it. The XML of the disk is returned by lab_disk_xml (to be freed).
 */
char *lab_disk_xml(const struct lab_state *state, unsigned node, enum cache_mode cache,
		   struct error *err);
int lab_attach(struct lab *lab, unsigned node, const char *disk_xml, struct error *err);
int lab_detach(struct lab *lab, unsigned node, const char *disk_xml, struct error *err);

/* The mode in effect of the attached volume, as QEMU and the kernel say. */
int lab_effective(struct lab *lab, unsigned node, enum cache_mode *ret, struct error *err);

struct lab_fsck {
	unsigned complaints; /* lines that are not fsck's own progress; 0 = clean */
	char first[256];     /* the first of them; "" if there is none */
	char *log;	     /* all it printed, to be freed */
};

/* fsck.gfs2 -n on the volume, which nobody may have mounted. */
int lab_fsck(struct lab *lab, struct lab_fsck *ret, struct error *err);

/* The definition of a guest as it would be or was started. To be freed. */
char *lab_guest_xml(const struct lab_state *state, unsigned node, struct error *err);

/* Path of a guest's console log. */
const char *lab_console(unsigned node);

#endif
