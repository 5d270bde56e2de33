/* SPDX-License-Identifier: GPL-2.0-or-later */
/* executor_fixture.h - an executor by itself, on files of this machine, and who reads its records.
 */
#ifndef TESTS_AGENT_EXECUTOR_FIXTURE_H
#define TESTS_AGENT_EXECUTOR_FIXTURE_H

#include "tests/agent/harness.h"

#include <errno.h>
#include <sys/socket.h>

#include "agent/executor.h"

/* io_buffered, but for a read that fails when told to. */
static bool reads_fail;

HARNESS int fake_read(void *file, void *buf, size_t size, uint64_t at, struct error *err)
{
	if (!reads_fail)
		return io_buffered.read(file, buf, size, at, err);
	errno = EIO;
	return io_result(-1, size, "read", err);
}

static struct {
	int fds[2];
	struct channel *channel;
	struct outlet outlet;
	struct executor *executor;
	struct controller *c;
	struct message_open open;
	struct io_path path;
} at;

HARNESS int setup(void **state)
{
	struct target_io io[IO_ROLES] = {{.path = &at.path, .depth = 1},
					 {.path = &at.path, .depth = 1}};
	struct error err;

	memset(&at, 0, sizeof(at));
	reads_fail = false;
	assert_int_equal(make_scratch(state), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, at.fds), 0);
	at.channel = malloc(sizeof(*at.channel));
	at.executor = malloc(sizeof(*at.executor));
	assert_true(at.channel && at.executor);
	channel_init(at.channel, at.fds[1], at.fds[1]);
	outlet_init(&at.outlet, at.channel);
	at.c = controller_new(at.fds[0], at.fds[0], 5);
	at.c->channel.established = true;
	assert_int_equal(executor_init(at.executor, &at.outlet, NULL), 0);
	at.executor->connection = outlet_connect(&at.outlet, 5);
	at.path = io_buffered;
	at.path.read = fake_read;
	at.open = an_open();
	if (executor_open(at.executor, &at.open, io, &err) < 0)
		fail_msg("%s", err.text);
	return 0;
}

HARNESS int teardown(void **state)
{
	executor_done(at.executor);
	outlet_done(&at.outlet);
	free(at.executor);
	free(at.channel);
	free(at.c);
	close(at.fds[0]);
	close(at.fds[1]);
	return remove_scratch(state);
}

/* Do these; what they were is then in at.c->ops. NULL: they may be done. */
HARNESS void run(const struct message_op *ops, unsigned n, const char *failure)
{
	struct message_run *run = calloc(1, sizeof(*run));
	struct error err = {0};
	uint32_t i;

	assert_non_null(run);
	run->n = n;
	memcpy(run->ops, ops, n * sizeof(*ops));
	at.c->n_ops = at.c->n_events = 0;
	if (executor_check(at.executor, run, &err) < 0) {
		if (!failure || !strstr(err.text, failure))
			fail_msg("%s", err.text);
	} else {
		assert_null(failure);
		for (i = 0; i < n; i++)
			executor_do(at.executor, &run->ops[i]);
		executor_flush(at.executor);
		outlet_send(&at.outlet, 0, MESSAGE_DONE, (const uint8_t *)"", 0);
		assert_int_equal(answer(at.c), MESSAGE_DONE);
	}
	free(run);
}

HARNESS struct message_op flagged(struct message_op op, uint8_t flags)
{
	op.flags |= flags;
	return op;
}

HARNESS void expect_tag(unsigned i, uint64_t unit, uint64_t sequence)
{
	const struct op *op = &at.c->ops[i];

	assert_true(i < at.c->n_ops);
	assert_int_equal(op->unit, unit);
	assert_int_equal(op->outcome, OUTCOME_OK);
	assert_int_equal(op->value.kind, VALUE_TAG);
	assert_int_equal(op->value.write_id,
			 sequence ? write_id(1, 0, 0, sequence) : WRITE_ID_INITIAL);
}

#endif
