/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * daemons.h - libvirtd and virtlogd where no init system runs them.
 *
 * Those we start write their pid files into our own folder, which is how a later process, or one
 * after a kill -9, knows which to stop.
 */
#ifndef SITE_DAEMONS_H
#define SITE_DAEMONS_H

#include <stdbool.h>

#include "common/error.h"
#include "host/progress.h"

#define LIBVIRT_URI "qemu:///system"

/* See to it that libvirt answers at LIBVIRT_URI: at once, or after starting both daemons where no
 * systemd runs. ERROR_WORLD with the remedy otherwise. */
int daemons_start(const struct progress *progress, struct error *err);

/* Stop those that we started, if any. */
void daemons_stop(void);

/* Whether a daemon that we started is running. */
bool daemons_ours(void);

#endif
