/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_run.c - ssh.h: a command on the host.
 *
 * Exit status and signal come by callbacks, registered before the command begins: to ask for the
 * status blocks for seconds, and a callback that is registered late misses it. Both streams are
 * read until each has ended: -127 on one says nothing of the other.
 *
 * sshd lets a command live on when its channel is closed, and hands on signals only where it does
 * not run as root. So the host itself ends it, by timeout(1), a little after we stopped waiting:
 * also when we, or the network, are gone by then.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "host/output.h"
#include "host/shell_quote.h"
#include "host/ssh_internal.h"

#define THERE_LATER_S 2 /* the host's own deadline, after ours */

struct running {
	struct ssh_host *ssh;
	ssh_channel channel;
	char *line;
	struct output out, complaint;
	bool out_ended, complaint_ended;
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
static int collect(struct running *r, bool is_stderr, bool *ret_any)
{
	bool *ended = is_stderr ? &r->complaint_ended : &r->out_ended;
	char buf[16384];
	int n;

	if (*ended)
		return 0;
	n = ssh_channel_read_nonblocking(r->channel, buf, sizeof(buf), is_stderr);
	if (n == SSH_EOF || (!n && ssh_channel_is_eof(r->channel))) {
		*ended = true;
		return 0;
	}
	if (n < 0)
		return n == SSH_AGAIN ? 0 : -1;
	*ret_any |= n > 0;
	output_add(is_stderr ? &r->complaint : &r->out, buf, (size_t)n);
	return 0;
}

/* Until both streams and the status are there. */
static int gather(struct running *r, uint64_t deadline, const char *what, struct error *err)
{
	bool any;

	while (!r->out_ended || !r->complaint_ended ||
	       (r->status < 0 && !ssh_channel_is_closed(r->channel))) {
		any = false;
		if (collect(r, false, &any) < 0 || collect(r, true, &any) < 0)
			return ssh_host_fail(r->ssh, what, err);
		if (clock_ns() > deadline)
			return error_set(err, ERROR_WORLD, "%s: %s: did not end in time",
					 r->ssh->name, what);
		if (!any && ssh_host_wait(r->ssh, deadline, what, err) < 0)
			return -1;
	}
	if (r->status < 0 && !ssh_is_connected(r->ssh->session))
		return ssh_host_fail(r->ssh, what, err);
	if (r->status < 0)
		return error_set(err, ERROR_WORLD, "%s: %s ended, and nobody says how",
				 r->ssh->name, what);
	return 0;
}

struct starting {
	ssh_channel channel;
	const char *line;
};

static int step_open(void *context)
{
	const struct starting *s = context;

	return ssh_channel_open_session(s->channel);
}

static int step_exec(void *context)
{
	const struct starting *s = context;

	return ssh_channel_request_exec(s->channel, s->line);
}

int ssh_host_start(struct ssh_host *ssh, ssh_channel channel, const char *line, uint64_t deadline,
		   const char *what, struct error *err)
{
	struct starting starting = {channel, line};
	int result;

	if (ssh_host_drive(ssh, step_open, &starting, deadline, what, &result, err) < 0)
		return -1;
	if (!result && ssh_host_drive(ssh, step_exec, &starting, deadline, what, &result, err) < 0)
		return -1;
	return result ? ssh_host_fail(ssh, what, err) : 0;
}

char *ssh_host_line(const char *const before[], const char *const argv[], struct error *err)
{
	/* what is read of it must not depend on the language that the host speaks */
	static const char *const locale[] = {"env", "LC_ALL=C"};
	const size_t n_locale = sizeof(locale) / sizeof(locale[0]);
	size_t n_before = 0, n = 0;
	const char **all;
	char *line;

	while (before[n_before])
		n_before++;
	while (argv[n])
		n++;
	all = calloc(n_locale + n_before + n + 1, sizeof(*all));
	if (!all) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	memcpy(all, locale, sizeof(locale));
	memcpy(all + n_locale, before, n_before * sizeof(*all));
	memcpy(all + n_locale + n_before, argv, n * sizeof(*all));
	line = shell_quote(all, err);
	free(all);
	return line;
}

/* "'env' 'LC_ALL=C' 'timeout' '-k' '2' '17' 'drbdadm' ..."; to be freed. */
static char *command_line(const char *const argv[], uint64_t timeout_ns, struct error *err)
{
	char seconds[24];
	const char *const before[] = {"timeout", "-k", "2", seconds, NULL};

	snprintf(seconds, sizeof(seconds), "%llu",
		 (unsigned long long)(timeout_ns / NS_PER_S + THERE_LATER_S));
	return ssh_host_line(before, argv, err);
}

static int step_no_input(void *context)
{
	return ssh_channel_send_eof(context);
}

static int start(struct running *r, uint64_t deadline, const char *what, struct error *err)
{
	int result;

	if (ssh_host_start(r->ssh, r->channel, r->line, deadline, what, err) < 0 ||
	    ssh_host_drive(r->ssh, step_no_input, r->channel, deadline, what, &result, err) < 0)
		return -1;
	return result ? ssh_host_fail(r->ssh, what, err) : 0;
}

int ssh_host_run(struct ssh_host *ssh, const char *const argv[], uint64_t timeout_ns,
		 struct process_result *ret, struct error *err)
{
	uint64_t deadline = clock_ns() + timeout_ns;
	struct running r = {.ssh = ssh, .status = -1};
	struct ssh_channel_callbacks_struct callbacks = {
		.userdata = &r,
		.channel_exit_status_function = on_status,
		.channel_exit_signal_function = on_signal,
	};
	int result = -1;

	if (ssh->lost)
		return error_set(err, ERROR_WORLD, "%s: %s: the connection is lost", ssh->name,
				 argv[0]);
	r.line = command_line(argv, timeout_ns, err);
	if (!r.line || output_init(&r.out, OUTPUT_MAX, false, err) < 0 ||
	    output_init(&r.complaint, OUTPUT_COMPLAINT_MAX, true, err) < 0)
		goto out;
	r.channel = ssh_channel_new(ssh->session);
	if (!r.channel) {
		ssh_host_fail(ssh, argv[0], err);
		goto out;
	}
	ssh_callbacks_init(&callbacks);
	ssh_set_channel_callbacks(r.channel, &callbacks);
	if (start(&r, deadline, argv[0], err) < 0 || gather(&r, deadline, argv[0], err) < 0)
		goto out;
	*ret = (struct process_result){r.status, r.out.text, r.complaint.text};
	r.out.text = r.complaint.text = NULL;
	result = 0;
out:
	if (r.channel) {
		ssh_remove_channel_callbacks(r.channel, &callbacks);
		ssh_channel_free(r.channel);
	}
	free(r.line);
	output_done(&r.out);
	output_done(&r.complaint);
	return result;
}
