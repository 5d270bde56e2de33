/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hypervisor_internal.h - what hypervisor*.c share; nobody else includes it, but their test.
 *
 * A wrapper says what it wants (struct request); the work is done on a thread of its own, with
 * copies (struct job), so that the caller can go on without it.
 */
#ifndef VIRT_HYPERVISOR_INTERNAL_H
#define VIRT_HYPERVISOR_INTERNAL_H

#include <libvirt/libvirt.h>

#include "virt/hypervisor.h"

/* How long is waited, in ns. */
struct hypervisor_limits {
	uint64_t open, call, close;
};

struct hypervisor {
	virConnectPtr connection;
	char *uri;
	struct hypervisor_limits limits;
	bool lost; /* the connection is not to be used any more: the next call makes a new one */
	/* Those before it: open until the end, for a guest of ours dies with the one that started
	 * it. */
	virConnectPtr *former;
	size_t n_former;
};

struct job;

struct request {
	int (*work)(struct job *job); /* 0 or more; -1 with job->err. NULL: nothing but to close */
	const char *what;	      /* is done, for messages; NULL: `name` */
	const char *name;	      /* the domain to look up; NULL: none */
	const char *text, *uri;
	unsigned flags;
	int seconds;
	bool changes;	/* something on the host: after a signal its answer is waited for a while */
	bool once;	/* not to be asked again after a failure; what changes something is not */
	bool absent_ok; /* no domain of that name: 0, without an error */
	bool opens;	/* makes a connection of its own */
};

struct answer {
	char *text;		  /* to be freed */
	virConnectPtr connection; /* to be closed */
	int fd;			  /* to be closed, unless -1 */
	struct domain_state state;
	struct disk_counts counts;
};

struct job {
	struct request request;	  /* its texts are copies */
	virConnectPtr connection; /* the job's own reference; NULL: none */
	virDomainPtr domain;	  /* by request.name, if there is a connection */
	struct answer answer;
	struct error err;
};

/*
 * Do a request on the connection, made anew if it was lost; what the result of the work is. -1 with
 * *err also when no answer comes in time (ERROR_WORLD; whatever was asked may still be done) or on
 * an interruption. ret (may be NULL: not wanted) is set on success.
 */
int hypervisor_call(struct hypervisor *hypervisor, const struct request *request,
		    struct answer *ret, struct error *err);

/* The same, for a text: to be freed, NULL with *err. */
char *hypervisor_ask(struct hypervisor *hypervisor, const struct request *request,
		     struct error *err);

/* Why a job was not done. */
enum job_end {
	JOB_DONE,	 /* it was, in whatever way */
	JOB_AGAIN,	 /* its connection is dead; it may be done again on another one */
	JOB_LOST,	 /* its connection is dead; nobody knows whether it was done */
	JOB_LATE,	 /* no answer in time */
	JOB_INTERRUPTED, /* a signal came, and no answer within a moment */
};

/*
 * The same, once, on a reference to a connection which is taken over (NULL: none). Whatever
 * happens, it takes not much longer than limit_ns.
 */
int hypervisor_job(const struct request *request, virConnectPtr connection, uint64_t limit_ns,
		   struct answer *ret, enum job_end *ret_end, struct error *err);

/* hypervisor_open with other limits. */
struct hypervisor *hypervisor_open_within(const char *uri, const struct hypervisor_limits *limits,
					  struct error *err);

/* A new connection, to be closed; NULL with *err. */
virConnectPtr hypervisor_connect(const char *uri, uint64_t limit_ns, struct error *err);

/* ERROR_WORLD: what was done, and what libvirt says of it. Returns -1. */
int hypervisor_error(struct error *err, const char *what);

#endif
