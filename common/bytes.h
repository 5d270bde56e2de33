/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bytes.h - little-endian fields at a byte offset.
 *
 * Every format of ours (tag, record, frame, history header) is encoded and decoded through
 * these, by one encode/decode pair per format; nobody else swaps bytes.
 */
#ifndef COMMON_BYTES_H
#define COMMON_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define BYTES_FIELD(bits) \
	static inline void put_u##bits(void *at, uint##bits##_t value) \
	{ \
		value = htole##bits(value); \
		memcpy(at, &value, sizeof(value)); \
	} \
	static inline uint##bits##_t get_u##bits(const void *at) \
	{ \
		uint##bits##_t value; \
\
		memcpy(&value, at, sizeof(value)); \
		return le##bits##toh(value); \
	}

BYTES_FIELD(16)
BYTES_FIELD(32)
BYTES_FIELD(64)

#undef BYTES_FIELD

#endif
