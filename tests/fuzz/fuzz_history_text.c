/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_history_text.c - any bytes as a text history: refused with file and line, or read into what
 * both forms give back.
 */
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history history;
	struct error err;

	if (!fuzz_read_text((const char *)data, size, &history, &err))
		return 0;
	fuzz_expect_twins(&history);
	history_done(&history);
	return 0;
}
