/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libvirt_uri.h - what a libvirt URI may not say. */
#ifndef PLAN_LIBVIRT_URI_H
#define PLAN_LIBVIRT_URI_H

/*
 * Why a connection to it is not made: it would believe a host whose key or certificate nobody
 * knows. NULL: nothing is wrong with it (whether it is a URI at all is libvirt's to say).
 */
const char *libvirt_uri_objection(const char *uri);

#endif
