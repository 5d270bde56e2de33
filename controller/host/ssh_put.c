/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ssh_put.c - ssh.h: a file onto the host, by SFTP.
 *
 * libssh's SFTP waits inside for its answers and looks at no deadline. So a second thread watches
 * the time and shuts the socket down (a duplicate of it: libssh may close its own at any moment),
 * upon which libssh's call ends with an error. It touches nothing else, so that the session stays
 * with one thread. Ctrl-C is seen between two chunks; the watch waits a little for that, since a
 * connection that is shut down cannot be used to tidy up.
 *
 * Chunks are of a size that OpenSSH takes in one write and that libssh sends in one packet. SFTP
 * renames onto no file that is there: mv does, in one step.
 */
#include <errno.h>
#include <fcntl.h>
#include <libssh/sftp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/interrupt.h"
#include "host/ssh_internal.h"

#define CHUNK 30000
#define WATCH_MS 50
#define INTERRUPT_GRACE_NS (5 * NS_PER_S)

struct watch {
	pthread_t thread;
	int fd;	     /* of the connection, a duplicate */
	int stop[2]; /* a pipe: its end stops the watch */
	uint64_t deadline;
};

static void *watch_the_time(void *context)
{
	struct watch *watch = context;
	struct pollfd stop = {.fd = watch->stop[0], .events = POLLIN};
	bool hurried = false;

	while (clock_ns() <= watch->deadline) {
		if (poll(&stop, 1, WATCH_MS) > 0)
			return NULL;
		if (interrupted() && !hurried) {
			hurried = true;
			if (watch->deadline > clock_ns() + INTERRUPT_GRACE_NS)
				watch->deadline = clock_ns() + INTERRUPT_GRACE_NS;
		}
	}
	shutdown(watch->fd, SHUT_RDWR);
	return NULL;
}

static int watch_start(struct watch *watch, int fd, uint64_t deadline, struct error *err)
{
	sigset_t all, before;
	int failed;

	*watch = (struct watch){.deadline = deadline};
	watch->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (watch->fd < 0)
		return error_set_errno(err, ERROR_WORLD, "dup");
	if (pipe2(watch->stop, O_CLOEXEC) < 0) {
		error_set_errno(err, ERROR_WORLD, "pipe");
		close(watch->fd);
		return -1;
	}
	sigfillset(&all); /* signals are for the thread that waits */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&watch->thread, NULL, watch_the_time, watch);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!failed)
		return 0;
	errno = failed;
	error_set_errno(err, ERROR_WORLD, "thread");
	close(watch->fd);
	close(watch->stop[0]);
	close(watch->stop[1]);
	return -1;
}

static void watch_end(struct watch *watch)
{
	close(watch->stop[1]);
	pthread_join(watch->thread, NULL);
	close(watch->stop[0]);
	close(watch->fd);
}

/* What is being copied. */
struct copy {
	struct ssh_host *ssh;
	const char *local, *remote;
	char part[4096]; /* its name there until it is whole */
	int fd;		 /* the local file */
	unsigned mode;
	uint64_t deadline;
};

static int fail(const struct copy *copy, struct error *err)
{
	if (interrupted())
		return interrupt_error(err);
	if (clock_ns() > copy->deadline) {
		copy->ssh->lost = true;
		return error_set(err, ERROR_WORLD, "%s: %s: not copied in time", copy->ssh->name,
				 copy->remote);
	}
	return ssh_host_fail(copy->ssh, copy->remote, err);
}

static int write_all(const struct copy *copy, sftp_file to, struct error *err)
{
	char chunk[CHUNK];
	ssize_t n, done, wrote;

	while ((n = read(copy->fd, chunk, sizeof(chunk))) > 0) {
		for (done = 0; done < n; done += wrote) {
			if (interrupted() || clock_ns() > copy->deadline)
				return fail(copy, err);
			wrote = sftp_write(to, chunk + done, (size_t)(n - done));
			if (wrote <= 0)
				return fail(copy, err);
		}
	}
	return n < 0 ? error_set_errno(err, ERROR_WORLD, "%s", copy->local) : 0;
}

