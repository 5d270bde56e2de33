/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_export.c - histories for other people's checkers.
 *
 * Guards against: an export that claims an order which is not certain (others would then accuse a
 * correct system), one that forgets an order it could keep, a read shown that proves nothing, a
 * process that does two things at once or goes on after it crashed, and forms that differ from the
 * documented ones by a byte.
 */
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/export.h"
#include "order/order.h"

static char path[] = "/tmp/test-export-XXXXXX";
static struct history history;
static struct export export;
static struct error err;

static int build(const char *lines, const uint64_t *unit)
{
	const char *const paths[] = {path};
	FILE *file = fopen(path, "w");

	export_done(&export);
	history_done(&history);
	assert_non_null(file);
	fprintf(file, "# stalemate-history 1\n%s", lines);
	assert_int_equal(fclose(file), 0);
	if (history_read(paths, 1, true, &history, &err) < 0)
		fail_msg("%s", err.text);
	return export_build(&history, unit, &export, &err);
}

/* The export as text, without where the operations came from. Release with free. */
static char *print(bool edn, bool plain)
{
	char *text = NULL, *from, *to, *end;
	const char *mark = edn ? ", :source \"" : ",\"Metadata\":\"";
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	if (edn)
		export_edn(file, &export, plain);
	else
		assert_int_equal(export_porcupine(file, &export, &err), 0);
	assert_int_equal(fclose(file), 0);
	for (from = to = text; *from;) {
		if (strncmp(from, mark, strlen(mark))) {
			*to++ = *from++;
			continue;
		}
		end = strchr(from + strlen(mark), '"');
		assert_non_null(end);
		from = end + 1;
	}
	*to = '\0';
	return text;
}

static void assert_edn(bool plain, const char *expected)
{
	char *text = print(true, plain);

	assert_string_equal(text, expected);
	free(text);
}

static void assert_json(const char *expected)
{
	char *text = print(false, false);

	assert_string_equal(text, expected);
	free(text);
}

#define OP(process, type, f, value, time, index) \
	"{:process " #process ", :type :" #type ", :f :" #f ", :value " value ", :time " #time \
	", :index " #index "}\n"
#define JSON(client, op, key, in, call, out, ret) \
	"{\"ClientId\":" #client ",\"Input\":{\"Op\":" #op ",\"Key\":\"" #key "\",\"Value\":\"" in \
	"\"},\"Call\":" #call ",\"Output\":{\"Value\":\"" out "\"},\"Return\":" #ret "}\n"

/* Guards against: a byte of the two forms that changes, a flush or a read without a result among
 * the operations, a failed write in porcupine's, an initial value that Knossos never refuses. */
static void forms(void **unused)
{
	static const char lines[] = "a 0 w 17 100 200 ok a:0:1\n"
				    "a 0 w 18 300 400 fail a:0:2\n"
				    "a 0 f - 410 420 ok -\n"
				    "b 0 r 17 150 250 ok initial\n"
				    "b 0 r 17 300 400 fail -\n"
				    "b 0 r 17 500 - unknown -\n"
				    "b 1 r 18 510 520 ok at=17/a:0:1\n";
	uint64_t unit = 17;

	(void)unused;
	assert_int_equal(build(lines, NULL), 0);
	assert_edn(false, OP(3, invoke, write, "[17 \"initial\"]", 99,
			     0) OP(3, ok, write, "[17 \"initial\"]", 99,
				   1) OP(3, invoke, write, "[18 \"initial\"]", 99,
					 2) OP(3, ok, write, "[18 \"initial\"]", 99,
					       3) OP(0, invoke, write, "[17 \"a:0:1\"]", 100,
						     4) OP(1, invoke, read, "[17 nil]", 150, 5)
				  OP(0, ok, write, "[17 \"a:0:1\"]", 200,
				     6) OP(1, ok, read, "[17 \"initial\"]", 250,
					   7) OP(0, invoke, write, "[18 \"a:0:2\"]", 300,
						 8) OP(0, fail, write, "[18 \"a:0:2\"]", 400, 9)
					  OP(2, invoke, read, "[18 nil]", 510, 10)
						  OP(2, ok, read, "[18 \"at=17/a:0:1\"]", 520, 11));
	assert_json(JSON(0, 1, 17, "a:0:1", 100, "", 200) JSON(1, 0, 17, "", 150, "", 250)
			    JSON(2, 0, 18, "", 510, "at=17/a:0:1", 520));
	assert_int_equal(build(lines, &unit), 0);
	assert_edn(true,
		   OP(2, invoke, write, "\"initial\"", 99, 0) OP(2, ok, write, "\"initial\"", 99, 1)
			   OP(0, invoke, write, "\"a:0:1\"", 100, 2)
				   OP(1, invoke, read, "nil", 150, 3)
					   OP(0, ok, write, "\"a:0:1\"", 200, 4)
						   OP(1, ok, read, "\"initial\"", 250, 5));
}

