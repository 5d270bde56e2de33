/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_shell_quote.c - what a real shell makes of a quoted argument vector.
 *
 * Guards against: an argument that a remote shell takes apart, expands or runs.
 */
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "host/process.h"
#include "host/shell_quote.h"

static void assert_survives(const char *argument)
{
	const char *const argv[] = {"printf", "%s|%s", argument, argument, NULL};
	const char *shell[] = {"/bin/sh", "-c", NULL, NULL};
	struct process_result result;
	size_t n = strlen(argument);
	struct error err;
	char *line = shell_quote(argv, &err);

	assert_non_null(line);
	shell[2] = line;
	assert_int_equal(process_run(shell, 10 * NS_PER_S, NULL, &result, &err), 0);
	assert_int_equal(result.status, 0);
	assert_int_equal(strlen(result.out), 2 * n + 1);
	assert_memory_equal(result.out, argument, n);
	assert_memory_equal(result.out + n + 1, argument, n);
	process_result_done(&result);
	free(line);
}

static void arguments(void **unused)
{
	static const char *const hard[] = {
		"",   " ",   "'",     "\"",	 "''\"'", "$HOME `id`", "-n",	   "a b",
		"\\", "\\n", "*",     "~",	 "!x",	  "#",		"a\nb\n",  "; id",
		"&",  "<>|", "\t \r", "ünï\xff", "$(id)", "${x:-y}",	"'; id; '"};
	char every[256];
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(hard) / sizeof(hard[0]); i++)
		assert_survives(hard[i]);
	for (i = 0; i < 255; i++)
		every[i] = (char)(i + 1);
	every[255] = '\0';
	assert_survives(every);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(arguments)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
