/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hosts.c - see hosts.h.
 *
 * What guests of ours are made of goes to CACHE_DIR/HASH on a host that is not this machine, under
 * a name that says what it is, and stays there for the next run (docs/safety.md).
 */
#include "site/hosts.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "common/parse.h"
#include "site/built_guests.h"
#include "site/daemons.h"
#include "virt/domain_xml.h"
#include "site/existing_guest.h"
#include "site/image.h"
#include "host/interrupt.h"
#include "site/replication.h"
#include "site/volume.h"
#include "host/wait.h"

#define LOOK_NS (60 * NS_PER_S)
#define PUT_NS (300 * NS_PER_S)
#define OTHERS_NS (20 * NS_PER_S)
#define CACHE_DIR "/var/cache/stalemate"
#define CONSOLE_DIR "/run/stalemate"
#define FIRST_PORT 20000
#define PORTS 20000

/* A host's own word for something, its first line, into ret. */
static int ask(struct host *host, const char *const argv[], char *ret, size_t size,
	       struct error *err)
{
	struct process_result result;
	char clean[512];
	int got = 0;

	if (host_run(host, argv, LOOK_NS, &result, err) < 0)
		return -1;
	snprintf(ret, size, "%.*s", (int)strcspn(result.out, "\n"), result.out);
	if (result.status)
		got = error_set(err, ERROR_WORLD, "%s",
				printable(result.complaint, strcspn(result.complaint, "\n"), clean,
					  sizeof(clean)));
	process_result_done(&result);
	return got;
}

/* The device by the kernel's own name, however the plan calls it. */
static int find_device(struct site_node *n, struct error *err)
{
	static const char script[] = "path=$(realpath -e \"$1\") || exit\n"
				     "[ -b \"$path\" ] || { echo \"$1 is no block device\" >&2; "
				     "exit 1; }\n"
				     "echo \"$path\"";
	const char *argv[] = {"sh", "-c", script, "sh", n->plan->device, NULL};

	if (ask(n->host, argv, n->device, sizeof(n->device), err) < 0)
		return error_prefix(err, "host %c: device %s", n->letter, n->plan->device);
	return 0;
}

static int connect_node(const struct hosts_options *o, struct site_node *n, bool *ret_own_daemons,
			struct error *err)
{
	const struct host_options to = {.ssh = n->plan->ssh, .ssh_config = o->ssh_config};

	n->ssh_config = o->ssh_config;
	progress_step(o->progress, "connecting to host %c (%s)", n->letter,
		      n->plan->ssh[0] ? n->plan->ssh : "local");
	n->host = host_open(&to, err);
	if (!n->host)
		return error_prefix(err, "host %c", n->letter);
	if (host_warning(n->host)[0])
		progress_step(o->progress, "host %c: %s", n->letter, host_warning(n->host));
	if (!strcmp(n->plan->libvirt, LIBVIRT_URI) && !hypervisor_reachable(LIBVIRT_URI)) {
		if (daemons_start(o->progress, err) < 0)
			return -1;
		*ret_own_daemons = true;
	}
	n->hypervisor = hypervisor_open(n->plan->libvirt, err);
	if (!n->hypervisor)
		return error_prefix(err, "host %c", n->letter);
	return find_device(n, err);
}

/* Copy one of the image's files to the host unless it is there; ret is its path there. */
static int put(struct site_node *n, const char *hash, const char *local, char ret[PATH_MAX],
	       struct error *err)
{
	char folder[256], name[PATH_MAX];
	const char *test[] = {"test", "-s", ret, NULL};
	const char *make[] = {"mkdir", "-p", folder, NULL};
	struct process_result result;
	bool there;

	snprintf(name, sizeof(name), "%s", local);
	snprintf(folder, sizeof(folder), CACHE_DIR "/%s", hash);
	snprintf(ret, PATH_MAX, "%s/%s", folder, basename(name));
	if (host_run(n->host, test, LOOK_NS, &result, err) < 0)
		return -1;
	there = !result.status;
	process_result_done(&result);
	if (there)
		return 0;
	if (host_run_ok(n->host, make, LOOK_NS, err) < 0)
		return -1;
	return host_put(n->host, local, ret, 0644, PUT_NS, err);
}

