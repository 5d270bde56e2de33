/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A user's guest through a whole run, on libvirt's own test driver (no daemon, no QEMU; all
 * connections of a process to test:///default see the same domains). Guards against a guest that is
 * not put back, against one that is changed before it is saved, and against a restore that
 * overwrites what is not its own.
 */
#include "tests/test.h"

#include <libvirt/libvirt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "rundir/rundir.h"
#include "virt/domain_xml.h"
#include "site/existing_guest.h"
#include "virt/hypervisor.h"
#include "host/process.h"
#include "site/restore.h"
#include "site/site.h"

#define URI "test:///default"

static const struct disk_setup as_it_is, native = {{0, DISK_IO_NATIVE}};
static const char definition[] =
	"<domain type='test'><name>db1</name>"
	"<uuid>4dea22b3-1d52-d8f3-2516-782e98ab3fa0</uuid><memory>65536</memory><os><type>hvm</"
	"type></os>"
	"<devices>"
	"<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='writeback'/>"
	"<source file='/srv/a.qcow2'/><target dev='vda' bus='virtio'/></disk>"
	"<disk type='block' device='disk'><driver name='qemu' type='raw' cache='writethrough'/>"
	"<source dev='/dev/drbd0'/><target dev='vdb' bus='virtio'/><shareable/></disk>"
	"<channel type='unix'><target type='virtio' name='org.stalemate.agent.0'/></channel>"
	"<graphics type='vnc' port='5999' passwd='secret'/>"
	"</devices></domain>";

static char run[64];
static virConnectPtr connection; /* keeps the driver's state alive between ours */
static struct plan_host plan;
static struct site_node node;
static char said[2048];

static virDomainPtr domain(void)
{
	virDomainPtr found = virDomainLookupByName(connection, "db1");

	assert_non_null(found);
	return found;
}

static char *dumpxml(void)
{
	struct error err;
	char *xml = hypervisor_definition_secure(node.hypervisor, "db1", &err);

	assert_non_null(xml);
	return xml;
}

static bool runs(void)
{
	return hypervisor_running(node.hypervisor, "db1");
}

/* A text with the first `from` in it replaced, to be freed. */
static char *replace(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);
	char *ret;

	assert_non_null(at);
	assert_true(asprintf(&ret, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	return ret;
}

/* Define the guest anew, with `from` in its definition replaced. */
static void define(const char *from, const char *to)
{
	char *xml = replace(definition, from, to);
	struct error err;

	assert_int_equal(hypervisor_define(node.hypervisor, xml, &err), 0);
	free(xml);
}

static int set_up(void **state)
{
	struct error err;

	(void)state;
	plan = (struct plan_host){.libvirt = URI,
				  .device = "/dev/drbd0",
				  .domain = "db1",
				  .disk = "vdb",
				  .stop_ns = 2 * NS_PER_S,
				  .start_ns = 2 * NS_PER_S};
	node = (struct site_node){.letter = 'a',
				  .plan = &plan,
				  .device = "/dev/drbd0",
				  .domain = "db1",
				  .disk = "vdb"};
	node.hypervisor = hypervisor_open(URI, &err);
	connection = virConnectOpen(URI);
	snprintf(run, sizeof(run), "/tmp/stalemate-existing.XXXXXX");
	if (!node.hypervisor || !connection || !mkdtemp(run) || rundir_create(run, &err) < 0)
		return -1;
	define("db1", "db1");
	return hypervisor_start_defined(node.hypervisor, "db1", &err);
}

static int tear_down(void **state)
{
	const char *const argv[] = {"rm", "-rf", run, NULL};
	virDomainPtr found = domain();
	struct error err;

	(void)state;
	virDomainDestroy(found);
	virDomainUndefineFlags(found, VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
					      VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA);
	virDomainFree(found);
	virConnectClose(connection);
	hypervisor_close(node.hypervisor);
	return process_run_ok(argv, 10 * NS_PER_S, &err);
}

static struct existing_guest *open_guest(void)
{
	struct error err;
	struct existing_guest *guest = existing_guest_open(&node, run, NULL, &err);

	if (!guest)
		fail_msg("%s", err.text);
	return guest;
}

static void change_setup(struct existing_guest *guest, enum cache_mode mode,
			 const struct disk_setup *setup)
{
	struct error err;

	assert_int_equal(existing_guest_stop(guest, &err), 0);
	assert_false(runs());
	if (existing_guest_set_disk(guest, mode, setup, &err) < 0 ||
	    existing_guest_start(guest, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(runs());
}

static void change(struct existing_guest *guest, enum cache_mode mode)
{
	change_setup(guest, mode, &as_it_is);
}

static void say(void *context, const char *line, bool failed)
{
	size_t used = strlen(said);

	(void)context;
	snprintf(said + used, sizeof(said) - used, "%s%s\n", failed ? "! " : "", line);
}

/* `stalemate restore`, which must end so and say that. */
static void restore(bool force, int wanted, const char *says)
{
	const struct restore_options options = {
		.timeout_ns = 2 * NS_PER_S, .force = force, .say = say};
	struct error err = {0};
	int result;

	said[0] = 0;
	result = restore_run(run, &options, &err);
	if (result != wanted || (!strstr(said, says) && !strstr(err.text, says)))
		fail_msg("restore: %d, '%s', '%s'; wanted '%s'", result, said, err.text, says);
}

/* Through several modes and back: byte for byte, running, saved before the first change. */
static void test_a_whole_run(void **state)
{
	char *before = dumpxml(), *now, *path, *saved;
	struct existing_guest *guest = open_guest();
	struct domain_disk disk;
	enum cache_mode mode;
	struct error err;

	(void)state;
	assert_string_equal(existing_guest_source(guest), "/dev/drbd0");
	path = rundir_path(run, NULL, "saved/a.xml");
	saved = rundir_read_file(path, 1 << 20, NULL, &err);
	assert_non_null(saved);
	assert_string_equal(saved, before);
	assert_non_null(strstr(saved, "secret"));
	free(path);
	free(saved);
	path = rundir_path(run, NULL, "domains/a.xml");
	saved = rundir_read_file(path, 1 << 20, NULL, &err);
	assert_non_null(saved);
	assert_null(strstr(saved, "secret"));
	for (mode = 0; mode < CACHE_MODES; mode++) {
		change(guest, mode);
		now = dumpxml();
		assert_int_equal(domain_xml_equal(now, before, "vdb", &err), 1);
		assert_int_equal(domain_xml_disk_at(now, "vdb", &disk, &err), 1);
		assert_string_equal(disk.cache,
				    mode == CACHE_DEFAULT ? "" : cache_mode_names[mode]);
		free(now);
	}
	/* its way of I/O as well, which is no user's change, and is put back with the rest */
	change_setup(guest, CACHE_NONE, &native);
	now = dumpxml();
	assert_int_equal(domain_xml_disk_at(now, "vdb", &disk, &err), 1);
	assert_string_equal(disk.io, "native");
	free(now);
	change(guest, CACHE_WRITEBACK);
	assert_int_equal(existing_guest_restore(guest, &err), 0);
	assert_true(runs());
	now = dumpxml();
	assert_string_equal(now, before);
	existing_guest_close(guest);
	restore(false, 0, "nothing to do");
	free(path);
	free(saved);
	free(now);
	free(before);
}

/* Killed in a changed mode: put back once, and then there is nothing to do. */
static void test_after_a_kill(void **state)
{
	char *before = dumpxml(), *now;
	struct existing_guest *guest = open_guest();

	(void)state;
	change(guest, CACHE_UNSAFE);
	restore(false, -1, "still going");
	existing_guest_close(guest);
	restore(false, 0, "shut down, definition put back, started");
	assert_true(runs());
	now = dumpxml();
	assert_string_equal(now, before);
	restore(false, 0, "nothing to do: it was put back already");
	free(now);
	free(before);
}

/* Killed in the second mode after it was noted, and before it was made: the first one's definition
 * stands there, which is still ours. */
static void test_killed_before_the_change(void **state)
{
	char *before = dumpxml(), *first, *second, *now;
	struct existing_guest *guest = open_guest();
	struct error err;

	(void)state;
	change(guest, CACHE_UNSAFE);
	first = dumpxml();
	assert_int_equal(existing_guest_stop(guest, &err), 0);
	assert_int_equal(existing_guest_set_disk(guest, CACHE_NONE, &as_it_is, &err), 0);
	second = dumpxml();
	assert_string_not_equal(first, second);
	assert_int_equal(hypervisor_define(node.hypervisor, first, &err), 0);
	existing_guest_close(guest);
	restore(false, 0, "definition put back, started");
	now = dumpxml();
	assert_string_equal(now, before);
	free(now);
	free(second);
	free(first);
	free(before);
}

/* Edited by its user and not started anew, so that it runs in another mode than it is defined with:
 * a run that ends before it changes anything leaves it running as it does. */
static void test_not_changed(void **state)
{
	struct existing_guest *guest;
	char *live, *still;
	struct error err;

	(void)state;
	define("writethrough", "none");
	live = hypervisor_xml(node.hypervisor, "db1", &err);
	guest = open_guest();
	assert_int_equal(existing_guest_restore(guest, &err), 0);
	existing_guest_close(guest);
	restore(false, 0, "nothing to do");
	still = hypervisor_xml(node.hypervisor, "db1", &err);
	assert_string_equal(live, still);
	free(live);
	free(still);
}

/* Killed between the definition and the start, of a guest that was off; its autostart comes back
 * as well. */
static void test_a_guest_that_was_off(void **state)
{
	struct existing_guest *guest;
	char *before = dumpxml(), *now;
	struct domain_state look;
	struct error err;

	(void)state;
	assert_int_equal(hypervisor_destroy(node.hypervisor, "db1", &err), 0);
	assert_int_equal(hypervisor_set_autostart(node.hypervisor, "db1", true, &err), 0);
	guest = open_guest();
	assert_int_equal(existing_guest_set_disk(guest, CACHE_NONE, &as_it_is, &err), 0);
	existing_guest_close(guest);
	assert_int_equal(hypervisor_set_autostart(node.hypervisor, "db1", false, &err), 0);
	restore(false, 0, "definition put back, autostart on again");
	assert_false(runs());
	assert_int_equal(hypervisor_look(node.hypervisor, "db1", &look, &err), 0);
	assert_true(look.autostart);
	now = dumpxml();
	assert_string_equal(now, before);
	free(now);
	free(before);
}

/* Of a guest that was off and runs in its own mode again, the run says so: it is shut down. */
static void test_off_again(void **state)
{
	struct existing_guest *guest;
	struct error err;

	(void)state;
	assert_int_equal(hypervisor_destroy(node.hypervisor, "db1", &err), 0);
	guest = open_guest();
	assert_int_equal(existing_guest_start(guest, &err), 0);
	existing_guest_close(guest);
	restore(false, 0, "shut down");
	assert_false(runs());
}

/* What the user changed since is not overwritten, unless that is asked for. */
static void test_edited_since(void **state)
{
	char *before = dumpxml(), *changed, *now, *edited;
	struct existing_guest *guest = open_guest();
	struct error err;

	(void)state;
	change(guest, CACHE_UNSAFE);
	changed = dumpxml();
	edited = replace(changed, "/srv/a", "/srv/b");
	assert_int_equal(hypervisor_define(node.hypervisor, edited, &err), 0);
	assert_int_equal(existing_guest_restore(guest, &err), -1);
	assert_non_null(strstr(err.text, "somebody has changed it since"));
	existing_guest_close(guest);
	restore(false, -1, "by hand: shut it down");
	now = dumpxml();
	assert_non_null(strstr(now, "/srv/b"));
	free(now);
	restore(true, 0, "definition put back");
	now = dumpxml();
	assert_string_equal(now, before);
	free(now);
	free(edited);
	free(changed);
	free(before);
}

/* The mode itself, set to another than ours: that is an answer taken to heart, not a leftover. */
static void test_mode_chosen_since(void **state)
{
	struct existing_guest *guest = open_guest();

	(void)state;
	change(guest, CACHE_UNSAFE);
	existing_guest_close(guest);
	define("writethrough", "none");
	restore(false, -1, "somebody has changed it since");
}

/* Another guest that took the name. */
static void test_another_of_that_name(void **state)
{
	struct existing_guest *guest = open_guest();
	virDomainPtr found = domain();

	(void)state;
	change(guest, CACHE_NONE);
	existing_guest_close(guest);
	virDomainDestroy(found);
	virDomainUndefine(found);
	virDomainFree(found);
	define("4dea22b3", "4dea22b4");
	restore(true, -1, "is not the one that was tested");
}

static void test_no_run(void **state)
{
	const struct restore_options options = {.say = say};
	struct error err;

	(void)state;
	assert_int_equal(restore_run("/tmp", &options, &err), -1);
	assert_int_equal(err.kind, ERROR_USER);
	restore(false, 0, "changed no guest");
}

static void refused(const char *why)
{
	char *before = dumpxml(), *now;
	struct error err = {0};

	if (existing_guest_open(&node, run, NULL, &err))
		fail_msg("not refused: %s", why);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say: %s", err.text, why);
	now = dumpxml();
	assert_string_equal(now, before);
	restore(false, 0, "changed no guest");
	free(now);
	free(before);
}

/* What a redefinition would lose, or what would be a test of something else. */
static void test_refusals(void **state)
{
	virDomainPtr found = domain();
	virDomainSnapshotPtr snapshot;

	(void)state;
	snprintf(node.domain, sizeof(node.domain), "nobody");
	refused("virsh -c test:///default list --all");
	snprintf(node.domain, sizeof(node.domain), "db1");
	snprintf(node.disk, sizeof(node.disk), "vdc");
	refused("virsh domblklist db1");
	snprintf(node.disk, sizeof(node.disk), "vda");
	refused("not a disk of type block");
	snprintf(node.disk, sizeof(node.disk), "vdb");
	snprintf(node.device, sizeof(node.device), "/dev/drbd1");
	refused("disk vdb is /dev/drbd0, the plan's device is /dev/drbd1");
	snprintf(node.device, sizeof(node.device), "/dev/drbd0");
	plan.agent = AGENT_GUEST_AGENT;
	refused("org.qemu.guest_agent.0");
	plan.agent = AGENT_VIRTIO;
	define("org.stalemate", "org.other");
	refused("agent = ssh or guest-agent");
	define("type='raw'", "type='qcow2'");
	refused("not raw");
	define("<shareable/>", "<readonly/>");
	refused("read-only");
	define("db1", "db1");
	assert_int_equal(virDomainSuspend(found), 0);
	refused("virsh resume db1");
	assert_int_equal(virDomainResume(found), 0);
	snapshot = virDomainSnapshotCreateXML(found, "<domainsnapshot/>", 0);
	assert_non_null(snapshot);
	refused("virsh snapshot-list db1");
	virDomainSnapshotDelete(snapshot, 0);
	virDomainSnapshotFree(snapshot);
	assert_int_equal(virDomainManagedSave(found, 0), 0);
	refused("managedsave-remove");
	virDomainManagedSaveRemove(found, 0);
	virDomainFree(found);
}

/* One that is gone once it is shut down. */
static void test_transient(void **state)
{
	struct error err = {0};
	char *named = replace(definition, "db1", "db2");
	char *xml = replace(named, "4dea22b3", "4dea22b5");

	(void)state;
	assert_int_equal(hypervisor_start(node.hypervisor, xml, false, &err), 0);
	snprintf(node.domain, sizeof(node.domain), "db2");
	assert_null(existing_guest_open(&node, run, NULL, &err));
	assert_non_null(strstr(err.text, "it is transient"));
	assert_int_equal(hypervisor_destroy(node.hypervisor, "db2", &err), 0);
	free(named);
	free(xml);
}

/* The mode of a running guest must not be changed: what it runs in would be another. */
static void test_only_when_off(void **state)
{
	struct existing_guest *guest = open_guest();
	struct error err;

	(void)state;
	assert_int_equal(existing_guest_set_disk(guest, CACHE_NONE, &as_it_is, &err), -1);
	assert_non_null(strstr(err.text, "not shut off"));
	existing_guest_close(guest);
}

/* io='native' goes with two modes alone, which libvirt says at the start and in other words. */
static void test_io_native(void **state)
{
	struct existing_guest *guest;
	struct error err;

	(void)state;
	define("cache='writethrough'", "cache='none' io='native'");
	guest = open_guest();
	assert_int_equal(existing_guest_stop(guest, &err), 0);
	assert_int_equal(existing_guest_set_disk(guest, CACHE_DIRECTSYNC, &as_it_is, &err), 0);
	assert_int_equal(existing_guest_set_disk(guest, CACHE_UNSAFE, &as_it_is, &err), -1);
	assert_non_null(strstr(err.text, "io='native'"));
	assert_int_equal(existing_guest_restore(guest, &err), 0);
	existing_guest_close(guest);
}

/* An agent that never comes: waited for until the deadline, and what for is said. */
static void test_no_agent(void **state)
{
	struct existing_guest *guest = open_guest();
	struct error err;

	(void)state;
	plan.start_ns = NS_PER_S / 10;
	assert_int_equal(existing_guest_connect(guest, &err), -1);
	assert_non_null(strstr(err.text, "guest a (db1 at test:///default)"));
	assert_non_null(strstr(err.text, "stalemate-agent --port"));
	assert_int_equal(existing_guest_stop(guest, &err), 0);
	assert_int_equal(existing_guest_connect(guest, &err), -1);
	assert_non_null(strstr(err.text, "does not run"));
	existing_guest_close(guest);
}

int main(void)
{
#define WITH_GUEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH_GUEST(test_a_whole_run),
		WITH_GUEST(test_after_a_kill),
		WITH_GUEST(test_killed_before_the_change),
		WITH_GUEST(test_not_changed),
		WITH_GUEST(test_a_guest_that_was_off),
		WITH_GUEST(test_off_again),
		WITH_GUEST(test_edited_since),
		WITH_GUEST(test_mode_chosen_since),
		WITH_GUEST(test_another_of_that_name),
		WITH_GUEST(test_no_run),
		WITH_GUEST(test_refusals),
		WITH_GUEST(test_transient),
		WITH_GUEST(test_only_when_off),
		WITH_GUEST(test_io_native),
		WITH_GUEST(test_no_agent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
