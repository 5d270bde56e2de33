/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record_peek.h - the fields of a record (record.h) that are asked of every operation of a long
 * history: without a call. As record_peek, of records that are known to be valid operations.
 */
#ifndef COMMON_RECORD_PEEK_H
#define COMMON_RECORD_PEEK_H

#include "common/bytes.h"
#include "common/record.h"

enum { RECORD_AT_COUNT = 12, RECORD_AT_UNIT = 16, RECORD_AT_INVOKE = 24, RECORD_AT_COMPLETE = 32 };

static inline uint16_t record_count(const uint8_t at[RECORD_SIZE])
{
	return get_u16(at + RECORD_AT_COUNT);
}

static inline uint64_t record_unit(const uint8_t at[RECORD_SIZE])
{
	return get_u64(at + RECORD_AT_UNIT);
}

static inline uint64_t record_invoke(const uint8_t at[RECORD_SIZE])
{
	return get_u64(at + RECORD_AT_INVOKE);
}

static inline uint64_t record_complete(const uint8_t at[RECORD_SIZE])
{
	return get_u64(at + RECORD_AT_COMPLETE);
}

#endif
