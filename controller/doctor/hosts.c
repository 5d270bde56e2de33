/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hosts.c - doctor.h: both hosts of a plan, one after the other. */
#include <stdio.h>
#include <string.h>

#include "doctor/doctor.h"
#include "site/host.h"
#include "site/interrupt.h"

/* ssh is for what libvirt cannot do: a host without it is looked at through libvirt alone. */
static bool can_command(const struct plan_host *plan)
{
	return plan->ssh[0] || !strcmp(plan->libvirt, "qemu:///system");
}

static int look_over_ssh(const struct plan_host *plan, const char *ssh_config, const char *subject,
			 struct diagnosis *d, struct error *err)
{
	const struct host_options options = {.ssh = plan->ssh, .ssh_config = ssh_config};
	struct host *host;
	struct error why;
	int result;

	if (!can_command(plan)) {
		diagnosis_add(d, subject, "ssh", LEVEL_WARN,
			      "the plan names no ssh: the device, its replication and the host "
			      "itself are not looked at\nssh = root@... in its section");
		return 0;
	}
	host = host_open(&options, &why);
	if (!host) {
		if (why.kind == ERROR_INTERRUPTED)
			return interrupt_error(err);
		diagnosis_add(d, subject, "ssh", LEVEL_FAIL, "%s", why.text);
		return 0;
	}
	if (!host_is_local(host))
		diagnosis_add(d, subject, "ssh", LEVEL_OK, "reached, and its key is known");
	if (host_warning(host)[0])
		diagnosis_add(d, subject, "ssh", LEVEL_WARN, "%s", host_warning(host));
	result = doctor_host(host, subject, d, err);
	if (!result)
		result = doctor_volume(host, plan, subject, d, err);
	host_close(host);
	return result;
}

int doctor_hosts(const struct plan *plan, const char *ssh_config, struct diagnosis *diagnosis,
		 struct error *err)
{
	char subject[80], guest[80];
	unsigned node;

	for (node = 0; node < NODES; node++) {
		const struct plan_host *host = &plan->hosts[node];
		char name[2] = {(char)('a' + node), '\0'};

		snprintf(subject, sizeof(subject), "host %s (%.60s)", name,
			 host->ssh[0] ? host->ssh : host->libvirt);
		snprintf(guest, sizeof(guest), "guest %s (%.60s)", name, host->domain);
		if (look_over_ssh(host, ssh_config, subject, diagnosis, err) < 0 ||
		    doctor_guest(host, subject, guest, diagnosis, err) < 0)
			return -1;
		if (interrupted())
			return interrupt_error(err);
	}
	return 0;
}
