/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * existing_guest.h - a guest of the user's: what it is, is saved; what we change, is put back.
 *
 * Of its definition only the tested disk's cache mode, way of I/O and iothread are ever others, and
 * of the guest itself nothing but a program in a folder of its own (agent = ssh, guest-agent). Each
 * function that takes time has the plan's deadline and ends on an interruption, unless that is held
 * off.
 */
#ifndef SITE_EXISTING_GUEST_H
#define SITE_EXISTING_GUEST_H

#include "common/error.h"
#include "rundir/disk_setup.h"
#include "rundir/facts.h"
#include "host/progress.h"
#include "virt/hypervisor.h"

struct site_node;
struct existing_guest;

/*
 * Look at the guest, refuse it with what to do when it cannot be tested and put back, else save it
 * in RUN/saved (saved.h; a copy without secrets in RUN/domains). Nothing of it is changed. NULL
 * with *err. node, run and progress must outlive the guest.
 */
struct existing_guest *existing_guest_open(const struct site_node *node, const char *run,
					   const struct progress *progress, struct error *err);

/* Forgets the guest, which stays as it is: see existing_guest_restore. NULL is fine. */
void existing_guest_close(struct existing_guest *guest);

/* The tested disk's device as the definition calls it: /dev/drbd/by-res/r0/0. */
const char *existing_guest_source(const struct existing_guest *guest);

/* May a guest in such a state be shut down and put back? ERROR_WORLD else: why not, and after ": "
 * what to do. */
int existing_guest_check_state(const struct domain_state *state, const char *name,
			       struct error *err);

/* Before it is shut down for a cell: is its definition still the user's, or what this run made of
 * it? Else ERROR_WORLD. */
int existing_guest_check(const struct existing_guest *guest, struct error *err);

/* Shut it down; if it is not off at the plan's deadline, as on-hang says. Off already: fine. */
int existing_guest_stop(struct existing_guest *guest, struct error *err);

/* Define it anew with that mode, and what else of the disk the setup does not leave open (its way
 * of I/O, its iothread). It must be off. ERROR_REFUSED: libvirt takes no such definition. */
int existing_guest_set_disk(struct existing_guest *guest, enum cache_mode mode,
			    const struct disk_setup *setup, struct error *err);

/* Start it, and do not wait for it to boot. */
int existing_guest_start(struct existing_guest *guest, struct error *err);

/*
 * Reach the agent in it, on the plan's way, waiting for the guest to boot until the plan's deadline
 * (which began with existing_guest_start). Returns a descriptor for agent_link_new, which owns it;
 * -1 with *err, and nothing is left in the guest then.
 */
int existing_guest_connect(struct existing_guest *guest, struct error *err);

/* Remove from the guest what connecting put there, as far as it lives. After the descriptor was
 * closed, before existing_guest_stop. Not connected: fine. */
void existing_guest_disconnect(struct existing_guest *guest);

/*
 * Put it back: definition, autostart, running or off, as it was; 0 also when all is so. Hold
 * interruptions off around it. After -1 `stalemate restore RUN` goes on from what there is.
 */
int existing_guest_restore(struct existing_guest *guest, struct error *err);

#endif
