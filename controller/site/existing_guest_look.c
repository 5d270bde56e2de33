/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * existing_guest_look.c - existing_guest_internal.h: can this guest be tested, and put back?
 *
 * Refused is what a redefinition or a restart would lose or make wrong, and what would make the
 * verdict one about something else than the plan's device.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/parse.h"
#include "site/existing_guest_internal.h"
#include "host/host.h"
#include "site/pacemaker.h"
#include "site/same_device.h"

#define COMMAND_NS (30 * NS_PER_S)
#define GUEST_AGENT_CHANNEL "org.qemu.guest_agent.0"

int existing_guest_check_state(const struct domain_state *s, const char *name, struct error *err)
{
	if (!s->persistent)
		return error_set(err, ERROR_WORLD,
				 "it is transient, and would be gone once it is shut down: `virsh "
				 "define` its XML, so that it stays");
	if (s->managed_save)
		return error_set(
			err, ERROR_WORLD,
			"it has a managed save image, from which it would go on in the old "
			"mode: `virsh start %s` and shut it down, or `virsh "
			"managedsave-remove %s`",
			name, name);
	if (s->snapshots > 0 || s->checkpoints > 0)
		return error_set(
			err, ERROR_WORLD,
			"it has %d snapshot(s) and %d checkpoint(s), which would no longer "
			"be true of its disk: `virsh snapshot-list %s`, then delete them, or "
			"test another guest",
			s->snapshots > 0 ? s->snapshots : 0,
			s->checkpoints > 0 ? s->checkpoints : 0, name);
	if (s->running && s->halted)
		return error_set(
			err, ERROR_WORLD,
			"it is paused, suspended or crashed, and could not be put back so: "
			"`virsh resume %s`, or shut it down",
			name);
	return 0;
}

/* A shutdown would abort a job on any of its disks. */
static int check_jobs(const struct site_node *node, const char *live, struct error *err)
{
	char name[64];
	unsigned i;
	int got;

	for (i = 0; (got = domain_xml_disk_name(live, i, name, sizeof(name), err)) > 0; i++) {
		got = hypervisor_block_job(node->hypervisor, node->domain, name, NULL);
		if (got > 0)
			return error_set(
				err, ERROR_WORLD,
				"a block job (copy, commit or backup) works on its disk %s, "
				"which a shutdown would end: wait for it, or `virsh blockjob "
				"%s %s --abort`",
				name, node->domain, name);
	}
	return got;
}

/* What is only there while it runs, which the first shutdown would end. */
static int check_live(const struct site_node *node, const char *definition, struct error *err)
{
	char *live = hypervisor_xml(node->hypervisor, node->domain, err), device[256], clean[256];
	int more = -1;

	if (live)
		more = domain_xml_live_only(live, definition, device, sizeof(device), err);
	if (more > 0)
		more = error_set(
			err, ERROR_WORLD,
			"it was given %s while it runs, which its definition does not have, so "
			"that a shutdown would lose it: add it there, too (virsh attach-device %s "
			"FILE --config), or take it away (detach-device)",
			printable(device, strlen(device), clean, sizeof(clean)), node->domain);
	else if (!more)
		more = check_jobs(node, live, err);
	free(live);
	return more;
}

static int check_same_device(const struct site_node *node, const char *source, struct error *err)
{
	int same = same_device(node->host, source, node->device, err);

	if (same < 0)
		return error_prefix(err, "disk %s is %s, the plan's device is %s", node->disk,
				    source, node->device);
	if (same)
		return 0;
	return error_set(err, ERROR_WORLD,
			 "disk %s is %s, which is not the plan's device %s: correct the one or the "
			 "other",
			 node->disk, source, node->device);
}

static int check_disk(const struct site_node *node, const char *xml,
		      const struct progress *progress, struct error *err)
{
	struct domain_disk disk;
	int found = domain_xml_disk_at(xml, node->disk, &disk, err);

	if (found < 0)
		return -1;
	if (!found)
		return error_set(err, ERROR_WORLD,
				 "it has no disk %s: `virsh domblklist %s` lists those it has",
				 node->disk, node->domain);
	if (strcmp(disk.type, "block") != 0 ||
	    (disk.device[0] && strcmp(disk.device, "disk") != 0 && strcmp(disk.device, "lun")))
		return error_set(err, ERROR_WORLD,
				 "disk %s is a %s of type %s, not a disk of type block: the host's "
				 "replicated device itself must be the guest's disk",
				 node->disk, disk.device[0] ? disk.device : "disk", disk.type);
	if (disk.format[0] && strcmp(disk.format, "raw") != 0)
		return error_set(
			err, ERROR_WORLD,
			"disk %s is of format %s, not raw: what QEMU keeps of its own in it, "
			"two guests cannot share",
			node->disk, disk.format);
	if (disk.readonly)
		return error_set(err, ERROR_WORLD, "disk %s is read-only", node->disk);
	if (!disk.shareable)
		progress_step(progress,
			      "note: disk %s of %s is not <shareable/>; libvirt then takes cache "
			      "mode default for writeback",
			      node->disk, node->domain);
	return check_same_device(node, disk.source, err);
}

