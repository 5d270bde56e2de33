/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz.c - see fuzz.h. */
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/history_binary.h"
#include "history/history_text.h"

void fuzz_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

static void *need(void *memory)
{
	if (!memory)
		fuzz_fail("out of memory");
	return memory;
}

static void begin(struct history *history, bool text)
{
	memset(history, 0, sizeof(*history));
	history->files = need(calloc(1, sizeof(*history->files)));
	history->files->name = need(strdup("input"));
	history->files->text = text;
	history->n_files = history->cap_files = 1;
}

static bool finish(struct history *history, int result, struct error *err)
{
	if (!result)
		return true;
	if (err->kind != ERROR_USER || strncmp(err->text, "input", 5))
		fuzz_fail("a refusal that does not name the file: %s", err->text);
	history_done(history);
	return false;
}

bool fuzz_read_text(const char *text, size_t len, struct history *ret, struct error *err)
{
	begin(ret, true);
	return finish(ret, history_text_read(ret, "input", text, len, err), err);
}

bool fuzz_read_binary(const uint8_t *data, size_t len, struct history *ret, struct error *err)
{
	begin(ret, false);
	return finish(ret, history_binary_read(ret, "input", data, len, false, err), err);
}

char *fuzz_print_text(const struct history *history)
{
	char *text = NULL;
	size_t size;
	FILE *file = need(open_memstream(&text, &size));

	history_text_print(file, history);
	if (fclose(file))
		fuzz_fail("cannot print");
	return need(text);
}

uint8_t *fuzz_print_binary(const struct history *history, size_t *ret_len)
{
	struct history_cursor cursor = {0};
	uint8_t header[HISTORY_HEADER_SIZE], bytes[RECORD_MAX];
	struct record record;
	char *data = NULL;
	size_t used;
	FILE *file = need(open_memstream(&data, ret_len));

	history_header_encode(&history->header, header);
	fwrite(header, sizeof(header), 1, file);
	while (history_next(history, &cursor, &record)) {
		used = record_encode(&record, bytes);
		fwrite(bytes, used, 1, file);
	}
	if (fclose(file))
		fuzz_fail("cannot encode");
	return need(data);
}

static void expect_text(const struct history *history, const char *text, const char *way)
{
	char *again = fuzz_print_text(history);

	if (strcmp(text, again))
		fuzz_fail("not the same after %s:\n%s---- was\n%s", way, again, text);
	free(again);
}

void fuzz_expect_twins(const struct history *history)
{
	char *text = fuzz_print_text(history);
	size_t len = 0, len_again = 0;
	uint8_t *data = fuzz_print_binary(history, &len), *again;
	struct history read;
	struct error err;

	if (!fuzz_read_text(text, strlen(text), &read, &err))
		fuzz_fail("our own text is refused: %s\n%s", err.text, text);
	expect_text(&read, text, "print and read");
	again = fuzz_print_binary(&read, &len_again);
	if (len != len_again || memcmp(data, again, len))
		fuzz_fail("binary -> text -> binary gives other bytes:\n%s", text);
	free(again);
	history_done(&read);
	if (!fuzz_read_binary(data, len, &read, &err))
		fuzz_fail("our own binary is refused: %s\n%s", err.text, text);
	expect_text(&read, text, "encode and decode");
	history_done(&read);
	free(data);
	free(text);
}
