/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_login.c - ssh.h: connect, know the host by its key, log in with a key.
 *
 * Only a key that is in known_hosts is good. One that is not there is shown and refused: to take it
 * at first sight is for a person. One that differs is refused for good. Passwords are neither
 * stored nor asked for.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "site/interrupt.h"
#include "site/ssh_internal.h"

#define POLL_MS 50
#define CONNECT_NS (10 * NS_PER_S)

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
	if (clock_ns() > deadline) {
		ssh->lost = true; /* half a conversation: nobody knows what comes next */
		return error_set(err, ERROR_WORLD, "%s: %s: no answer in time", ssh->name, what);
	}
	if (ssh->event)
		ssh_event_dopoll(ssh->event, POLL_MS);
	else if (fd.fd < 0)
		clock_sleep(POLL_MS * NS_PER_MS);
	else
		poll(&fd, 1, POLL_MS);
	return 0;
}

/* What the plan says of a host: "user@host:port", "[::1]:22"; each part "" if it is not there. */
struct address {
	char user[64], host[256], port[8];
};

static int split(const char *text, struct address *ret, struct error *err)
{
	const char *at = strrchr(text, '@'), *host = at ? at + 1 : text,
		   *colon = strrchr(host, ':');
	uint64_t port;

	memset(ret, 0, sizeof(*ret));
	/* A colon is of a port unless it is one of several, of an address without brackets. */
	if (colon && (strchr(host, ':') != colon && colon[-1] != ']'))
		colon = NULL;
	if (at)
		snprintf(ret->user, sizeof(ret->user), "%.*s", (int)(at - text), text);
	if (*host == '[')
		snprintf(ret->host, sizeof(ret->host), "%.*s", (int)strcspn(host + 1, "]"),
			 host + 1);
	else
		snprintf(ret->host, sizeof(ret->host), "%.*s",
			 (int)(colon ? (size_t)(colon - host) : strlen(host)), host);
	if (colon) {
		if (parse_u64(colon + 1, 65535, "port", &port, err) < 0)
			return error_prefix(err, "ssh = %s", text);
		snprintf(ret->port, sizeof(ret->port), "%u", (unsigned)port);
	}
	if (!ret->host[0] || (at && !ret->user[0]))
		return error_set(err, ERROR_USER,
				 "ssh = %s: user@host[:port], a name in ~/.ssh/config, or local",
				 text);
	return 0;
}

static int configure(struct ssh_host *ssh, const struct host_options *options,
		     const struct address *address, struct error *err)
{
	bool off = false;
	long timeout = 1; /* of calls that do not look at the session's mode */

	if (ssh_options_set(ssh->session, SSH_OPTIONS_HOST, address->host) < 0 ||
	    ssh_options_set(ssh->session, SSH_OPTIONS_TIMEOUT, &timeout) < 0 ||
	    (options->ssh_config &&
	     ssh_options_set(ssh->session, SSH_OPTIONS_PROCESS_CONFIG, &off) < 0))
		return ssh_host_fail(ssh, "options", err);
	if (ssh_options_parse_config(ssh->session, options->ssh_config) < 0)
		return ssh_host_fail(ssh, "~/.ssh/config", err);
	/* The plan's word is the last. */
	if ((address->user[0] &&
	     ssh_options_set(ssh->session, SSH_OPTIONS_USER, address->user) < 0) ||
	    (address->port[0] &&
	     ssh_options_set(ssh->session, SSH_OPTIONS_PORT_STR, address->port) < 0))
		return ssh_host_fail(ssh, "options", err);
	ssh_set_blocking(ssh->session, 0);
	return 0;
}

static int connect_to(struct ssh_host *ssh, uint64_t deadline, struct error *err)
{
	int result;

	while ((result = ssh_connect(ssh->session)) == SSH_AGAIN) {
		if (ssh_host_wait(ssh, deadline, "cannot connect", err) < 0)
			return -1;
	}
	return result ? ssh_host_fail(ssh, "cannot connect", err) : 0;
}

/* "ssh -p 2222 root@alpha", as a person types it. */
static void say_command(const struct ssh_host *ssh, char *ret, size_t size)
{
	char *user = NULL, *host = NULL;
	unsigned port = 22;

	ssh_options_get_port(ssh->session, &port);
	ssh_options_get(ssh->session, SSH_OPTIONS_USER, &user);
	ssh_options_get(ssh->session, SSH_OPTIONS_HOST, &host);
	snprintf(ret, size, "ssh -p %u %s%s%s", port, user ? user : "", user ? "@" : "",
		 host ? host : "");
	ssh_string_free_char(user);
	ssh_string_free_char(host);
}

