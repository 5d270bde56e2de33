/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tag.h - the self-describing sector: 512 bytes that say who wrote them, where to, and when.
 *
 *   off size  little-endian
 *    0   4  magic "SMT1"           24   8  write id (op.h)
 *    4   2  version 1              32   8  sector: its number in the target's address space
 *    6   1  node                   40   2  sectors of the write
 *    7   1  flags (0)              42   2  index of this sector in the write
 *    8  16  run uuid               44   4  volume id
 *   48   8  highest write sequence of the other node that the writer had seen
 *   56   8  the writer's clock at invocation (forensics; never used for order)
 *   64 440  body: word i = write id ^ mix(run, sector, i), so every 8 bytes name their writer
 *  504   8  XXH3-64 of bytes 0..503, mixed with (volume, sector)
 *
 * The checksum is bound to the place as well as naming it: the binding catches a block in the
 * wrong place, the field says where it belonged.
 */
#ifndef COMMON_TAG_H
#define COMMON_TAG_H

#include "common/op.h"

/* Whose tags they are: the same in all tags of one target. */
struct tag_space {
	uint8_t run[16];
	uint32_t volume;
};

/* One write's tags. */
struct tag {
	uint64_t write_id;
	uint64_t sector; /* first sector of the write, in the target's address space */
	uint64_t peer;	 /* see op.peer */
	uint64_t invoke; /* ns */
	uint16_t sectors;
};

/* Fill tag->sectors * 512 bytes at buf. */
void tag_stamp(const struct tag_space *space, const struct tag *tag, void *buf);

/*
 * What the unit of `sectors` sectors at buf holds, read from sector number `sector` on; every byte
 * of every sector is looked at. sectors: 1 .. SECTORS_MAX. The result is never VALUE_NONE.
 */
void tag_read(const struct tag_space *space, uint64_t sector, unsigned sectors, const void *buf,
	      struct value *ret);

/* Put a pattern that no valid or zero sector has at both ends of each sector of a read buffer, so
 * that a sector which a read leaves out, or writes a part of, is seen as corrupt whatever stood
 * there. size: a multiple of SECTOR_SIZE. */
void tag_poison(void *buf, size_t size);

#endif
