/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.c - see message.h. Each message is walked by ONE function, `walk_NAME`, which a cursor
 * turns into an encoder or a decoder: so the two can never disagree on the layout.
 */
#include "common/message.h"

#include <assert.h>
#include <string.h>

#include "common/bytes.h"

struct cursor {
	uint8_t *bytes;
	bool encode; /* else decode */
	size_t at, size;
	const char *wrong; /* decoding: the first thing that did not fit */
};

static_assert(MESSAGE_OPS_MAX * 48 + 16 <= FRAME_PAYLOAD_MAX, "a full RUN fits a frame");
static_assert(4 * (MESSAGE_TEXT_MAX + 2) + 4 <= FRAME_PAYLOAD_MAX, "so does a MOUNT");

/* Room for n bytes more, or NULL. */
static bool room(struct cursor *c, size_t n)
{
	if (c->wrong || c->size - c->at < n) {
		if (!c->wrong)
			c->wrong = "too short";
		return false;
	}
	return true;
}

#define WALK_NUMBER(bits) \
	static void walk_u##bits(struct cursor *c, uint##bits##_t *value) \
	{ \
		if (!room(c, sizeof(*value))) \
			return; \
		if (c->encode) \
			put_u##bits(c->bytes + c->at, *value); \
		else \
			*value = get_u##bits(c->bytes + c->at); \
		c->at += sizeof(*value); \
	}

WALK_NUMBER(16)
WALK_NUMBER(32)
WALK_NUMBER(64)

static void walk_u8(struct cursor *c, uint8_t *value)
{
	if (!room(c, 1))
		return;
	if (c->encode)
		c->bytes[c->at] = *value;
	else
		*value = c->bytes[c->at];
	c->at++;
}

/* A string: u16 length, then its bytes without a terminator. */
static void walk_text(struct cursor *c, char *text, size_t size)
{
	uint16_t len = c->encode ? (uint16_t)strnlen(text, size - 1) : 0;

	walk_u16(c, &len);
	if (!room(c, len))
		return;
	if (c->encode) {
		memcpy(c->bytes + c->at, text, len);
	} else {
		if (len >= size || memchr(c->bytes + c->at, 0, len)) {
			c->wrong = "a text that is too long or holds a NUL";
			return;
		}
		memcpy(text, c->bytes + c->at, len);
		text[len] = 0;
	}
	c->at += len;
}

static void walk_string(struct cursor *c, char text[MESSAGE_TEXT_MAX])
{
	walk_text(c, text, MESSAGE_TEXT_MAX);
}

static void walk_mount(struct cursor *c, struct message_mount *m)
{
	walk_string(c, m->serial);
	walk_string(c, m->directory);
	walk_string(c, m->fstype);
	walk_string(c, m->options);
	walk_u32(c, &m->timeout_ms);
}

static void walk_await(struct cursor *c, struct message_await *m)
{
	walk_string(c, m->directory);
	walk_string(c, m->fstype);
	walk_u32(c, &m->timeout_ms);
}

static void walk_open(struct cursor *c, struct message_open *m)
{
	size_t i;

	walk_string(c, m->path);
	walk_string(c, m->serial);
	walk_text(c, m->io, sizeof(m->io));
	walk_u32(c, &m->timeout_ms);
	walk_u64(c, &m->size);
	walk_u32(c, &m->unit);
	walk_u32(c, &m->files);
	walk_u32(c, &m->volume);
	for (i = 0; i < sizeof(m->run); i++)
		walk_u8(c, &m->run[i]);
	walk_u8(c, &m->node);
	walk_u8(c, &m->create);
	walk_u8(c, &m->device);
}

static void walk_run(struct cursor *c, struct message_run *m)
{
	uint32_t i;

	walk_u32(c, &m->n);
	walk_u64(c, &m->delay_ns);
	if (!c->wrong && m->n > MESSAGE_OPS_MAX)
		c->wrong = "too many operations";
	for (i = 0; !c->wrong && i < m->n; i++) {
		struct message_op *op = &m->ops[i];

		walk_u8(c, &op->kind);
		walk_u8(c, &op->flags);
		walk_u16(c, &op->count);
		walk_u16(c, &op->lane);
		walk_u64(c, &op->unit);
		walk_u64(c, &op->sequence);
		walk_u64(c, &op->after);
		walk_u64(c, &op->peer);
	}
}

static void walk_lane_program(struct cursor *c, struct lane_program *lane)
{
	unsigned i;

	walk_u8(c, &lane->node);
	walk_u8(c, &lane->sync);
	for (i = 0; i < 2; i++) {
		walk_u8(c, &lane->pick[i]);
		walk_u16(c, &lane->weight[i]);
	}
	walk_u32(c, &lane->ops);
	walk_u8(c, &lane->churn);
	walk_u64(c, &lane->time_ns);
}

