/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_drbd_texts.c - what else DRBD's tools and the kernel say of a resource: its configuration,
 * its generations, the kernel's log.
 *
 * The configurations are what the parsers of 8.4 and 9 print of one (drbdadm dump); the kernel's
 * lines are written after its source.
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "drbd/config.h"
#include "drbd/generation.h"
#include "drbd/kernel_log.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char dump_84[] =
	"# resource r0 on hosta: not ignored, not stacked\n"
	"# defined at /etc/drbd.d/r0.res:2\n"
	"resource r0 {\n"
	"    on hosta {\n"
	"        volume 0 {\n"
	"            device       /dev/drbd0 minor 0;\n"
	"            disk         /dev/vg/tw;\n"
	"            meta-disk    internal;\n"
	"        }\n"
	"        address          ipv4 192.0.2.1:7789;\n"
	"    }\n"
	"    net {\n"
	"        protocol           C;\n"
	"        allow-two-primaries yes;\n"
	"        verify-alg       crc32c;\n"
	"        ping-timeout     100;\n"
	"        after-sb-0pri    disconnect;\n"
	"        after-sb-1pri    disconnect;\n"
	"        after-sb-2pri    disconnect;\n"
	"    }\n"
	"    disk {\n"
	"        fencing          resource-and-stonith;\n"
	"        al-extents       1237;\n"
	"    }\n"
	"    handlers {\n"
	"        fence-peer       \"/usr/lib/drbd/fence.sh --opt \\\"a b\\\" # no comment; x\";\n"
	"    }\n"
	"}\n";

static const char dump_9[] = "common {\n"
			     "    net {\n"
			     "        protocol           A;\n"
			     "        allow-two-primaries yes;\n"
			     "    }\n"
			     "}\n"
			     "# resource other on hosta: not ignored, not stacked\n"
			     "resource other {\n"
			     "    net {\n"
			     "        after-sb-2pri    call-pri-lost-after-sb;\n"
			     "    }\n"
			     "}\n"
			     "resource \"vm\" {\n"
			     "    on hosta {\n"
			     "        node-id 0;\n"
			     "        address          ipv4 192.0.2.1:7789;\n"
			     "    }\n"
			     "    net {\n"
			     "        protocol           C;\n"
			     "        fencing          resource-only;\n"
			     "        after-sb-0pri    discard-zero-changes;\n"
			     "        data-integrity-alg crc32c;\n"
			     "        a setting of more words than are kept \"}\";\n"
			     "    }\n"
			     "    skip disk {\n"
			     "        fencing          dont-care;\n"
			     "    }\n"
			     "}\n";

static const char show_9[] = "resource vm {\n"
			     "    options {\n"
			     "        quorum          \tmajority;\n"
			     "    }\n"
			     "    _this_host {\n"
			     "        node-id\t\t\t0;\n"
			     "        volume 0 {\n"
			     "            device\t\t\tminor 0;\n"
			     "            disk\t\t\t\"/dev/vg/vm\";\n"
			     "            meta-disk\t\t\tinternal;\n"
			     "            disk {\n"
			     "                size            \t8388608s; # bytes\n"
			     "            }\n"
			     "        }\n"
			     "    }\n"
			     "    connection {\n"
			     "        _peer_node_id 1;\n"
			     "        path {\n"
			     "            _this_host ipv4 192.0.2.1:7789;\n"
			     "            _remote_host ipv4 192.0.2.2:7789;\n"
			     "        }\n"
			     "        net {\n"
			     "            allow-two-primaries\tyes;\n"
			     "            fencing         \tresource-and-stonith;\n"
			     "            _name           \t\"hostb\";\n"
			     "        }\n"
			     "    }\n"
			     "    connection {\n"
			     "        _peer_node_id 2;\n"
			     "        net {\n"
			     "            fencing         \tresource-and-stonith;\n"
			     "        }\n"
			     "    }\n"
			     "}\n";

static struct drbd_config config_of(const char *text, const char *resource)
{
	struct drbd_config config;
	struct error err;

	if (drbd_config_parse("drbdadm dump", text, strlen(text), resource, &config, &err) < 0)
		fail_msg("%s", err.text);
	return config;
}

