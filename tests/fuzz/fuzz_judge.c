/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fuzz_judge.c - any text history that can be read, judged: the passes must not contradict each
 * other, nor two shards the whole.
 *
 * Slower by far than the readers, which have targets of their own.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#include "check/join.h"
#include "check/judgement.h"

/* false: what was read contradicts itself in a way that only the judge sees. */
static bool judge(const struct history *history, unsigned shard, unsigned shards,
		  struct verdict *ret)
{
	struct check_options options = {.threads = 1, .shard = shard, .shards = shards};
	struct tapes tapes;
	struct error err;
	int result;

	memset(ret, 0, sizeof(*ret));
	cell_facts_init(&ret->facts);
	/* a cell in which the file system's own voice may accuse; the seed says of which volume */
	snprintf(ret->facts.fault, sizeof(ret->facts.fault), "none");
	if (!(history->header.seed & 1))
		snprintf(ret->facts.volume_name, sizeof(ret->facts.volume_name), "stalemate:lab");
	ret->facts.volume_made = (history->header.seed & 2) != 0;
	ret->facts.mounted_known[0] = ret->facts.mounted_known[1] = true;
	if (tapes_borrow(history, &tapes, &err) < 0)
		fuzz_fail("no tapes: %s", err.text);
	result = judgement_make(&tapes, &options, ret, &err);
	tapes_release(&tapes);
	if (result < 0 && err.kind != ERROR_USER)
		fuzz_fail("not judged: %s", err.text);
	if (result < 0)
		return false;
	if (*ret->fault)
		fuzz_fail("%s", ret->fault);
	verdict_decide(ret, true);
	if (ret->fs.state == FS_DAMAGED && ret->kind != VERDICT_VIOLATED)
		fuzz_fail("the file system was damaged, and the verdict is %s",
			  verdict_kind_names[ret->kind]);
	return true;
}

/* A name that an agent notes is one that a kernel's line can have. */
static void expect_heard(const struct history *history)
{
	char volume[FS_VOLUME_MAX], again[FS_VOLUME_MAX], line[256];
	enum fs_kind kind;
	size_t i;

	for (i = 0; i < history->n_events; i++) {
		if (!fs_voice_own_name(history->events[i].event.text, volume) || !*volume)
			continue;
		snprintf(line, sizeof(line),
			 strchr(volume, ':') ? "gfs2: fsid=%s.0: fatal: x"
					     : "OCFS2: ERROR (device %s): x",
			 volume);
		if (!fs_voice_hear(line, &kind, again) || strcmp(volume, again) != 0)
			fuzz_fail("'%s' is heard as '%s'", volume, again);
	}
}

static void expect_same(const struct verdict *whole, const struct verdict *joined)
{
	if (whole->n_violations != joined->n_violations || whole->exposures != joined->exposures ||
	    whole->exact_units != joined->exact_units || whole->ops != joined->ops ||
	    whole->reads != joined->reads || whole->writes != joined->writes ||
	    whole->unknown != joined->unknown ||
	    memcmp(whole->classes, joined->classes, sizeof(whole->classes)) != 0 ||
	    !fs_evidence_same(&whole->fs, &joined->fs))
		fuzz_fail("two shards come to %s, %llu violations; the whole to %s, %llu",
			  verdict_kind_names[joined->kind],
			  (unsigned long long)joined->n_violations, verdict_kind_names[whole->kind],
			  (unsigned long long)whole->n_violations);
}

static void judge_both_ways(const struct history *history)
{
	struct verdict whole, parts[2], joined;
	struct error err;

	if (!judge(history, 0, 0, &whole))
		return;
	if (!judge(history, 1, 2, &parts[0]) || !judge(history, 2, 2, &parts[1]) ||
	    verdict_join(parts, 2, &joined, &err) < 0)
		fuzz_fail("the whole is judged, its shards are not");
	expect_same(&whole, &joined);
	verdict_done(&joined);
	verdict_done(&parts[0]);
	verdict_done(&parts[1]);
	verdict_done(&whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct history history;
	struct error err;

	if (!fuzz_read_text((const char *)data, size, &history, &err))
		return 0;
	expect_heard(&history);
	judge_both_ways(&history);
	history_done(&history);
	return 0;
}
