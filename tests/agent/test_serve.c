/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_serve.c - whole conversations: with serve() in a thread over a socketpair, and with the real
 * binary over --stdio and --socket.
 */
#include "tests/agent/harness.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "agent/serve.h"
#include "agent/watch.h"

static struct {
	int in, out; /* our ends */
	int agent_in, agent_out;
	char kmsg[128];
	pthread_t thread;
	int result;
	int log;   /* our end of what plays /dev/kmsg */
	pid_t pid; /* of the binary */
} agent;

static void *run_serve(void *argument)
{
	struct serve_options options = {.in = agent.agent_in,
					.out = agent.agent_out,
					.build = "9.8.7",
					.kmsg = agent.kmsg,
					.paths = io_paths};
	struct error err;

	agent.result = serve(&options, &err);
	return argument;
}

static int start_serve(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	agent.in = agent.out = fds[0];
	agent.agent_in = agent.agent_out = fds[1];
	return pthread_create(&agent.thread, NULL, run_serve, NULL);
}

/* A pipe plays the kernel log; it is open here before the agent looks, else it would see its end.
 */
static int start_thread(void **state)
{
	assert_int_equal(make_scratch(state), 0);
	snprintf(agent.kmsg, sizeof(agent.kmsg), "%s/kmsg", scratch);
	assert_int_equal(mkfifo(agent.kmsg, 0600), 0);
	agent.log = open(agent.kmsg, O_RDWR | O_CLOEXEC);
	assert_true(agent.log >= 0);
	/* one write is one read, as with the kernel's */
	assert_int_equal(fcntl(agent.log, F_SETFL, O_DIRECT), 0);
	return start_serve();
}

static int start_thread_without_log(void **state)
{
	assert_int_equal(make_scratch(state), 0);
	snprintf(agent.kmsg, sizeof(agent.kmsg), "%s/kmsg", scratch);
	agent.log = -1;
	return start_serve();
}

/* The agent must end at end of file, and say that all is well. */
static int stop_thread(void **state)
{
	shutdown(agent.out, SHUT_WR);
	pthread_join(agent.thread, NULL);
	close(agent.in);
	close(agent.agent_in);
	if (agent.log >= 0)
		close(agent.log);
	return remove_scratch(state) || agent.result;
}

/* $AGENT, or stalemate-agent in the folder above the one this program is in. */
static const char *agent_path(void)
{
	static char path[4200];
	char self[4096] = "";

	if (getenv("AGENT"))
		return getenv("AGENT");
	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	*strrchr(self, '/') = 0;
	*strrchr(self, '/') = 0;
	snprintf(path, sizeof(path), "%s/stalemate-agent", self);
	return path;
}