/* Guards against: 8.4's fencing, which stands among disk, not found; a ';' in a string. */
static void test_config_84(void **unused)
{
	struct drbd_config config = config_of(dump_84, "r0");
	struct drbd_why why;
	unsigned i;

	(void)unused;
	assert_string_equal(config.protocol, "C");
	assert_string_equal(config.allow_two_primaries, "yes");
	assert_string_equal(config.fencing, "resource-and-stonith");
	assert_string_equal(config.ping_timeout, "100");
	assert_true(config.fence_peer);
	assert_false(config.kernel);
	for (i = 0; i < DRBD_QUESTIONS; i++) {
		if (!drbd_config_answer(&config, (enum drbd_question)i, &why))
			fail_msg("question %u: %s", i, why.text);
		assert_true(why.text[0] && !why.remedy[0] && !strstr(why.text, "differ"));
		assert_true(drbd_config_answer(&config, (enum drbd_question)i, NULL));
	}
}

/* Guards against: what common gives lost or winning, another resource's settings, a skipped
 * section. */
static void test_config_9(void **unused)
{
	static const struct {
		enum drbd_question question;
		bool good, decides;
		const char *said;
	} cases[] = {
		{DRBD_TWO_PRIMARIES, true, true, "two primaries are allowed"},
		{DRBD_PROTOCOL, true, true, "protocol C"},
		{DRBD_FENCING, false, false, "fencing resource-only: any cut"},
		{DRBD_AFTER_SPLIT, false, false, "after-sb-0pri discard-zero-changes"},
		{DRBD_PING_TIMEOUT, false, false, "ping-timeout 0.5 s"},
		{DRBD_DATA_INTEGRITY, false, false, "data-integrity-alg crc32c"},
		{DRBD_VERIFY, false, false, "verify-alg is not configured"},
	};
	struct drbd_config config = config_of(dump_9, "vm");
	struct drbd_why why;
	size_t i;

	(void)unused;
	assert_string_equal(config.after_sb[2], "disconnect");
	for (i = 0; i < COUNT(cases); i++) {
		assert_true(drbd_config_answer(&config, cases[i].question, &why) == cases[i].good);
		assert_true(drbd_question_decides(cases[i].question) == cases[i].decides);
		if (!strstr(why.text, cases[i].said))
			fail_msg("case %zu: %s", i, why.text);
		assert_true(cases[i].good == !why.remedy[0]);
	}
	config = config_of(dump_9, "other");
	assert_false(drbd_config_answer(&config, DRBD_PROTOCOL, &why));
	assert_non_null(strstr(why.text, "protocol A"));
	assert_false(drbd_config_answer(&config, DRBD_AFTER_SPLIT, &why));
	assert_non_null(strstr(why.text, "after-sb-2pri call-pri-lost-after-sb"));
}

/* Guards against: the kernel's text, which has no handlers, blamed for that; two connections that
 * differ taken for one. */
static void test_config_show(void **unused)
{
	struct drbd_config config = config_of(show_9, "vm");
	struct drbd_why why;

	(void)unused;
	assert_true(config.kernel);
	assert_true(config.differ); /* only one of them allows two primaries */
	assert_true(drbd_config_answer(&config, DRBD_FENCING, &why));
	assert_non_null(strstr(why.text, "the connections of this resource differ"));
	assert_true(drbd_config_answer(&config, DRBD_FENCING, NULL));
	config = config_of("resource r0 { connection { net { ping-timeout 30; } }"
			   "connection { net { ping-timeout 20; } } net { ping-timeout 40; } }",
			   "r0");
	assert_true(config.differ);
	assert_string_equal(config.ping_timeout, "30");
	config = config_of("resource r0 { connection { net { ping-timeout 30; } }"
			   "connection { net { ping-timeout 30; } } }",
			   "r0");
	assert_false(config.differ);
	config = config_of("resource r0 { net { ping-timeout 30; } connection { }"
			   "connection { net { ping-timeout 30; } } }",
			   "r0");
	assert_false(config.differ);
}

/* Guards against: defaults that are not DRBD's: nothing said is protocol C, one primary, no
 * fencing. */
