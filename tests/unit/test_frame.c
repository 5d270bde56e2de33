/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_frame.c - frames, messages and the channel, over a socketpair and against hostile bytes. */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/channel.h"
#include "common/clock.h"
#include "common/message.h"

#define SOON (clock_ns() + 50 * NS_PER_MS)
#define LATER (clock_ns() + 5 * NS_PER_S)

/* A whole frame in buf, its payload copied or (NULL) left as it is; returns its size. */
static size_t make(uint8_t *buf, uint16_t type, uint32_t sequence, uint64_t nonce,
		   const void *payload, uint32_t size)
{
	struct frame frame = {.type = type,
			      .version = FRAME_VERSION,
			      .size = size,
			      .sequence = sequence,
			      .nonce = nonce};

	if (payload)
		memcpy(buf + FRAME_HEADER_SIZE, payload, size);
	frame_seal(&frame, buf);
	return FRAME_HEADER_SIZE + size;
}

/* Guards against: a frame decoded before it is whole, or with a field lost. */
static void test_frame_round_trip(void **state)
{
	uint8_t buf[256];
	struct frame frame;
	size_t size = make(buf, 77, 5, 0x1122334455667788ULL, "payload", 7), len, skip;

	(void)state;
	for (len = 0; len < size; len++) {
		assert_int_equal(frame_next(buf, len, false, &frame, &skip, NULL), 0);
		assert_int_equal(skip, 0);
	}
	assert_int_equal(frame_next(buf, sizeof(buf), false, &frame, &skip, NULL), size);
	assert_int_equal(frame.type, 77);
	assert_int_equal(frame.version, FRAME_VERSION);
	assert_int_equal(frame.sequence, 5);
	assert_true(frame.nonce == 0x1122334455667788ULL);
	assert_int_equal(frame.size, 7);
	assert_memory_equal(frame.payload, "payload", 7);
}

/* Guards against: a flipped bit anywhere that goes unnoticed. (In the size it may also make the
 * frame seem longer: more bytes are waited for then, never fewer accepted.) */