static int start_binary(void **state)
{
	const char *path = agent_path();
	int to[2], from[2];

	assert_int_equal(make_scratch(state), 0);
	if (access(path, X_OK))
		fail_msg("no agent at %s: make it first, or set AGENT", path);
	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	agent.pid = fork();
	assert_true(agent.pid >= 0);
	if (!agent.pid) {
		dup2(to[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		execl(path, path, "--stdio", (char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	agent.in = from[0];
	agent.out = to[1];
	return 0;
}

static int stop_binary(void **state)
{
	int status = -1;

	close(agent.out);
	assert_int_equal(waitpid(agent.pid, &status, 0), agent.pid);
	close(agent.in);
	assert_int_equal(status, 0);
	return remove_scratch(state);
}

static void ping(struct controller *c)
{
	uint64_t before = clock_ns(), c0, n1, n2;

	send_request(c, MESSAGE_PING, message_encode_ping(before, channel_payload(&c->channel)));
	assert_int_equal(answer(c), MESSAGE_PONG);
	assert_int_equal(message_decode_pong(&c->frame, &c0, &n1, &n2, NULL), 0);
	assert_int_equal(c0, before);
	/* one machine, one clock */
	assert_true(before <= n1 && n1 <= n2 && n2 <= clock_ns());
}

/* Guards against: an agent that answers nothing while its lane is busy, or out of order. */
static void conversation(void **state)
{
	struct controller *c = controller_new(agent.in, agent.out, 0x1111);
	struct message_hello_ok hello_ok;
	struct message_open open = an_open();
	struct message_op ops[2] = {a_write(3, 1), a_read(3, 1)};
	uint32_t sequence;
	uint64_t start;
	unsigned i;

	(void)state;
	hello(c);
	assert_int_equal(message_decode_hello_ok(&c->frame, &hello_ok, NULL), 0);
	assert_true(strlen(hello_ok.build) && strlen(hello_ok.kernel));
	expect(c, send_open(c, &open), NULL);
	run_ops(c, ops, 2, NULL);
	assert_int_equal(c->n_ops, 2);
	assert_true(c->ops[1].value.write_id == write_id(1, 0, 0, 1));
	assert_int_equal(c->ops[1].value.kind, VALUE_TAG);
	start = clock_ns();
	sequence = send_run(c, &ops[1], 1, NS_PER_S);
	for (i = 0; i < 5; i++)
		ping(c);
	assert_int_equal(c->n_ops, 0);
	expect(c, sequence, NULL);
	assert_true(clock_ns() - start >= NS_PER_S);
	assert_int_equal(c->n_ops, 1);
	assert_true(c->ops[0].invoke - start >= NS_PER_S);
	expect(c, send_request(c, MESSAGE_CLOSE, 0), NULL);
	run_ops(c, ops, 1, "no target is open");
	expect(c, send_request(c, 31, 0), "does not exist");
	/* a HELLO is only one when it is the first */
	expect(c, send_request(c, MESSAGE_HELLO, 0), "does not exist");
	ping(c);
	free(c);
}

/* Guards against: an agent that is lost to the next controller after one that broke off: in the
 * middle of a frame, of a RUN, or with noise. */
static void reconnect(void **state)
{
	struct controller *first = controller_new(agent.in, agent.out, 0x1111), *next;
	struct message_open open = an_open();
	struct message_op op = a_read(0, 1);
	static uint8_t half[20000] = "SMF1";

	(void)state;
	hello(first);
	expect(first, send_open(first, &open), NULL);
	send_run(first, &op, 1, 60 * NS_PER_S);
	/* a frame of 48 KiB of which only the beginning was sent */
	half[9] = 0xc0;
	assert_int_equal(write(agent.out, half, sizeof(half)), sizeof(half));
	next = controller_new(agent.in, agent.out, 0x2222);
	hello(next);
	ping(next);
	run_ops(next, &op, 1, "no target is open");
	/* noise ends the connection; what comes after it is not listened to */
	assert_int_equal(write(agent.out, "noise", 5), 5);
	send_request(next, MESSAGE_PING, message_encode_ping(1, channel_payload(&next->channel)));
	assert_int_equal(answer_within(next, 200), 0);
	free(next);
	next = controller_new(agent.in, agent.out, 0x3333);
	hello(next);
	open.create = 0;
	expect(next, send_open(next, &open), NULL);
	run_ops(next, &op, 1, NULL);
	free(next);
	free(first);
}

/* Guards against: a controller of another version being obeyed, or left without a word. */
static void other_version(void **state)
{
	struct frame frame = {
		.type = MESSAGE_HELLO, .version = FRAME_VERSION + 1, .sequence = 1, .nonce = 7};
	struct controller *c = controller_new(agent.in, agent.out, 7);
	struct message_failed failed;
	uint8_t buf[FRAME_HEADER_SIZE];

	(void)state;
	frame_seal(&frame, buf);
	assert_int_equal(write(agent.out, buf, sizeof(buf)), sizeof(buf));
	assert_int_equal(answer(c), MESSAGE_FAILED);
	assert_int_equal(message_decode_failed(&c->frame, &failed, NULL), 0);
	assert_non_null(strstr(failed.text, "version 4 "));
	c->channel.sent = 0;
	hello(c);
	ping(c);
	free(c);
}

/* Guards against: a withdraw that nobody hears of, lines that are nobody's business, and what a
 * program writes to the log taken for the kernel's. */
static void test_watch(void **state)
{
	static const char *const lines[] = {
		"4,1,100,-;usb 1-1: new device\n",
		"2,2,200,-;gfs2: fsid=stalemate:v.0: fatal: filesystem consistency error\n SUB=x\n",
		"6,3,300,-;dlm: v: joining the lockspace\n",
		"no record at all, gfs2\n",
		"12,4,350,-;gfs2: fsid=v:v.0: about to withdraw, says a program\n",
		"3,4,400,-;Buffer I/O error on dev vda, \x1b[31mlogical block 3\n",
		"4,5,500,-;last: virtio_blk virtio3\n",
	};
	struct controller *c = controller_new(agent.in, agent.out, 0x1111);
	struct message_open open = an_open();
	uint64_t start = clock_ns();
	struct stat status;
	char number[32];
	size_t i;

	(void)state;
	hello(c);
	expect(c, send_open(c, &open), NULL);
	/* what paths are in effect, and where, for the record */
	assert_int_equal(c->n_events, 2);
	assert_int_equal(c->events[0].kind, EVENT_NOTE);
	assert_string_equal(
		c->events[0].text,
		"path in effect: writes buffered (no flags), reads buffered (no flags)");
	assert_int_equal(c->events[1].kind, EVENT_NOTE);
	assert_int_equal(stat(open.path, &status), 0);
	snprintf(number, sizeof(number), " %u:%u", major(status.st_dev), minor(status.st_dev));
	assert_memory_equal(c->events[1].text, EVENT_FILE_SYSTEM, strlen(EVENT_FILE_SYSTEM));
	assert_non_null(strstr(c->events[1].text, number));
	c->n_events = 0;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(write(agent.log, lines[i], strlen(lines[i])), strlen(lines[i]));
	for (i = 0; i < 1000 && c->n_events < 4; i++) {
		ping(c);
		clock_sleep(10 * NS_PER_MS);
	}
	assert_int_equal(c->n_events, 4);
	assert_int_equal(c->events[0].kind, EVENT_KERNEL);
	assert_int_equal(c->events[0].node, 1);
	assert_true(c->events[0].time > start && c->events[0].time < clock_ns());
	assert_string_equal(c->events[0].text,
			    "gfs2: fsid=stalemate:v.0: fatal: filesystem consistency error");
	assert_string_equal(c->events[1].text, "dlm: v: joining the lockspace");
	assert_string_equal(c->events[2].text, "Buffer I/O error on dev vda, ?[31mlogical block 3");
	assert_string_equal(c->events[3].text, "last: virtio_blk virtio3");
	free(c);
}

/* Guards against: an agent that dies because it may not read the kernel log. */
static void test_no_watch(void **state)
{
	struct controller *c = controller_new(agent.in, agent.out, 0x1111);

	(void)state;
	hello(c);
	ping(c);
	assert_int_equal(c->n_events, 1);
	assert_int_equal(c->events[0].kind, EVENT_NOTE);
	assert_non_null(strstr(c->events[0].text, "kernel log"));
	free(c);
}

/* Guards against: words that hide in others (svdx, vdpa) and spellings that differ. */
static void test_watch_wants(void **state)
{
	static const struct {
		const char *line;
		bool wanted;
	} cases[] = {
		{"GFS2: fsid=x: about to withdraw", true},
		{"dlm: closing connection", true},
		{"blk_update_request: operation not supported", true},
		{"virtio_blk virtio1: [vda] 131072 512-byte blocks", true},
		{"EXT4-fs (vdb1): mounted", true},
		{"vdc: detected capacity change", true},
		{"critical medium error, dev sda, sector 5", true},
		{"On-disk corruption discovered. Please run fsck.ocfs2 once", true},
		{"watchdog: BUG: soft lockup - CPU#0 stuck for 22s!", true},
		{"critical target, dev vd", false},
		{"vdpa device", false},
		{"svda", false},
		{"usb 1-1: new device", false},
		{"", false},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (watch_wants(cases[i].line) != cases[i].wanted)
			fail_msg("'%s'", cases[i].line);
	}
}

/* Guards against: two controllers at one agent, and a socket others may use or that is left. */
static void test_socket(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = agent_path();
	struct controller *c;
	struct stat status;
	int fd, second, i;

	(void)state;
	if (access(path, X_OK))
		fail_msg("no agent at %s: make it first, or set AGENT", path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", scratch);
	agent.pid = fork();
	assert_true(agent.pid >= 0);
	if (!agent.pid) {
		execl(path, path, "--socket", address.sun_path, (char *)NULL);
		_exit(127);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	second = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	for (i = 0; stat(address.sun_path, &status) < 0 && i < 1000; i++)
		clock_sleep(10 * NS_PER_MS);
	assert_int_equal(status.st_mode & 0777, 0600);
	for (i = 0; connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && i < 1000; i++)
		clock_sleep(10 * NS_PER_MS);
	c = controller_new(fd, fd, 0x1111);
	hello(c);
	assert_int_equal(connect(second, (struct sockaddr *)&address, sizeof(address)), -1);
	ping(c);
	free(c);
	close(fd);
	close(second);
	assert_int_equal(waitpid(agent.pid, &i, 0), agent.pid);
	assert_int_equal(i, 0);
	assert_int_equal(access(address.sun_path, F_OK), -1);
}

#define THREAD(name) cmocka_unit_test_setup_teardown(name, start_thread, stop_thread)
#define BINARY(name) \
	{ \
		"binary_" #name, name, start_binary, stop_binary, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		THREAD(conversation),
		THREAD(reconnect),
		THREAD(other_version),
		THREAD(test_watch),
		cmocka_unit_test_setup_teardown(test_no_watch, start_thread_without_log,
						stop_thread),
		cmocka_unit_test(test_watch_wants),
		BINARY(conversation),
		BINARY(reconnect),
		BINARY(other_version),
		cmocka_unit_test_setup_teardown(test_socket, make_scratch, remove_scratch),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
