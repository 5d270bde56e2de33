/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_lane.c - requests in, records out: operations on a real file, on one that was tampered with
 * behind our back, and on one that fails at a chosen call.
 */
#include "tests/agent/harness.h"

#include <errno.h>
#include <sys/socket.h>

#include "agent/lane.h"

/* An I/O path that is io_buffered, but for its n-th read, write or flush from now on. */
static struct {
	int fail_in; /* 1: the next call; 0: never */
	bool is_short;
	bool leaves_buffer; /* a read that claims success and writes nothing */
} fault;

static bool faulty(void)
{
	return fault.fail_in && !--fault.fail_in;
}

static int fake_read(void *file, void *buf, size_t size, uint64_t at, struct error *err)
{
	if (!faulty())
		return io_buffered.read(file, buf, size, at, err);
	if (fault.leaves_buffer)
		return 0;
	errno = EIO;
	return io_result(fault.is_short ? (ssize_t)size / 2 : -1, size, "read", err);
}

static int fake_write(void *file, const void *buf, size_t size, uint64_t at, struct error *err)
{
	if (!faulty())
		return io_buffered.write(file, buf, size, at, err);
	errno = EIO;
	return io_result(fault.is_short ? (ssize_t)size / 2 : -1, size, "write", err);
}

static int fake_flush(void *file, struct error *err)
{
	if (!faulty())
		return io_buffered.flush(file, err);
	errno = EIO;
	return io_result(-1, 0, "fsync", err);
}

static void *fake_open(void *session, int fd, struct error *err)
{
	return io_buffered.open(session, fd, err);
}

static void fake_close(void *file)
{
	io_buffered.close(file);
}

static const struct io_path fake = {
	.name = "buffered",
	.open = fake_open,
	.read = fake_read,
	.write = fake_write,
	.flush = fake_flush,
	.close = fake_close,
};
static const struct io_path *const fakes[] = {&fake, &io_uring, NULL};

/* A lane as serve.c sees it; `c` reads what it sends. */
static struct {
	int fds[2];
	struct channel *channel;
	struct outlet outlet;
	struct lane *lane;
	struct controller *c;
	uint64_t connection;
	uint32_t requests;
	uint8_t payload[FRAME_PAYLOAD_MAX];
} at;

static int setup(void **state)
{
	memset(&fault, 0, sizeof(fault));
	assert_int_equal(make_scratch(state), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, at.fds), 0);
	at.channel = malloc(sizeof(*at.channel));
	assert_non_null(at.channel);
	channel_init(at.channel, at.fds[1], at.fds[1]);
	outlet_init(&at.outlet, at.channel);
	at.connection = outlet_connect(&at.outlet, 5);
	at.lane = lane_start(&at.outlet, fakes, NULL);
	assert_non_null(at.lane);
	at.c = controller_new(at.fds[0], at.fds[0], 5);
	at.c->channel.established = true;
	at.requests = 1;
	return 0;
}

static int teardown(void **state)
{
	lane_stop(at.lane);
	outlet_done(&at.outlet);
	free(at.channel);
	free(at.c);
	close(at.fds[0]);
	close(at.fds[1]);
	return remove_scratch(state);
}

/* Submit what stands in at.payload. */
static uint32_t submit(uint16_t type, size_t size)
{
	struct frame frame = {.type = type,
			      .size = (uint32_t)size,
			      .sequence = ++at.requests,
			      .payload = at.payload};
	struct error err;

	assert_int_equal(lane_submit(at.lane, at.connection, &frame, &err), 0);
	return frame.sequence;
}

static void open_target(const struct message_open *open, const char *failure)
{
	expect(at.c, submit(MESSAGE_OPEN, message_encode_open(open, at.payload)), failure);
}

