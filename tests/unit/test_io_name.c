/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_io_name.c - I/O paths by name: what prints reads as the same. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "common/io_name.h"

/* Guards against: a path that is taken for another, roles swapped, a depth lost. */
static void test_names(void **state)
{
	static const struct {
		const char *text, *printed;
		struct io_name names[IO_ROLES];
		unsigned lanes;
	} cases[] = {
		{"buffered", NULL, {{IO_BUFFERED, 1}, {IO_BUFFERED, 1}}, 1},
		{"dsync", NULL, {{IO_DSYNC, 1}, {IO_DSYNC, 1}}, 1},
		{"nosync", NULL, {{IO_NOSYNC, 1}, {IO_NOSYNC, 1}}, 1},
		{"direct-nosync/mmap", NULL, {{IO_DIRECT_NOSYNC, 1}, {IO_MMAP, 1}}, 1},
		{"mmap/mmap", "mmap", {{IO_MMAP, 1}, {IO_MMAP, 1}}, 1},
		{"uring", NULL, {{IO_URING, 8}, {IO_URING, 8}}, 8},
		{"uring:8/uring", "uring", {{IO_URING, 8}, {IO_URING, 8}}, 8},
		{"uring:1/uring", NULL, {{IO_URING, 1}, {IO_URING, 8}}, 8},
		{"direct/uring-direct:2", NULL, {{IO_DIRECT, 1}, {IO_URING_DIRECT, 2}}, 2},
		{"uring-direct:64/uring-direct:63",
		 NULL,
		 {{IO_URING_DIRECT, 64}, {IO_URING_DIRECT, 63}},
		 64},
	};
	struct io_name names[IO_ROLES];
	char text[IO_NAMES_MAX];
	unsigned i, role;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(io_names_parse(cases[i].text, names, NULL), 0);
		for (role = 0; role < IO_ROLES; role++) {
			assert_int_equal(names[role].kind, cases[i].names[role].kind);
			assert_int_equal(names[role].depth, cases[i].names[role].depth);
		}
		assert_string_equal(io_names_format(names, text),
				    cases[i].printed ? cases[i].printed : cases[i].text);
		assert_int_equal(io_names_lanes(names), cases[i].lanes);
	}
}

/* Guards against: a text that means something else than it seems to, and messages that do not
 * help. */
static void test_bad(void **state)
{
#define ALL "use one of: buffered, dsync, nosync, direct, direct-nosync, mmap, uring, uring-direct"
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"", "path: '' is unknown; " ALL},
		{"slow", "path: 'slow' is unknown; " ALL},
		{"direct/", "path: '' is unknown; " ALL},
		{"/direct", "path: '' is unknown; " ALL},
		{"mmap/direct/mmap", "path: 'direct/mmap' is unknown; " ALL},
		{"uring :8", "path: 'uring ' is unknown; " ALL},
		{"buffered:2",
		 "path: 'buffered' takes no queue depth; only uring and uring-direct do"},
		{"uring:0", "path: uring: the queue depth must be 1 to 64"},
		{"uring:65", "path: uring: queue depth: '65' is not a number from 0 to 64"},
		{"uring-direct:x",
		 "path: uring-direct: queue depth: 'x' is not a number from 0 to 64"},
		{"uring:", "path: uring: queue depth: '' is not a number from 0 to 64"},
	};
	struct io_name names[IO_ROLES];
	struct error err;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(io_names_parse(cases[i].text, names, &err), -1);
		assert_string_equal(err.text, cases[i].message);
		assert_int_equal(err.kind, ERROR_USER);
	}
#undef ALL
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
