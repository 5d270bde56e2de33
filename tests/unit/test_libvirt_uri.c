/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_libvirt_uri.c - guards against: a plan that makes libvirt believe any host that answers. */
#include "tests/test.h"

#include <string.h>

#include "plan/libvirt_uri.h"
#include "plan/plan.h"

static void test_nothing_wrong(void **state)
{
	static const char *const uris[] = {
		"",
		"qemu:///system",
		"qemu+ssh://root@alpha/system",
		"qemu+ssh://root@no_verify/no_verify",
		"qemu+ssh://root@alpha:2222/system?keyfile=/a%20b&no_tty=1",
		"qemu+libssh2://root@alpha/system?known_hosts_verify=normal",
		"qemu+ssh://root@alpha/system?socket=/run/no_verify=1",
		"qemu+ssh://root@alpha/system?",
		"qemu+ssh://root@alpha/system?a&&b=;#no_verify=1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		if (libvirt_uri_objection(uris[i]))
			fail_msg("%s: %s", uris[i], libvirt_uri_objection(uris[i]));
	}
}

static void test_objections(void **state)
{
	static const char *const uris[] = {
		"qemu+ssh://root@alpha/system?no_verify=1",
		"qemu+ssh://root@alpha/system?no_verify=0",
		"qemu+ssh://root@alpha/system?no_verify",
		"qemu://alpha/system?pkipath=/tmp&No_Verify=1",
		"qemu+ssh://root@alpha/system?a=b;no_verify=1#x",
		"qemu+ssh://root@alpha/system?&no_verify=1",
		"qemu+libssh2://root@alpha/system?known_hosts_verify=auto",
		"qemu+libssh://root@alpha/system?known_hosts_verify=ignore",
		"qemu+libssh://root@alpha/system?known_hosts_verify",
		"qemu+ssh://root@alpha/system?no%5fverify=1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		if (!libvirt_uri_objection(uris[i]))
			fail_msg("nothing is said against %s", uris[i]);
	}
}

static void test_plan(void **state)
{
	static const char text[] =
		"[site]\nkind = hosts\n"
		"[host a]\ndevice = /dev/vg/a\ndomain = db1\ndisk = vdb\n"
		"libvirt = qemu+ssh://root@alpha/system?no_verify=1\nssh = alpha\n"
		"[host b]\ndevice = /dev/vg/b\ndomain = db2\ndisk = vdb\n"
		"[matrix]\ncache = none\n";
	struct error err = {ERROR_NONE, ""};
	struct plan plan;

	(void)state;
	assert_int_equal(plan_parse("p.conf", text, &plan, &err), -1);
	assert_int_equal(err.kind, ERROR_USER);
	assert_memory_equal(err.text, "p.conf:7: libvirt: 'no_verify' ", 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_wrong),
		cmocka_unit_test(test_objections),
		cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
