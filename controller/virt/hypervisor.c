/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hypervisor.c - hypervisor.h: connections.
 *
 * One thread runs libvirt's event loop, which its streams (stream_pump.h) and its keepalive need.
 * Keepalive ends the calls on a connection whose other host is gone, after half a minute; what it
 * does not see, the deadlines of hypervisor_call.c do.
 */
#include <libvirt/virterror.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "virt/hypervisor_internal.h"
#include "virt/stream_pump.h"

#define KEEPALIVE_S 5
#define KEEPALIVE_TIMES 6
#define WAKE_MS 1000 /* an event loop without timers or descriptors would spin in error */

/*
 * A login by ssh may take its time. A guest is started in seconds, but libvirt itself waits up to
 * half a minute for a QEMU, and as long again for another call on the same guest. A connection that
 * does not close ends with the program.
 */
#define OPEN_NS (60 * NS_PER_S)
#define CALL_NS (120 * NS_PER_S)
#define CLOSE_NS (10 * NS_PER_S)

int hypervisor_error(struct error *err, const char *what)
{
	const char *message = virGetLastErrorMessage();
	char clean[512], clean_what[512];

	return error_set(err, ERROR_WORLD, "libvirt: %s: %s",
			 printable(what, strlen(what), clean_what, sizeof(clean_what)),
			 printable(message, strlen(message), clean, sizeof(clean)));
}

static void silent(void *context, virErrorPtr error)
{
	(void)context;
	(void)error;
}

static void nothing(int timer, void *context)
{
	(void)timer;
	(void)context;
}

static void *event_loop(void *context)
{
	for (;;)
		virEventRunDefaultImpl();
	return context;
}

static void start_event_loop(void)
{
	sigset_t all, before;
	pthread_t thread;

	virInitialize();
	virSetErrorFunc(NULL, silent);
	virEventRegisterDefaultImpl();
	virEventAddTimeout(WAKE_MS, nothing, NULL, NULL);
	sigfillset(&all); /* signals are the main thread's: they must interrupt its waits */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (!pthread_create(&thread, NULL, event_loop, NULL))
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/*
 * What libvirt is to open: its ssh must not ask for a password, or whether to trust a host, on the
 * terminal. NULL without memory. The last of two parameters of one name counts.
 */
static char *without_questions(const char *uri)
{
	size_t size = strcspn(uri, "#"), scheme = strcspn(uri, ":");
	const char *transport = memchr(uri, '+', scheme);
	bool ssh = transport && !strncasecmp(transport, "+ssh:", 5);
	char *ret;

	if (asprintf(&ret, "%.*s%s%s", (int)size, uri,
		     !ssh		      ? ""
		     : memchr(uri, '?', size) ? "&no_tty=1"
					      : "?no_tty=1",
		     uri + size) < 0)
		return NULL;
	return ret;
}

/* Without keepalive: a driver in this process, or an old host, for which the deadlines must do. */
static int keep_alive(virConnectPtr connection)
{
	return virConnectSetKeepAlive(connection, KEEPALIVE_S, KEEPALIVE_TIMES) < 0 &&
			       virGetLastErrorCode() != VIR_ERR_NO_SUPPORT
		       ? -1
		       : 0;
}

/* On a job's thread. */
static virConnectPtr dial(const char *uri, struct error *err)
{
	char *quiet = without_questions(uri);
	virConnectPtr connection;

	if (!quiet) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	connection = virConnectOpen(quiet);
	free(quiet);
	if (connection && !keep_alive(connection))
		return connection;
	hypervisor_error(err, uri);
	if (connection)
		virConnectClose(connection);
	return NULL;
}

static int dial_job(struct job *job)
{
	job->answer.connection = dial(job->request.uri, &job->err);
	return job->answer.connection ? 0 : -1;
}

static void start_event_loop_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, start_event_loop);
}

virConnectPtr hypervisor_connect(const char *uri, uint64_t limit_ns, struct error *err)
{
	const struct request request = {.work = dial_job, .what = uri, .uri = uri, .opens = true};
	struct answer answer;
	enum job_end end;

	start_event_loop_once();
	if (hypervisor_job(&request, NULL, limit_ns, &answer, &end, err) < 0)
		return NULL;
	return answer.connection;
}

struct hypervisor *hypervisor_open_within(const char *uri, const struct hypervisor_limits *limits,
					  struct error *err)
{
	struct hypervisor *hypervisor = calloc(1, sizeof(*hypervisor));