static void test_every_bit(void **state)
{
	uint8_t buf[64];
	struct frame frame;
	struct error err;
	size_t size = make(buf, 1, 1, 99, "abc", 3), bit, skip;
	int64_t got;

	(void)state;
	for (bit = 0; bit < size * 8; bit++) {
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
		got = frame_next(buf, size, false, &frame, &skip, &err);
		assert_true(got == -1 || (!got && bit / 8 >= 8 && bit / 8 < 12));
		got = frame_next(buf, size, true, &frame, &skip, &err);
		assert_int_equal(got, 0);
		buf[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* Guards against: waiting for ever for a frame larger than any can be. */
static void test_oversize(void **state)
{
	uint8_t buf[64];
	struct frame frame;
	struct error err;
	size_t skip, size = make(buf, 1, 1, 99, NULL, 0);

	(void)state;
	put_u32(buf + 8, FRAME_PAYLOAD_MAX + 1);
	assert_int_equal(frame_next(buf, size, false, &frame, &skip, &err), -1);
	assert_non_null(strstr(err.text, "larger"));
	put_u32(buf + 8, UINT32_MAX);
	assert_int_equal(frame_next(buf, size, false, &frame, &skip, &err), -1);
	assert_int_equal(frame_next(buf, size, true, &frame, &skip, &err), 0);
	assert_int_equal(skip, size);
}

/* Guards against: noise, half a frame or a false start of one in front of a HELLO hiding it. */
static void test_resync(void **state)
{
	static const char *const noise[] = {"", "x", "SMF1", "SMF", "SSMF1SMF1", "\nlogin: "};
	uint8_t buf[512], half[64];
	struct frame frame;
	size_t i, at, size, skip;

	(void)state;
	for (i = 0; i < sizeof(noise) / sizeof(noise[0]); i++) {
		at = strlen(noise[i]);
		memcpy(buf, noise[i], at);
		size = make(buf + at, MESSAGE_HELLO, 1, 7, NULL, 0);
		assert_int_equal(frame_next(buf, at + size, true, &frame, &skip, NULL), at + size);
		assert_int_equal(frame.nonce, 7);
	}
	/* a frame whose sender was cut off after its header and some bytes, then a HELLO */
	make(half, MESSAGE_RUN, 2, 6, "0123456789", 10);
	for (at = 1; at < FRAME_HEADER_SIZE + 10; at++) {
		memcpy(buf, half, at);
		size = make(buf + at, MESSAGE_HELLO, 1, 7, NULL, 0);
		assert_int_equal(frame_next(buf, at + size, true, &frame, &skip, NULL), at + size);
		assert_int_equal(frame.nonce, 7);
		/* as long as nothing follows, it may still become whole: keep it */
		assert_int_equal(frame_next(buf, at, true, &frame, &skip, NULL), 0);
		assert_int_equal(skip, 0);
	}
}

struct pair {
	int fds[2];
	struct channel *agent, *controller;
};

static struct channel *new_channel(int fd, bool server)
{
	struct channel *channel = malloc(sizeof(*channel));

	assert_non_null(channel);
	channel_init(channel, fd, fd);
	channel->server = server;
	return channel;
}

static int setup(void **state)
{
	struct pair *pair = malloc(sizeof(*pair));

	assert_non_null(pair);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair->fds), 0);
	pair->controller = new_channel(pair->fds[0], false);
	pair->agent = new_channel(pair->fds[1], true);
	*state = pair;
	return 0;
}

static int teardown(void **state)
{
	struct pair *pair = *state;

	close(pair->fds[0]);
	close(pair->fds[1]);
	free(pair->controller);
	free(pair->agent);
	free(pair);
	return 0;
}

static void put(struct pair *pair, const void *bytes, size_t size)
{
	assert_int_equal(write(pair->fds[0], bytes, size), size);
}

/* Both sides as after a HELLO of that nonce. */
static void established(struct pair *pair, uint64_t nonce)
{
	struct frame frame;
	struct error err;

	pair->controller->nonce = nonce;
	assert_int_equal(channel_send(pair->controller, MESSAGE_HELLO, 0, LATER, NULL, &err), 0);
	assert_int_equal(channel_receive(pair->agent, LATER, false, &frame, &err), 1);
	assert_int_equal(frame.type, MESSAGE_HELLO);
	assert_int_equal(frame.nonce, nonce);
	pair->agent->nonce = nonce;
	pair->agent->established = true;
}

/* Guards against: frames lost, merged or reordered, whatever the pieces they arrive in. */
static void test_channel_sequence(void **state)
{
	struct pair *pair = *state;
	struct frame frame;
	struct error err;
	uint32_t sequence, i;

	established(pair, 5);
	for (i = 0; i < 100; i++) {
		size_t size = i * 13 % 700;

		memset(channel_payload(pair->controller), (int)i, size);
		assert_int_equal(
			channel_send(pair->controller, MESSAGE_RUN, size, LATER, &sequence, &err),
			0);
		assert_int_equal(sequence, i + 2);
		if (i % 3)
			continue;
		while (channel_receive(pair->agent, SOON, false, &frame, &err) == 1) {
			assert_int_equal(frame.size, (frame.sequence - 2) * 13 % 700);
			if (frame.sequence == sequence)
				break;
		}
		assert_int_equal(frame.sequence, sequence);
	}
}

/* Guards against: bytes one by one, which must neither be lost nor taken for a frame early. */
static void test_channel_dribble(void **state)
{
	struct pair *pair = *state;
	struct frame frame;
	struct error err;
	uint8_t buf[64];
	size_t size, i;

	established(pair, 5);
	size = make(buf, MESSAGE_PING, 2, 5, "12345678", 8);
	for (i = 0; i < size; i++) {
		assert_int_equal(channel_receive(pair->agent, clock_ns(), false, &frame, &err), 0);
		put(pair, buf + i, 1);
	}
	assert_int_equal(channel_receive(pair->agent, LATER, false, &frame, &err), 1);
	assert_int_equal(frame.type, MESSAGE_PING);
}

/* Guards against: stale frames of an earlier connection, noise and a cut frame before the HELLO. */
static void test_channel_garbage_before_hello(void **state)
{
	struct pair *pair = *state;
	static uint8_t big[FRAME_SIZE_MAX];
	struct frame frame;
	struct error err;
	size_t size;

	put(pair, "noise SMF1 noise", 16);
	size = make(big, MESSAGE_RUN, 9, 4, NULL, 3000);
	put(pair, big, size);
	put(pair, big, 2000);
	size = make(big, MESSAGE_HELLO, 1, 5, NULL, 0);
	put(pair, big, size);
	/* not established: whole stale frames are handed out, for the caller to ignore */
	assert_int_equal(channel_receive(pair->agent, LATER, false, &frame, &err), 1);
	assert_int_equal(frame.nonce, 4);
	assert_int_equal(channel_receive(pair->agent, LATER, false, &frame, &err), 1);
	assert_int_equal(frame.type, MESSAGE_HELLO);
	assert_int_equal(frame.nonce, 5);
}

/* Guards against: a connection that goes on after a frame went missing, came twice, or belongs to
 * another connection. */
static void test_channel_gap(void **state)
{
	static const struct {
		uint32_t sequence;
		uint64_t nonce;
	} bad[] = {{3, 5}, {4, 5}, {2, 6}, {0, 5}};
	struct pair *pair = *state;
	struct frame frame;
	struct error err;
	uint8_t buf[64];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		channel_init(pair->controller, pair->fds[0], pair->fds[0]);
		established(pair, 5);
		put(pair, buf,
		    make(buf, MESSAGE_PING, bad[i].sequence, bad[i].nonce, "12345678", 8));
		assert_int_equal(channel_receive(pair->agent, LATER, false, &frame, &err), -1);
		assert_non_null(strstr(err.text, "out of sequence"));
		assert_false(pair->agent->eof || pair->agent->failed);
		pair->agent->established = false;
	}
}

