/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_plan_resource.c - plans that name a DRBD device, or its resource, and not the other. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "plan/plan.h"
#include "tests/unit/plan_text.h"

#define MATRIX "[matrix]\ncache = none\n"
#define KIND "[site]\nkind = hosts\n"
#define DRBD(x, domain) \
	"[host " x "]\ndevice = /dev/drbd0\nresource = r0\ndomain = " domain "\ndisk = vdb\n"
#define OTHER(x, more) "[host " x "]\ndevice = /dev/vg/r0\ndomain = on-" x "\ndisk = vdb\n" more

/* Guards against: a DRBD device that is tested and nobody knows whether DRBD was fit. */
static void test_device_without_resource(void **state)
{
	static const char *const names[] = {"/dev/drbd0", "/dev/drbd/by-res/r0/0",
					    "/dev/drbd/by-disk/vg/r0", "/dev/drbd_r0"};
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text),
			 MATRIX KIND DRBD("a", "x") "[host b]\ndomain = y\ndisk = vdb\n"
						    "device = %s\n",
			 names[i]);
		expect_error(text,
			     "p.conf:13: device: is DRBD's, so [host b] needs 'resource', what "
			     "DRBD calls it (r0; `drbdadm status` lists them): without it nobody "
			     "would know whether DRBD was fit during a test");
	}
}

/* Guards against: DRBD watched on no host, because host a alone was asked whether to. */
static void test_resource_on_one_host(void **state)
{
	(void)state;
	expect_error(
		MATRIX KIND OTHER("a", "") OTHER("b", "resource = r0\n"),
		"p.conf:5: [host a] needs 'resource' as well, since [host b] has one (line 13): "
		"DRBD is watched on both hosts or on neither");
	expect_error(
		MATRIX KIND OTHER("a", "resource = r0\n") OTHER("b", ""),
		"p.conf:10: [host b] needs 'resource' as well, since [host a] has one (line 9): "
		"DRBD is watched on both hosts or on neither");
}

static void test_both_or_neither(void **state)
{
	struct error err;
	struct plan plan;

	(void)state;
	assert_int_equal(plan_parse("p", MATRIX KIND DRBD("a", "x") DRBD("b", "y"), &plan, &err),
			 0);
	assert_string_equal(plan.hosts[1].resource, "r0");
	plan_done(&plan);
	assert_int_equal(plan_parse("p", MATRIX KIND OTHER("a", "") OTHER("b", ""), &plan, &err),
			 0);
	plan_done(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_device_without_resource),
		cmocka_unit_test(test_resource_on_one_host),
		cmocka_unit_test(test_both_or_neither),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
