/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cell_proof.c - cell_internal.h: what shows that a cell tested what it claims, or that it did not.
 *
 * Nothing here fails a cell but libvirt that counts nothing: what is not so, or not known, makes it
 * invalid and says why, and what was read is kept all the same.
 */
#include <stdio.h>

#include "run/cell_internal.h"

/* Bus, way of I/O, iothread and format are what libvirt says of the disk that is there. */
static void prove_setup(struct cell_state *s)
{
	char what[128] = "";
	struct error err;
	unsigned node;

	for (node = 0; node < NODES && !s->facts.invalid[0]; node++) {
		if (site_check_setup(s->c->site, node, s->c->cell, what, sizeof(what), &err) < 0)
			snprintf(what, sizeof(what), "not known: %.100s", err.text);
		if (what[0])
			snprintf(s->facts.invalid, sizeof(s->facts.invalid),
				 "the disk of guest %c is not as asked: %s", 'a' + (int)node, what);
	}
}

/* Read the modes in effect; what cannot be read makes the cell invalid, not failed. */
void cell_prove_modes(struct cell_state *s)
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
	prove_setup(s);
	event_log_note(s->c->log, "%s: in effect %s/%s", s->facts.id,
		       s->facts.effective_known[0] ? cache_mode_names[s->facts.effective[0]] : "?",
		       s->facts.effective_known[1] ? cache_mode_names[s->facts.effective[1]] : "?");
}

/*
 * Both hosts' caches were just dropped. What one of them holds all the same is from before, and its
 * guest may be shown it; where others use the volume, it may be from after the drop.
 */
void cell_measure_caches(struct cell_state *s)
{
	struct site *site = s->c->site;
	struct error err;
	unsigned node;

	for (node = 0; node < NODES; node++) {
		uint64_t *cached = &s->facts.cached_before[node];

		if (site_cached(site, node, cached, &err) < 0) {
			event_log_note(s->c->log,
				       "%s: what host %c has cached of the volume is not known: %s",
				       s->facts.id, 'a' + (int)node, err.text);
			continue;
		}
		s->facts.cached_before_known[node] = true;
		if (*cached && site_is_alone(site) && !s->facts.invalid[0])
			snprintf(s->facts.invalid, sizeof(s->facts.invalid),
				 "host %c still had %llu bytes of the volume in its page cache "
				 "when the workload was to begin, though it was dropped: what "
				 "is read may be from before; does something else read %s there?",
				 'a' + (int)node, (unsigned long long)*cached,
				 site->nodes[node].device);
	}
}

int cell_count_disks(struct cell_state *s, struct disk_counts ret[NODES], struct error *err)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (site_disk_counts(s->c->site, node, &ret[node], err) < 0)
			return error_prefix(err, "what the disk of guest %c moved is not known",
					    'a' + (int)node);
	}
	return 0;
}

/*
 * Node a's disk took at least the target, which a fills; b's moved something (b's target bears a's
 * claim of this run, so it is the same volume). If less went there, what was read and written lies
 * on another disk, of whose mode nothing is known.
 */
void cell_prove_disk(struct cell_state *s)
{
	const uint64_t wanted[NODES] = {s->c->plan->size, s->c->plan->unit};
	unsigned node;

	for (node = 0; node < NODES && !s->facts.invalid[0]; node++) {
		if (s->facts.disk_bytes[node] < wanted[node])
			snprintf(s->facts.invalid, sizeof(s->facts.invalid),
				 "disk %s of guest %c moved %llu bytes, while the target of %llu "
				 "was made and used: the target lies on another disk, whose cache "
				 "mode is not known; see `disk` and `target` in the plan",
				 s->c->site->nodes[node].disk, 'a' + (int)node,
				 (unsigned long long)s->facts.disk_bytes[node],
				 (unsigned long long)s->c->plan->size);
	}
}
