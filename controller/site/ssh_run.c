/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_run.c - ssh.h: a command on the host.
 *
 * Exit status and signal come by callbacks, registered before the command begins: to ask for the
 * status blocks for seconds, and a callback that is registered late misses it. Both streams are
 * read until each has ended: -127 on one says nothing of the other.
 */
#include <libssh/callbacks.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "site/shell_quote.h"
#include "site/ssh_internal.h"

#define OUT_MAX (1U << 20)
#define COMPLAINT_MAX 4096U

/* One of the command's outputs: beyond max its newest (of errors: its oldest half) is dropped. */
struct stream {
	char *text;
	size_t used, max;
	bool keep_tail, ended;
};

struct running {
	struct ssh_host *ssh;
	ssh_channel channel;
	struct stream out, complaint;
	int status; /* -1: not known yet */
};

static void on_status(ssh_session session, ssh_channel channel, int status, void *context)
{
	struct running *r = context;

	(void)session;
	(void)channel;
	r->status = status;
}

static void on_signal(ssh_session session, ssh_channel channel, const char *name, int core,
		      const char *message, const char *language, void *context)
{
	static const struct {
		const char *name;
		int number;
	} signals[] = {{"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"FPE", SIGFPE},	{"HUP", SIGHUP},
		       {"ILL", SIGILL},	  {"INT", SIGINT},   {"KILL", SIGKILL}, {"PIPE", SIGPIPE},
		       {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV}, {"TERM", SIGTERM}, {"USR1", SIGUSR1},
		       {"USR2", SIGUSR2}};
	struct running *r = context;
	size_t i;

	(void)session;
	(void)channel;
	(void)core;
	(void)message;
	(void)language;
	r->status = 128;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (name && !strcmp(name, signals[i].name))
			r->status = 128 + signals[i].number;
	}
}

/* Read what there is of one stream. -1: the connection is gone. */
static int collect(struct running *r, struct stream *stream, bool is_stderr, bool *ret_any)
{
	char buf[16384];
	size_t half, take;
	int n;

	if (stream->ended)
		return 0;
	n = ssh_channel_read_nonblocking(r->channel, buf, sizeof(buf), is_stderr);
	if (n == SSH_EOF || (!n && ssh_channel_is_eof(r->channel))) {
		stream->ended = true;
		return 0;
	}
	if (n < 0)
		return n == SSH_AGAIN ? 0 : -1;
	*ret_any |= n > 0;
	if (stream->keep_tail && stream->used + (size_t)n > stream->max) {
		half = stream->used / 2;
		memmove(stream->text, stream->text + half, stream->used - half);
		stream->used -= half;
	}
	take = stream->max - stream->used < (size_t)n ? stream->max - stream->used : (size_t)n;
	memcpy(stream->text + stream->used, buf, take);
	stream->used += take;
	stream->text[stream->used] = '\0';
	return 0;
}

/* Until both streams and the status are there. */
static int gather(struct running *r, uint64_t deadline, const char *what, struct error *err)
{
	bool any;

	while (!r->out.ended || !r->complaint.ended ||
	       (r->status < 0 && !ssh_channel_is_closed(r->channel))) {
		any = false;
		if (collect(r, &r->out, false, &any) < 0 ||
		    collect(r, &r->complaint, true, &any) < 0)
			return ssh_host_fail(r->ssh, what, err);
		if (!any && ssh_host_wait(r->ssh, deadline, what, err) < 0)
			return -1;
		if (any && clock_ns() > deadline)
			return error_set(err, ERROR_WORLD, "%s: %s did not end in time",
					 r->ssh->name, what);
	}
	if (r->status < 0)
		return error_set(err, ERROR_WORLD, "%s: %s ended, and nobody says how",
				 r->ssh->name, what);
	return 0;
}

/* Make a call again until it does not ask for that. */
#define AGAIN(result, call, deadline, what) \
	do { \
		(result) = (call); \
	} while ((result) == SSH_AGAIN && \
		 ((result) = ssh_host_wait(r->ssh, deadline, what, err) < 0 ? -1 : SSH_AGAIN) == \
			 SSH_AGAIN)

static int start(struct running *r, const char *line, uint64_t deadline, const char *what,
		 struct error *err)
{
	int result;

	if (!r->channel)
		return ssh_host_fail(r->ssh, what, err);
	if (err)
		err->text[0] = '\0';
	AGAIN(result, ssh_channel_open_session(r->channel), deadline, what);
	if (!result)
		AGAIN(result, ssh_channel_request_exec(r->channel, line), deadline, what);
	if (result && (!err || !err->text[0]))
		ssh_host_fail(r->ssh, what, err);
	return result ? -1 : 0;
}

int ssh_host_run(struct ssh_host *ssh, const char *const argv[], uint64_t timeout_ns,
		 struct process_result *ret, struct error *err)
{
	uint64_t deadline = clock_ns() + timeout_ns;
	struct running r = {.ssh = ssh,
			    .out = {.max = OUT_MAX},
			    .complaint = {.max = COMPLAINT_MAX, .keep_tail = true},
			    .status = -1};
	struct ssh_channel_callbacks_struct callbacks = {
		.userdata = &r,
		.channel_exit_status_function = on_status,
		.channel_exit_signal_function = on_signal,
	};
	char *line;
	int result = -1;

	if (ssh->lost)
		return error_set(err, ERROR_WORLD, "%s: the connection is lost", ssh->name);
	line = shell_quote(argv, err);
	r.out.text = calloc(1, OUT_MAX + 1);
	r.complaint.text = calloc(1, COMPLAINT_MAX + 1);
	if (!line || !r.out.text || !r.complaint.text) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto out;
	}
	r.channel = ssh_channel_new(ssh->session);
	ssh_callbacks_init(&callbacks);
	if (r.channel)
		ssh_set_channel_callbacks(r.channel, &callbacks);
	if (start(&r, line, deadline, argv[0], err) < 0 || gather(&r, deadline, argv[0], err) < 0)
		goto out;
	*ret = (struct process_result){r.status, r.out.text, r.complaint.text};
	r.out.text = r.complaint.text = NULL;
	result = 0;
out:
	if (r.channel) {
		ssh_remove_channel_callbacks(r.channel, &callbacks);
		ssh_channel_free(r.channel);
	}
	free(line);
	free(r.out.text);
	free(r.complaint.text);
	return result;
}
