/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hypervisor_call.c - hypervisor_internal.h: libvirt's calls, each with a deadline.
 *
 * libvirt has none: a host that accepts a connection and stays silent, a libvirtd or a QEMU that
 * hangs is waited for without end, and no signal ends such a wait (keepalive sees hosts that are
 * gone, no more). So each call is made on a thread of its own, with copies of all that it needs.
 * One that does not come back in time is left to itself with them, and frees them if it ever ends.
 * Whoever waited goes on, the next time on a new connection: while one call waits for its answer,
 * libvirt (9.0) now and then does not even send the next one on the same connection.
 */
#include <libvirt/virterror.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/parse.h"
#include "virt/hypervisor_internal.h"
#include "host/interrupt.h"

/*
 * After a signal. What only asks is mostly answered at once, and then no thread is left behind.
 * What changes something is let finish: whoever cleans up next must find what it did.
 */
#define MOMENT_NS (200 * NS_PER_MS)
#define SETTLE_NS (10 * NS_PER_S)
#define TICK_NS (20 * NS_PER_MS) /* how often it is looked whether a signal came */

struct call {
	struct job job;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t end;
	/* with the lock */
	pid_t tid;
	bool ended, left; /* left: whoever waited does no longer, so the thread cleans up */
	int result;
	enum job_end how;
};

static void drop_answer(struct answer *answer)
{
	free(answer->text);
	if (answer->connection)
		virConnectClose(answer->connection);
	if (answer->fd >= 0)
		close(answer->fd);
}

static void call_free(struct call *call)
{
	free((char *)call->job.request.what);
	free((char *)call->job.request.name);
	free((char *)call->job.request.text);
	free((char *)call->job.request.uri);
	pthread_cond_destroy(&call->end);
	pthread_mutex_destroy(&call->lock);
	free(call);
}

/* False when there is no memory. */
static bool copy(const char **text)
{
	if (*text)
		*text = strdup(*text);
	else
		return true;
	return *text;
}

static struct call *call_new(const struct request *request, virConnectPtr connection)
{
	struct call *call = calloc(1, sizeof(*call));
	struct request *r;
	pthread_condattr_t clock;
	bool copied;

	if (!call)
		return NULL;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&call->end, &clock);
	pthread_condattr_destroy(&clock);
	pthread_mutex_init(&call->lock, NULL);
	call->job.answer.fd = -1;
	call->job.connection = connection;
	call->job.request = *request;
	r = &call->job.request;
	copied = copy(&r->what);
	copied &= copy(&r->name);
	copied &= copy(&r->text);
	copied &= copy(&r->uri);
	if (copied)
		return call;
	call_free(call);
	return NULL;
}

static bool is_left(struct call *call)
{
	bool left;

	pthread_mutex_lock(&call->lock);
	left = call->left;
	pthread_mutex_unlock(&call->lock);
	return left;
}

static bool is_dead(virConnectPtr connection)
{
	return connection && virConnectIsAlive(connection) == 0;
}

/* 1: it is there, 0: it is not, and need not be; -1 with the job's error. */
static int look_up(struct job *job)
{
	const struct request *r = &job->request;

	job->domain = virDomainLookupByName(job->connection, r->name);
	if (job->domain)
		return 1;
	if (r->absent_ok && virGetLastErrorCode() == VIR_ERR_NO_DOMAIN)
		return 0;
	return hypervisor_error(&job->err, r->name);
}

static int perform(struct call *call, enum job_end *ret_how)
{
	struct job *job = &call->job;
	int result = 1;

	*ret_how = JOB_AGAIN;
	if (is_dead(job->connection))
		return error_set(&job->err, ERROR_WORLD, "libvirt: the connection is closed");
	if (job->connection && job->request.name)
		result = look_up(job);
	if (result > 0 && is_left(call))
		result = -1; /* nobody expects any more that it is done */
	if (result > 0) {
		if (job->request.changes || job->request.once)
			*ret_how = JOB_LOST;
		result = job->request.work(job);
	}
	if (result >= 0 || !is_dead(job->connection))
		*ret_how = JOB_DONE;
	return result;
}

/* The thread. What may take its time, even to give a reference back, is done here. */
static void *serve(void *context)
{
	struct call *call = context;
	enum job_end how = JOB_DONE;
	int result = 0;
	bool left;

	pthread_mutex_lock(&call->lock);
	call->tid = gettid();
	pthread_mutex_unlock(&call->lock);
	if (call->job.request.work)
		result = perform(call, &how);
	if (call->job.domain)
		virDomainFree(call->job.domain);
	if (call->job.connection)
		virConnectClose(call->job.connection);
	pthread_mutex_lock(&call->lock);
	call->result = result;
	call->how = how;
	call->ended = true;
	left = call->left;
	pthread_cond_signal(&call->end);
	pthread_mutex_unlock(&call->lock);
	if (left) {
		drop_answer(&call->job.answer);
		call_free(call);
	}
	return NULL;
}

/* With all signals blocked: they are the main thread's, whose waits they must end. */
static int start_thread(struct call *call)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(&call->thread, NULL, serve, call);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed ? -1 : 0;
}

static void tick(struct call *call)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_NS;
	if (until.tv_nsec >= (long)NS_PER_S) {
		until.tv_nsec -= (long)NS_PER_S;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&call->end, &call->lock, &until);
}

