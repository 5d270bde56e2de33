/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch_by_hand.c - records for a watch, as lines of the text form; each is read as a history of
 * its own. */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/watch_by_hand.h"
#include "history/history_text.h"

struct watch *begin(unsigned lanes)
{
	struct watch *watch = watch_new(lanes, NULL);

	assert_non_null(watch);
	return watch;
}

int take_op(struct watch *watch, const char *text, struct watch_finding *ret)
{
	char file[256];
	struct record record = {.type = RECORD_OP};
	struct history history = {0};
	struct error err;
	int found;

	snprintf(file, sizeof(file), HISTORY_TEXT_MAGIC "1\n# clock none\n%s\n", text);
	assert_non_null(history_add_file(&history, "watch", &err));
	if (history_text_read(&history, "watch", file, strlen(file), &err) < 0)
		fail_msg("%s", err.text);
	history_get(&history, 0, &record.op);
	found = watch_take(watch, &record, ret, &err);
	history_done(&history);
	return found;
}

void takes(struct watch *watch, const char *text)
{
	struct watch_finding finding;

	assert_int_equal(take_op(watch, text, &finding), 0);
	assert_false(watch_is_silent(watch));
}

void shows(struct watch *watch, const char *text, const char *wanted)
{
	struct watch_finding finding;
	char words[128];

	assert_int_equal(take_op(watch, text, &finding), 1);
	assert_string_equal(watch_words(&finding, words, sizeof(words)), wanted);
}
