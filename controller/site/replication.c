/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replication.c - see replication.h.
 *
 * Four witnesses, of which each sees what another may miss: the state at both ends; every change of
 * state in between (the watch, which begins before the first look and ends after the last); the
 * generations of the data, which change when a host writes without the other; the kernel's log,
 * which says why. A log that went round between two looks has lost lines, and no more than that:
 * the other three stand. Any of them against it makes the cell invalid, with the kernel's line.
 *
 * Blocks that are out of sync before a cell make it unfit: DRBD does not sync them by itself, each
 * host goes on reading its own, and what a later verify finds could not be told from them.
 */
#include "site/replication.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "drbd/fit.h"
#include "site/replication_parts.h"
#include "site/site.h"
#include "host/wait.h"

#define DUMP_NS (30 * NS_PER_S)

/* An answer that is no good, as an error. */
static int refuse(const struct side *side, const struct drbd_why *why, struct error *err)
{
	return error_set(err, ERROR_WORLD, "DRBD on host %c: %s%s%s", side->letter, why->text,
			 why->remedy[0] ? ": " : "", why->remedy);
}

/* While it is StandAlone, the kernel of 8.4 does not know what the connection is to be like. */
static bool has_connection(const struct drbd_state *state)
{
	return state->n_peers && strcmp(state->peers[0].connection, "StandAlone");
}

/* The questions of replication_open to one host. */
static int know(struct replication *r, struct side *side, const struct plan_host *plan,
		struct error *err)
{
	static const enum drbd_question needed[] = {DRBD_PROTOCOL, DRBD_TWO_PRIMARIES};
	struct drbd_version version;
	struct drbd_config config;
	struct drbd_why why;
	size_t i;
	int told = drbd_ask_version(&side->at, &version, &why, err);

	if (told == 1)
		told = drbd_ask_state(&side->at, &side->before.state, &why, err);
	if (told == 1)
		told = drbd_ask_device(&side->at, plan->device, &why, err);
	if (told == 1)
		told = drbd_ask_config(&side->at, has_connection(&side->before.state), &config,
				       &why, err);
	if (told < 0)
		return error_prefix(err, "DRBD on host %c", side->letter);
	if (!told)
		return refuse(side, &why, err);
	for (i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (!drbd_config_answer(&config, needed[i], &why))
			return refuse(side, &why, err);
	}
	r->verify_alg &= drbd_config_answer(&config, DRBD_VERIFY, NULL);
	return 0;
}

struct replication *replication_open(const struct site_node *nodes, struct error *err)
{
	struct replication *r = calloc(1, sizeof(*r));
	unsigned n;

	if (!r) {
		error_set(err, ERROR_WORLD, "out of memory");
		return NULL;
	}
	r->verify_alg = true;
	for (n = 0; n < NODES; n++)
		r->sides[n] = (struct side){
			.letter = nodes[n].letter,
			.at = {.host = nodes[n].host, .resource = nodes[n].plan->resource},
			.fd = -1};
	for (n = 0; n < NODES; n++) {
		if (know(r, &r->sides[n], nodes[n].plan, err) < 0) {
			replication_close(r);
			return NULL;
		}
	}
	return r;
}

static void forget(struct replication *r)
{
	unsigned n;

	for (n = 0; n < NODES; n++) {
		side_watch_stop(&r->sides[n]);
		free(r->sides[n].before.log);
		free(r->sides[n].after.log);
		r->sides[n].before.log = r->sides[n].after.log = NULL;
	}
	r->watched = false;
}

void replication_close(struct replication *r)
{
	if (!r)
		return;
	forget(r);
	free(r);
}

void replication_note(struct cell_facts *facts, const char *format, ...)
{
	char *note = facts->replicas_note;
	size_t used = strlen(note), size = sizeof(facts->replicas_note);
	va_list args;

	if (used && used < size)
		used += (size_t)snprintf(note + used, size - used, "; ");
	va_start(args, format);
	if (used < size)
		vsnprintf(note + used, size - used, format, args);
	va_end(args);
}

