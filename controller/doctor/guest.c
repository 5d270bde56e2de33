/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest.c - doctor.h: libvirt on a host, and the guest there.
 *
 * The mode that a running disk really has is asked of QEMU, since libvirt turns `default` into none
 * for a shareable disk. What is mounted in the guest is asked of the QEMU guest agent, which only
 * reads a file for us.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/doctor.h"
#include "doctor/guest_mounts.h"
#include "virt/domain_xml.h"
#include "virt/effective.h"
#include "virt/hypervisor.h"
#include "site/existing_guest.h"
#include "site/same_device.h"

struct looking {
	struct host *host; /* NULL: not reached */
	const struct plan_host *plan;
	const char *subject;
	struct diagnosis *d;
	struct hypervisor *hypervisor;
	struct domain_state state;
	char *definition;
};

static void say(struct looking *l, const char *check, enum level level, const char *text)
{
	diagnosis_add(l->d, l->subject, check, level, "%s", text);
}

/* In the words in which a run would refuse it. */
static void say_refusal(struct looking *l, const struct error *err)
{
	const char *remedy = strstr(err->text, ": ");
	int what = remedy ? (int)(remedy - err->text) : (int)strlen(err->text);

	diagnosis_add(l->d, l->subject, "domain", LEVEL_FAIL, "%.*s\n%s", what, err->text,
		      remedy ? remedy + 2 : "");
}

static void look_at_state(struct looking *l)
{
	const struct domain_state *s = &l->state;
	struct error err;

	if (existing_guest_check_state(s, l->plan->domain, &err) < 0)
		say_refusal(l, &err);
	else if (!s->running)
		say(l, "domain", LEVEL_OK, "defined, shut off");
	else
		diagnosis_add(l->d, l->subject, "domain", LEVEL_OK,
			      "defined, running%s: a test shuts it down for each cache mode",
			      s->autostart ? ", started with the host" : "");
}

/* As a run would refuse it: what was plugged in and is in no definition. */
static void look_at_live(struct looking *l)
{
	struct error err;
	char device[256], *live = hypervisor_xml(l->hypervisor, l->plan->domain, &err);

	if (live && domain_xml_live_only(live, l->definition, device, sizeof(device), &err) > 0)
		diagnosis_add(
			l->d, l->subject, "domain", LEVEL_FAIL,
			"it was given %s while it runs, which its definition does not have: a "
			"test would lose it\nvirsh attach-device %s FILE --config, or "
			"detach-device",
			device, l->plan->domain);
	free(live);
}

/* What there is to say of a mode, with the remedy. */
static const char *remark_on(const char *defined, enum cache_mode mode)
{
	if (mode != CACHE_NONE && mode != CACHE_DIRECTSYNC)
		return ": through the host's page cache, where the other host's writes are not "
		       "seen\n"
		       "cache='none' in the disk's <driver>, unless you know better";
	/* QEMU's write cache is what the guest's driver asked for; it asks once it takes the disk
	 */
	if (mode == CACHE_DIRECTSYNC && strcmp(defined, cache_mode_names[mode]) != 0)
		return ": the guest has not (yet) asked for a write cache, as while it boots";
	return "";
}

/* The mode a disk really has. */
static void look_at_effective(struct looking *l, const struct domain_disk *disk)
{
	struct effective effective;
	struct error err;
	enum cache_mode mode;
	char *reply = hypervisor_qmp(l->hypervisor, l->plan->domain,
				     "{\"execute\":\"query-block\"}", &err);

	if (!reply || effective_parse_query_block(reply, disk->source, &effective, &err) < 0) {
		diagnosis_add(l->d, l->subject, "cache", LEVEL_WARN,
			      "defined as %s; not looked at what it really is: %s",
			      disk->cache[0] ? disk->cache : "default", err.text);
	} else {
		effective.host_direct = effective.direct;
		if (effective_mode(&effective, &mode, &err) < 0)
			diagnosis_add(l->d, l->subject, "cache", LEVEL_WARN, "%s", err.text);
		else
			diagnosis_add(l->d, l->subject, "cache",
				      effective.direct ? LEVEL_OK : LEVEL_WARN,
				      "%s today, defined as %s%s", cache_mode_names[mode],
				      disk->cache[0] ? disk->cache : "default",
				      remark_on(disk->cache, mode));
	}
	free(reply);
}

