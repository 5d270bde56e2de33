/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * replication_verify.c - replication.h: are the replicas the same?
 *
 * `drbdadm verify` has both hosts read all blocks and compare digests. Its end is a state
 * (Established again on both); how far it went and what it found is told by the kernel's log alone:
 *
 *   - DRBD goes on where an earlier verify was cut off ("from sector N"): that one ends soon and
 *     says nothing of what lies before, so that another is begun;
 *   - the counter of blocks out of sync is never counted down by a verify: a second one, which
 *     tells data that was still on its way from data that differs, can be read in the log only.
 *
 * Nobody writes meanwhile, so a difference that two verifies find is on the disks. Whether anybody
 * will ever read those blocks is another question: a buffer that was changed while it was being
 * sent leaves its two versions on the two hosts, and file systems do that to blocks they are about
 * to forget (drbd.conf(5), "Notes on data integrity").
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "drbd/fit.h"
#include "host/interrupt.h"
#include "site/replication_parts.h"

#define PAUSE_NS (500 * NS_PER_MS)
#define STALL_NS (120 * NS_PER_S)      /* without a block read or a byte sent */
#define LIMIT_NS (600 * NS_PER_S)      /* in all, */
#define LIMIT_KIB_NS (NS_PER_S / 1024) /* and for each KiB: 1 MiB a second */
#define TRIES 4

enum end { ENDED, GOES_ON, CUT_OFF };

struct pass {
	char *logs_before[NODES], *logs_after[NODES];
	struct drbd_log logs[NODES];
	uint64_t kib;	/* found by the log */
	char part[128]; /* why it was not of the whole; "": it was */
};

static void pass_done(struct pass *pass)
{
	unsigned n;

	for (n = 0; n < NODES; n++) {
		free(pass->logs_before[n]);
		free(pass->logs_after[n]);
	}
}

/* What an answer that is none means here: no comparison. told as of drbd_ask_... */
static int give_up(const struct side *side, int told, const struct drbd_why *why,
		   const struct error *bad, struct cell_facts *facts, struct error *err)
{
	if (told < 0 && bad->kind == ERROR_INTERRUPTED) {
		if (err)
			*err = *bad;
		return -1;
	}
	replication_note(facts, "DRBD on host %c: %.700s", side->letter,
			 told < 0 ? bad->text : why->text);
	return 0;
}

/* Both states into `before`: 1; else 0 with the note, or -1. */
static int ask_states(struct replication *r, struct cell_facts *facts, struct error *err)
{
	struct drbd_why why;
	struct error bad;
	unsigned n;
	int told;

	for (n = 0; n < NODES; n++) {
		struct side *side = &r->sides[n];

		told = drbd_ask_state(&side->at, &side->before.state, &why, &bad);
		if (told != 1)
			return give_up(side, told, &why, &bad, facts, err);
	}
	return 1;
}

static int ask_logs(struct replication *r, char *ret[NODES], struct cell_facts *facts,
		    struct error *err)
{
	struct drbd_why why;
	struct error bad;
	unsigned n;
	int told;

	for (n = 0; n < NODES; n++) {
		told = drbd_ask_log(&r->sides[n].at, &ret[n], &why, &bad);
		if (told != 1)
			return give_up(&r->sides[n], told, &why, &bad, facts, err);
	}
	return 1;
}

static enum end end_of(const struct drbd_state *state)
{
	const struct drbd_peer *peer = &state->peers[0];
	enum end end = ENDED;
	size_t i;

	if (state->n_peers != 1 || strcmp(peer->connection, "Connected"))
		return CUT_OFF;
	for (i = 0; i < peer->n_devices; i++) {
		if (!strncmp(peer->devices[i].replication, "Verify", 6))
			end = GOES_ON;
		else if (strcmp(peer->devices[i].replication, "Established"))
			return CUT_OFF;
	}
	return end;
}

/* What grows while it goes on. */
static uint64_t progress_of(const struct replication *r)
{
	uint64_t sum = 0;
	unsigned n;
	size_t i;

	for (n = 0; n < NODES; n++) {
		const struct drbd_state *state = &r->sides[n].before.state;

		for (i = 0; i < state->n_volumes; i++)
			sum += state->volumes[i].read.value;
		for (i = 0; i < state->peers[0].n_devices; i++)
			sum += state->peers[0].devices[i].received.value +
			       state->peers[0].devices[i].sent.value;
	}
	return sum;
}

static uint64_t limit_ns(const struct drbd_state *state)
{
	uint64_t kib = 0;
	size_t i;

	for (i = 0; i < state->n_volumes; i++)
		kib += state->volumes[i].size.value;
	return LIMIT_NS + kib * LIMIT_KIB_NS;
}

static int wait_end(struct replication *r, struct cell_facts *facts, struct error *err)
{
	uint64_t begun = clock_ns(), moved = begun, last = 0, now, progress;
	uint64_t limit = limit_ns(&r->sides[0].before.state);
	enum end ends[NODES];
	int told;

	for (;;) {
		told = ask_states(r, facts, err);
		if (told != 1)
			return told;
		ends[0] = end_of(&r->sides[0].before.state);
		ends[1] = end_of(&r->sides[1].before.state);
		if (ends[0] == CUT_OFF || ends[1] == CUT_OFF) {
			replication_note(facts, "verify was cut off: the connection or the "
						"replication changed");
			return 0;
		}
		if (ends[0] == ENDED && ends[1] == ENDED)
			return 1;
		progress = progress_of(r);
		now = clock_ns();
		if (progress != last)
			moved = now;
		last = progress;
		if (now - moved > STALL_NS || now - begun > limit) {
			replication_note(facts,
					 "verify still ran after %llu s%s; drbdadm disconnect and "
					 "connect end it",
					 (unsigned long long)((now - begun) / NS_PER_S),
					 now - moved > STALL_NS ? ", without any progress" : "");
			return 0;
		}
		clock_sleep(PAUSE_NS);
		if (interrupted())
			return interrupt_error(err);
	}
}

