/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hosts.h - the two hosts of a plan as a site: connected to, looked at, and (domain = auto) with
 * guests of ours running on them.
 */
#ifndef SITE_HOSTS_H
#define SITE_HOSTS_H

#include "site/accelerator.h"
#include "site/site.h"

struct hosts_options {
	const struct plan *plan;
	const char *run;	/* the run directory: definitions are saved there */
	const char *ssh_config; /* as host_options has it */
	enum accelerator accelerator;
	uint64_t boot_ns; /* deadline for guests of ours to boot; 0 = BUILT_GUESTS_BOOT_NS */
	const struct progress *progress;
};

/*
 * Connect to both hosts and their libvirts, look at device, resource and guests; guests of ours are
 * booted. Nothing of the user's is changed yet, but their definitions are saved. On failure all is
 * as it was. *ret is to be released with hosts_close.
 */
int hosts_open(const struct hosts_options *options, struct site *ret, struct error *err);

/*
 * Guests of ours are ended; the user's get their definitions back and run, or do not, as they did
 * before. -1 with what could not be put back, and the command that tries again; the rest is put
 * back even so.
 */
int hosts_close(struct site *site, struct error *err);

#endif
