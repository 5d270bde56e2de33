/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cell_run.c - see cell_run.h.
 *
 * The order of things is what makes a cell's fault the fault of its cache mode:
 *
 *   1. a fresh volume, given to both guests in the cell's mode (site_begin); the mode in effect is
 *      read back
 *   2. node a alone makes and prefills the target. Where the run mounts the volume, nobody else has
 *      it (lock_nolock); in guests that have mounted it themselves, it is their cluster's
 *   3. both hosts' caches written back and dropped: what node b will read is on the store, whatever
 *      the mode does with flushes
 *   4. both nodes mount (lock_dlm) and open the target; the workload runs
 *   5. unmounted, the disk taken away (site_end), fsck, the replicas compared
 *
 * Each step that fails is named in the facts; what follows is undone as far as it was done. Beside
 * all of it the replication is watched, from before step 1 to after step 4.
 */
#include "run/cell_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "run/handoff.h"
#include "rundir/rundir.h"
#include "site/domain_xml.h"
#include "site/interrupt.h"
#include "site/replication.h"
#include "site/volume.h"

#define MOUNT_NS (60 * NS_PER_S)
#define UNMOUNT_NS (60 * NS_PER_S)
#define OPEN_NS (120 * NS_PER_S)
#define PING_NS (5 * NS_PER_S)
#define DISK_MS 30000
/* What guests' clocks are taken to drift at most until it is measured. With KVM they tick with the
 * host's; of emulated ones nothing is known, and then pings prove nothing (0). */
#define KVM_DRIFT_PPM 1000

/* State of a cell under way, beside what it was given. */
struct state {
	const struct cell_run *c;
	struct cell_facts facts;
	struct recorder recorder;
	char *disk_xml[NODES];		  /* of guests of ours */
	char directory[MESSAGE_TEXT_MAX]; /* where the guests mount: the target's parent */
};

/* workload: NULL when it is not known (a cell that was not run). */
static void set_facts(struct cell_facts *facts, const struct plan *plan, const struct cell *cell,
		      const struct workload *workload)
{
	cell_facts_init(facts);
	snprintf(facts->id, sizeof(facts->id), "%s", cell->id);
	snprintf(facts->selector, sizeof(facts->selector), "%s", cell->selector);
	memcpy(facts->asked, cell->cache, sizeof(facts->asked));
	snprintf(facts->path, sizeof(facts->path), "%s", cell->path);
	snprintf(facts->workload, sizeof(facts->workload), "%s", cell->workload);
	snprintf(facts->fault, sizeof(facts->fault), "%s", cell->fault);
	facts->repeat = cell->repeat;
	facts->has_expected = cell->has_expected;
	facts->expected = cell->expected;
	facts->confidence = plan->confidence;
	facts->max_rate = plan->max_rate;
	facts->unit = plan->unit;
	facts->units = plan->size / plan->unit;
	facts->files = workload ? workload->files : 0;
}

static int write_facts(const struct cell_facts *facts, const char *run, struct error *err)
{
	char *path = rundir_path(run, facts->id, "cell.json");
	int result;

	if (!path)
		return error_set(err, ERROR_WORLD, "out of memory");
	result = cell_facts_write(facts, path, err);
	free(path);
	return result;
}

int cell_run_skip(const struct plan *plan, const struct cell *cell, const char *run,
		  const char *why, struct error *err)
{
	struct cell_facts facts;

	set_facts(&facts, plan, cell, NULL);
	snprintf(facts.not_run, sizeof(facts.not_run), "%s", why);
	if (rundir_create_cell(run, facts.id, err) < 0)
		return -1;
	return write_facts(&facts, run, err);
}

/* Keep a text in the cell's folder. */
static int keep(const struct state *s, const char *name, const char *text, struct error *err)
{
	char *path = rundir_path(s->c->run, s->facts.id, name);
	int result;

	if (!path)
		return error_set(err, ERROR_WORLD, "out of memory");
	result = rundir_write_file(path, text, strlen(text), err);
	free(path);
	return result;
}

/* From now on what the agents say goes into the histories. */
static void listen(struct state *s, const struct agent_sink *sink)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (s->c->site->agents[node])
			agent_link_set_sink(s->c->site->agents[node], sink);
	}
}

static int give_disks(struct state *s, struct error *err)
{
	int result = site_begin(s->c->site, s->c->cell->cache, s->disk_xml, err);
	char name[32];
	unsigned node;

	for (node = 0; node < NODES; node++) {
		snprintf(name, sizeof(name), "%c-disk.xml", 'a' + node);
		if (s->disk_xml[node] && keep(s, name, s->disk_xml[node], result ? NULL : err) < 0)
			result = -1;
	}
	listen(s, &s->recorder.sink);
	return result;
}

