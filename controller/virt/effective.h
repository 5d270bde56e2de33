/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * effective.h - which cache mode a disk really has: asked of QEMU and of the kernel.
 *
 * What libvirt was told proves nothing (it turns `default` into none for a shareable disk), so the
 * mode is read twice from the running machine: QMP query-block says what QEMU believes, the
 * O_DIRECT bit of QEMU's open descriptor says what the host's kernel does.
 */
#ifndef VIRT_EFFECTIVE_H
#define VIRT_EFFECTIVE_H

#include <stdbool.h>

#include "rundir/facts.h"
#include "host/host.h"

struct effective {
	bool writeback, direct, no_flush; /* QMP query-block: inserted.cache */
	bool host_direct;		  /* O_DIRECT of the open file */
};

/* From the reply to query-block, for the drive whose file is `device`. ERROR_WORLD when it is not
 * there, or the reply is not what QEMU is known to say. host_direct is not set. */
int effective_parse_query_block(const char *reply, const char *device, struct effective *ret,
				struct error *err);

/* Where libvirt keeps the pid of a guest's QEMU; takes the domain's name. */
#define QEMU_PID_FILE "/run/libvirt/qemu/%s.pid"

/* Whether the QEMU of `domain` on that host has `device` open with O_DIRECT. ERROR_WORLD when it
 * does not run, has not opened it, or has with and without. */
int effective_host_direct(struct host *host, const char *domain, const char *device, bool *ret,
			  struct error *err);

/* The same from what the host says: a line of flags (octal, as in /proc/PID/fdinfo) for each
 * descriptor of the device. */
int effective_count_direct(const char *flags, bool *ret, struct error *err);

/* The mode these amount to; ERROR_WORLD when QEMU and kernel contradict, or no mode is so. */
int effective_mode(const struct effective *effective, enum cache_mode *ret, struct error *err);

#endif
