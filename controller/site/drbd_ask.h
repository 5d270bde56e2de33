/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * drbd_ask.h - ask DRBD's tools on a host; what the answers mean is controller/drbd's.
 *
 * All return 1 with *ret; 0 when there was an answer, but not that one, with *why (a reason, and a
 * remedy); -1 with *err when the host could not be asked: it vanished, did not answer in time, or
 * the user interrupted. *ret is not set but with 1. What is asked changes nothing.
 */
#ifndef SITE_DRBD_ASK_H
#define SITE_DRBD_ASK_H

#include "drbd/config.h"
#include "drbd/events.h"
#include "drbd/generation.h"
#include "host/host.h"

struct drbd_at {
	struct host *host;
	const char *resource;
	uint64_t timeout_ns; /* of each question; 0: 30 s */
};

struct drbd_version {
	char utils[64], kernel[64]; /* "9.22.0", "8.4.11" */
};

/* 0 also when the tools are there and the kernel's part is not. */
int drbd_ask_version(const struct drbd_at *at, struct drbd_version *ret, struct drbd_why *why,
		     struct error *err);

/* As it is now, with its counters. */
int drbd_ask_state(const struct drbd_at *at, struct drbd_state *ret, struct drbd_why *why,
		   struct error *err);

int drbd_ask_generations(const struct drbd_at *at, struct drbd_generations *ret,
			 struct drbd_why *why, struct error *err);

/* in_effect: as the kernel has it, which knows nothing of handlers; else as the files have it. */
int drbd_ask_config(const struct drbd_at *at, bool in_effect, struct drbd_config *ret,
		    struct drbd_why *why, struct error *err);

/* Whether the device, by whatever name, is one of the resource's: 1 or 0. */
int drbd_ask_device(const struct drbd_at *at, const char *device, struct drbd_why *why,
		    struct error *err);

/* The end of the kernel's log, with its times; *ret is to be freed. */
int drbd_ask_log(const struct drbd_at *at, char **ret, struct drbd_why *why, struct error *err);

/* Begin to compare the replicas; 0: refused. */
int drbd_ask_verify(const struct drbd_at *at, struct drbd_why *why, struct error *err);

#endif
