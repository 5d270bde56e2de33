/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_history_text.c - the text form of a history, both ways.
 *
 * Guards against: a value or suffix that does not survive parse and print, and a malformed line
 * that is taken for a comment, guessed at, or refused without saying where.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history_text.h"

static int parse(const char *text, struct history *ret, struct error *err)
{
	memset(ret, 0, sizeof(*ret));
	ret->files = calloc(1, sizeof(*ret->files));
	assert_non_null(ret->files);
	ret->files->text = true;
	ret->n_files = ret->cap_files = 1;
	return history_text_read(ret, "h.txt", text, strlen(text), err);
}

static void expect_same_text(const char *text)
{
	struct history history;
	struct error err;
	char *printed;
	size_t size;
	FILE *file;

	if (parse(text, &history, &err) < 0)
		fail_msg("%s", err.text);
	file = open_memstream(&printed, &size);
	assert_non_null(file);
	history_text_print(file, &history);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(printed, text);
	free(printed);
	history_done(&history);
}

/* Guards against: twins that are not exact. The text is in the form that print gives. */
static void round_trip(void **unused)
{
	static const char text[] =
		"# stalemate-history 1\n"
		"# run 00112233-4455-6677-8899-aabbccddeeff\n"
		"# volume 7\n# unit 4096\n# units 100\n# seed 9\n# nodes a b\n"
		"# clock b-a -120000 95000\n# drift 50\n"
		"a 0 w 17 1000 2500 ok a:0:1 peer=4\n"
		"# ping b 1 2 3 4\n"
		"a 1 w 17+3 1000 - unknown a:1:1@3\n"
		"b 4095 r 17 3000 4000 ok initial after=a:1\n"
		"b 0 r 18 3000 4000 ok zero\n"
		"b 0 r 18 3000 4000 ok corrupt\n"
		"b 0 r 18 3000 4000 ok foreign\n"
		"b 0 r 18 3000 4000 ok at=19/a:0:1\n"
		"b 0 r 18 3000 4000 ok torn=initial*3,a:0:1*2,zero*1,at/a:1:1*2\n"
		"b 0 r 18 3000 4000 fail -\n"
		"! 5300 a kernel back\\\\slash \\x01\n"
		"a 0 f 0 6000 7000 ok -\n";

	(void)unused;
	expect_same_text(text);
}

/* Guards against: a header that says "one clock" beside samples of two, which then is refused. */
static void samples(void **unused)
{
	(void)unused;
	expect_same_text("# stalemate-history 1\n"
			 "# run 00000000-0000-0000-0000-000000000000\n"
			 "# volume 0\n# unit 4096\n# units 0\n# seed 0\n# nodes a b\n"
			 "# drift 50\n# sample 1000 1600 1700 2000\n# sample 2000 1 2 2003\n"
			 "a 0 w 1 3000 4000 ok a:0:1\n");
}

/* Guards against: a wrong line that is judged, or an error without its place. */
static void malformed_lines(void **unused)
{
	static const char *const lines[] = {
		"c 0 w 1 1 2 ok a:0:1",
		"a 4096 w 1 1 2 ok a:0:1",
		"a 0 x 1 1 2 ok a:0:1",
		"a 0 w 1 1 2 ok",
		"a 0 w 1 3 2 ok a:0:1",
		"a 0 w -1 1 2 ok a:0:1",
		"a 0 w 1 1 2 maybe a:0:1",
		"a 0 r 1 1 2 ok c:0:1",
		"a 0 r 1 1 2 ok at=1",
		"a 0 r 1 1 2 ok torn=zero*0,a:0:1*8",
		"a 0 r 1 1 2 ok torn=zero*3,a:0:1*4",
		"a 0 r 1 1 2 ok initial after=a:1",
		"a 0 r 1 1 2 ok initial after=b:1 after=b:1",
		"a 0 r 1 1 2 ok initial more",
		"! 1 a nothing",
		"! 1 a note \\q",
		"# unit 700",
		"# clock b-a 2 1",
		"# sample 1 3 2 4",
		"a 0 r 1 1 2 ok initial \x01",
	};
	struct history history;
	struct error err;
	char text[256];
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "# stalemate-history 1\n# a comment\n%s\n", lines[i]);
		if (!parse(text, &history, &err))
			fail_msg("'%s' was read", lines[i]);
		assert_int_equal(err.kind, ERROR_USER);
		if (strncmp(err.text, "h.txt:3: ", 9))
			fail_msg("'%s' has no place", err.text);
		history_done(&history);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(samples),
		cmocka_unit_test(malformed_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