/* Guards against: an unknown write that ends before all else does, a process that goes on after
 * it, one that does two things at once (a tie, several units). */
static void processes(void **unused)
{
	(void)unused;
	assert_int_equal(build("a 0 w 1 100 200 unknown a:0:1\n"
			       "a 0 w 1 300 400 ok a:0:2\n"
			       "a 0 w 1 400 500 ok a:0:3\n"
			       "a 0 r 1+2 600 700 ok torn=a:0:3*8,initial*8\n"
			       "a 0 w 1 800 - unknown a:0:4\n"
			       "a 0 r 1 900 1000 ok a:0:1\n",
			       NULL),
			 0);
	assert_json(JSON(0, 1, 1, "a:0:1", 100, "", 1001) JSON(1, 1, 1, "a:0:2", 300, "", 400) JSON(
		2, 1, 1, "a:0:3", 400, "", 500) JSON(2, 0, 1, "", 600, "a:0:3", 700)
			    JSON(1, 0, 2, "", 600, "", 700) JSON(1, 1, 1, "a:0:4", 800, "", 1001)
				    JSON(2, 0, 1, "", 900, "a:0:1", 1000));
}

/* Guards against: a read that is no violation, shown as a value that nobody wrote; and one that is
 * a violation, hidden. */
static void undecided(void **unused)
{
	static const struct {
		const char *lines;
		uint64_t undecided;
	} rows[] = {
		{"a 0 w 1 10 20 ok a:0:1\na 1 r 1 20 30 ok torn=initial*3,a:0:1*5\n", 1},
		{"a 0 w 1 10 20 ok a:0:1\na 1 r 1 21 30 ok torn=initial*3,a:0:1*5\n", 0},
		{"a 0 w 1 10 20 unknown a:0:1\na 1 r 1 21 30 ok torn=initial*3,a:0:1*5\n", 1},
		{"a 0 w 1 10 20 fail a:0:1\na 0 w 1 21 30 ok a:0:2\n"
		 "a 1 r 1 21 30 ok torn=initial*3,a:0:1*5\n",
		 0},
		{"a 0 w 1 10 20 ok a:0:1\na 1 r 1 20 30 ok torn=zero*3,a:0:1*5\n", 0},
		{"a 0 w 1 10 20 ok a:0:1\na 1 w 1 40 50 ok a:1:1\n"
		 "a 1 r 1 21 30 ok torn=initial*3,a:0:1*5\n",
		 0},
		{"a 0 w 1 10 20 ok a:0:1\na 1 r 1 20 30 ok zero\na 1 r 1 41 50 ok foreign\n", 0},
		{"a 0 w 1 10 20 ok a:0:1\nb 1 r 1 20 30 ok a:0:9\n", 0},
		{"# nodes a\na 0 w 1 10 20 ok a:0:1\na 1 r 1 20 30 ok b:0:9\n", 1},
		{"# nodes a\na 0 w 1 10 20 ok a:0:1\na 1 r 1 20 30 ok a:0:9\n", 0},
		{"# nodes a\na 0 w 1 10 20 ok a:0:1\na 1 r 1 22 30 ok torn=b:0:9*3,a:0:1*5\n", 1},
	};
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (build(rows[i].lines, NULL) < 0)
			fail_msg("row %zu: %s", i, err.text);
		if (export.undecided != rows[i].undecided)
			fail_msg("row %zu: %" PRIu64 " reads left out", i, export.undecided);
	}
}

/* Guards against: bounds used the wrong way round, a call that is not moved far enough before what
 * may have overlapped it, or moved although nothing did. */
