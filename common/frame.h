/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * frame.h - how bytes between controller and agent are cut into frames.
 *
 *   off size  little-endian
 *    0   4  magic "SMF1"
 *    4   2  type (enum message_type, message.h)
 *    6   2  protocol version
 *    8   4  payload size, at most FRAME_PAYLOAD_MAX
 *   12   4  sequence: the sender's frames of this connection, from 1, without gaps
 *   16   8  nonce of the connection, chosen by the controller, echoed by the agent
 *   24   8  XXH3-64 of bytes 0..23 and the payload
 *   32      payload
 *
 * A virtio port may still deliver bytes of an earlier connection, and a new reader may start in
 * the middle of a frame. So until the first HELLO that fits, both sides skip what does not parse
 * (frame_next with `resync`), also a frame whose rest never came because its sender was cut off:
 * a whole frame behind it counts. Afterwards a frame that does not parse, or breaks the sequence or
 * the nonce, ends the connection. Nothing the other side says is believed beyond its frame.
 */
#ifndef COMMON_FRAME_H
#define COMMON_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/error.h"

#define FRAME_HEADER_SIZE 32
#define FRAME_PAYLOAD_MAX 65536U
#define FRAME_SIZE_MAX (FRAME_HEADER_SIZE + FRAME_PAYLOAD_MAX)
#define FRAME_VERSION 4

struct frame {
	uint16_t type;
	uint16_t version;
	uint32_t size; /* of the payload */
	uint32_t sequence;
	uint64_t nonce;
	const uint8_t *payload; /* into the buffer it was decoded from */
};

/* Write the header of `frame` before its payload: buf[0..31] is filled, the payload of frame->size
 * bytes is already at buf + FRAME_HEADER_SIZE. frame->payload is ignored. */
void frame_seal(const struct frame *frame, uint8_t *buf);

/*
 * The first frame in buf[0..len). Returns the bytes consumed (frame and, with resync, what was
 * skipped before it); 0 if more bytes are needed, *skip then says how many leading bytes can be
 * dropped already; -1 with *err (ERROR_WORLD) on a bad frame without resync.
 */
int64_t frame_next(const uint8_t *buf, size_t len, bool resync, struct frame *ret, size_t *skip,
		   struct error *err);

#endif
