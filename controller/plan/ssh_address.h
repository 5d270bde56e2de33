/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ssh_address.h - the value of a plan's `ssh`, taken apart. */
#ifndef PLAN_SSH_ADDRESS_H
#define PLAN_SSH_ADDRESS_H

#include <stdbool.h>

#include "common/error.h"

struct ssh_address {
	char user[64];	/* "" if it is not there */
	char host[256]; /* a name, one of ~/.ssh/config, or an address without brackets */
	unsigned port;	/* 0 if it is not there */
};

/* Whether it is this machine: "local", or nothing at all. */
bool ssh_address_is_local(const char *text);

/*
 * "user@host:port", "[::1]:2222", "::1", a name. ERROR_USER for what libssh would refuse or misread
 * later; *ret is then not set.
 */
int ssh_address_parse(const char *text, struct ssh_address *ret, struct error *err);

#endif
