/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.c - doctor.h: this machine, for the lab. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "doctor/doctor.h"
#include "site/accelerator.h"
#include "site/daemons.h"
#include "virt/hypervisor.h"
#include "host/interrupt.h"
#include "site/lab.h"
#include "site/locate.h"
#include "host/process.h"

#define SUBJECT "this machine, for the lab"
#define MIB (1ULL << 20)
#define ROOM_MIB 600	   /* image, its packages and the volume */
#define MEMORY_MIB 1400	   /* two guests of 512 MiB, and what QEMU needs */
#define RUN_NS 10000000000 /* any program here answers at once */

static void look_for_root(struct diagnosis *d)
{
	if (geteuid())
		diagnosis_add(d, SUBJECT, "root", LEVEL_FAIL,
			      "not root: the lab needs loop devices and libvirt's system "
			      "instance\nrun it with sudo");
	else
		diagnosis_add(d, SUBJECT, "root", LEVEL_OK, "running as root");
}

/* Whether the program is in the PATH, or where programs of root are. */
static bool is_there(const char *program)
{
	const char *argv[] = {program, "--version", NULL};
	struct process_result result;

	if (process_run(argv, RUN_NS, NULL, &result, NULL) < 0)
		return false;
	process_result_done(&result);
	return result.status != 127;
}

static void look_for_programs(struct diagnosis *d)
{
	static const char *const programs[] = {"qemu-system-x86_64",
					       "libvirtd",
					       "virtlogd",
					       "mkfs.gfs2",
					       "fsck.gfs2",
					       "losetup",
					       "cpio",
					       "xz",
					       "depmod"};
	char missing[256] = "";
	size_t i, used = 0;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (!is_there(programs[i]))
			used += (size_t)snprintf(missing + used, sizeof(missing) - used, " %s",
						 programs[i]);
	}
	if (used)
		diagnosis_add(d, SUBJECT, "programs", LEVEL_FAIL,
			      "missing:%s\n`sudo make demo` installs what the lab needs, on Debian",
			      missing);
	else
		diagnosis_add(d, SUBJECT, "programs", LEVEL_OK,
			      "QEMU, libvirt, GFS2's tools and what the image is built with");
}

static void look_at_kvm(struct diagnosis *d)
{
	bool node = !access("/dev/kvm", F_OK), kvm;
	struct error err;

	if (accelerator_choose(ACCELERATOR_AUTO, &kvm, &err) < 0)
		diagnosis_add(d, SUBJECT, "kvm", LEVEL_WARN, "not looked at: %s", err.text);
	else if (kvm)
		diagnosis_add(d, SUBJECT, "kvm", LEVEL_OK, "KVM will be used");
	else
		diagnosis_add(
			d, SUBJECT, "kvm", LEVEL_WARN,
			"guests will be emulated: %s\n"
			"the lab works so, only slower; on hardware switch virtualisation "
			"on in the firmware, in a guest ask for nested virtualisation",
			node ? "/dev/kvm is there, but the CPU has neither vmx nor svm, or it "
			       "does not open"
			     : "there is no /dev/kvm");
}

static void look_at_libvirt(struct diagnosis *d)
{
	struct hypervisor *hypervisor = hypervisor_open(LIBVIRT_URI, NULL);
	char versions[128];

	if (hypervisor) {
		hypervisor_versions(hypervisor, versions, sizeof(versions));
		diagnosis_add(d, SUBJECT, "libvirt", LEVEL_OK, "%s at " LIBVIRT_URI, versions);
		hypervisor_close(hypervisor);
	} else if (!access("/run/systemd/system", F_OK)) {
		diagnosis_add(d, SUBJECT, "libvirt", LEVEL_FAIL,
			      "libvirtd does not answer at " LIBVIRT_URI
			      "\nsystemctl start libvirtd");
	} else {
		diagnosis_add(d, SUBJECT, "libvirt", LEVEL_OK,
			      "libvirtd is not running; the lab starts it where no init system "
			      "does");
	}
}

