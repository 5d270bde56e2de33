/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's XML. Guards against cells that differ in more than the cache mode, against user text
 * that breaks out of an attribute, against taking someone else's domain for ours, and against a
 * change of a user's definition that changes anything besides.
 */
#include "tests/test.h"

#include <libxml/c14n.h>
#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "virt/domain_xml.h"

static const struct disk_setup plain; /* nothing asked beside the cache mode */

/* Guests of all kinds of disk: each axis is in the XML where libvirt wants it, and found again. */
static void test_disk_setups(void **state)
{
	static const struct {
		struct disk_setup setup;
		const char *target, *holds, *lacks;
	} cases[] = {
		{{{0}}, "vda", "type=\"raw\"", "iothread"},
		{{{DISK_BUS_VIRTIO, DISK_IO_NATIVE, DISK_IOTHREAD_YES}},
		 "vda",
		 "io=\"native\" iothread=\"1\"",
		 "address"},
		{{{DISK_BUS_SCSI, DISK_IO_URING, DISK_IOTHREAD_YES}},
		 "sda",
		 "controller=\"1\"",
		 "iothread"},
		{{{DISK_BUS_SCSI, 0, DISK_IOTHREAD_NO}}, "sda", "controller=\"0\"", "io="},
		{{{DISK_BUS_SATA, DISK_IO_THREADS}}, "sda", "bus=\"sata\"", "address"},
		{{{0, 0, 0, DISK_FORMAT_QCOW2}}, "vda", "type=\"qcow2\"", "raw"},
	};
	char *disk, domain[4096], what[128];
	struct error err;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct disk_setup *setup = &cases[i].setup;

		disk = domain_xml_disk("/dev/loop0", CACHE_NONE, setup, &err);
		assert_non_null(disk);
		if (!strstr(disk, cases[i].holds) || strstr(disk, cases[i].lacks))
			fail_msg("%zu: %s", i, disk);
		assert_string_equal(domain_xml_disk_target(setup), cases[i].target);
		snprintf(domain, sizeof(domain), "<domain><devices>%s</devices></domain>", disk);
		assert_int_equal(domain_xml_check_setup(domain, cases[i].target, setup, what,
							sizeof(what), &err),
				 0);
		assert_string_equal(what, "");
		for (k = 0; k < DISK_AXES; k++) {
			struct disk_setup other = *setup;

			/* the iothread of a SCSI disk is its controller's */
			if (k == DISK_IOTHREAD && setup->value[DISK_BUS] == DISK_BUS_SCSI)
				continue;
			other.value[k] = setup->value[k] == 1 ? 2 : 1;
			if (k != DISK_IO && !setup->value[k])
				other.value[k] = 2; /* what it is by default is the first */
			assert_int_equal(domain_xml_check_setup(domain, cases[i].target, &other,
								what, sizeof(what), &err),
					 0);
			assert_non_null(strstr(what, disk_axes[k].key));
		}
		free(disk);
	}
	assert_int_equal(
		domain_xml_check_setup("<domain/>", "vda", &plain, what, sizeof(what), &err), -1);
}

/* Guards against: a user's disk of which more is changed than was asked, or whose change is not
 * known again as ours. */
static void test_user_setup(void **state)
{
	static const char xml[] =
		"<domain><devices><disk type='block'><driver name='qemu' type='raw' io='native' "
		"iothread='2'/><target dev='vdb'/></disk></devices></domain>";
	const struct disk_setup setup = {{0, DISK_IO_THREADS, DISK_IOTHREAD_NO}};
	const struct disk_setup more = {{0, DISK_IO_URING, DISK_IOTHREAD_YES}};
	struct domain_disk disk;
	struct error err;
	char *got;

	(void)state;
	got = domain_xml_with_cache(xml, "vdb", CACHE_NONE, &plain, "/run", &err);
	assert_int_equal(domain_xml_disk_at(got, "vdb", &disk, &err), 1);
	assert_string_equal(disk.io, "native");
	assert_string_equal(disk.iothread, "2");
	free(got);
	got = domain_xml_with_cache(xml, "vdb", CACHE_NONE, &setup, "/run", &err);
	assert_int_equal(domain_xml_disk_at(got, "vdb", &disk, &err), 1);
	assert_string_equal(disk.io, "threads");
	assert_string_equal(disk.iothread, "");
	assert_int_equal(domain_xml_equal(xml, got, "vdb", &err), 1);
	assert_int_equal(domain_xml_equal(xml, got, NULL, &err), 0);
	free(got);
	got = domain_xml_with_cache(xml, "vdb", CACHE_UNSAFE, &more, "/run", &err);
	assert_int_equal(domain_xml_disk_at(got, "vdb", &disk, &err), 1);
	assert_string_equal(disk.io, "io_uring");
	assert_string_equal(disk.iothread, "1");
	assert_int_equal(domain_xml_equal(xml, got, "vdb", &err), 1);
	free(got);
}

