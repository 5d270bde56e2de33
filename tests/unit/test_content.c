/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_content.c - values that are wrong by themselves.
 *
 * Guards against: a tear accused that a write under way explains, one excused by a write that was
 * over, damage inside a tear excused with it, a value laid to a write that never was, and a
 * misdirected value laid to the wrong side.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check/check.h"

static char path[] = "/tmp/test-content-XXXXXX";

struct row {
	const char *lines;
	enum anomaly anomaly; /* ANOMALIES: none */
	uint64_t permitted, repeats;
};

static void judge_rows(const struct row *rows, size_t n)
{
	const char *const paths[] = {path};
	struct verdict verdict;
	struct error err;
	FILE *file;
	size_t i;

	for (i = 0; i < n; i++) {
		file = fopen(path, "w");
		assert_non_null(file);
		fprintf(file, "# stalemate-history 1\n# clock none\n%s", rows[i].lines);
		assert_int_equal(fclose(file), 0);
		if (check_files(paths, 1, NULL, &verdict, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		if (verdict.n_violations != (rows[i].anomaly != ANOMALIES) ||
		    verdict.torn_permitted != rows[i].permitted)
			fail_msg("row %zu: %llu violations, %llu tears permitted", i,
				 (unsigned long long)verdict.n_violations,
				 (unsigned long long)verdict.torn_permitted);
		if (verdict.n_violations && (verdict.examples[0].anomaly != rows[i].anomaly ||
					     verdict.examples[0].repeats != rows[i].repeats))
			fail_msg("row %zu: %s with %llu repeats", i,
				 anomaly_names[verdict.examples[0].anomaly],
				 (unsigned long long)verdict.examples[0].repeats);
		verdict_done(&verdict);
	}
}
#define JUDGE(rows) judge_rows(rows, sizeof(rows) / sizeof((rows)[0]))

#define MIX " ok torn=initial*3,a:0:1*5\n"

static void tears(void **unused)
{
	static const struct row rows[] = {
		{"a 0 w 1 1 2 ok a:0:1\nb 0 r 1 3 4" MIX, ANOMALIES, 1}, /* no order is known */
		{"a 0 w 1 1 2 ok a:0:1\nb 0 r 1 3 4 ok torn=initial*3,a:0:1*5 after=a:1\n",
		 ANOMALY_TORN},
		{"a 0 w 1 1 2 ok a:0:1\na 0 r 1 3 4" MIX, ANOMALY_TORN},
		{"a 0 w 1 1 3 ok a:0:1\na 1 r 1 3 4" MIX, ANOMALIES, 1},      /* a tie overlaps */
		{"a 0 w 1 1 2 unknown a:0:1\na 0 r 1 3 4" MIX, ANOMALIES, 1}, /* not over yet */
		{"a 0 w 1 1 - unknown a:0:1\na 0 r 1 3 4" MIX, ANOMALIES, 1},
		{"a 0 w 1 1 2 ok a:0:1\na 1 w 1 3 5 ok a:1:1\na 0 r 1 4 4" MIX, ANOMALIES, 1},
		{"a 0 w 1 1 2 ok a:0:1\na 1 w 1 5 6 ok a:1:1\na 0 r 1 3 4" MIX, ANOMALY_TORN},
		{"a 0 w 1 1 2 ok a:0:1\na 1 w 2 3 5 ok a:1:1\na 0 r 1 4 4" MIX, ANOMALY_TORN},
		{"a 0 w 1 1 2 ok a:0:1\na 1 w 1 3 5 fail a:1:1\na 0 r 1 4 4" MIX, ANOMALY_TORN},
		/* The same tear again is no other fault. */
		{"a 0 w 1 1 2 ok a:0:1\na 0 r 1 3 4" MIX "a 0 r 1 5 6" MIX, ANOMALY_TORN, 0, 1},
		/* Two whole units read at once are no tear; the second of these is. */
		{"a 0 w 2 1 2 ok a:0:1\na 0 r 1+2 3 4 ok torn=initial*8,a:0:1*8\n", ANOMALIES},
		{"a 0 w 1+2 1 2 ok a:0:1\na 0 r 1+2 3 4 ok torn=a:0:1*10,initial*6\n",
		 ANOMALY_TORN},
	};

	(void)unused;
	JUDGE(rows);
}

static void worse_than_torn(void **unused)
{
	static const struct row rows[] = {
		{"a 0 w 1 1 - unknown a:0:1\na 0 r 1 3 4 ok torn=zero*3,a:0:1*5\n", ANOMALY_ZEROED},
		{"a 0 r 1 3 4 ok torn=zero*3,corrupt*5\n", ANOMALY_CORRUPT},
		{"a 0 r 1 3 4 ok torn=zero*3,foreign*5\n", ANOMALY_FOREIGN},
		{"a 0 w 2 1 2 ok a:0:1\na 0 r 1 3 4 ok torn=foreign*3,at/a:0:1*5\n",
		 ANOMALY_MISDIRECTED_READ},
		{"a 0 r 1 3 4 ok torn=initial*3,a:0:1*5\n", ANOMALY_THIN_AIR},
		{"a 0 r 1 3 4 ok torn=initial*3,a:0:1*5\na 0 w 1 5 6 ok a:0:1\n",
		 ANOMALY_FUTURE_READ},
	};

	(void)unused;
	JUDGE(rows);
}

static void writes_that_never_were(void **unused)
{
	static const struct row rows[] = {
		{"b 0 r 1 3 4 ok a:0:1\n", ANOMALY_THIN_AIR},
		{"b 0 r 1 3 4 ok a:0:1\nb 0 r 1 5 6 ok a:0:1\n", ANOMALY_THIN_AIR, 0, 1},
		{"a 0 w 1 1 2 fail a:0:1\nb 0 r 1 3 4 ok a:0:1\n", ANOMALY_THIN_AIR},
		{"a 0 w 1 1 2 ok a:0:1@3\nb 0 r 1 3 4 ok a:0:1\n", ANOMALY_THIN_AIR},
		/* That node's history was not given. */
		{"# nodes b\nb 0 r 1 3 4 ok a:0:1\n", ANOMALIES},
		{"# nodes b\nb 0 r 1 3 4 ok b:0:1\n", ANOMALY_THIN_AIR},
		/* It had not begun; that it may not have is not enough. */
		{"a 0 r 1 1 2 ok a:1:1\na 1 w 1 3 4 ok a:1:1\n", ANOMALY_FUTURE_READ},
		{"b 0 r 1 1 2 ok a:1:1\na 1 w 1 3 4 ok a:1:1\n", ANOMALIES},
		{"b 0 r 1 1 2 ok a:1:1\na 1 w 1 3 - unknown a:1:1 after=b:1\n",
		 ANOMALY_FUTURE_READ},
	};

	(void)unused;
	JUDGE(rows);
}

#define WROTE "a 0 w 2 1 2 ok a:0:1\na 0 r 1 3 4 ok at=2/a:0:1\n"

static void misdirected(void **unused)
{
	static const struct row rows[] = {
		{WROTE, ANOMALY_MISDIRECTED_READ},
		{WROTE "a 0 r 1 5 6 ok initial\n", ANOMALY_MISDIRECTED_READ},
		{WROTE "b 0 r 1 5 6 ok at=2/a:0:1 after=a:2\n", ANOMALY_MISDIRECTED_WRITE, 0, 1},
		{WROTE "b 0 r 1 5 6 ok at=2/a:0:1\n", ANOMALY_MISDIRECTED_READ, 0,
		 1}, /* perhaps not later */
		/* What a write replaced in the meantime tells nothing. */
		{WROTE "a 0 w 1 5 6 ok a:0:2\na 0 r 1 7 8 ok a:0:2\n", ANOMALY_MISDIRECTED_READ},
		{WROTE "a 0 r 1 5 6 ok at=2/a:0:1\na 0 r 1 7 8 ok at=2/a:0:1\n",
		 ANOMALY_MISDIRECTED_WRITE, 0, 2},
		/* Known by the history, not by the reader. */
		{"a 0 w 2 1 2 ok a:0:1\na 0 r 1 3 4 ok a:0:1\n", ANOMALY_MISDIRECTED_READ},
		{"a 0 w 2 1 2 ok a:0:1\na 0 r 1 3 4 ok a:0:1\na 0 r 1 5 6 ok a:0:1\n",
		 ANOMALY_MISDIRECTED_WRITE, 0, 1},
	};

	(void)unused;
	JUDGE(rows);
}

static int setup(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tears),
		cmocka_unit_test(worse_than_torn),
		cmocka_unit_test(writes_that_never_were),
		cmocka_unit_test(misdirected),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
