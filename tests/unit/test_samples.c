/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_samples.c - clock samples in binary histories, loaded and read where they lie.
 *
 * Guards against: samples that are lost on the way, so that two clocks are judged as one or not at
 * all; samples beside a header that says otherwise; and damage that is taken for a measurement.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "history/clock_pieces.h"
#include "history/history_text.h"
#include "history/tape.h"
#include "order/scan.h"

static char folder[64], paths[NODES][96];

static const struct history_header plain = {
	.unit = 4096, .nodes = 1, .clock = HISTORY_CLOCK_NONE, .drift_ppm = 50};

static int setup(void **state)
{
	unsigned node;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test-samples-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	for (node = 0; node < NODES; node++)
		snprintf(paths[node], sizeof(paths[node]), "%s/%c.history", folder,
			 'a' + (int)node);
	return 0;
}

static int teardown(void **state)
{
	unsigned node;

	(void)state;
	for (node = 0; node < NODES; node++)
		unlink(paths[node]);
	return rmdir(folder);
}

static struct record a_sample(uint64_t a0)
{
	return (struct record){.type = RECORD_SAMPLE, .ping = {0, a0, a0 + 5, a0 + 6, a0 + 9}};
}

static struct record an_event(unsigned node)
{
	return (struct record){.type = RECORD_EVENT, .event = {.node = (uint8_t)node, .time = 1}};
}

static void write_file(unsigned node, const struct history_header *header,
		       const struct record *records, size_t n)
{
	struct history_header own = *header;
	struct history_writer *writer;
	struct error err;
	size_t i;

	own.nodes = (uint8_t)(1U << node);
	unlink(paths[node]);
	writer = history_create(paths[node], &own, &err);
	assert_non_null(writer);
	for (i = 0; i < n; i++)
		assert_int_equal(history_append(writer, &records[i], &err), 0);
	assert_int_equal(history_close(writer, &err), 0);
}

static int read_files(unsigned n, bool complete, struct history *ret, struct error *err)
{
	const char *both[NODES] = {paths[0], paths[1]};

	return history_read(both, n, complete, ret, err);
}

/* Where they lie, unless they cannot be read so. */
static int scan_files(unsigned n, bool complete, struct tapes *ret, struct scan *ret_scan,
		      struct error *err)
{
	const char *both[NODES] = {paths[0], paths[1]};

	if (tapes_open(both, n, complete, ret, err) < 0)
		return -1;
	if (!scan_tapes(ret, 1, ret_scan, err))
		return 0;
	tapes_close(ret);
	return -1;
}

