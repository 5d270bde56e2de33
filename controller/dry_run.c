/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dry_run.c - see dry_run.h. The XML is what a run would define, by the lab's own functions, so
 * that what is shown here cannot differ from what is done.
 */
#include "dry_run.h"

#include <stdlib.h>

#include "rundir/facts.h"
#include "site/built_guests.h"
#include "site/lab.h"

int dry_run(const struct plan *plan, uint64_t seed, enum accelerator accelerator, FILE *out,
	    struct error *err)
{
	struct lab_state state = {
		.loops = {"{loop-a}", "{loop-b}"},
		.image = {.kernel = "{image}/vmlinuz", .initramfs = "{image}/initramfs"}};
	struct site site = {0};
	unsigned node;
	size_t i;
	char *xml;

	if (accelerator_choose(accelerator, &state.kvm, err) < 0)
		return -1;
	lab_describe(&state, &site);
	fprintf(out, "plan %s: %zu cells, seed %llu\n", plan->name, plan->n_cells,
		(unsigned long long)seed);
	for (node = 0; node < NODES; node++) {
		xml = built_guest_xml(&site, node, err);
		if (!xml)
			return -1;
		fprintf(out, "\n# guest of node %c\n%s\n", 'a' + node, xml);
		free(xml);
	}
	for (i = 0; i < plan->n_cells; i++) {
		const struct cell *cell = &plan->cells[i];

		fprintf(out, "\n# cell %s: %s%s%s\n", cell->id, cell->selector,
			cell->has_expected ? ", expected " : "",
			cell->has_expected ? verdict_kind_names[cell->expected] : "");
		for (node = 0; node < NODES; node++) {
			xml = built_guest_disk_xml(&site, node, cell->cache[node], err);
			if (!xml)
				return -1;
			fprintf(out, "%s\n", xml);
			free(xml);
		}
	}
	return 0;
}