static void test_config_defaults(void **unused)
{
	struct drbd_config config = config_of("resource r0 { net { } }", "r0");
	struct drbd_why why;

	(void)unused;
	assert_true(drbd_config_answer(&config, DRBD_PROTOCOL, &why));
	assert_false(drbd_config_answer(&config, DRBD_TWO_PRIMARIES, &why));
	assert_false(drbd_config_answer(&config, DRBD_FENCING, &why));
	assert_true(drbd_config_answer(&config, DRBD_AFTER_SPLIT, &why));
	assert_true(drbd_config_answer(&config, DRBD_DATA_INTEGRITY, &why));
	config = config_of("resource r0{net{allow-two-primaries;ping-timeout x;}"
			   "disk{fencing resource-and-stonith;}"
			   "handlers{split-brain x;}net{fence-peer x;}}",
			   "r0");
	assert_true(drbd_config_answer(&config, DRBD_TWO_PRIMARIES, &why));
	assert_false(drbd_config_answer(&config, DRBD_PING_TIMEOUT, &why));
	assert_false(drbd_config_answer(&config, DRBD_FENCING, &why));
	assert_non_null(strstr(why.text, "without a fence-peer handler"));
	config = config_of("resource r0 { net { protocol \"\\C\"; data-integrity-alg "
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; } }",
			   "r0");
	assert_true(drbd_config_answer(&config, DRBD_PROTOCOL, &why));
	assert_int_equal(strlen(config.data_integrity_alg), DRBD_WORD - 1);
}

/* Guards against: half a text, or one that is no configuration, read as one full of defaults. */
static void test_config_refused(void **unused)
{
	static const struct {
		const char *text, *said;
	} cases[] = {
		{"", "x: line 1: no resource 'r0'"},
		{"resource r1 { }", "no resource 'r0'"},
		{"common { resource r0 { } }", "no resource 'r0'"},
		{"resource r0 {\n net { protocol A;\n", "x: line 3: the end is missing"},
		{"resource r0 { } }", "x: line 1: a '}' out of place"},
		{"resource r0 { protocol }", "a '}' out of place"},
		{"resource r0 { { } }", "a section without a name"},
		{"resource r0 { } x", "the end is missing"},
		{"resource r0 {\n\"a\nb }", "x: line 3: a string that does not end"},
		{"a{b{c{d{e{f{g{h{i{j{k{l{m{n{o{p{q{", "sections within sections"},
		{"resource r0 { net { protocol "
		 "CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCC; } }",
		 "a value that is too long"},
	};
	struct drbd_config config = {.protocol = "mark"};
	struct error err;
	char word[300];
	size_t i;

	(void)unused;
	for (i = 0; i < COUNT(cases); i++) {
		assert_int_equal(drbd_config_parse("x", cases[i].text, strlen(cases[i].text), "r0",
						   &config, &err),
				 -1);
		assert_int_equal(err.kind, ERROR_WORLD);
		if (!strstr(err.text, cases[i].said))
			fail_msg("case %zu: %s", i, err.text);
	}
	memset(word, 'x', sizeof(word));
	assert_int_equal(drbd_config_parse("x", word, sizeof(word), "r0", &config, &err), -1);
	assert_non_null(strstr(err.text, "a word of more than 255 bytes"));
	assert_int_equal(drbd_config_parse("x", "a \0", 3, "r0", &config, &err), -1);
	assert_non_null(strstr(err.text, "a NUL byte"));
	assert_string_equal(config.protocol, "mark");
}

static const char gi[] = "B2E5A7B0F2E3A4D5:0000000000000000:AC00000000000012:0000000000000000:"
			 "1:1:1:1:0:0:0\n";

static struct drbd_generations generations_of(const char *text)
{
	struct drbd_generations all;
	struct error err;

	if (drbd_generations_parse("get-gi", text, strlen(text), &all, &err) < 0)
		fail_msg("%s", err.text);
	return all;
}

/* Guards against: a write without the peer that is not seen; a demotion (the lowest bit) that is.
 */
