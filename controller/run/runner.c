/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runner.c - see runner.h. */
#include "run/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <uuid/uuid.h>

#include "common/bytes.h"
#include "plan/workload.h"
#include "run/cell_run.h"
#include "run/event_log.h"
#include "run/manifest.h"
#include "rundir/rundir.h"
#include "site/hypervisor.h"
#include "site/interrupt.h"
#include "site/lab.h"

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
	return 0;
}

int runner_check(const struct plan *plan, struct error *err)
{
	struct workload workload;
	size_t i;

	if (plan->kind != SITE_LAB)
		return error_set(
			err, ERROR_USER,
			"%s: kind = hosts is not supported by this version, which runs the "
			"embedded lab; use kind = lab",
			plan->name);
	for (i = 0; i < plan->n_cells; i++) {
		if (load_workload(plan->cells[i].workload, &workload, err) < 0 ||
		    fits(plan, &workload, err) < 0)
			return -1;
	}
	return 0;
}

/* Copy a console's log to the run directory: the lab's own goes with the lab. */
static void keep_consoles(const char *run, struct event_log *log)
{
	static const char *const names[NODES] = {"consoles/a.log", "consoles/b.log"};
	struct error err;
	unsigned node;
	char *path, *text;
	size_t size;

	for (node = 0; node < NODES; node++) {
		path = rundir_path(run, NULL, names[node]);
		text = rundir_read_file(lab_console(node), 64U << 20, &size, &err);
		if (!path || !text || rundir_write_file(path, text, size, &err) < 0)
			event_log_note(log, "console of node %c not kept: %s", 'a' + node,
				       err.text);
		free(path);
		free(text);
	}
}

static int keep_domains(const struct lab *lab, const char *run, struct error *err)
{
	static const char *const names[NODES] = {"domains/a.xml", "domains/b.xml"};
	char *path, *xml;
	unsigned node;
	int result = 0;

	for (node = 0; !result && node < NODES; node++) {
		path = rundir_path(run, NULL, names[node]);
		xml = hypervisor_xml(lab->hypervisor, lab_guest_names[node], err);
		result = !path || !xml || rundir_write_file(path, xml, strlen(xml), err) < 0 ? -1
											     : 0;
		free(path);
		free(xml);
	}
	return result;
}

static void fill_manifest(struct manifest *manifest, const struct lab *lab)
{
	manifest->accelerator = lab->state.kvm ? "kvm" : "tcg";
	hypervisor_versions(lab->hypervisor, manifest->hypervisor, sizeof(manifest->hypervisor));
	snprintf(manifest->guest_kernel, sizeof(manifest->guest_kernel), "%s",
		 agent_link_kernel(lab->agents[0]));
	snprintf(manifest->agent, sizeof(manifest->agent), "%s", agent_link_build(lab->agents[0]));
	snprintf(manifest->packages, sizeof(manifest->packages), "%s", lab->state.image.packages);
}

static int run_cell(const struct runner *r, struct lab *lab, struct event_log *log,
		    const struct manifest *manifest, size_t index, bool *reboot, struct error *err)
{
	struct workload workload;
	struct cell_run c = {
		.plan = r->plan,
		.cell = &r->plan->cells[index],
		.workload = &workload,
		.run = r->run,
		.lab = lab,
		.log = log,
		.volume = get_u32(manifest->uuid) + (uint32_t)index + 1,
		.seed = r->seed + index,
		.listener = {r->record, r->context},
	};

	memcpy(c.uuid, manifest->uuid, sizeof(c.uuid));
	if (load_workload(c.cell->workload, &workload, err) < 0)
		return -1;
	if (*reboot) {
		event_log_step(log, "rebooting the guests");
		if (lab_reboot(lab, err) < 0)
			return -1;
	}
	return cell_run(&c, reboot, err);
}

static int run_cells(const struct runner *r, struct lab *lab, struct event_log *log,
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
		result = run_cell(r, lab, log, manifest, i, &reboot, err);
		reboot |= r->cold;
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

int runner_run(const struct runner *r, struct error *err)
{
	struct lab_options options = {
		.purpose = r->purpose,
		.accelerator = r->accelerator,
		.volume_size = r->plan->volume_size,
		.boot_ns = r->boot_ns,
	};
	struct manifest manifest = {
		.seed = r->seed,
		.plan = r->plan->name,
		.command_line = r->command_line,
		.started_s = time(NULL),
		.accelerator = "",
	};
	struct event_log *log;
	struct lab lab;
	int result = -1;

	uuid_generate_random(manifest.uuid);
	log = event_log_open(r->run, r->progress, err);
	if (!log)
		return -1;
	options.progress = event_log_progress(log);
	if (lab_open(&options, &lab, err) < 0)
		goto out;
	fill_manifest(&manifest, &lab);
	if (!manifest_write(&manifest, r->run, err) && !keep_domains(&lab, r->run, err))
		result = run_cells(r, &lab, log, &manifest, err);
	event_log_step(log, "taking the lab down");
	keep_consoles(r->run, log);
	lab_close(&lab);
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
