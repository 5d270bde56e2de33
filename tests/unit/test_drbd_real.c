/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_drbd_real.c - what DRBD 8.4.11 (drbd-utils 9.22) really printed, on two hosts of tests/rig.
 *
 * The texts are the corpus tests/fuzz/corpus/drbd/real-*, so the test runs from the top of the
 * tree. How each came about: host b disconnects, connects, is behind, is ahead as well, while both
 * are Primary (real-*split) or while it is Secondary (real-*resync, real-sync-*); verify with three
 * blocks of b overwritten below DRBD (real-log-verify, real-out-of-sync).
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drbd/config.h"
#include "drbd/events.h"
#include "drbd/fit.h"
#include "drbd/generation.h"
#include "drbd/kernel_log.h"
#include "drbd/watch.h"
#include "rundir/rundir.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The caller frees it. */
static char *real(const char *name, size_t *ret_len)
{
	char path[128];
	struct error err;
	char *text;

	snprintf(path, sizeof(path), "tests/fuzz/corpus/drbd/real-%s", name);
	text = rundir_read_file(path, 65536, ret_len, &err);
	if (!text)
		fail_msg("%s", err.text);
	return text;
}

static struct drbd_state parsed(const char *name, const char *text, size_t len)
{
	struct drbd_state state;
	struct error err;

	if (drbd_events_parse(name, text, len, &state, &err) < 0)
		fail_msg("%s", err.text);
	return state;
}

/* Guards against: a state that the real driver shows taken for another. */
static void test_states(void **unused)
{
	static const struct {
		const char *name, *why; /* NULL: fit */
	} cases[] = {
		{"connected", NULL},
		{"connecting", "Connecting"},
		{"standalone", "StandAlone"},
		{"sync-source", "the peer's role is Secondary"},
		{"sync-target", "its role here is Secondary"},
		{"verify", "online verify runs"},
		{"out-of-sync", "12 KiB"},
	};
	struct drbd_why why;
	size_t i, len;

	(void)unused;
	for (i = 0; i < COUNT(cases); i++) {
		char *text = real(cases[i].name, &len);
		struct drbd_state state = parsed(cases[i].name, text, len);
		bool fit = drbd_fit(&state, NULL, &why);

		if (fit != !cases[i].why || (!fit && !strstr(why.text, cases[i].why)))
			fail_msg("%s: %s", cases[i].name, fit ? "fit" : why.text);
		free(text);
	}
}

/* Fed one byte at a time. */
static void watch_real(const char *name, struct drbd_watch *watch)
{
	struct error err;
	size_t i, len;
	char *text = real(name, &len);

	drbd_watch_init(watch, NULL);
	for (i = 0; i < len; i++) {
		if (drbd_watch_feed(watch, text + i, 1, &err) < 0)
			fail_msg("%s: %s", name, err.text);
	}
	free(text);
}

/* Guards against: an interruption that is over at the end, or lines of the stream that no manual
 * shows (a change that changes nothing, destroy, call helper), not survived. */
static void test_streams(void **unused)
{
	struct drbd_watch watch;
	struct drbd_why why;

	(void)unused;
	watch_real("stream-split", &watch);
	assert_true(watch.unfit);
	assert_non_null(strstr(watch.why.text, "Disconnecting"));
	assert_non_null(strstr(watch.line, "change connection name:r0"));
	assert_int_equal(watch.state.n_peers, 0); /* destroyed when it became StandAlone */

	watch_real("stream-resync", &watch);
	assert_true(watch.unfit);
	assert_non_null(strstr(watch.why.text, "8 KiB"));
	assert_string_equal(watch.line, "exists -");
	assert_true(drbd_fit(&watch.state, NULL, NULL));
	assert_false(drbd_watch_fit(&watch, &why));
}