static uint32_t submit_run(const struct message_op *ops, unsigned n, uint64_t delay_ns)
{
	static struct message_run run;

	run.n = n;
	run.delay_ns = delay_ns;
	memcpy(run.ops, ops, n * sizeof(*ops));
	at.c->n_ops = at.c->n_events = 0;
	return submit(MESSAGE_RUN, message_encode_run(&run, at.payload));
}

static void run(const struct message_op *ops, unsigned n, const char *failure)
{
	expect(at.c, submit_run(ops, n, 0), failure);
}

/* One read of one unit, from the store. */
static const struct value *value_of(uint64_t unit)
{
	struct message_op op = a_read(unit, 1);

	run(&op, 1, NULL);
	assert_int_equal(at.c->n_ops, 1);
	assert_int_equal(at.c->ops[0].outcome, OUTCOME_OK);
	return &at.c->ops[0].value;
}

static void is_write(const struct value *value, uint64_t id)
{
	assert_int_equal(value->kind, VALUE_TAG);
	assert_true(value->write_id == id);
}

/* Guards against: a record that does not say what was done, or a value that is not what is there.
 */
static void test_write_read(void **state)
{
	struct message_open open = an_open();
	struct message_op op = a_write(5, 17);
	const struct op *done = at.c->ops;

	(void)state;
	open_target(&open, NULL);
	is_write(value_of(5), WRITE_ID_INITIAL);
	op.lane = 9;
	op.after = 33;
	op.peer = 44;
	run(&op, 1, NULL);
	assert_int_equal(at.c->n_ops, 1);
	assert_int_equal(done->node, 1);
	assert_int_equal(done->lane, 9);
	assert_int_equal(done->kind, OP_WRITE);
	assert_int_equal(done->outcome, OUTCOME_OK);
	assert_int_equal(done->unit, 5);
	assert_int_equal(done->count, 1);
	assert_int_equal(done->after, 33);
	assert_int_equal(done->peer, 44);
	assert_true(done->invoke && done->invoke < done->complete);
	is_write(&done->value, write_id(1, 0, 9, 17));
	is_write(value_of(5), write_id(1, 0, 9, 17));
	is_write(value_of(4), WRITE_ID_INITIAL);
	is_write(value_of(6), WRITE_ID_INITIAL);
	op = (struct message_op){.kind = OP_FLUSH, .count = 1};
	run(&op, 1, NULL);
	assert_int_equal(done->kind, OP_FLUSH);
	assert_int_equal(done->value.kind, VALUE_NONE);
}

/* Guards against: a range read that reports one unit's value for all, or splits what is alike. */
static void test_ranges(void **state)
{
	struct message_open open = an_open();
	struct message_op ops[2] = {a_write(4, 1), a_read(4, 4)};
	unsigned i;

	(void)state;
	open_target(&open, NULL);
	run(&ops[1], 1, NULL);
	assert_int_equal(at.c->n_ops, 1);
	assert_int_equal(at.c->ops[0].count, 4);
	run(ops, 2, NULL);
	assert_int_equal(at.c->n_ops, 5);
	for (i = 1; i < 5; i++) {
		assert_int_equal(at.c->ops[i].count, 1);
		assert_int_equal(at.c->ops[i].unit, 3 + i);
		assert_int_equal(at.c->ops[i].invoke, at.c->ops[1].invoke);
		assert_int_equal(at.c->ops[i].complete, at.c->ops[1].complete);
		is_write(&at.c->ops[i].value, i == 1 ? write_id(1, 0, 0, 1) : 0);
	}
	/* a write of all four at once: one operation, one value */
	ops[0] = (struct message_op){.kind = OP_WRITE, .count = 4, .unit = 4, .sequence = 2};
	run(ops, 2, NULL);
	assert_int_equal(at.c->n_ops, 2);
	assert_int_equal(at.c->ops[0].count, 4);
	assert_int_equal(at.c->ops[1].count, 4);
	is_write(&at.c->ops[1].value, write_id(1, 0, 0, 2));
}

