/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_replication.c - DRBD beside a cell: was it fit all along?
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/site/two_hosts.h"

static struct replication *begun(struct cell_facts *facts)
{
	struct replication *r = opened();
	struct error err;

	cell_facts_init(facts);
	if (replication_begin(r, facts, &err) < 0)
		fail_msg("%s", err.text);
	if (facts->invalid[0] || facts->error[0])
		fail_msg("%s%s", facts->invalid, facts->error);
	return r;
}

/* Until the stand-in has printed what was put into "more." and removed it. */
static void wait_said(const char *name)
{
	unsigned i;

	for (i = 0; !access(in_folder(name), F_OK) && i < 500; i++)
		clock_sleep(10 * NS_PER_MS);
	assert_int_not_equal(access(in_folder(name), F_OK), 0);
}

static void end(struct replication *r, struct cell_facts *facts)
{
	struct error err;

	if (replication_end(r, facts, &err) < 0)
		fail_msg("%s", err.text);
	replication_close(r);
}

static void refused(const char *wanted)
{
	struct error err = {.text = ""};

	assert_null(replication_open(nodes, &err));
	assert_int_equal(err.kind, ERROR_WORLD);
	expect_in(err.text, wanted);
}

/* Guards against: a run on hosts where nobody can tell what DRBD does, or that it cannot do. */
static void test_open(void **unused)
{
	(void)unused;
	put_config("b", "allow-two-primaries no;");
	refused("DRBD on host b: two primaries are not allowed");
	put_config("b", "protocol A; allow-two-primaries yes;");
	refused("protocol A");
	put_config("b", NET);
	put("device", "/dev/drbd7\n");
	refused("DRBD on host a: the plan's device /dev/null is none of resource ra");
	put("device", "/dev/drbd7\n/dev/null\n");
	replication_close(opened());
	take_away("state.ra");
	refused("drbdsetup events2 ended with status 1");
	put_good_state("a");
	/* StandAlone: drbdsetup show has no word of the connection. */
	put("show", "resource ra { _this_host { } }");
	put_state("a", "StandAlone", "Unknown", "Off", "DUnknown", 0);
	replication_close(opened());
	put_good_state("a");
	put("version", "DRBD_KERNEL_VERSION_CODE=0x000000\nDRBDADM_VERSION=9.22.0\n");
	refused("the kernel has no DRBD loaded");
	put("version", "nothing\n");
	refused("no drbdadm");
}

/* Guards against: a cell that is thrown away though nothing happened, twice in a row. */
static void test_fit(void **unused)
{
	struct cell_facts facts;
	struct replication *r = begun(&facts);
	struct error err;

	(void)unused;
	put("more.ra", "change peer-device name:ra peer-node-id:0 conn-name:peer volume:0 "
		       "replication:Established peer-disk:UpToDate out-of-sync:0\n");
	wait_said("more.ra");
	assert_true(replication_goes_on(r));
	put("log", LOG "[   30.000000] e1000: link up\n[   31.000000] drbd r7: PingAck did not "
		       "arrive in time.\n");
	assert_int_equal(replication_end(r, &facts, &err), 0);
	assert_string_equal(facts.invalid, "");
	assert_string_equal(facts.error, "");
	assert_string_equal(facts.replicas_note, "");
	assert_int_equal(replication_end(r, &facts, &err), 0);
	assert_int_equal(replication_begin(r, &facts, &err), 0);
	end(r, &facts);
	assert_string_equal(facts.invalid, "");
}

