/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fs_evidence.c - see fs_evidence.h.
 *
 * A line of damage accuses unless something else may explain it. It does not if
 *
 *   - a fault was injected, or it is not known that none was: faults break file systems;
 *   - it is not certainly about the tested volume, or not certainly later than its mount. Before
 *     that one node alone prepares the volume, and a line may be a late one of the cell before;
 *   - the volume was there before the cell, and so may the damage have been. That a lock and a
 * block disagree is no such damage: what the lock holds is no older than the guests' mounts;
 *   - an error of a disk or the lock manager, or the loss of a member came before it: a write that
 * a disk lost, and said so, leaves old metadata behind; two halves of a cluster that do not know of
 * each other share no locks. Lines that were lost may have been such;
 *   - it is a withdraw that somebody has asked for, or that followed a disk's error.
 *
 * "Before" is by the clock of the one node. What the other node said has no order to it here, so it
 * counts as before. fsck looks when all is over, and finds the journal of a node that withdrew not
 * replayed: it accuses only where nothing of all that was heard.
 */
#include "check/fs_evidence.h"

#include <stdio.h>
#include <string.h>

#include "order/scan.h"

const char *const fs_since_names[2] = {"operation", "mount"};

const char *const fs_state_names[FS_STATES] = {[FS_SILENT] = "silent",
					       [FS_NOTED] = "noted",
					       [FS_UNCLEAR] = "unclear",
					       [FS_DAMAGED] = "damaged"};

struct hearing {
	const struct cell_facts *facts;
	const struct heard *heard;
	struct fs_evidence *ret;
};

/* What may be the cause of damage, and how that is said. NULL: it is none. */
static const char *cause_name(enum fs_kind kind)
{
	switch (kind) {
	case FS_IO_ERROR:
		return "an error of a disk";
	case FS_DLM_ERROR:
		return "an error of the lock manager";
	case FS_MEMBER_LOST:
		return "the loss of the other member of the cluster";
	case FS_LINES_LOST:
		return "one of the lines that were lost";
	default:
		return NULL;
	}
}

/*
 * By which name the node's kernel speaks of the tested volume; "": that is not known. An agent that
 * contradicts what the run made knows better or worse, and either way nothing is certain.
 */
static const char *tested_volume(const struct hearing *h, unsigned node)
{
	const char *made = h->facts->volume_name, *noted = h->heard->volume[node];

	if (!made[0])
		return noted;
	return noted[0] && strcmp(made, noted) != 0 ? "" : made;
}

static bool is_other_volume(const struct hearing *h, unsigned node, const struct heard_kind *k)
{
	const char *tested = tested_volume(h, node);

	return k->volume[0] && tested[0] && strcmp(k->volume, tested) != 0;
}

/* Whether the volume was made for the cell; runs of older programs say so by its name. */
static bool is_made(const struct cell_facts *facts)
{
	return facts->volume_made || facts->volume_name[0];
}

/* Whether such damage may be older than the cell; said in ret. */
static bool may_be_older(const struct hearing *h, enum fs_kind kind, char ret[FS_WHY_MAX])
{
	if (is_made(h->facts) || kind == FS_LVB_MISMATCH)
		return false;
	snprintf(ret, FS_WHY_MAX,
		 "the volume was not made for this cell, and may have been damaged before");
	return true;
}

/* The earliest such line of the node; UINT64_MAX: none. */
static uint64_t first_of(const struct hearing *h, unsigned node, enum fs_kind kind)
{
	uint64_t first = UINT64_MAX;
	size_t i;

	for (i = 0; i < h->heard->n[node]; i++) {
		const struct heard_kind *k = &h->heard->kinds[node][i];

		if (k->kind == kind && k->first < first)
			first = k->first;
	}
	return first;
}

/* Whether something came before `time` on `node` that may explain damage; said in ret. */
static bool find_cause(const struct hearing *h, unsigned node, uint64_t time, char ret[FS_WHY_MAX])
{
	unsigned n, kind;

	for (kind = 0; kind < FS_KINDS; kind++) {
		if (!cause_name((enum fs_kind)kind))
			continue;
		for (n = 0; n < NODES; n++) {
			uint64_t first = first_of(h, n, (enum fs_kind)kind);

			if (first == UINT64_MAX || (n == node && first > time))
				continue;
			snprintf(ret, FS_WHY_MAX, "%s on node %c may explain it",
				 cause_name((enum fs_kind)kind), 'a' + (int)n);
			return true;
		}
	}
	return false;
}

/* What is asked of all evidence, fsck's too. */
static bool is_excused(const struct hearing *h, char ret[FS_WHY_MAX])
{
	const struct cell_facts *facts = h->facts;

	if (!facts->fault[0])
		snprintf(ret, FS_WHY_MAX, "whether a fault was injected is not known");
	else if (strcmp(facts->fault, "none") != 0 || h->heard->fault)
		snprintf(ret, FS_WHY_MAX, "a fault was injected");
	else
		return false;
	return true;
}

static bool is_unnamed(const char *volume, char ret[FS_WHY_MAX])
{
	if (!volume[0])
		snprintf(ret, FS_WHY_MAX, "whether it is said of the tested volume is not known");
	return !volume[0];
}

