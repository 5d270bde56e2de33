/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_text.c - see plan_text.h. */
#include "tests/test.h"

#include "tests/unit/plan_text.h"

void expect_error(const char *text, const char *message)
{
	struct error err = {ERROR_NONE, ""};
	struct plan plan = {.name = "untouched"};

	assert_int_equal(plan_parse("p.conf", text, &plan, &err), -1);
	assert_string_equal(err.text, message);
	assert_int_equal(err.kind, ERROR_USER);
	assert_string_equal(plan.name, "untouched");
}

void parse(const char *text, struct plan *ret)
{
	struct error err = {ERROR_NONE, ""};

	if (plan_parse("dir/my plan.conf", text, ret, &err) < 0)
		fail_msg("%s", err.text);
}
