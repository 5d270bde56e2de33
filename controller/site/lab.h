/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab.h - the embedded two-node lab: two guests on this machine that share one volume through two
 * separate host page caches.
 */
#ifndef SITE_LAB_H
#define SITE_LAB_H

#include <stdbool.h>

#include "site/accelerator.h"
#include "site/lab_state.h"
#include "host/progress.h"
#include "site/site.h"

struct lab_options {
	const char *purpose; /* "demo": for whom the lock is */
	enum accelerator accelerator;
	enum volume_kind volume;
	uint64_t volume_size;
	bool scsi;	  /* the guests need SCSI controllers */
	bool persistent;  /* `lab up`: leave it up when closed */
	uint64_t boot_ns; /* deadline for both guests to boot; 0 = BUILT_GUESTS_BOOT_NS */
	const struct progress *progress;
};

struct lab {
	struct lab_options options;
	struct lab_state state;
	int lock;
	struct site site;
};

/* Names of the guests' domains. */
extern const char *const lab_guest_names[NODES];

/*
 * Take the lab: use one that is up already, if it is whole and of the same image, accelerator and
 * volume; else clean up what a killed run left and bring it up: daemons, image, volume, loop
 * devices, both guests side by side, their cluster (for a cluster file system), their agents. On
 * failure nothing of it remains and *ret is not set.
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

/* The site that a lab of this state is or would be, without any connection. */
void lab_describe(const struct lab_state *state, struct site *ret);

#endif
