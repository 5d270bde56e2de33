/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * put_back.c - see put_back.h.
 *
 * It goes by what is there and not by what a run remembers, for the run may have been killed at any
 * moment. The order makes every moment one that can be gone on from: first the guest is shut down
 * (its definition is still ours), then defined, then started.
 */
#include "site/put_back.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "virt/domain_xml.h"
#include "virt/hypervisor.h"
#include "host/interrupt.h"
#include "host/wait.h"

#define ASK_AGAIN_NS (15 * NS_PER_S) /* a guest that boots is deaf to the first request */

struct stopping {
	struct hypervisor *hypervisor;
	const char *domain;
	uint64_t next;
	struct error refused; /* why the last request failed; text "" if it did not */
};

static int is_off(void *context, struct error *err)
{
	struct stopping *s = context;
	int off = hypervisor_is_off(s->hypervisor, s->domain, err);

	if (off)
		return off;
	if (clock_ns() < s->next)
		return 0;
	s->next = clock_ns() + ASK_AGAIN_NS;
	s->refused.text[0] = 0;
	hypervisor_shutdown(s->hypervisor, s->domain, &s->refused);
	return 0;
}

int guest_stop(struct hypervisor *hypervisor, const char *domain, const struct guest_stop *stop,
	       struct error *err)
{
	struct stopping s = {.hypervisor = hypervisor, .domain = domain};
	int off = hypervisor_is_off(hypervisor, domain, err);
	struct error why;

	if (off)
		return off < 0 ? -1 : 0;
	progress_step(stop->progress, "shutting down %s", domain);
	if (!wait_for("it to shut down", stop->timeout_ns, is_off, &s, &why))
		return 0;
	off = why.kind == ERROR_INTERRUPTED ? -1 : hypervisor_is_off(hypervisor, domain, &why);
	if (off > 0)
		return 0;
	if (off < 0) {
		error_set(err, why.kind, "%s", why.text);
		return error_prefix(err, "guest %s", domain);
	}
	if (!stop->destroy)
		return error_set(err, ERROR_WORLD, "guest %s did not shut down in %.0f s%s%s",
				 domain, (double)stop->timeout_ns / NS_PER_S,
				 s.refused.text[0] ? ": " : "", s.refused.text);
	progress_step(stop->progress, "%s did not shut down: pulling its plug", domain);
	return hypervisor_destroy(hypervisor, domain, err);
}

/* Whether both bear the mark of one and the same run. */
static int same_mark(const char *xml, const char *other, struct error *err)
{
	char mark[PATH_MAX], others[PATH_MAX];
	int has = domain_xml_mark(xml, mark, sizeof(mark), err);

	if (has <= 0)
		return has;
	has = domain_xml_mark(other, others, sizeof(others), err);
	return has <= 0 ? has : !strcmp(mark, others);
}

/*
 * The mark tells, for what was noted last may not have been made yet: then the definition of the
 * mode before stands there.
 */
int saved_knows(const struct saved_guest *saved, const char *xml, struct error *err)
{
	struct domain_disk now, changed;
	int equal;

	equal = domain_xml_equal(xml, saved->xml, NULL, err);
	if (equal || !saved->changed)
		return equal;
	equal = domain_xml_equal(xml, saved->xml, saved->disk, err);
	if (equal <= 0)
		return equal;
	equal = same_mark(xml, saved->changed, err);
	if (equal)
		return equal;
	if (domain_xml_disk_at(xml, saved->disk, &now, err) < 0 ||
	    domain_xml_disk_at(saved->changed, saved->disk, &changed, err) <= 0)
		return -1;
	return !strcmp(now.cache, changed.cache) && !strcmp(now.io, changed.io) &&
	       !strcmp(now.iothread, changed.iothread);
}

/* What there is. */
struct found {
	struct domain_state state;
	bool defined_anew; /* the definition is not the saved one */
	bool mode_changed; /* it runs, with the disk in another mode than the saved one's */
	bool channel;	   /* it runs, with a channel that we plugged in */
};

/* The mode that a saved definition starts with, as libvirt says it of a running guest. */
static const char *mode_of(const struct domain_disk *disk)
{
	return !disk->cache[0] && disk->shareable && !disk->readonly ? "none" : disk->cache;
}

static int look_at_live(struct hypervisor *hypervisor, const struct saved_guest *saved,
			struct found *ret, struct error *err)
{
	char *live = hypervisor_xml(hypervisor, saved->domain, err);
	struct domain_disk now = {0}, before = {0};
	int result = -1, has, had;

	if (!live)
		return -1;
	has = domain_xml_has_channel(live, GUEST_CHANNEL, err);
	had = has < 0 ? -1 : domain_xml_has_channel(saved->xml, GUEST_CHANNEL, err);
	if (had >= 0 && domain_xml_disk_at(live, saved->disk, &now, err) >= 0 &&
	    domain_xml_disk_at(saved->xml, saved->disk, &before, err) >= 0) {
		ret->mode_changed = strcmp(mode_of(&now), mode_of(&before)) != 0;
		ret->channel = has && !had && saved->changed;
		result = 0;
	}
	free(live);
	return result;
}

static int same_domain(const struct saved_guest *saved, const struct domain_state *state,
		       struct error *err)
{
	struct domain_identity identity;

