/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runner.c - see runner.h. */
#include "run/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uuid/uuid.h>

#include "common/bytes.h"
#include "common/clock.h"
#include "plan/workload.h"
#include "run/batch.h"
#include "run/cell_run.h"
#include "run/event_log.h"
#include "run/manifest.h"
#include "rundir/rundir.h"
#include "site/hosts.h"
#include "site/lab.h"

#define CONSOLE_NS (60 * NS_PER_S)
#define CONSOLE_MAX "1000000" /* bytes */

static int load_workload(const char *name, struct workload *ret, struct error *err)
{
	char **dirs = workload_dirs(), *path;
	int result = -1;

	path = dirs ? workload_find(name, dirs, err) : NULL;
	if (path)
		result = workload_read(path, ret, err);
	workload_free_list(dirs);
	free(path);
	return result;
}

/* The logs grow with each write; an agent reads one as a whole. */
static int logs_fit(const struct plan *plan, const struct workload *w, struct error *err)
{
	uint64_t entries = 0;
	unsigned i, j;

	for (i = 0; i < w->n_steps; i++) {
		for (j = 0; j < w->steps[i].n_actions; j++)
			entries += w->steps[i].actions[j].what == DO_WRITE;
	}
	entries *= (uint64_t)w->rounds * (w->units / w->files);
	if (w->layout == LAYOUT_LOG && entries * plan->unit >= MESSAGE_LOG_MAX)
		return error_set(err, ERROR_USER,
				 "%s: workload %s appends up to %llu units of %u bytes to a file; "
				 "a log of %u bytes or more is not read: fewer rounds, or a "
				 "smaller unit",
				 plan->name, w->name, (unsigned long long)entries, plan->unit,
				 MESSAGE_LOG_MAX);
	return 0;
}

/* From the first delayed step on each is done for all files in one request. */
static int steps_fit(const struct plan *plan, const struct workload *w, struct error *err)
{
	bool beside = w->layout >= LAYOUT_LOG, delayed = false;
	uint64_t size;
	unsigned i, j;

	for (i = 0; i < w->n_steps; i++) {
		const struct workload_step *step = &w->steps[i];

		size = batch_step_size(w, step, plan->size / plan->unit);
		delayed |= step->delay_max_ns != 0;
		size *= delayed ? w->files : 1;
		if (size > MESSAGE_OPS_MAX)
			return error_set(err, ERROR_USER,
					 "%s: step %u of workload %s is %llu operations in this "
					 "target; at most %u are done at once",
					 plan->name, i + 1, w->name, (unsigned long long)size,
					 MESSAGE_OPS_MAX);
		for (j = 0; j < step->n_actions; j++)
			beside |= step->actions[j].what == DO_INCREMENT;
	}
	if (beside && plan->volume == VOLUME_RAW)
		return error_set(
			err, ERROR_USER,
			"%s: workload %s needs files (logs, names, tails, or locks on them); "
			"volume = raw has none",
			plan->name, w->name);
	if (w->layout == LAYOUT_NAMES && plan->unit < 2 * SECTOR_SIZE)
		return error_set(err, ERROR_USER,
				 "%s: workload %s has names, where two entries of one are told as "
				 "a torn unit: unit = %u is too small, at least %u is needed",
				 plan->name, w->name, plan->unit, 2 * SECTOR_SIZE);
	return logs_fit(plan, w, err);
}

static int fits(const struct plan *plan, const struct workload *workload, struct error *err)
{
	uint64_t units = plan->size / plan->unit;

	if (units % workload->files || units < workload->units)
		return error_set(
			err, ERROR_USER,
			"%s: workload %s needs a target of at least %u units, a multiple of "
			"its %u files; size = %llu is %llu units of %u bytes",
			plan->name, workload->name, workload->units, workload->files,
			(unsigned long long)plan->size, (unsigned long long)units, plan->unit);
	return steps_fit(plan, workload, err);
}

/* Does anybody write while the other node reads or writes? */
static bool is_at_once(const struct workload *w)
{
	unsigned i, j;

	for (i = 1; i < w->n_steps; i++) {
		for (j = 0; w->steps[i].at_once && j < WORKLOAD_ACTIONS_MAX; j++) {
			if (w->steps[i].actions[j].what == DO_WRITE ||
			    w->steps[i - 1].actions[j].what == DO_WRITE)
				return true; /* names and tails do not go by mmap */
		}
	}
	return w->n_lanes;
}

/* Lanes that run free each do one operation at a time: a ring is not theirs to share. And mmap
 * copies a unit piece by piece, so that two at once leave a mixture, with nothing being wrong. */
static int path_fits(const struct plan *plan, const struct cell *cell, const struct workload *w,
		     struct error *err)
{
	unsigned role;