/* As drbd_ask_..., of all that a look takes. */
static int look(const struct side *side, struct drbd_look *ret, struct drbd_why *why,
		struct error *err)
{
	int told = drbd_ask_state(&side->at, &ret->state, why, err);

	if (told == 1)
		told = drbd_ask_generations(&side->at, &ret->generations, why, err);
	if (told == 1)
		told = drbd_ask_log(&side->at, &ret->log, why, err);
	if (!told)
		drbd_because(why, "resource %.128s: its state is not known: %s", side->at.resource,
			     why->text);
	return told;
}

/* A host that does not answer: the cell has an error. An interruption is the caller's. */
static int lost(struct replication *r, const struct side *side, const struct error *bad,
		struct cell_facts *facts, struct error *err)
{
	forget(r);
	if (bad->kind == ERROR_INTERRUPTED) {
		if (err)
			*err = *bad;
		return -1;
	}
	if (!facts->error[0])
		snprintf(facts->error, sizeof(facts->error), "DRBD on host %c: %.900s",
			 side->letter, bad->text);
	return 0;
}

static void poll_sides(struct replication *r)
{
	unsigned n;

	for (n = 0; n < NODES; n++)
		side_watch_poll(&r->sides[n]);
}

static int all_whole(void *context, struct error *err)
{
	struct replication *r = context;
	bool whole = true;
	unsigned n;

	(void)err;
	poll_sides(r);
	for (n = 0; n < NODES; n++)
		whole &= r->sides[n].watch.state.whole || r->sides[n].unheard[0];
	return whole;
}

static bool fit_before(const struct side *side, struct drbd_why *why)
{
	return drbd_fit(&side->before.state, NULL, why) && side_watch_fit(side, why) &&
	       drbd_same_generation(&side->before.generations, &side->before.generations, why);
}

int replication_begin(struct replication *r, struct cell_facts *facts, struct error *err)
{
	struct drbd_why why;
	struct error bad;
	uint64_t timeout = r->sides[0].at.timeout_ns ? r->sides[0].at.timeout_ns : DUMP_NS;
	struct side *side;
	unsigned n;
	int told;

	forget(r);
	for (n = 0; n < NODES; n++) {
		if (side_watch_start(&r->sides[n], &bad) < 0)
			return lost(r, &r->sides[n], &bad, facts, err);
	}
	if (wait_for("drbdsetup events2 to tell the state", timeout, all_whole, r, &bad) < 0)
		return lost(r, &r->sides[!!r->sides[0].watch.state.whole], &bad, facts, err);
	for (n = 0; n < NODES; n++) {
		side = &r->sides[n];
		told = look(side, &side->before, &why, &bad);
		if (told < 0)
			return lost(r, side, &bad, facts, err);
		if (told && fit_before(side, &why))
			continue;
		if (!facts->invalid[0])
			snprintf(facts->invalid, sizeof(facts->invalid),
				 "before the cell, DRBD on host %c: %.600s%s%.300s", side->letter,
				 why.text, why.remedy[0] ? ": " : "", why.remedy);
		forget(r);
		return 0;
	}
	r->watched = true;
	return 0;
}

bool replication_goes_on(struct replication *r)
{
	bool fit = true;
	unsigned n;

	if (!r->watched)
		return true;
	poll_sides(r);
	for (n = 0; n < NODES; n++)
		fit &= side_watch_fit(&r->sides[n], NULL);
	return fit;
}

void replication_logs(const struct replication *r, char *const before[NODES],
		      char *const after[NODES], struct drbd_log ret[NODES])
{
	const char *since;
	unsigned n;
	bool gone_round;

	memset(ret, 0, NODES * sizeof(*ret));
	for (n = 0; n < NODES; n++) {
		if (!before[n] || !after[n])
			continue;
		since = drbd_log_since(before[n], strlen(before[n]), after[n], strlen(after[n]),
				       &gone_round);
		drbd_log_read(since, strlen(since), &r->sides[n].before.state, &ret[n]);
	}
}

