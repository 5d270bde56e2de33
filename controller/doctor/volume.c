/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * volume.c - doctor.h: the device on a host: is it there, may we write to it, who has it open, what
 * is below it?
 *
 * A QEMU that has it open is as it should be, unless the guests are to be ours: then nobody may. A
 * mount on the host, or anything else, sees the device beside the guest's cluster file system,
 * which nothing can be right about. A device that a run writes to as a whole must bear our claim.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "doctor/ask.h"
#include "doctor/doctor.h"
#include "doctor/replication.h"
#include "site/claim_device.h"

#define OPENERS_MAX 64U

/* Where the device's links end. false, and a line that says so, when it is no block device or
 * cannot be looked at. */
static bool find_device(const struct asking *a, const char *device, char *ret, size_t size)
{
	const char *const type_argv[] = {"stat", "-L", "-c", "%F", device, NULL};
	const char *const link_argv[] = {"readlink", "-f", device, NULL};
	const char *const size_argv[] = {"blockdev", "--getsize64", device, NULL};
	char *type, *link = NULL, *bytes = NULL;
	uint64_t length;
	int status;

	ret[0] = '\0';
	type = ask_status(a, "device", type_argv, &status);
	if (!type)
		return false;
	if (status || strcmp(type, "block special file") != 0) {
		diagnosis_add(a->d, a->subject, "device", LEVEL_FAIL,
			      "%s is %s%s\nis the replication up there? (drbdadm up); or correct "
			      "device = in the plan",
			      device, status ? "not there" : "a ", status ? "" : type);
	} else {
		link = ask(a, "device", link_argv);
		bytes = link ? ask(a, "device", size_argv) : NULL;
	}
	if (bytes && !parse_u64(bytes, UINT64_MAX, "size", &length, NULL)) {
		diagnosis_add(a->d, a->subject, "device", LEVEL_OK, "%s, %llu MiB", device,
			      (unsigned long long)(length >> 20));
		snprintf(ret, size, "%s", link);
	}
	free(type);
	free(link);
	free(bytes);
	return ret[0];
}

static bool look_for_mounts(const struct asking *a, const char *device)
{
	static const char *const argv[] = {"cat", "/proc/mounts", NULL};
	char *all = ask(a, "openers", argv), *at = all, *line;
	char source[256], where[256];
	bool found = false;

	while ((line = next_line(&at))) {
		if (sscanf(line, "%255s %255s", source, where) != 2 || strcmp(source, device) != 0)
			continue;
		found = true;
		diagnosis_add(
			a->d, a->subject, "openers", LEVEL_FAIL,
			"the host itself has %s mounted on %s\numount %s: only the guests may "
			"use it",
			device, where, where);
	}
	free(all);
	return found;
}

/* Who has it open: each process once. */
static void look_for_openers(const struct asking *a, const char *device)
{
	const char *const argv[] = {"find",   "/proc", "-maxdepth",
				    "3",      "-path", "/proc/[0-9]*/fd/*",
				    "-lname", device,  NULL};
	struct process_result result;
	char *at, *line, pid[16], last[16] = "";
	unsigned n = 0, others = 0;

	/* find complains of processes that end while it looks: its status says nothing. */
	if (host_run(a->host, argv, 20000000000ULL, &result, NULL) < 0) {
		diagnosis_add(a->d, a->subject, "openers", LEVEL_WARN,
			      "not looked at: the host did not answer");
		return;
	}
	for (at = result.out; (line = next_line(&at)) && n < OPENERS_MAX;) {
		char comm[64];
		const char *const comm_argv[] = {"cat", comm, NULL};
		char *name;

		if (sscanf(line, "/proc/%15[0-9]/fd/", pid) != 1 || !strcmp(pid, last))
			continue;
		snprintf(last, sizeof(last), "%s", pid);
		snprintf(comm, sizeof(comm), "/proc/%s/comm", pid);
		name = ask(a, NULL, comm_argv);
		n++;
		if (!name || !strncmp(name, "qemu", 4) || !strncmp(name, "kvm", 3)) {
			free(name);
			continue;
		}
		others++;
		diagnosis_add(a->d, a->subject, "openers", LEVEL_FAIL,
			      "process %s (%s) has %s open\nend it: only a guest's QEMU may", pid,
			      name, device);
		free(name);
	}
	if (!others)
		diagnosis_add(a->d, a->subject, "openers", LEVEL_OK,
			      n ? "QEMU alone has the device open" : "nobody has the device open");
	process_result_done(&result);
}

/* As a run looks before it writes (site/volume.h). Returns whether *ret is set. */
static bool look_at_claim(const struct asking *a, const struct plan_host *plan,
			  struct claim_device *ret)
{
	bool local = host_is_local(a->host), looked;
	struct error err;

	looked = !claim_device_look(a->host, plan->device, ret, &err);
	if (!looked)
		diagnosis_add(a->d, a->subject, "claim", LEVEL_FAIL, "%s", err.text);
	else if (claim_device_check(ret, &err) < 0)
		diagnosis_add(a->d, a->subject, "claim", LEVEL_FAIL, "%s%s",
			      ret->claimed ? "the claim is not believed: " : "", err.text);
	else if (!ret->claimed)
		diagnosis_add(a->d, a->subject, "claim", LEVEL_FAIL,
			      "%s does not bear our mark, so nothing is written to it\nif all that "
			      "is on it may be lost: stalemate claim%s%s %s",
			      plan->device, local ? "" : " --ssh ", local ? "" : plan->ssh,
			      plan->device);
	else
		diagnosis_add(a->d, a->subject, "claim", LEVEL_OK,
			      "%s bears our mark: a run may overwrite it", plan->device);
	return looked;
}

/* For guests of ours. */
static void look_whether_free(const struct asking *a, const struct claim_device *device)
{
	struct error err;

	if (claim_device_check_free(a->host, device, &err) < 0)
		diagnosis_add(a->d, a->subject, "openers", LEVEL_FAIL,
			      "%s\nend that: a run gives the device to guests of its own",
			      err.text);
	else
		diagnosis_add(a->d, a->subject, "openers", LEVEL_OK, "nobody has the device open");
}

int doctor_volume(struct host *host, const struct plan *plan, unsigned node, const char *subject,
		  struct diagnosis *diagnosis, struct error *err)
{
	const struct asking asking = {host, subject, diagnosis};
	const struct plan_host *host_plan = &plan->hosts[node];
	bool built = plan_host_is_auto(host_plan), claim = built || plan->volume == VOLUME_RAW;
	struct claim_device looked;
	char device[256];

	(void)err;
	if (find_device(&asking, host_plan->device, device, sizeof(device))) {
		if (claim)
			claim = look_at_claim(&asking, host_plan, &looked);
		if (built && claim)
			look_whether_free(&asking, &looked);
		else if (!look_for_mounts(&asking, device))
			look_for_openers(&asking, device);
	}
	replication_look(&asking, host_plan);
	return 0;
}