	if (domain_xml_identity(saved->xml, &identity, err) < 0)
		return error_prefix(err, "the saved definition of guest %s", saved->domain);
	if (strcmp(identity.name, saved->domain) != 0 || strcmp(identity.uuid, saved->uuid) != 0)
		return error_set(
			err, ERROR_USER,
			"the saved definition is of guest %s, uuid %s, and not of %s, uuid "
			"%s, as the file beside it says",
			identity.name, identity.uuid, saved->domain, saved->uuid);
	if (strcmp(state->uuid, saved->uuid) != 0)
		return error_set(err, ERROR_WORLD,
				 "guest %s is not the one that was tested: its uuid is %s, that "
				 "one's was %s",
				 saved->domain, state->uuid, saved->uuid);
	return 0;
}

static int find_out(struct hypervisor *hypervisor, const struct saved_guest *saved, bool force,
		    struct found *ret, struct error *err)
{
	int known, equal;
	char *xml;

	if (hypervisor_look(hypervisor, saved->domain, &ret->state, err) < 0 ||
	    same_domain(saved, &ret->state, err) < 0)
		return -1;
	xml = hypervisor_definition_secure(hypervisor, saved->domain, err);
	if (!xml)
		return -1;
	equal = domain_xml_equal(xml, saved->xml, NULL, err);
	known = equal < 0 ? -1 : equal || force ? 1 : saved_knows(saved, xml, err);
	free(xml);
	if (known < 0)
		return -1;
	ret->defined_anew = !equal;
	if (!known)
		return error_set(
			err, ERROR_WORLD,
			"guest %s: its definition is neither the saved one nor one of this "
			"run's making: somebody has changed it since, and that is not "
			"overwritten (--force does)",
			saved->domain);
	return ret->state.running ? look_at_live(hypervisor, saved, ret, err) : 0;
}

static void add(char *ret, size_t size, const char *what)
{
	size_t used = strlen(ret);

	snprintf(ret + used, size - used, "%s%s", used ? ", " : "", what);
}

static int put_definition(struct hypervisor *hypervisor, const struct saved_guest *saved,
			  struct error *err)
{
	char *now;
	int result;

	if (hypervisor_define(hypervisor, saved->xml, err) < 0)
		return error_prefix(err, "guest %s", saved->domain);
	now = hypervisor_definition_secure(hypervisor, saved->domain, err);
	if (!now)
		return -1;
	result = domain_xml_equal(now, saved->xml, NULL, err);
	free(now);
	if (!result)
		error_set(err, ERROR_WORLD,
			  "guest %s: its definition was put back, but libvirt makes another of it "
			  "(a newer libvirt than the one that ran?): compare virsh dumpxml "
			  "--inactive --security-info with the saved file",
			  saved->domain);
	return result > 0 ? 0 : -1;
}

int guest_unplug_channel(struct hypervisor *hypervisor, const char *domain, struct error *err)
{
	char *live = hypervisor_xml(hypervisor, domain, err), *channel = NULL;
	int result = -1;

	/* as it is there: libvirt compares the path of its socket, too, which it chose itself */
	if (live)
		channel = domain_xml_channel_of(live, GUEST_CHANNEL, err);
	if (channel)
		result = hypervisor_detach(hypervisor, domain, channel, err);
	free(channel);
	free(live);
	return result;
}

/* Definition, autostart, start: not to be interrupted half-way. */
static int put_rest(struct hypervisor *hypervisor, const struct saved_guest *saved,
		    const struct found *found, bool running, char *ret, size_t size,
		    struct error *err)
{
	if (found->defined_anew) {
		if (put_definition(hypervisor, saved, err) < 0)
			return -1;
		add(ret, size, "definition put back");
	}
	if (saved->changed && found->state.autostart != saved->autostart) {
		if (hypervisor_set_autostart(hypervisor, saved->domain, saved->autostart, err) < 0)
			return -1;
		add(ret, size, saved->autostart ? "autostart on again" : "autostart off again");
	}
	if (running && found->channel) {
		if (guest_unplug_channel(hypervisor, saved->domain, err) < 0)
			return -1;
		add(ret, size, "the agent's channel unplugged");
	}
	if (saved->running && !running) {
		if (hypervisor_start_defined(hypervisor, saved->domain, err) < 0)
			return error_prefix(err, "guest %s cannot be started again", saved->domain);
		add(ret, size, "started");
	}
	return ret[0] ? 1 : 0;
}

static int shut_down(struct hypervisor *hypervisor, const char *domain,
		     const struct guest_stop *stop, struct error *err)
{
	struct error why;

	if (!guest_stop(hypervisor, domain, stop, &why))
		return 0;
	return error_set(err, why.kind, "%s%s", why.text,
			 why.kind == ERROR_WORLD && !stop->destroy
				 ? "; --timeout gives it more time, --destroy pulls its plug"
				 : "");
}

int put_back(struct hypervisor *hypervisor, const struct saved_guest *saved,
	     const struct guest_stop *stop, bool force, char *ret, size_t size, struct error *err)
{
	struct found found = {0};
	bool held, running;
	int result;

	ret[0] = 0;
	if (find_out(hypervisor, saved, force, &found, err) < 0)
		return -1;
	running = found.state.running;
	/* It was off and is on: we started it. A guest that we never changed may run in a mode that
	 * is not its definition's (edited, and not yet started anew): that is its user's business.
	 */
	if (running && saved->changed && (found.mode_changed || !saved->running)) {
		if (shut_down(hypervisor, saved->domain, stop, err) < 0)
			return -1;
		running = false;
		add(ret, size, "shut down");
	}
	held = interrupt_hold(true);
	result = put_rest(hypervisor, saved, &found, running, ret, size, err);
	interrupt_hold(held);
	return result;
}
