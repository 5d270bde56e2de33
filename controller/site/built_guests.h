/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * built_guests.h - guests of ours, one on each host of a site: the lab's image, booted side by
 * side, transient (nothing of them remains once they are destroyed).
 */
#ifndef SITE_BUILT_GUESTS_H
#define SITE_BUILT_GUESTS_H

#include "site/site.h"

/* Two guests under emulation take 9 s on two idle cores, and several times that on busy ones. */
#define BUILT_GUESTS_BOOT_NS (180 * NS_PER_S)

/* The definition of a guest, and of its disk for a cell. To be freed; NULL with *err. */
char *built_guest_xml(const struct site *site, unsigned node, struct error *err);
char *built_guest_disk_xml(const struct site *site, unsigned node, const struct cell *cell,
			   struct error *err);

/* Start both and connect to their agents / connect to one that runs (it may still be booting). */
int built_guests_boot(struct site *site, struct error *err);
int built_guest_connect(struct site *site, unsigned node, struct error *err);

/* End both; *ret_found is set true if there was one, else left alone. A domain of that name which
 * does not bear our mark is refused (ERROR_WORLD). */
int built_guests_destroy(struct site *site, bool *ret_found, struct error *err);

/* Plug the volume's disk in / out; out: returns once QEMU has closed it. */
int built_guest_attach(struct site *site, unsigned node, const char *disk_xml, struct error *err);
int built_guest_detach(struct site *site, unsigned node, const char *disk_xml, struct error *err);

#endif