/* Guards against: damage on the disk that is read as good data, or blamed on the wrong unit. */
static void test_damage(void **state)
{
	struct message_open open = an_open();
	struct message_op op = a_write(1, 1);
	static uint8_t a[UNIT], b[UNIT];
	const char *file = in_scratch("target/data.00");
	const struct value *value;

	(void)state;
	open_target(&open, NULL);
	run(&op, 1, NULL);
	/* one byte */
	write_file(file, 3 * SECTOR_SIZE + 100, "\x55", 1);
	value = value_of(0);
	assert_int_equal(value->kind, VALUE_TORN);
	assert_int_equal(value->n_parts, 3);
	assert_int_equal(value->parts[1].kind, VALUE_CORRUPT);
	assert_int_equal(value->parts[1].sectors, 1);
	assert_int_equal(value->parts[0].sectors, 3);
	/* half of the write */
	read_file(file, UNIT, a, UNIT);
	write_file(file, 0, a, UNIT / 2);
	value = value_of(0);
	assert_int_equal(value->kind, VALUE_TORN);
	assert_int_equal(value->parts[0].kind, VALUE_MISDIRECTED);
	/* two units swapped */
	read_file(file, 2 * UNIT, a, UNIT);
	read_file(file, 3 * UNIT, b, UNIT);
	write_file(file, 2 * UNIT, b, UNIT);
	write_file(file, 3 * UNIT, a, UNIT);
	value = value_of(2);
	assert_int_equal(value->kind, VALUE_MISDIRECTED);
	assert_int_equal(value->at_unit, 3);
	value = value_of(3);
	assert_int_equal(value->kind, VALUE_MISDIRECTED);
	assert_int_equal(value->at_unit, 2);
	/* zeros */
	memset(a, 0, UNIT);
	write_file(file, 0, a, UNIT);
	assert_int_equal(value_of(0)->kind, VALUE_ZERO);
	/* and nothing else came to harm */
	is_write(value_of(1), write_id(1, 0, 0, 1));
}

/* Guards against: another run's data, left on the volume, taken for this run's. */
static void test_foreign(void **state)
{
	struct message_open open = an_open();
	static uint8_t old[UNIT];

	(void)state;
	open_target(&open, NULL);
	read_file(in_scratch("target/data.01"), 0, old, UNIT);
	open.run[0]++;
	open_target(&open, NULL);
	is_write(value_of(4), WRITE_ID_INITIAL);
	write_file(in_scratch("target/data.01"), 0, old, UNIT);
	assert_int_equal(value_of(4)->kind, VALUE_FOREIGN);
}

/* Guards against: a write or flush that failed reported as done, or as certainly not done. */
static void test_failing_io(void **state)
{
	struct message_open open = an_open();
	struct message_op ops[3] = {a_write(0, 1), a_read(1, 1), a_read(2, 1)};
	const struct op *done = at.c->ops;
	unsigned i;

	(void)state;
	open_target(&open, NULL);
	for (i = 0; i < 3; i++) {
		fault.is_short = i == 1;
		fault.fail_in = i == 2 ? 2 : 1; /* the write's fsync */
		ops[0].sequence++;
		run(ops, 2, NULL);
		assert_int_equal(at.c->n_ops, 2);
		assert_int_equal(done->outcome, OUTCOME_UNKNOWN);
		assert_true(done->complete != TIME_NONE && done->complete >= done->invoke);
		is_write(&done->value, write_id(1, 0, 0, ops[0].sequence));
		assert_int_equal(done[1].outcome, OUTCOME_OK);
		assert_int_equal(at.c->n_events, 1);
		assert_int_equal(at.c->events[0].kind, EVENT_NOTE);
		assert_non_null(strstr(at.c->events[0].text, "write of unit 0"));
	}
	/* the read in the middle; the batch goes on */
	for (i = 0; i < 2; i++) {
		fault.is_short = i;
		fault.fail_in = 3;
		ops[0].sequence++;
		run(ops, 3, NULL);
		assert_int_equal(at.c->n_ops, 3);
		assert_int_equal(done[1].outcome, OUTCOME_UNKNOWN);
		assert_int_equal(done[1].value.kind, VALUE_NONE);
		assert_int_equal(done[2].outcome, OUTCOME_OK);
	}
	ops[0] = (struct message_op){.kind = OP_FLUSH, .count = 1};
	fault.fail_in = 2;
	run(ops, 1, NULL);
	assert_int_equal(done->outcome, OUTCOME_UNKNOWN);
}

