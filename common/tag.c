/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tag.c - see tag.h.
 *
 * Stamping and verifying run once per sector of every operation (tag_sector.h): compiled at -O3,
 * once for any processor and once for those with AVX2, and chosen here.
 */
#include "common/tag_sector.h"

#define POISON 0xa5a5a5a5a5a5a5a5ULL

void tag_stamp(const struct tag_space *space, const struct tag *tag, void *buf)
{
#ifdef TAG_AVX2
	if (__builtin_cpu_supports("avx2")) {
		tag_stamp_avx2(space, tag, buf);
		return;
	}
#endif
	stamp_sectors(space, tag, buf);
}

void tag_read(const struct tag_space *space, uint64_t sector, unsigned sectors, const void *buf,
	      struct value *ret)
{
#ifdef TAG_AVX2
	if (__builtin_cpu_supports("avx2")) {
		tag_read_avx2(space, sector, sectors, buf, ret);
		return;
	}
#endif
	read_sectors(space, sector, sectors, buf, ret);
}

void tag_poison(void *buf, size_t size)
{
	uint8_t *at = buf;
	size_t i;

	for (i = 0; i < size; i += SECTOR_SIZE) {
		put_u64(at + i + AT_MAGIC, POISON);
		put_u64(at + i + AT_CHECKSUM, POISON);
	}
}
