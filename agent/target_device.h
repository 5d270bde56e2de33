/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target_device.h - the block device that is a target; used by target.c only. */
#ifndef AGENT_TARGET_DEVICE_H
#define AGENT_TARGET_DEVICE_H

#include "common/message.h"

/*
 * Open the claimed device at `path` for this run alone (O_EXCL), with open(2)'s `flags`, O_DIRECT
 * among them. With open->create it is claimed anew for this run; else it must be this run's
 * already. Returns the descriptor, the caller's; -1 with *err: no block device, without a claim,
 * held by someone, too small, other flags (ERROR_USER, nothing was written), claimed by another run
 * or failing (ERROR_WORLD).
 */
int target_device_open(const char *path, const struct message_open *open, int flags,
		       struct error *err);

#endif
