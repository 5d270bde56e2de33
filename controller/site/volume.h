/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * volume.h - the shared device of a site whose guests are ours: its file system, made on host a and
 * looked at there. Both hosts' page caches are dropped around it, since a host may hold blocks of
 * what was there before.
 */
#ifndef SITE_VOLUME_H
#define SITE_VOLUME_H

#include "site/site.h"

/* What of a claimed device is left alone: its end, where the claim is. */
#define VOLUME_KEPT (1ULL << 20)

/* Both hosts' devices must bear our claim (ERROR_WORLD otherwise, with the command that puts it
 * there); sets site->room. Once a run, before anything is written. */
int volume_check(struct site *site, struct error *err);

/* A fresh cluster file system for two nodes, nothing with VOLUME_RAW; caches dropped. contended: as
 * file_system_make has it. */
int volume_make(struct site *site, bool contended, struct error *err);

struct volume_fsck {
	bool known;	     /* it came to its end, and so has something to say */
	unsigned complaints; /* lines of it that tell of damage; 0 = clean */
	char first[256];     /* the first of them, or why nothing is known; "" if there is none */
	char *log;	     /* all it printed, to be freed */
};

/* The file system's own check of the volume, which nobody may have mounted. */
int volume_fsck(struct site *site, struct volume_fsck *ret, struct error *err);

#endif
