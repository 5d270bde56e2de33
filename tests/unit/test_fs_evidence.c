/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_fs_evidence.c - what the file system said in a cell, weighed.
 *
 * Guards against: damage that the verdict keeps quiet about, and, worse, a cell accused of what a
 * disk, a fault, another volume, the preparation or a fsck that found a journal may explain.
 */
#include "tests/test.h"

#include <ftw.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "check/join.h"
#include "rundir/rundir.h"

#define CELL "01-none"
#define HEAD(nodes) "# stalemate-history 1\n# clock none\n# nodes " nodes "\n"
#define OPS_A "a 0 w 17 1000000000 1000000500 ok a:0:1 after=b:1\n"
#define OPS_B \
	"b 0 r 17 500000000 500000200 ok initial\n" \
	"b 0 r 17 600000000 600000200 ok a:0:1 after=a:1\n"
#define LAB "kernel gfs2: fsid=stalemate:lab.0: "
#define MISMATCH LAB "GFS2: rgd: 16443 lvb free mismatch 56752/56783\n"
#define WITHDRAW LAB "about to withdraw this file system\n"

static char run[64];
static struct cell_facts facts;
static struct verdict verdict;
static struct error err;

static void put(const char *name, const char *text)
{
	char *path = rundir_path(run, strcmp(name, "complete") ? CELL : NULL, name);

	assert_int_equal(rundir_write_file(path, text, strlen(text), &err), 0);
	free(path);
}

