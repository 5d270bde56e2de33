/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_history_binary.c - any bytes as a binary history: refused with file and offset, or read into
 * what gives back the same bytes, as far as they were whole.
 *
 * Behind a checksum there is little to find, so the mutator puts most of them right again.
 */
#include "tests/fuzz/fuzz.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdlib.h>
#include <string.h>

#include "common/bytes.h"

#define HEADER_CHECKSUM 120
#define RECORD_CHECKSUM 8

static void seal(uint8_t *data, size_t size)
{
	size_t at;

	if (size < HISTORY_HEADER_SIZE)
		return;
	put_u64(data + HEADER_CHECKSUM, XXH3_64bits(data, HEADER_CHECKSUM));
	for (at = HISTORY_HEADER_SIZE; size - at >= RECORD_SIZE; at += RECORD_SIZE) {
		put_u32(data + at + RECORD_CHECKSUM, 0);
		put_u32(data + at + RECORD_CHECKSUM, (uint32_t)XXH3_64bits(data + at, RECORD_SIZE));
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 16)
		seal(data, size);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history history;
	struct error err;
	uint8_t *again;
	size_t len = 0;

	if (!fuzz_read_binary(data, size, &history, &err))
		return 0;
	again = fuzz_print_binary(&history, &len);
	if (len > size || memcmp(data, again, len) || (len < size && !*history.warning))
		fuzz_fail("what was read from %zu bytes is %zu other ones", size, len);
	free(again);
	fuzz_expect_twins(&history);
	history_done(&history);
	return 0;
}
