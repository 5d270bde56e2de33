/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_drbd.c - any bytes as each of the texts that are read of DRBD: events, configuration,
 * generations, the kernel's log.
 *
 * A refusal names the text and the line. A state that is fit has all that the word promises; in one
 * piece or in two, the same events come to the same state. Nothing that is said holds what a
 * terminal would obey.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "drbd/config.h"
#include "drbd/events.h"
#include "drbd/fit.h"
#include "drbd/generation.h"
#include "drbd/kernel_log.h"
#include "drbd/watch.h"

static void expect_line(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			fuzz_fail("byte %d in what is said", *text);
	}
}

static void expect_refusal(const struct error *err)
{
	if (err->kind != ERROR_WORLD || strncmp(err->text, "input: line ", 12))
		fuzz_fail("a refusal that does not name the line: %s", err->text);
}

static void expect_word(const char *word, const char *wanted, const char *what)
{
	if (strcmp(word, wanted))
		fuzz_fail("fit, with %s '%s'", what, word);
}

/* At one of the peers all of it holds, and at no other is anybody Primary. */
static void expect_all(const struct drbd_state *state)
{
	const struct drbd_peer *peer = NULL;
	size_t i;

	expect_word(state->role, "Primary", "role");
	expect_word(state->suspended, "no", "suspended");
	for (i = 0; i < state->n_peers; i++) {
		if (strcmp(state->peers[i].role, "Primary"))
			continue;
		if (peer)
			fuzz_fail("fit, with two peers that are Primary");
		peer = &state->peers[i];
	}
	if (!peer || state->more || state->gone || state->skipped || !state->n_volumes)
		fuzz_fail("fit, and not whole");
	expect_word(peer->connection, "Connected", "connection");
	for (i = 0; i < state->n_volumes; i++) {
		const struct drbd_peer_device *device =
			drbd_find_peer_device(peer, state->volumes[i].volume);

		if (!device || !device->out_of_sync.told || device->out_of_sync.value)
			fuzz_fail("fit, with a volume that is out of sync");
		expect_word(state->volumes[i].disk, "UpToDate", "disk");
		expect_word(device->disk, "UpToDate", "peer's disk");
		expect_word(device->replication, "Established", "replication");
	}
}

static void judge(const struct drbd_state *state)
{
	struct drbd_why why = {"", ""};

	if (drbd_fit(state, NULL, &why)) {
		expect_all(state);
		if (!drbd_same_life(state, state, &why))
			fuzz_fail("a state differs from itself: %s", why.text);
		return;
	}
	if (!why.text[0])
		fuzz_fail("not fit, and no reason");
	expect_line(why.text);
	expect_line(why.remedy);
}

static void expect_same(const struct drbd_state *a, const struct drbd_state *b)
{
	struct drbd_why why_a = {"", ""}, why_b = {"", ""};

	if (!drbd_same_life(a, b, &why_a) || !drbd_same_life(b, a, &why_a))
		fuzz_fail("not the same state in two pieces: %s", why_a.text);
	if (drbd_fit(a, NULL, &why_a) != drbd_fit(b, NULL, &why_b) ||
	    strcmp(why_a.text, why_b.text))
		fuzz_fail("not as fit in two pieces: '%s', '%s'", why_a.text, why_b.text);
}

static void fuzz_events(const char *text, size_t len)
{
	struct drbd_state *state = calloc(1, sizeof(*state));
	struct drbd_watch *watch = malloc(sizeof(*watch));
	size_t cut = len / 2;
	struct error err;
	int whole, pieces;

	if (!state || !watch)
		fuzz_fail("out of memory");
	drbd_watch_init(watch, NULL);
	pieces = drbd_watch_feed(watch, text, cut, &err);
	if (!pieces)
		pieces = drbd_watch_feed(watch, text + cut, len - cut, &err);
	if (!pieces && watch->n_partial)
		pieces = drbd_watch_feed(watch, "\n", 1, &err);
	whole = drbd_events_parse("input", text, len, state, &err);
	if (whole < 0) {
		expect_refusal(&err);
	} else {
		if (pieces < 0)
			fuzz_fail("refused in two pieces: %s", err.text);
		expect_same(state, &watch->state);
		judge(state);
	}
	judge(&watch->state);
	if (drbd_watch_fit(watch, NULL))
		expect_all(&watch->state);
	expect_line(watch->line);
	free(state);
	free(watch);
}

static void fuzz_config(const char *text, size_t len)
{
	struct drbd_config config;
	struct drbd_why why;
	struct error err;
	unsigned i;

	if (drbd_config_parse("input", text, len, "r0", &config, &err) < 0) {
		expect_refusal(&err);
		return;
	}
	for (i = 0; i < DRBD_QUESTIONS; i++) {
		bool good = drbd_config_answer(&config, (enum drbd_question)i, &why);

		if (!why.text[0] || good != !why.remedy[0])
			fuzz_fail("question %u: '%s', '%s'", i, why.text, why.remedy);
		expect_line(why.text);
	}
}

static void fuzz_generations(const char *text, size_t len)
{
	struct drbd_generations all;
	struct error err;
	bool clean = true;
	size_t i;

	if (drbd_generations_parse("input", text, len, &all, &err) < 0) {
		expect_refusal(&err);
		return;
	}
	for (i = 0; i < all.n; i++)
		clean &= !all.volumes[i].bitmap;
	if (drbd_same_generation(&all, &all, NULL) != clean)
		fuzz_fail("a generation differs from itself");
}

static void fuzz_log(const char *text, size_t len)
{
	const struct drbd_state ours = {
		.resource = "r0", .volumes = {{.minor = {true, 0}}}, .n_volumes = 1};
	struct drbd_log logs[2] = {{{0}}};
	struct drbd_why why;
	const char *rest;
	bool lost;
	unsigned i;

	drbd_log_read(text, len, NULL, &logs[0]);
	drbd_log_read(text, len, &ours, &logs[1]);
	for (i = 0; i < DRBD_LOG_KINDS; i++) {
		if (logs[1].n[i] > logs[0].n[i] || !logs[0].n[i] != !logs[0].first[i][0])
			fuzz_fail("%s: %llu lines, ours %llu", drbd_log_names[i],
				  (unsigned long long)logs[0].n[i],
				  (unsigned long long)logs[1].n[i]);
		expect_line(logs[0].first[i]);
	}
	if (!drbd_log_fit(logs, &why))
		expect_line(why.text);
	rest = drbd_log_since(text, len / 2, text, len, &lost);
	if (rest < text || rest > text + len || (lost && rest != text))
		fuzz_fail("what is new of a log is not in it");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = size ? (const char *)data : "";

	fuzz_events(text, size);
	fuzz_config(text, size);
	fuzz_generations(text, size);
	fuzz_log(text, size);
	return 0;
}
