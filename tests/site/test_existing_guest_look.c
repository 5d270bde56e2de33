/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stands in the way of testing a user's guest, on libvirt's own test driver and this machine
 * as its host. Guards against: a Pacemaker that was not asked and counts as none, what was plugged
 * into a running guest and would be lost at its first shutdown, and one device that is taken for
 * two because it has two names.
 */
#include "tests/test.h"

#include <dirent.h>
#include <libvirt/libvirt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "doctor/doctor.h"
#include "site/existing_guest_internal.h"
#include "host/host.h"
#include "host/interrupt.h"
#include "host/process.h"
#include "site/same_device.h"

#define URI "test:///default"

static const char definition[] =
	"<domain type='test'><name>db1</name>"
	"<uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid><memory>65536</memory><os><type>hvm</"
	"type></os><devices>%s"
	"<disk type='block' device='disk'><driver name='qemu' type='raw'/>"
	"<source dev='%s'/><target dev='vdb' bus='virtio'/><shareable/></disk>"
	"<channel type='unix'><target type='virtio' name='org.stalemate.agent.0'/></channel>"
	"</devices></domain>";
static const char system_disk[] =
	"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
	"<source file='/srv/a.qcow2'/><target dev='vda' bus='virtio'/></disk>";

static char folder[64], *old_path;
static virConnectPtr connection; /* keeps the driver's state alive between ours */
static struct plan_host plan;
static struct site_node node;

static char *in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* A stand-in for a program of the host. */
static void program(const char *name, const char *script)
{
	FILE *file = fopen(in_folder(name), "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", script);
	fclose(file);
	assert_int_equal(chmod(in_folder(name), 0755), 0);
}

static void define(const char *more, const char *device)
{
	struct error err;
	char *xml;

	assert_true(asprintf(&xml, definition, more, device) > 0);
	if (hypervisor_define(node.hypervisor, xml, &err) < 0)
		fail_msg("%s", err.text);
	free(xml);
}

static int set_up(void **state)
{
	const struct host_options local = {.ssh = "local"};
	const char *search = getenv("PATH");
	struct error err;
	char *path;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/stalemate-look.XXXXXX");
	if (!mkdtemp(folder) || !search)
		return -1;
	old_path = strdup(search);
	assert_true(asprintf(&path, "%s:%s", folder, old_path) > 0);
	setenv("PATH", path, 1);
	free(path);
	plan = (struct plan_host){
		.libvirt = URI, .device = "/dev/drbd0", .domain = "db1", .disk = "vdb"};
	node = (struct site_node){.letter = 'a',
				  .plan = &plan,
				  .device = "/dev/drbd0",
				  .domain = "db1",
				  .disk = "vdb"};
	node.host = host_open(&local, &err);
	node.hypervisor = hypervisor_open(URI, &err);
	connection = virConnectOpen(URI);
	if (!node.host || !node.hypervisor || !connection)
		return -1;
	program("cibadmin", "exit 127");
	define(system_disk, "/dev/drbd0");
	return 0;
}

static int tear_down(void **state)
{
	const char *const argv[] = {"rm", "-rf", folder, NULL};
	struct error err;

	(void)state;
	setenv("PATH", old_path, 1);
	free(old_path);
	hypervisor_destroy(node.hypervisor, "db1", &err);
	virConnectClose(connection);
	hypervisor_close(node.hypervisor);
	host_close(node.host);
	return process_run_ok(argv, 10 * NS_PER_S, &err);
}

static int look(struct error *err)
{
	struct domain_state state;
	char *xml = NULL;
	int result = existing_guest_look(&node, NULL, &state, &xml, err);

	free(xml);
	return result;
}

static void passes(void)
{
	struct error err;

	if (look(&err) < 0)
		fail_msg("%s", err.text);
}

static void refused(const char *why)
{
	struct error err = {0};

	if (!look(&err))
		fail_msg("not refused: %s", why);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say: %s", err.text, why);
}

/* Only what certainly says "not here" counts as no Pacemaker. */
static void test_pacemaker(void **state)
{
	(void)state;
	passes();
	program("cibadmin", "echo 'Could not connect to the CIB' >&2; exit 102");
	passes();
	program("cibadmin", "echo '<resources/>'");
	passes();
	program("cibadmin", "echo 'Permission denied' >&2; exit 4");
	refused("cannot tell whether Pacemaker looks after it: cibadmin ended with status 4 on its "
		"host (Permission denied)");
	program("cibadmin", "exit 78");
	refused("status 78");
	program("cibadmin", "kill -9 $$");
	refused("status 137");
	program("cibadmin", "echo '<primitive id=\"db1\" class=\"ocf\" type=\"VirtualDomain\"/>'");
	program("crm_mon", "echo '<resource id=\"db1\" managed=\"false\"/>'");
	passes();
	program("crm_mon", "echo '<resource id=\"db1\" managed=\"true\"/>'");
	refused("Pacemaker looks after it (resource db1)");
	program("crm_mon", "exit 102");
	refused("Pacemaker looks after it (resource db1)");
	program("crm_mon", "exit 1");
	refused("crm_mon ended with status 1");
}

