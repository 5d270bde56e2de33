/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_server.c - see ssh_server.h.
 *
 * sshd makes a process for each connection, and a session of its own for each command: neither is
 * in our process group. Connections are found as children of the server, commands by SSH_CONNECTION
 * in their environment, which names the server's port.
 */
#include "tests/site/ssh_server.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parse.h"
#include "host/host.h"

static const char *const sshd = "/usr/sbin/sshd";

const char *ssh_server_missing(void)
{
	if (access(sshd, X_OK) < 0)
		return "/usr/sbin/sshd is not installed (openssh-server)";
	if (access("/usr/bin/ssh-keygen", X_OK) < 0)
		return "ssh-keygen is not installed (openssh-client)";
	return NULL;
}

const char *ssh_server_path(const struct ssh_server *server, const char *name)
{
	static char paths[16][128];
	static unsigned next;
	char *ret = paths[next++ % 16];

	snprintf(ret, sizeof(paths[0]), "%s/%s", server->folder, name);
	return ret;
}

static int listen_somewhere(unsigned *ret_port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, 8) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
		perror("loopback");
		abort();
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

unsigned ssh_server_free_port(void)
{
	unsigned port;

	close(listen_somewhere(&port));
	return port;
}

unsigned ssh_server_silent_port(int *ret)
{
	unsigned port;

	*ret = listen_somewhere(&port);
	return port;
}

static FILE *create(const struct ssh_server *server, const char *name)
{
	FILE *file = fopen(ssh_server_path(server, name), "we");

	if (!file) {
		perror(name);
		abort();
	}
	return file;
}

static bool make_key(const struct ssh_server *server, const char *type, const char *name,
		     const char *passphrase)
{
	const char *const argv[] = {"ssh-keygen", "-q",	      "-t", type,
				    "-N",	  passphrase, "-f", ssh_server_path(server, name),
				    NULL};
	struct error err;

	if (!process_run_ok(argv, 60 * NS_PER_S, &err))
		return true;
	fprintf(stderr, "%s\n", err.text);
	return false;
}

/* A file of known hosts that says this key is the server's. */
static void write_known(const struct ssh_server *server, const char *name, const char *key)
{
	FILE *from = fopen(ssh_server_path(server, key), "re"), *to = create(server, name);
	char line[1024] = "";

	if (!from || !fgets(line, sizeof(line), from))
		abort();
	fprintf(to, "[127.0.0.1]:%u %s", server->port, line);
	fclose(from);
	fclose(to);
}

void ssh_server_config(const struct ssh_server *server, const char *known, const char *key,
		       const char *lines)
{
	FILE *file = create(server, "config");

	fprintf(file,
		"Host alpha\n\tHostName 127.0.0.1\n\tPort %u\n\tUserKnownHostsFile %s\n"
		"\tGlobalKnownHostsFile /dev/null\n\tIdentityFile %s\n%s",
		server->port, ssh_server_path(server, known), ssh_server_path(server, key), lines);
	fclose(file);
}

struct host *ssh_server_host(const struct ssh_server *server, uint64_t connect_ns)
{
	const struct host_options options = {.ssh = "alpha",
					     .connect_ns = connect_ns,
					     .ssh_config = ssh_server_path(server, "config")};
	struct error err;
	struct host *ret = host_open(&options, &err);

	if (!ret) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	return ret;
}

static void write_server_config(const struct ssh_server *server)
{
	FILE *file = create(server, "sshd_config");

	fprintf(file,
		"Port %u\nListenAddress 127.0.0.1\nHostKey %s\nAuthorizedKeysFile %s %s\n"
		"PidFile none\nPasswordAuthentication yes\nKbdInteractiveAuthentication no\n"
		"UsePAM no\nStrictModes no\nPermitRootLogin yes\nPermitUserRC no\n"
		"Subsystem sftp internal-sftp\n",
		server->port, ssh_server_path(server, "host"),
		ssh_server_path(server, "client.pub"), ssh_server_path(server, "locked.pub"));
	fclose(file);
}

static bool listens(unsigned port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				      .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ret = fd >= 0 && !connect(fd, (struct sockaddr *)&address, sizeof(address));

	if (fd >= 0)
		close(fd);
	return ret;
}

static bool launch(struct ssh_server *server)
{
	const char *config = ssh_server_path(server, "sshd_config"),
		   *log = ssh_server_path(server, "sshd.log");
	uint64_t deadline = clock_ns() + 20 * NS_PER_S;
	int fd;

	server->pid = fork();
	if (!server->pid) {
		fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
		dup2(fd, 2);
		execl(sshd, sshd, "-D", "-e", "-f", config, (char *)NULL);
		_exit(127);
	}
	while (server->pid > 0 && !listens(server->port)) {
		if (clock_ns() > deadline || waitpid(server->pid, NULL, WNOHANG) > 0) {
			fprintf(stderr, "sshd does not come up: see %s\n", log);
			return false;
		}
		clock_sleep(10 * NS_PER_MS);
	}
	return server->pid > 0;
}

