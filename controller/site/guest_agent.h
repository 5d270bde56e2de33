/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest_agent.h - files and programs in a guest, through the QEMU guest agent there. */
#ifndef SITE_GUEST_AGENT_H
#define SITE_GUEST_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct hypervisor;

/* Where it is asked. */
struct guest_agent {
	struct hypervisor *hypervisor;
	const char *domain;
};

/* Whether it answers at all. */
bool guest_agent_answers(const struct guest_agent *agent);

/* Copy a local file there; its mode is what the agent gives it. */
int guest_agent_put(const struct guest_agent *agent, const char *local, const char *remote,
		    uint64_t timeout_ns, struct error *err);

/* Run a program to its end; 0 with its exit status (128 + n for a signal n), -1 with *err. */
int guest_agent_run(const struct guest_agent *agent, const char *const argv[], uint64_t timeout_ns,
		    int *ret_status, struct error *err);

/* Start a program and leave it running; its pid in *ret. */
int guest_agent_start(const struct guest_agent *agent, const char *const argv[], int64_t *ret,
		      struct error *err);

/* 1 if a program that was started still runs, 0 if not; -1 with *err. */
int guest_agent_runs(const struct guest_agent *agent, int64_t pid, struct error *err);

#endif
