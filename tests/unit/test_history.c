/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_history.c - a binary history, written and read back, whole and damaged.
 *
 * Guards against: records lost or changed between run and check; damage judged as if it were
 * data; a crash's cut tail refused, or taken for granted in a run that came to its end; and
 * messages that do not say where the damage is.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "history/history.h"

#define HEADER HISTORY_HEADER_SIZE
#define N 4 /* records: write, torn read (2 sides), event (5 sides), ping */

static char folder[64], path[96];
static struct record records[N];
static size_t offsets[N + 1]; /* where each begins; [N] = the file's size */

static const struct history_header header = {
	.run = "0123456789abcde",
	.volume = 7,
	.unit = 4096,
	.units = 1000,
	.seed = UINT64_MAX,
	.nodes = 1,
	.clock = HISTORY_CLOCK_BOUNDS,
	.theta_lo = -120000,
	.theta_hi = 95000,
	.drift_ppm = 50,
};

static void write_file(const char *to, const void *data, size_t size)
{
	FILE *file = fopen(to, "wb");

	assert_non_null(file);
	assert_true(!size || fwrite(data, size, 1, file) == 1);
	assert_int_equal(fclose(file), 0);
}

static void fill_records(void)
{
	struct op *op = &records[0].op;
	unsigned i;

	memset(records, 0, sizeof(records));
	records[0].type = RECORD_OP;
	*op = (struct op){.lane = 4095, .kind = OP_WRITE, .outcome = OUTCOME_UNKNOWN, .unit = 998};
	op->count = 2;
	op->invoke = 5;
	op->complete = TIME_NONE;
	op->after = 3;
	op->peer = 9;
	op->value.kind = VALUE_TAG;
	op->value.write_id = write_id(0, 3, 4095, SEQUENCE_MAX);
	records[1].type = RECORD_OP;
	op = &records[1].op;
	*op = (struct op){.count = 1, .unit = 17, .invoke = 6, .complete = 6};
	op->value.kind = VALUE_TORN;
	op->value.n_parts = 8;
	for (i = 0; i < 8; i++)
		op->value.parts[i] = (struct part){VALUE_TAG, 1, write_id(0, 0, 1, i + 1)};
	records[2].type = RECORD_EVENT;
	records[2].event = (struct event){.kind = EVENT_KERNEL, .time = 7};
	memset(records[2].event.text, 'x', EVENT_TEXT_MAX);
	records[3].type = RECORD_PING;
	records[3].ping = (struct ping){.c0 = 1, .n1 = 2, .n2 = 3, .c3 = 4};
}

/* All records to `path`, by the writer that `run` uses. */
static void write_history(const char *to, const struct history_header *head)
{
	uint8_t bytes[RECORD_MAX];
	struct history_writer *writer;
	struct error err;
	unsigned i;

	unlink(to);
	writer = history_create(to, head, &err);
	assert_non_null(writer);
	offsets[0] = HEADER;
	for (i = 0; i < N; i++) {
		assert_int_equal(history_append(writer, &records[i], &err), 0);
		offsets[i + 1] = offsets[i] + record_encode(&records[i], bytes);
	}
	assert_int_equal(history_sync(writer, &err), 0);
	assert_int_equal(history_close(writer, &err), 0);
}

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test-history-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/a.history", folder);
	fill_records();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static int read_one(const char *from, bool complete, struct history *ret, struct error *err)
{
	return history_read(&from, 1, complete, ret, err);
}

static void assert_refused(const char *from, bool complete, const char *message)
{
	struct history history;
	struct error err = {0};

	if (!read_one(from, complete, &history, &err))
		fail_msg("read, though '%s' was due", message);
	assert_int_equal(err.kind, ERROR_USER);
	if (!strstr(err.text, message) || !strstr(err.text, from))
		fail_msg("'%s' lacks '%s' or the file's name", err.text, message);
}

