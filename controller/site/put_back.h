/* SPDX-License-Identifier: GPL-2.0-or-later */
/* put_back.h - a user's guest as it was before the run: definition, autostart, running or not. */
#ifndef SITE_PUT_BACK_H
#define SITE_PUT_BACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "host/progress.h"
#include "site/saved.h"

struct hypervisor;

/* How a guest is to be shut down. */
struct guest_stop {
	uint64_t timeout_ns;
	bool destroy; /* pull the plug of one that is not off by then; else it is an error */
	const struct progress *progress;
};

/*
 * Shut a domain down and wait until it is off. ERROR_WORLD, naming it, when it is not off in time;
 * it may still shut down later. Off already: fine.
 */
int guest_stop(struct hypervisor *hypervisor, const char *domain, const struct guest_stop *stop,
	       struct error *err);

/* Take away the agent's channel that was plugged into a running guest. */
int guest_unplug_channel(struct hypervisor *hypervisor, const char *domain, struct error *err);

/*
 * Whether a definition is what a run made of that guest, or left as it was: 1 or 0; -1 with *err.
 * All else is somebody's own since.
 */
int saved_knows(const struct saved_guest *saved, const char *xml, struct error *err);

/*
 * Put all back: 1 when something was to be done, with a line of what was done in ret; 0 when
 * nothing was. -1 with *err: what could not be put back, or must not be, for somebody else changed
 * it (force: it is overwritten). A guest that runs in a changed mode is shut down first; one that
 * was running is started. Its disk's mode, not just its definition, is the original one then.
 */
int put_back(struct hypervisor *hypervisor, const struct saved_guest *saved,
	     const struct guest_stop *stop, bool force, char *ret, size_t size, struct error *err);

#endif
