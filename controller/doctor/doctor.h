/* SPDX-License-Identifier: GPL-2.0-or-later */
/* doctor.h - can this machine carry the lab; can these hosts and guests be tested? */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include "doctor/diagnosis.h"
#include "host/progress.h"
#include "plan/plan.h"

struct host;

/* Each question is a line of the diagnosis; nothing is changed, mounted or written, on whichever
 * machine (but that a host's cache of a device that must be claimed is written back and dropped, so
 * that it is the device that is looked at). err: only what ends the look as a whole
 * (ERROR_INTERRUPTED). */

/* This machine, for the lab. */
int doctor_machine(struct diagnosis *diagnosis, struct error *err);

/* Both hosts of a plan of kind hosts, their volume, and their guests: seconds of each. ssh_config:
 * as in struct host_options. */
int doctor_hosts(const struct plan *plan, const char *ssh_config, const struct progress *progress,
		 struct diagnosis *diagnosis, struct error *err);

/* The parts of doctor_hosts. subject: "host a (root@alpha)", "guest a (web1)". */

/* What a host is: KVM, clock, who restarts guests. */
int doctor_host(struct host *host, const char *subject, struct diagnosis *diagnosis,
		struct error *err);

/* Its device: there, ours to write where a run would, who has it open, and the replication below.
 */
int doctor_volume(struct host *host, const struct plan *plan, unsigned node, const char *subject,
		  struct diagnosis *diagnosis, struct error *err);

/* Room for the image of a guest of ours, and the file system's tools; nothing of the user's own. */
void doctor_host_built(struct host *host, const struct plan *plan, unsigned node,
		       const char *subject, struct diagnosis *diagnosis);

/* libvirt there, and the guest. host: NULL where it was not reached. */
int doctor_guest(struct host *host, const struct plan_host *plan, const char *host_subject,
		 const char *subject, struct diagnosis *diagnosis, struct error *err);

#endif