static void test_generations(void **unused)
{
	struct drbd_generations before = generations_of(gi), after;
	struct drbd_why why;

	(void)unused;
	assert_int_equal(before.n, 1);
	assert_true(before.volumes[0].current == 0xB2E5A7B0F2E3A4D4ULL);
	assert_true(drbd_same_generation(&before, &before, NULL));
	after = generations_of("b2e5a7b0f2e3a4d4:0000000000000001:0000000000000000:"
			       "0000000000000000\n\n");
	assert_true(drbd_same_generation(&before, &after, &why));
	after = generations_of("C2E5A7B0F2E3A4D5:0000000000000000:0000000000000000:"
			       "0000000000000000");
	assert_false(drbd_same_generation(&before, &after, &why));
	assert_non_null(strstr(why.text, "a new generation"));
	after = generations_of("B2E5A7B0F2E3A4D5:00000000000000A0:0000000000000000:"
			       "0000000000000000");
	assert_false(drbd_same_generation(&before, &after, &why));
	assert_false(drbd_same_generation(&after, &after, &why));
	assert_non_null(strstr(why.text, "a bitmap has a generation"));
	after.n = 2;
	assert_false(drbd_same_generation(&before, &after, &why));
}

/* Guards against: an error message of drbdadm, or half a line, read as a generation. */
static void test_generations_refused(void **unused)
{
	static const char *const bad[] = {
		"",
		"\n",
		"Device is unconfigured\n",
		"B2E5A7B0F2E3A4D5:0000000000000000:AC00000000000012:000000000000000\n",
		"B2E5A7B0F2E3A4D5:0000000000000000:AC00000000000012\n",
		"B2E5A7B0F2E3A4D5:0000000000000000:AC00000000000012:\n",
		"B2E5A7B0F2E3A4D5 0000000000000000:AC00000000000012:0000000000000000\n",
		"B2E5A7B0F2E3A4D5:0000000000000000:AC00000000000012:0000000000000000 1\n",
		"B2E5A7B0F2E3A4DG:0000000000000000:AC00000000000012:0000000000000000\n"};
	static char many[200 * sizeof(gi)];
	struct drbd_generations all = {.n = 77};
	struct error err;
	size_t i;

	(void)unused;
	for (i = 0; i < COUNT(bad); i++) {
		if (!drbd_generations_parse("x", bad[i], strlen(bad[i]), &all, &err))
			fail_msg("case %zu is read", i);
		assert_int_equal(err.kind, ERROR_WORLD);
		assert_memory_equal(err.text, "x: line ", 8);
	}
	for (i = 0; i < 200; i++)
		memcpy(many + i * (sizeof(gi) - 1), gi, sizeof(gi));
	assert_int_equal(drbd_generations_parse("x", many, strlen(many), &all, &err), -1);
	assert_non_null(strstr(err.text, "x: line 129: more than 128 volumes"));
	assert_int_equal(all.n, 77);
}

