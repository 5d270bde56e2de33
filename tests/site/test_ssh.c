/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reaching a host over ssh, with a real sshd. Guards against: a key taken at first sight, or
 * although it changed, also when the user's configuration says so; a password asked for; a host
 * that does not answer and takes us with it; a message that does not say what to do; directives
 * passed over in silence, and false alarms about them.
 */
#include "tests/test.h"

#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/host.h"
#include "tests/site/ssh_server.h"

#define SOON_NS (20 * NS_PER_S) /* what takes no waiting, on a busy machine and under valgrind */

static struct ssh_server server;

static int start(void **state)
{
	(void)state;
	unsetenv("SSH_AUTH_SOCK");
	return ssh_server_start(&server) ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	ssh_server_stop(&server);
	return 0;
}

static struct host *open_host(const char *ssh, uint64_t connect_ns, struct error *err)
{
	const struct host_options options = {.ssh = ssh,
					     .connect_ns = connect_ns,
					     .ssh_config = ssh_server_path(&server, "config")};

	return host_open(&options, err);
}

static void assert_says(const char *text, const char *wanted)
{
	if (!strstr(text, wanted))
		fail_msg("'%s' does not say '%s'", text, wanted);
}

/* Not reached, within this time, for this reason. */
static void assert_refused(const char *ssh, uint64_t connect_ns, const char *wanted)
{
	uint64_t begin = clock_ns();
	struct error err;

	assert_null(open_host(ssh, connect_ns, &err));
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_says(err.text, ssh);
	assert_says(err.text, wanted);
	assert_true(clock_ns() - begin < connect_ns + SOON_NS);
}

/* Reached; returns what is warned of, until the next call. */
static const char *assert_reached(const char *ssh)
{
	static const char *const argv[] = {"echo", "here", NULL};
	static char warning[1024];
	struct process_result result;
	struct error err;
	struct host *host = open_host(ssh, 30 * NS_PER_S, &err);

	if (!host)
		fail_msg("%s", err.text);
	assert_false(host_is_local(host));
	assert_int_equal(host_run(host, argv, 30 * NS_PER_S, &result, &err), 0);
	assert_string_equal(result.out, "here\n");
	process_result_done(&result);
	snprintf(warning, sizeof(warning), "%s", host_warning(host));
	host_close(host);
	return warning;
}

/* No process of ours but the server (and none that nobody has waited for). */
static void assert_nobody_left(void)
{
	char path[64], children[256] = "", wanted[32];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	snprintf(wanted, sizeof(wanted), "%d ", (int)server.pid);
	file = fopen(path, "re");
	assert_non_null(file);
	assert_non_null(fgets(children, sizeof(children), file));
	fclose(file);
	assert_string_equal(children, wanted);
}

/* Guards against: HostName, Port, User, IdentityFile and UserKnownHostsFile not being those of the
 * configuration, and the plan's own word not being the last. */
static void configuration(void **state)
{
	char text[128];
	struct error err;

	(void)state;
	ssh_server_config(&server, "known", "client", "");
	assert_string_equal(assert_reached("alpha"), "");
	snprintf(text, sizeof(text), "alpha:%u", ssh_server_free_port());
	assert_refused(text, SOON_NS, "refused");
	/* the same host by its address: Host * gives what Host alpha gave */
	ssh_server_config(&server, "empty", "stranger", "Host *\n\tUserKnownHostsFile /dev/null\n");
	snprintf(text, sizeof(text), "127.0.0.1:%u", server.port);
	assert_refused(text, SOON_NS, "not known");
	unlink(ssh_server_path(&server, "config"));
	assert_null(open_host("alpha", SOON_NS, &err));
	assert_int_equal(err.kind, ERROR_USER);
	assert_says(err.text, "/config: No such file");
}

/* Guards against: an address that libssh would refuse without a word reaching it. */
static void addresses(void **state)
{
	struct error err;

	(void)state;
	ssh_server_config(&server, "known", "client", "");
	assert_null(open_host("my_host", SOON_NS, &err));
	assert_int_equal(err.kind, ERROR_USER);
	assert_says(err.text, "'my_host' is not the name of a host");
	assert_refused("no-such-host.invalid", 30 * NS_PER_S, "no-such-host.invalid");
}

/* Guards against: a key that is taken at first sight, also where the user's own ssh would. */
static void unknown_key(void **state)
{
	(void)state;
	ssh_server_config(&server, "empty", "client", "");
	assert_refused("alpha", SOON_NS, "its key is not known (ssh-ed25519 SHA256:");
	ssh_server_config(&server, "no-such-file", "client", "");
	assert_refused("alpha", SOON_NS, "its key is not known (ssh-ed25519 SHA256:");
	ssh_server_config(&server, "empty", "client", "\tStrictHostKeyChecking no\n");
	assert_refused("alpha", SOON_NS, "its key is not known");
	assert_int_equal(access(ssh_server_path(&server, "no-such-file"), F_OK), -1);
	ssh_server_config(&server, "known", "client", "\tStrictHostKeyChecking no\n");
	assert_says(assert_reached("alpha"), "StrictHostKeyChecking");
}

