/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replication.h - for volume.c: what DRBD says of the resource below the device. */
#ifndef DOCTOR_REPLICATION_H
#define DOCTOR_REPLICATION_H

#include "doctor/ask.h"
#include "plan/plan.h"

/* Its state now (both primary, connected, up to date), and how it is configured (protocol C, two
 * primaries, fencing, what a split brain does). */
void replication_look(const struct asking *asking, const struct plan_host *plan);

#endif
