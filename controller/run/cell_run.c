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
 *      the mode does with flushes; what they hold after that is measured, and should be nothing
 *   4. both nodes mount (lock_dlm) and open the target; the workload runs
 *   5. unmounted, the disk taken away (site_end), fsck, the replicas compared
 *
 * Each step that fails is named in the facts; what follows is undone as far as it was done. Beside
 * all of it the replication is watched, from before step 1 to after step 4.
 */
#include "run/cell_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "rundir/rundir.h"
#include "host/interrupt.h"
#include "site/file_system.h"
#include "site/replication.h"
#include "site/volume.h"

/* What guests' clocks are taken to drift at most until it is measured. With KVM they tick with the
 * host's; of emulated ones nothing is known, and then pings prove nothing (0). */
#define KVM_DRIFT_PPM 1000

/* workload, and the name of the volume that the run makes ("": the agents note it): NULL when there
 * is none, as of a cell that was not run. */
static void set_facts(struct cell_facts *facts, const struct plan *plan, const struct cell *cell,
		      const struct workload *workload, const char *volume)
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
	facts->volume_made = volume != NULL;
	if (volume)
		snprintf(facts->volume_name, sizeof(facts->volume_name), "%s", volume);
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

	set_facts(&facts, plan, cell, NULL, NULL);
	snprintf(facts.not_run, sizeof(facts.not_run), "%s", why);
	if (rundir_create_cell(run, facts.id, err) < 0)
		return -1;
	return write_facts(&facts, run, err);
}

/* Keep a text in the cell's folder. */
static int keep(const struct cell_state *s, const char *name, const char *text, struct error *err)
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
static void listen(struct cell_state *s, const struct agent_sink *sink)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (s->c->site->agents[node])
			agent_link_set_sink(s->c->site->agents[node], sink);
	}
}

