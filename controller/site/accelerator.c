/* SPDX-License-Identifier: GPL-2.0-or-later */
/* accelerator.c - see accelerator.h. */
#include "site/accelerator.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"

#define LOOK_NS (30 * NS_PER_S)

const char *const accelerator_names[ACCELERATORS] = {
	[ACCELERATOR_AUTO] = "auto", [ACCELERATOR_KVM] = "kvm", [ACCELERATOR_TCG] = "tcg"};

/* Whether the "flags" line of /proc/cpuinfo has vmx (Intel) or svm (AMD) as a word. */
static bool cpu_virtualises(void)
{
	char line[8192], *word, *save;
	bool found = false;
	FILE *file;

	file = fopen("/proc/cpuinfo", "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		if (strncmp(line, "flags", 5))
			continue;
		for (word = strtok_r(line, " \t\n", &save); word && !found;
		     word = strtok_r(NULL, " \t\n", &save))
			found = !strcmp(word, "vmx") || !strcmp(word, "svm");
		break; /* all CPUs are alike */
	}
	fclose(file);
	return found;
}

int accelerator_choose(enum accelerator asked, bool *ret_kvm, struct error *err)
{
	bool opens;
	int fd;

	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	opens = fd >= 0;
	if (asked == ACCELERATOR_KVM && !opens)
		return error_set_errno(err, ERROR_WORLD,
				       "/dev/kvm (KVM was asked for; use auto or tcg)");
	if (opens)
		close(fd);
	*ret_kvm = asked == ACCELERATOR_KVM ||
		   (asked == ACCELERATOR_AUTO && opens && cpu_virtualises());
	return 0;
}

int accelerator_choose_on(struct host *host, enum accelerator asked, bool *ret_kvm,
			  struct error *err)
{
	static const char script[] = "test -r /dev/kvm && test -w /dev/kvm || exit 2\n"
				     "sed -n '/^flags/{p;q;}' /proc/cpuinfo | grep -qwE 'vmx|svm'";
	const char *argv[] = {"sh", "-c", script, NULL};
	struct process_result result;
	int status;

	if (host_is_local(host))
		return accelerator_choose(asked, ret_kvm, err);
	if (host_run(host, argv, LOOK_NS, &result, err) < 0)
		return -1;
	status = result.status;
	process_result_done(&result);
	if (asked == ACCELERATOR_KVM && status == 2)
		return error_set(err, ERROR_WORLD,
				 "a host has no /dev/kvm (KVM was asked for; use auto or tcg)");
	*ret_kvm = asked == ACCELERATOR_KVM || (asked == ACCELERATOR_AUTO && !status);
	return 0;
}
