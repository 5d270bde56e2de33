/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest_mounts.h - /proc/mounts of a guest, read through the QEMU guest agent. */
#ifndef DOCTOR_GUEST_MOUNTS_H
#define DOCTOR_GUEST_MOUNTS_H

#include "doctor/diagnosis.h"

struct hypervisor;

struct guest_mounts {
	char *text; /* owned */
};

/* ERROR_WORLD when no guest agent answers, or it may not read files. Release with
 * guest_mounts_done; *ret is not set on failure. */
int guest_mounts_read(struct hypervisor *hypervisor, const char *domain, struct guest_mounts *ret,
		      struct error *err);
void guest_mounts_done(struct guest_mounts *mounts);

/* A line on each cluster file system that is mounted there, and on mounts without cluster locks.
 * What the guest says is untrusted. */
void guest_mounts_judge(const struct guest_mounts *mounts, const char *subject,
			struct diagnosis *diagnosis);

#endif
