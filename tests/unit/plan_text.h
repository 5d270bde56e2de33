/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_text.h - what the tests of plan texts share: one that parses, and one that is refused. */
#ifndef TESTS_UNIT_PLAN_TEXT_H
#define TESTS_UNIT_PLAN_TEXT_H

#include "plan/plan.h"

#define MODE_NAMES "use one of: none, directsync, writethrough, writeback, unsafe, default, all"

/* The text, as p.conf, is refused with exactly that message, as the user's error; a plan that was
 * handed in is as it was. */
void expect_error(const char *text, const char *message);

/* The text as "dir/my plan.conf", or the test fails. To be released with plan_done. */
void parse(const char *text, struct plan *ret);

#endif