static void clock_bounds(void **unused)
{
	(void)unused;
	/* b's clock is 990 to 1010 ahead. The read invoked at 1205 may have begun before the write
	 * was over, and so it begins at its end, and with that before the end of b's own first
	 * read, which is lost; the one invoked at 1211 certainly began after the write. */
	assert_int_equal(build("# clock b-a 990 1010\n"
			       "a 0 w 1 100 200 ok a:0:1\n"
			       "b 0 r 1 1170 1203 ok initial\n"
			       "b 1 r 1 1205 1230 ok initial\n"
			       "b 2 r 1 1211 1240 ok a:0:1\n",
			       NULL),
			 0);
	assert_json(JSON(0, 1, 1, "a:0:1", 100, "", 200) JSON(1, 0, 1, "", 170, "", 203)
			    JSON(2, 0, 1, "", 200, "", 230) JSON(3, 0, 1, "", 211, "a:0:1", 240));
	assert_int_equal(export.certain, 3);
	assert_int_equal(export.lost, 1);
}

/* Guards against: an order made of clocks that nothing is known of, messages not made use of. */
static void no_clock(void **unused)
{
	char warning[512];

	(void)unused;
	assert_int_equal(build("# clock none\n"
			       "b 0 r 1 9000 9010 ok initial\n"
			       "a 0 w 1 100 200 ok a:0:1 after=b:1\n"
			       "b 0 r 1 9020 9030 ok initial after=a:1\n",
			       NULL),
			 0);
	assert_json(JSON(0, 0, 1, "", 1, "", 1) JSON(1, 1, 1, "a:0:1", 2, "", 2)
			    JSON(0, 0, 1, "", 3, "", 3));
	assert_int_equal(export.lost, 0);
	assert_string_equal(export_warning(&export, warning, sizeof(warning)), "");
	assert_string_equal(export.clock_warning, "");
	/* Bounds that a message contradicts are none. */
	assert_int_equal(build("# clock b-a 0 10\n"
			       "a 0 w 1 100 200 ok a:0:1\n"
			       "b 0 r 1 150 160 ok a:0:1 after=a:1\n",
			       NULL),
			 0);
	assert_json(JSON(0, 1, 1, "a:0:1", 1, "", 1) JSON(1, 0, 1, "", 2, "a:0:1", 2));
	assert_non_null(strstr(export.clock_warning, "discarded"));
	/* Nothing relates the nodes: of b's two reads the order cannot be said beside a's. */
	assert_int_equal(build("# clock none\n"
			       "a 0 w 1 9005 9006 ok a:0:1\n"
			       "b 0 r 1 9000 9010 ok initial\n"
			       "b 0 r 1 9020 9030 ok initial\n",
			       NULL),
			 0);
	assert_int_equal(export.certain, 1);
	assert_int_equal(export.lost, 1);
	assert_non_null(strstr(export_warning(&export, warning, sizeof(warning)), "1 of 1"));
}

/* Guards against: an empty export, which every checker calls correct. */
static void refusals(void **unused)
{
	static const struct {
		const char *lines, *message;
	} rows[] = {
		{"a 0 f - 10 20 ok -\na 0 r 1 10 20 fail -\n", "nothing to export: no read"},
		{"# nodes a\na 0 r 1 10 20 ok b:0:1\n", "prove nothing"},
		{"a 0 w 1 10 18446744073709551614 ok a:0:1\n", "2^62"},
		{"# clock b-a 4611686018427387905 4611686018427387906\nb 0 w 1 0 1 ok b:0:1\n",
		 "2^62"},
		{"a 0 w 1 10 20 ok a:0:1\na 0 w 2 30 40 ok a:0:1\n", "write the same value"},
	};
	uint64_t unit = 2;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(build(rows[i].lines, NULL), -1);
		assert_int_equal(err.kind, ERROR_USER);
		if (!strstr(err.text, rows[i].message))
			fail_msg("'%s' does not say '%s'", err.text, rows[i].message);
	}
	assert_int_equal(build("a 0 w 1 10 20 ok a:0:1\n", &unit), -1);
	assert_non_null(strstr(err.text, "unit 2"));
}

static uint64_t state = 0x5eed;

static unsigned pick(unsigned n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state * 0x2545f4914f6cdd1dULL) >> 33) % n;
}