/* Guards against: a line of the kernel not recognised, in either version's form, or another's. */
static void test_log_lines(void **unused)
{
	static const struct {
		const char *line;
		enum drbd_log_kind kind;
	} cases[] = {
		{"[  1.5] block drbd0: Split-Brain detected but unresolved, dropping connection!",
		 DRBD_LOG_SPLIT_BRAIN},
		{"Mar  7 15:38:05 a kernel: drbd vm/0 drbd1000 beta: Split-Brain detected but "
		 "unresolved, dropping connection!",
		 DRBD_LOG_SPLIT_BRAIN},
		{"block drbd0: Split-Brain detected, 2 primaries, automatically solved. Sync from "
		 "peer node",
		 DRBD_LOG_SPLIT_SOLVED},
		{"block drbd0: Split-Brain detected, manually solved. Sync from this node",
		 DRBD_LOG_SPLIT_SOLVED},
		{"drbd r0: helper command: /sbin/drbdadm fence-peer r0", DRBD_LOG_FENCED},
		{"drbd r0: PingAck did not arrive in time.", DRBD_LOG_LOST},
		{"drbd r0: peer( Primary -> Unknown ) conn( Connected -> NetworkFailure ) pdsk( "
		 "UpToDate -> DUnknown ) ",
		 DRBD_LOG_LOST},
		{"drbd vm beta: conn( Connected -> Disconnecting ) peer( Primary -> Unknown )",
		 DRBD_LOG_LOST},
		{"drbd r0: conn( Disconnecting -> StandAlone )", DRBD_LOG_LOST},
		{"drbd vm/0 drbd1 beta: pdsk( UpToDate -> DUnknown ) repl( Established -> Off )",
		 DRBD_LOG_LOST},
		{"drbd r0: conn( WFConnection -> WFReportParams )", DRBD_LOG_BACK},
		{"drbd r0: conn( WFReportParams -> Connected )", DRBD_LOG_BACK},
		{"drbd vm/0 drbd1 beta: repl( Off -> Established )", DRBD_LOG_BACK},
		{"block drbd0: susp( 0 -> 1 ) ", DRBD_LOG_SUSPENDED},
		{"drbd vm: susp-io( no -> fencing )", DRBD_LOG_SUSPENDED},
		{"block drbd0: susp( 1 -> 0 ) ", DRBD_LOG_KINDS},
		{"block drbd0: role( Primary -> Secondary ) ", DRBD_LOG_ROLE},
		{"block drbd0: peer( Primary -> Secondary ) ", DRBD_LOG_ROLE},
		{"block drbd0: role( Secondary -> Primary ) ", DRBD_LOG_KINDS},
		{"block drbd0: conn( Connected -> SyncTarget ) disk( UpToDate -> Inconsistent )",
		 DRBD_LOG_RESYNC},
		{"block drbd0: conn( SyncTarget -> Connected ) ", DRBD_LOG_RESYNC},
		{"block drbd0: Began resync as SyncTarget (will sync 8 KB [2 bits set]).",
		 DRBD_LOG_RESYNC},
		{"block drbd0: Resync done (total 1 sec; paused 0 sec; 8 K/sec)", DRBD_LOG_RESYNC},
		{"block drbd0: disk( UpToDate -> Failed ) ", DRBD_LOG_DISK},
		{"block drbd0: disk( Inconsistent -> UpToDate ) ", DRBD_LOG_KINDS},
		{"block drbd0: pdsk( DUnknown -> UpToDate ) ", DRBD_LOG_KINDS},
		{"block drbd0: peer( Secondary -> Primary ) ", DRBD_LOG_KINDS},
		{"block drbd0- Concurrent writes detected", DRBD_LOG_KINDS},
		{"block drbd0: pdsk( UpToDate -> Outdated ) ", DRBD_LOG_DISK},
		{"block drbd0: local WRITE IO error sector 8+8 on sda", DRBD_LOG_IO_ERROR},
		{"block drbd0: Concurrent writes detected: local=8s +4096, remote=8s +4096, "
		 "assuming remote came first",
		 DRBD_LOG_CONCURRENT_WRITES},
		{"block drbd0: Online verify found 3 4k block out of sync!", DRBD_LOG_OUT_OF_SYNC},
		{"drbd vm/0 drbd1 beta: Online verify found 3 4k blocks out of sync!",
		 DRBD_LOG_OUT_OF_SYNC},
		{"block drbd0: Out of sync: start=16, size=8 (sectors)", DRBD_LOG_OUT_OF_SYNC},
		{"block drbd0: Digest integrity check FAILED: 16s +4096", DRBD_LOG_DIGEST_FAILED},
		{"block drbd0: Digest mismatch, buffer modified by upper layers during write: 16s "
		 "+4096",
		 DRBD_LOG_DIGEST_SENDER},
		{"block drbd0: conn( Connected -> VerifyS ) ", DRBD_LOG_VERIFY},
		{"block drbd0: Starting Online Verify from sector 0", DRBD_LOG_VERIFY},
		{"block drbd0: Online verify done (total 1 sec; paused 0 sec; 9 K/sec)",
		 DRBD_LOG_VERIFY},
		{"drbd r0: meta connection shut down by peer.", DRBD_LOG_KINDS},
		{"drbd r0: conn( Connected ->", DRBD_LOG_KINDS},
		{"Split-Brain detected but unresolved, dropping connection!", DRBD_LOG_KINDS},
		{"block sda: Concurrent writes detected", DRBD_LOG_KINDS},
		{"block drbd: Concurrent writes detected", DRBD_LOG_KINDS},
		{"xdrbd r0: PingAck did not arrive in time.", DRBD_LOG_KINDS},
		{"", DRBD_LOG_KINDS},
	};
	size_t i;

	(void)unused;
	for (i = 0; i < COUNT(cases); i++) {
		enum drbd_log_kind kind = drbd_log_line(cases[i].line, strlen(cases[i].line));

		if (kind != cases[i].kind)
			fail_msg("case %zu is %d: %s", i, (int)kind, cases[i].line);
	}
}