/* Guards against: a cell begun on a volume where it would prove nothing. */
static void test_unfit_before(void **unused)
{
	static const struct {
		const char *connection, *role, *replication, *disk, *said;
		unsigned out_of_sync;
	} cases[] = {
		{"Connected", "Secondary", "Established", "UpToDate",
		 "before the cell, DRBD on host b: resource rb: the peer's role is Secondary", 0},
		{"StandAlone", "Unknown", "Off", "DUnknown", "connection StandAlone", 0},
		{"Connected", "Primary", "SyncSource", "Inconsistent", "a resync is on its way", 0},
		{"Connected", "Primary", "Established", "UpToDate",
		 "12 KiB are out of sync and no resync is on its way", 12},
	};
	struct replication *r = opened();
	struct cell_facts facts;
	struct error err;
	size_t i;

	(void)unused;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cell_facts_init(&facts);
		put_state("b", cases[i].connection, cases[i].role, cases[i].replication,
			  cases[i].disk, cases[i].out_of_sync);
		assert_int_equal(replication_begin(r, &facts, &err), 0);
		expect_in(facts.invalid, cases[i].said);
		assert_int_equal(replication_end(r, &facts, &err), 0);
		assert_string_equal(facts.error, "");
	}
	put_good_state("b");
	put_generation("b", CURRENT, "1111111111111110");
	cell_facts_init(&facts);
	assert_int_equal(replication_begin(r, &facts, &err), 0);
	expect_in(facts.invalid, "a bitmap has a generation");
	replication_close(r);
}

/* Guards against: a split brain in mid-cell that is judged as a fault of the cache; the host that
 * waits named, and not the one that is StandAlone; the kernel's line lost. */
static void test_stand_alone(void **unused)
{
	struct cell_facts facts;
	struct replication *r = begun(&facts);

	(void)unused;
	put_state("a", "Connecting", "Unknown", "Off", "DUnknown", 0);
	put_state("b", "StandAlone", "Unknown", "Off", "DUnknown", 0);
	put("log", LOG "[   40.000000] drbd rb: conn( Connected -> Disconnecting )\n"
		       "[   41.000000] block drbd1: Split-Brain detected but unresolved, dropping "
		       "connection!\n");
	end(r, &facts);
	expect_in(facts.invalid, "DRBD on host b: resource rb: connection StandAlone");
	expect_in(facts.invalid, "the kernel's log on host b: split brain: [   41.000000] block");
	assert_string_equal(facts.error, "");
}

/* Guards against: a cell for which another reason stands, whose reason is replaced. */
static void test_reason_kept(void **unused)
{
	struct cell_facts facts;
	struct replication *r = begun(&facts);

	(void)unused;
	snprintf(facts.invalid, sizeof(facts.invalid), "the first reason");
	put_state("b", "StandAlone", "Unknown", "Off", "DUnknown", 0);
	end(r, &facts);
	assert_string_equal(facts.invalid, "the first reason");
}

/* Guards against: what came and went between the two looks. */
static void test_in_between(void **unused)
{
	struct cell_facts facts;
	struct replication *r = begun(&facts);

	(void)unused;
	put("more.rb", "change connection name:rb peer-node-id:0 conn-name:peer "
		       "connection:NetworkFailure role:Unknown\n"
		       "change connection name:rb peer-node-id:0 conn-name:peer "
		       "connection:Connected role:Primary\n");
	wait_said("more.rb");
	end(r, &facts);
	expect_in(facts.invalid, "DRBD on host b: resource rb: connection NetworkFailure");
	expect_in(facts.invalid, "(change connection name:rb");
}

/* Guards against: a Secondary, and a resync, seen by the watch alone. */
static void test_roles(void **unused)
{
	struct cell_facts facts;
	struct replication *r = begun(&facts);

	(void)unused;
	put("more.ra", "change resource name:ra role:Secondary suspended:no\n"
		       "change resource name:ra role:Primary suspended:no\n");
	wait_said("more.ra");
	end(r, &facts);
	expect_in(facts.invalid, "DRBD on host a: resource ra: its role here is Secondary");
	r = begun(&facts);
	put("more.ra", "change peer-device name:ra peer-node-id:0 conn-name:peer volume:0 "
		       "replication:SyncSource peer-disk:Inconsistent\n");
	wait_said("more.ra");
	end(r, &facts);
	expect_in(facts.invalid, "a resync is on its way (SyncSource)");
}

/* Guards against: a workload that goes on writing to replicas that have parted. */
static void test_ends_early(void **unused)
{
	struct cell_facts facts;
	struct replication *r = begun(&facts);

	(void)unused;
	assert_true(replication_goes_on(r));
	put("more.rb", "change connection name:rb peer-node-id:0 conn-name:peer "
		       "connection:StandAlone role:Unknown\n");
	wait_said("more.rb");
	assert_false(replication_goes_on(r));
	end(r, &facts);
	expect_in(facts.invalid, "StandAlone");
	r = opened(); /* not watched yet */
	assert_true(replication_goes_on(r));
	replication_close(r);
}

