/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pacemaker.h - what Pacemaker's tools print: does it look after a guest? Pure. */
#ifndef SITE_PACEMAKER_H
#define SITE_PACEMAKER_H

#include <stdbool.h>
#include <stddef.h>

/* What the exit status of `cibadmin --query` says of Pacemaker on that host: it answered; it is not
 * installed, or does not run there; nobody knows (it may not be asked, its configuration is bad).
 */
enum pacemaker_here { PACEMAKER_ANSWERS, PACEMAKER_ABSENT, PACEMAKER_UNKNOWN };
enum pacemaker_here pacemaker_here(int status);

/* From `cibadmin --query --scope resources`: the VirtualDomain resource of that libvirt domain, by
 * the file it starts it from (.../NAME.xml) or by its own name. false: none, ret unset. */
bool pacemaker_resource_of(const char *cib, const char *domain, char *ret, size_t size);

/* From `crm_mon --output-as=xml`: whether it starts and stops that resource. false only if it says
 * that it does not (unmanaged, or in maintenance). */
bool pacemaker_manages(const char *crm_mon, const char *resource);

#endif