/* A history of that many operations with one clock, bounds or none, and true message edges. */
static void random_lines(char *text, size_t size, unsigned n)
{
	int theta = (int)pick(200), lo = theta - (int)pick(60), hi = theta + (int)pick(60);
	unsigned clock = pick(3), sequence = 0, i, j, ends[2][64] = {{0}}, n_ends[2] = {0, 0};
	unsigned busy[2][3] = {{0}};
	FILE *file = fmemopen(text, size, "w");

	assert_non_null(file);
	if (clock == 1)
		fprintf(file, "# clock b-a %d %d\n", lo, hi);
	else if (clock == 2)
		fputs("# clock none\n", file);
	for (i = 0; i < n; i++) {
		unsigned node = pick(2), lane = pick(3), begin, end, shift, known = 0, outcome;

		begin = busy[node][lane] + pick(30);
		end = begin + pick(40);
		/* Of one node no two completions at once: else K would be ambiguous. */
		for (j = 0; j < n_ends[node]; j++) {
			if (ends[node][j] == end) {
				end++;
				j = (unsigned)-1;
			}
		}
		busy[node][lane] = end;
		ends[node][n_ends[node]++] = end;
		shift = node && clock ? (unsigned)theta : 0;
		outcome = pick(8);
		fprintf(file, "%c %u ", 'a' + node, lane);
		if (pick(2))
			fprintf(file, "w %u+%u %u %u %s %c:%u:%u", pick(2), 1 + pick(2),
				begin + shift, end + shift,
				outcome > 1 ? "ok"
				: outcome   ? "unknown"
					    : "fail",
				'a' + node, lane, ++sequence);
		else
			fprintf(file, "r %u %u %u ok initial", pick(2), begin + shift, end + shift);
		/* What a message can prove: completions so far that no later one will precede. */
		for (j = 0; clock && j < n_ends[!node]; j++)
			known += ends[!node][j] < begin;
		for (j = 0; j < 3; j++)
			known = busy[!node][j] < begin ? 0 : known;
		if (known && !pick(3))
			fprintf(file, " after=%c:%u", 'a' + !node, known);
		fputc('\n', file);
	}
	assert_int_equal(fclose(file), 0);
}

static void assert_sound(const char *text)
{
	uint64_t certain = 0, kept = 0;
	struct order order;
	size_t i, j;

	if (order_build(&history, &order, &err) < 0)
		fail_msg("%s", err.text);
	for (i = 0; i < export.n_ops; i++) {
		for (j = 0; j < export.n_ops; j++) {
			const struct export_op *x = &export.ops[i], *y = &export.ops[j];
			bool before = order_before(&history, &order, x->op, y->op);

			if (x->unit == y->unit && x->outcome == EXPORT_OK &&
			    y->outcome != EXPORT_FAIL) {
				certain += before;
				kept += x->ret < y->call;
				if (x->ret < y->call && !before)
					fail_msg("%s\noperation %u is not certainly before %u",
						 text, x->op, y->op);
			}
			if (i != j && x->process == y->process &&
			    !(x->ret < y->call || y->ret < x->call))
				fail_msg("%s\nprocess %u does %u and %u at once", text, x->process,
					 x->op, y->op);
			if (x->call > x->ret || (x->outcome == EXPORT_INFO && x->ret <= y->call))
				fail_msg("%s\noperation %u ends too early", text, x->op);
		}
	}
	if (certain != export.certain || certain - kept != export.lost ||
	    (order.clock == HISTORY_CLOCK_ONE && kept != certain))
		fail_msg("%s\n%" PRIu64 " certain, %" PRIu64 " kept, but %" PRIu64 " lost", text,
			 certain, kept, export.lost);
	order_done(&order);
}

/* Guards against: any order in an export that is not certain, one that is lost and not counted, one
 * lost with one clock, and a process with two operations at once. */
static void random_histories(void **unused)
{
	char text[8192];
	unsigned i;

	(void)unused;
	for (i = 0; i < 3000; i++) {
		random_lines(text, sizeof(text), 2 + pick(20));
		if (build(text, NULL) < 0) {
			if (!strstr(err.text, "nothing to export"))
				fail_msg("%s\n%s", text, err.text);
			continue;
		}
		assert_sound(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms),
		cmocka_unit_test(processes),
		cmocka_unit_test(undecided),
		cmocka_unit_test(clock_bounds),
		cmocka_unit_test(no_clock),
		cmocka_unit_test(refusals),
		cmocka_unit_test(random_histories),
	};
	int fd = mkstemp(path), status;

	if (fd < 0)
		return 1;
	close(fd);
	status = cmocka_run_group_tests(tests, NULL, NULL);
	export_done(&export);
	history_done(&history);
	unlink(path);
	return status;
}
