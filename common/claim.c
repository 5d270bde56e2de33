/* SPDX-License-Identifier: GPL-2.0-or-later */
/* claim.c - see claim.h for the layout; this file owns its byte order. */
#include "common/claim.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <assert.h>
#include <string.h>

#include "common/bytes.h"

#define CLAIM_VERSION 1

static const char magic[] = "stalemate-claim\n";

enum {
	AT_MAGIC = 0,
	AT_VERSION = 16,
	AT_UNIT = 20,
	AT_FILES = 24,
	AT_VOLUME = 28,
	AT_RUN = 32,
	AT_SIZE = 48,
	AT_DEVICE = 56,
	AT_CHECKSUM = 504,
};

static_assert(sizeof(magic) - 1 == AT_VERSION, "the magic fills its field");
static_assert(AT_CHECKSUM + 8 == CLAIM_SIZE, "the layout fills a claim");

void claim_encode(const struct claim *claim, uint8_t ret[CLAIM_SIZE])
{
	memset(ret, 0, CLAIM_SIZE);
	memcpy(ret + AT_MAGIC, magic, sizeof(magic) - 1);
	put_u32(ret + AT_VERSION, CLAIM_VERSION);
	put_u32(ret + AT_UNIT, claim->unit);
	put_u32(ret + AT_FILES, claim->files);
	put_u32(ret + AT_VOLUME, claim->volume);
	memcpy(ret + AT_RUN, claim->run, sizeof(claim->run));
	put_u64(ret + AT_SIZE, claim->size);
	put_u64(ret + AT_DEVICE, claim->device);
	put_u64(ret + AT_CHECKSUM, XXH3_64bits(ret, AT_CHECKSUM));
}

int claim_decode(const uint8_t buf[CLAIM_SIZE], struct claim *ret, struct error *err)
{
	if (memcmp(buf + AT_MAGIC, magic, sizeof(magic) - 1))
		return error_set(err, ERROR_USER, "its " CLAIM_NAME " is not one of ours");
	if (get_u32(buf + AT_VERSION) != CLAIM_VERSION)
		return error_set(err, ERROR_USER,
				 "its " CLAIM_NAME " has version %u, this program knows %u",
				 get_u32(buf + AT_VERSION), CLAIM_VERSION);
	if (get_u64(buf + AT_CHECKSUM) != XXH3_64bits(buf, AT_CHECKSUM))
		return error_set(err, ERROR_USER, "its " CLAIM_NAME " is damaged");
	ret->unit = get_u32(buf + AT_UNIT);
	ret->files = get_u32(buf + AT_FILES);
	ret->volume = get_u32(buf + AT_VOLUME);
	memcpy(ret->run, buf + AT_RUN, sizeof(ret->run));
	ret->size = get_u64(buf + AT_SIZE);
	ret->device = get_u64(buf + AT_DEVICE);
	return 0;
}

int claim_decode_device(const uint8_t buf[CLAIM_SIZE], uint64_t size, struct claim *ret,
			struct error *err)
{
	struct claim claim;

	if (memcmp(buf + AT_MAGIC, magic, sizeof(magic) - 1))
		return error_set(err, ERROR_USER, "it has no " CLAIM_NAME " in its last %d bytes",
				 CLAIM_BLOCK);
	if (claim_decode(buf, &claim, err) < 0)
		return -1;
	if (claim.device != size)
		return error_set(err, ERROR_USER,
				 "its " CLAIM_NAME " is of a device of %llu bytes, and it has %llu",
				 (unsigned long long)claim.device, (unsigned long long)size);
	*ret = claim;
	return 0;
}

uint64_t claim_place(uint64_t size)
{
	return (size / CLAIM_BLOCK - 1) * CLAIM_BLOCK;
}
