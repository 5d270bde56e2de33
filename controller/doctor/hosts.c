/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hosts.c - doctor.h: both hosts of a plan, one after the other. */
#include <stdio.h>
#include <string.h>

#include "doctor/doctor.h"
#include "host/host.h"
#include "host/interrupt.h"

/* ssh is for what libvirt cannot do: a host without it is looked at through libvirt alone. */
static bool can_command(const struct plan_host *plan)
{
	return plan->ssh[0] || !strcmp(plan->libvirt, "qemu:///system");
}

/* 0 with the host, to be closed, or with NULL and a line that says why. */
static int reach(const struct plan_host *plan, const char *ssh_config, const char *subject,
		 struct diagnosis *d, struct host **ret, struct error *err)
{
	const struct host_options options = {.ssh = plan->ssh, .ssh_config = ssh_config};
	struct error why;

	*ret = NULL;
	if (!can_command(plan)) {
		diagnosis_add(d, subject, "ssh", LEVEL_WARN,
			      "the plan names no ssh: the device, its replication and the host "
			      "itself are not looked at\nssh = root@... in its section");
		return 0;
	}
	*ret = host_open(&options, &why);
	if (!*ret) {
		if (why.kind == ERROR_INTERRUPTED)
			return interrupt_error(err);
		diagnosis_add(d, subject, "ssh", LEVEL_FAIL, "%s", why.text);
		return 0;
	}
	if (!host_is_local(*ret))
		diagnosis_add(d, subject, "ssh", LEVEL_OK, "reached, and its key is known");
	if (host_warning(*ret)[0])
		diagnosis_add(d, subject, "ssh", LEVEL_WARN, "%s", host_warning(*ret));
	return 0;
}

static int look_at_node(const struct plan *plan, unsigned node, const char *ssh_config,
			const struct progress *progress, struct diagnosis *d, struct error *err)
{
	const struct plan_host *host_plan = &plan->hosts[node];
	char name[2] = {(char)('a' + node), '\0'}, subject[80], guest[80];
	struct host *host;
	int result = 0;

	snprintf(subject, sizeof(subject), "host %s (%.60s)", name,
		 host_plan->ssh[0] ? host_plan->ssh : host_plan->libvirt);
	snprintf(guest, sizeof(guest), "guest %s (%.60s)", name, host_plan->domain);
	progress_step(progress, "looking at %s", subject);
	if (reach(host_plan, ssh_config, subject, d, &host, err) < 0)
		return -1;
	if (host)
		result = doctor_host(host, subject, d, err);
	if (host && !result)
		doctor_host_built(host, plan, node, subject, d);
	if (host && !result)
		result = doctor_volume(host, plan, node, subject, d, err);
	if (!result) {
		progress_step(progress, "looking at libvirt there, and at %s", guest);
		result = doctor_guest(host, host_plan, subject, guest, d, err);
	}
	host_close(host);
	return result;
}

int doctor_hosts(const struct plan *plan, const char *ssh_config, const struct progress *progress,
		 struct diagnosis *diagnosis, struct error *err)
{
	unsigned node;

	for (node = 0; node < NODES; node++) {
		if (look_at_node(plan, node, ssh_config, progress, diagnosis, err) < 0)
			return -1;
		if (interrupted())
			return interrupt_error(err);
	}
	return 0;
}