	for (role = 0; w->n_lanes && role < IO_ROLES; role++) {
		enum io_kind kind = cell->io[role].kind;

		if (kind == IO_URING || kind == IO_URING_DIRECT)
			return error_set(err, ERROR_USER,
					 "%s: workload %s has lanes that run free, which do not go "
					 "with path = %s",
					 plan->name, w->name, cell->path);
	}
	for (role = 0; role < IO_ROLES; role++) {
		if (cell->io[role].kind == IO_MMAP && is_at_once(w))
			return error_set(err, ERROR_USER,
					 "%s: workload %s writes on both nodes at once, which with "
					 "path = %s may leave a mixture, though nothing is wrong",
					 plan->name, w->name, cell->path);
	}
	return 0;
}

static int fault_fits(const struct plan *plan, const struct cell *cell, const struct workload *w,
		      struct error *err)
{
	if (strcmp(cell->fault, "none") != 0 && !w->n_steps)
		return error_set(err, ERROR_USER,
				 "%s: fault %s fires in a step, and workload %s has none; use one "
				 "that has, such as handoff",
				 plan->name, cell->fault, w->name);
	return 0;
}

int runner_check(struct plan *plan, struct error *err)
{
	struct workload workload;
	unsigned lanes;
	size_t i;

	for (i = 0; i < plan->n_cells; i++) {
		if (load_workload(plan->cells[i].workload, &workload, err) < 0 ||
		    fits(plan, &workload, err) < 0 ||
		    path_fits(plan, &plan->cells[i], &workload, err) < 0 ||
		    fault_fits(plan, &plan->cells[i], &workload, err) < 0)
			return -1;
		lanes = workload_lanes(&workload);
		plan->cells[i].lanes = io_names_lanes(plan->cells[i].io);
		if (lanes > plan->cells[i].lanes)
			plan->cells[i].lanes = lanes;
		plan->cells[i].churns = workload_churns(&workload);
	}
	return 0;
}

/* Copy the consoles of guests of ours (their ends) to the run directory: they go with the guests.
 */
static void keep_consoles(struct site *site, const char *run, struct event_log *log)
{
	static const char *const names[NODES] = {"consoles/a.log", "consoles/b.log"};
	struct process_result result;
	struct error err;
	unsigned node;
	char *path;

	for (node = 0; site->built && node < NODES; node++) {
		const char *argv[] = {"tail", "-c", CONSOLE_MAX, site->guests[node].console, NULL};

		if (host_run(site->nodes[node].host, argv, CONSOLE_NS, &result, &err) < 0) {
			event_log_note(log, "console of node %c not kept: %s", 'a' + node,
				       err.text);
			continue;
		}
		path = rundir_path(run, NULL, names[node]);
		if (!path || rundir_write_file(path, result.out, strlen(result.out), &err) < 0)
			event_log_note(log, "console of node %c not kept", 'a' + node);
		free(path);
		process_result_done(&result);
	}
}

/* The definitions of guests of ours; the user's are kept before they are changed. */
static int keep_domains(const struct site *site, const char *run, struct error *err)
{
	static const char *const names[NODES] = {"domains/a.xml", "domains/b.xml"};
	char *path, *xml;
	unsigned node;
	int result = 0;

	for (node = 0; site->built && !result && node < NODES; node++) {
		path = rundir_path(run, NULL, names[node]);
		xml = hypervisor_xml(site->nodes[node].hypervisor, site->nodes[node].domain, err);
		result = !path || !xml || rundir_write_file(path, xml, strlen(xml), err) < 0 ? -1
											     : 0;
		free(path);
		free(xml);
	}
	return result;
}

/* Known once there is a site, and all of it once its agents have spoken. */
static void fill_manifest(struct manifest *manifest, const struct site *site)
{
	manifest->accelerator = site->accelerator;
	hypervisor_versions(site->nodes[0].hypervisor, manifest->hypervisor,
			    sizeof(manifest->hypervisor));
	snprintf(manifest->packages, sizeof(manifest->packages), "%s", site->packages);
	snprintf(manifest->guest_kernel, sizeof(manifest->guest_kernel), "%s", site->kernel);
	snprintf(manifest->agent, sizeof(manifest->agent), "%s", site->agent);
}

/* What a cell needs before it is one: else it is in the record as not run. */
static int ready(const struct runner *r, struct site *site, struct event_log *log, size_t index,
		 bool reboot, struct workload *ret, struct error *err)
{
	const struct cell *cell = &r->plan->cells[index];
	int result = load_workload(cell->workload, ret, err);

	if (!result && reboot && !site_boots_for(site, cell)) {
		if (site->built)
			event_log_step(log, "rebooting the guests");
		result = site_reboot(site, err);
	}
	if (result < 0)
		cell_run_skip(r->plan, cell, r->run, err->text, NULL);
	return result;
}

