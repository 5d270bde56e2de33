/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_server.h - a real sshd on the loopback interface, with keys, files and a port of its own.
 *
 * It lets in the user who runs the tests, by the key `client`, or `locked` if a test makes one.
 * Everything lies in one folder below /tmp; ssh_server_stop takes away that folder and every
 * process that came of the server.
 */
#ifndef TESTS_SITE_SSH_SERVER_H
#define TESTS_SITE_SSH_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct host;

struct ssh_server {
	char folder[64]; /* keys: host, other, client, stranger; known hosts: known, changed... */
	unsigned port;
	pid_t pid;
	bool made_run; /* /run/sshd, which sshd wants to be there */
};

/* What a test needs and this machine has not, for a person; NULL: nothing. */
const char *ssh_server_missing(void);

/* False when it did not come up: what it said is on stderr. To be stopped in either case. */
bool ssh_server_start(struct ssh_server *ret);
void ssh_server_stop(struct ssh_server *server);

/*
 * (Re)write FOLDER/config, a client's: host `alpha` is the server, with this file of known hosts
 * and this key; `lines`, each indented and with its newline, follow, and may begin other Host
 * blocks.
 */
void ssh_server_config(const struct ssh_server *server, const char *known, const char *key,
		       const char *lines);

/* Log in to alpha by that configuration; a test cannot go on when that fails. */
struct host *ssh_server_host(const struct ssh_server *server, uint64_t connect_ns);

/* FOLDER/NAME, in one of a few buffers that are used in turn. */
const char *ssh_server_path(const struct ssh_server *server, const char *name);

/* Send a signal to the sshd processes of all connections; returns to how many. The listening one is
 * left alone. */
unsigned ssh_server_signal(const struct ssh_server *server, int number);

/* How many processes that a client started over the server, by their environment, are there. */
unsigned ssh_server_commands(const struct ssh_server *server);

/* A port that nobody listens on; and one on which connections are taken and nothing is said, with
 * its socket in *ret. */
unsigned ssh_server_free_port(void);
unsigned ssh_server_silent_port(int *ret);

#endif