static char *fingerprint(struct ssh_host *ssh)
{
	unsigned char *hash = NULL;
	size_t size;
	ssh_key key;
	char *ret = NULL;

	if (ssh_get_server_publickey(ssh->session, &key) < 0)
		return NULL;
	if (!ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &size)) {
		ret = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size);
		ssh_clean_pubkey_hash(&hash);
	}
	ssh_key_free(key);
	return ret;
}

static int know_host(struct ssh_host *ssh, struct error *err)
{
	enum ssh_known_hosts_e known = ssh_session_is_known_server(ssh->session);
	char command[512], *print;

	if (known == SSH_KNOWN_HOSTS_OK)
		return 0;
	print = fingerprint(ssh);
	say_command(ssh, command, sizeof(command));
	switch (known) {
	case SSH_KNOWN_HOSTS_CHANGED:
	case SSH_KNOWN_HOSTS_OTHER:
		error_set(
			err, ERROR_WORLD,
			"%s: its key has CHANGED (%s now): refused, for somebody else may be "
			"answering. If the host was installed anew: `ssh-keygen -R` its name, then "
			"`%s`",
			ssh->name, print ? print : "unknown", command);
		break;
	case SSH_KNOWN_HOSTS_UNKNOWN:
	case SSH_KNOWN_HOSTS_NOT_FOUND:
		error_set(
			err, ERROR_WORLD,
			"%s: its key is not known (%s): compare it with the host's own "
			"(ssh-keygen -lf on its /etc/ssh/ssh_host_*_key.pub), then accept it with "
			"`%s`",
			ssh->name, print ? print : "unknown", command);
		break;
	default:
		ssh_host_fail(ssh, "known_hosts", err);
	}
	ssh_string_free_char(print);
	return -1;
}

static int log_in(struct ssh_host *ssh, uint64_t deadline, struct error *err)
{
	char command[512];
	int result;

	while ((result = ssh_userauth_none(ssh->session, NULL)) == SSH_AUTH_AGAIN) {
		if (ssh_host_wait(ssh, deadline, "cannot log in", err) < 0)
			return -1;
	}
	if (result == SSH_AUTH_SUCCESS)
		return 0;
	while ((result = ssh_userauth_publickey_auto(ssh->session, NULL, NULL)) == SSH_AUTH_AGAIN) {
		if (ssh_host_wait(ssh, deadline, "cannot log in", err) < 0)
			return -1;
	}
	if (result == SSH_AUTH_SUCCESS)
		return 0;
	if (!ssh_is_connected(ssh->session))
		return ssh_host_fail(ssh, "cannot log in", err);
	say_command(ssh, command, sizeof(command));
	return error_set(err, ERROR_WORLD,
			 "%s: it takes no key of ours, neither the agent's nor a file's (passwords "
			 "are not asked for): see that `%s` works without one; ssh-copy-id puts a "
			 "key there, ssh-add one into the agent",
			 ssh->name, command);
}

struct ssh_host *ssh_host_open(const struct host_options *options, char *ret_warning, size_t size,
			       struct error *err)
{
	uint64_t deadline = clock_ns() + (options->connect_ns ? options->connect_ns : CONNECT_NS);
	struct ssh_host *ssh = calloc(1, sizeof(*ssh));
	struct address address;

	if (ssh)
		ssh->session = ssh_new();
	if (!ssh || !ssh->session) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto fail;
	}
	snprintf(ssh->name, sizeof(ssh->name), "%s", options->ssh);
	if (split(options->ssh, &address, err) < 0 || configure(ssh, options, &address, err) < 0 ||
	    connect_to(ssh, deadline, err) < 0 || know_host(ssh, err) < 0 ||
	    log_in(ssh, deadline, err) < 0)
		goto fail;
	ssh->event = ssh_event_new();
	if (!ssh->event || ssh_event_add_session(ssh->event, ssh->session) < 0) {
		error_set(err, ERROR_WORLD, "out of memory");
		goto fail;
	}
	ssh_ignored(options->ssh_config, address.host, ret_warning, size);
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
