/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fake_libvirtd.c - see fake_libvirtd.h. Not even XDR: big-endian words, and texts of four. */
#include "tests/site/fake_libvirtd.h"

#include <arpa/inet.h>
#include <libvirt/virterror.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/clock.h"

#define REMOTE_PROGRAM 0x20008086
#define REPLY 1
#define STATUS_ERROR 1
#define HEADER 7 /* words: length, program, version, procedure, type, serial, status */
#define WORDS 1024
#define CONNECTIONS 16
#define TICK_MS 10

struct fake_libvirtd {
	char folder[64], uri[160];
	struct sockaddr_un address;
	int listener, fds[CONNECTIONS];
	pthread_t thread;
	atomic_bool stop, drop;
	atomic_int how[PROCS];
	atomic_uint calls[PROCS];
};

struct message {
	uint32_t words[WORDS];
	unsigned used;
};

static void put(struct message *m, uint32_t word)
{
	m->words[m->used++] = htonl(word);
}

static void put_text(struct message *m, const char *text)
{
	size_t size = strlen(text);

	put(m, (uint32_t)size);
	memset(&m->words[m->used], 0, size + 4);
	memcpy(&m->words[m->used], text, size);
	m->used += (unsigned)(size + 3) / 4;
}

static void put_error(struct message *m, int code)
{
	unsigned i;

	m->words[6] = htonl(STATUS_ERROR);
	put(m, (uint32_t)code);
	put(m, VIR_FROM_TEST);
	put(m, 1);
	put_text(m, FAKE_WORDS);
	put(m, VIR_ERR_ERROR);
	for (i = 0; i < 7; i++) /* no domain, three texts, two numbers, no network */
		put(m, 0);
}

/* The domain that was asked for, whatever its name: the text that the call begins with. */
static void put_domain(struct message *m, const struct message *call)
{
	unsigned i, n = 1 + (ntohl(call->words[HEADER]) + 3) / 4;

	for (i = 0; i < n; i++)
		m->words[m->used++] = call->words[HEADER + i];
	for (i = 0; i < 4; i++)
		put(m, 0x4dea22b3);
	put(m, 1);
}

static void answer(struct message *m, unsigned procedure, const struct message *call)
{
	switch (procedure) {
	case PROC_AUTH_LIST:
		put(m, 1);
		put(m, 0); /* none */
		break;
	case PROC_LOOKUP:
		put_domain(m, call);
		break;
	case PROC_GET_XML:
		put_text(m, "<domain/>");
		break;
	case PROC_GET_STATE:
		put(m, 1); /* running */
		put(m, 0);
		break;
	case PROC_IS_ACTIVE:
	case PROC_IS_PERSISTENT:
	case PROC_GET_AUTOSTART:
		put(m, 1);
		break;
	case PROC_SUPPORTS_FEATURE:
	case PROC_HAS_MANAGED_SAVE:
	case PROC_SNAPSHOT_NUM:
		put(m, 0);
		break;
	case PROC_OPEN:
	case PROC_CLOSE:
	case PROC_CREATE:
	case PROC_DESTROY:
	case PROC_ATTACH:
		break;
	default:
		put_error(m, VIR_ERR_NO_SUPPORT);
	}
}

static bool receive(int fd, struct message *m)
{
	uint32_t size;

	if (recv(fd, m->words, 4, MSG_WAITALL) != 4)
		return false;
	size = ntohl(m->words[0]);
	return size >= HEADER * 4 && size <= sizeof(m->words) &&
	       recv(fd, m->words + 1, size - 4, MSG_WAITALL) == (ssize_t)size - 4;
}

/* One call; false to hang up. */
static bool serve_call(struct fake_libvirtd *fake, int fd)
{
	struct message call, m = {.used = HEADER};
	unsigned procedure;
	int how;

	if (!receive(fd, &call))
		return false;
	procedure = ntohl(call.words[3]);
	if (ntohl(call.words[1]) != REMOTE_PROGRAM || procedure >= PROCS)
		return true;
	atomic_fetch_add(&fake->calls[procedure], 1);
	how = atomic_load(&fake->how[procedure]);
	if (how == FAKE_SILENT)
		return true;
	if (how == FAKE_HANGS_UP_ONCE) {
		atomic_store(&fake->how[procedure], FAKE_ANSWERS);
		return false;
	}
	if (how == FAKE_IS_SLOW)
		clock_sleep(FAKE_SLOW_MS * NS_PER_MS);
	memcpy(m.words, call.words, HEADER * sizeof(*m.words));
	m.words[4] = htonl(REPLY);
	m.words[6] = 0;
	if (how > 0)
		put_error(&m, how);
	else
		answer(&m, procedure, &call);
	m.words[0] = htonl(m.used * 4);
	return send(fd, m.words, m.used * 4, MSG_NOSIGNAL) == (ssize_t)m.used * 4;
}