static int check_channel(const struct site_node *node, const char *xml, struct error *err)
{
	int has;

	if (node->plan->agent == AGENT_SSH)
		return 0;
	has = domain_xml_has_channel(
		xml, node->plan->agent == AGENT_VIRTIO ? GUEST_CHANNEL : GUEST_AGENT_CHANNEL, err);
	if (has)
		return has < 0 ? -1 : 0;
	if (node->plan->agent == AGENT_VIRTIO)
		return error_set(
			err, ERROR_WORLD,
			"it has no virtio port " GUEST_CHANNEL ", on which its agent would "
			"be reached: add <channel type='unix'><target type='virtio' "
			"name='" GUEST_CHANNEL "'/></channel>, or say agent = ssh or guest-agent");
	return error_set(
		err, ERROR_WORLD,
		"it has no virtio port " GUEST_AGENT_CHANNEL ", on which QEMU's guest agent "
		"would be reached: add it and install qemu-guest-agent in the guest, or say "
		"agent = ssh or virtio");
}

#define PACEMAKER_NOT_KNOWN "cannot tell whether Pacemaker looks after it"

/* One of Pacemaker's tools on the host; what it printed, to be freed, when it answers: NULL with
 * *ret_absent, or with *err: nobody knows. */
static char *ask_pacemaker(const struct site_node *node, const char *const argv[], bool *ret_absent,
			   struct error *err)
{
	struct process_result result;
	char clean[256], *ret = NULL;

	*ret_absent = false;
	if (host_run(node->host, argv, COMMAND_NS, &result, err) < 0) {
		error_prefix(err, PACEMAKER_NOT_KNOWN);
		return NULL;
	}
	switch (pacemaker_here(result.status)) {
	case PACEMAKER_ANSWERS:
		ret = result.out;
		result.out = NULL;
		break;
	case PACEMAKER_ABSENT:
		*ret_absent = true;
		break;
	default:
		error_set(err, ERROR_WORLD,
			  PACEMAKER_NOT_KNOWN
			  ": %s ended with status %d on its host (%s); root may "
			  "ask it (ssh = root@...), and `crm_verify -L` finds "
			  "what is wrong with its configuration",
			  argv[0], result.status,
			  printable(result.complaint, strcspn(result.complaint, "\n"), clean,
				    sizeof(clean)));
	}
	process_result_done(&result);
	return ret;
}

/* Somebody who would start the guest again, or fence its host, when we shut it down. */
static int check_managers(const struct site_node *node, struct error *err)
{
	static const char *const config_argv[] = {"cibadmin", "--query", "--scope", "resources",
						  NULL};
	static const char *const state_argv[] = {"crm_mon", "-1", "-r", "--output-as=xml", NULL};
	char resource[128], *text;
	bool found, managed, absent;

	if (!node->host)
		return 0;
	text = ask_pacemaker(node, config_argv, &absent, err);
	if (!text)
		return absent ? 0 : -1;
	found = pacemaker_resource_of(text, node->domain, resource, sizeof(resource));
	free(text);
	if (!found)
		return 0;
	text = ask_pacemaker(node, state_argv, &absent, err);
	if (!text && !absent)
		return -1;
	/* a moment ago it ran: what is not told counts as managed */
	managed = !text || pacemaker_manages(text, resource);
	free(text);
	if (!managed)
		return 0;
	return error_set(err, ERROR_WORLD,
			 "Pacemaker looks after it (resource %s) and would start it again in the "
			 "middle of a test: `pcs resource unmanage %s` (or `crm resource unmanage "
			 "%s`) first, `manage` afterwards",
			 resource, resource, resource);
}

/* The one thing that will not be as it was, which libvirt would change by itself some day. */
static int check_order(const struct site_node *node, const char *xml,
		       const struct progress *progress, struct error *err)
{
	int stays = domain_xml_order_stays(xml, err);

	if (!stays)
		progress_step(progress,
			      "note: libvirt lists the <controller>s of %s in an order that it "
			      "does not keep: it will be another after the test, as it would be "
			      "after libvirtd's next start",
			      node->domain);
	return stays < 0 ? -1 : 0;
}

/* A run that was killed left its own definition: saved as the user's, that would be lost. */
static int check_mark(const char *xml, struct error *err)
{
	char run[1024];
	int marked = domain_xml_mark(xml, run, sizeof(run), err);

	if (marked <= 0)
		return marked;
	return error_set(err, ERROR_WORLD,
			 "its definition is still the one that the run %s made of it: `stalemate "
			 "restore %s` puts the original back (where that run was made)",
			 run, run);
}

int existing_guest_look(const struct site_node *node, const struct progress *progress,
			struct domain_state *ret_state, char **ret_xml, struct error *err)
{
	struct domain_state state;
	char *xml = NULL;
	struct error why;

	if (saved_uri_runs_programs(node->plan->libvirt)) {
		error_set(err, ERROR_USER,
			  "a libvirt URI that names a program to run is not taken: "
			  "`stalemate restore` would have to run it too");
		goto fail;
	}
	if (hypervisor_look(node->hypervisor, node->domain, &state, &why) < 0) {
		error_set(err, why.kind, "%s; `virsh -c %s list --all` lists the guests there",
			  why.text, node->plan->libvirt);
		goto fail;
	}
	if (existing_guest_check_state(&state, node->domain, err) < 0)
		goto fail;
	xml = hypervisor_definition_secure(node->hypervisor, node->domain, err);
	if (!xml || check_mark(xml, err) < 0 || (state.running && check_live(node, xml, err) < 0) ||
	    check_order(node, xml, progress, err) < 0 || check_disk(node, xml, progress, err) < 0 ||
	    check_channel(node, xml, err) < 0 || check_managers(node, err) < 0)
		goto fail;
	*ret_state = state;
	*ret_xml = xml;
	return 0;
fail:
	free(xml);
	return existing_guest_error(node, err);
}