/* A sound cell of a volume of ours, mounted 0.4 s before a's first operation. */
static int setup(void **state)
{
	(void)state;
	snprintf(run, sizeof(run), "/tmp/test-fs-evidence-XXXXXX");
	if (!mkdtemp(run) || rundir_create(run, &err) < 0 ||
	    rundir_create_cell(run, CELL, &err) < 0)
		return -1;
	put("a.history", HEAD("a") OPS_A);
	put("b.history", HEAD("b") OPS_B);
	put("complete", "\n");
	cell_facts_init(&facts);
	snprintf(facts.id, sizeof(facts.id), CELL);
	snprintf(facts.fault, sizeof(facts.fault), "none");
	snprintf(facts.volume_name, sizeof(facts.volume_name), "stalemate:lab");
	facts.effective_known[0] = facts.effective_known[1] = true;
	facts.mounted_known[0] = facts.mounted_known[1] = true;
	facts.mounted_ns[0] = 600000000;
	facts.mounted_ns[1] = 300000000;
	facts.fsck_known = true;
	memset(&verdict, 0, sizeof(verdict));
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	verdict_done(&verdict);
	return nftw(run, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What a's and b's kernels said ("": nothing), judged by the cell's files alone. */
static void judge(const char *a, const char *b, const struct check_options *options)
{
	char text[2048], *path = rundir_path(run, CELL, "cell.json");

	snprintf(text, sizeof(text), HEAD("a") OPS_A "%s", a);
	put("a.history", text);
	snprintf(text, sizeof(text), HEAD("b") OPS_B "%s", b);
	put("b.history", text);
	assert_int_equal(cell_facts_write(&facts, path, &err), 0);
	free(path);
	verdict_done(&verdict);
	memset(&verdict, 0, sizeof(verdict));
	if (check_cell(run, CELL, options, &verdict, &err) < 0)
		fail_msg("%s", err.text);
}

static void expect(enum fs_state state, const char *why)
{
	assert_string_equal(fs_state_names[verdict.fs.state], fs_state_names[state]);
	if (!strstr(verdict.fs.why, why) || (!*why && *verdict.fs.why))
		fail_msg("why: '%s', not '%s'", verdict.fs.why, why);
	assert_int_equal(verdict.kind, state == FS_DAMAGED ? VERDICT_VIOLATED : VERDICT_CONSISTENT);
	assert_int_equal(check_exit_status(&verdict), state == FS_DAMAGED);
	assert_int_equal(verdict.n_violations, 0);
}

/* Guards against: a sound cell in which something was heard; counts, times or nodes that are not
 * those of the first line. */
static void damage(void **state)
{
	const struct fs_said *said = verdict.fs.said;

	(void)state;
	judge("! 700000000 a " LAB "jid=0: Done\n", "", NULL);
	expect(FS_SILENT, "");
	judge("! 1800000000 a " WITHDRAW "! 1500000000 a " MISMATCH "! 1600000000 a " LAB
	      "GFS2: rgd: 16443 lvb dinode mismatch 44/13\n",
	      "! 400000000 b " MISMATCH, NULL);
	expect(FS_DAMAGED, "");
	assert_int_equal(said[FS_LVB_MISMATCH].count, 3);
	assert_true(said[FS_LVB_MISMATCH].accuses);
	/* b's clock is another: what counts is the time since its own mount */
	assert_int_equal(said[FS_LVB_MISMATCH].node, 1);
	assert_true(said[FS_LVB_MISMATCH].since_mount);
	assert_true(fabs(said[FS_LVB_MISMATCH].first_s - 0.1) < 1e-9);
	assert_string_equal(said[FS_LVB_MISMATCH].line, "gfs2: fsid=stalemate:lab.0: GFS2: rgd: "
							"16443 lvb free mismatch 56752/56783");
	assert_int_equal(said[FS_WITHDRAW].count, 1);
	assert_int_equal(said[FS_WITHDRAW].node, 0);
	assert_true(said[FS_WITHDRAW].first_known);
	assert_true(fabs(said[FS_WITHDRAW].first_s - 1.2) < 1e-9);
	/* as expected where damage was */
	facts.has_expected = true;
	facts.expected = VERDICT_VIOLATED;
	judge("! 1800000000 a " WITHDRAW, "", NULL);
	assert_int_equal(check_exit_status(&verdict), 0);
	/* and a cell that broke off because of it still proves it */
	snprintf(facts.error, sizeof(facts.error), "guest a hung");
	judge("! 1800000000 a " WITHDRAW, "", NULL);
	assert_int_equal(verdict.kind, VERDICT_VIOLATED);
	assert_string_equal(verdict.reason, "guest a hung");
}

/* Guards against: an accusation for what is no damage, or may have another cause. */
static void excuses(void **state)
{
	static const struct {
		const char *a, *b, *why;
	} cases[] = {
		/* the cause before it, or who knows when on the other node */
		{"! 700000000 a kernel I/O error, dev vda, sector 0\n! 1500000000 a " MISMATCH, "",
		 "an error of a disk on node a"},
		{"! 1500000000 a " LAB "fatal: I/O error\n! 1500000000 a " WITHDRAW, "",
		 "an error of a disk on node a"},
		{"! 1500000000 a " MISMATCH, "! 9900000000 b kernel I/O error, dev vda, sector 0\n",
		 "an error of a disk on node b"},
		{"! 1400000000 a kernel dlm: closing connection to node 2\n! 1500000000 "
		 "a " MISMATCH,
		 "", "the loss of the other member of the cluster on node a"},
		{"! 1400000000 a kernel dlm: lab: dlm_recover error -107\n! 1500000000 a " MISMATCH,
		 "", "an error of the lock manager"},
		{"! 1400000000 a note kernel log lines were lost\n! 1500000000 a " MISMATCH, "",
		 "one of the lines that were lost"},
		{"! 1400000000 a " LAB "withdrawing from cluster at user's request\n"
		 "! 1400000000 a " WITHDRAW,
		 "", "somebody asked for the withdraw"},
		/* while the volume was made, or a late line of the cell before */
		{"! 599999999 a " MISMATCH, "", "before both nodes had the volume"},
		/* no name in it */
		{"! 1500000000 a kernel GFS2: rgd: 16443 lvb free mismatch 56752/56783\n", "",
		 "of the tested volume is not known"},
		{"! 1500000000 a " MISMATCH "! 1400000000 a fault something\n", "",
		 "a fault was injected"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		judge(cases[i].a, cases[i].b, NULL);
		expect(FS_UNCLEAR, cases[i].why);
	}
	/* another volume's is not even counted */
	judge("! 1500000000 a kernel gfs2: fsid=other:fs.0: about to withdraw this file system\n",
	      "", NULL);
	expect(FS_SILENT, "");
	judge("! 1500000000 a " LAB "Journal recovery skipped for jid 0 until next mount.\n", "",
	      NULL);
	expect(FS_NOTED, "");
	assert_int_equal(verdict.fs.said[FS_RECOVERY_SKIPPED].count, 1);
}

/* Guards against: damage that what follows from it excuses. */
static void consequences(void **state)
{
	(void)state;
	judge("! 1500000000 a " MISMATCH "! 1500000001 a kernel I/O error, dev vda, sector 0\n"
	      "! 1500000002 a note kernel log lines were lost\n",
	      "", NULL);
	expect(FS_DAMAGED, "");
	/* one line of a kind before the mount does not hide one behind it */
	judge("! 100 a " MISMATCH "! 1500000000 a " MISMATCH, "", NULL);
	expect(FS_DAMAGED, "");
	/* nor does what excuses one node's damage excuse the other's, where order is known */
	judge("! 599999999 a " MISMATCH, "! 700000000 b " MISMATCH, NULL);
	expect(FS_DAMAGED, "");
}

/* Guards against: an accusation where the facts do not say that nothing else was done. */
static void unknown_facts(void **state)
{
	static const char line[] = "! 1500000000 a " MISMATCH;

	(void)state;
	facts.volume_name[0] = 0;
	judge(line, "", NULL);
	expect(FS_UNCLEAR, "of the tested volume is not known");
	snprintf(facts.volume_name, sizeof(facts.volume_name), "stalemate:lab");
	facts.mounted_known[0] = false;
	judge(line, "", NULL);
	expect(FS_UNCLEAR, "before both nodes had the volume");
	assert_false(verdict.fs.said[FS_LVB_MISMATCH].since_mount);
	assert_true(fabs(verdict.fs.said[FS_LVB_MISMATCH].first_s - 0.5) < 1e-9);
	facts.mounted_known[0] = true;
	snprintf(facts.fault, sizeof(facts.fault), "host-crash-a");
	judge(line, "", NULL);
	expect(FS_UNCLEAR, "a fault was injected");
	facts.fault[0] = 0;
	judge(line, "", NULL);
	expect(FS_UNCLEAR, "whether a fault was injected is not known");
}

#define NOTE(node, words) "! 500000000 " node " note file system: " words "\n"
#define OTHER "! 1500000000 a kernel gfs2: fsid=lab:other.0: "

/* A volume that its guests mounted: its name is what their agents note. Guards against: damage of
 * another volume laid to this one; a guess where the agents say nothing, nonsense, or two things;
 * one node's name taken for the other's. */
static void noted_name(void **state)
{
	static const char unnamed[] = "of the tested volume is not known";
	static const char *const nothing[] = {
		NOTE("a", "gfs2 254:16"),
		NOTE("a", "gfs2 254:16 stalemate:lab)("),
		NOTE("b", "gfs2 254:16 stalemate:lab"),
		NOTE("a", "ocfs2 254:16 stalemate:lab"),
		NOTE("a", "gfs2 254:16 stalemate:lab") NOTE("a", "gfs2 254:32 lab:other"),
		NOTE("a", "gfs2 254:16 stalemate:lab") NOTE("a", "gfs2 254:16"),
		NOTE("a", "gfs2 254:16") NOTE("a", "gfs2 254:16 stalemate:lab"),
		"! 500000000 a kernel file system: gfs2 254:16 stalemate:lab\n",
	};
	char text[1024];
	size_t i;

	(void)state;
	facts.volume_name[0] = 0;
	judge(NOTE("a", "gfs2 254:16 stalemate:lab") NOTE("a", "gfs2 254:16 stalemate:lab") OTHER
	      "about to withdraw this file system\n",
	      "", NULL);
	expect(FS_SILENT, "");
	judge(NOTE("a", "gfs2 254:16 stalemate:lab") "! 1500000000 a " MISMATCH, "", NULL);
	expect(FS_DAMAGED, "");
	judge(OTHER "about to withdraw this file system\n", "", NULL);
	expect(FS_UNCLEAR, unnamed);
	judge(NOTE("a", "gfs2 254:16 stalemate:lab"), "! 1500000000 b " MISMATCH, NULL);
	expect(FS_UNCLEAR, unnamed);
	for (i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
		/* a text history has events of either node in either file */
		snprintf(text, sizeof(text), "%s! 1500000000 a " MISMATCH, nothing[i]);
		judge(strstr(nothing[i], " b ") ? "! 1500000000 a " MISMATCH : text,
		      strstr(nothing[i], " b ") ? nothing[i] : "", NULL);
		expect(FS_UNCLEAR, unnamed);
	}
	/* what the run made it knows; an agent that contradicts it leaves nothing certain */
	snprintf(facts.volume_name, sizeof(facts.volume_name), "stalemate:lab");
	judge(NOTE("a", "gfs2 254:16 stalemate:lab") "! 1500000000 a " WITHDRAW, "", NULL);
	expect(FS_DAMAGED, "");
	judge(NOTE("a", "gfs2 254:16") "! 1500000000 a " WITHDRAW, "", NULL);
	expect(FS_DAMAGED, "");
	judge(NOTE("a", "gfs2 254:16 lab:other") "! 1500000000 a " WITHDRAW, "", NULL);
	expect(FS_UNCLEAR, unnamed);
}

/* Guards against: a cell accused of damage that the user's volume may have had before it. */
static void older_damage(void **state)
{
	static const char ocfs2[] = NOTE("a", "ocfs2 254:0 vda") "! 1500000000 a kernel OCFS2: "
								 "ERROR (device vda): f: x\n";
	static const char why[] = "the volume was not made for this cell";

	(void)state;
	facts.volume_name[0] = 0;
	judge(NOTE("a", "gfs2 254:16 stalemate:lab") "! 1500000000 a " WITHDRAW, "", NULL);
	expect(FS_UNCLEAR, why);
	judge(ocfs2, "", NULL);
	expect(FS_UNCLEAR, why);
	facts.fsck_errors = 1;
	judge("", "", NULL);
	expect(FS_UNCLEAR, why);
	/* one of ours, whose name only the agents know */
	facts.volume_made = 1;
	judge("", "", NULL);
	expect(FS_DAMAGED, "");
	facts.fsck_errors = 0;
	judge(ocfs2, "", NULL);
	expect(FS_DAMAGED, "");
	judge(NOTE("a",
		   "ocfs2 254:16 vdb") "! 1500000000 a kernel OCFS2: ERROR (device vda): f: x\n",
	      "", NULL);
	expect(FS_SILENT, "");
}

/* Guards against: fsck's damage passed over; a journal that was not replayed taken for damage. */
static void fsck(void **state)
{
	(void)state;
	facts.fsck_errors = 12;
	snprintf(facts.fsck_first, sizeof(facts.fsck_first), "Block 12658 bitmap says 1");
	judge("", "", NULL);
	expect(FS_DAMAGED, "");
	assert_int_equal(verdict.fs.said[FS_FSCK].count, 12);
	assert_false(verdict.fs.said[FS_FSCK].node_known || verdict.fs.said[FS_FSCK].first_known);
	assert_string_equal(verdict.fs.said[FS_FSCK].line, "Block 12658 bitmap says 1");
	judge("! 1500000000 a kernel I/O error, dev vda, sector 0\n", "", NULL);
	expect(FS_UNCLEAR, "an error of a disk on node a");
	facts.withdraws = 1;
	judge("", "", NULL);
	expect(FS_UNCLEAR, "its journal was not replayed");
	facts.withdraws = 0;
	snprintf(facts.fault, sizeof(facts.fault), "guest-kill-a");
	judge("", "", NULL);
	expect(FS_UNCLEAR, "a fault was injected");
	snprintf(facts.fault, sizeof(facts.fault), "none");
	/* of a fsck that did not come to its end nothing is known */
	facts.fsck_known = false;
	judge("", "", NULL);
	expect(FS_SILENT, "");
}

/* A cell in which nothing was read or written but what churned: each node's notes. */
static void judge_churn(const char *a, const char *b)
{
	char text[2048];

	judge("", "", NULL);
	snprintf(text, sizeof(text), HEAD("a") "%s", a);
	put("a.history", text);
	snprintf(text, sizeof(text), HEAD("b") "%s", b);
	put("b.history", text);
	verdict_done(&verdict);
	memset(&verdict, 0, sizeof(verdict));
	if (check_cell(run, CELL, NULL, &verdict, &err) < 0)
		fail_msg("%s", err.text);
}

/* Guards against: a cell that is consistent because nobody read anything, or whose damage was not
 * heard for want of reads; churn that is counted wrong. */
static void churn(void **state)
{
	static const char note[] = "! 700000000 a note churned: 800 operations of metadata by 2\n";

	(void)state;
	judge_churn(note, "! 700000000 b note churned: 34 operations\n"
			  "! 700000001 b note churned: 1x operations\n"
			  "! 700000001 b note churned: 8000001 operations\n"
			  "! 700000001 b kernel churned: 5 operations\n"
			  "! 700000001 b note it churned: 5 operations\n");
	assert_int_equal(verdict.fs.churned, 834);
	assert_int_equal(verdict.kind, VERDICT_INCONCLUSIVE);
	assert_string_equal(verdict.reason,
			    "no operation was there to judge; in 834 operations of churn no damage "
			    "was heard, and fsck found none");
	assert_int_equal(check_exit_status(&verdict), 3);
	facts.fsck_known = false;
	judge_churn(note, "! 500000000 a kernel I/O error, dev vda, sector 0\n"
			  "! 700000000 b " MISMATCH);
	assert_int_equal(verdict.kind, VERDICT_INCONCLUSIVE);
	assert_string_equal(verdict.reason,
			    "no operation was there to judge; in 800 operations of churn damage "
			    "was heard that something else may explain, and fsck did not look");
	judge_churn("! 700000000 a " MISMATCH, "");
	assert_int_equal(verdict.kind, VERDICT_VIOLATED);
	judge(note, "", NULL);
	expect(FS_SILENT, "");
	assert_int_equal(verdict.fs.churned, 800);
	judge_churn("", "");
	assert_string_equal(verdict.reason,
			    "the history has no operation: nothing could be judged");
}

/* Guards against: memory that grows with what a guest logs. */
static void many_volumes(void **state)
{
	char text[8192] = HEAD("a") OPS_A;
	size_t used = strlen(text), i;

	(void)state;
	for (i = 0; i < 80; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "! %zu a kernel gfs2: fsid=c:v%zux: jid=1: Failed\n",
					 1500000000 + i, i);
	judge("", "", NULL);
	put("a.history", text);
	facts.volume_name[0] = 0;
	verdict_done(&verdict);
	assert_int_equal(check_cell(run, CELL, NULL, &verdict, &err), 0);
	assert_int_equal(verdict.fs.said[FS_LINES_LOST].count, 16);
}

/* Guards against: shards that each count the same lines, or that do not join for them. */
static void shards(void **state)
{
	static const char line[] = "! 1500000000 a " MISMATCH;
	struct verdict parts[2], whole;
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct check_options options = {.shard = i + 1, .shards = 2};

		judge(line, "", &options);
		assert_int_equal(verdict.kind, VERDICT_VIOLATED);
		parts[i] = verdict;
		memset(&verdict, 0, sizeof(verdict));
	}
	assert_int_equal(verdict_join(parts, 2, &whole, &err), 0);
	assert_int_equal(whole.kind, VERDICT_VIOLATED);
	assert_int_equal(whole.fs.state, FS_DAMAGED);
	assert_int_equal(whole.fs.said[FS_LVB_MISMATCH].count, 1);
	assert_string_equal(whole.reason, "");
	verdict_done(&whole);
	parts[1].fs.said[FS_LVB_MISMATCH].count = 2;
	assert_int_equal(verdict_join(parts, 2, &whole, &err), -1);
	assert_non_null(strstr(err.text, "what the file system said"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(damage, setup, teardown),
		cmocka_unit_test_setup_teardown(excuses, setup, teardown),
		cmocka_unit_test_setup_teardown(consequences, setup, teardown),
		cmocka_unit_test_setup_teardown(unknown_facts, setup, teardown),
		cmocka_unit_test_setup_teardown(noted_name, setup, teardown),
		cmocka_unit_test_setup_teardown(older_damage, setup, teardown),
		cmocka_unit_test_setup_teardown(fsck, setup, teardown),
		cmocka_unit_test_setup_teardown(churn, setup, teardown),
		cmocka_unit_test_setup_teardown(many_volumes, setup, teardown),
		cmocka_unit_test_setup_teardown(shards, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
