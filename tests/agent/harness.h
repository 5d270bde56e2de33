/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * harness.h - what the agent's tests share: a scratch folder, an OPEN message, and a controller
 * that speaks frames over a descriptor and collects records.
 */
#ifndef TESTS_AGENT_HARNESS_H
#define TESTS_AGENT_HARNESS_H

#include "tests/test.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/target.h"
#include "common/channel.h"
#include "common/clock.h"
#include "common/message.h"
#include "common/record.h"

#define UNIT 4096
#define UNITS 16
#define FILES 4
#define HARNESS __attribute__((unused)) static

HARNESS char scratch[64];

HARNESS int make_scratch(void **state)
{
	(void)state;
	snprintf(scratch, sizeof(scratch), "/tmp/stalemate-test-XXXXXX");
	return mkdtemp(scratch) ? 0 : -1;
}

HARNESS int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status;
	(void)kind;
	(void)ftw;
	return remove(path);
}

HARNESS int remove_scratch(void **state)
{
	(void)state;
	return nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The next descriptor of this process, from that one on, that has the file open; -1: none. */
HARNESS int next_open(const char *name, int fd)
{
	char path[64], link[256];
	ssize_t n;

	for (; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = 0;
		if (!strcmp(link, name))
			return fd;
	}
	return -1;
}

/* A path in the scratch folder. Two at a time. */
HARNESS const char *in_scratch(const char *name)
{
	static char path[2][256];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", scratch, name);
	return path[turn];
}

HARNESS struct message_open an_open(void)
{
	struct message_open open = {.size = UNITS * UNIT,
				    .unit = UNIT,
				    .files = FILES,
				    .volume = 3,
				    .run = {1, 2, 3, 4},
				    .node = 1,
				    .create = 1};

	snprintf(open.path, sizeof(open.path), "%s/target", scratch);
	snprintf(open.io, sizeof(open.io), "buffered");
	return open;
}

/* Open a target with one path for both roles, one operation at a time. */
HARNESS struct target *open_by(const struct message_open *open, const struct io_path *path,
			       struct error *err)
{
	const struct target_io io[IO_ROLES] = {{path, 1}, {path, 1}};

	return target_open(open, io, err);
}

HARNESS void read_file(const char *path, long at, void *buf, size_t size)
{
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, buf, size, at), size);
	close(fd);
}

HARNESS void write_file(const char *path, long at, const void *buf, size_t size)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, buf, size, at), size);
	close(fd);
}

/* The controller's end of a connection, and what it has been told. */
struct controller {
	struct channel channel;
	struct frame frame; /* the last answer, not RECORDS */
	struct op ops[1024];
	unsigned n_ops;
	struct event events[64];
	unsigned n_events;
};

HARNESS struct controller *controller_new(int in, int out, uint64_t nonce)
{
	struct controller *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	channel_init(&c->channel, in, out);
	c->channel.nonce = nonce;
	return c;
}

HARNESS void keep_records(struct controller *c)
{
	struct record *record = malloc(sizeof(*record));
	size_t done = 0;
	int got;

	for (; done < c->frame.size; done += (size_t)got) {
		got = record_decode(c->frame.payload + done, c->frame.size - done, record, NULL);
		assert_true(got > 0);
		if (record->type == RECORD_OP) {
			assert_true(c->n_ops < sizeof(c->ops) / sizeof(c->ops[0]));
			c->ops[c->n_ops++] = record->op;
		} else {
			assert_int_equal(record->type, RECORD_EVENT);
			assert_true(c->n_events < sizeof(c->events) / sizeof(c->events[0]));
			c->events[c->n_events++] = record->event;
		}
	}
	free(record);
}

/* The next frame that is not RECORDS, within `ms`; its type, or 0. */
HARNESS unsigned answer_within(struct controller *c, unsigned ms)
{
	uint64_t deadline = clock_ns() + ms * NS_PER_MS;
	struct error err = {0};
	int got;

	for (;;) {
		got = channel_receive(&c->channel, deadline, false, &c->frame, &err);
		if (got < 0)
			fail_msg("%s", err.text);
		if (!got)
			return 0;
		if (c->frame.type != MESSAGE_RECORDS)
			return c->frame.type;
		keep_records(c);
	}
}

HARNESS unsigned answer(struct controller *c)
{
	return answer_within(c, 20000);
}

/* Send what stands at channel_payload(). Returns the frame's sequence. */
HARNESS uint32_t send_request(struct controller *c, uint16_t type, size_t size)
{
	uint32_t sequence = 0;
	struct error err;

	assert_int_equal(
		channel_send(&c->channel, type, size, clock_ns() + 20 * NS_PER_S, &sequence, &err),
		0);
	return sequence;
}

/* HELLO, and skip what was still on its way to an earlier controller. */
HARNESS void hello(struct controller *c)
{
	send_request(c, MESSAGE_HELLO, 0);
	do {
		assert_int_not_equal(answer(c), 0);
	} while (c->frame.nonce != c->channel.nonce);
	assert_int_equal(c->frame.type, MESSAGE_HELLO_OK);
	c->channel.established = true;
}

/* The answer must be DONE, or FAILED with that text in it (NULL: DONE), for that request. */
HARNESS void expect(struct controller *c, uint32_t sequence, const char *failure)
{
	struct message_failed failed = {0};
	uint32_t request = 0;
	unsigned type = answer(c);

	if (type == MESSAGE_FAILED) {
		assert_int_equal(message_decode_failed(&c->frame, &failed, NULL), 0);
		if (!failure || !strstr(failed.text, failure))
			fail_msg("FAILED: %s", failed.text);
		assert_int_equal(failed.request, sequence);
		return;
	}
	assert_int_equal(type, MESSAGE_DONE);
	assert_int_equal(message_decode_u32(&c->frame, &request, NULL), 0);
	assert_int_equal(request, sequence);
	if (failure)
		fail_msg("DONE, not FAILED: %s", failure);
}

HARNESS uint32_t send_open(struct controller *c, const struct message_open *open)
{
	return send_request(c, MESSAGE_OPEN,
			    message_encode_open(open, channel_payload(&c->channel)));
}

HARNESS uint32_t send_run(struct controller *c, const struct message_op *ops, unsigned n,
			  uint64_t delay_ns)
{
	struct message_run *run = calloc(1, sizeof(*run));
	uint32_t sequence;

	assert_non_null(run);
	run->n = n;
	run->delay_ns = delay_ns;
	memcpy(run->ops, ops, n * sizeof(*ops));
	c->n_ops = 0;
	sequence =
		send_request(c, MESSAGE_RUN, message_encode_run(run, channel_payload(&c->channel)));
	free(run);
	return sequence;
}

/* Do these operations; their records are then in c->ops. */
HARNESS void run_ops(struct controller *c, const struct message_op *ops, unsigned n,
		     const char *failure)
{
	expect(c, send_run(c, ops, n, 0), failure);
}

HARNESS struct message_op a_write(uint64_t unit, uint64_t sequence)
{
	return (struct message_op){.kind = OP_WRITE,
				   .count = 1,
				   .unit = unit,
				   .sequence = sequence,
				   .flags = MESSAGE_OP_SYNC};
}

HARNESS struct message_op a_read(uint64_t unit, uint16_t count)
{
	return (struct message_op){.kind = OP_READ, .count = count, .unit = unit};
}

#endif