/* Guards against: a broken frame being skipped in the middle of a connection; and, once the server
 * has given the connection up, the next HELLO not being found behind it. */
static void test_channel_broken_frame(void **state)
{
	struct pair *pair = *state;
	struct frame frame;
	struct error err;
	uint8_t buf[64];
	size_t size;

	established(pair, 5);
	size = make(buf, MESSAGE_PING, 2, 5, "12345678", 8);
	buf[size - 1] ^= 1;
	put(pair, buf, size);
	put(pair, buf, make(buf, MESSAGE_HELLO, 1, 6, NULL, 0));
	assert_int_equal(channel_receive(pair->agent, LATER, false, &frame, &err), -1);
	assert_non_null(strstr(err.text, "checksum"));
	pair->agent->established = false;
	assert_int_equal(channel_receive(pair->agent, LATER, false, &frame, &err), 1);
	assert_int_equal(frame.type, MESSAGE_HELLO);
	assert_int_equal(frame.nonce, 6);
}

/* Guards against: a controller that died in the middle of a large frame, whose missing rest would
 * swallow the HELLOs of the next controller (it did). */
static void test_channel_cut_off(void **state)
{
	static uint8_t big[FRAME_SIZE_MAX];
	struct pair *pair = *state;
	struct frame frame;
	struct error err;
	uint8_t hello[64];

	established(pair, 5);
	make(big, MESSAGE_RUN, 2, 5, NULL, 49000);
	put(pair, big, 20000);
	assert_int_equal(channel_receive(pair->agent, SOON, false, &frame, &err), 0);
	put(pair, hello, make(hello, MESSAGE_HELLO, 1, 6, NULL, 0));
	assert_int_equal(channel_receive(pair->agent, LATER, false, &frame, &err), 1);
	assert_int_equal(frame.type, MESSAGE_HELLO);
	assert_int_equal(frame.nonce, 6);
	assert_false(pair->agent->established);
}

/* Guards against: a hang-up taken for idleness, or the reverse on a virtio port. */
static void test_channel_hang_up(void **state)
{
	struct pair *pair = *state;
	struct frame frame;
	struct error err;

	established(pair, 5);
	shutdown(pair->fds[0], SHUT_WR);
	assert_int_equal(channel_receive(pair->agent, SOON, true, &frame, &err), 0);
	assert_false(pair->agent->eof);
	assert_int_equal(channel_receive(pair->agent, LATER, false, &frame, &err), -1);
	assert_true(pair->agent->eof);
}

/* Guards against: a send that waits for ever, on a blocking socket, for a side that does not read.
 */
static void test_channel_deadline(void **state)
{
	struct pair *pair = *state;
	struct error err;
	uint64_t start = clock_ns();
	int result = 0, i;

	memset(channel_payload(pair->controller), 0, FRAME_PAYLOAD_MAX);
	for (i = 0; i < 100 && !result; i++)
		result = channel_send(pair->controller, MESSAGE_RUN, FRAME_PAYLOAD_MAX, SOON, NULL,
				      &err);
	assert_int_equal(result, -1);
	assert_non_null(strstr(err.text, "in time"));
	assert_true(clock_ns() - start < 20 * NS_PER_S);
}

