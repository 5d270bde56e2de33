/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_log.h - what DRBD says in a host's kernel log (dmesg, or journalctl -k), and what it means
 * for a cell.
 */
#ifndef DRBD_KERNEL_LOG_H
#define DRBD_KERNEL_LOG_H

#include "drbd/state.h"
#include "drbd/why.h"

/* The most telling first. */
enum drbd_log_kind {
	DRBD_LOG_SPLIT_BRAIN,	    /* ... unresolved: each host has data of its own */
	DRBD_LOG_SPLIT_SOLVED,	    /* solved by policy or by hand: one host's data is gone */
	DRBD_LOG_FENCED,	    /* the fence-peer handler was called */
	DRBD_LOG_LOST,		    /* the connection was lost */
	DRBD_LOG_BACK,		    /* it came (back), so it was not there */
	DRBD_LOG_SUSPENDED,	    /* I/O was frozen */
	DRBD_LOG_ROLE,		    /* somebody was demoted */
	DRBD_LOG_RESYNC,	    /* a resync ran */
	DRBD_LOG_DISK,		    /* a disk is no longer UpToDate */
	DRBD_LOG_IO_ERROR,	    /* of a disk below */
	DRBD_LOG_CONCURRENT_WRITES, /* both hosts wrote one block at once: no lock held them off */
	DRBD_LOG_OUT_OF_SYNC,	    /* verify: the replicas differ */
	DRBD_LOG_DIGEST_FAILED,	    /* the receiver: what came is not what was sent */
	DRBD_LOG_DIGEST_SENDER,	    /* the sender: the buffer changed while it was being sent */
	DRBD_LOG_VERIFY,	    /* verify began or ended */
	DRBD_LOG_KINDS,		    /* none of these */
};

enum drbd_log_class {
	DRBD_LOG_INFORMATION,
	DRBD_LOG_FINDING, /* of its own: stands beside the verdict of the cell */
	DRBD_LOG_INVALID, /* what the cell read says nothing of its cache mode */
};

/* Of one host, over one cell. */
struct drbd_log {
	uint64_t n[DRBD_LOG_KINDS];
	char first[DRBD_LOG_KINDS][256]; /* the first line of each kind, fit for a terminal */
	uint64_t out_of_sync;		 /* KiB, as verify found */
	/* Online verify: of how many volumes it began here, was to begin elsewhere than at their
	 * begin (it goes on where one was cut off), came to its end; lines of what it left out. */
	uint64_t verify_begun, verify_resumed, verify_ended, verify_skipped;
};

/* "split brain", "connection lost", ... for each kind. */
extern const char *const drbd_log_names[DRBD_LOG_KINDS];

/*
 * Add what the lines of text tell to *log (all 0 at first). state: only lines of that resource and
 * of its volumes' minors; NULL: of any.
 */
void drbd_log_read(const char *text, size_t len, const struct drbd_state *state,
		   struct drbd_log *log);

/* The kind of one line, DRBD_LOG_KINDS if none; of whichever resource. */
enum drbd_log_kind drbd_log_line(const char *line, size_t len);

/*
 * What a kind means, with what both hosts' logs hold: the receiver's digest message is a finding
 * (the network damaged data), but with the sender's on the other host it is information, for the
 * writer changed its buffer in flight, which says nothing of replicas ("Notes on data integrity",
 * drbd.conf(5)).
 */
enum drbd_log_class drbd_log_class(enum drbd_log_kind kind, const struct drbd_log logs[2]);

/*
 * Do the logs let the cell stand? Otherwise *why (may be NULL) names the host ('a' is logs[0]), the
 * most telling kind that makes it invalid, and the kernel's own line.
 */
bool drbd_log_fit(const struct drbd_log logs[2], struct drbd_why *why);

/*
 * What the log has since `before`, an earlier text of the same log with its times: a place in
 * `after`. *ret_lost: the end of `before` is no longer there (the kernel's buffer went round), so
 * that all of `after` is given, and some lines before it may be missing.
 */
const char *drbd_log_since(const char *before, size_t n_before, const char *after, size_t n_after,
			   bool *ret_lost);

#endif
