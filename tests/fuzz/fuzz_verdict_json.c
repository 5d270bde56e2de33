/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_verdict_json.c - any bytes as a JSON verdict: refused with file and place, or read into what
 * prints, reads and prints again as the same; and what says that it is the only shard joins to a
 * whole of the same counts, which is no less taken.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/join.h"
#include "report/report.h"
#include "report/report_read.h"

static char *print(const struct report_read *read)
{
	struct report_options options = {.run = read->run};
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file || report_json(file, read->verdicts, read->n, &options) < 0 || fclose(file))
		fuzz_fail("cannot print");
	return text;
}

static void expect_text(const struct report_read *read)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	if (!file || report_text(file, read->verdicts, read->n, NULL) < 0 || fclose(file))
		fuzz_fail("no text report");
	free(text);
}

/* What was joined is not refused. But an error may be one of the judge, of which the reason tells
 * nothing to who joins it: its counts need not fit. */
static void expect_taken(struct verdict *whole)
{
	struct report_read read = {.verdicts = whole, .n = 1}, again;
	char *text = print(&read);
	struct error err;

	if (report_read("joined", text, strlen(text), &again, &err) < 0)
		fuzz_fail("what was joined is refused: %s\n%s", err.text, text);
	report_read_done(&again);
	free(text);
}

/* A whole is its only part; but without operations it says nothing of the models. */
static void join(const struct verdict *part)
{
	struct verdict whole;
	struct error err;

	if (verdict_join(part, 1, &whole, &err) < 0) {
		if (part->shards == 1)
			fuzz_fail("shard 1 of 1 is no whole: %s", err.text);
		return;
	}
	if (part->shards != 1 || whole.n_examples != part->n_examples || whole.ops != part->ops ||
	    whole.rounds != part->rounds || whole.stale_rounds != part->stale_rounds ||
	    (part->ops && memcmp(whole.models, part->models, sizeof(whole.models)) != 0))
		fuzz_fail("a whole that is not its only part");
	if (part->kind != VERDICT_ERROR)
		expect_taken(&whole);
	verdict_done(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report_read read, again;
	char *first, *second;
	struct error err;
	size_t i;

	if (report_read("input", (const char *)data, size, &read, &err) < 0) {
		if (err.kind != ERROR_USER || strncmp(err.text, "input:", 6))
			fuzz_fail("a refusal that does not name the file: %s", err.text);
		return 0;
	}
	first = print(&read);
	if (report_read("input", first, strlen(first), &again, &err) < 0)
		fuzz_fail("our own verdict is refused: %s\n%s", err.text, first);
	second = print(&again);
	if (strcmp(first, second))
		fuzz_fail("not the same when read again:\n%s---- was\n%s", second, first);
	expect_text(&read);
	for (i = 0; i < read.n; i++)
		join(&read.verdicts[i]);
	free(first);
	free(second);
	report_read_done(&again);
	report_read_done(&read);
	return 0;
}