/* Wait with the lock held. JOB_DONE: the thread has ended, the answer is there. */
static enum job_end await(struct call *call, uint64_t limit_ns)
{
	uint64_t deadline = clock_ns() + limit_ns, settled = 0, now;

	while (!call->ended) {
		now = clock_ns();
		if (now > deadline)
			return JOB_LATE;
		if (!interrupted())
			settled = 0;
		else if (!settled)
			settled = now + (call->job.request.changes ? SETTLE_NS : MOMENT_NS);
		else if (now > settled)
			return JOB_INTERRUPTED;
		tick(call);
	}
	return JOB_DONE;
}

/*
 * A connection that is not made in time: its ssh, which this thread has started, is ended, so that
 * none is left. libvirt then gives up, and mostly the thread ends as well.
 */
static void end_children(struct call *call)
{
	uint64_t deadline = clock_ns() + MOMENT_NS;
	char path[64];
	FILE *file;
	int pid;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)call->tid);
	file = call->tid ? fopen(path, "re") : NULL;
	if (!file)
		return;
	while (fscanf(file, "%d", &pid) == 1)
		kill(pid, SIGTERM);
	fclose(file);
	while (!call->ended && clock_ns() < deadline)
		tick(call);
}

static int late(const struct request *r, uint64_t limit_ns, struct error *err)
{
	const char *what = r->what ? r->what : r->name;
	char clean[512];

	if (r->opens)
		return error_set(err, ERROR_WORLD,
				 "libvirt: %s: no connection within %.0f s: does that host answer, "
				 "and libvirtd there?",
				 printable(what, strlen(what), clean, sizeof(clean)),
				 (double)limit_ns / NS_PER_S);
	return error_set(err, ERROR_WORLD,
			 "libvirt: %s: no answer within %.0f s: does libvirtd hang there, or the "
			 "guest's QEMU?%s",
			 printable(what, strlen(what), clean, sizeof(clean)),
			 (double)limit_ns / NS_PER_S,
			 r->changes ? " What was asked for may still be done" : "");
}

int hypervisor_job(const struct request *request, virConnectPtr connection, uint64_t limit_ns,
		   struct answer *ret, enum job_end *ret_end, struct error *err)
{
	struct call *call = call_new(request, connection);
	bool ended;
	int result;

	*ret_end = JOB_DONE;
	if (!call || start_thread(call) < 0) {
		if (call)
			call_free(call);
		if (connection)
			virConnectClose(connection);
		return error_set(err, ERROR_WORLD, "libvirt: no memory for a thread");
	}
	pthread_mutex_lock(&call->lock);
	*ret_end = await(call, limit_ns);
	if (*ret_end != JOB_DONE && request->opens)
		end_children(call);
	ended = call->ended;
	call->left = !ended;
	pthread_mutex_unlock(&call->lock);
	if (*ret_end == JOB_LATE)
		late(request, limit_ns, err);
	else if (*ret_end == JOB_INTERRUPTED)
		interrupt_error(err);
	if (!ended) {
		pthread_detach(call->thread);
		return -1;
	}
	pthread_join(call->thread, NULL);
	result = *ret_end == JOB_DONE ? call->result : -1;
	if (*ret_end == JOB_DONE) {
		*ret_end = call->how;
		if (result < 0 && err)
			*err = call->job.err;
	}
	if (ret && result >= 0)
		*ret = call->job.answer;
	else
		drop_answer(&call->job.answer);
	call_free(call);
	return result;
}

/* On from a dead connection. It stays open: see struct hypervisor. */
static int renew(struct hypervisor *hypervisor, struct error *err)
{
	virConnectPtr fresh, *former;

	former = realloc(hypervisor->former, (hypervisor->n_former + 1) * sizeof(virConnectPtr));
	if (!former)
		return error_set(err, ERROR_WORLD, "out of memory");
	hypervisor->former = former;
	fresh = hypervisor_connect(hypervisor->uri, hypervisor->limits.open, err);
	if (!fresh)
		return error_prefix(err, "the connection was lost, and cannot be made again");
	former[hypervisor->n_former++] = hypervisor->connection;
	hypervisor->connection = fresh;
	hypervisor->lost = false;
	return 0;
}

int hypervisor_call(struct hypervisor *hypervisor, const struct request *request,
		    struct answer *ret, struct error *err)
{
	uint64_t limit_ns = hypervisor->limits.call;
	enum job_end end = JOB_DONE;
	unsigned tries;
	int result = -1;

	if (request->seconds > 0) /* libvirt's own limit, which is to come first */
		limit_ns += (uint64_t)request->seconds * NS_PER_S;
	for (tries = 0; tries < 2; tries++) {
		if (hypervisor->lost && renew(hypervisor, err) < 0)
			return -1;
		virConnectRef(hypervisor->connection);
		result = hypervisor_job(request, hypervisor->connection, limit_ns, ret, &end, err);
		hypervisor->lost = end != JOB_DONE;
		if (end != JOB_AGAIN)
			break;
	}
	return result;
}

char *hypervisor_ask(struct hypervisor *hypervisor, const struct request *request,
		     struct error *err)
{
	struct answer answer;

	return hypervisor_call(hypervisor, request, &answer, err) < 0 ? NULL : answer.text;
}