/* Guards against: the data of the last operation passing as the result of a read that did nothing.
 */
static void test_poison(void **state)
{
	struct message_open open = an_open();
	struct message_op ops[2] = {a_write(0, 1), a_read(0, 1)};

	(void)state;
	open_target(&open, NULL);
	fault.leaves_buffer = true;
	fault.fail_in = 3;
	run(ops, 2, NULL);
	assert_int_equal(at.c->ops[1].outcome, OUTCOME_OK);
	assert_int_equal(at.c->ops[1].value.kind, VALUE_CORRUPT);
}

/* Guards against: prefill errors that leave a target behind, or an open one in use. */
static void test_failing_open(void **state)
{
	struct message_open open = an_open();
	struct message_op op = a_read(0, 1);

	(void)state;
	fault.fail_in = 2;
	open_target(&open, "cannot prefill");
	assert_int_equal(access(open.path, F_OK), -1);
	run(&op, 1, "no target is open");
	open_target(&open, NULL);
	run(&op, 1, NULL);
	expect(at.c, submit(MESSAGE_CLOSE, 0), NULL);
	run(&op, 1, "no target is open");
}

/* Guards against: anything of a RUN being done when part of it is out of range. */
static void test_refused_runs(void **state)
{
	struct message_open open = an_open();
	struct message_op ops[2];

	(void)state;
	open_target(&open, NULL);
#define BAD(op, change, text) \
	do { \
		ops[0] = a_write(0, 100); \
		ops[1] = (op); \
		change; \
		run(ops, 2, text); \
		assert_int_equal(at.c->n_ops, 0); \
		is_write(value_of(0), WRITE_ID_INITIAL); \
	} while (0)
	BAD(a_read(UNITS, 1), (void)ops, "16");
	BAD(a_read(UINT64_MAX, 1), (void)ops, "units");
	BAD(a_read(UNITS - 1, 2), (void)ops, "units");
	BAD(a_read(0, 0), (void)ops, "units");
	BAD(a_read(0, 65535), (void)ops, "units");
	BAD(a_read(3, 2), (void)ops, "one file");
	BAD(a_read(0, 1), ops[1].kind = 3, "kind");
	BAD(a_read(0, 1), ops[1].kind = 255, "kind");
	BAD(a_read(0, 1), ops[1].lane = LANE_MAX + 1, "lane");
	BAD(a_write(1, 100), (void)ops, "rise");
	BAD(a_write(1, 0), ops[1].lane = 1, "rise");
	BAD(a_write(1, SEQUENCE_MAX + 1), (void)ops, "rise");
	BAD(a_write(1, 101), ops[1].peer = SEQUENCE_MAX + 1, "rise");
	BAD(a_read(1, 1), ops[1].kind = OP_FLUSH, "flush");
#undef BAD
	/* a refused sequence is not used up; a done one is; lanes do not share them */
	ops[0] = a_write(0, 100);
	run(ops, 1, NULL);
	run(ops, 1, "rise");
	ops[0].lane = 2;
	run(ops, 1, NULL);
	expect(at.c, submit_run(ops, 0, 3600 * NS_PER_S + 1), "hour");
	expect(at.c, submit(99, 0), "does not exist");
	expect(at.c, submit(0, 0), "does not exist");
	at.payload[0] = 1;
	expect(at.c, submit(MESSAGE_RUN, 1), "too short");
	expect(at.c, submit(MESSAGE_CLOSE, 1), "payload");
}

