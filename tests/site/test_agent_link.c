/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The controller's end of a conversation, against an agent of the test's that lies. Guards against
 * operations of an untrusted guest getting into a history that were never commanded, against
 * waiting for ever, and against losing what was in flight when an agent dies.
 */
#include "tests/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/channel.h"
#include "common/clock.h"
#include "site/agent_link.h"

/* What the lying agent does with a RUN. */
enum lie {
	HONEST,
	WRONG_NODE,
	NOT_COMMANDED,
	TOO_FEW,
	HALF_RECORD,
	SILENT,
	HANG_UP,
	BACKWARDS,
	/* the second operation is on a lane of its own, and comes first */
	OTHER_LANE,
	TWICE,	  /* again in place of the other lane's */
	UNSORTED, /* the other lane's completed before it */
	OVERLAP,  /* the other lane's two overlap */
};

struct agent {
	pthread_t thread;
	int fd;
	enum lie lie;
};

struct seen {
	unsigned ok, unknown, other;
	uint64_t unknown_invoke;
};

static void send_op(struct channel *channel, const struct message_op *asked, enum lie lie,
		    uint64_t time)
{
	struct record record = {.type = RECORD_OP};
	uint8_t bytes[RECORD_MAX];
	size_t size;

	record.op = (struct op){.node = lie == WRONG_NODE,
				.kind = (enum op_kind)asked->kind,
				.unit = asked->unit + (lie == NOT_COMMANDED),
				.count = asked->count,
				.lane = asked->lane,
				.after = asked->after,
				.invoke = time,
				.complete = time + 5};
	record.op.value.kind = VALUE_TAG;
	record.op.value.write_id =
		asked->kind == OP_WRITE ? write_id(record.op.node, 0, asked->lane, asked->sequence)
					: WRITE_ID_INITIAL;
	size = record_encode(&record, bytes) / (lie == HALF_RECORD ? 2 : 1);
	memcpy(channel_payload(channel), bytes, size);
	channel_send(channel, MESSAGE_RECORDS, size, clock_ns() + NS_PER_S, NULL, NULL);
}

/* Two lanes: which operation comes when. Each takes 5. */
static void send_lanes(struct channel *channel, const struct message_run *run, enum lie lie)
{
	send_op(channel, &run->ops[1], lie, 1000);
	send_op(channel, &run->ops[lie == TWICE], lie, lie == UNSORTED ? 994 : 1000);
	send_op(channel, &run->ops[2], lie, lie == OVERLAP ? 1004 : 1005);
}

static void answer_run(struct agent *agent, struct channel *channel, const struct frame *frame)
{
	struct message_run *run = malloc(sizeof(*run));
	uint32_t request = frame->sequence, i, n;

	if (!message_decode_run(frame, run, NULL) && agent->lie != SILENT) {
		n = agent->lie == TOO_FEW || agent->lie == HANG_UP ? 1 : run->n;
		if (agent->lie >= OTHER_LANE)
			send_lanes(channel, run, agent->lie);
		for (i = 0; i < n && agent->lie < OTHER_LANE; i++)
			send_op(channel, &run->ops[i], agent->lie,
				agent->lie == BACKWARDS ? 1000 - i * 100 : 1000 + i * 100);
		if (agent->lie != HANG_UP)
			channel_send(channel, MESSAGE_DONE,
				     message_encode_u32(request, channel_payload(channel)),
				     clock_ns() + NS_PER_S, NULL, NULL);
	}
	free(run);
}

static void *agent_main(void *context)
{
	struct message_hello_ok hello = {.build = "test", .kernel = "6.1\033[31m"};
	struct channel *channel = malloc(sizeof(*channel));
	struct agent *agent = context;
	struct frame frame;

	channel_init(channel, agent->fd, agent->fd);
	channel->server = true;
	while (channel_receive(channel, clock_ns() + 10 * NS_PER_S, false, &frame, NULL) > 0) {
		if (frame.type == MESSAGE_HELLO) {
			channel->sent = 0;
			channel->nonce = frame.nonce;
			channel->established = true;
			channel_send(channel, MESSAGE_HELLO_OK,
				     message_encode_hello_ok(&hello, channel_payload(channel)),
				     clock_ns() + NS_PER_S, NULL, NULL);
		} else if (frame.type == MESSAGE_RUN) {
			answer_run(agent, channel, &frame);
			if (agent->lie == HANG_UP)
				break;
		}
	}
	close(agent->fd);
	free(channel);
	return NULL;
}

