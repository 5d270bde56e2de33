/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libvirt's XML. Guards against cells that differ in more than the cache mode, against user text
 * that breaks out of an attribute, and against taking someone else's domain for ours.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site/domain_xml.h"

static void test_disks_differ_in_the_cache_alone(void **state)
{
	char *without, *with, expected[64];
	const char *at;
	unsigned mode;
	struct error err;

	(void)state;
	without = domain_xml_disk("/dev/loop0", CACHE_DEFAULT, &err);
	assert_non_null(without);
	assert_null(strstr(without, "cache"));
	assert_non_null(strstr(without, "<shareable/>"));
	for (mode = 0; mode < CACHE_DEFAULT; mode++) {
		with = domain_xml_disk("/dev/loop0", (enum cache_mode)mode, &err);
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

static char *guest(const char *kernel, bool kvm)
{
	const struct guest_spec spec = {
		.name = "stalemate-lab-a",
		.kvm = kvm,
		.kernel = kernel,
		.initramfs = "/i",
		.command_line = "console=ttyS0",
		.console = "/c",
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
	char *xml = guest("/boot/<evil>&\"k", false);

	(void)state;
	assert_non_null(xml);
	assert_null(strstr(xml, "<evil>"));
	assert_non_null(strstr(xml, "&lt;evil&gt;&amp;"));
	assert_true(domain_xml_is_ours(xml));
	assert_non_null(strstr(xml, "type=\"qemu\""));
	free(xml);
	xml = guest("/k", true);
	assert_non_null(strstr(xml, "type=\"kvm\""));
	free(xml);
}

static void test_reading_live_xml(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(domain_xml_has_disk("<domain><devices><disk><target dev='vda'/></disk>"
					     "</devices></domain>",
					     &err),
			 1);
	assert_int_equal(domain_xml_has_disk("<domain><devices><disk><target dev='vdb'/></disk>"
					     "</devices></domain>",
					     &err),
			 0);
	assert_int_equal(domain_xml_has_disk("<domain", &err), -1);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disks_differ_in_the_cache_alone),
		cmocka_unit_test(test_guest_is_marked_and_escaped),
		cmocka_unit_test(test_reading_live_xml),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