static void read_pass(const struct replication *r, struct pass *pass)
{
	const struct drbd_log *log = &pass->logs[0];
	uint64_t volumes = r->sides[0].before.state.n_volumes;
	unsigned n;

	replication_logs(r, pass->logs_before, pass->logs_after, pass->logs);
	pass->kib = 0;
	for (n = 0; n < NODES; n++) {
		if (pass->logs[n].out_of_sync > pass->kib)
			pass->kib = pass->logs[n].out_of_sync;
	}
	pass->part[0] = '\0';
	if (log->verify_begun < volumes || log->verify_ended < volumes)
		snprintf(pass->part, sizeof(pass->part),
			 "the kernel's log on host a does not tell its begin and end");
	else if (log->verify_resumed)
		snprintf(pass->part, sizeof(pass->part),
			 "it went on where an earlier one had been cut off");
	else if (log->verify_skipped || pass->logs[1].verify_skipped)
		snprintf(pass->part, sizeof(pass->part), "it left out blocks that were busy");
}

/* One verify to its end. 1: *pass is what it found; 0: not compared, and why; -1. */
static int run_pass(struct replication *r, struct pass *pass, struct cell_facts *facts,
		    struct error *err)
{
	struct drbd_why why;
	struct error bad;
	int told;

	told = ask_logs(r, pass->logs_before, facts, err);
	if (told != 1)
		return told;
	told = drbd_ask_verify(&r->sides[0].at, &why, &bad);
	if (told != 1)
		return give_up(&r->sides[0], told, &why, &bad, facts, err);
	told = wait_end(r, facts, err);
	if (told == 1)
		told = ask_logs(r, pass->logs_after, facts, err);
	if (told == 1)
		read_pass(r, pass);
	return told;
}

/* Blocks out of sync by DRBD's own counter, in KiB. */
static uint64_t counted(const struct replication *r)
{
	uint64_t sum, most = 0;
	unsigned n;
	size_t i;

	for (n = 0; n < NODES; n++) {
		const struct drbd_peer *peer = &r->sides[n].before.state.peers[0];

		for (sum = i = 0; i < peer->n_devices; i++)
			sum += peer->devices[i].out_of_sync.value;
		most = sum > most ? sum : most;
	}
	return most;
}

static void conclude(const struct replication *r, const uint64_t found[2], unsigned n,
		     const struct pass *pass, struct cell_facts *facts)
{
	unsigned host = !pass->logs[0].n[DRBD_LOG_OUT_OF_SYNC];

	if (n == 1 && counted(r)) {
		replication_note(facts,
				 "verify found nothing, yet DRBD counts %llu KiB out of sync",
				 (unsigned long long)counted(r));
		return;
	}
	facts->replicas_known = true;
	facts->replicas_out_of_sync = found[n - 1];
	if (n == 2 && !found[1])
		replication_note(facts,
				 "a first verify found %llu KiB, the second nothing: data was "
				 "still on its way",
				 (unsigned long long)found[0]);
	else if (n == 2 && found[0] != found[1])
		replication_note(facts, "a first verify had found %llu KiB",
				 (unsigned long long)found[0]);
	if (found[n - 1])
		replication_note(facts, "kernel of host %c: %s", 'a' + (int)host,
				 pass->logs[host].first[DRBD_LOG_OUT_OF_SYNC]);
}

/* Verify until one went over the whole and found nothing, or two found something. */
static int compare(struct replication *r, struct cell_facts *facts, struct error *err)
{
	uint64_t found[2] = {0};
	unsigned tries, n = 0;
	int told = 1;

	for (tries = 0; tries < TRIES && told == 1 && n < 2; tries++) {
		struct pass pass = {.part = ""};

		told = run_pass(r, &pass, facts, err);
		if (told == 1 && !pass.part[0]) {
			found[n++] = pass.kib;
			if (n == 2 || !pass.kib) {
				conclude(r, found, n, &pass, facts);
				n = 2;
			}
		} else if (told == 1 && tries + 1 == TRIES) {
			replication_note(facts, "verify did not go over the whole volume: %s",
					 pass.part);
		}
		pass_done(&pass);
	}
	if (n == 1) {
		facts->replicas_known = true;
		facts->replicas_out_of_sync = found[0];
		replication_note(facts, "a second verify did not come to its end");
	}
	return told < 0 ? -1 : 0;
}

int replication_verify(struct replication *r, struct cell_facts *facts, struct error *err)
{
	struct drbd_why why;
	unsigned n;
	int told;

	if (!r->verify_alg) {
		replication_note(facts, "verify-alg is not configured");
		return 0;
	}
	told = ask_states(r, facts, err);
	if (told != 1)
		return told;
	for (n = 0; n < NODES; n++) {
		const struct drbd_state *state = &r->sides[n].before.state;

		if (!drbd_fit_to_verify(state, NULL, &why)) {
			replication_note(facts, "DRBD on host %c: %.700s", r->sides[n].letter,
					 why.text);
			return 0;
		}
		if (state->n_peers != 1) {
			replication_note(facts, "resource %s has more than two hosts",
					 r->sides[n].at.resource);
			return 0;
		}
	}
	return compare(r, facts, err);
}
