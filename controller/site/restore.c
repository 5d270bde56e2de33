/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restore.c - see restore.h. Each guest by itself: one that fails does not keep the other. */
#include "site/restore.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/op.h"
#include "common/parse.h"
#include "plan/libvirt_uri.h"
#include "rundir/rundir.h"
#include "virt/hypervisor.h"
#include "host/interrupt.h"
#include "site/put_back.h"

#define NOTHING "nothing to do: this run changed no guest"

/* A guest of the run directory: what is said of it. */
struct one {
	const struct restore_options *options;
	const char *run;
	char letter;
	const struct saved_guest *saved;
};

static void say(const struct one *one, bool failed, const char *text)
{
	char domain[128], line[2400];

	printable(one->saved->domain, strlen(one->saved->domain), domain, sizeof(domain));
	snprintf(line, sizeof(line), "guest %c (%s): %s", one->letter, domain, text);
	one->options->say(one->options->context, line, failed);
}

static void say_failed(const struct one *one, const struct error *why)
{
	char uri[256], line[2400];

	say(one, true, why->text);
	printable(one->saved->uri, strlen(one->saved->uri), uri, sizeof(uri));
	snprintf(line, sizeof(line),
		 "by hand: shut it down, `virsh -c '%s' define %s/saved/%c.xml`%s", uri, one->run,
		 one->letter, one->saved->running ? ", then `virsh start` it" : "");
	say(one, true, line);
}

static int put_one_back(const struct one *one, struct hypervisor *hypervisor, struct error *err)
{
	const struct guest_stop stop = {.timeout_ns = one->options->timeout_ns,
					.destroy = one->options->destroy,
					.progress = one->options->progress};
	char what[256];
	int done;

	done = put_back(hypervisor, one->saved, &stop, one->options->force, what, sizeof(what),
			err);
	if (done < 0)
		return -1;
	say(one, false, done ? what : "nothing to do: it is as it was");
	return saved_write_restored(one->run, one->letter, err);
}

static int restore_guest(const struct one *one, struct error *err)
{
	const char *objection = libvirt_uri_objection(one->saved->uri);
	struct hypervisor *hypervisor;
	int result;

	if (one->saved->restored && !one->options->force) {
		say(one, false, "nothing to do: it was put back already");
		return 0;
	}
	if (saved_uri_runs_programs(one->saved->uri))
		return error_set(err, ERROR_WORLD,
				 "the saved libvirt URI names a program to run, which is not taken "
				 "from a file");
	if (objection)
		return error_set(err, ERROR_WORLD, "the saved libvirt URI: %s", objection);
	hypervisor = hypervisor_open(one->saved->uri, err);
	if (!hypervisor)
		return -1;
	result = put_one_back(one, hypervisor, err);
	hypervisor_close(hypervisor);
	return result;
}

/* Both are read before either is touched: what is not ours is refused as a whole. */
static int read_all(const char *run, struct saved_guest guests[NODES], bool found[NODES],
		    struct error *err)
{
	unsigned node;
	int got;

	for (node = 0; node < NODES; node++) {
		got = saved_read(run, (char)('a' + node), &guests[node], err);
		if (got < 0)
			return -1;
		found[node] = got;
	}
	return 0;
}

static int restore_all(const char *run, const struct restore_options *options, struct error *err)
{
	struct one one = {.options = options, .run = run};
	struct saved_guest guests[NODES] = {0};
	bool found[NODES] = {false};
	unsigned node, failed = 0;
	struct error why;
	int result = -1;

	if (read_all(run, guests, found, err) < 0)
		goto out;
	if (!found[0] && !found[1])
		options->say(options->context, NOTHING, false);
	for (node = 0; node < NODES; node++) {
		one.letter = (char)('a' + node);
		one.saved = &guests[node];
		if (!found[node] || !restore_guest(&one, &why))
			continue;
		if (why.kind == ERROR_INTERRUPTED) {
			interrupt_error(err);
			goto out;
		}
		say_failed(&one, &why);
		failed++;
	}
	result = failed ? error_set(err, ERROR_WORLD, "%s: %u guest(s) not restored", run, failed)
			: 0;
out:
	for (node = 0; node < NODES; node++)
		saved_done(&guests[node]);
	return result;
}

int restore_run(const char *run, const struct restore_options *options, struct error *err)
{
	int lock, result;

	if (!rundir_is_run(run))
		return error_set(err, ERROR_USER,
				 "%s is not a run directory: it has no folder 'cells'", run);
	lock = saved_lock(run, true, err);
	if (lock == SAVED_NOTHING) {
		options->say(options->context, NOTHING, false);
		return 0;
	}
	if (lock < 0)
		return -1;
	result = restore_all(run, options, err);
	close(lock);
	return result;
}
