/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_session.c - ssh.h: connect and close, and how all of ssh_*.c wait.
 *
 * What libssh does by itself is kept where it can be: names, ports, files and proxies are those of
 * ~/.ssh/config. Two things are not left to it: whether an unknown key is good enough (never), and
 * for how long a host that fell silent is believed to be there.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parse.h"
#include "host/interrupt.h"
#include "host/ssh_internal.h"

#define POLL_MS 50
#define CONNECT_NS (10 * NS_PER_S)
#define SILENCE_S 30

int ssh_host_fail(struct ssh_host *ssh, const char *what, struct error *err)
{
	const char *said = ssh_get_error(ssh->session);
	char clean[512];

	printable(said, strlen(said), clean, sizeof(clean));
	ssh->lost = !ssh_is_connected(ssh->session);
	return error_set(err, ERROR_WORLD, "%s: %s: %s", ssh->name, what,
			 clean[0] ? clean : "the connection was closed");
}

int ssh_host_wait(struct ssh_host *ssh, uint64_t deadline, const char *what, struct error *err)
{
	int flags = ssh_get_poll_flags(ssh->session);
	struct pollfd fd = {.fd = ssh_get_fd(ssh->session), .events = POLLIN};

	if (flags & SSH_WRITE_PENDING)
		fd.events |= POLLOUT;
	if (interrupted())
		return interrupt_error(err);
	if (clock_ns() > deadline)
		return error_set(err, ERROR_WORLD, "%s: %s: no answer in time", ssh->name, what);
	if (ssh->event)
		ssh_event_dopoll(ssh->event, POLL_MS);
	else if (fd.fd < 0)
		clock_sleep(POLL_MS * NS_PER_MS);
	else
		poll(&fd, 1, POLL_MS);
	return 0;
}

int ssh_host_drive(struct ssh_host *ssh, int (*step)(void *context), void *context,
		   uint64_t deadline, const char *what, int *ret, struct error *err)
{
	int said;

	while ((said = step(context)) == SSH_AGAIN || said == SSH_AUTH_AGAIN) {
		if (ssh_host_wait(ssh, deadline, what, err) < 0) {
			ssh->lost = clock_ns() > deadline;
			return -1;
		}
	}
	*ret = said;
	return 0;
}

/* Without this OpenSSL asks on the terminal for the passphrase of a key in the PEM format. */
static int no_passphrase(const char *prompt, char *ret, size_t size, int echo, int verify,
			 void *context)
{
	(void)prompt;
	(void)ret;
	(void)size;
	(void)echo;
	(void)verify;
	(void)context;
	return -1;
}

static int configure(struct ssh_host *ssh, struct error *err)
{
	const long timeout = 1; /* of calls that do not look at the session's mode */
	const int yes = 1;
	const bool off = false;
	const struct ssh_address *address = &ssh->address;

	if (ssh->config && access(ssh->config, R_OK) < 0)
		return error_set_errno(err, ERROR_USER, "cannot read %s", ssh->config);
	if (ssh_options_set(ssh->session, SSH_OPTIONS_HOST, address->host) < 0 ||
	    ssh_options_set(ssh->session, SSH_OPTIONS_NODELAY, &yes) < 0 ||
	    ssh_options_set(ssh->session, SSH_OPTIONS_PROCESS_CONFIG, &off) < 0)
		return ssh_host_fail(ssh, "options", err);
	if (ssh_options_parse_config(ssh->session, ssh->config) < 0)
		return ssh_host_fail(ssh, ssh->config ? ssh->config : "~/.ssh/config", err);
	/* The plan's word is the last; and an unknown key is refused whatever the user wrote. */
	if ((address->user[0] &&
	     ssh_options_set(ssh->session, SSH_OPTIONS_USER, address->user) < 0) ||
	    (address->port &&
	     ssh_options_set(ssh->session, SSH_OPTIONS_PORT, &address->port) < 0) ||
	    ssh_options_set(ssh->session, SSH_OPTIONS_TIMEOUT, &timeout) < 0 ||
	    ssh_options_set(ssh->session, SSH_OPTIONS_STRICTHOSTKEYCHECK, &yes) < 0)
		return ssh_host_fail(ssh, "options", err);
	ssh->callbacks.auth_function = no_passphrase;
	ssh_callbacks_init(&ssh->callbacks);
	ssh_set_callbacks(ssh->session, &ssh->callbacks);
	ssh_set_blocking(ssh->session, 0);
	return 0;
}

/* A host that is gone says nothing, for hours if need be: the kernel asks, and gives up. A proxy's
 * socket is none of TCP; then deadlines alone tell. */
static void notice_silence(ssh_session session)
{
	const int on = 1, idle = SILENCE_S / 3, interval = SILENCE_S / 6, times = 4,
		  unacknowledged = SILENCE_S * 1000;
	int fd = ssh_get_fd(session);

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof(unacknowledged));
}

static int step_connect(void *context)
{
	return ssh_connect(context);
}

static int connect_to(struct ssh_host *ssh, uint64_t deadline, struct error *err)
{
	int result;

	if (ssh_host_drive(ssh, step_connect, ssh->session, deadline, "cannot connect", &result,
			   err) < 0)
		return -1;
	if (result)
		return ssh_host_fail(ssh, "cannot connect", err);
	notice_silence(ssh->session);
	return 0;
}

/* It may be why. */
static void add_warning(struct error *err, const char *warning)
{
	size_t used;

	if (!err || err->kind != ERROR_WORLD || !warning[0])
		return;
	used = strlen(err->text);
	snprintf(err->text + used, sizeof(err->text) - used, " (%s)", warning);
}

static int know(struct ssh_host *ssh, const struct host_options *options, struct error *err)
{
	int result = ssh_host_know(ssh, err);

	if (result < 0 && options->ret_distrusted)
		*options->ret_distrusted = true;
	return result;
}

struct ssh_host *ssh_host_open(const struct host_options *options, char *ret_warning, size_t size,
			       struct error *err)
{
	uint64_t deadline = clock_ns() + (options->connect_ns ? options->connect_ns : CONNECT_NS);
	struct ssh_host *ssh = calloc(1, sizeof(*ssh));

	if (ssh)
		ssh->session = ssh_new();
	if (!ssh || !ssh->session) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto fail;
	}
	ssh->config = options->ssh_config;
	snprintf(ssh->name, sizeof(ssh->name), "%s", options->ssh);
	if (ssh_address_parse(options->ssh, &ssh->address, err) < 0 || configure(ssh, err) < 0)
		goto fail;
	ssh_ignored(ssh->config, ssh->address.host, ret_warning, size);
	if (connect_to(ssh, deadline, err) < 0 || know(ssh, options, err) < 0 ||
	    ssh_host_log_in(ssh, deadline, err) < 0) {
		add_warning(err, ret_warning);
		goto fail;
	}
	ssh->event = ssh_event_new();
	if (!ssh->event || ssh_event_add_session(ssh->event, ssh->session) < 0) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto fail;
	}
	ssh->config = NULL;
	return ssh;
fail:
	ssh_host_close(ssh);
	return NULL;
}

void ssh_host_close(struct ssh_host *ssh)
{
	if (!ssh)
		return;
	if (ssh->event) {
		ssh_event_remove_session(ssh->event, ssh->session);
		ssh_event_free(ssh->event);
	}
	if (ssh->session) {
		if (ssh_is_connected(ssh->session))
			ssh_disconnect(ssh->session);
		ssh_free(ssh->session);
	}
	free(ssh);
}
