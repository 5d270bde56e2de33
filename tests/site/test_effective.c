/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cache mode in effect. Guards against a cell that claims a mode it did not have: a reply of
 * QEMU misread, the wrong drive looked at, QEMU and kernel contradicting each other unnoticed.
 */
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "virt/effective.h"

#define DRIVE(file, wb, direct, nf) \
	"{\"device\":\"\",\"inserted\":{\"file\":\"" file "\",\"cache\":{\"writeback\":" wb \
	",\"direct\":" direct ",\"no-flush\":" nf "}}}"
#define REPLY(drives) "{\"return\":[" drives "],\"id\":\"libvirt-5\"}"

static void test_parse_finds_our_drive(void **state)
{
	const char *reply = REPLY(DRIVE("/dev/sda", "true", "true",
					"false") "," DRIVE("/dev/loop3", "false", "false", "true"));
	struct effective got = {.writeback = true, .direct = true};
	struct error err;

	(void)state;
	assert_int_equal(effective_parse_query_block(reply, "/dev/loop3", &got, &err), 0);
	assert_false(got.writeback);
	assert_false(got.direct);
	assert_true(got.no_flush);
}

static void test_parse_refuses_what_it_does_not_know(void **state)
{
	static const char *const replies[] = {
		"",
		"noise",
		"{}",
		"{\"return\":{}}",
		REPLY(""),
		REPLY(DRIVE("/dev/loop30", "true", "true", "false")),
		REPLY("{\"inserted\":{\"file\":\"/dev/loop3\"}}"),
		REPLY("{\"inserted\":{\"file\":\"/dev/"
		      "loop3\",\"cache\":{\"writeback\":1,\"direct\":"
		      "true,\"no-flush\":false}}}"),
		REPLY("{\"inserted\":null},null,7"),
	};
	struct effective got;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		assert_int_equal(effective_parse_query_block(replies[i], "/dev/loop3", &got, &err),
				 -1);
		assert_int_equal(err.kind, ERROR_WORLD);
	}
}

static void test_modes(void **state)
{
	/* qemu(1), -drive cache=: writeback, direct, no-flush */
	static const struct {
		struct effective effective;
		int mode; /* -1: none */
	} cases[] = {
		{{true, true, false, true}, CACHE_NONE},
		{{false, true, false, true}, CACHE_DIRECTSYNC},
		{{false, false, false, false}, CACHE_WRITETHROUGH},
		{{true, false, false, false}, CACHE_WRITEBACK},
		{{true, false, true, false}, CACHE_UNSAFE},
		{{true, true, true, true}, -1},	  /* direct and no-flush: no mode is so */
		{{true, true, false, false}, -1}, /* QEMU says direct, the kernel does not */
		{{true, false, false, true}, -1}, /* and the reverse */
	};
	enum cache_mode mode;
	struct error err;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int got = effective_mode(&cases[i].effective, &mode, &err);

		assert_int_equal(got, cases[i].mode < 0 ? -1 : 0);
		if (!got)
			assert_int_equal(mode, cases[i].mode);
	}
}

/* Guards against: a descriptor that is not of the device, or two that contradict, taken for an
 * answer. The flags are those that /proc/PID/fdinfo shows: 040000 is O_DIRECT on x86. */
static void test_host_direct(void **state)
{
	struct host_options options = {.ssh = "local"};
	struct host *host;
	struct error err;
	char flags[64];
	bool direct;

	(void)state;
	snprintf(flags, sizeof(flags), "%o\n", O_DIRECT | O_RDWR | O_CLOEXEC);
	assert_int_equal(effective_count_direct(flags, &direct, &err), 0);
	assert_true(direct);
	assert_int_equal(effective_count_direct("02100002\n02100000\n", &direct, &err), 0);
	assert_false(direct);
	assert_int_equal(effective_count_direct("", &direct, &err), -1);
	snprintf(flags, sizeof(flags), "%o\n2\n", O_DIRECT | O_RDWR);
	assert_int_equal(effective_count_direct(flags, &direct, &err), -1);
	host = host_open(&options, &err);
	assert_non_null(host);
	assert_int_equal(effective_host_direct(host, "no-such-guest", "/dev/null", &direct, &err),
			 -1);
	assert_non_null(strstr(err.text, "no-such-guest"));
	host_close(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse_finds_our_drive),
		cmocka_unit_test(test_parse_refuses_what_it_does_not_know),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_host_direct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