/* Guards against: a resync between two looks that nobody sees, for both states are fit. */
static void test_life(void **unused)
{
	static const char mark[] = "exists -\n";
	struct drbd_watch watch;
	struct drbd_state before;
	struct drbd_why why;
	size_t len;
	char *text = real("stream-resync", &len);

	(void)unused;
	before = parsed("stream-resync", text,
			(size_t)(strstr(text, mark) - text) + sizeof(mark) - 1);
	free(text);
	watch_real("stream-resync", &watch);
	assert_false(drbd_same_life(&before, &watch.state, &why));
	assert_non_null(strstr(why.text, "a counter went back"));
	assert_true(drbd_same_life(&watch.state, &watch.state, NULL));
}

/* Guards against: settings not found where the real tools print them: the kernel's values have a
 * unit as a comment, and 8.4's stand outside of any connection. */
static void test_config(void **unused)
{
	static const char *const names[] = {"dump", "show"};
	struct drbd_config config;
	struct drbd_why why;
	struct error err;
	size_t i, len;

	(void)unused;
	for (i = 0; i < COUNT(names); i++) {
		char *text = real(names[i], &len);
		unsigned q;

		if (drbd_config_parse(names[i], text, len, "r0", &config, &err) < 0)
			fail_msg("%s", err.text);
		free(text);
		assert_true(config.kernel == !strcmp(names[i], "show"));
		assert_string_equal(config.ping_timeout, "100");
		assert_string_equal(config.verify_alg, "crc32c");
		for (q = 0; q < DRBD_QUESTIONS; q++) {
			if (drbd_config_answer(&config, (enum drbd_question)q, &why) !=
			    (q != DRBD_FENCING))
				fail_msg("%s: %s", names[i], why.text);
		}
	}
}

static struct drbd_generations generations(const char *name)
{
	struct drbd_generations all;
	struct error err;
	size_t len;
	char *text = real(name, &len);

	if (drbd_generations_parse(name, text, len, &all, &err) < 0)
		fail_msg("%s", err.text);
	free(text);
	return all;
}

/* Guards against: a split brain that both hosts' generations do not tell. */
static void test_generations(void **unused)
{
	struct drbd_generations before = generations("gi"), split = generations("gi-split");

	(void)unused;
	assert_true(drbd_same_generation(&before, &before, NULL));
	assert_false(drbd_same_generation(&before, &split, NULL));
	assert_false(drbd_same_generation(&split, &split, NULL)); /* its bitmap has one */
}

/* Guards against: the kernel's own words not recognised. */
static void test_logs(void **unused)
{
	static const struct {
		const char *name;
		uint64_t n[DRBD_LOG_KINDS]; /* 0: not asked */
		uint64_t out_of_sync;
		bool fit;
	} cases[] = {
		{"log-split", {[DRBD_LOG_SPLIT_BRAIN] = 1, [DRBD_LOG_BACK] = 1}, 0, false},
		{"log-verify", {[DRBD_LOG_OUT_OF_SYNC] = 3, [DRBD_LOG_VERIFY] = 4}, 12, true},
		{"log-resync", {[DRBD_LOG_ROLE] = 1, [DRBD_LOG_BACK] = 2}, 0, false},
		{"log-connect", {[DRBD_LOG_BACK] = 2}, 0, false},
	};
	struct drbd_why why;
	size_t i, len;
	unsigned kind;

	(void)unused;
	for (i = 0; i < COUNT(cases); i++) {
		struct drbd_log logs[2] = {{{0}}};
		char *text = real(cases[i].name, &len);

		drbd_log_read(text, len, NULL, &logs[0]);
		free(text);
		for (kind = 0; kind < DRBD_LOG_KINDS; kind++) {
			if (cases[i].n[kind] && logs[0].n[kind] != cases[i].n[kind])
				fail_msg("%s: %s: %llu", cases[i].name, drbd_log_names[kind],
					 (unsigned long long)logs[0].n[kind]);
		}
		assert_int_equal(logs[0].out_of_sync, cases[i].out_of_sync);
		if (drbd_log_fit(logs, &why) != cases[i].fit)
			fail_msg("%s: %s", cases[i].name, cases[i].fit ? why.text : "fit");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_states),	    cmocka_unit_test(test_streams),
		cmocka_unit_test(test_life),	    cmocka_unit_test(test_config),
		cmocka_unit_test(test_generations), cmocka_unit_test(test_logs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