/* A question that was not answered is no answer. Last: the flag of an interruption stays. */
static void test_pacemaker_was_not_heard(void **state)
{
	struct error err = {0};

	(void)state;
	interrupt_install();
	program("cibadmin", "kill -INT $PPID; sleep 20");
	assert_int_equal(look(&err), -1);
	assert_int_equal(err.kind, ERROR_INTERRUPTED);
	interrupt_hold(true);
}

/* Started with a disk, a card or a host's device that it is then defined without. */
static void live_only(const char *more, const char *name)
{
	struct error err = {0};
	char *with;

	hypervisor_destroy(node.hypervisor, "db1", &err);
	assert_true(asprintf(&with, "%s%s", system_disk, more) > 0);
	define(with, "/dev/drbd0");
	if (hypervisor_start_defined(node.hypervisor, "db1", &err) < 0)
		fail_msg("%s", err.text);
	passes();
	define(system_disk, "/dev/drbd0");
	refused(name);
	define(with, "/dev/drbd0");
	passes();
	free(with);
}

static void test_live_only(void **state)
{
	struct diagnosis diagnosis = {0};
	struct error err;
	size_t i;
	bool said = false;

	(void)state;
	live_only("<disk type='file' device='disk'><source file='/srv/c.img'/><target dev='vdc' "
		  "bus='virtio'/></disk>",
		  "it was given disk vdc (/srv/c.img) while it runs");
	live_only("<interface type='user'><mac address='52:54:00:00:00:07'/></interface>",
		  "interface 52:54:00:00:00:07");
	live_only("<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product "
		  "id='0xbeef'/></source></hostdev>",
		  "hostdev 0x1234 0xbeef");
	/* the doctor says so, too */
	define("", "/dev/drbd0");
	assert_int_equal(doctor_guest(node.host, &plan, "host a", "guest a", &diagnosis, &err), 0);
	for (i = 0; i < diagnosis.n; i++)
		said |= diagnosis.symptoms[i].level == LEVEL_FAIL &&
			strstr(diagnosis.symptoms[i].text, "was given disk vda (/srv/a.qcow2)");
	assert_true(said);
	diagnosis_done(&diagnosis);
}

/* Two block devices of this machine; false if it has none. */
static bool find_devices(char ret[2][300])
{
	DIR *dir = opendir("/dev");
	const struct dirent *entry;
	unsigned n = 0;
	struct stat info;

	while (dir && n < 2 && (entry = readdir(dir))) {
		snprintf(ret[n], 300, "/dev/%s", entry->d_name);
		n += !lstat(ret[n], &info) && S_ISBLK(info.st_mode);
	}
	if (dir)
		closedir(dir);
	return n == 2;
}

/* /dev/drbd/by-res/r0/0 is /dev/drbd0; a file under two names is no device. */
static void test_names_of_a_device(void **state)
{
	char devices[2][300], link[128];
	struct error err;

	(void)state;
	assert_int_equal(same_device(NULL, "/dev/x", "/dev/x", &err), 1);
	assert_int_equal(same_device(NULL, "/dev/x", "/dev/y", &err), -1);
	assert_non_null(strstr(err.text, "ssh = "));
	assert_int_equal(same_device(node.host, "/dev/null", "/nonexistent", &err), 0);
	snprintf(link, sizeof(link), "%s/null", folder);
	assert_int_equal(symlink("/dev/null", link), 0);
	assert_int_equal(same_device(node.host, "/dev/null", link, &err), 0);
	if (!find_devices(devices))
		return;
	snprintf(link, sizeof(link), "%s/r0", folder);
	assert_int_equal(symlink(devices[0], link), 0);
	assert_int_equal(same_device(node.host, link, devices[0], &err), 1);
	assert_int_equal(same_device(node.host, link, devices[1], &err), 0);
	define(system_disk, link);
	snprintf(node.device, sizeof(node.device), "%.255s", devices[0]);
	passes();
	snprintf(node.device, sizeof(node.device), "%.255s", devices[1]);
	refused("which is not the plan's device");
}

/* Guards against: a state that a run refuses and the doctor does not (they ask this), and a refusal
 * without the remedy that the doctor prints apart: what follows ": ". */
static void states(void **unused)
{
	static const struct domain_state refused_states[] = {
		{.persistent = false, .running = true},
		{.persistent = true, .managed_save = true},
		{.persistent = true, .snapshots = 2, .checkpoints = -1},
		{.persistent = true, .snapshots = -1, .checkpoints = 1},
		{.persistent = true, .running = true, .halted = true},
	};
	const struct domain_state fine = {.persistent = true, .halted = true, .snapshots = -1};
	const char *remedy;
	struct error err;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(refused_states) / sizeof(refused_states[0]); i++) {
		assert_int_equal(existing_guest_check_state(&refused_states[i], "db1", &err), -1);
		assert_int_equal(err.kind, ERROR_WORLD);
		remedy = strstr(err.text, ": ");
		assert_non_null(remedy);
		assert_non_null(strstr(remedy, "`virsh "));
	}
	assert_int_equal(existing_guest_check_state(&fine, "db1", &err), 0);
}

int main(void)
{
#define WITH_GUEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states),
		WITH_GUEST(test_pacemaker),
		WITH_GUEST(test_live_only),
		WITH_GUEST(test_names_of_a_device),
		WITH_GUEST(test_pacemaker_was_not_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
