/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a running guest has beyond its definition. Guards against a device that its first shutdown
 * would lose, and against a guest that is refused because libvirt says more of one that runs: the
 * texts have the form of what libvirt 9.0 printed of a real QEMU.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "virt/domain_xml.h"

#define DOMAIN(devices) "<domain><name>x</name><devices>" devices "</devices></domain>"
#define DISK(target, source) \
	"<disk type='file' device='disk'><source " source "/><target dev='" target "'/></disk>"
#define USB "<hostdev mode='subsystem' type='usb'><source>"

static void more(const char *live, const char *definition, const char *wanted)
{
	char name[256] = "";
	struct error err = {0};
	int result = domain_xml_live_only(live, definition, name, sizeof(name), &err);

	assert_string_equal(name, wanted);
	assert_int_equal(result, wanted[0] ? 1 : 0);
}

/* Aliases, addresses, backing stores, the index of a source: nothing of them can be lost. */
static void test_the_same(void **state)
{
	(void)state;
	more(DOMAIN("<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
		    "<source file='/a' index='2'/><backingStore/><target dev='vda' bus='virtio'/>"
		    "<alias name='virtio-disk0'/></disk>"
		    "<controller type='virtio-serial' index='0'/>"
		    "<interface type='bridge'><mac address='52:54:00:00:00:01'/><source bridge='b' "
		    "portid='1'/><target dev='vnet0'/><alias name='net0'/></interface>" USB
		    "<vendor id='0x1'/><product id='0x2'/><address bus='1' device='4'/></source>"
		    "<alias name='hostdev0'/></hostdev>"),
	     DOMAIN(USB "<vendor id='0x1'/><product id='0x2'/></source></hostdev>"
			"<interface type='network'><mac address='52:54:00:00:00:01'/>"
			"<source network='n'/></interface>"
			"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
			"<source file='/a'/><target dev='vda' bus='virtio'/></disk>"),
	     "");
	/* one that was taken out comes back: nothing is lost */
	more(DOMAIN(""), DOMAIN(DISK("vda", "file='/a'")), "");
	/* a medium, a throw-away copy, a pool's volume that is shown as a file */
	more(DOMAIN("<disk type='file' device='cdrom'><source file='/b.iso'/><target dev='sda'/>"
		    "</disk>"),
	     DOMAIN("<disk type='file' device='cdrom'><source file='/a.iso'/><target dev='sda'/>"
		    "</disk>"),
	     "");
	more(DOMAIN("<disk type='file'><source file='/a.TRANSIENT'/><target dev='vda'/><transient/>"
		    "</disk>"),
	     DOMAIN("<disk type='file'><source file='/a'/><target dev='vda'/><transient/></disk>"),
	     "");
	more(DOMAIN(DISK("vda", "file='/pool/v'")), DOMAIN(DISK("vda", "pool='p' volume='v'")), "");
}

static void test_more(void **state)
{
	(void)state;
	more(DOMAIN(DISK("vda", "file='/a'") DISK("vdb", "dev='/dev/b'")),
	     DOMAIN(DISK("vda", "file='/a'")), "disk vdb (/dev/b)");
	/* the same place, and another file: started anew, it would have the old one */
	more(DOMAIN(DISK("vda", "file='/new'")), DOMAIN(DISK("vda", "file='/old'")),
	     "disk vda (/new)");
	more(DOMAIN("<interface type='user'><mac address='52:54:00:00:00:01'/></interface>"
		    "<interface type='user'><mac address='52:54:00:00:00:02'/></interface>"),
	     DOMAIN("<interface type='user'><mac address='52:54:00:00:00:01'/></interface>"),
	     "interface 52:54:00:00:00:02");
	more(DOMAIN(USB "<vendor id='0x1'/><product id='0x3'/></source></hostdev>"),
	     DOMAIN(USB "<vendor id='0x1'/><product id='0x2'/></source></hostdev>"),
	     "hostdev 0x1 0x3");
	/* two of a kind, of which one is defined */
	more(DOMAIN(USB "<vendor id='0x1'/></source></hostdev>" USB
			"<vendor id='0x1'/></source></hostdev>"),
	     DOMAIN(USB "<vendor id='0x1'/></source></hostdev>"), "hostdev 0x1");
	more(DOMAIN("<memory model='dimm'/><memory model='dimm'/>"),
	     DOMAIN("<memory model='dimm'/>"), "memory");
	/* what is somebody's metadata is no device */
	more(DOMAIN(DISK("vda", "file='/a'")),
	     "<domain><metadata><devices>" DISK("vda",
						"file='/a'") "</devices></metadata></domain>",
	     "disk vda (/a)");
}

static void test_noise(void **state)
{
	char name[64];
	struct error err;

	(void)state;
	assert_int_equal(domain_xml_live_only("<x", "<domain/>", name, sizeof(name), &err), -1);
	assert_int_equal(domain_xml_live_only("<domain/>", "", name, sizeof(name), &err), -1);
	more("<domain/>", "<domain/>", "");
	more(DOMAIN("<disk/><interface/><hostdev/>"), DOMAIN("<disk/><interface/><hostdev/>"), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