static void read_log(struct drbd_log *log, const char *text, const struct drbd_state *state)
{
	memset(log, 0, sizeof(*log));
	drbd_log_read(text, strlen(text), state, log);
}

/* Guards against: the trouble of another resource on the same host blamed on ours. */
static void test_log_ours(void **unused)
{
	static const char text[] =
		"[1] block drbd7: Concurrent writes detected: local=8s +4096\n"
		"[2] drbd r1: PingAck did not arrive in time.\n"
		"[3] drbd r00: PingAck did not arrive in time.\n"
		"[4] block drbd1: Online verify found 3 4k block out of sync!\n"
		"[5] drbd r0: PingAck did not arrive in time.\n"
		"[6] drbd r0: conn( Connected -> NetworkFailure )\n"
		"[7] drbd r0/0 drbd1 beta: Online verify found 2 4k blocks out of sync!";
	struct drbd_state state = {.resource = "r0", .n_volumes = 2};
	struct drbd_log log;

	(void)unused;
	state.volumes[1].minor = (struct drbd_count){true, 1};
	read_log(&log, text, &state);
	assert_int_equal(log.n[DRBD_LOG_CONCURRENT_WRITES], 0);
	assert_int_equal(log.n[DRBD_LOG_LOST], 2);
	assert_string_equal(log.first[DRBD_LOG_LOST],
			    "[5] drbd r0: PingAck did not arrive in time.");
	assert_int_equal(log.n[DRBD_LOG_OUT_OF_SYNC], 2);
	assert_int_equal(log.out_of_sync, 20);
	read_log(&log, text, NULL);
	assert_int_equal(log.n[DRBD_LOG_LOST], 4);
	assert_int_equal(log.n[DRBD_LOG_CONCURRENT_WRITES], 1);
}

/* Guards against: a verify that began in the middle, skipped parts or never ended, and counts as
 * one of the whole volume. */
static void test_log_verify(void **unused)
{
	static const char text[] =
		"[1] block drbd0: Starting Online Verify from sector 0\n"
		"[2] block drbd0: Online verify done (total 1 sec; paused 0 sec; 9 K/sec)\n"
		"[3] block drbd7: Starting Online Verify from sector 8\n"
		"[4] drbd r0/1 drbd1 beta: Starting Online Verify from sector 4096\n"
		"[5] drbd r0/1 drbd1 beta: Skipped verify, too busy: start=8, size=8 (sectors)\n";
	struct drbd_state state = {.resource = "r0", .n_volumes = 1};
	struct drbd_log log;

	(void)unused;
	state.volumes[0].minor = (struct drbd_count){true, 0};
	read_log(&log, text, &state);
	assert_int_equal(log.verify_begun, 2);
	assert_int_equal(log.verify_resumed, 1);
	assert_int_equal(log.verify_ended, 1);
	assert_int_equal(log.verify_skipped, 1);
	assert_int_equal(log.n[DRBD_LOG_VERIFY], 4);
}