static int send_image(struct site *site, const struct image *image, unsigned node,
		      struct error *err)
{
	struct built_guest *guest = &site->guests[node];
	struct site_node *n = &site->nodes[node];
	const char *make[] = {"mkdir", "-p", CONSOLE_DIR, NULL};
	const char *fresh[] = {"rm", "-f", guest->console, NULL};
	char folder[PATH_MAX], *hash;

	snprintf(guest->console, sizeof(guest->console), CONSOLE_DIR "/%s.log", n->domain);
	if (host_run_ok(n->host, make, LOOK_NS, err) < 0 ||
	    host_run_ok(n->host, fresh, LOOK_NS, err) < 0)
		return -1;
	if (host_is_local(n->host)) {
		snprintf(guest->kernel, sizeof(guest->kernel), "%s", image->kernel);
		snprintf(guest->initramfs, sizeof(guest->initramfs), "%s", image->initramfs);
		return 0;
	}
	snprintf(folder, sizeof(folder), "%s", image->initramfs);
	hash = basename(dirname(folder));
	progress_step(site->progress, "sending the guests' image to host %c", n->letter);
	if (put(n, hash, image->kernel, guest->kernel, err) < 0 ||
	    put(n, hash, image->initramfs, guest->initramfs, err) < 0)
		return error_prefix(err, "host %c: the guests' image", n->letter);
	return 0;
}

/* A guest of that name is another run's, or what one that was killed leaves for a moment. */
static int nobody_there(void *context, struct error *err)
{
	const struct site_node *n = context;
	int runs = hypervisor_is_running(n->hypervisor, n->domain, err);

	return runs < 0 ? -1 : !runs;
}

static int build_guest(const struct hosts_options *o, struct site *site, const struct image *image,
		       unsigned node, struct error *err)
{
	struct built_guest *guest = &site->guests[node];
	struct site_node *n = &site->nodes[node];
	char what[160];
	uint16_t random;

	snprintf(n->domain, sizeof(n->domain), "stalemate-%c", n->letter);
	snprintf(n->source, sizeof(n->source), "%s", n->device);
	snprintf(guest->address, sizeof(guest->address), "%s",
		 n->plan->address[0] ? n->plan->address : "127.0.0.1");
	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return error_set_errno(err, ERROR_WORLD, "getrandom");
	/* node b's is never node a's, for both may be on one host */
	guest->port = FIRST_PORT + random % PORTS / 2 * 2 + node;
	if (accelerator_choose_on(n->host, o->accelerator, &guest->kvm, err) < 0)
		return error_prefix(err, "host %c", n->letter);
	snprintf(what, sizeof(what), "the guest %s of another run on host %c to end", n->domain,
		 n->letter);
	if (wait_for(what, OTHERS_NS, nobody_there, n, err) < 0)
		return -1;
	return send_image(site, image, node, err);
}

/* A host that is itself emulated has no clock to vouch for; one that does not answer neither. */
static bool is_emulated(struct host *host)
{
	const char *argv[] = {"grep", "-q", "QEMU TCG", "/proc/cpuinfo", NULL};
	struct process_result result;
	struct error ignored;
	int status;

	if (host_run(host, argv, LOOK_NS, &result, &ignored) < 0)
		return true;
	status = result.status;
	process_result_done(&result);
	return status != 1;
}

