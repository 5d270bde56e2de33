/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_replication_verify.c - are the replicas the same?
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/site/two_hosts.h"

#define BEGUN "[   70.000000] block drbd0: Starting Online Verify from sector 0\n"
#define FOUND \
	"[   71.000000] block drbd0: Out of sync: start=800, size=24 (sectors)\n" \
	"[   72.000000] block drbd0: Online verify found 3 4k block out of sync!\n"
#define ENDED \
	"[   73.000000] block drbd0: Online verify done (total 1 sec; paused 0 sec; 9 " \
	"K/sec)\n"

/* What `drbdadm verify` does, the nth time: the kernels log this, at a time of its own. */
static void put_verify(unsigned n, const char *log)
{
	char name[16];

	snprintf(name, sizeof(name), "log.%u", n);
	put(name, "%s", log);
	snprintf(name, sizeof(name), "verify.%u", n);
	put(name, "sed 's/^.   7/[  %u7/' log.%u >>log\n", n, n);
}

static void verify(struct cell_facts *facts)
{
	struct replication *r = opened();
	struct error err;

	cell_facts_init(facts);
	if (replication_verify(r, facts, &err) < 0)
		fail_msg("%s", err.text);
	replication_close(r);
}

static void expect_verified(enum replicas_state state, uint64_t kib, const char *note)
{
	struct cell_facts facts;

	verify(&facts);
	if (cell_facts_replicas(&facts) != state || facts.replicas_out_of_sync != kib)
		fail_msg("state %d, %llu KiB: %s", (int)cell_facts_replicas(&facts),
			 (unsigned long long)facts.replicas_out_of_sync, facts.replicas_note);
	if (*note)
		expect_in(facts.replicas_note, note);
	else
		assert_string_equal(facts.replicas_note, "");
	assert_string_equal(facts.invalid, "");
}

static void expect_runs(const char *runs)
{
	char text[16] = "";
	FILE *file = fopen(in_folder("verified"), "r");

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, runs);
}

/* Guards against: replicas called identical, or different, that are not. */
static void test_verify(void **unused)
{
	(void)unused;
	put_verify(1, BEGUN ENDED);
	expect_verified(REPLICAS_IDENTICAL, 0, "");
	expect_runs("1");
}

/* Guards against: replicas that are only compared while somebody has the volume open. */
static void test_verify_secondary(void **unused)
{
	(void)unused;
	put_verify(1, BEGUN ENDED);
	put_state("a", "Connected", "Secondary", "Established", "UpToDate", 0);
	expect_verified(REPLICAS_IDENTICAL, 0, "");
}

/* Guards against: a difference lost because the second verify finds it by the log alone; one that
 * is only counted once; the kernel's line lost. */
static void test_verify_differs(void **unused)
{
	(void)unused;
	put_verify(1, BEGUN FOUND ENDED);
	put_verify(2, BEGUN FOUND ENDED);
	expect_verified(REPLICAS_DIFFER, 12,
			"kernel of host a: [  271.000000] block drbd0: Out of");
	expect_runs("2");
}

/* Guards against: data that was still on its way counted as a difference. */
static void test_verify_in_flight(void **unused)
{
	(void)unused;
	put_verify(1, BEGUN FOUND ENDED);
	put_verify(2, BEGUN ENDED);
	expect_verified(REPLICAS_IDENTICAL, 0, "a first verify found 12 KiB, the second nothing");
}

/* Guards against: the rest of a verify that was cut off, taken for one of the whole volume; one
 * that never says that it is; blocks left out. */
static void test_verify_part(void **unused)
{
	static const char rest[] =
		"[   70.000000] block drbd0: Starting Online Verify from sector 4096\n" ENDED;
	static const char skipped[] = BEGUN
		"[   71.000000] block drbd0: Skipped verify, too busy: start=8, size=8\n" ENDED;
	unsigned n;

	(void)unused;
	put_verify(1, rest);
	put_verify(2, BEGUN ENDED);
	expect_verified(REPLICAS_IDENTICAL, 0, "");
	expect_runs("2");
	for (n = 3; n < 7; n++)
		put_verify(n, rest);
	expect_verified(REPLICAS_NOT_COMPARED, 0, "it went on where an earlier one");
	for (n = 7; n < 11; n++)
		put_verify(n, skipped);
	expect_verified(REPLICAS_NOT_COMPARED, 0, "it left out blocks");
	expect_verified(REPLICAS_NOT_COMPARED, 0, "does not tell its begin and end");
	put_verify(15, BEGUN FOUND ENDED);
	expect_verified(REPLICAS_DIFFER, 12, "a second verify did not come to its end");
}

/* Guards against: waiting for ever, or not at all; a verify that was cut off taken for its end. */
static void test_verify_waits(void **unused)
{
	struct cell_facts facts;

	(void)unused;
	put_state("a", "Connected", "Primary", "VerifyS", "UpToDate", 0);
	take_away("state.ra");
	put_good_state("a");
	put("verify.1", "cp state.ra good; sed -i s/Established/VerifyS/ state.ra\n"
			"(exec >/dev/null 2>&1; sleep 0.4; cat ended >>log; mv good state.ra) &\n");
	put("ended", "%s", BEGUN ENDED);
	expect_verified(REPLICAS_IDENTICAL, 0, "");
	put("verify.2", "sed -i 's/connection:Connected/connection:Timeout/' state.rb\n");
	expect_verified(REPLICAS_NOT_COMPARED, 0, "verify was cut off");
	expect_verified(REPLICAS_NOT_COMPARED, 0,
			"DRBD on host b: resource rb: connection Timeout");
	put_good_state("b");
	put("verify.3", "echo 'State change failed: (-18) peer refuses' >&2; exit 11\n");
	expect_verified(REPLICAS_NOT_COMPARED, 0,
			"drbdadm verify ended with status 11: State change failed");
	put_config("b", "allow-two-primaries yes;");
	verify(&facts);
	assert_string_equal(facts.replicas_note, "verify-alg is not configured");
	expect_runs("3");
}

/* Guards against: DRBD's own counter, which says otherwise, passed over. */
static void test_verify_counter(void **unused)
{
	(void)unused;
	put("log.1", "%s", BEGUN ENDED);
	put("verify.1", "cat log.1 >>log; sed -i s/out-of-sync:0/out-of-sync:8/ state.rb\n");
	expect_verified(REPLICAS_NOT_COMPARED, 0, "yet DRBD counts 8 KiB out of sync");
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, hosts_setup, hosts_teardown)
	const struct CMUnitTest tests[] = {
		WITH(test_verify),	     WITH(test_verify_secondary), WITH(test_verify_differs),
		WITH(test_verify_in_flight), WITH(test_verify_part),	  WITH(test_verify_waits),
		WITH(test_verify_counter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