/* A message as a frame. */
static struct frame as_frame(const uint8_t *payload, size_t size)
{
	return (struct frame){.size = (uint32_t)size, .payload = payload};
}

/* Guards against: a field of a message lost, and messages cut short or with a tail accepted. */
static void test_messages(void **state)
{
	static uint8_t buf[FRAME_PAYLOAD_MAX + 1];
	static struct message_run run, run_back;
	struct message_open open = {"/srv/x", "serial", "direct",  9, 1 << 20, 4096,
				    4,	      7,	{1, 2, 3}, 1, 1,       1},
			    open_back;
	struct message_await await = {"/srv", "gfs2", 7000}, await_back;
	struct message_mount mount = {"serial", "/mnt", "gfs2", "noatime", 5000}, mount_back;
	struct frame frame;
	struct error err;
	size_t size, len;
	uint32_t i;

	(void)state;
	size = message_encode_open(&open, buf);
	for (len = 0; len <= size + 1; len++) {
		frame = as_frame(buf, len);
		assert_int_equal(message_decode_open(&frame, &open_back, &err),
				 len == size ? 0 : -1);
		if (len == size)
			assert_string_equal(open_back.path, open.path);
	}
	frame = as_frame(buf, size);
	assert_int_equal(message_decode_open(&frame, &open_back, &err), 0);
	assert_int_equal(open_back.size, 1 << 20);
	assert_int_equal(open_back.unit, 4096);
	assert_int_equal(open_back.files, 4);
	assert_int_equal(open_back.volume, 7);
	assert_memory_equal(open_back.run, open.run, 16);
	assert_int_equal(open_back.node, 1);
	assert_int_equal(open_back.create, 1);
	assert_int_equal(open_back.device, 1);
	assert_int_equal(open_back.timeout_ms, 9);
	assert_string_equal(open_back.serial, "serial");
	assert_string_equal(open_back.io, "direct");
	/* a name that is longer than any is cut here, and refused there */
	memset(open.io, 'x', sizeof(open.io));
	frame = as_frame(buf, message_encode_open(&open, buf));
	assert_int_equal(message_decode_open(&frame, &open_back, &err), 0);
	assert_int_equal(strlen(open_back.io), sizeof(open.io) - 1);
	buf[2 + 6 + 2 + 6]++;
	assert_int_equal(message_decode_open(&frame, &open_back, &err), -1);
	assert_non_null(strstr(err.text, "too long"));
	frame = as_frame(buf, message_encode_await(&await, buf));
	assert_int_equal(message_decode_await(&frame, &await_back, &err), 0);
	assert_string_equal(await_back.directory, "/srv");
	assert_string_equal(await_back.fstype, "gfs2");
	assert_int_equal(await_back.timeout_ms, 7000);
	frame = as_frame(buf, message_encode_mount(&mount, buf));
	assert_int_equal(message_decode_mount(&frame, &mount_back, &err), 0);
	assert_string_equal(mount_back.serial, "serial");
	assert_string_equal(mount_back.directory, "/mnt");
	assert_string_equal(mount_back.fstype, "gfs2");
	assert_string_equal(mount_back.options, "noatime");
	assert_int_equal(mount_back.timeout_ms, 5000);
	run.n = MESSAGE_OPS_MAX;
	run.delay_ns = 12345;
	for (i = 0; i < run.n; i++)
		run.ops[i] =
			(struct message_op){i % 3, i % 2, 1, (uint16_t)i, i, i + 1, i + 2, i + 3};
	size = message_encode_run(&run, buf);
	assert_true(size <= FRAME_PAYLOAD_MAX);
	frame = as_frame(buf, size);
	assert_int_equal(message_decode_run(&frame, &run_back, &err), 0);
	assert_int_equal(run_back.n, run.n);
	assert_int_equal(run_back.delay_ns, 12345);
	for (i = 0; i < run.n; i++) {
		assert_int_equal(run_back.ops[i].kind, i % 3);
		assert_int_equal(run_back.ops[i].flags, i % 2);
		assert_int_equal(run_back.ops[i].lane, i);
		assert_int_equal(run_back.ops[i].unit, i);
		assert_int_equal(run_back.ops[i].sequence, i + 1);
		assert_int_equal(run_back.ops[i].after, i + 2);
		assert_int_equal(run_back.ops[i].peer, i + 3);
	}
	put_u32(buf, MESSAGE_OPS_MAX + 1);
	assert_int_equal(message_decode_run(&frame, &run_back, &err), -1);
	put_u32(buf, UINT32_MAX);
	assert_int_equal(message_decode_run(&frame, &run_back, &err), -1);
}

