/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame.c - see frame.h for the layout; this file owns its byte order. */
#include "common/frame.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/bytes.h"

#define FRAME_MAGIC 0x31464d53U /* "SMF1" */

enum {
	AT_MAGIC = 0,
	AT_TYPE = 4,
	AT_VERSION = 6,
	AT_SIZE = 8,
	AT_SEQUENCE = 12,
	AT_NONCE = 16,
	AT_CHECKSUM = 24
};

static uint64_t checksum(const uint8_t *buf, uint32_t size)
{
	uint64_t header = XXH3_64bits(buf, AT_CHECKSUM);

	return XXH3_64bits_withSeed(buf + FRAME_HEADER_SIZE, size, header);
}

void frame_seal(const struct frame *frame, uint8_t *buf)
{
	put_u32(buf + AT_MAGIC, FRAME_MAGIC);
	put_u16(buf + AT_TYPE, frame->type);
	put_u16(buf + AT_VERSION, frame->version);
	put_u32(buf + AT_SIZE, frame->size);
	put_u32(buf + AT_SEQUENCE, frame->sequence);
	put_u64(buf + AT_NONCE, frame->nonce);
	put_u64(buf + AT_CHECKSUM, checksum(buf, frame->size));
}

/* What stands at buf: bytes of a good frame, 0 = more bytes needed to tell, -1 = no frame. */
static int64_t frame_at(const uint8_t *buf, size_t len, struct frame *ret, const char **why)
{
	uint8_t magic[4];
	uint32_t size;

	put_u32(magic, FRAME_MAGIC);
	*why = "bytes that are no frame";
	if (memcmp(buf, magic, len < 4 ? len : 4))
		return -1;
	if (len < FRAME_HEADER_SIZE)
		return 0;
	size = get_u32(buf + AT_SIZE);
	*why = "a frame larger than allowed";
	if (size > FRAME_PAYLOAD_MAX)
		return -1;
	if (len < FRAME_HEADER_SIZE + size)
		return 0;
	*why = "a frame whose checksum does not match";
	if (get_u64(buf + AT_CHECKSUM) != checksum(buf, size))
		return -1;
	ret->type = get_u16(buf + AT_TYPE);
	ret->version = get_u16(buf + AT_VERSION);
	ret->size = size;
	ret->sequence = get_u32(buf + AT_SEQUENCE);
	ret->nonce = get_u64(buf + AT_NONCE);
	ret->payload = buf + FRAME_HEADER_SIZE;
	return FRAME_HEADER_SIZE + (int64_t)size;
}

int64_t frame_next(const uint8_t *buf, size_t len, bool resync, struct frame *ret, size_t *skip,
		   struct error *err)
{
	const char *why;
	bool waiting = false; /* a frame may have begun at *skip: keep the bytes from there on */
	int64_t got;
	size_t at;

	*skip = 0;
	for (at = 0; at < len; at++) {
		got = frame_at(buf + at, len - at, ret, &why);
		if (got > 0)
			return (int64_t)at + got;
		if (!resync)
			return got ? error_set(err, ERROR_WORLD, "the other side sent %s", why) : 0;
		if (!got && !waiting) {
			waiting = true;
			*skip = at;
		}
	}
	if (!waiting)
		*skip = len;
	return 0;
}