static bool accuses(const struct hearing *h, unsigned node, const struct heard_kind *k,
		    char ret_why[FS_WHY_MAX])
{
	const struct cell_facts *facts = h->facts;
	uint64_t mounted = facts->mounted_ns[node], time;

	if (is_excused(h, ret_why))
		return false;
	if (is_unnamed(k->volume, ret_why) || is_unnamed(tested_volume(h, node), ret_why) ||
	    may_be_older(h, k->kind, ret_why))
		return false;
	if (!facts->mounted_known[node] || k->last < mounted) {
		snprintf(ret_why, FS_WHY_MAX, "it was said before both nodes had the volume");
		return false;
	}
	/* of several lines the first behind the mount is not known, unless it is the first of all
	 */
	time = k->first >= mounted ? k->first : k->last;
	if (k->kind == FS_WITHDRAW && first_of(h, node, FS_WITHDRAW_ASKED) <= time) {
		snprintf(ret_why, FS_WHY_MAX, "somebody asked for the withdraw");
		return false;
	}
	return !find_cause(h, node, time, ret_why);
}

/* Damage: is the cell accused? The first excuse is kept. */
static void weigh(struct hearing *h, struct fs_said *said, bool accuse, const char *why)
{
	struct fs_evidence *ret = h->ret;

	if (accuse) {
		said->accuses = true;
		ret->state = FS_DAMAGED;
	} else if (ret->state != FS_UNCLEAR && ret->state != FS_DAMAGED) {
		ret->state = FS_UNCLEAR;
		snprintf(ret->why, sizeof(ret->why), "%s", why);
	}
}

/* first_invoke: of the node's operations, UINT64_MAX if it has none. */
static void add(struct hearing *h, unsigned node, const struct heard_kind *k, uint64_t first_invoke)
{
	struct fs_said *said = &h->ret->said[k->kind];
	bool mounted = h->facts->mounted_known[node];
	bool known = mounted || first_invoke != UINT64_MAX;
	uint64_t since = mounted ? h->facts->mounted_ns[node] : first_invoke;
	/* Signed: a line may be older than the workload, or have any time in a damaged file. */
	double first = ((double)k->first - (double)since) / 1e9;
	char why[FS_WHY_MAX] = "";
	bool earlier = !said->count || (known && (!said->first_known || first < said->first_s));

	said->count += k->count;
	if (earlier) {
		said->node_known = true;
		said->node = (uint8_t)node;
		said->first_known = known;
		said->since_mount = mounted;
		said->first_s = known ? first : 0;
		memcpy(said->line, k->line, sizeof(said->line));
	}
	if (fs_kind_is_damage(k->kind))
		weigh(h, said, accuses(h, node, k, why), why);
	else if (h->ret->state == FS_SILENT)
		h->ret->state = FS_NOTED;
}

static void add_fsck(struct hearing *h)
{
	const struct cell_facts *facts = h->facts;
	struct fs_said *said = &h->ret->said[FS_FSCK];
	char why[FS_WHY_MAX] = "";
	bool excused;

	if (!facts->fsck_known || !facts->fsck_errors)
		return;
	said->count = facts->fsck_errors;
	snprintf(said->line, sizeof(said->line), "%.*s", EVENT_TEXT_MAX, facts->fsck_first);
	excused = is_excused(h, why) || may_be_older(h, FS_FSCK, why) ||
		  find_cause(h, NODES, UINT64_MAX, why);
	if (!excused && (facts->withdraws || h->ret->said[FS_WITHDRAW].count)) {
		snprintf(why, sizeof(why), "a node withdrew, and its journal was not replayed");
		excused = true;
	}
	weigh(h, said, !excused, why);
}

bool fs_evidence_same(const struct fs_evidence *a, const struct fs_evidence *b)
{
	unsigned k;

	for (k = 0; k < FS_KINDS; k++) {
		const struct fs_said *x = &a->said[k], *y = &b->said[k];

		if (x->count != y->count || x->accuses != y->accuses ||
		    x->node_known != y->node_known || x->node != y->node ||
		    x->first_known != y->first_known || x->since_mount != y->since_mount ||
		    x->first_s < y->first_s || x->first_s > y->first_s ||
		    strcmp(x->line, y->line) != 0)
			return false;
	}
	return a->state == b->state && a->churned == b->churned && !strcmp(a->why, b->why);
}

void fs_evidence_make(const struct scan *scan, const struct cell_facts *facts,
		      struct fs_evidence *ret)
{
	static const struct heard nothing;
	struct hearing h = {facts, &nothing, ret};
	unsigned node;
	size_t i;

	memset(ret, 0, sizeof(*ret));
	if (scan)
		h.heard = &scan->heard;
	ret->churned = h.heard->churned;
	for (node = 0; scan && node < NODES; node++) {
		for (i = 0; i < scan->heard.n[node]; i++) {
			if (!is_other_volume(&h, node, &scan->heard.kinds[node][i]))
				add(&h, node, &scan->heard.kinds[node][i],
				    scan->nodes[node].first_invoke);
		}
	}
	add_fsck(&h);
	if (ret->state == FS_DAMAGED)
		ret->why[0] = 0;
}
