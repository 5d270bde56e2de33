/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * existing_guest.c - see existing_guest.h.
 *
 * What there is on the disk, whenever the power goes, is enough to put the guest back: it is saved
 * before the first change, and each definition is noted before it is made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "rundir/rundir.h"
#include "site/existing_guest_internal.h"
#include "site/put_back.h"

int existing_guest_error(const struct site_node *node, struct error *err)
{
	return error_prefix(err, "guest %c (%s at %s)", node->letter, node->domain,
			    node->plan->libvirt);
}

/* The definition without secrets, for whoever reads the run directory. */
static int keep_redacted(const struct existing_guest *g, struct error *err)
{
	char name[32], *path, *xml;
	int result = -1;

	snprintf(name, sizeof(name), "domains/%c.xml", g->node->letter);
	path = rundir_path(g->run, NULL, name);
	xml = hypervisor_definition(g->node->hypervisor, g->node->domain, err);
	if (xml && !path)
		error_set(err, ERROR_WORLD, "out of memory");
	else if (xml)
		result = rundir_write_file(path, xml, strlen(xml), err);
	free(path);
	free(xml);
	return result;
}

static int save(struct existing_guest *g, const struct domain_state *state, struct error *err)
{
	struct saved_guest *saved = &g->saved;

	snprintf(saved->uri, sizeof(saved->uri), "%s", g->node->plan->libvirt);
	snprintf(saved->domain, sizeof(saved->domain), "%s", g->node->domain);
	snprintf(saved->disk, sizeof(saved->disk), "%s", g->node->disk);
	snprintf(saved->uuid, sizeof(saved->uuid), "%s", state->uuid);
	saved->running = state->running;
	saved->autostart = state->autostart;
	g->lock = saved_lock(g->run, false, err);
	if (g->lock < 0 || saved_write(g->run, g->node->letter, saved, err) < 0)
		return -1;
	return keep_redacted(g, err);
}

struct existing_guest *existing_guest_open(const struct site_node *node, const char *run,
					   const struct progress *progress, struct error *err)
{
	struct existing_guest *g = calloc(1, sizeof(*g));
	struct domain_state state;

	if (!g) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	g->node = node;
	g->run = run;
	g->progress = progress;
	g->lock = -1;
	if (!existing_guest_look(node, progress, &state, &g->saved.xml, err) &&
	    domain_xml_disk_at(g->saved.xml, node->disk, &g->disk, err) > 0 &&
	    !save(g, &state, err))
		return g;
	existing_guest_close(g);
	return NULL;
}

void existing_guest_close(struct existing_guest *g)
{
	if (!g)
		return;
	existing_guest_disconnect(g);
	saved_done(&g->saved);
	if (g->lock >= 0)
		close(g->lock);
	free(g);
}

const char *existing_guest_source(const struct existing_guest *g)
{
	return g->disk.source;
}

static struct guest_stop how_to_stop(const struct existing_guest *g)
{
	return (struct guest_stop){.timeout_ns = g->node->plan->stop_ns,
				   .destroy = g->node->plan->on_hang == ON_HANG_DESTROY,
				   .progress = g->progress};
}

int existing_guest_stop(struct existing_guest *g, struct error *err)
{
	struct guest_stop stop = how_to_stop(g);
	struct error why;

	if (!guest_stop(g->node->hypervisor, g->node->domain, &stop, &why))
		return 0;
	if (why.kind != ERROR_WORLD || stop.destroy ||
	    hypervisor_is_off(g->node->hypervisor, g->node->domain, NULL))
		return error_set(err, why.kind, "%s", why.text);
	return error_set(err, ERROR_WORLD,
			 "%s: see on its console what it waits for; or give it more time "
			 "(stop-timeout in [host %c] of the plan), or let its plug be pulled "
			 "(on-hang = destroy)",
			 why.text, g->node->letter);
}

/* Note what is about to be made of it, so that a restore knows it again. */
static int note_change(struct existing_guest *g, const char *xml, struct error *err)
{
	char *copy = strdup(xml);

	if (!copy)
		return error_set(err, ERROR_WORLD, "out of memory");
	if (saved_write_changed(g->run, g->node->letter, copy, err) < 0) {
		free(copy);
		return -1;
	}
	free(g->saved.changed);
	g->saved.changed = copy;
	return 0;
}