static void test_disks_differ_in_the_cache_alone(void **state)
{
	char *without, *with, expected[64];
	const char *at;
	unsigned mode;
	struct error err;

	(void)state;
	without = domain_xml_disk("/dev/loop0", CACHE_DEFAULT, &plain, &err);
	assert_non_null(without);
	assert_null(strstr(without, "cache"));
	assert_non_null(strstr(without, "<shareable/>"));
	for (mode = 0; mode < CACHE_DEFAULT; mode++) {
		with = domain_xml_disk("/dev/loop0", (enum cache_mode)mode, &plain, &err);
		assert_non_null(with);
		snprintf(expected, sizeof(expected), " cache=\"%s\"", cache_mode_names[mode]);
		at = strstr(with, expected);
		assert_non_null(at);
		/* cut out: the very same text remains */
		assert_int_equal(strlen(with) - strlen(expected), strlen(without));
		assert_memory_equal(with, without, (size_t)(at - with));
		assert_string_equal(at + strlen(expected), without + (at - with));
		free(with);
	}
	free(without);
}

static char *guest(const char *kernel, bool kvm, const char *heartbeat)
{
	const struct guest_spec spec = {
		.name = "stalemate-lab-a",
		.kvm = kvm,
		.kernel = kernel,
		.initramfs = "/i",
		.command_line = "console=ttyS0",
		.console = "/c",
		.heartbeat = heartbeat,
		.heartbeat_serial = "beats",
		.mac = "52:54:00:57:a1:0a",
		.memory_mib = 512,
		.port = 1000,
		.peer_port = 1001,
	};
	struct error err;

	return domain_xml_guest(&spec, &err);
}

static void test_guest_is_marked_and_escaped(void **state)
{
	char *xml = guest("/boot/<evil>&\"k", false, NULL);

	(void)state;
	assert_non_null(xml);
	assert_null(strstr(xml, "<evil>"));
	assert_non_null(strstr(xml, "&lt;evil&gt;&amp;"));
	assert_true(domain_xml_is_ours(xml));
	assert_non_null(strstr(xml, "type=\"qemu\""));
	assert_null(strstr(xml, "<disk"));
	free(xml);
	xml = guest("/k", true, "/h");
	assert_non_null(strstr(xml, "<source file=\"/h\"/>"));
	assert_non_null(strstr(xml, "<serial>beats</serial>"));
	/* the volume's disk is still to come */
	assert_int_equal(domain_xml_has_disk(xml, "vda", NULL), 0);
	assert_non_null(strstr(xml, "type=\"kvm\""));
	free(xml);
}

static void test_reading_live_xml(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(domain_xml_has_disk("<domain><devices><disk><target dev='vda'/></disk>"
					     "</devices></domain>",
					     "vda", &err),
			 1);
	assert_int_equal(domain_xml_has_disk("<domain><devices><disk><target dev='vdb'/></disk>"
					     "</devices></domain>",
					     "vda", &err),
			 0);
	assert_int_equal(domain_xml_has_disk("<domain", "vda", &err), -1);
	assert_int_equal(domain_xml_channel_connected(
				 "<domain><devices><channel><target name='" GUEST_CHANNEL
				 "' state='disconnected'/></channel></devices></domain>",
				 &err),
			 0);
	assert_int_equal(domain_xml_channel_connected(
				 "<domain><devices><channel><target name='" GUEST_CHANNEL
				 "' state='connected'/></channel></devices></domain>",
				 &err),
			 1);
	assert_false(domain_xml_is_ours("<domain><name>stalemate-lab-a</name></domain>"));
	assert_false(domain_xml_is_ours("noise"));
}

