/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test.h - include this first in every unit test: what cmocka needs, in its order; assert() on. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#undef NDEBUG

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#endif