/* Guards against: silence taken for good news: the watch's program ended, or said what is no event
 * of DRBD. */
static void test_watch_dies(void **unused)
{
	struct cell_facts facts;
	struct replication *r = begun(&facts);
	unsigned i;

	(void)unused;
	take_away("alive.rb");
	for (i = 0; replication_goes_on(r) && i < 1000; i++)
		clock_sleep(10 * NS_PER_MS);
	assert_true(r->sides[1].unheard[0]);
	end(r, &facts);
	expect_in(facts.invalid, "DRBD on host b: resource rb: what happened is not known: "
				 "drbdsetup events2 ended");
	put("alive.rb", "x");
	r = begun(&facts);
	put("more.rb", "change device name:rb volume:x minor:1\n");
	wait_said("more.rb");
	end(r, &facts);
	expect_in(facts.invalid, "what happened is not known: events2: line 6");
}

/* Guards against: a write without the peer, and a resource taken down and up, that left all states
 * as they were; and a log that alone tells of a cut. */
static void test_traces(void **unused)
{
	struct cell_facts facts;
	struct replication *r = begun(&facts);

	(void)unused;
	put_generation("a", "B1B2C3D4E5F60717", NONE);
	end(r, &facts);
	expect_in(facts.invalid, "DRBD on host a: the data has a new generation");
	r = begun(&facts);
	put("log", LOG "[   50.000000] drbd ra: PingAck did not arrive in time.\n");
	end(r, &facts);
	expect_in(facts.invalid, "DRBD, by the kernel's log on host a: connection lost: "
				 "[   50.000000] drbd ra: PingAck");
	r = begun(&facts);
	put("log", "[   60.000000] drbd rb: PingAck did not arrive in time.\n");
	end(r, &facts);
	expect_in(facts.invalid, "host b: connection lost");
}

/* Guards against: what a kernel says beside the verdict that nobody is told. */
static void test_findings(void **unused)
{
	struct cell_facts facts;
	struct replication *r = begun(&facts);

	(void)unused;
	put("log", LOG "[   50.000000] block drbd1: Concurrent writes detected: local=8s +4096, "
		       "remote=8s +4096\n");
	end(r, &facts);
	assert_string_equal(facts.invalid, "");
	expect_in(facts.replicas_note, "kernel of host b: concurrent writes");
	assert_int_equal(cell_facts_replicas(&facts), REPLICAS_NOT_COMPARED);
}

/* Guards against: a host that does not answer, which hangs the run, or makes the cell invalid. */
static void test_silent(void **unused)
{
	struct cell_facts facts;
	struct replication *r = begun(&facts);
	struct error err;

	(void)unused;
	r->sides[1].at.timeout_ns = 300 * NS_PER_MS;
	put("silent.rb", "x");
	put_state("a", "Connecting", "Unknown", "Off", "DUnknown", 0);
	assert_int_equal(replication_end(r, &facts, &err), 0);
	expect_in(facts.error, "DRBD on host b: ");
	assert_string_equal(facts.invalid, "");
	cell_facts_init(&facts);
	put_good_state("a");
	assert_int_equal(replication_begin(r, &facts, &err), 0);
	expect_in(facts.error, "DRBD on host b: ");
	cell_facts_init(&facts);
	put("state.rb", "exists resource name:rb role:Primary suspended:no\n");
	r->sides[0].at.timeout_ns = 3 * NS_PER_S;
	assert_int_equal(replication_begin(r, &facts, &err), 0);
	expect_in(facts.error, "DRBD on host b: waited");
	replication_close(r);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, hosts_setup, hosts_teardown)
	const struct CMUnitTest tests[] = {
		WITH(test_open),	WITH(test_fit),		WITH(test_unfit_before),
		WITH(test_stand_alone), WITH(test_reason_kept), WITH(test_in_between),
		WITH(test_roles),	WITH(test_ends_early),	WITH(test_watch_dies),
		WITH(test_traces),	WITH(test_findings),	WITH(test_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