/* The sum of a0 says which ones are there. */
static void expect_scanned(unsigned n, bool in_memory, size_t n_samples, uint64_t sum)
{
	struct tapes tapes;
	struct scan scan = {0};
	struct error err;
	size_t i;

	if (scan_files(n, false, &tapes, &scan, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(tapes.in_memory, in_memory);
	assert_int_equal(scan.n_samples, n_samples);
	for (i = 0; i < scan.n_samples; i++) {
		const struct clock_sample *s = &scan.samples[i];

		assert_true(s->b1 == s->a0 + 5 && s->b2 == s->a0 + 6 && s->a3 == s->a0 + 9);
		sum -= s->a0;
	}
	assert_true(!sum);
	scan_done(&scan);
	tapes_close(&tapes);
}

static char *print(const struct history *history)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	history_text_print(file, history);
	assert_int_equal(fclose(file), 0);
	return text;
}

/* Guards against: a sample that has moved, or become something else, in the other form. */
static void in_its_place(void **unused)
{
	static const char text[] = "# stalemate-history 1\n"
				   "# run 00000000-0000-0000-0000-000000000000\n"
				   "# volume 0\n# unit 4096\n# units 0\n# seed 0\n# nodes a\n"
				   "# drift 50\n"
				   "# sample 10 15 16 19\n"
				   "! 1 a note\n"
				   "# ping a 1 2 3 4\n"
				   "# sample 7 12 13 16\n"
				   "# sample 8 13 14 17\n";
	struct record records[] = {
		a_sample(10), an_event(0), {.type = RECORD_PING}, a_sample(7), a_sample(8)};
	struct history history;
	struct error err;
	char *printed;

	(void)unused;
	records[2].ping = (struct ping){0, 1, 2, 3, 4};
	write_file(0, &plain, records, 5);
	assert_int_equal(read_files(1, true, &history, &err), 0);
	printed = print(&history);
	assert_string_equal(printed, text);
	free(printed);
	history_done(&history);
}

/* Guards against: samples that only a loaded history has. */
static void from_tapes(void **unused)
{
	struct record a[] = {a_sample(1), an_event(0), a_sample(20)};
	struct record b[] = {an_event(1), a_sample(300)};

	(void)unused;
	write_file(0, &plain, a, 3);
	write_file(1, &plain, b, 2);
	expect_scanned(1, false, 2, 21);
	expect_scanned(2, false, 3, 321);
}

static void expect_refused(unsigned n, bool complete, const char *message)
{
	struct history history;
	struct tapes tapes;
	struct error err = {0};
	struct scan scan;

	if (read_files(n, complete, &history, &err) == 0)
		fail_msg("read, though '%s' was due", message);
	assert_int_equal(err.kind, ERROR_USER);
	if (!strstr(err.text, message))
		fail_msg("'%s' lacks '%s'", err.text, message);
	memset(&err, 0, sizeof(err));
	if (scan_files(n, complete, &tapes, &scan, &err) == 0)
		fail_msg("scanned, though '%s' was due", message);
	assert_int_equal(err.kind, ERROR_USER);
	if (!strstr(err.text, message))
		fail_msg("scanned: '%s' lacks '%s'", err.text, message);
}

/* Guards against: a measurement that cannot be, and one in a file whose header knows better. */
static void refused(void **unused)
{
	static const struct {
		enum history_clock clock;
		int type;
		uint8_t node;
		uint64_t a0, b1, b2, a3;
		const char *message;
	} rows[] = {
		{HISTORY_CLOCK_NONE, RECORD_SAMPLE, 0, 5, 1, 1, 4, "runs backwards"},
		{HISTORY_CLOCK_NONE, RECORD_SAMPLE, 0, 4, 2, 1, 5, "runs backwards"},
		{HISTORY_CLOCK_NONE, RECORD_SAMPLE, 1, 4, 1, 2, 5, "impossible clock sample"},
		{HISTORY_CLOCK_NONE, RECORD_SAMPLE, 0, 4, 1, 2, 1ULL << 63,
		 "impossible clock sample"},
		{HISTORY_CLOCK_NONE, RECORD_SAMPLE + 1, 0, 4, 1, 2, 5, "unknown type"},
		{HISTORY_CLOCK_ONE, RECORD_SAMPLE, 0, 4, 1, 2, 5, "exclude each other"},
		{HISTORY_CLOCK_BOUNDS, RECORD_SAMPLE, 0, 4, 1, 2, 5, "exclude each other"},
	};
	struct history_header header = plain;
	struct record records[2];
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		header.clock = rows[i].clock;
		records[0] = an_event(0);
		records[1].type = (enum record_type)rows[i].type;
		records[1].ping =
			(struct ping){rows[i].node, rows[i].a0, rows[i].b1, rows[i].b2, rows[i].a3};
		write_file(0, &header, records, 2);
		expect_refused(1, false, rows[i].message);
		expect_refused(1, false, "a.history: record 2 at offset 192");
	}
}

/* Guards against: a crash amid a sample that is damage, or one before it that is forgotten. */
static void cut_short(void **unused)
{
	struct record records[] = {a_sample(1), an_event(0), a_sample(20)};
	struct history history;
	struct error err;

	(void)unused;
	write_file(0, &plain, records, 3);
	assert_int_equal(truncate(paths[0], HISTORY_HEADER_SIZE + 3 * RECORD_SIZE - 1), 0);
	assert_int_equal(read_files(1, false, &history, &err), 0);
	assert_int_equal(history.n_samples, 1);
	assert_true(history.open_ended[0]);
	assert_non_null(strstr(history.warning, "the last record (3, at offset 256) is cut short"));
	history_done(&history);
	expect_scanned(1, false, 1, 1);
	expect_refused(1, true, "though the run is marked complete");
}

/* Guards against: samples in one file that leave the other file's clock to its header. */
static void beside_another_file(void **unused)
{
	struct record records[] = {a_sample(1), an_event(0)}, others[] = {an_event(1)};
	struct history_header other = plain;
	struct history history;
	struct error err;

	(void)unused;
	write_file(0, &plain, records, 2);
	write_file(1, &plain, others, 1);
	expect_scanned(2, false, 1, 1);
	/* A text that says nothing of clocks becomes this. */
	other.clock = HISTORY_CLOCK_ONE;
	write_file(1, &other, others, 1);
	expect_scanned(2, true, 1, 1);
	assert_int_equal(read_files(2, false, &history, &err), 0);
	assert_int_equal(history.header.clock, HISTORY_CLOCK_NONE);
	history_done(&history);
	other.drift_ppm++;
	write_file(1, &other, others, 1);
	expect_refused(2, false, "contradict each other in their headers: clock");
	other = plain;
	other.clock = HISTORY_CLOCK_BOUNDS;
	write_file(1, &other, others, 1);
	expect_refused(2, false, "contradict each other in their headers: clock");
	/* Without samples nothing reconciles them. */
	other.clock = HISTORY_CLOCK_ONE;
	write_file(0, &plain, records + 1, 1);
	write_file(1, &other, others, 1);
	expect_refused(2, false, "contradict each other in their headers: clock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_its_place),
		cmocka_unit_test(from_tapes),
		cmocka_unit_test(refused),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(beside_another_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