static void judge_disk(struct looking *l, const struct domain_disk *disk)
{
	const char *target = l->plan->disk, *device = l->plan->device;
	struct error err;
	int same = same_device(l->host, disk->source, device, &err);

	if (same < 0)
		diagnosis_add(l->d, l->subject, "disk", LEVEL_WARN,
			      "disk %s is %s, the plan's device is %s; not looked at: %s", target,
			      disk->source, device, err.text);
	else if (!same)
		diagnosis_add(
			l->d, l->subject, "disk", LEVEL_FAIL,
			"disk %s is %s, which is not the plan's device %s\ncorrect one of the "
			"two",
			target, disk->source, device);
	else if (strcmp(disk->format, "raw") != 0)
		diagnosis_add(l->d, l->subject, "disk", LEVEL_FAIL,
			      "disk %s is of format '%s': a replicated device must be raw, or "
			      "QEMU keeps data of its own in it\ntype='raw' in its <driver>",
			      target, disk->format);
	else
		diagnosis_add(l->d, l->subject, "disk", disk->shareable ? LEVEL_OK : LEVEL_WARN,
			      "disk %s is %s (%s)%s", target, disk->source, disk->bus,
			      disk->shareable
				      ? ", shareable"
				      : ", not <shareable/>: libvirt does not know that two "
					"guests use it\nadd <shareable/> to the disk");
}

static void look_at_disk(struct looking *l)
{
	const char *target = l->plan->disk;
	struct domain_disk disk;
	struct error err;
	int found = domain_xml_disk_at(l->definition, target, &disk, &err);

	if (found < 0) {
		say(l, "disk", LEVEL_FAIL, err.text);
		return;
	}
	if (!found) {
		diagnosis_add(l->d, l->subject, "disk", LEVEL_FAIL,
			      "it has no disk %s\nsay which in the plan: disk = ...; `virsh "
			      "domblklist %s` lists them",
			      target, l->plan->domain);
		return;
	}
	judge_disk(l, &disk);
	if (l->state.running)
		look_at_effective(l, &disk);
	else
		diagnosis_add(l->d, l->subject, "cache", LEVEL_OK,
			      "defined as %s; what that means is seen when it runs",
			      disk.cache[0] ? disk.cache : "default");
}

static void look_at_channel(struct looking *l)
{
	struct error err;
	int has = domain_xml_has_channel(l->definition, GUEST_CHANNEL, &err);

	if (l->plan->agent != AGENT_VIRTIO)
		return;
	if (has < 0)
		say(l, "channel", LEVEL_FAIL, err.text);
	else if (!has)
		say(l, "channel", LEVEL_FAIL,
		    "no virtio port " GUEST_CHANNEL ", through which the agent is reached\n"
		    "add <channel type='unix'><target type='virtio' name='" GUEST_CHANNEL
		    "'/></channel> to the domain, or agent = ssh to the plan");
	else
		say(l, "channel", LEVEL_OK, "virtio port " GUEST_CHANNEL " is there");
}

static void look_inside(struct looking *l)
{
	struct guest_mounts mounts;
	struct error err;

	if (!l->state.running) {
		say(l, "mount", LEVEL_WARN, "not looked at: the guest is shut off");
		return;
	}
	if (guest_mounts_read(l->hypervisor, l->plan->domain, &mounts, &err) < 0) {
		diagnosis_add(l->d, l->subject, "mount", LEVEL_WARN,
			      "not looked at: %s\nqemu-guest-agent in the guest lets us look",
			      err.text);
		return;
	}
	guest_mounts_judge(&mounts, l->subject, l->d);
	guest_mounts_done(&mounts);
}

int doctor_guest(struct host *host, const struct plan_host *plan, const char *host_subject,
		 const char *subject, struct diagnosis *diagnosis, struct error *err)
{
	struct looking l = {.host = host, .plan = plan, .subject = subject, .d = diagnosis};
	char versions[128];
	struct error why;

	(void)err;
	l.hypervisor = hypervisor_open(plan->libvirt, &why);
	if (!l.hypervisor) {
		diagnosis_add(
			diagnosis, host_subject, "libvirt", LEVEL_FAIL,
			"%s\nis libvirtd running there, and may this user connect? try: virsh "
			"-c %s list",
			why.text, plan->libvirt);
		return 0;
	}
	hypervisor_versions(l.hypervisor, versions, sizeof(versions));
	diagnosis_add(diagnosis, host_subject, "libvirt", LEVEL_OK, "%s at %s", versions,
		      plan->libvirt);
	if (plan_host_is_auto(plan)) {
		say(&l, "domain", LEVEL_OK, "none yet: a run builds it, and removes it");
	} else if (hypervisor_look(l.hypervisor, plan->domain, &l.state, &why) < 0) {
		diagnosis_add(diagnosis, subject, "domain", LEVEL_FAIL,
			      "%s\n`virsh -c %s list --all` lists the guests there", why.text,
			      plan->libvirt);
	} else {
		look_at_state(&l);
		l.definition = hypervisor_definition(l.hypervisor, plan->domain, &why);
		if (!l.definition) {
			say(&l, "disk", LEVEL_FAIL, why.text);
		} else {
			if (l.state.running)
				look_at_live(&l);
			look_at_disk(&l);
			look_at_channel(&l);
			look_inside(&l);
		}
	}
	free(l.definition);
	hypervisor_close(l.hypervisor);
	return 0;
}
