/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts of Pacemaker 2.1. Guards against a guest that is tested although a cluster would start it
 * again, and against one that is refused although its manager was told to leave it alone.
 */
#include "tests/test.h"

#include "site/pacemaker.h"

static const char cib[] =
	"<resources>\n"
	"  <primitive class=\"ocf\" id=\"db\" provider=\"linbit\" type=\"drbd\">\n"
	"    <instance_attributes id=\"d\"><nvpair id=\"d-c\" name=\"config\" "
	"value=\"/etc/libvirt/qemu/vm-b.xml\"/></instance_attributes>\n"
	"  </primitive>\n"
	"  <primitive class=\"ocf\" id=\"bare\" provider=\"heartbeat\" type=\"VirtualDomain\"/>\n"
	"  <primitive class=\"ocf\" id=\"p_vm\" provider=\"heartbeat\" type=\"VirtualDomain\">\n"
	"    <instance_attributes id=\"p-i\">\n"
	"      <nvpair id=\"p-c\" name=\"config\" value=\"/etc/libvirt/qemu/vm-a.xml\"/>\n"
	"    </instance_attributes>\n"
	"  </primitive>\n"
	"</resources>\n";

static const char status[] =
	"<pacemaker-result api-version=\"2.25\"><resources>\n"
	"<resource id=\"p_vm\" resource_agent=\"ocf:heartbeat:VirtualDomain\" role=\"Started\" "
	"active=\"true\" orphaned=\"false\" managed=\"true\" failed=\"false\" "
	"nodes_running_on=\"1\">\n"
	"<resource id=\"bare\" resource_agent=\"ocf:heartbeat:VirtualDomain\" role=\"Started\" "
	"active=\"true\" orphaned=\"false\" managed=\"false\" failed=\"false\"/>\n"
	"</resources></pacemaker-result>\n";

/* By the file it is started from, or by the resource's own name; of no other kind of resource. */
static void test_which_resource(void **state)
{
	char id[64] = "";

	(void)state;
	assert_true(pacemaker_resource_of(cib, "vm-a", id, sizeof(id)));
	assert_string_equal(id, "p_vm");
	assert_true(pacemaker_resource_of(cib, "bare", id, sizeof(id)));
	assert_string_equal(id, "bare");
	assert_false(pacemaker_resource_of(cib, "vm-b", id, sizeof(id)));
	assert_false(pacemaker_resource_of(cib, "vm", id, sizeof(id)));
	assert_false(pacemaker_resource_of("<primitive id=\"x", "x", id, sizeof(id)));
	assert_false(pacemaker_resource_of("", "x", id, sizeof(id)));
}

/* What is not told counts as managed. */
static void test_managed(void **state)
{
	(void)state;
	assert_true(pacemaker_manages(status, "p_vm"));
	assert_false(pacemaker_manages(status, "bare"));
	assert_true(pacemaker_manages(status, "other"));
	assert_true(pacemaker_manages("<resource id=\"bare\"", "bare"));
}

/* Installed nowhere, or stopped there (2.1.5 ends with 102 then): none. All else: not known. */
static void test_exit_status(void **state)
{
	static const int unknown[] = {1, 4, 64, 78, 100, 105, 124, 126, 137};
	size_t i;

	(void)state;
	assert_int_equal(pacemaker_here(0), PACEMAKER_ANSWERS);
	assert_int_equal(pacemaker_here(127), PACEMAKER_ABSENT);
	assert_int_equal(pacemaker_here(102), PACEMAKER_ABSENT);
	assert_int_equal(pacemaker_here(107), PACEMAKER_ABSENT);
	for (i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(pacemaker_here(unknown[i]), PACEMAKER_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_status),
		cmocka_unit_test(test_which_resource),
		cmocka_unit_test(test_managed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