/* A file of that name that an earlier, broken copy left is taken away first. */
static int write_part(const struct copy *copy, sftp_session sftp, struct error *err)
{
	sftp_file to;
	int result;

	sftp_unlink(sftp, copy->part);
	to = sftp_open(sftp, copy->part, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (!to)
		return fail(copy, err);
	result = write_all(copy, to, err);
	if (!result && sftp_extension_supported(sftp, "fsync@openssh.com", "1") &&
	    sftp_fsync(to) < 0)
		result = fail(copy, err);
	if (sftp_close(to) != SSH_OK && !result)
		result = fail(copy, err);
	if (!result && sftp_chmod(sftp, copy->part, copy->mode) < 0)
		result = fail(copy, err);
	if (result < 0 && ssh_is_connected(copy->ssh->session))
		sftp_unlink(sftp, copy->part);
	return result;
}

/* All of SFTP, in the mode that it knows: blocking, for as long as the watch lets it. */
static int send_part(const struct copy *copy, struct error *err)
{
	ssh_session session = copy->ssh->session;
	uint64_t now = clock_ns();
	long timeout = 1 + (copy->deadline > now ? (long)((copy->deadline - now) / NS_PER_S) : 0);
	const long short_timeout = 1; /* as ssh_session.c has it */
	sftp_session sftp;
	struct watch watch;
	int result;

	if (watch_start(&watch, ssh_get_fd(session), copy->deadline, err) < 0)
		return error_prefix(err, "%s", copy->ssh->name);
	ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &timeout);
	ssh_set_blocking(session, 1);
	sftp = sftp_new(session);
	if (sftp && sftp_init(sftp) == SSH_OK)
		result = write_part(copy, sftp, err);
	else
		result = fail(copy, err);
	if (sftp)
		sftp_free(sftp);
	ssh_set_blocking(session, 0);
	ssh_options_set(session, SSH_OPTIONS_TIMEOUT, &short_timeout);
	watch_end(&watch);
	return result;
}

static int rename_part(const struct copy *copy, struct error *err)
{
	const char *const argv[] = {"mv", "-fT", "--", copy->part, copy->remote, NULL};
	const char *const remove[] = {"rm", "-f", "--", copy->part, NULL};
	struct process_result done;
	uint64_t now = clock_ns(), left = copy->deadline > now ? copy->deadline - now : 0;

	if (ssh_host_run(copy->ssh, argv, left, &done, err) < 0)
		return -1;
	if (!process_result_ok(&done, "mv", err))
		return 0;
	if (!ssh_host_run(copy->ssh, remove, left, &done, NULL))
		process_result_done(&done);
	return error_prefix(err, "%s", copy->ssh->name);
}

int ssh_host_put(struct ssh_host *ssh, const char *local, const char *remote, unsigned mode,
		 uint64_t timeout_ns, struct error *err)
{
	struct copy copy = {.ssh = ssh,
			    .local = local,
			    .remote = remote,
			    .fd = -1,
			    .mode = mode,
			    .deadline = clock_ns() + timeout_ns};
	int result = -1;

	if (ssh->lost)
		return error_set(err, ERROR_WORLD, "%s: %s: the connection is lost", ssh->name,
				 remote);
	if (snprintf(copy.part, sizeof(copy.part), "%s.part", remote) >= (int)sizeof(copy.part))
		return error_set(err, ERROR_WORLD, "%s: the name of a file is too long", ssh->name);
	copy.fd = open(local, O_RDONLY | O_CLOEXEC);
	if (copy.fd < 0)
		return error_set_errno(err, ERROR_WORLD, "%s", local);
	result = send_part(&copy, err);
	if (!result)
		result = rename_part(&copy, err);
	close(copy.fd);
	return result;
}