/* Guards against: lanes that the agent runs otherwise than the controller thinks; more of them than
 * there is room for. */
static void test_lanes(void **state)
{
	static uint8_t buf[FRAME_PAYLOAD_MAX];
	struct message_lanes lanes = {.delay_ns = 5,
				      .set = {.seed = 1ULL << 63,
					      .base = 2,
					      .files = 3,
					      .used = 4,
					      .stride = 5,
					      .per_file = 1ULL << 40,
					      .n = 2}},
			     lanes_back;
	struct message_heard heard = {.completions = 1ULL << 50, .n = 2, .steps = {7, 9}},
			     heard_back;
	struct lane_program *lane = &lanes.set.lanes[1];
	struct frame frame = {.payload = buf};

	(void)state;
	*lane = (struct lane_program){.node = 1,
				      .pick = {PICK_NEAR, PICK_SEQUENTIAL},
				      .sync = 1,
				      .weight = {1000, 3},
				      .ops = 99,
				      .churn = 1,
				      .time_ns = 1ULL << 33};
	memset(&lanes_back, 0, sizeof(lanes_back));
	frame.size = (uint32_t)message_encode_lanes(&lanes, buf);
	assert_int_equal(message_decode_lanes(&frame, &lanes_back, NULL), 0);
	assert_memory_equal(&lanes, &lanes_back, sizeof(lanes));
	frame.size--;
	assert_int_equal(message_decode_lanes(&frame, &lanes_back, NULL), -1);
	lanes.set.n = NODES * LANES_MAX + 1;
	frame.size = sizeof(buf);
	put_u32(buf + 44, lanes.set.n);
	assert_int_equal(message_decode_lanes(&frame, &lanes_back, NULL), -1);
	memset(&heard_back, 0, sizeof(heard_back));
	frame.size = (uint32_t)message_encode_heard(&heard, buf);
	assert_int_equal(message_decode_heard(&frame, &heard_back, NULL), 0);
	assert_memory_equal(&heard, &heard_back, sizeof(heard));
	put_u32(buf + 8, LANES_MAX + 1);
	frame.size = sizeof(buf);
	assert_int_equal(message_decode_heard(&frame, &heard_back, NULL), -1);
}

/* Guards against: strings without end, too long for their place, or with a NUL in them. */
static void test_strings(void **state)
{
	static uint8_t buf[FRAME_PAYLOAD_MAX];
	char text[MESSAGE_TEXT_MAX], longest[MESSAGE_TEXT_MAX] = {0};
	struct frame frame;
	struct error err;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	frame = as_frame(buf, message_encode_string(longest, buf));
	assert_int_equal(message_decode_string(&frame, text, &err), 0);
	assert_string_equal(text, longest);
	memset(buf, 'x', sizeof(buf));
	put_u16(buf, MESSAGE_TEXT_MAX);
	frame = as_frame(buf, 2 + MESSAGE_TEXT_MAX);
	assert_int_equal(message_decode_string(&frame, text, &err), -1);
	put_u16(buf, 5);
	frame = as_frame(buf, 6);
	assert_int_equal(message_decode_string(&frame, text, &err), -1);
	buf[4] = 0;
	frame = as_frame(buf, 7);
	assert_int_equal(message_decode_string(&frame, text, &err), -1);
	buf[4] = 'x';
	assert_int_equal(message_decode_string(&frame, text, &err), 0);
	assert_string_equal(text, "xxxxx");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frame_round_trip),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_oversize),
		cmocka_unit_test(test_resync),
		cmocka_unit_test_setup_teardown(test_channel_sequence, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channel_dribble, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channel_garbage_before_hello, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channel_gap, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channel_broken_frame, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channel_cut_off, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channel_hang_up, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channel_deadline, setup, teardown),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_lanes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