/* Read the modes in effect; what cannot be read makes the cell invalid, not failed. */
static void prove_modes(struct state *s)
{
	struct error err;
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (!site_effective(s->c->site, node, &s->facts.effective[node], &err))
			s->facts.effective_known[node] = true;
		else if (!s->facts.invalid[0])
			snprintf(s->facts.invalid, sizeof(s->facts.invalid),
				 "the cache mode in effect on host %c is not known: %.800s",
				 'a' + node, err.text);
	}
	event_log_note(s->c->log, "%s: in effect %s/%s", s->facts.id,
		       s->facts.effective_known[0] ? cache_mode_names[s->facts.effective[0]] : "?",
		       s->facts.effective_known[1] ? cache_mode_names[s->facts.effective[1]] : "?");
}

static int begin_mount(struct state *s, unsigned node, const char *options, struct error *err)
{
	struct message_mount mount = {.timeout_ms = DISK_MS};

	snprintf(mount.serial, sizeof(mount.serial), "%s", GUEST_SERIAL);
	snprintf(mount.directory, sizeof(mount.directory), "%s", s->directory);
	snprintf(mount.fstype, sizeof(mount.fstype), "gfs2");
	snprintf(mount.options, sizeof(mount.options), "%s", options);
	return agent_begin_mount(s->c->site->agents[node], &mount, err);
}

static int unmount(struct state *s, unsigned node, struct error *err)
{
	struct agent_link *agent = s->c->site->agents[node];

	if (!site_mounts(s->c->site))
		return 0;
	if (agent_begin_unmount(agent, s->directory, err) < 0)
		return -1;
	return agent_finish(agent, UNMOUNT_NS, err);
}

static int open_target(struct state *s, unsigned node, bool create, struct error *err)
{
	struct agent_link *agent = s->c->site->agents[node];
	const struct plan *plan = s->c->plan;
	struct message_open target = {
		.size = plan->size,
		.unit = plan->unit,
		.files = s->c->workload->files,
		.volume = s->c->volume,
		.node = (uint8_t)node,
		.create = create,
		.device = s->c->site->volume == VOLUME_RAW,
		.timeout_ms = DISK_MS,
	};

	snprintf(target.path, sizeof(target.path), "%s", plan->target);
	if (target.device && !plan->target[0])
		snprintf(target.serial, sizeof(target.serial), "%s", GUEST_SERIAL);
	memcpy(target.run, s->c->uuid, sizeof(target.run));
	snprintf(target.io, sizeof(target.io), "%s", s->c->cell->path);
	if (agent_begin_open(agent, &target, err) < 0)
		return -1;
	return agent_finish(agent, OPEN_NS, err);
}

static int close_target(struct state *s, unsigned node, struct error *err)
{
	struct agent_link *agent = s->c->site->agents[node];

	if (agent_begin_close(agent, err) < 0)
		return -1;
	return agent_finish(agent, OPEN_NS, err);
}

/* Mount where the run does it; what fails or hangs may be there even so. */
static int mount_on(struct state *s, unsigned node, const char *options, struct error *err)
{
	if (!site_mounts(s->c->site))
		return 0;
	if (begin_mount(s, node, options, err) < 0)
		return -1;
	return agent_finish(s->c->site->agents[node], MOUNT_NS, err);
}

/* Steps 2 and 3: the target is made by node a alone, and is on the store when b looks. */
static int prepare_target(struct state *s, struct error *err)
{
	if (mount_on(s, 0, "lockproto=lock_nolock,noatime", err) < 0 ||
	    open_target(s, 0, true, err) < 0 || close_target(s, 0, err) < 0 ||
	    unmount(s, 0, err) < 0)
		return error_prefix(err, "preparing the target");
	return site_drop_caches(s->c->site, err);
}

static int mount_both(struct state *s, struct error *err)
{
	struct agent_link *const *agents = s->c->site->agents;
	struct ping ping;
	unsigned node;

	for (node = 0; site_mounts(s->c->site) && node < NODES; node++) {
		if (begin_mount(s, node, "noatime", err) < 0)
			return -1;
	}
	for (node = 0; site_mounts(s->c->site) && node < NODES; node++) {
		if (agent_finish(agents[node], MOUNT_NS, err) < 0)
			return -1;
	}
	for (node = 0; node < NODES; node++) {
		if (agent_ping(agents[node], PING_NS, &ping, err) < 0)
			return -1;
		s->facts.mounted_ns[node] = ping.n1;
		s->facts.mounted_known[node] = true;
	}
	for (node = 0; node < NODES; node++) {
		if (open_target(s, node, false, err) < 0)
			return -1;
	}
	return 0;
}

static int work(struct state *s, struct error *err)
{
	struct handoff *handoff = calloc(1, sizeof(*handoff));
	int result;

	if (!handoff)
		return error_set(err, ERROR_WORLD, "out of memory");
	handoff->workload = s->c->workload;
	handoff->agents = s->c->site->agents;
	handoff->recorder = &s->recorder;
	handoff->progress = event_log_progress(s->c->log);
	handoff->units = s->c->plan->size / s->c->plan->unit;
	handoff->seed = s->c->seed;
	result = handoff_carry_out(handoff, err);
	free(handoff);
	return result;
}

