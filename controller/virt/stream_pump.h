/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream_pump.h - a libvirt stream as a plain file descriptor. Only hypervisor.c uses it. */
#ifndef SITE_STREAM_PUMP_H
#define SITE_STREAM_PUMP_H

#include <libvirt/libvirt.h>

#include "common/error.h"

/*
 * Pump a non-blocking stream, whose channel is open, to and from a socket; returns the socket's
 * other end (non-blocking), or -1 with ERROR_WORLD. The pump takes a reference of its own to the
 * stream and ends when the descriptor is closed or the stream does.
 */
int stream_pump_start(virStreamPtr stream, struct error *err);

#endif