static void walk_lanes(struct cursor *c, struct message_lanes *m)
{
	struct lane_set *set = &m->set;
	uint32_t i;

	walk_u64(c, &m->delay_ns);
	walk_u64(c, &set->seed);
	walk_u64(c, &set->base);
	walk_u32(c, &set->files);
	walk_u32(c, &set->used);
	walk_u32(c, &set->stride);
	walk_u64(c, &set->per_file);
	walk_u32(c, &set->n);
	if (!c->wrong && set->n > NODES * LANES_MAX)
		c->wrong = "too many lanes";
	for (i = 0; !c->wrong && i < set->n; i++)
		walk_lane_program(c, &set->lanes[i]);
}

static void walk_heard(struct cursor *c, struct message_heard *m)
{
	uint32_t i;

	walk_u64(c, &m->completions);
	walk_u32(c, &m->n);
	if (!c->wrong && m->n > LANES_MAX)
		c->wrong = "too many lanes";
	for (i = 0; !c->wrong && i < m->n; i++)
		walk_u32(c, &m->steps[i]);
}

static void walk_hello_ok(struct cursor *c, struct message_hello_ok *m)
{
	walk_string(c, m->build);
	walk_string(c, m->kernel);
}

static void walk_failed(struct cursor *c, struct message_failed *m)
{
	walk_u32(c, &m->request);
	walk_u8(c, &m->kind);
	walk_string(c, m->text);
}

static struct cursor encoder(uint8_t *ret)
{
	return (struct cursor){.bytes = ret, .encode = true, .size = FRAME_PAYLOAD_MAX};
}

static struct cursor decoder(const struct frame *frame)
{
	return (struct cursor){.bytes = (uint8_t *)frame->payload, .size = frame->size};
}

static int decoded(const struct cursor *c, struct error *err)
{
	const char *wrong = c->wrong;

	if (!wrong && c->at != c->size)
		wrong = "too long";
	if (wrong)
		return error_set(err, ERROR_WORLD,
				 "the other side sent a message that is wrong: %s", wrong);
	return 0;
}

#define ENCODER_DECODER(name) \
	size_t message_encode_##name(const struct message_##name *m, uint8_t *ret) \
	{ \
		struct cursor c = encoder(ret); \
\
		walk_##name(&c, (struct message_##name *)m); \
		return c.at; \
	} \
	int message_decode_##name(const struct frame *frame, struct message_##name *ret, \
				  struct error *err) \
	{ \
		struct cursor c = decoder(frame); \
\
		walk_##name(&c, ret); \
		return decoded(&c, err); \
	}

ENCODER_DECODER(mount)
ENCODER_DECODER(await)
ENCODER_DECODER(open)
ENCODER_DECODER(run)
ENCODER_DECODER(lanes)
ENCODER_DECODER(heard)
ENCODER_DECODER(hello_ok)
ENCODER_DECODER(failed)

size_t message_encode_string(const char *text, uint8_t *ret)
{
	struct cursor c = encoder(ret);

	walk_string(&c, (char *)text);
	return c.at;
}

int message_decode_string(const struct frame *frame, char ret[MESSAGE_TEXT_MAX], struct error *err)
{
	struct cursor c = decoder(frame);

	walk_string(&c, ret);
	return decoded(&c, err);
}

size_t message_encode_u32(uint32_t value, uint8_t *ret)
{
	put_u32(ret, value);
	return sizeof(value);
}

int message_decode_u32(const struct frame *frame, uint32_t *ret, struct error *err)
{
	struct cursor c = decoder(frame);

	walk_u32(&c, ret);
	return decoded(&c, err);
}

size_t message_encode_ping(uint64_t c0, uint8_t *ret)
{
	put_u64(ret, c0);
	return sizeof(c0);
}

int message_decode_ping(const struct frame *frame, uint64_t *c0, struct error *err)
{
	struct cursor c = decoder(frame);

	walk_u64(&c, c0);
	return decoded(&c, err);
}

size_t message_encode_pong(uint64_t c0, uint64_t n1, uint64_t n2, uint8_t *ret)
{
	struct cursor c = encoder(ret);

	walk_u64(&c, &c0);
	walk_u64(&c, &n1);
	walk_u64(&c, &n2);
	return c.at;
}

int message_decode_pong(const struct frame *frame, uint64_t *c0, uint64_t *n1, uint64_t *n2,
			struct error *err)
{
	struct cursor c = decoder(frame);

	walk_u64(&c, c0);
	walk_u64(&c, n1);
	walk_u64(&c, n2);
	return decoded(&c, err);
}