/* Guards against: a path that is not there replaced by one that is, and a device taken for granted.
 */
static void test_open_names(void **state)
{
	struct message_open open = an_open();

	(void)state;
	snprintf(open.io, sizeof(open.io), "direct");
	open_target(&open, "no I/O path is named 'direct'"); /* not in this table */
	open.io[0] = 0;
	open_target(&open, "path: '' is unknown");
	snprintf(open.io, sizeof(open.io), "buffered/direct");
	open_target(&open, "no I/O path is named 'direct'");
	snprintf(open.io, sizeof(open.io), "buffered:2");
	open_target(&open, "takes no queue depth");
	open = an_open();
	open.device = 1;
	open_target(&open, "(direct, direct-nosync, uring-direct)");
	open.path[0] = 0;
	snprintf(open.serial, sizeof(open.serial), "no-such-serial");
	open.timeout_ms = 30;
	open_target(&open, "no disk with serial 'no-such-serial' appeared within 30 ms");
}

static uint32_t submit_await(const char *directory, const char *fstype, uint32_t timeout_ms)
{
	struct message_await await = {.timeout_ms = timeout_ms};

	snprintf(await.directory, sizeof(await.directory), "%s", directory);
	snprintf(await.fstype, sizeof(await.fstype), "%s", fstype);
	return submit(MESSAGE_AWAIT_MOUNT, message_encode_await(&await, at.payload));
}

/* Guards against: a wait that ends too early, too late, or not when its controller is gone. */
static void test_await(void **state)
{
	uint64_t start = clock_ns();

	(void)state;
	expect(at.c, submit_await("/proc/self", "proc", 0), NULL);
	expect(at.c, submit_await("/proc/self", "gfs2", 200), "/proc/self is on proc (");
	assert_true(clock_ns() - start >= 200 * NS_PER_MS);
	expect(at.c, submit_await("proc", "proc", 60000), "absolute path");
	submit_await("/proc", "gfs2", 60000);
	at.connection = outlet_connect(&at.outlet, 6);
	lane_reset(at.lane);
	channel_init(&at.c->channel, at.fds[0], at.fds[0]);
	at.c->channel.nonce = 6;
	at.c->channel.established = true;
	expect(at.c, submit(MESSAGE_CLOSE, 0), NULL);
	assert_true(clock_ns() - start < 20 * NS_PER_S);
}

/* Guards against: records lost where a frame of them is full. */
static void test_full_batch(void **state)
{
	static struct message_op ops[200];
	struct message_open open = an_open();
	unsigned i;

	(void)state;
	open_target(&open, NULL);
	for (i = 0; i < 200; i++)
		ops[i] = a_read(i % UNITS, 1);
	run(ops, 200, NULL);
	assert_int_equal(at.c->n_ops, 200);
	for (i = 0; i < 200; i++)
		assert_int_equal(at.c->ops[i].unit, i % UNITS);
}

/* Guards against: work of an earlier connection going on, or answering into the next one. */
static void test_reset(void **state)
{
	struct message_open open = an_open();
	struct message_op op = a_write(0, 1);
	uint64_t start = clock_ns();

	(void)state;
	open_target(&open, NULL);
	submit_run(&op, 1, 60 * NS_PER_S);
	submit_run(&op, 1, 0);
	at.connection = outlet_connect(&at.outlet, 6);
	lane_reset(at.lane);
	channel_init(&at.c->channel, at.fds[0], at.fds[0]);
	at.c->channel.nonce = 6;
	at.c->channel.established = true;
	run(&op, 1, "no target is open");
	assert_true(clock_ns() - start < 20 * NS_PER_S);
	open.create = 0;
	open_target(&open, NULL);
	is_write(value_of(0), WRITE_ID_INITIAL);
}