static int fsck(struct state *s, struct error *err)
{
	struct volume_fsck found;
	int result;

	if (volume_fsck(s->c->site, &found, err) < 0)
		return -1;
	s->facts.fsck_known = true;
	s->facts.fsck_errors = found.complaints;
	snprintf(s->facts.fsck_first, sizeof(s->facts.fsck_first), "%s", found.first);
	result = keep(s, "fsck.log", found.log, err);
	free(found.log);
	return result;
}

/* Steps 1 to 4. */
static int test(struct state *s, struct error *err)
{
	if (give_disks(s, err) < 0)
		return -1;
	prove_modes(s);
	event_log_step(s->c->log, "preparing the target");
	if (prepare_target(s, err) < 0)
		return -1;
	event_log_step(s->c->log, "opening the target on both nodes");
	if (mount_both(s, err) < 0)
		return -1;
	return work(s, err);
}

static void note(const struct state *s, const struct error *err)
{
	event_log_note(s->c->log, "%s: %s", s->facts.id, err->text);
}

/* Once nobody has the volume open: is it whole, and are its replicas alike? */
static void look_at_volume(struct state *s)
{
	struct site *site = s->c->site;
	struct error err;

	if (site_mounts(site) && fsck(s, &err) < 0)
		note(s, &err);
	if (site->replication && s->c->plan->verify) {
		event_log_step(s->c->log, "comparing the replicas");
		if (replication_verify(site->replication, &s->facts, &err) < 0)
			note(s, &err);
	}
}

/*
 * Step 5. A guest that does not let go (it hangs after a withdraw, say) does not spoil what was
 * tested: guests of ours are rebooted and the file system is not checked, which the facts show.
 */
static bool take_apart(struct state *s, bool tested)
{
	struct site *site = s->c->site;
	bool held = interrupt_hold(true), clean = tested;
	struct error err;
	unsigned node;

	event_log_step(s->c->log, "taking the disk away from both guests");
	for (node = 0; tested && node < NODES; node++) {
		if (close_target(s, node, &err) < 0 || unmount(s, node, &err) < 0) {
			note(s, &err);
			clean = false;
		}
	}
	if (site->replication && replication_end(site->replication, &s->facts, &err) < 0)
		note(s, &err);
	listen(s, NULL);
	if (clean && site_end(site, s->disk_xml, &err) < 0) {
		note(s, &err);
		clean = false;
	}
	if (clean)
		look_at_volume(s);
	interrupt_hold(held);
	return clean;
}

int cell_run(const struct cell_run *c, bool *ret_reboot, struct error *err)
{
	struct history_header header = {
		.volume = c->volume,
		.unit = c->plan->unit,
		.units = c->plan->size / c->plan->unit,
		.seed = c->seed,
		.clock = HISTORY_CLOCK_NONE,
		.drift_ppm = c->site->steady_clocks ? KVM_DRIFT_PPM : 0,
	};
	struct state s = {.c = c};
	int result = -1;
	unsigned node;
	bool watched, fit, tested;

	set_facts(&s.facts, c->plan, c->cell, c->workload);
	snprintf(s.directory, sizeof(s.directory), "%s", c->plan->target);
	if (strrchr(s.directory, '/'))
		*strrchr(s.directory, '/') = 0;
	memcpy(header.run, c->uuid, sizeof(header.run));
	/* what stands there should this process be killed before the cell's end */
	snprintf(s.facts.error, sizeof(s.facts.error), "the run ended before this cell did");
	if (rundir_create_cell(c->run, s.facts.id, err) < 0 ||
	    write_facts(&s.facts, c->run, err) < 0 ||
	    recorder_open(&s.recorder, c->run, &header, &s.facts, &c->listener, err) < 0)
		return -1;
	s.facts.error[0] = 0;
	listen(&s, &s.recorder.sink);
	watched = !c->site->replication || !replication_begin(c->site->replication, &s.facts, err);
	fit = watched && !s.facts.invalid[0] && !s.facts.error[0];
	tested = fit && !test(&s, err);
	if (!tested && (fit || !watched)) {
		event_log_note(c->log, "%s: %s", s.facts.id, err->text);
		snprintf(s.facts.error, sizeof(s.facts.error), "%.1000s", err->text);
	}
	*ret_reboot = fit && (!take_apart(&s, tested) || s.facts.withdraws);
	if (watched && (tested || !fit || err->kind != ERROR_INTERRUPTED))
		result = 0;
	if (recorder_close(&s.recorder, result ? NULL : err) < 0 ||
	    write_facts(&s.facts, c->run, result ? NULL : err) < 0)
		result = -1;
	for (node = 0; node < NODES; node++)
		free(s.disk_xml[node]);
	return result;
}
