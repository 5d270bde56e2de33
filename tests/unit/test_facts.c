/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_facts.c - cell.json: what is written is read again, and nothing else is believed. */
#include "tests/test.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rundir/facts.h"
#include "rundir/rundir.h"

static char path[64];

static int setup(void **state)
{
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test-facts-XXXXXX");
	fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static void fill(struct cell_facts *facts)
{
	cell_facts_init(facts);
	snprintf(facts->id, sizeof(facts->id), "03-none-writethrough");
	snprintf(facts->selector, sizeof(facts->selector), "cache=none/writethrough");
	facts->asked[0] = CACHE_DEFAULT;
	facts->asked[1] = CACHE_WRITETHROUGH;
	facts->effective_known[1] = true;
	facts->effective[1] = CACHE_UNSAFE;
	snprintf(facts->path, sizeof(facts->path), "buffered");
	snprintf(facts->workload, sizeof(facts->workload), "handoff");
	snprintf(facts->fault, sizeof(facts->fault), "none");
	facts->repeat = 7;
	facts->unit = 4096;
	facts->units = 1ULL << 60;
	facts->files = 16;
	facts->has_expected = true;
	facts->expected = VERDICT_VIOLATED;
	facts->confidence = 0.99;
	facts->max_rate = 0.02;
	snprintf(facts->not_run, sizeof(facts->not_run), "not run");
	snprintf(facts->refused, sizeof(facts->refused), "refused by libvirt: x");
	snprintf(facts->invalid, sizeof(facts->invalid), "invalid \"x\"\n");
	snprintf(facts->error, sizeof(facts->error), "error \xff\x1b[2J");
	facts->mounted_known[0] = true;
	facts->mounted_ns[0] = UINT64_MAX;
	facts->disk_bytes_known[1] = true;
	facts->disk_bytes[1] = 1ULL << 40;
	facts->cached_before_known[1] = true;
	facts->cached_before[1] = 4096;
	facts->flushes_known[0] = true;
	facts->flushes[0] = 17;
	snprintf(facts->volume_name, sizeof(facts->volume_name), "stalemate:lab");
	facts->volume_made = 1;
	facts->withdraws = 1;
	facts->kernel_errors = 2;
	snprintf(facts->kernel_first, sizeof(facts->kernel_first), "GFS2: fsid=\xc3\xa9");
	facts->fsck_known = true;
	facts->fsck_errors = 3;
	snprintf(facts->fsck_first, sizeof(facts->fsck_first), "Block 5");
	facts->replicas_known = true;
	facts->replicas_out_of_sync = 1ULL << 53 | 1;
	snprintf(facts->replicas_note, sizeof(facts->replicas_note), "verified twice");
}

/* Guards against: a field that is written and not read, or cut, or takes the file down with it. */
static void test_round_trip(void **state)
{
	struct cell_facts facts, again;
	struct error err;

	(void)state;
	fill(&facts);
	assert_int_equal(cell_facts_write(&facts, path, &err), 0);
	memset(&again, 0xee, sizeof(again));
	if (cell_facts_read(path, &again, &err) < 0)
		fail_msg("%s", err.text);
	/* what cannot be shown is replaced; all else is as it was */
	assert_string_equal(again.invalid, "invalid \"x\"?");
	assert_string_equal(again.error, "error ??[2J");
	memcpy(again.invalid, facts.invalid, sizeof(again.invalid));
	memcpy(again.error, facts.error, sizeof(again.error));
	assert_string_equal(again.kernel_first, "GFS2: fsid=\xc3\xa9");
	assert_memory_equal(&again, &facts, sizeof(facts));
}

/* Guards against: "not known" that comes back as 0 or as `none`. */
static void test_unknown(void **state)
{
	struct cell_facts facts, again;
	struct error err;

	(void)state;
	cell_facts_init(&facts);
	assert_true(facts.confidence == 0.95);
	assert_int_equal(facts.repeat, 1);
	assert_int_equal(cell_facts_write(&facts, path, &err), 0);
	assert_int_equal(cell_facts_read(path, &again, &err), 0);
	assert_memory_equal(&again, &facts, sizeof(facts));
	assert_false(again.effective_known[0] || again.mounted_known[1] || again.fsck_known ||
		     again.has_expected || again.replicas_known);
	assert_int_equal(cell_facts_replicas(&again), REPLICAS_NOT_ASKED);
}

/* Guards against: replicas that were not compared and count as identical, and the reverse. */
static void test_replicas(void **state)
{
	struct cell_facts facts;

	(void)state;
	cell_facts_init(&facts);
	snprintf(facts.replicas_note, sizeof(facts.replicas_note), "no verify-alg");
	assert_int_equal(cell_facts_replicas(&facts), REPLICAS_NOT_COMPARED);
	facts.replicas_known = true;
	assert_int_equal(cell_facts_replicas(&facts), REPLICAS_IDENTICAL);
	facts.replicas_out_of_sync = 4;
	assert_int_equal(cell_facts_replicas(&facts), REPLICAS_DIFFER);
}

/* Guards against: a run of an older program that this one cannot judge any more. */
static void test_older(void **state)
{
	struct cell_facts facts, again;
	struct error err;
	json_t *root;
	char *text;

	(void)state;
	fill(&facts);
	assert_int_equal(cell_facts_write(&facts, path, &err), 0);
	root = json_load_file(path, 0, NULL);
	assert_int_equal(json_object_del(root, "replicas_out_of_sync"), 0);
	assert_int_equal(json_object_del(root, "replicas_note"), 0);
	text = json_dumps(root, 0);
	json_decref(root);
	assert_int_equal(rundir_write_file(path, text, strlen(text), &err), 0);
	free(text);
	assert_int_equal(cell_facts_read(path, &again, &err), 0);
	assert_int_equal(cell_facts_replicas(&again), REPLICAS_NOT_ASKED);
	assert_int_equal(again.fsck_errors, facts.fsck_errors);
}

/* Write good facts with one field replaced by `json` (NULL: removed); read; compare the message. */
static void expect_error(const char *field, const char *json, const char *message)
{
	struct cell_facts facts, again = {.repeat = 77};
	struct error err;
	char *text, whole[512];
	json_t *root;

	fill(&facts);
	assert_int_equal(cell_facts_write(&facts, path, &err), 0);
	root = json_load_file(path, 0, NULL);
	assert_non_null(root);
	if (json)
		json_object_set_new(root, field, json_loads(json, JSON_DECODE_ANY, NULL));
	else
		json_object_del(root, field);
	text = json_dumps(root, 0);
	json_decref(root);
	assert_int_equal(rundir_write_file(path, text, strlen(text), &err), 0);
	free(text);
	assert_int_equal(cell_facts_read(path, &again, &err), -1);
	snprintf(whole, sizeof(whole), "%s: %s", path, message);
	assert_string_equal(err.text, whole);
	assert_int_equal(err.kind, ERROR_USER);
	assert_int_equal(again.repeat, 77);
}

/* Guards against: a file from elsewhere that is believed though it cannot be true. */
static void test_bad_fields(void **state)
{
	char longer[80];

	(void)state;
	snprintf(longer, sizeof(longer), "\"%064d\"", 0);
	expect_error("schema", NULL, "not the facts of a cell: no \"schema\" in it");
	expect_error("schema", "2",
		     "schema 2 is unknown; this program reads schema 1: use the version that wrote "
		     "it");
	expect_error("units", NULL, "field 'units' is missing");
	expect_error("colour", "1", "unknown field 'colour'");
	expect_error("id", "5", "id: a text is expected");
	expect_error("id", longer, "id: longer than 63 bytes");
	expect_error("repeat", "\"1\"", "repeat: a number from 0 to 2147483647 is expected");
	expect_error("repeat", "-1", "repeat: a number from 0 to 2147483647 is expected");
	expect_error("repeat", "1.5", "repeat: a number from 0 to 2147483647 is expected");
	expect_error("withdraws", "4294967296",
		     "withdraws: a number from 0 to 2147483647 is expected");
	expect_error("units", "5", "units: a number in quotes is expected");
	expect_error("units", "\"18446744073709551616\"",
		     "units: '18446744073709551616' is not a number from 0 to "
		     "18446744073709551615");
	expect_error("confidence", "1", "confidence: a number from 0 to below 1 is expected");
	expect_error("confidence", "0", "confidence: must be above 0");
	expect_error("expected", "\"fine\"",
		     "expected: 'fine' is unknown; use one of: consistent, violated, inconclusive, "
		     "invalid, error, refused");
	expect_error("expected", "1", "expected: a name is expected");
	expect_error("asked", "\"none\"", "asked: an object with a and b is expected");
	expect_error("asked", "{\"a\": \"none\", \"c\": \"none\"}",
		     "asked: an object with a and b is expected");
	expect_error("asked", "{\"a\": \"none\", \"b\": null}", "asked: a name is expected");
	expect_error("effective", "{\"a\": \"none\", \"b\": \"default\"}",
		     "effective: 'default' is unknown; use one of: none, directsync, writethrough, "
		     "writeback, unsafe");
	expect_error("replicas_out_of_sync", "0",
		     "replicas_out_of_sync: a number in quotes is expected");
	expect_error("replicas_note", "null", "replicas_note: a text is expected");
	expect_error("disk_bytes", "{\"a\": \"5\"}",
		     "disk_bytes: an object with a and b is expected");
	expect_error("mounted_ns", "{\"a\": 5, \"b\": null}",
		     "mounted_ns: a number in quotes is expected");
}

static void expect_file_error(const char *text, size_t size, const char *message)
{
	struct cell_facts facts;
	struct error err;
	char whole[256];

	assert_int_equal(rundir_write_file(path, text, size, &err), 0);
	assert_int_equal(cell_facts_read(path, &facts, &err), -1);
	snprintf(whole, sizeof(whole), "%s:%s", path, message);
	assert_string_equal(err.text, whole);
	assert_int_equal(err.kind, ERROR_USER);
}

/* Guards against: a file that is no JSON at all, cut short, empty, missing. */
static void test_bad_files(void **state)
{
	struct cell_facts facts;
	struct error err;

	(void)state;
	expect_file_error("", 0, "1: not JSON: '[' or '{' expected near end of file");
	expect_file_error("{\n\"schema\": 1", 13, "2: not JSON: '}' expected near end of file");
	expect_file_error("{\"a\": 1, \"a\": 2}", 16,
			  "1: not JSON: duplicate object key near '\"a\"'");
	expect_file_error("[]", 2, " not the facts of a cell: no \"schema\" in it");
	expect_file_error("\x01\x02\0\x03", 4, "1: not JSON: '[' or '{' expected near '?'");
	assert_int_equal(cell_facts_read("/nonexistent/cell.json", &facts, &err), -1);
	assert_string_equal(err.text, "/nonexistent/cell.json: No such file or directory");
	assert_int_equal(err.kind, ERROR_USER);
	cell_facts_init(&facts);
	assert_int_equal(cell_facts_write(&facts, "/nonexistent/cell.json", &err), -1);
	assert_int_equal(err.kind, ERROR_WORLD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test(test_replicas),
		cmocka_unit_test_setup_teardown(test_older, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_fields, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_files, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