/* A definition with all that could be lost on the way: %s is vdb's driver. */
static const char users_xml[] =
	"<!-- kept by the machine room -->\n"
	"<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
	"  <name>db&amp;1</name>\n"
	"  <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>\n"
	"  <metadata>\n"
	"    <app:x xmlns:app='http://example.org/x'><app:disk cache='no'>\xc3\xa9 &lt;</app:disk>"
	"<disk><target dev='vdb'/><driver cache='mine'/></disk></app:x>\n"
	"  </metadata>\n"
	"  <devices>\n"
	"    <!-- the system -->\n"
	"    <disk type='file' device='disk'>\n"
	"      <driver name='qemu' type='qcow2' cache='writeback' discard='unmap'/>\n"
	"      <source file='/srv/a \"b\".qcow2'/>\n"
	"      <target dev='vda' bus='virtio'/>\n"
	"    </disk>\n"
	"    <disk type='block' device='disk'>\n"
	"      %s<source dev='/dev/drbd0'/>\n"
	"      <target dev='vdb' bus='virtio'/>\n"
	"      <shareable/>\n"
	"    </disk>\n"
	"    <graphics type='vnc' port='-1' autoport='yes' passwd='s3cr&apos;t'/>\n"
	"  </devices>\n"
	"  <qemu:commandline><qemu:arg value='-cpu'/></qemu:commandline>\n"
	"</domain>\n";

__attribute__((noinline)) static char *users(const char *driver)
{
	char *xml = NULL;

	assert_true(asprintf(&xml, users_xml, driver) > 0);
	return xml;
}

/* The same whatever the quotes and the order of attributes; comments and blanks count. */
static char *canonical(const char *xml)
{
	xmlDoc *doc = xmlReadMemory(xml, (int)strlen(xml), "x", NULL, 0);
	xmlChar *text = NULL;

	assert_non_null(doc);
	assert_true(xmlC14NDocDumpMemory(doc, NULL, XML_C14N_1_0, NULL, 1, &text) > 0);
	xmlFreeDoc(doc);
	return (char *)text;
}

/* What becomes of a disk with that driver must be the very document with the other one. */
static void becomes(const char *before, enum cache_mode mode, const char *after)
{
	char *from = users(before), *to = users(after), *got, *a, *b;
	struct error err;

	got = domain_xml_with_cache(from, "vdb", mode, NULL, NULL, &err);
	assert_non_null(got);
	a = canonical(got);
	b = canonical(to);
	assert_string_equal(a, b);
	assert_int_equal(domain_xml_equal(from, got, "vdb", &err), 1);
	xmlFree(a);
	xmlFree(b);
	free(from);
	free(to);
	free(got);
}

/* Another disk's mode, a comment, a name space, a secret: nothing else may be another. */
static void test_only_that_cache_changes(void **state)
{
	(void)state;
	becomes("<driver name='qemu' type='raw' cache='writeback' io='threads'/>", CACHE_NONE,
		"<driver name='qemu' type='raw' cache='none' io='threads'/>");
	becomes("<driver name='qemu' type='raw' cache='writeback' io='threads'/>", CACHE_DEFAULT,
		"<driver name='qemu' type='raw' io='threads'/>");
	becomes("<driver name='qemu' type='raw' iothread='1'><iothreads/></driver>", CACHE_UNSAFE,
		"<driver name='qemu' type='raw' iothread='1' cache='unsafe'><iothreads/></driver>");
	becomes("<driver name='qemu' type='raw'/>", CACHE_DEFAULT,
		"<driver name='qemu' type='raw'/>");
	becomes("", CACHE_DEFAULT, "");
}

/* A disk without a driver has libvirt's own. */
static void test_driver_is_made(void **state)
{
	char *xml = users(""), *got;
	struct domain_disk disk;
	struct error err;

	(void)state;
	got = domain_xml_with_cache(xml, "vdb", CACHE_DIRECTSYNC, NULL, NULL, &err);
	assert_non_null(got);
	assert_int_equal(domain_xml_disk_at(got, "vdb", &disk, &err), 1);
	assert_string_equal(disk.cache, "directsync");
	assert_string_equal(disk.format, "raw");
	assert_non_null(strstr(got, "<driver name=\"qemu\" type=\"raw\" cache=\"directsync\"/>"));
	free(got);
	free(xml);
}

