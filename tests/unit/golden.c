/* SPDX-License-Identifier: GPL-2.0-or-later */
/* golden.c - see golden.h. */
#include "tests/unit/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/test.h"

#define GOLDEN "tests/golden/"

static char *read_golden(const char *name)
{
	char path[128], *text;
	size_t n;
	FILE *file;

	snprintf(path, sizeof(path), GOLDEN "%s", name);
	file = fopen(path, "r");
	if (!file)
		fail_msg("%s is missing: run from the top of the tree, ACCEPT=1 makes it", path);
	text = calloc(1, 65536);
	n = fread(text, 1, 65535, file);
	assert_true(n < 65535);
	fclose(file);
	return text;
}

/* Compare with the golden file, or make it. */
static void compare(const char *name, const char *text)
{
	char path[128], *golden;
	FILE *file;

	if (getenv("ACCEPT")) {
		snprintf(path, sizeof(path), GOLDEN "%s", name);
		file = fopen(path, "w");
		assert_non_null(file);
		fputs(text, file);
		fclose(file);
	}
	golden = read_golden(name);
	if (strcmp(text, golden))
		printf("---- %s, as it is now:\n%s----\n", name, text);
	assert_string_equal(text, golden);
	free(golden);
}

char *render(report_function *report, const struct verdict *verdicts, size_t n,
	     const struct report_options *options)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(report(out, verdicts, n, options), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

void check_report(const char *golden, report_function *report, const struct verdict *verdicts,
		  size_t n, const struct report_options *options)
{
	char *text = render(report, verdicts, n, options);

	compare(golden, text);
	free(text);
}