/* Guards against: a field that is lost or changed on its way through a file. */
static void written_and_read_back(void **unused)
{
	uint8_t wrote[RECORD_MAX], read[RECORD_MAX];
	struct history_cursor cursor = {0};
	struct history history;
	struct record record;
	struct error err;
	struct stat st;
	unsigned i;
	size_t size;

	(void)unused;
	write_history(path, &header);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal((size_t)st.st_size, offsets[N]);
	assert_int_equal(read_one(path, true, &history, &err), 0);
	assert_memory_equal(history.header.run, header.run, sizeof(header.run));
	assert_int_equal(history.header.volume, header.volume);
	assert_int_equal(history.header.unit, header.unit);
	assert_true(history.header.units == header.units && history.header.seed == header.seed);
	assert_int_equal(history.header.nodes, header.nodes);
	assert_int_equal(history.header.clock, header.clock);
	assert_true(history.header.theta_lo == header.theta_lo);
	assert_true(history.header.theta_hi == header.theta_hi);
	assert_int_equal(history.header.drift_ppm, header.drift_ppm);
	for (i = 0; i < N; i++) {
		assert_true(history_next(&history, &cursor, &record));
		size = record_encode(&records[i], wrote);
		assert_int_equal(record_encode(&record, read), size);
		assert_memory_equal(read, wrote, size);
	}
	assert_false(history_next(&history, &cursor, &record));
	assert_string_equal(history.warning, "");
	assert_false(history.open_ended[0]);
	history_done(&history);
}

/* Guards against: a run that overwrites an earlier one, and a run killed early that leaves noise.
 */
static void created_once_and_at_once(void **unused)
{
	struct history_writer *writer;
	struct history history;
	struct error err;

	(void)unused;
	unlink(path);
	writer = history_create(path, &header, &err);
	assert_non_null(writer);
	assert_int_equal(read_one(path, false, &history, &err), 0);
	assert_int_equal(history.n_ops, 0);
	history_done(&history);
	assert_null(history_create(path, &header, &err));
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_int_equal(history_close(writer, &err), 0);
	assert_int_equal(history_close(NULL, &err), 0);
}

/* Guards against: a full disk that nobody hears of. */
static void full_disk_is_reported(void **unused)
{
	struct history_writer *writer;
	struct error err = {0};
	unsigned i;

	(void)unused;
	if (access("/dev/full", W_OK))
		skip();
	unlink(path);
	writer = history_create(path, &header, &err);
	assert_non_null(writer);
	/* The file's descriptor now leads to a device without room. */
	for (i = 3; i < 64; i++) {
		char link[64], target[128];
		ssize_t len;

		snprintf(link, sizeof(link), "/proc/self/fd/%u", i);
		len = readlink(link, target, sizeof(target) - 1);
		if (len > 0 && (size_t)len == strlen(path) && !memcmp(target, path, (size_t)len)) {
			FILE *full = fopen("/dev/full", "wb");

			assert_non_null(full);
			assert_int_equal(dup2(fileno(full), (int)i), (int)i);
			fclose(full);
		}
	}
	assert_int_equal(history_append(writer, &records[0], &err), 0);
	assert_int_equal(history_close(writer, &err), -1);
	assert_int_equal(err.kind, ERROR_WORLD);
	assert_non_null(strstr(err.text, "No space left"));
}