static void look_at_loop(struct diagnosis *d)
{
	if (access("/dev/loop-control", R_OK | W_OK))
		diagnosis_add(d, SUBJECT, "loop", LEVEL_FAIL,
			      "/dev/loop-control: %s; the two hosts of the lab are loop devices\n"
			      "modprobe loop; in a container it must be handed in",
			      strerror(errno));
	else
		diagnosis_add(d, SUBJECT, "loop", LEVEL_OK, "loop devices can be made");
}

/* The first folder of the path that is there. */
static unsigned long long room_at(const char *path)
{
	struct statvfs at;
	char folder[256];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	while (statvfs(folder, &at) < 0) {
		slash = strrchr(folder, '/');
		if (!slash || slash == folder)
			return statvfs("/", &at) < 0 ? 0 : at.f_bavail * at.f_frsize / MIB;
		*slash = '\0';
	}
	return at.f_bavail * at.f_frsize / MIB;
}

static void look_at_space(struct diagnosis *d)
{
	unsigned long long room = room_at(LAB_DISK_DIR), cache = room_at("/var/cache/stalemate");

	if (room < ROOM_MIB || cache < ROOM_MIB)
		diagnosis_add(d, SUBJECT, "space", LEVEL_FAIL,
			      "%llu MiB free for the volume, %llu MiB for the image; %d MiB are "
			      "needed\nmake room below " LAB_DISK_DIR " and /var/cache",
			      room, cache, ROOM_MIB);
	else
		diagnosis_add(d, SUBJECT, "space", LEVEL_OK,
			      "%llu MiB free for the volume, %llu MiB for the image", room, cache);
}

static void look_at_memory(struct diagnosis *d)
{
	char line[128];
	unsigned long long kib = 0;
	FILE *file = fopen("/proc/meminfo", "re");

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "MemAvailable: %llu", &kib);
	if (file)
		fclose(file);
	if (!kib)
		diagnosis_add(d, SUBJECT, "memory", LEVEL_WARN,
			      "not looked at: /proc/meminfo does not say MemAvailable");
	else
		diagnosis_add(d, SUBJECT, "memory", kib / 1024 < MEMORY_MIB ? LEVEL_FAIL : LEVEL_OK,
			      "%llu MiB available, the two guests need %d MiB%s", kib / 1024,
			      MEMORY_MIB,
			      kib / 1024 < MEMORY_MIB ? "\nend something that takes memory" : "");
}

static void look_at_lab(struct diagnosis *d)
{
	char holder[128];
	struct lab_report report;

	if (lab_locked_by(holder, sizeof(holder))) {
		diagnosis_add(d, SUBJECT, "lab", LEVEL_WARN,
			      "in use by %s\nwait for its end; two runs cannot share it", holder);
		return;
	}
	lab_look(&report);
	if (report.up)
		diagnosis_add(d, SUBJECT, "lab", LEVEL_OK, "up, and will be used as it is");
	else if (report.guests[0] || report.guests[1] || report.known)
		diagnosis_add(d, SUBJECT, "lab", LEVEL_WARN,
			      "an earlier run left something behind; the next one cleans it up\n"
			      "or do it now: stalemate lab down");
	else
		diagnosis_add(d, SUBJECT, "lab", LEVEL_OK, "free");
}

static void look_for_files(struct diagnosis *d)
{
	struct error err;
	char *agent = locate_agent(&err), *script = agent ? locate_image_script(&err) : NULL;

	if (!script)
		diagnosis_add(d, SUBJECT, "files", LEVEL_FAIL,
			      "%s\nrun it from where it was built, or install all of it", err.text);
	else
		diagnosis_add(d, SUBJECT, "files", LEVEL_OK, "the agent is %s", agent);
	free(agent);
	free(script);
}

int doctor_machine(struct diagnosis *diagnosis, struct error *err)
{
	static void (*const looks[])(struct diagnosis *) = {
		look_for_root, look_for_programs, look_for_files, look_at_kvm, look_at_libvirt,
		look_at_loop,  look_at_space,	  look_at_memory, look_at_lab};
	size_t i;

	for (i = 0; i < sizeof(looks) / sizeof(looks[0]); i++) {
		if (interrupted())
			return interrupt_error(err);
		looks[i](diagnosis);
	}
	return 0;
}