static int run_cell(const struct runner *r, struct site *site, struct event_log *log,
		    const struct manifest *manifest, size_t index, bool *reboot, struct error *err)
{
	struct workload workload;
	struct cell_run c = {
		.plan = r->plan,
		.cell = &r->plan->cells[index],
		.workload = &workload,
		.run = r->run,
		.site = site,
		.log = log,
		.volume = get_u32(manifest->uuid) + (uint32_t)index + 1,
		.seed = r->seed + index,
		.listener = {r->record, r->context},
	};

	memcpy(c.uuid, manifest->uuid, sizeof(c.uuid));
	if (ready(r, site, log, index, *reboot, &workload, err) < 0)
		return -1;
	return cell_run(&c, reboot, err);
}

static int run_cells(const struct runner *r, struct site *site, struct event_log *log,
		     const struct manifest *manifest, struct error *err)
{
	bool reboot = false;
	size_t i, rest;
	int result = 0;

	for (i = 0; i < r->plan->n_cells && !result; i++) {
		const struct cell *cell = &r->plan->cells[i];

		if (r->begin)
			r->begin(r->context, cell, i);
		event_log_note(log, "cell %s: %s", cell->id, cell->selector);
		result = run_cell(r, site, log, manifest, i, &reboot, err);
		reboot |= r->cold || r->plan->cold;
		if (!result && r->end)
			r->end(r->context, cell, i);
	}
	for (rest = i; result && rest < r->plan->n_cells; rest++)
		cell_run_skip(r->plan, &r->plan->cells[rest], r->run, err->text, NULL);
	return result;
}

static int mark_complete(const char *run, struct error *err)
{
	char *path = rundir_path(run, NULL, "complete");
	int result = path ? rundir_write_file(path, "", 0, err)
			  : error_set(err, ERROR_WORLD, "out of memory");

	free(path);
	return result;
}

/* The site of a run: the lab's, or the hosts of the plan. */
struct opened {
	struct lab lab;
	struct site hosts;
	struct site *site;
};

static int open_site(const struct runner *r, struct event_log *log, struct opened *ret,
		     struct error *err)
{

	const struct lab_options lab = {
		.purpose = r->purpose,
		.accelerator = r->accelerator,
		.volume = r->plan->volume,
		.volume_size = r->plan->volume_size,
		.scsi = plan_has_bus(r->plan, DISK_BUS_SCSI),
		.boot_ns = r->boot_ns,
		.progress = event_log_progress(log),
	};
	const struct hosts_options hosts = {
		.plan = r->plan,
		.run = r->run,
		.ssh_config = r->ssh_config,
		.accelerator = r->accelerator,
		.boot_ns = r->boot_ns,
		.progress = event_log_progress(log),
	};
	int result;

	ret->site = r->plan->kind == SITE_LAB ? &ret->lab.site : &ret->hosts;
	result = r->plan->kind == SITE_LAB ? lab_open(&lab, &ret->lab, err)
					   : hosts_open(&hosts, &ret->hosts, err);
	if (!result)
		ret->site->block_size = r->plan->block_size;
	return result;
}

static int close_site(const struct runner *r, struct opened *opened, struct error *err)
{
	if (r->plan->kind != SITE_LAB)
		return hosts_close(&opened->hosts, err);
	lab_close(&opened->lab);
	return 0;
}

int runner_run(const struct runner *r, struct error *err)
{
	struct manifest manifest = {
		.seed = r->seed,
		.plan = r->plan->name,
		.command_line = r->command_line,
		.started_s = time(NULL),
		.accelerator = "",
	};
	struct event_log *log;
	struct opened opened;
	struct error close_err;
	int result = -1;

	uuid_generate_random(manifest.uuid);
	log = event_log_open(r->run, r->progress, err);
	if (!log)
		return -1;
	if (open_site(r, log, &opened, err) < 0)
		goto out;
	fill_manifest(&manifest, opened.site);
	if (!manifest_write(&manifest, r->run, err) && !keep_domains(opened.site, r->run, err))
		result = run_cells(r, opened.site, log, &manifest, err);
	event_log_step(log, r->plan->kind == SITE_LAB ? "taking the lab down"
						      : "putting the hosts back as they were");
	fill_manifest(&manifest, opened.site);
	keep_consoles(opened.site, r->run, log);
	if (close_site(r, &opened, &close_err) < 0) {
		event_log_note(log, "not put back: %s", close_err.text);
		if (!result)
			err->kind = ERROR_NONE;
		error_add(err, &close_err);
		result = -1;
	}
	manifest.ended_s = time(NULL);
	if (manifest_write(&manifest, r->run, result ? NULL : err) < 0)
		result = -1;
	if (!result)
		result = mark_complete(r->run, err);
out:
	if (result < 0)
		event_log_note(log, "ended early: %s", err->text);
	event_log_close(log);
	return result;
}
