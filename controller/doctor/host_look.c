/* SPDX-License-Identifier: GPL-2.0-or-later */
/* host_look.c - doctor.h: what a host is. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "common/parse.h"
#include "doctor/ask.h"
#include "doctor/doctor.h"

#define OFFSET_MAX_NS \
	(2 * (int64_t)NS_PER_S) /* beyond it two hosts' logs mislead who reads them \
				 */

static void look_at_system(const struct asking *a)
{
	static const char *const kernel_argv[] = {"uname", "-srn", NULL};
	static const char *const user_argv[] = {"id", "-u", NULL};
	char *kernel = ask(a, "system", kernel_argv), *user = ask(a, "system", user_argv);

	if (kernel)
		diagnosis_add(a->d, a->subject, "system", LEVEL_OK, "%s", kernel);
	if (user && strcmp(user, "0") != 0)
		diagnosis_add(a->d, a->subject, "user", LEVEL_WARN,
			      "not root (uid %s): DRBD's state and who has the device open may not "
			      "be seen\nssh = root@...",
			      user);
	free(kernel);
	free(user);
}

/* As accelerator.h decides for this machine: by the CPU's flags, not by the device node. */
static void look_at_kvm(const struct asking *a)
{
	static const char *const cpu_argv[] = {"grep", "-m1", "^flags", "/proc/cpuinfo", NULL};
	static const char *const node_argv[] = {"ls", "/dev/kvm", NULL};
	char *flags = ask(a, "kvm", cpu_argv), *said, *word, *save;
	bool virtualises = false, node;
	int status;

	said = flags ? ask_status(a, "kvm", node_argv, &status) : NULL;
	if (!said) {
		free(flags);
		return;
	}
	node = !status;

	for (word = strtok_r(flags, " \t", &save); word; word = strtok_r(NULL, " \t", &save))
		virtualises |= !strcmp(word, "vmx") || !strcmp(word, "svm");
	if (virtualises && node)
		diagnosis_add(a->d, a->subject, "kvm", LEVEL_OK, "the CPU virtualises");
	else if (node)
		diagnosis_add(a->d, a->subject, "kvm", LEVEL_WARN,
			      "/dev/kvm is there, but the CPU has neither vmx nor svm: a guest "
			      "under KVM may never print a line\n"
			      "guests of <domain type='qemu'> work, slowly; for KVM switch "
			      "virtualisation on in the firmware, or nested in the machine below");
	else
		diagnosis_add(a->d, a->subject, "kvm", LEVEL_WARN,
			      "no /dev/kvm\nmodprobe kvm_intel or kvm_amd; without it guests are "
			      "emulated");
	free(flags);
	free(said);
}

/* The host's clock was read at some moment between the question and its answer. */
static void look_at_clock(const struct asking *a)
{
	static const char *const argv[] = {"date", "+%s%N", NULL};
	struct timespec before, after;
	int64_t least, most, middle, width, sent, answered;
	uint64_t there;
	char *text;
	bool apart;

	clock_gettime(CLOCK_REALTIME, &before);
	text = ask(a, "clock", argv);
	clock_gettime(CLOCK_REALTIME, &after);
	if (!text)
		return;
	sent = before.tv_sec * (int64_t)NS_PER_S + before.tv_nsec;
	answered = after.tv_sec * (int64_t)NS_PER_S + after.tv_nsec;
	if (parse_u64(text, INT64_MAX, "date", &there, NULL) < 0) {
		diagnosis_add(a->d, a->subject, "clock", LEVEL_WARN,
			      "not looked at: date said '%s'", text);
	} else {
		least = (int64_t)there - answered;
		most = (int64_t)there - sent;
		middle = least + (most - least) / 2;
		width = (most - least + 1) / 2;
		/* a slow answer tells less, and is no reason to warn */
		apart = least > OFFSET_MAX_NS || most < -OFFSET_MAX_NS;
		diagnosis_add(a->d, a->subject, "clock", apart ? LEVEL_WARN : LEVEL_OK,
			      "%+.3f s to this machine's, give or take %.3f s%s",
			      (double)middle / NS_PER_S, (double)width / NS_PER_S,
			      apart ? ": no verdict rests on it, but logs will mislead\n"
				      "let chrony or ntpd run on both hosts"
				    : "");
	}
	free(text);
}

/* Programs that start a guest again when we shut it down. */
static void look_for_managers(const struct asking *a)
{
	static const char *const argv[] = {"ps", "-eo", "comm=", NULL};
	static const struct {
		const char *program, *what, *remedy;
	} managers[] = {
		{"pacemakerd", "Pacemaker", "pcs resource unmanage the guests (or crm resource)"},
		{"rgmanager", "rgmanager", "clusvcadm -Z the guests"},
		{"vdsmd", "oVirt", "put the host into maintenance"},
		{"nova-compute", "OpenStack", "stop the instances there first"},
		{"pve-ha-lrm", "Proxmox HA", "ha-manager set vm:ID --state ignored"},
		{"ganeti-watcher", "Ganeti", "gnt-cluster watcher pause 4h"},
	};
	char *all = ask(a, "managers", argv), *at = all, *line;
	bool found = false;
	size_t i;

	while ((line = next_line(&at))) {
		for (i = 0; i < sizeof(managers) / sizeof(managers[0]); i++) {
			/* the kernel keeps 15 bytes of a name */
			if (strncmp(line, managers[i].program, 15) != 0)
				continue;
			found = true;
			diagnosis_add(a->d, a->subject, "managers", LEVEL_WARN,
				      "%s runs: if it looks after the guest it will start it "
				      "again in the middle of a test\n%s",
				      managers[i].what, managers[i].remedy);
		}
	}
	if (all && !found)
		diagnosis_add(a->d, a->subject, "managers", LEVEL_OK,
			      "none that we know would restart a guest");
	free(all);
}

int doctor_host(struct host *host, const char *subject, struct diagnosis *diagnosis,
		struct error *err)
{
	const struct asking asking = {host, subject, diagnosis};

	(void)err;
	look_at_system(&asking);
	look_at_kvm(&asking);
	look_at_clock(&asking);
	look_for_managers(&asking);
	return 0;
}
