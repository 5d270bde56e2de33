/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim.h - the mark that says a target is ours to write: 512 bytes, in the file "stalemate-claim"
 * of a folder, or at the beginning of the last whole block of a device.
 *
 *   off size  little-endian
 *    0  16  "stalemate-claim\n"
 *   16   4  version 1
 *   20   4  unit, bytes
 *   24   4  data files
 *   28   4  volume id
 *   32  16  run uuid
 *   48   8  size of the target, bytes
 *   56   8  a device: its own size, bytes; a folder: 0
 *   64 440  0
 *  504   8  XXH3-64 of bytes 0..503
 *
 * Nothing is ever written into a folder that existed before, or to a device, without a valid claim.
 * A device is claimed by its owner (`stalemate claim`), before any run: unit, files, volume, run
 * and target size are 0 then. Its own size is in the claim because the end of a partition may be
 * the end of its disk too: the claim of the one is none of the other.
 */
#ifndef COMMON_CLAIM_H
#define COMMON_CLAIM_H

#include <stdint.h>

#include "common/error.h"

#define CLAIM_NAME "stalemate-claim"
#define CLAIM_SIZE 512
#define CLAIM_BLOCK 4096 /* on a device: the block that is the claim's alone; zeros behind it */

struct claim {
	uint8_t run[16];
	uint32_t volume, unit, files;
	uint64_t size;
	uint64_t device; /* bytes; 0: the target is a folder */
};

void claim_encode(const struct claim *claim, uint8_t ret[CLAIM_SIZE]);

/* -1 with *err (ERROR_USER) if it is not a claim of ours that this version knows. */
int claim_decode(const uint8_t buf[CLAIM_SIZE], struct claim *ret, struct error *err);

/* The same of the block at claim_place() of a device of `size` bytes: the claim must be for it. */
int claim_decode_device(const uint8_t buf[CLAIM_SIZE], uint64_t size, struct claim *ret,
			struct error *err);

/* Where on a device of `size` bytes (at least CLAIM_BLOCK) its claim is. */
uint64_t claim_place(uint64_t size);

#endif