/* The state that it was left in tells most, and of two the one that nothing follows from. */
static const struct side *unfit_after(const struct replication *r, struct drbd_why *why)
{
	const struct side *found = NULL, *side;
	unsigned n;

	for (n = 0; n < NODES; n++) {
		side = &r->sides[n];
		if (drbd_fit(&side->after.state, NULL, NULL))
			continue;
		if (!found || (side->after.state.n_peers &&
			       !strcmp(side->after.state.peers[0].connection, "StandAlone")))
			found = side;
	}
	if (found)
		drbd_fit(&found->after.state, NULL, why);
	return found;
}

static const struct side *unfit_side(const struct replication *r, struct drbd_why *why)
{
	const struct side *side = unfit_after(r, why);
	unsigned n;

	for (n = 0; n < NODES && !side; n++) {
		if (!side_watch_fit(&r->sides[n], why))
			side = &r->sides[n];
	}
	for (n = 0; n < NODES && !side; n++) {
		const struct drbd_look *before = &r->sides[n].before, *after = &r->sides[n].after;

		if (!drbd_same_life(&before->state, &after->state, why) ||
		    !drbd_same_generation(&before->generations, &after->generations, why))
			side = &r->sides[n];
	}
	return side;
}

static void judge(const struct replication *r, const struct side *side, const struct drbd_why *why,
		  const struct drbd_log logs[NODES], struct cell_facts *facts)
{
	struct drbd_why kernel = {.text = ""};
	bool log_fit = drbd_log_fit(logs, &kernel);
	struct drbd_why found;

	if (!side) {
		side = unfit_side(r, &found);
		why = &found;
	}
	if (facts->invalid[0] || (!side && log_fit))
		return;
	if (side)
		snprintf(facts->invalid, sizeof(facts->invalid), "DRBD on host %c: %.600s%s%.350s",
			 side->letter, why->text, log_fit ? "" : "; the kernel's log on ",
			 log_fit ? "" : kernel.text);
	else
		snprintf(facts->invalid, sizeof(facts->invalid),
			 "DRBD, by the kernel's log on %.900s", kernel.text);
}

/* What the kernels say that stands beside the verdict. */
static void note_findings(const struct drbd_log logs[NODES], struct cell_facts *facts)
{
	unsigned kind, n;

	for (kind = 0; kind < DRBD_LOG_KINDS; kind++) {
		for (n = 0; n < NODES; n++) {
			if (!logs[n].n[kind] || kind == DRBD_LOG_VERIFY ||
			    drbd_log_class((enum drbd_log_kind)kind, logs) == DRBD_LOG_INVALID)
				continue;
			replication_note(facts, "kernel of host %c: %s, %llu lines, the first: %s",
					 'a' + (int)n, drbd_log_names[kind],
					 (unsigned long long)logs[n].n[kind], logs[n].first[kind]);
		}
	}
}

int replication_end(struct replication *r, struct cell_facts *facts, struct error *err)
{
	struct drbd_log logs[NODES];
	const struct side *unknown = NULL;
	struct drbd_why why, unknown_why = {.text = ""};
	struct error bad;
	unsigned n;
	int told;

	if (!r->watched)
		return 0;
	for (n = 0; n < NODES; n++) {
		told = look(&r->sides[n], &r->sides[n].after, &why, &bad);
		if (told < 0)
			return lost(r, &r->sides[n], &bad, facts, err);
		if (!told && !unknown) {
			unknown = &r->sides[n];
			unknown_why = why;
		}
	}
	poll_sides(r);
	replication_logs(r, (char *const[]){r->sides[0].before.log, r->sides[1].before.log},
			 (char *const[]){r->sides[0].after.log, r->sides[1].after.log}, logs);
	judge(r, unknown, &unknown_why, logs, facts);
	note_findings(logs, facts);
	forget(r);
	return 0;
}