/* Guards against: files that are not histories at all, read as if they were. */
static void not_a_history(void **unused)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *message;
	} rows[] = {
		{"", 0, "empty (0 bytes)"},
		{"\x7f"
		 "ELF\x02\x01\x01\0\0\0",
		 10, ":1: not a history"},
		{"hello\n", 6, "(offset 0)"},
		{"SMHISX\x1a\n", 8, "not a history"},
		{"SMHIST", 6, "damaged header: the file ends within it (offset 6)"},
		{"SMHIST\x1a\n\x01", 9, "damaged header: the file ends within it (offset 9)"},
		{"SMHIST\x1a\n\x09\x00", 10,
		 "format version 9, but this stalemate reads up to "
		 "version 1; use a newer stalemate"},
	};
	uint8_t noise[4096];
	unsigned seed = 1;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_file(path, rows[i].bytes, rows[i].size);
		assert_refused(path, false, rows[i].message);
	}
	for (i = 0; i < sizeof(noise); i++)
		noise[i] = (uint8_t)((seed = seed * 1103515245 + 12345) >> 16);
	write_file(path, noise, sizeof(noise));
	assert_refused(path, false, "not a history");
	assert_refused(folder, false, "is a directory");
	unlink(path);
	assert_refused(path, false, "cannot open the history");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_refused(path, false, "not a regular file");
	unlink(path); /* opening it to write would wait for a reader */
}

/* Guards against: a header that decodes to what no history can be. */
static void impossible_headers(void **unused)
{
	static const struct {
		uint8_t nodes;
		int clock;
		uint32_t unit;
		int64_t lo, hi;
		const char *message;
	} rows[] = {
		{0, 0, 4096, 0, 0, "impossible nodes (offset 10)"},
		{5, 0, 4096, 0, 0, "impossible nodes (offset 10)"},
		{1, 3, 4096, 0, 0, "unknown kind of clock (offset 11)"},
		{1, 0, 0, 0, 0, "impossible unit (offset 32)"},
		{1, 0, 700, 0, 0, "impossible unit (offset 32)"},
		{1, 0, 65536 + 512, 0, 0, "impossible unit (offset 32)"},
		{1, 2, 4096, 1, 0, "empty clock bounds (offset 56)"},
		{1, 2, 4096, INT64_MIN, 0, "impossible clock bounds (offset 56)"},
	};
	struct history_header head;
	uint8_t bytes[HEADER];
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		head = header;
		head.nodes = rows[i].nodes;
		head.clock = (enum history_clock)rows[i].clock;
		head.unit = rows[i].unit;
		head.theta_lo = rows[i].lo;
		head.theta_hi = rows[i].hi;
		history_header_encode(&head, bytes);
		write_file(path, bytes, sizeof(bytes));
		assert_refused(path, false, rows[i].message);
	}
}

enum { KEEP = 0, REFUSED, WARNED };

/* Guards against: the line between a crash's tail and damage drawn in the wrong place. `record`
 * counts from 0; `at` is an offset within it; -1 = the header. */
static void damage_and_cut_tails(void **unused)
{
	static const struct {
		int record;
		size_t at;
		bool cut;	    /* the file ends there; else that byte is changed */
		int open, complete; /* what becomes of it in a run not complete, and in one */
		const char *message;
	} rows[] = {
		{-1, 0, false, REFUSED, REFUSED, "not a history"},
		{-1, 20, false, REFUSED, REFUSED, "checksum does not match (offset 120)"},
		{-1, 127, true, REFUSED, REFUSED, "the file ends within it (offset 127)"},
		{0, 0, true, KEEP, KEEP, NULL},
		{0, 12, false, REFUSED, REFUSED, "record 1 at offset 128"},
		{1, 0, false, REFUSED, REFUSED, "record 2 at offset 192"},
		{1, 64 + 20, false, REFUSED, REFUSED, "record 2 at offset 192"}, /* a side */
		{1, 0, true, KEEP, KEEP, NULL},
		{1, 1, true, WARNED, REFUSED, "at offset 192"},
		{1, 64, true, WARNED, REFUSED, "at offset 192"}, /* its sides are missing */
		{2, 65, true, WARNED, REFUSED, "at offset 384"},
		{3, 20, false, WARNED, REFUSED, ""}, /* whole, but only part reached the disk */
		{3, 63, true, WARNED, REFUSED, ""},
	};
	struct history history;
	uint8_t bytes[4096];
	struct error err;
	size_t i, at;
	FILE *file;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_history(path, &header);
		at = (rows[i].record < 0 ? 0 : offsets[rows[i].record]) + rows[i].at;
		file = fopen(path, "rb");
		assert_non_null(file);
		assert_int_equal(fread(bytes, 1, sizeof(bytes), file), offsets[N]);
		fclose(file);
		bytes[at] ^= 0x40;
		write_file(path, bytes, rows[i].cut ? at : offsets[N]);
		if (rows[i].complete == REFUSED)
			assert_refused(path, true,
				       rows[i].open == WARNED ? "though the run is marked complete"
							      : rows[i].message);
		if (rows[i].open == REFUSED) {
			assert_refused(path, false, rows[i].message);
			continue;
		}
		if (read_one(path, rows[i].complete == KEEP, &history, &err) < 0)
			fail_msg("row %zu: %s", i, err.text);
		assert_int_equal(history.open_ended[0], rows[i].open == WARNED);
		assert_false(history.open_ended[1]);
		assert_int_equal(*history.warning != 0, rows[i].open == WARNED);
		if (rows[i].open == WARNED) {
			assert_non_null(strstr(history.warning, "is cut short, as a crash leaves"));
			assert_non_null(strstr(history.warning, rows[i].message));
		}
		history_done(&history);
	}
}

