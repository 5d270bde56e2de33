/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_parse.c - strict words: what is accepted, and that nothing else is. */
#include "tests/test.h"

#include <string.h>

#include "common/parse.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MARK 0xdeadbeefULL

/* Guards against: signs, blanks, hexadecimal and overflow passing as numbers (strtoull's manners).
 */
static void test_u64(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		bool good;
		uint64_t value;
	} cases[] = {
		{"0", 0, true, 0},
		{"007", 10, true, 7},
		{"18446744073709551615", UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", UINT64_MAX, false, 0},
		{"11", 10, false, 0},
		{"", 10, false, 0},
		{" 1", 10, false, 0},
		{"1 ", 10, false, 0},
		{"+1", 10, false, 0},
		{"-1", UINT64_MAX, false, 0},
		{"0x10", UINT64_MAX, false, 0},
		{"1e3", UINT64_MAX, false, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		uint64_t value = MARK;
		struct error err = {0};
		int result = parse_u64(cases[i].text, cases[i].max, "size", &value, &err);

		assert_int_equal(result, cases[i].good ? 0 : -1);
		assert_int_equal(value, cases[i].good ? cases[i].value : MARK);
		if (!cases[i].good) {
			assert_int_equal(err.kind, ERROR_USER);
			assert_memory_equal(err.text, "size: ", 6);
		}
	}
}

/* Guards against: "--1" and the lone minus. */
static void test_i64(void **state)
{
	static const char *const bad[] = {"",	"-", "--1", "+1", "1.5", "9223372036854775808",
					  "- 1"};
	struct error err;
	int64_t value;
	size_t i;

	(void)state;
	assert_int_equal(parse_i64("-120000", "t", &value, &err), 0);
	assert_true(value == -120000);
	assert_int_equal(parse_i64("9223372036854775807", "t", &value, &err), 0);
	assert_true(value == INT64_MAX);
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(parse_i64(bad[i], "t", &value, &err), -1);
	assert_true(value == INT64_MAX);
}

/* Guards against: a size whose suffix overflows 64 bits wrapping round to a small one. */
static void test_size(void **state)
{
	static const struct {
		const char *text;
		bool good;
		uint64_t value;
	} cases[] = {
		{"4096", true, 4096},
		{"64K", true, 65536},
		{"64k", true, 65536},
		{"2G", true, 2ULL << 30},
		{"16777215T", true, 16777215ULL << 40},
		{"16777216T", false, 0},
		{"64KB", false, 0},
		{"64X", false, 0},
		{"K", false, 0},
		{"-1K", false, 0},
		{"0x40", false, 0},
		{"1 K", false, 0},
	};
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(cases); i++) {
		uint64_t value = MARK;

		assert_int_equal(parse_size(cases[i].text, "size", &value, NULL),
				 cases[i].good ? 0 : -1);
		assert_int_equal(value, cases[i].good ? cases[i].value : MARK);
	}
}

/* Guards against: a duration without a unit being taken for some unit. */
static void test_duration(void **state)
{
	uint64_t value = MARK;

	(void)state;
	assert_int_equal(parse_duration("200ms", "wait", &value, NULL), 0);
	assert_int_equal(value, 200000000);
	assert_int_equal(parse_duration("2m", "wait", &value, NULL), 0);
	assert_int_equal(value, 120000000000);
	value = MARK;
	assert_int_equal(parse_duration("5", "wait", &value, NULL), -1);
	assert_int_equal(parse_duration("5 s", "wait", &value, NULL), -1);
	assert_int_equal(parse_duration("s", "wait", &value, NULL), -1);
	assert_int_equal(parse_duration("18446744073709551615s", "wait", &value, NULL), -1);
	assert_int_equal(value, MARK);
}

/* Guards against: nan, infinity and hexadecimal floats, which strtod takes. */
static void test_fraction(void **state)
{
	static const char *const bad[] = {"1.01",  "-0.1", "nan",  "inf", ".5",
					  "0x0.8", "0,5",  "0.5 ", ""};
	double value = -1;
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(parse_fraction(bad[i], "p", &value, NULL), -1);
	assert_true(value == -1);
	assert_int_equal(parse_fraction("0.95", "p", &value, NULL), 0);
	assert_true(value == 0.95);
	assert_int_equal(parse_fraction("1", "p", &value, NULL), 0);
	assert_int_equal(parse_fraction("1e-3", "p", &value, NULL), 0);
	assert_true(value == 1e-3);
}

/* Guards against: a prefix of a name being taken for it, and a message that names no choice. */
static void test_name(void **state)
{
	static const char *const names[] = {"none", "writeback", NULL, "unsafe"};
	struct error err;
	unsigned value = 99;

	(void)state;
	assert_int_equal(parse_name("unsafe", names, 4, "cache", &value, &err), 0);
	assert_int_equal(value, 3);
	value = 99;
	assert_int_equal(parse_name("write", names, 4, "cache", &value, &err), -1);
	assert_int_equal(value, 99);
	assert_non_null(strstr(err.text, "none, writeback, unsafe"));
}

/* Guards against: uuids with too few or too many digits, or dashes outside. */
static void test_uuid(void **state)
{
	static const char *const bad[] = {
		"",
		"00112233445566778899aabbccddee",
		"00112233445566778899aabbccddeeff00",
		"-00112233445566778899aabbccddeeff",
		"00112233445566778899aabbccddeeff-",
		"0-0112233445566778899aabbccddeeff",
		"00112233445566778899aabbccddeefg",
	};
	static const char text[] = "00112233-4455-6677-8899-aabbccddeeff";
	uint8_t uuid[16] = {0};
	char back[37];
	size_t i;

	(void)state;
	for (i = 0; i < COUNT(bad); i++)
		assert_int_equal(parse_uuid(bad[i], "run", uuid, NULL), -1);
	assert_int_equal(uuid[15], 0);
	assert_int_equal(parse_uuid("00112233445566778899AABBCCDDEEFF", "run", uuid, NULL), 0);
	format_uuid(uuid, back);
	assert_string_equal(back, text);
	assert_int_equal(parse_uuid(text, "run", uuid, NULL), 0);
	assert_int_equal(uuid[15], 0xff);
}

/* Guards against: a guest's text that drives the terminal it is shown on. */
static void test_printable(void **state)
{
	char out[32], small[4];

	(void)state;
#define SHOWN(in, expected) \
	assert_string_equal(printable(in, sizeof(in) - 1, out, sizeof(out)), expected)
	SHOWN("plain text", "plain text");
	SHOWN("\x1b[31mred\x7f\r\n", "?[31mred???");
	SHOWN("a\0b", "a?b");
	SHOWN("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f");
	SHOWN("\xc2\x9b"
	      "31m",
	      "??31m"); /* C1: CSI */
	SHOWN("\xe2\x80\xae"
	      "evil",
	      "???evil");	      /* right-to-left override */
	SHOWN("\xc0\xaf\xff", "???"); /* overlong, no UTF-8 */
	SHOWN("\xf0\x9f\x92", "???"); /* cut short */
#undef SHOWN
	/* no half character at the end of a small buffer */
	assert_string_equal(printable("ab\xc3\xbc", 4, small, sizeof(small)), "ab");
	assert_string_equal(printable("abcdef", 6, small, 1), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),	 cmocka_unit_test(test_i64),
		cmocka_unit_test(test_size),	 cmocka_unit_test(test_duration),
		cmocka_unit_test(test_fraction), cmocka_unit_test(test_name),
		cmocka_unit_test(test_uuid),	 cmocka_unit_test(test_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