static int build_guests(const struct hosts_options *o, struct site *site, struct error *err)
{
	struct image image;
	unsigned node;

	site->built = site->dies_with_us = true;
	if (volume_check(site, err) < 0 || image_build(o->progress, &image, err) < 0)
		return -1;
	snprintf(site->packages, sizeof(site->packages), "%s", image.packages);
	for (node = 0; node < NODES; node++) {
		if (build_guest(o, site, &image, node, err) < 0)
			return -1;
	}
	snprintf(site->accelerator, sizeof(site->accelerator), "%s",
		 site->guests[0].kvm && site->guests[1].kvm ? "kvm" : "tcg");
	site->steady_clocks = site->guests[0].kvm && site->guests[1].kvm &&
			      !is_emulated(site->nodes[0].host) &&
			      !is_emulated(site->nodes[1].host);
	return built_guests_boot(site, err);
}

static int find_guests(const struct hosts_options *o, struct site *site, struct error *err)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		struct site_node *n = &site->nodes[node];

		snprintf(n->domain, sizeof(n->domain), "%s", n->plan->domain);
		snprintf(n->disk, sizeof(n->disk), "%s", n->plan->disk);
		site->existing[node] = existing_guest_open(n, o->run, o->progress, err);
		if (!site->existing[node])
			return error_prefix(err, "host %c", n->letter);
		snprintf(n->source, sizeof(n->source), "%s",
			 existing_guest_source(site->existing[node]));
	}
	return 0;
}

int hosts_open(const struct hosts_options *o, struct site *ret, struct error *err)
{
	const struct plan *plan = o->plan;
	struct error closing;
	unsigned node;

	*ret = (struct site){.progress = o->progress,
			     .volume = plan->volume,
			     .boot_ns = o->boot_ns,
			     .scsi = plan_has_bus(plan, DISK_BUS_SCSI)};
	snprintf(ret->target, sizeof(ret->target), "%s", plan->target);
	for (node = 0; node < NODES; node++) {
		ret->nodes[node].letter = (char)('a' + node);
		ret->nodes[node].plan = &plan->hosts[node];
		if (connect_node(o, &ret->nodes[node], &ret->own_daemons, err) < 0)
			goto fail;
	}
	if (plan->hosts[0].resource[0]) {
		ret->replication = replication_open(ret->nodes, err);
		if (!ret->replication)
			goto fail;
	}
	if (plan_host_is_auto(&plan->hosts[0]) ? build_guests(o, ret, err) < 0
					       : find_guests(o, ret, err) < 0)
		goto fail;
	return 0;
fail:
	if (hosts_close(ret, &closing) < 0)
		error_add(err, &closing);
	return -1;
}

/* Guests of ours, and their consoles. One that this process did not start is another run's. */
static int end_guests(struct site *site, struct error *err)
{
	bool found = false, started = false;
	unsigned node;
	int result;

	for (node = 0; node < NODES; node++) {
		started |= site->guests[node].started;
		if (!site->guests[node].started)
			site->nodes[node].domain[0] = 0;
	}
	if (!started)
		return 0;
	result = built_guests_destroy(site, &found, err);
	for (node = 0; node < NODES; node++) {
		const char *argv[] = {"rm", "-f", site->guests[node].console, NULL};

		if (site->guests[node].started &&
		    host_run_ok(site->nodes[node].host, argv, LOOK_NS, result ? NULL : err) < 0)
			result = -1;
	}
	return result;
}

int hosts_close(struct site *site, struct error *err)
{
	bool held = interrupt_hold(true);
	struct error bad = {0}, this;
	unsigned node;

	site_disconnect(site);
	if (site->built && end_guests(site, &this) < 0)
		error_add(&bad, &this);
	for (node = 0; node < NODES; node++) {
		if (site->existing[node] && existing_guest_restore(site->existing[node], &this) < 0)
			error_add(&bad, &this);
		existing_guest_close(site->existing[node]);
	}
	replication_close(site->replication);
	for (node = 0; node < NODES; node++) {
		hypervisor_close(site->nodes[node].hypervisor);
		host_close(site->nodes[node].host);
	}
	if (site->own_daemons)
		daemons_stop();
	interrupt_hold(held);
	if (bad.kind == ERROR_NONE)
		return 0;
	*err = bad;
	return -1;
}