bool ssh_server_start(struct ssh_server *ret)
{
	*ret = (struct ssh_server){.folder = "/tmp/stalemate-ssh-XXXXXX"};
	if (!mkdtemp(ret->folder)) {
		perror(ret->folder);
		return false;
	}
	ret->port = ssh_server_free_port();
	ret->made_run = !mkdir("/run/sshd", 0755);
	if (!make_key(ret, "ed25519", "host", "") || !make_key(ret, "ed25519", "other", "") ||
	    !make_key(ret, "ecdsa", "other-type", "") || !make_key(ret, "ed25519", "client", "") ||
	    !make_key(ret, "ed25519", "stranger", ""))
		return false;
	write_known(ret, "known", "host.pub");
	write_known(ret, "changed", "other.pub");
	write_known(ret, "changed-type", "other-type.pub");
	fclose(create(ret, "empty"));
	write_server_config(ret);
	return launch(ret);
}

/* Ask each process that there is; the sum of the answers. */
static unsigned for_each_process(unsigned (*look)(pid_t pid, const void *context),
				 const void *context)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	unsigned sum = 0;
	uint64_t pid;

	while (folder && (entry = readdir(folder))) {
		if (!parse_u64(entry->d_name, INT32_MAX, "pid", &pid, NULL) && pid)
			sum += look((pid_t)pid, context);
	}
	if (folder)
		closedir(folder);
	return sum;
}

static size_t read_proc(pid_t pid, const char *name, char *ret, size_t size)
{
	char path[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, ret, size - 1);
		close(fd);
	}
	ret[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* To whom a signal goes. */
struct aim {
	pid_t server;
	unsigned port;
	int number;
};

static pid_t parent_of(pid_t pid, char *ret_state)
{
	char text[1024];
	const char *at;
	int parent = 0;

	read_proc(pid, "stat", text, sizeof(text));
	at = strrchr(text, ')');
	if (!at || sscanf(at + 1, " %c %d", ret_state, &parent) != 2)
		return 0;
	return parent;
}

/* Connections are children, and where sshd drops root, their children of the same name. */
static unsigned signal_connection(pid_t pid, const void *context)
{
	const struct aim *aim = context;
	char state, name[64];
	pid_t parent = parent_of(pid, &state);

	if (!parent || state == 'Z')
		return 0;
	if (parent != aim->server) {
		read_proc(pid, "comm", name, sizeof(name));
		if (strcmp(name, "sshd\n") != 0 || parent_of(parent, &state) != aim->server)
			return 0;
	}
	return !kill(pid, aim->number);
}

unsigned ssh_server_signal(const struct ssh_server *server, int number)
{
	const struct aim aim = {server->pid, server->port, number};

	return for_each_process(signal_connection, &aim);
}

/* SSH_CONNECTION=127.0.0.1 40000 127.0.0.1 PORT */
static unsigned signal_command(pid_t pid, const void *context)
{
	const struct aim *aim = context;
	static char text[131072];
	char wanted[48];
	size_t n, i;

	snprintf(wanted, sizeof(wanted), " 127.0.0.1 %u", aim->port);
	n = read_proc(pid, "environ", text, sizeof(text));
	for (i = 0; i < n; i += strlen(text + i) + 1) {
		const char *at = text + i;

		if (!strncmp(at, "SSH_CONNECTION=127.0.0.1 ", 25) && strlen(at) > strlen(wanted) &&
		    !strcmp(at + strlen(at) - strlen(wanted), wanted))
			return !kill(pid, aim->number);
	}
	return 0;
}

unsigned ssh_server_commands(const struct ssh_server *server)
{
	const struct aim aim = {server->pid, server->port, 0};

	return for_each_process(signal_command, &aim);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

void ssh_server_stop(struct ssh_server *server)
{
	const struct aim aim = {server->pid, server->port, SIGKILL};
	uint64_t deadline = clock_ns() + 10 * NS_PER_S;

	if (server->pid > 0) {
		while (ssh_server_signal(server, SIGKILL) && clock_ns() < deadline)
			clock_sleep(5 * NS_PER_MS);
		kill(server->pid, SIGKILL);
		waitpid(server->pid, NULL, 0);
		while (for_each_process(signal_command, &aim) && clock_ns() < deadline)
			clock_sleep(5 * NS_PER_MS);
	}
	if (server->made_run)
		rmdir("/run/sshd");
	if (strstr(server->folder, "/tmp/stalemate-ssh-") == server->folder)
		nftw(server->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
