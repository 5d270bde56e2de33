/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tag_avx2.c - see tag_sector.h; empty where the compiler or the processor's kind is another. */
#if defined(__x86_64__) && !defined(__clang__)
#pragma GCC target("avx2")
#endif
#include "common/tag_sector.h"

#ifdef TAG_AVX2
void tag_stamp_avx2(const struct tag_space *space, const struct tag *tag, void *buf)
{
	stamp_sectors(space, tag, buf);
}

void tag_read_avx2(const struct tag_space *space, uint64_t sector, unsigned sectors,
		   const void *buf, struct value *ret)
{
	read_sectors(space, sector, sectors, buf, ret);
}
#endif
