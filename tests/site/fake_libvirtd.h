/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fake_libvirtd.h - the other end of libvirt's protocol, in a thread, with one domain of any name
 * that runs. Each procedure can be told to fail, to be silent, or to hang up: what a real one does
 * when nobody looks.
 */
#ifndef TESTS_SITE_FAKE_LIBVIRTD_H
#define TESTS_SITE_FAKE_LIBVIRTD_H

/* Procedures of libvirt's remote protocol. */
enum {
	PROC_OPEN = 1,
	PROC_CLOSE = 2,
	PROC_CREATE = 9,
	PROC_DESTROY = 12,
	PROC_GET_XML = 14,
	PROC_GET_AUTOSTART = 15,
	PROC_LOOKUP = 23,
	PROC_LOOKUP_UUID = 24,
	PROC_SUPPORTS_FEATURE = 60,
	PROC_AUTH_LIST = 66,
	PROC_IS_ACTIVE = 150,
	PROC_IS_PERSISTENT = 151,
	PROC_ATTACH = 160,
	PROC_HAS_MANAGED_SAVE = 183,
	PROC_SNAPSHOT_NUM = 187,
	PROC_GET_STATE = 212,
	PROCS = 512
};

/* How a procedure behaves; above 0: it fails with this code of libvirt's errors. */
enum { FAKE_ANSWERS = 0, FAKE_SILENT = -1, FAKE_HANGS_UP_ONCE = -2, FAKE_IS_SLOW = -3 };
#define FAKE_SLOW_MS 500
#define FAKE_WORDS "words of the fake"

struct fake_libvirtd;

/* NULL if there is no memory and the like. */
struct fake_libvirtd *fake_start(void);
/* Ends all connections as well. */
void fake_stop(struct fake_libvirtd *fake);

const char *fake_uri(const struct fake_libvirtd *fake);
void fake_behave(struct fake_libvirtd *fake, int procedure, int how);
/* How often it was called so far, answered or not. */
unsigned fake_calls(struct fake_libvirtd *fake, int procedure);
/* Hang up on everybody, as a libvirtd that is started anew. */
void fake_drop(struct fake_libvirtd *fake);

#endif