/* A disk that only a comment or somebody's metadata has is none of the guest's. */
static void test_no_such_disk(void **state)
{
	char *xml = users("");
	struct error err;

	(void)state;
	assert_null(domain_xml_with_cache(xml, "vdc", CACHE_NONE, NULL, NULL, &err));
	assert_non_null(strstr(err.text, "vdc"));
	assert_null(domain_xml_with_cache("<domain>", "vdb", CACHE_NONE, NULL, NULL, &err));
	assert_null(
		domain_xml_with_cache("<x><devices><disk><target dev='vdb'/></disk></devices></x>",
				      "vdb", CACHE_NONE, NULL, NULL, &err));
	free(xml);
}

/* Whether a definition with `from` in it replaced is still taken for the same. */
static int equal_after(const char *from, const char *to)
{
	char *xml = users("<driver name='qemu' type='raw' cache='none'/>"), *other;
	struct error err;
	size_t before;
	int equal;

	assert_non_null(strstr(xml, from));
	before = (size_t)(strstr(xml, from) - xml);
	assert_true(asprintf(&other, "%.*s%s%s", (int)before, xml, to,
			     xml + before + strlen(from)) > 0);
	equal = domain_xml_equal(xml, other, "vdb", &err);
	free(other);
	free(xml);
	return equal;
}

/* A definition that somebody edited must not pass for one of ours. */
static void test_other_changes_are_seen(void **state)
{
	(void)state;
	assert_int_equal(equal_after("cache='none'", "cache='unsafe'"), 1);
	assert_int_equal(equal_after("s3cr", "t3cr"), 0);
	assert_int_equal(equal_after("writeback", "none"), 0); /* vda's */
	assert_int_equal(equal_after("<shareable/>", ""), 0);
	assert_int_equal(equal_after("machine room", "user"), 0);
	assert_int_equal(equal_after("'vdb' bus", "'vdc' bus"), -1);
	assert_int_equal(equal_after("</domain>", ""), -1);
}

/* What a killed run leaves must be known for it, with metadata of the user's or without, and must
 * not pass for the user's own definition. */
static void test_mark(void **state)
{
	static const char bare[] = "<domain>\n  <name>x</name>\n  <devices><disk><target "
				   "dev='vdb'/></disk></devices>\n"
				   "</domain>\n";
	static const char empty[] =
		"<domain>\n  <metadata/>\n  <devices><disk><driver name='qemu'/>"
		"<target dev='vdb'/></disk></devices>\n</domain>\n";
	char *with_metadata = users("<driver name='qemu' type='raw' cache='none'/>");
	const char *const from[] = {bare, empty, with_metadata};
	char run[64], *changed, *again;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(domain_xml_mark(from[i], run, sizeof(run), &err), 0);
		changed = domain_xml_with_cache(from[i], "vdb", CACHE_UNSAFE, NULL, "/runs/<1>",
						&err);
		assert_non_null(changed);
		assert_int_equal(domain_xml_mark(changed, run, sizeof(run), &err), 1);
		assert_string_equal(run, "/runs/<1>");
		again = domain_xml_with_cache(changed, "vdb", CACHE_NONE, NULL, "/runs/2", &err);
		assert_int_equal(domain_xml_mark(again, run, sizeof(run), &err), 1);
		assert_string_equal(run, "/runs/2");
		assert_int_equal(domain_xml_equal(from[i], changed, "vdb", &err), 1);
		assert_int_equal(domain_xml_equal(again, changed, "vdb", &err), 1);
		assert_int_equal(domain_xml_equal(again, changed, NULL, &err), 0);
		free(changed);
		free(again);
	}
	free(with_metadata);
}

#define CONTROLLER(type, index) "<controller type='" type "' index='" index "'/>\n"
#define CONTROLLERS(list) "<domain><devices>\n" list "<disk/></devices></domain>"

