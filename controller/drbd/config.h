/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config.h - how a resource is configured, and what of it matters to a test with two primaries.
 *
 * Read from `drbdsetup show RESOURCE` (what the kernel uses; the handlers are not in it) or from
 * `drbdadm dump` (the files). Not from `drbdadm dump RESOURCE`: that leaves out what the `common`
 * section gives to all. Neither prints what is the default.
 */
#ifndef DRBD_CONFIG_H
#define DRBD_CONFIG_H

#include "common/error.h"
#include "drbd/state.h"
#include "drbd/why.h"

struct drbd_config {
	char protocol[DRBD_WORD];	     /* C by default */
	char allow_two_primaries[DRBD_WORD]; /* no */
	char fencing[DRBD_WORD];	     /* dont-care; 8.4 has it among disk, 9 among net */
	char after_sb[3][DRBD_WORD];	     /* with 0, 1, 2 primaries: disconnect */
	char ping_timeout[DRBD_WORD];	     /* tenths of a second: 5 */
	char data_integrity_alg[DRBD_WORD];  /* "" */
	char verify_alg[DRBD_WORD];	     /* "": replicas cannot be compared */
	bool fence_peer;		     /* there is a handler */
	bool kernel;			     /* the text is the kernel's, which has no handlers */
	bool differ; /* connections differ in one of these: the first one is here */
};

/*
 * `resource` is the one looked for. On failure (ERROR_WORLD, with the line) *ret is not set: not
 * the form of a configuration, a value that is too long, or no such resource in it.
 */
int drbd_config_parse(const char *source, const char *text, size_t len, const char *resource,
		      struct drbd_config *ret, struct error *err);

enum drbd_question {
	DRBD_TWO_PRIMARIES,  /* may both be Primary? */
	DRBD_PROTOCOL,	     /* is a write complete only when the peer has it? */
	DRBD_FENCING,	     /* does a host that loses the other stop, and have it shot? */
	DRBD_AFTER_SPLIT,    /* is a split brain left for a person to solve? */
	DRBD_PING_TIMEOUT,   /* will it live through a busy host? */
	DRBD_DATA_INTEGRITY, /* does it leave the connection up? */
	DRBD_VERIFY,	     /* can the replicas be compared? */
	DRBD_QUESTIONS
};

/* Without the first two there is no test; the others are warnings. */
bool drbd_question_decides(enum drbd_question question);

/* true: as it should be, and why->text says how it is ("protocol C"). false: why not. */
bool drbd_config_answer(const struct drbd_config *config, enum drbd_question question,
			struct drbd_why *why);

#endif