/* libvirt must have made of it what we meant, and nothing else. */
static int check_change(struct existing_guest *g, struct error *err)
{
	char *now = hypervisor_definition_secure(g->node->hypervisor, g->node->domain, err);
	int known = now ? saved_knows(&g->saved, now, err) : -1;

	free(now);
	if (known > 0)
		return 0;
	/* a restore would take it for somebody else's: back at once, while we know that it is ours
	 */
	hypervisor_define(g->node->hypervisor, g->saved.xml, NULL);
	if (!known)
		error_set(err, ERROR_WORLD,
			  "libvirt changes more of its definition than the cache mode when it is "
			  "defined anew: define it once as it is (virsh dumpxml --inactive "
			  "--security-info, virsh define), then run again");
	return -1;
}

/* libvirt's words for it come at the start, and name neither the disk nor a way out. */
static int check_io(const struct existing_guest *g, enum cache_mode mode, struct error *err)
{
	if (strcmp(g->disk.io, "native") != 0 || mode == CACHE_NONE || mode == CACHE_DIRECTSYNC)
		return 0;
	return error_set(err, ERROR_WORLD,
			 "disk %s has io='native', which goes with the modes none and directsync "
			 "only: test those alone, or make it io='threads' for the time of the test",
			 g->node->disk);
}

/* The definition is the user's own, or what this run has made of it. */
static int check_known(const struct existing_guest *g, struct error *err)
{
	char *now = hypervisor_definition_secure(g->node->hypervisor, g->node->domain, err);
	int known = now ? saved_knows(&g->saved, now, err) : -1;

	free(now);
	if (!known)
		error_set(err, ERROR_WORLD,
			  "somebody else, or another run, has changed its definition during the "
			  "run");
	return known > 0 ? 0 : -1;
}

int existing_guest_check(const struct existing_guest *g, struct error *err)
{
	return check_known(g, err) < 0 ? existing_guest_error(g->node, err) : 0;
}

static int set_disk(struct existing_guest *g, enum cache_mode mode, const struct disk_setup *setup,
		    struct error *err)
{
	struct hypervisor *hypervisor = g->node->hypervisor;
	int off = hypervisor_is_off(hypervisor, g->node->domain, err), result = -1;
	char *xml;

	if (!off)
		error_set(err, ERROR_WORLD,
			  "it is not shut off, as it should be: somebody started it?");
	if (off <= 0 || (!setup->value[DISK_IO] && check_io(g, mode, err) < 0) ||
	    check_known(g, err) < 0)
		return -1;
	xml = domain_xml_with_cache(g->saved.xml, g->node->disk, mode, setup, g->run, err);
	if (xml && !note_change(g, xml, err) && !hypervisor_define(hypervisor, xml, err))
		result = check_change(g, err);
	free(xml);
	return result;
}

int existing_guest_set_disk(struct existing_guest *g, enum cache_mode mode,
			    const struct disk_setup *setup, struct error *err)
{
	return set_disk(g, mode, setup, err) < 0 ? existing_guest_error(g->node, err) : 0;
}

int existing_guest_start(struct existing_guest *g, struct error *err)
{
	/* that it runs is a change too, if it did not */
	if ((!g->saved.changed && note_change(g, g->saved.xml, err) < 0) ||
	    hypervisor_start_defined(g->node->hypervisor, g->node->domain, err) < 0)
		return existing_guest_error(g->node, err);
	g->deadline = clock_ns() + g->node->plan->start_ns;
	return 0;
}

int existing_guest_restore(struct existing_guest *g, struct error *err)
{
	struct guest_stop stop = how_to_stop(g);
	char what[256];
	int done;

	existing_guest_disconnect(g);
	done = put_back(g->node->hypervisor, &g->saved, &stop, false, what, sizeof(what), err);
	if (done < 0 || saved_write_restored(g->run, g->node->letter, err) < 0)
		return error_prefix(
			err, "guest %c (%s): not all was put back (`stalemate restore %s` goes on)",
			g->node->letter, g->node->domain, g->run);
	if (done)
		progress_step(g->progress, "guest %s: %s", g->node->domain, what);
	return 0;
}
