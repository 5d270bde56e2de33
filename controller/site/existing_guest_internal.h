/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * existing_guest_internal.h - what existing_guest*.c share.
 *
 *   existing_guest.c        save, stop, change, start, put back
 *   existing_guest_look.c   can it be tested?
 *   existing_guest_agent.c  the ways to the agent
 */
#ifndef SITE_EXISTING_GUEST_INTERNAL_H
#define SITE_EXISTING_GUEST_INTERNAL_H

#include "site/agent_install.h"
#include "virt/domain_xml.h"
#include "site/existing_guest.h"
#include "virt/hypervisor.h"
#include "site/saved.h"
#include "site/site.h"

struct existing_guest {
	const struct site_node *node;
	const char *run;
	const struct progress *progress;
	int lock;
	struct saved_guest saved;
	struct domain_disk disk; /* as it was */
	uint64_t deadline;	 /* to have booted; 0: it was not started by us */

	/* while connected: */
	struct host *inside;		/* AGENT_SSH: the guest */
	struct agent_install installed; /* what was put there */
	bool plugged;			/* AGENT_GUEST_AGENT: the channel is ours */
	int64_t pid;			/* AGENT_GUEST_AGENT: the agent's; 0: not started */
};

/* Put "guest a (NAME at URI): " before the text that *err holds. Returns -1. */
int existing_guest_error(const struct site_node *node, struct error *err);

/* 0 with *ret_state and the definition (with secrets, to be freed) in *ret_xml when it can be
 * tested; -1 with *err, saying what is in the way and what to do. */
int existing_guest_look(const struct site_node *node, const struct progress *progress,
			struct domain_state *ret_state, char **ret_xml, struct error *err);

#endif