	if (hypervisor)
		hypervisor->uri = strdup(uri);
	if (!hypervisor || !hypervisor->uri) {
		error_set(err, ERROR_WORLD, "out of memory");
		free(hypervisor);
		return NULL;
	}
	hypervisor->limits = *limits;
	hypervisor->connection = hypervisor_connect(uri, limits->open, err);
	if (hypervisor->connection)
		return hypervisor;
	hypervisor_close(hypervisor);
	return NULL;
}

struct hypervisor *hypervisor_open(const char *uri, struct error *err)
{
	const struct hypervisor_limits limits = {OPEN_NS, CALL_NS, CLOSE_NS};

	return hypervisor_open_within(uri, &limits, err);
}

/* libvirt says good-bye to the other side, and waits for its answer. */
static void close_connection(struct hypervisor *hypervisor, virConnectPtr connection)
{
	const struct request request = {.what = "closing", .changes = true};
	enum job_end end;

	hypervisor_job(&request, connection, hypervisor->limits.close, NULL, &end, NULL);
}

void hypervisor_close(struct hypervisor *hypervisor)
{
	if (!hypervisor)
		return;
	if (hypervisor->connection)
		close_connection(hypervisor, hypervisor->connection);
	while (hypervisor->n_former)
		close_connection(hypervisor, hypervisor->former[--hypervisor->n_former]);
	free(hypervisor->former);
	free(hypervisor->uri);
	free(hypervisor);
}

bool hypervisor_reachable(const char *uri)
{
	struct hypervisor *hypervisor = hypervisor_open(uri, NULL);

	hypervisor_close(hypervisor);
	return hypervisor;
}

static int get_versions(struct job *job)
{
	unsigned long qemu = 0, libvirt = 0;

	virConnectGetVersion(job->connection, &qemu);
	virConnectGetLibVersion(job->connection, &libvirt);
	if (asprintf(&job->answer.text, "QEMU %lu.%lu.%lu, libvirt %lu.%lu.%lu", qemu / 1000000,
		     qemu / 1000 % 1000, qemu % 1000, libvirt / 1000000, libvirt / 1000 % 1000,
		     libvirt % 1000) < 0)
		job->answer.text = NULL;
	return job->answer.text ? 0 : -1;
}

void hypervisor_versions(struct hypervisor *hypervisor, char *ret, uint32_t size)
{
	const struct request request = {.work = get_versions, .what = "versions"};
	char *text = hypervisor_ask(hypervisor, &request, NULL);

	snprintf(ret, size, "%s", text ? text : "QEMU 0.0.0, libvirt 0.0.0");
	free(text);
}

static int open_channel(struct job *job)
{
	const struct request *r = &job->request;
	virConnectPtr own = dial(r->uri, &job->err);
	virDomainPtr domain = NULL;
	virStreamPtr stream = NULL;

	if (!own)
		return -1;
	domain = virDomainLookupByName(own, r->name);
	if (domain)
		stream = virStreamNew(own, VIR_STREAM_NONBLOCK);
	if (!domain)
		hypervisor_error(&job->err, r->name);
	else if (!stream ||
		 virDomainOpenChannel(domain, r->text, stream, VIR_DOMAIN_CHANNEL_FORCE) < 0)
		hypervisor_error(&job->err, "cannot open the agent's channel");
	else
		job->answer.fd = stream_pump_start(stream, &job->err);
	if (stream)
		virStreamFree(stream);
	if (domain)
		virDomainFree(domain);
	virConnectClose(own); /* the pump's stream keeps it */
	return job->answer.fd < 0 ? -1 : 0;
}

/*
 * A channel has a connection of its own, which ends with it. On a shared one, a stream that the
 * event thread aborts and a call of another thread get into each other's way: of some hundred such
 * calls one never got its answer (libvirt 9.0).
 */
int hypervisor_channel(struct hypervisor *hypervisor, const char *name, const char *channel,
		       struct error *err)
{
	const struct request request = {.work = open_channel,
					.name = name,
					.text = channel,
					.uri = hypervisor->uri,
					.opens = true};
	const struct hypervisor_limits *limits = &hypervisor->limits;
	struct answer answer;
	enum job_end end;

	if (hypervisor_job(&request, NULL, limits->open + limits->call, &answer, &end, err) < 0)
		return -1;
	return answer.fd;
}
