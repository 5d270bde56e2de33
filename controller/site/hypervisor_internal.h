/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hypervisor_internal.h - what hypervisor*.c share; nobody else includes it. */
#ifndef SITE_HYPERVISOR_INTERNAL_H
#define SITE_HYPERVISOR_INTERNAL_H

#include <libvirt/libvirt.h>

#include "site/hypervisor.h"

struct hypervisor {
	virConnectPtr connection;
	char *uri;
};

/* ERROR_WORLD: what was done, and what libvirt says of it. Returns -1. */
int hypervisor_error(struct error *err, const char *what);

/* The domain of that name, to be freed with virDomainFree; NULL with *err. */
virDomainPtr hypervisor_lookup(struct hypervisor *hypervisor, const char *name, struct error *err);

#endif
