/* SPDX-License-Identifier: GPL-2.0-or-later */
/* manifest.h - run.json: what ran, when, with which seed and under which versions. */
#ifndef RUN_MANIFEST_H
#define RUN_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct manifest {
	uint8_t uuid[16];
	uint64_t seed;
	const char *plan, *command_line;
	int64_t started_s, ended_s; /* since 1970; ended 0 = not yet */
	const char *accelerator;
	char hypervisor[128]; /* "QEMU 7.2.x, libvirt 9.0.0" */
	char guest_kernel[128], agent[128];
	char packages[1024]; /* of the guest image */
};

/* Write RUN/run.json; the host's kernel and mkfs.gfs2's version are looked up here. */
int manifest_write(const struct manifest *manifest, const char *run, struct error *err);

#endif
