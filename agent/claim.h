/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim.h - the mark that says a target is ours to write: the file "stalemate-claim" in it.
 *
 *   off size  little-endian
 *    0  16  "stalemate-claim\n"
 *   16   4  version 1
 *   20   4  unit, bytes
 *   24   4  data files
 *   28   4  volume id
 *   32  16  run uuid
 *   48   8  size of the target, bytes
 *   56 448  0
 *  504   8  XXH3-64 of bytes 0..503
 *
 * Nothing is ever written into a directory that existed before without a valid claim.
 */
#ifndef AGENT_CLAIM_H
#define AGENT_CLAIM_H

#include <stdint.h>

#include "common/error.h"

#define CLAIM_NAME "stalemate-claim"
#define CLAIM_SIZE 512

struct claim {
	uint8_t run[16];
	uint32_t volume, unit, files;
	uint64_t size;
};

void claim_encode(const struct claim *claim, uint8_t ret[CLAIM_SIZE]);

/* -1 with *err (ERROR_USER) if it is not a claim of ours that this version knows. */
int claim_decode(const uint8_t buf[CLAIM_SIZE], struct claim *ret, struct error *err);

/* Read the claim of the target open at `directory`. -1 with *err (ERROR_USER): none, or not ours.
 */
int claim_read(int directory, struct claim *ret, struct error *err);

/* Put a claim there, in place of an older one, durably. On failure errno says why as well. */
int claim_write(int directory, const struct claim *claim, struct error *err);

#endif