/* What libvirt 9 prints of a guest that was just defined, and after libvirtd was started anew. */
static void test_order_of_controllers(void **state)
{
	static const char fresh[] = CONTROLLERS(
		CONTROLLER("sata", "0") CONTROLLER("pci", "0") CONTROLLER("virtio-serial", "0")
			CONTROLLER("pci", "1") CONTROLLER("pci", "2"));
	static const char later[] =
		CONTROLLERS(CONTROLLER("sata", "0") CONTROLLER("pci", "0") CONTROLLER("pci", "1")
				    CONTROLLER("pci", "2") CONTROLLER("virtio-serial", "0"));
	static const char other[] =
		CONTROLLERS(CONTROLLER("sata", "0") CONTROLLER("pci", "0") CONTROLLER("pci", "1")
				    CONTROLLER("pci", "3") CONTROLLER("virtio-serial", "0"));
	static const char shuffled[] =
		CONTROLLERS(CONTROLLER("sata", "0") CONTROLLER("pci", "2") CONTROLLER("pci", "0")
				    CONTROLLER("virtio-serial", "0") CONTROLLER("pci", "1"));
	struct error err;

	(void)state;
	assert_int_equal(domain_xml_order_stays(fresh, &err), 0);
	assert_int_equal(domain_xml_order_stays(later, &err), 1);
	assert_int_equal(domain_xml_equal(fresh, later, NULL, &err), 1);
	assert_int_equal(domain_xml_equal(shuffled, later, NULL, &err), 1);
	assert_int_equal(domain_xml_equal(fresh, other, NULL, &err), 0);
}

/* libvirt unplugs a channel only if all of it is told, the path that it chose itself as well. */
static void test_channel_as_it_is(void **state)
{
	static const char live[] =
		"<domain><devices><channel type='unix'><source mode='bind' path='/run/1'/>"
		"<target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
		"<channel type='unix'><source mode='bind' path='/run/2'/>"
		"<target type='virtio' name='" GUEST_CHANNEL "'/></channel></devices></domain>";
	struct error err;
	char *channel = domain_xml_channel_of(live, GUEST_CHANNEL, &err);

	(void)state;
	assert_non_null(channel);
	assert_string_equal(channel,
			    "<channel type=\"unix\"><source mode=\"bind\" path=\"/run/2\"/>"
			    "<target type=\"virtio\" name=\"" GUEST_CHANNEL "\"/></channel>");
	free(channel);
	assert_null(domain_xml_channel_of("<domain/>", GUEST_CHANNEL, &err));
}

static void test_identity_and_disks(void **state)
{
	struct domain_identity identity;
	char *xml = users(""), name[16];
	struct error err;

	(void)state;
	assert_int_equal(domain_xml_identity(xml, &identity, &err), 0);
	assert_string_equal(identity.name, "db&1");
	assert_string_equal(identity.uuid, "6695eb01-f6a4-8304-79aa-97f2502e193f");
	assert_int_equal(domain_xml_identity("<domain><uuid>1</uuid></domain>", &identity, &err),
			 -1);
	assert_int_equal(
		domain_xml_identity("<x><name>n</name><uuid>1</uuid></x>", &identity, &err), -1);
	assert_int_equal(domain_xml_disk_name(xml, 0, name, sizeof(name), &err), 1);
	assert_string_equal(name, "vda");
	assert_int_equal(domain_xml_disk_name(xml, 1, name, sizeof(name), &err), 1);
	assert_string_equal(name, "vdb");
	assert_int_equal(domain_xml_disk_name(xml, 2, name, sizeof(name), &err), 0);
	free(xml);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disk_setups),
		cmocka_unit_test(test_user_setup),
		cmocka_unit_test(test_disks_differ_in_the_cache_alone),
		cmocka_unit_test(test_guest_is_marked_and_escaped),
		cmocka_unit_test(test_reading_live_xml),
		cmocka_unit_test(test_only_that_cache_changes),
		cmocka_unit_test(test_driver_is_made),
		cmocka_unit_test(test_no_such_disk),
		cmocka_unit_test(test_other_changes_are_seen),
		cmocka_unit_test(test_mark),
		cmocka_unit_test(test_order_of_controllers),
		cmocka_unit_test(test_channel_as_it_is),
		cmocka_unit_test(test_identity_and_disks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