/* Guards against: a false positive of the digests taken for damage, and damage for one. */
static void test_log_classes(void **unused)
{
	static const char failed[] = "block drbd0: Digest integrity check FAILED: 16s +4096\n";
	static const char sender[] =
		"block drbd0: Digest mismatch, buffer modified by upper layers "
		"during write: 16s +4096\n";
	struct drbd_log logs[2];

	(void)unused;
	read_log(&logs[0], failed, NULL);
	read_log(&logs[1], "", NULL);
	assert_int_equal(drbd_log_class(DRBD_LOG_DIGEST_FAILED, logs), DRBD_LOG_FINDING);
	read_log(&logs[1], sender, NULL);
	assert_int_equal(drbd_log_class(DRBD_LOG_DIGEST_FAILED, logs), DRBD_LOG_INFORMATION);
	drbd_log_read(failed, strlen(failed), NULL, &logs[0]);
	assert_int_equal(drbd_log_class(DRBD_LOG_DIGEST_FAILED, logs), DRBD_LOG_FINDING);
	/* a sender's message on the receiver's own side explains nothing */
	read_log(&logs[0], "", NULL);
	read_log(&logs[1], failed, NULL);
	drbd_log_read(sender, strlen(sender), NULL, &logs[1]);
	assert_int_equal(drbd_log_class(DRBD_LOG_DIGEST_FAILED, logs), DRBD_LOG_FINDING);
	assert_int_equal(drbd_log_class(DRBD_LOG_DIGEST_SENDER, logs), DRBD_LOG_INFORMATION);
	assert_int_equal(drbd_log_class(DRBD_LOG_VERIFY, logs), DRBD_LOG_INFORMATION);
	assert_int_equal(drbd_log_class(DRBD_LOG_OUT_OF_SYNC, logs), DRBD_LOG_FINDING);
	assert_int_equal(drbd_log_class(DRBD_LOG_CONCURRENT_WRITES, logs), DRBD_LOG_FINDING);
	assert_int_equal(drbd_log_class(DRBD_LOG_IO_ERROR, logs), DRBD_LOG_INVALID);
}

/* Guards against: a cell that stands on a split brain; a finding that makes a cell invalid; the
 * consequence named instead of the cause. */
static void test_log_fit(void **unused)
{
	struct drbd_log logs[2];
	struct drbd_why why;

	(void)unused;
	read_log(&logs[0], "block drbd0: Concurrent writes detected: local=8s\n", NULL);
	read_log(&logs[1], "block drbd0: Starting Online Verify from sector 0\n", NULL);
	assert_true(drbd_log_fit(logs, &why));
	read_log(&logs[0], "drbd r0: conn( Disconnecting -> StandAlone )\n", NULL);
	read_log(&logs[1],
		 "drbd r0: conn( NetworkFailure -> Disconnecting )\n"
		 "[9] block drbd0: Split-Brain detected but unresolved, dropping \033connection!\n",
		 NULL);
	assert_false(drbd_log_fit(logs, NULL));
	assert_false(drbd_log_fit(logs, &why));
	assert_string_equal(why.text, "host b: split brain: [9] block drbd0: Split-Brain detected "
				      "but unresolved, dropping ?connection!");
}

/* Guards against: what happened before the cell told as part of it, or lost with the buffer. */
static void test_log_since(void **unused)
{
	static const char after[] = "[1] a\n[2] b\n[3] c\n[4] d\n";
	static const struct {
		const char *before, *rest;
		bool lost;
	} cases[] = {
		{"", after, false},
		{"\n", after, false},
		{"[1] a\n[2] b\n", "[3] c\n[4] d\n", false},
		{"[1] a\n[2] b", "[3] c\n[4] d\n", false},
		{"[4] d\n", "", false},
		{"[0] x\n", after, true},
		{"[1] a\n[2]\n", after, true}, /* not a line of it, only how one begins */
	};
	bool lost;
	size_t i;

	(void)unused;
	for (i = 0; i < COUNT(cases); i++) {
		const char *rest = drbd_log_since(cases[i].before, strlen(cases[i].before), after,
						  strlen(after), &lost);

		assert_string_equal(rest, cases[i].rest);
		assert_true(lost == cases[i].lost);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_84),
		cmocka_unit_test(test_config_9),
		cmocka_unit_test(test_config_show),
		cmocka_unit_test(test_config_defaults),
		cmocka_unit_test(test_config_refused),
		cmocka_unit_test(test_generations),
		cmocka_unit_test(test_generations_refused),
		cmocka_unit_test(test_log_lines),
		cmocka_unit_test(test_log_ours),
		cmocka_unit_test(test_log_verify),
		cmocka_unit_test(test_log_classes),
		cmocka_unit_test(test_log_fit),
		cmocka_unit_test(test_log_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
