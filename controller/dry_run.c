/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dry_run.c - see dry_run.h.
 *
 * The XML is what a run would define, by the site's own functions, so that what is shown here
 * cannot differ from what is done. Of hosts of the user's only the plan is known: nobody is asked,
 * so the definitions of the guests there are told in words, and so is what depends on the host
 * (whether guests of ours have KVM there).
 */
#include "dry_run.h"

#include <stdlib.h>

#include "rundir/facts.h"
#include "site/built_guests.h"
#include "site/lab.h"

static void print_cell(const struct cell *cell, FILE *out)
{
	fprintf(out, "\n# cell %s: %s%s%s\n", cell->id, cell->selector,
		cell->has_expected ? ", expected " : "",
		cell->has_expected ? verdict_kind_names[cell->expected] : "");
}

static int print_disk(const struct site *site, unsigned node, const struct cell *cell, FILE *out,
		      struct error *err)
{
	char *xml = built_guest_disk_xml(site, node, cell, err);

	if (!xml)
		return -1;
	fprintf(out, "%s\n", xml);
	free(xml);
	return 0;
}

static int lab_run(const struct plan *plan, enum accelerator accelerator, FILE *out,
		   struct error *err)
{
	struct lab_state state = {
		.volume = plan->volume,
		.scsi = plan_has_bus(plan, DISK_BUS_SCSI),
		.loops = {"{loop-a}", "{loop-b}"},
		.image = {.kernel = "{image}/vmlinuz", .initramfs = "{image}/initramfs"}};
	struct site site = {0};
	unsigned node;
	size_t i;
	char *xml;

	if (accelerator_choose(accelerator, &state.kvm, err) < 0)
		return -1;
	lab_describe(&state, &site);
	for (node = 0; node < NODES; node++) {
		xml = built_guest_xml(&site, node, err);
		if (!xml)
			return -1;
		fprintf(out, "\n# guest of node %c\n%s\n", 'a' + node, xml);
		free(xml);
	}
	for (i = 0; i < plan->n_cells; i++) {
		print_cell(&plan->cells[i], out);
		for (node = 0; node < NODES; node++) {
			if (print_disk(&site, node, &plan->cells[i], out, err) < 0)
				return -1;
		}
	}
	return 0;
}

/* "host a (root@alpha)" */
static void print_host(const struct plan *plan, unsigned node, FILE *out)
{
	const struct plan_host *host = &plan->hosts[node];

	fprintf(out, "host %c (%s)", 'a' + node, host->ssh[0] ? host->ssh : "local");
}

/* The same for guests of either kind. */
static void print_verify(const struct plan *plan, FILE *out)
{
	if (plan->verify && plan->hosts[0].resource[0])
		fprintf(out,
			"host a: after each cell the replicas are compared (drbdadm verify "
			"%s)\n",
			plan->hosts[0].resource);
}

/* ", io=native": what else is to be another. */
static void print_setup(const struct disk_setup *setup, FILE *out)
{
	unsigned axis;

	for (axis = 0; axis < DISK_AXES; axis++) {
		if (setup->value[axis])
			fprintf(out, ", %s=%s", disk_axes[axis].key,
				disk_axes[axis].names[setup->value[axis]]);
	}
}

/* Guests of the user's. */
static void existing_run(const struct plan *plan, FILE *out)
{
	unsigned node;
	size_t i;

	fprintf(out, "\n# first: both guests are looked at, and their definitions saved in the run "
		     "directory\n");
	for (node = 0; node < NODES; node++) {
		print_host(plan, node, out);
		fprintf(out, ": guest %s at %s, disk %s, which is %s\n", plan->hosts[node].domain,
			plan->hosts[node].libvirt, plan->hosts[node].disk,
			plan->hosts[node].device);
	}
	fprintf(out, "in the guests: %s is written to%s\n", plan->target,
		plan->volume == VOLUME_RAW ? " as a whole, if it bears our claim"
					   : ", a folder that must be new or ours");
	print_verify(plan, out);
	for (i = 0; i < plan->n_cells; i++) {
		print_cell(&plan->cells[i], out);
		for (node = 0; node < NODES; node++) {
			const struct plan_host *host = &plan->hosts[node];
			enum cache_mode cache = plan->cells[i].cache[node];

			print_host(plan, node, out);
			fprintf(out, ": guest %s is shut down, redefined (disk %s: %s%s%s",
				host->domain, host->disk,
				cache == CACHE_DEFAULT ? "no cache attribute" : "cache='",
				cache == CACHE_DEFAULT ? "" : cache_mode_names[cache],
				cache == CACHE_DEFAULT ? "" : "'");
			print_setup(&plan->cells[i].disk, out);
			fputs("), started\n", out);
		}
	}
	fprintf(out, "\n# last: all is put back\n");
	for (node = 0; node < NODES; node++) {
		print_host(plan, node, out);
		fprintf(out,
			": guest %s is shut down, its saved definition put back, and it is started "
			"if it ran before\n",
			plan->hosts[node].domain);
	}
}

/* Guests of ours on the user's hosts. */
static int built_run(const struct plan *plan, enum accelerator accelerator, FILE *out,
		     struct error *err)
{
	struct site site = {.built = true, .volume = plan->volume};
	unsigned node;
	size_t i;

	fprintf(out, "\n# once: a guest of ours on each host (%s)\n",
		accelerator == ACCELERATOR_AUTO ? "with KVM where it works there"
						: accelerator_names[accelerator]);
	for (node = 0; node < NODES; node++) {
		const struct plan_host *host = &plan->hosts[node];

		snprintf(site.nodes[node].device, sizeof(site.nodes[node].device), "%s",
			 host->device);
		print_host(plan, node, out);
		fprintf(out,
			": a guest is booted at %s, and destroyed at the end; %s is written to "
			"as a whole, if it bears our claim\n",
			host->libvirt, host->device);
	}
	print_verify(plan, out);
	for (i = 0; i < plan->n_cells; i++) {
		print_cell(&plan->cells[i], out);
		if (plan->volume != VOLUME_RAW)
			fprintf(out, "host a: a new %s on %s\n", volume_kind_names[plan->volume],
				plan->hosts[0].device);
		for (node = 0; node < NODES; node++) {
			print_host(plan, node, out);
			fprintf(out, ": plugged into the guest:\n");
			if (print_disk(&site, node, &plan->cells[i], out, err) < 0)
				return -1;
		}
	}
	return 0;
}

int dry_run(const struct plan *plan, uint64_t seed, enum accelerator accelerator, FILE *out,
	    struct error *err)
{
	fprintf(out, "plan %s: %zu cells, seed %llu\n", plan->name, plan->n_cells,
		(unsigned long long)seed);
	if (plan->kind == SITE_LAB)
		return lab_run(plan, accelerator, out, err);
	if (plan_host_is_auto(&plan->hosts[0]))
		return built_run(plan, accelerator, out, err);
	existing_run(plan, out);
	return 0;
}
