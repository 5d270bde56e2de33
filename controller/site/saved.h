/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * saved.h - what a user's guest was before a run changed it: RUN/saved, from which it is put back.
 *
 *   RUN/saved/{a,b}.xml          the definition, with its secrets, byte for byte as libvirt gave it
 *   RUN/saved/{a,b}.json         whose it is, and what state it was in; written last
 *   RUN/saved/{a,b}-changed.xml  the definition that was made of it last
 *   RUN/saved/{a,b}-restored     exists once all was put back
 *   RUN/saved/lock               held while the run lives; holds its pid
 *
 * Nobody but the user may read them (0600 in a folder of 0700). Each is on the disk before the
 * function that writes it returns. What is read is untrusted: files of somebody else's, or
 * larger than any definition, are refused.
 */
#ifndef SITE_SAVED_H
#define SITE_SAVED_H

#include <stdbool.h>
#include <stdint.h>

#include "common/error.h"

struct saved_guest {
	char uri[256], domain[64], uuid[37], disk[64];
	bool running, autostart;
	char *xml;
	char *changed; /* NULL: it was not changed */
	bool restored;
};

/*
 * Take the lock: shared, by a run (which makes the folder), once for each guest; alone, to
 * restore: held by a run that lives, it is refused (ERROR_WORLD, with the pid). Returns a
 * descriptor to be closed; -1 with *err. When restoring and there is no such folder: -2, *err
 * unset.
 */
#define SAVED_NOTHING (-2)
int saved_lock(const char *run, bool alone, struct error *err);

/* Save guest `letter` (xml, state; not changed and restored). Saved already: ERROR_USER. */
int saved_write(const char *run, char letter, const struct saved_guest *guest, struct error *err);

/* Note the definition that is about to be made; it is no longer restored. */
int saved_write_changed(const char *run, char letter, const char *xml, struct error *err);

/* Note that all was put back. */
int saved_write_restored(const char *run, char letter, struct error *err);

/* 1 with *ret, to be released with saved_done; 0 if that guest was not saved; -1 with *err:
 * ERROR_USER for files that are not ours. */
int saved_read(const char *run, char letter, struct saved_guest *ret, struct error *err);
void saved_done(struct saved_guest *guest);

/* Whether connecting to that libvirt URI may run a program that the URI names: not to be taken from
 * a file that a run directory holds. */
bool saved_uri_runs_programs(const char *uri);

#endif