static void drop_all(struct fake_libvirtd *fake)
{
	unsigned i;

	for (i = 0; i < CONNECTIONS; i++) {
		if (fake->fds[i] >= 0)
			close(fake->fds[i]);
		fake->fds[i] = -1;
	}
}

static void take_connection(struct fake_libvirtd *fake)
{
	int fd = accept(fake->listener, NULL, NULL);
	unsigned i;

	for (i = 0; i < CONNECTIONS; i++) {
		if (fake->fds[i] < 0) {
			fake->fds[i] = fd;
			return;
		}
	}
	close(fd);
}

static void *serve(void *context)
{
	struct fake_libvirtd *fake = context;
	struct pollfd fds[CONNECTIONS + 1];
	unsigned i;

	while (!atomic_load(&fake->stop)) {
		if (atomic_load(&fake->drop)) {
			drop_all(fake);
			atomic_store(&fake->drop, false);
		}
		for (i = 0; i < CONNECTIONS; i++)
			fds[i] = (struct pollfd){.fd = fake->fds[i], .events = POLLIN};
		fds[i] = (struct pollfd){.fd = fake->listener, .events = POLLIN};
		if (poll(fds, CONNECTIONS + 1, TICK_MS) <= 0)
			continue;
		for (i = 0; i < CONNECTIONS; i++) {
			if (fds[i].revents && !serve_call(fake, fake->fds[i])) {
				close(fake->fds[i]);
				fake->fds[i] = -1;
			}
		}
		if (fds[i].revents)
			take_connection(fake);
	}
	drop_all(fake);
	return NULL;
}

struct fake_libvirtd *fake_start(void)
{
	struct fake_libvirtd *fake = calloc(1, sizeof(*fake));
	unsigned i;

	if (!fake)
		return NULL;
	for (i = 0; i < CONNECTIONS; i++)
		fake->fds[i] = -1;
	snprintf(fake->folder, sizeof(fake->folder), "/tmp/stalemate-fake.XXXXXX");
	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fake->listener < 0 || !mkdtemp(fake->folder))
		goto fail;
	fake->address.sun_family = AF_UNIX;
	snprintf(fake->address.sun_path, sizeof(fake->address.sun_path), "%s/socket", fake->folder);
	snprintf(fake->uri, sizeof(fake->uri), "qemu+unix:///system?socket=%s",
		 fake->address.sun_path);
	if (!bind(fake->listener, (struct sockaddr *)&fake->address, sizeof(fake->address)) &&
	    !listen(fake->listener, CONNECTIONS) &&
	    !pthread_create(&fake->thread, NULL, serve, fake))
		return fake;
	unlink(fake->address.sun_path);
	rmdir(fake->folder);
fail:
	if (fake->listener >= 0)
		close(fake->listener);
	free(fake);
	return NULL;
}

void fake_stop(struct fake_libvirtd *fake)
{
	atomic_store(&fake->stop, true);
	pthread_join(fake->thread, NULL);
	close(fake->listener);
	unlink(fake->address.sun_path);
	rmdir(fake->folder);
	free(fake);
}

const char *fake_uri(const struct fake_libvirtd *fake)
{
	return fake->uri;
}

void fake_behave(struct fake_libvirtd *fake, int procedure, int how)
{
	atomic_store(&fake->how[procedure], how);
}

unsigned fake_calls(struct fake_libvirtd *fake, int procedure)
{
	return atomic_load(&fake->calls[procedure]);
}

void fake_drop(struct fake_libvirtd *fake)
{
	atomic_store(&fake->drop, true);
	while (atomic_load(&fake->drop))
		clock_sleep(NS_PER_MS);
}