/* Guards against: somebody else who answers in the host's place. */
static void changed_key(void **state)
{
	(void)state;
	ssh_server_config(&server, "changed", "client", "");
	assert_refused("alpha", SOON_NS, "its key has CHANGED");
	ssh_server_config(&server, "changed", "client", "\tStrictHostKeyChecking no\n");
	assert_refused("alpha", SOON_NS, "its key has CHANGED");
	ssh_server_config(&server, "changed-type", "client", "");
	assert_refused("alpha", SOON_NS, "its key is of ANOTHER TYPE");
}

/* Guards against: a password asked for (the server would take one), or a message without a remedy.
 */
static void no_key_of_ours(void **state)
{
	(void)state;
	ssh_server_config(&server, "known", "stranger", "");
	assert_refused("alpha", SOON_NS, "it takes no key of ours");
	assert_refused("alpha", SOON_NS, "ssh-copy-id");
	ssh_server_config(&server, "known", "no-such-file", "");
	assert_refused("alpha", SOON_NS, "it takes no key of ours");
	ssh_server_config(&server, "known", "client", "");
	assert_refused("no-such-user@alpha", 30 * NS_PER_S, "it takes no key of ours");
	/* what libssh passes over may be why */
	ssh_server_config(&server, "known", "stranger", "\tCertificateFile x\n");
	assert_refused("alpha", SOON_NS, "(libssh passes over these of ~/.ssh/config: Certificate");
}