static int give_disks(struct cell_state *s, struct error *err)
{
	int result = site_begin(s->c->site, s->c->cell, s->disk_xml, err);
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

/* A workload is not carried on with once DRBD has made the cell worthless. */
static bool goes_on(void *context)
{
	const struct cell_state *s = context;

	if (replication_goes_on(s->c->site->replication))
		return true;
	event_log_note(s->c->log, "%s: the workload ends early: DRBD is no longer fit",
		       s->facts.id);
	return false;
}

static int work(struct cell_state *s, struct error *err)
{
	struct handoff *handoff = calloc(1, sizeof(*handoff));
	int result;

	if (!handoff)
		return error_set(err, ERROR_WORLD, "out of memory");
	handoff->lanes = s->c->cell->lanes;
	handoff->workload = s->c->workload;
	handoff->agents = s->c->site->agents;
	handoff->recorder = &s->recorder;
	handoff->progress = event_log_progress(s->c->log);
	handoff->units = s->c->plan->size / s->c->plan->unit;
	handoff->seed = s->c->seed;
	handoff->context = s;
	if (s->c->site->replication)
		handoff->goes_on = goes_on;
	if (s->fault->kind != FAULT_NONE)
		handoff->begun = cell_fault_begun;
	result = handoff_carry_out(handoff, err);
	free(handoff);
	return result;
}

/* The workload, between two looks at what the disks count. attached: what they had at first. */
static int work_counted(struct cell_state *s, const struct disk_counts attached[NODES],
			struct error *err)
{
	struct disk_counts before[NODES], after[NODES];
	unsigned node;

	if (cell_count_disks(s, before, err) < 0 || work(s, err) < 0 ||
	    cell_count_disks(s, after, err) < 0)
		return -1;
	for (node = 0; node < NODES; node++) {
		s->facts.disk_bytes[node] = after[node].bytes - attached[node].bytes;
		s->facts.disk_bytes_known[node] = true;
		s->facts.flushes[node] = after[node].flushes - before[node].flushes;
		s->facts.flushes_known[node] =
			before[node].flushes_known && after[node].flushes_known;
	}
	return 0;
}

static int fsck(struct cell_state *s, struct error *err)
{
	struct volume_fsck found;
	int result;

	if (volume_fsck(s->c->site, &found, err) < 0)
		return -1;
	s->facts.fsck_known = found.known;
	s->facts.fsck_errors = found.complaints;
	snprintf(s->facts.fsck_first, sizeof(s->facts.fsck_first), "%s", found.first);
	result = keep(s, "fsck.log", found.log, err);
	free(found.log);
	return result;
}

/* Steps 1 to 4. */
static int test(struct cell_state *s, struct error *err)
{
	struct disk_counts attached[NODES];

	if (give_disks(s, err) < 0)
		return -1;
	cell_prove_modes(s);
	if (cell_count_disks(s, attached, err) < 0)
		return -1;
	event_log_step(s->c->log, "preparing the target");
	if (cell_target_prepare(s, err) < 0)
		return -1;
	cell_measure_caches(s);
	event_log_step(s->c->log, "opening the target on both nodes");
	if (cell_target_open(s, err) < 0)
		return -1;
	if (work_counted(s, attached, err) < 0)
		return -1;
	cell_prove_disk(s);
	cell_fault_prove(s);
	return 0;
}

static void note(const struct cell_state *s, const struct error *err)
{
	event_log_note(s->c->log, "%s: %s", s->facts.id, err->text);
}

/* Once nobody has the volume open: is it whole, and are its replicas alike? */
static void look_at_volume(struct cell_state *s)
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
static bool take_apart(struct cell_state *s, bool tested)
{
	struct site *site = s->c->site;
	bool held = interrupt_hold(true), clean = tested;
	struct error err;
	unsigned node;

	event_log_step(s->c->log, "taking the disk away from both guests");
	for (node = 0; tested && node < NODES; node++) {
		if (cell_target_close(s, node, &err) < 0) {
			note(s, &err);
			clean = false;
		}
	}
	if (site->replication && replication_end(site->replication, &s->facts, &err) < 0)
		note(s, &err);
	if (clean && site_end(site, s->c->cell, s->disk_xml, &err) < 0) {
		note(s, &err);
		clean = false;
	}
	if (clean)
		look_at_volume(s);
	interrupt_hold(held);
	return clean;
}

/* There is no such cell: neither a fault of the tested nor one of ours. */
static void note_refusal(struct cell_state *s, const char *words)
{
	static const char prefix[] = "libvirt: ";

	if (!strncmp(words, prefix, strlen(prefix)))
		words += strlen(prefix);
	snprintf(s->facts.refused, sizeof(s->facts.refused), "refused by libvirt: %.950s", words);
	event_log_note(s->c->log, "%s: %s", s->facts.id, s->facts.refused);
}

int cell_run(const struct cell_run *c, bool *ret_reboot, struct error *err)
{
	struct history_header header = {
		.volume = c->volume,
		.unit = c->plan->unit,
		.units = c->plan->size / c->plan->unit,
		.seed = c->seed,
		.clock = HISTORY_CLOCK_NONE,
	};
	struct cell_state s = {.c = c, .fault = fault_find(c->cell->fault, NULL)};
	int result = -1;
	unsigned node;
	bool watched, fit, tested, refused, clean;

	set_facts(&s.facts, c->plan, c->cell, c->workload,
		  site_mounts(c->site) ? file_system_of(c->site->volume)->name : NULL);
	snprintf(s.directory, sizeof(s.directory), "%s", c->plan->target);
	if (strrchr(s.directory, '/'))
		*strrchr(s.directory, '/') = 0;
	/* a guest that stands still has a clock that does */
	if (c->site->steady_clocks && s.fault->kind != FAULT_GUEST_PAUSE)
		header.drift_ppm = KVM_DRIFT_PPM;
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
	refused = fit && !tested && err->kind == ERROR_REFUSED;
	if (refused) {
		note_refusal(&s, err->text);
	} else if (!tested && (fit || !watched)) {
		if (err->kind == ERROR_WORLD)
			site_blame_host(c->site, err);
		event_log_note(c->log, "%s: %s", s.facts.id, err->text);
		snprintf(s.facts.error, sizeof(s.facts.error), "%.1000s", err->text);
	}
	clean = !fit || take_apart(&s, tested);
	*ret_reboot = (!clean && !refused) || (fit && s.facts.withdraws) || !site_is_up(c->site);
	if (watched && (tested || !fit || err->kind != ERROR_INTERRUPTED))
		result = 0;
	listen(&s, NULL);
	if (recorder_close(&s.recorder, result ? NULL : err) < 0 ||
	    write_facts(&s.facts, c->run, result ? NULL : err) < 0)
		result = -1;
	for (node = 0; node < NODES; node++)
		free(s.disk_xml[node]);
	return result;
}