/* Guards against: a queue that grows as long as a controller likes. */
static void test_queue_limit(void **state)
{
	struct frame frame = {.type = MESSAGE_CLOSE, .sequence = 7};
	struct message_open open = an_open();
	struct message_op op = a_read(0, 1);
	struct error err = {0};
	unsigned i;

	(void)state;
	open_target(&open, NULL);
	submit_run(&op, 1, 60 * NS_PER_S);
	for (i = 0; i <= LANE_QUEUE_MAX && !lane_submit(at.lane, at.connection, &frame, &err); i++)
		;
	assert_true(i <= LANE_QUEUE_MAX && i >= LANE_QUEUE_MAX - 1);
	assert_non_null(strstr(err.text, "wait already"));
}

/* What holds of all operations of a RUN at depth 4. */
static void check_window(void)
{
	const struct op *done = at.c->ops;
	unsigned i, k, n;

	for (i = 0; i < at.c->n_ops; i++) {
		assert_true(done[i].outcome == OUTCOME_OK);
		assert_true(!i || done[i].complete >= done[i - 1].complete);
		for (k = n = 0; k < at.c->n_ops; k++) {
			n += done[k].invoke <= done[i].invoke && done[i].invoke < done[k].complete;
			if (i != k && done[i].invoke < done[k].complete &&
			    done[k].invoke < done[i].complete)
				assert_true(done[i].lane != done[k].lane &&
					    done[i].kind == done[k].kind);
		}
		assert_in_range(n, 1, 4);
	}
}

/* Guards against: a queue depth that is said and not there; a queue that runs empty before it is
 * filled again; operations of one lane that overlap, which is then no lane; a read beside the
 * writes that the RUN has before it; records in another order than that of their completions. */
static void test_window(void **state)
{
	struct message_open open = an_open();
	const struct op *done = at.c->ops;
	struct message_op ops[12];
	unsigned i;

	(void)state;
	snprintf(open.io, sizeof(open.io), "uring:4");
	open_target(&open, NULL);
	assert_non_null(strstr(at.c->events[0].text, ", queue depth 4), reads uring (no flags, "
						     "queue depth 4)"));
	/* eight writes on lanes of their own; four reads on two lanes */
	for (i = 0; i < 12; i++) {
		ops[i] = i < 8 ? a_write(i, 1) : a_read(i - 8, 1);
		ops[i].lane = i < 8 ? i : i % 2;
	}
	run(ops, 12, NULL);
	check_window();
	for (i = 0; i < 12; i++)
		is_write(&done[i].value, write_id(1, 0, (uint16_t)done[i].unit, 1));
	/* four at once, and another as soon as one is over */
	for (i = 0; i < 8; i++) {
		unsigned over = done[i].unit < 4 ? 0 : (unsigned)done[i].unit - 3;

		assert_true(done[i].invoke < done[over].complete);
		assert_true(!over || done[i].invoke >= done[over - 1].complete);
	}
	/* larger than what began the window */
	for (i = 0; i < 6; i++) {
		ops[i] = a_write(i < 4 ? i : 0, 2);
		ops[i].count = i < 4 ? 1 : 4;
		ops[i].lane = i;
	}
	run(ops, 6, NULL);
	check_window();
	/* none on the path without a depth */
	snprintf(open.io, sizeof(open.io), "buffered/uring:4");
	open_target(&open, NULL);
	run(ops, 4, NULL);
	for (i = 1; i < 4; i++)
		assert_true(done[i].invoke >= done[i - 1].complete);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_write_read),	 TEST(test_ranges),	  TEST(test_damage),
		TEST(test_foreign),	 TEST(test_failing_io),	  TEST(test_poison),
		TEST(test_failing_open), TEST(test_refused_runs), TEST(test_full_batch),
		TEST(test_reset),	 TEST(test_queue_limit),  TEST(test_open_names),
		TEST(test_await),	 TEST(test_window),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