/* In a process without a terminal, whose input would answer. */
static bool is_refused_unasked(void)
{
	int input[2], status;
	struct error err;
	pid_t pid;

	assert_int_equal(pipe(input), 0);
	assert_int_equal(write(input[1], "secret\nsecret\n", 14), 14);
	close(input[1]);
	pid = fork();
	if (!pid) {
		setsid();
		dup2(input[0], 0);
		_exit(open_host("alpha", 30 * NS_PER_S, &err) ? 1 : 0);
	}
	close(input[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* Guards against: a passphrase asked for, by libssh or by OpenSSL, which has a way of its own. */
static void locked_key(void **state)
{
	static const char *const formats[] = {"RFC4716", "PEM"};
	struct error err;
	size_t i;

	(void)state;
	ssh_server_config(&server, "known", "locked", "");
	for (i = 0; i < 2; i++) {
		const char *const make[] = {
			"ssh-keygen", "-q", "-t",     "ecdsa", "-m",
			formats[i],   "-N", "secret", "-f",    ssh_server_path(&server, "locked"),
			NULL};

		assert_int_equal(process_run_ok(make, 60 * NS_PER_S, &err), 0);
		assert_true(is_refused_unasked());
		assert_refused("alpha", SOON_NS, "it takes no key of ours");
		unlink(ssh_server_path(&server, "locked"));
		unlink(ssh_server_path(&server, "locked.pub"));
	}
}

/* Guards against: an agent that is not asked. */
static void agent(void **state)
{
	const char *socket = ssh_server_path(&server, "agent");
	const char *const add[] = {"ssh-add", "-q", ssh_server_path(&server, "client"), NULL};
	uint64_t deadline = clock_ns() + 20 * NS_PER_S;
	struct error err;
	int added;
	pid_t pid;

	(void)state;
	ssh_server_config(&server, "known", "stranger", "");
	pid = fork();
	if (!pid) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(127);
		execlp("ssh-agent", "ssh-agent", "-D", "-a", socket, (char *)NULL);
		_exit(127);
	}
	while (access(socket, F_OK) < 0 && clock_ns() < deadline)
		clock_sleep(10 * NS_PER_MS);
	setenv("SSH_AUTH_SOCK", socket, 1);
	added = process_run_ok(add, 20 * NS_PER_S, &err);
	if (!added)
		assert_reached("alpha");
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	/* it is gone, its socket named still */
	assert_refused("alpha", SOON_NS, "it takes no key of ours");
	unsetenv("SSH_AUTH_SOCK");
	assert_int_equal(added, 0);
}

/* Guards against: a host that takes the connection and says nothing, for longer than we said. */
static void silent_host(void **state)
{
	char text[64];
	int fd;

	(void)state;
	ssh_server_config(&server, "known", "client", "");
	snprintf(text, sizeof(text), "alpha:%u", ssh_server_silent_port(&fd));
	assert_refused(text, NS_PER_S, "cannot connect: no answer in time");
	close(fd);
	/* a proxy that says nothing, and that does not outlive us */
	ssh_server_config(&server, "known", "client", "\tProxyCommand sleep 1234567\n");
	assert_refused("alpha", NS_PER_S, "cannot connect: no answer in time");
	assert_nobody_left();
}

/* Guards against: a host that is reached through another one only. */
static void proxy(void **state)
{
	char lines[512];

	(void)state;
	snprintf(lines, sizeof(lines),
		 "Host beta\n\tHostName 127.0.0.1\n\tPort %u\n\tUserKnownHostsFile %s\n"
		 "\tIdentityFile %s\n\tProxyCommand ssh -F %s -W %%h:%%p alpha\n",
		 server.port, ssh_server_path(&server, "known"), ssh_server_path(&server, "client"),
		 ssh_server_path(&server, "config"));
	ssh_server_config(&server, "known", "client", lines);
	assert_reached("beta");
	assert_nobody_left();
}

/* Guards against: words of another host told, words of this one not, in whatever way they are
 * written. */
static void ignored(void **state)
{
	FILE *file;
	char lines[512];

	(void)state;
	file = fopen(ssh_server_path(&server, "more"), "we");
	assert_non_null(file);
	fputs("HostKeyAlias x\nHost beta\nCheckHostIP no\n", file);
	fclose(file);
	snprintf(lines, sizeof(lines),
		 "\tidentitiesonly=yes\n\t BATCHMODE yes\r\n\tCiphers +aes128-cbc\n"
		 "\tForwardX11 yes\n\tIdentitiesOnly no\n\tInclude /none %s\n\tAddressFamily inet\n"
		 "Host beta\n\tControlMaster auto\nHost * !ALPHA\n\tConnectionAttempts 3\n"
		 "Match host beta\n\tPreferredAuthentications password\n"
		 "Host gamma \"al?ha\"\n\tMACs hmac-sha2-256\n\tVerifyHostKeyDNS yes\n",
		 ssh_server_path(&server, "more"));
	ssh_server_config(&server, "known", "client", lines);
	assert_string_equal(assert_reached("alpha"),
			    "libssh passes over these of ~/.ssh/config: IdentitiesOnly, BatchMode, "
			    "Ciphers, HostKeyAlias, AddressFamily, VerifyHostKeyDNS");
}

static char heard[65536];

static void hear(int priority, const char *function, const char *text, void *context)
{
	size_t used = strlen(heard);

	(void)priority;
	(void)function;
	(void)context;
	snprintf(heard + used, sizeof(heard) - used, "%s\n", text);
}

/* Guards against: a libssh that has learned a directive which we say it passes over. */
static void ignored_is_true(void **state)
{
	static const char *const names[] = {"AddressFamily",
					    "BatchMode",
					    "CanonicalDomains",
					    "CanonicalizeFallbackLocal",
					    "CanonicalizeHostname",
					    "CanonicalizeMaxDots",
					    "CanonicalizePermittedCNAMEs",
					    "CertificateFile",
					    "CheckHostIP",
					    "ConnectionAttempts",
					    "ControlMaster",
					    "ControlPath",
					    "HostbasedAuthentication",
					    "HostKeyAlias",
					    "IdentitiesOnly",
					    "KnownHostsCommand",
					    "NoHostAuthenticationForLocalhost",
					    "PKCS11Provider",
					    "PreferredAuthentications",
					    "ProxyUseFdpass",
					    "RemoteCommand",
					    "RevokedHostKeys",
					    "SecurityKeyProvider",
					    "ServerAliveCountMax",
					    "ServerAliveInterval",
					    "VerifyHostKeyDNS"};
	char lines[2048] = "", line[128];
	const char *warning;
	ssh_session session;
	size_t i, n = 0;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		n += (size_t)snprintf(lines + n, sizeof(lines) - n, "\t%s 1\n", names[i]);
	ssh_server_config(&server, "known", "client", lines);
	warning = assert_reached("alpha");
	session = ssh_new();
	ssh_options_set(session, SSH_OPTIONS_HOST, "alpha");
	ssh_set_log_callback(hear);
	ssh_set_log_level(SSH_LOG_FUNCTIONS);
	assert_int_equal(ssh_options_parse_config(session, ssh_server_path(&server, "config")), 0);
	ssh_set_log_level(SSH_LOG_NOLOG);
	ssh_free(session);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_says(warning, names[i]);
		snprintf(line, sizeof(line), "option: %s,", names[i]);
		assert_says(heard, line); /* "Unsupported option: NAME, line: N" */
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(configuration),   cmocka_unit_test(addresses),
		cmocka_unit_test(unknown_key),	   cmocka_unit_test(changed_key),
		cmocka_unit_test(no_key_of_ours),  cmocka_unit_test(locked_key),
		cmocka_unit_test(agent),	   cmocka_unit_test(silent_host),
		cmocka_unit_test(proxy),	   cmocka_unit_test(ignored),
		cmocka_unit_test(ignored_is_true),
	};

	if (ssh_server_missing()) {
		fprintf(stderr, "%s\n", ssh_server_missing());
		return 77;
	}
	return cmocka_run_group_tests(tests, start, stop);
}
