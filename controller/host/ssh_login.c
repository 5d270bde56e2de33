/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_login.c - ssh_internal.h: know the host by its key, log in with one of ours.
 *
 * Only a key that is in known_hosts is good. One that is not there is shown and refused: to take it
 * at first sight is for a person, by the very ssh that we stand in for, so that it lands in the
 * file we look into. One that differs, or is of another type than all that are known, is refused
 * for good. Passwords are neither stored nor asked for.
 */
#include <stdio.h>
#include <string.h>

#include "host/ssh_internal.h"

/* "ssh -p 2222 root@alpha": what a person types to get where we were going. */
static void say_command(const struct ssh_host *ssh, char *ret, size_t size)
{
	const struct ssh_address *address = &ssh->address;
	char port[16] = "";

	if (address->port)
		snprintf(port, sizeof(port), "-p %u ", address->port);
	snprintf(ret, size, "ssh %s%s%s%s%s%s%s", ssh->config ? "-F " : "",
		 ssh->config ? ssh->config : "", ssh->config ? " " : "", port, address->user,
		 address->user[0] ? "@" : "", address->host);
}

/* "ssh-keygen -f FILE -R '[alpha]:2222'": what forgets the key that is known. */
static void say_forget(const struct ssh_host *ssh, char *ret, size_t size)
{
	char *file = NULL, *host = NULL;
	unsigned port = 22;

	ssh_options_get(ssh->session, SSH_OPTIONS_KNOWNHOSTS, &file);
	ssh_options_get(ssh->session, SSH_OPTIONS_HOST, &host);
	ssh_options_get_port(ssh->session, &port);
	if (port == 22)
		snprintf(ret, size, "ssh-keygen -f %s -R %s", file ? file : "~/.ssh/known_hosts",
			 host ? host : ssh->address.host);
	else
		snprintf(ret, size, "ssh-keygen -f %s -R '[%s]:%u'",
			 file ? file : "~/.ssh/known_hosts", host ? host : ssh->address.host, port);
	ssh_string_free_char(file);
	ssh_string_free_char(host);
}

/* "ssh-ed25519 SHA256:..." */
static void say_key(const struct ssh_host *ssh, char *ret, size_t size)
{
	unsigned char *hash = NULL;
	char *print = NULL;
	ssh_key key = NULL;
	size_t n;

	snprintf(ret, size, "unknown");
	if (ssh_get_server_publickey(ssh->session, &key) < 0)
		return;
	if (!ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n)) {
		print = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, n);
		ssh_clean_pubkey_hash(&hash);
	}
	if (print)
		snprintf(ret, size, "%s %s", ssh_key_type_to_char(ssh_key_type(key)), print);
	ssh_string_free_char(print);
	ssh_key_free(key);
}

int ssh_host_know(struct ssh_host *ssh, struct error *err)
{
	enum ssh_known_hosts_e known = ssh_session_is_known_server(ssh->session);
	char command[512], forget[1024], key[128];

	if (known == SSH_KNOWN_HOSTS_OK)
		return 0;
	say_key(ssh, key, sizeof(key));
	say_command(ssh, command, sizeof(command));
	say_forget(ssh, forget, sizeof(forget));
	switch (known) {
	case SSH_KNOWN_HOSTS_CHANGED:
		return error_set(err, ERROR_WORLD,
				 "%s: its key has CHANGED (%s now): refused, for somebody else may "
				 "be answering. If the host was installed anew: `%s`, then `%s`",
				 ssh->name, key, forget, command);
	case SSH_KNOWN_HOSTS_OTHER:
		return error_set(err, ERROR_WORLD,
				 "%s: its key is of ANOTHER TYPE than those known (%s now): "
				 "refused, for somebody else may be answering. If the host was "
				 "installed anew: `%s`, then `%s`",
				 ssh->name, key, forget, command);
	case SSH_KNOWN_HOSTS_UNKNOWN:
	case SSH_KNOWN_HOSTS_NOT_FOUND:
		return error_set(
			err, ERROR_WORLD,
			"%s: its key is not known (%s): compare it with the host's own "
			"(there: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub, or what "
			"its type is), then accept it with `%s`",
			ssh->name, key, command);
	default:
		return ssh_host_fail(ssh, "known_hosts", err);
	}
}

static int step_none(void *context)
{
	return ssh_userauth_none(context, NULL);
}

static int step_key(void *context)
{
	return ssh_userauth_publickey_auto(context, NULL, NULL);
}

int ssh_host_log_in(struct ssh_host *ssh, uint64_t deadline, struct error *err)
{
	static const char what[] = "cannot log in";
	char command[512];
	int result;

	/* Only after this does the server say what it takes. */
	if (ssh_host_drive(ssh, step_none, ssh->session, deadline, what, &result, err) < 0)
		return -1;
	if (result != SSH_AUTH_SUCCESS && ssh_is_connected(ssh->session) &&
	    ssh_host_drive(ssh, step_key, ssh->session, deadline, what, &result, err) < 0)
		return -1;
	if (result == SSH_AUTH_SUCCESS)
		return 0;
	if (!ssh_is_connected(ssh->session))
		return ssh_host_fail(ssh, what, err);
	say_command(ssh, command, sizeof(command));
	if (result == SSH_AUTH_PARTIAL)
		return error_set(
			err, ERROR_WORLD,
			"%s: it takes our key, but wants something else as well (passwords "
			"are not asked for): see that `%s` works without",
			ssh->name, command);
	return error_set(err, ERROR_WORLD,
			 "%s: it takes no key of ours, neither the agent's nor a file's (passwords "
			 "are not asked for): see that `%s` works without one; ssh-copy-id puts a "
			 "key there, ssh-add one into the agent",
			 ssh->name, command);
}