static int count(void *context, const struct record *record, struct error *err)
{
	struct seen *seen = context;

	(void)err;
	if (record->type != RECORD_OP) {
		seen->other++;
	} else if (record->op.outcome == OUTCOME_UNKNOWN) {
		seen->unknown++;
		seen->unknown_invoke = record->op.invoke;
		assert_int_equal(record->op.complete, TIME_NONE);
	} else {
		seen->ok++;
	}
	return 0;
}

/* Command a write and two reads of an agent that lies so; returns agent_finish's result. */
static int converse(enum lie lie, struct seen *seen, struct error *err)
{
	struct message_run *run = calloc(1, sizeof(*run));
	struct agent_sink sink = {count, seen};
	struct agent agent = {.lie = lie};
	struct agent_link *link;
	int ends[2], result;

	memset(seen, 0, sizeof(*seen));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	agent.fd = ends[1];
	assert_int_equal(pthread_create(&agent.thread, NULL, agent_main, &agent), 0);
	link = agent_link_new(ends[0], 0, 5 * NS_PER_S, err);
	if (!link)
		fail_msg("%s", err->text);
	assert_string_equal(agent_link_kernel(link), "6.1?[31m");
	agent_link_set_sink(link, &sink);
	run->n = 3;
	run->ops[0] = (struct message_op){.kind = OP_WRITE, .count = 1, .unit = 7, .sequence = 1};
	run->ops[1] = (struct message_op){.kind = OP_READ, .count = 1, .unit = 7};
	run->ops[2] = (struct message_op){.kind = OP_READ, .count = 1, .unit = 8};
	run->ops[1].lane = lie >= OTHER_LANE;
	assert_int_equal(agent_begin_run(link, run, err), 0);
	result = agent_finish(link, lie == SILENT ? 300 * NS_PER_MS : 5 * NS_PER_S, err);
	if (!result)
		assert_int_equal(agent_link_completions(link), 3);
	agent_link_free(link);
	pthread_join(agent.thread, NULL);
	free(run);
	return result;
}

static void test_honest(void **state)
{
	struct seen seen;
	struct error err;

	(void)state;
	assert_int_equal(converse(HONEST, &seen, &err), 0);
	assert_int_equal(seen.ok, 3);
	assert_int_equal(seen.unknown, 0);
}

/* Guards against: what is under way at once taken for out of order, or a lane that is none. */
static void test_lanes(void **state)
{
	static const struct {
		enum lie lie;
		unsigned ok;
	} cases[] = {{TWICE, 1}, {UNSORTED, 1}, {OVERLAP, 2}};
	struct seen seen;
	struct error err;
	size_t i;

	(void)state;
	assert_int_equal(converse(OTHER_LANE, &seen, &err), 0);
	assert_int_equal(seen.ok, 3);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(converse(cases[i].lie, &seen, &err), -1);
		assert_non_null(strstr(err.text, "not commanded"));
		assert_int_equal(seen.ok, cases[i].ok);
		assert_int_equal(seen.unknown, 3 - cases[i].ok);
		/* of the last one only its own lane tells anything */
		assert_int_equal(seen.unknown_invoke, cases[i].lie == OVERLAP ? 1005 : 0);
	}
}

static void test_lies_are_refused(void **state)
{
	static const struct {
		enum lie lie;
		unsigned ok; /* believed before the lie was seen */
		const char *message;
	} cases[] = {
		{WRONG_NODE, 0, "not commanded"}, {NOT_COMMANDED, 0, "not commanded"},
		{TOO_FEW, 1, "fewer operations"}, {HALF_RECORD, 0, "half a record"},
		{SILENT, 0, "no answer in time"}, {HANG_UP, 1, "hung up"},
		{BACKWARDS, 1, "not commanded"},
	};
	struct seen seen;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(converse(cases[i].lie, &seen, &err), -1);
		assert_non_null(strstr(err.text, cases[i].message));
		assert_non_null(strstr(err.text, "agent of node a"));
		assert_int_equal(seen.ok, cases[i].ok);
		/* what was commanded and not heard of may have happened */
		assert_int_equal(seen.unknown, 3 - cases[i].ok);
		assert_int_equal(seen.unknown_invoke, cases[i].ok ? 1005 : 0);
	}
}

static void test_nobody_answers(void **state)
{
	struct agent_link *link;
	struct error err;
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	link = agent_link_new(ends[0], 1, 300 * NS_PER_MS, &err);
	assert_null(link);
	assert_non_null(strstr(err.text, "agent of node b: no greeting in time"));
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest),
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_lies_are_refused),
		cmocka_unit_test(test_nobody_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