/* Guards against: an impossible operation with a correct checksum passed off as a cut tail. */
static void impossible_last_record(void **unused)
{
	(void)unused;
	records[3] = records[0];
	records[3].op.complete = 1; /* before it was invoked */
	write_history(path, &header);
	assert_refused(path, false, "record 4 at offset");
	records[3] = records[0];
	records[3].op.unit = 999; /* two units from the last one on */
	write_history(path, &header);
	assert_refused(path, false, "unit 1000 is beyond the target's 1000 units");
	records[3] = records[0];
	records[3].op.node = 1;
	records[3].op.value.write_id = write_id(1, 0, 4095, 1);
	write_history(path, &header);
	assert_refused(path, false, "operation of node b, but the header says");
	fill_records();
}

/* Guards against: histories of two targets, or the same one twice, judged as if they were one. */
static void two_files_must_agree(void **unused)
{
	static const char *const fields[] = {"run",  "volume", "unit", "units",
					     "seed", "clock",  "clock"};
	const char *both[2] = {path, NULL};
	struct history_header head;
	struct history history;
	char other[96];
	struct error err;
	size_t i;

	(void)unused;
	snprintf(other, sizeof(other), "%s/b.history", folder);
	both[1] = other;
	write_history(path, &header);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct history_writer *writer;

		head = header;
		head.nodes = 2;
		head.run[0] += i == 0;
		head.volume += i == 1;
		head.unit += i == 2 ? 512 : 0;
		head.units += i == 3;
		head.seed -= i == 4;
		head.theta_hi += i == 5;
		head.drift_ppm += i == 6;
		unlink(other);
		writer = history_create(other, &head, &err);
		assert_non_null(writer);
		assert_int_equal(history_close(writer, &err), 0);
		assert_int_equal(history_read(both, 2, true, &history, &err), -1);
		assert_int_equal(err.kind, ERROR_USER);
		assert_non_null(strstr(err.text, "contradict each other in their headers"));
		assert_non_null(strstr(err.text, fields[i]));
	}
	write_history(other, &header);
	assert_int_equal(history_read(both, 2, true, &history, &err), -1);
	unlink(other);
	assert_non_null(strstr(err.text, "both hold operations of node a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_and_read_back),
		cmocka_unit_test(created_once_and_at_once),
		cmocka_unit_test(full_disk_is_reported),
		cmocka_unit_test(not_a_history),
		cmocka_unit_test(impossible_headers),
		cmocka_unit_test(damage_and_cut_tails),
		cmocka_unit_test(impossible_last_record),
		cmocka_unit_test(two_files_must_agree),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
