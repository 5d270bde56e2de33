/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_plan.c - plan texts, good and bad. A bad one names its line and says what to do. */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "plan/plan.h"
#include "tests/unit/plan_text.h"

#define MATRIX "[matrix]\ncache = none\n"
#define VERDICT_NAMES "use one of: consistent, violated, refused"
/* Guards against: a demo whose own plan does not parse, or that expects the wrong verdicts. */
static void test_demo(void **state)
{
	static const char *const ids[] = {"01-none",	  "02-directsync", "03-writethrough",
					  "04-writeback", "05-unsafe",	   "06-default"};
	static const enum verdict_kind expected[] = {VERDICT_CONSISTENT, VERDICT_CONSISTENT,
						     VERDICT_VIOLATED,	 VERDICT_VIOLATED,
						     VERDICT_VIOLATED,	 VERDICT_CONSISTENT};
	struct plan plan;
	size_t i;

	(void)state;
	assert_int_equal(plan_parse("demo", plan_demo_text, &plan, NULL), 0);
	assert_string_equal(plan.name, "demo");
	assert_string_equal(plan.text, plan_demo_text);
	assert_int_equal(plan.kind, SITE_LAB);
	assert_int_equal(plan.volume, VOLUME_GFS2);
	assert_int_equal(plan.size, 1024 * 1024);
	assert_int_equal(plan.volume_size, 64 * 1024 * 1024);
	assert_int_equal(plan.unit, 4096);
	assert_true(plan.confidence == 0.95);
	assert_true(plan.max_rate == 0.02);
	assert_int_equal(plan.n_cells, 6);
	for (i = 0; i < 6; i++) {
		assert_string_equal(plan.cells[i].id, ids[i]);
		assert_true(plan.cells[i].has_expected);
		assert_int_equal(plan.cells[i].expected, expected[i]);
	}
	assert_string_equal(plan.cells[2].selector, "cache=writethrough path=buffered "
						    "workload=handoff fault=none repeat=1");
	plan_done(&plan);
}

/* Guards against: defaults that differ from docs/plan.md; a name unfit for a folder. */
static void test_defaults(void **state)
{
	struct plan plan;

	(void)state;
	parse(MATRIX, &plan);
	assert_string_equal(plan.name, "my-plan");
	assert_int_equal(plan.kind, SITE_LAB);
	assert_string_equal(plan.target, "/srv/shared/stalemate");
	assert_int_equal(plan.size, 1024 * 1024);
	assert_int_equal(plan.volume_size, 64 * 1024 * 1024);
	assert_int_equal(plan.unit, 4096);
	assert_true(plan.confidence == 0.95);
	assert_true(plan.max_rate == 0.001);
	assert_int_equal(plan.n_cells, 1);
	assert_string_equal(plan.cells[0].path, "buffered");
	assert_string_equal(plan.cells[0].workload, "handoff");
	assert_string_equal(plan.cells[0].fault, "none");
	assert_int_equal(plan.cells[0].repeat, 1);
	assert_false(plan.cells[0].has_expected);
	plan_done(&plan);
}

/* Guards against: cells of several faults that cannot be told apart; a moment or a length that is
 * read and forgotten. */
static void test_faults(void **state)
{
	static const struct {
		const char *text;
		enum fault_when when;
		uint64_t n;
	} moments[] = {{"random", FAULT_AT_RANDOM, 0},
		       {"after 12 operations", FAULT_AFTER, 12},
		       {"round 3", FAULT_IN_ROUND, 3}};
	struct plan plan;
	char text[256];
	size_t i;

	(void)state;
	parse(MATRIX, &plan);
	assert_int_equal(plan.fault_at.when, FAULT_AT_RANDOM);
	assert_int_equal(plan.fault_for_ns, 2000000000);
	plan_done(&plan);
	for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		snprintf(text, sizeof(text),
			 MATRIX "fault = none, guest-pause-a, cache-drop-b\nfault-at = %s\n"
				"fault-for = 500ms\n",
			 moments[i].text);
		parse(text, &plan);
		assert_int_equal(plan.fault_at.when, moments[i].when);
		assert_int_equal(plan.fault_at.n, moments[i].n);
		assert_int_equal(plan.fault_for_ns, 500000000);
		assert_int_equal(plan.n_cells, 3);
		assert_string_equal(plan.cells[0].id, "01-none-none");
		assert_string_equal(plan.cells[1].id, "02-none-guest-pause-a");
		assert_string_equal(plan.cells[2].fault, "cache-drop-b");
		plan_done(&plan);
	}
}

/* Guards against: what inih does to colons, indented lines, comments, CRLF and a byte order mark.
 */
static void test_lines(void **state)
{
	struct plan plan;

	(void)state;
	parse("\xef\xbb\xbf# comment\r\n"
	      "[ site ]  ; comment\r\n"
	      "   kind = hosts ; comment\r\n"
	      "   size = 64M\r\n"
	      "[host  a]\n"
	      "libvirt = qemu+ssh://root@alpha/system\nssh = root@alpha\n"
	      "device=/dev/disk/by-id/x;y:z\ndomain = web1\ndisk = vdb\n"
	      "[host b]\n"
	      "libvirt = qemu+ssh://root@beta:2222/system\nssh = root@beta:2222\n"
	      "\tdevice = /dev/vg/r0\n domain = web1\ndisk = vdb\nagent = ssh\n"
	      "guest-ssh = root@web2:2222\non-hang = destroy\nstop-timeout = 30s\n"
	      "; comment\n\n" MATRIX,
	      &plan);
	assert_int_equal(plan.kind, SITE_HOSTS);
	assert_int_equal(plan.size, 64 * 1024 * 1024);
	assert_true(plan.hosts[0].given && plan.hosts[1].given);
	assert_string_equal(plan.hosts[0].libvirt, "qemu+ssh://root@alpha/system");
	assert_string_equal(plan.hosts[0].device, "/dev/disk/by-id/x;y:z");
	assert_int_equal(plan.hosts[0].agent, AGENT_VIRTIO);
	assert_string_equal(plan.hosts[1].libvirt, "qemu+ssh://root@beta:2222/system");
	assert_string_equal(plan.hosts[1].device, "/dev/vg/r0");
	assert_int_equal(plan.hosts[1].agent, AGENT_SSH);
	assert_string_equal(plan.hosts[1].guest_ssh, "root@web2:2222");
	assert_int_equal(plan.hosts[0].on_hang, ON_HANG_ERROR);
	assert_int_equal(plan.hosts[1].on_hang, ON_HANG_DESTROY);
	assert_int_equal(plan.hosts[0].stop_ns, 120 * NS_PER_S);
	assert_int_equal(plan.hosts[1].stop_ns, 30 * NS_PER_S);
	assert_int_equal(plan.hosts[1].start_ns, 300 * NS_PER_S);
	plan_done(&plan);
}

/* Guards against: cells missing, out of order, or with ids that are not unique or do not sort. */
static void test_matrix(void **state)
{
	struct plan plan;

	(void)state;
	parse("[matrix]\ncache = none, writethrough,none/writethrough ,unsafe/unsafe\n"
	      "workload = handoff, other-2\nrepeat = 2\n",
	      &plan);
	assert_int_equal(plan.n_cells, 16);
	assert_string_equal(plan.cells[0].id, "01-none-handoff-r1");
	assert_string_equal(plan.cells[1].id, "02-none-handoff-r2");
	assert_string_equal(plan.cells[2].id, "03-none-other-2-r1");
	assert_string_equal(plan.cells[8].id, "09-none-writethrough-handoff-r1");
	assert_int_equal(plan.cells[8].cache[0], CACHE_NONE);
	assert_int_equal(plan.cells[8].cache[1], CACHE_WRITETHROUGH);
	assert_string_equal(plan.cells[12].id, "13-unsafe-handoff-r1");
	assert_string_equal(plan.cells[8].selector, "cache=none/writethrough path=buffered "
						    "workload=handoff fault=none repeat=1");
	plan_done(&plan);
	parse("[matrix]\ncache = writethrough/directsync\nrepeat = 999\n"
	      "workload = abcdefghijklmnopqrstuvwx\n",
	      &plan);
	assert_string_equal(plan.cells[0].id, "001-writethrough-directsync-r1");
	assert_string_equal(plan.cells[998].id, "999-writethrough-directsync-r999");
	plan_done(&plan);
}

/* Guards against: a general expectation that beats a particular one; both orders of lines. */
static void test_expectations(void **state)
{
	struct plan plan;

	(void)state;
	parse("[matrix]\ncache = unsafe, none\nrepeat = 2\n"
	      "[expect cache=unsafe  repeat=2]\nverdict = violated\n"
	      "[expect]\nunsafe = consistent\n"
	      "[expect cache=unsafe fault=host-crash-a]\nverdict = violated\n"
	      "[expect path=buffered]\nverdict = consistent\n",
	      &plan);
	assert_int_equal(plan.cells[0].expected, VERDICT_CONSISTENT);
	assert_int_equal(plan.cells[1].expected, VERDICT_VIOLATED);
	assert_true(plan.cells[2].has_expected);
	assert_int_equal(plan.cells[2].expected, VERDICT_CONSISTENT);
	plan_done(&plan);
	expect_error("[matrix]\ncache = unsafe\n[expect]\nunsafe = violated\n"
		     "[expect path=buffered]\nverdict = consistent\n",
		     "p.conf:5: contradicts line 4 for the cell cache=unsafe path=buffered "
		     "workload=handoff fault=none repeat=1, and neither says more; give one that "
		     "names both");
	/* the same verdict twice is no contradiction */
	parse("[matrix]\ncache = unsafe\n[expect]\nunsafe = violated\n"
	      "[expect path=buffered]\nverdict = violated\n",
	      &plan);
	assert_int_equal(plan.cells[0].expected, VERDICT_VIOLATED);
	plan_done(&plan);
}

#define MOMENTS "fault-at: 'random', 'after N operations' or 'round N' is expected (N from 1), not "
#define SELECTORS "use one of: cache, path, workload, fault, repeat, bus, io, iothread, format"

/* Guards against: a mistake in a plan that is swallowed, or whose message does not say where. */
static void test_bad_lines(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"[site]\nsize 1M\n", "p.conf:2: not of the form 'key = value': size 1M"},
		{"[site]\nsize: 1M\n", "p.conf:2: not of the form 'key = value': size: 1M"},
		{"[site]\na ;b = c\n", "p.conf:2: not of the form 'key = value': a ;b = c"},
		{"[site]\n = 1M\n", "p.conf:2: a name is missing before '='"},
		{"[site]\nsize =\n", "p.conf:2: size: a value is missing after '='"},
		{"[site]\nsize = ; 1M\n", "p.conf:2: size: a value is missing after '='"},
		{"size = 1M\n", "p.conf:1: 'size' stands before any section"},
		{"[sites]\n",
		 "p.conf:1: unknown section [sites]; use one of: site, host a, host b, "
		 "matrix, judge, expect"},
		{"[site\n", "p.conf:1: ']' is missing: [site"},
		{"[site] x\n", "p.conf:1: 'x' after the ']'"},
		{"[host a]\n\n[host a]\n",
		 "p.conf:3: section [host a] given twice, first in line 1"},
		{"[site]\n[judge]\n[site]\n",
		 "p.conf:3: section [site] given twice, first in line 1"},
		{"[site]\nfoo = 1\n",
		 "p.conf:2: unknown key 'foo' in [site]; use one of: kind, "
		 "volume, target, size, volume-size, unit, block-size, verify, guests"},
		{"[host b]\nname = x\n",
		 "p.conf:2: unknown key 'name' in [host b]; use one of: libvirt, ssh, device, "
		 "resource, domain, disk, agent, guest-ssh, address, on-hang, stop-timeout, "
		 "start-timeout"},
		{"[site]\nsize = 1M\nunit = 512\nsize = 1M\n",
		 "p.conf:4: size given twice, first in line 2"},
		{"[site]\nkind = lab\n\x01\x02\n",
		 "p.conf:3: byte 0x01 in column 1 is not text; is this a plan file?"},
		{"# f\xff\n", "p.conf:1: byte 0xff in column 4 is not text; is this a plan file?"},
		{"", "p.conf: the matrix is empty: [matrix] needs 'cache = MODE, …'"},
	};
	char text[512], message[128];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_error(cases[i].text, cases[i].message);
	/* 198 bytes are a line, 199 are not */
	snprintf(text, sizeof(text), MATRIX "#%197s\n", "");
	{
		struct plan plan;

		parse(text, &plan);
		plan_done(&plan);
	}
	snprintf(text, sizeof(text), MATRIX "#%198s\n", "");
	snprintf(message, sizeof(message), "p.conf:3: longer than 198 bytes; write it shorter");
	expect_error(text, message);
}

/* Guards against: a value out of range, or one this version cannot run, that gets through. */
static void test_bad_values(void **state)
{
	static const struct {
		const char *line, *message;
	} site[] = {
		{"kind = cluster", "kind: 'cluster' is unknown; use one of: lab, hosts"},
		{"volume = ext4", "volume: 'ext4' is unknown; use one of: gfs2, raw, ocfs2"},
		{"guests = warm", "guests: 'warm' is unknown; use one of: switched, cold"},
		{"verify = maybe", "verify: 'maybe' is unknown; use one of: no, yes"},
		{"target = srv", "target: 'srv' is not an absolute path below '/'"},
		{"target = /", "target: '/' is not an absolute path below '/'"},
		{"target = /a/..", "target: '/a/..' must not hold '.' or '..'"},
		{"size = 0", "size: must be from 1 byte to 1024T, not 0"},
		{"size = 2048T", "size: must be from 1 byte to 1024T, not 2048T"},
		{"size = -1", "size: '-1' is not a size such as 4096, 64K or 2G"},
		{"size = 1M # c", "size: '1M # c' is not a size such as 4096, 64K or 2G (a comment "
				  "after a value begins with ';')"},
		{"size = 1025K", "size: 1049600 is not a multiple of 65536 (16 files of units of "
				 "4096 bytes)"},
		{"size = 64M", "size: 64M do not fit the volume; of 64M (volume-size) 40M are left "
			       "beside the journals"},
		{"volume-size = 24M",
		 "volume-size: too small; two GFS2 journals and the file system "
		 "need 24M, so it must be above that"},
		{"block-size = 8K", "block-size: must be a power of two from 512 to 4096, not 8K"},
		{"unit = 0", "unit: must be a power of two from 512 to 65536, not 0"},
		{"unit = 1000", "unit: must be a power of two from 512 to 65536, not 1000"},
		{"unit = 128K", "unit: must be a power of two from 512 to 65536, not 128K"},
	};
	static const struct {
		const char *line, *message;
	} matrix[] = {
		{"cache = off", "cache mode: 'off' is unknown; " MODE_NAMES},
		{"cache = none/", "cache mode: '' is unknown; " MODE_NAMES},
		{"cache = none/none/none", "cache mode: 'none/none' is unknown; " MODE_NAMES},
		{"cache = none,,unsafe", "cache: an empty element in the list"},
		{"cache = none,", "cache: an empty element in the list"},
		{"cache = none, none/none", "cache: 'none/none' is in the list twice; use repeat"},
		{"path = slow",
		 "path: 'slow' is unknown; use one of: buffered, dsync, nosync, direct, "
		 "direct-nosync, mmap, uring, uring-direct"},
		{"path = direct, mmap:4",
		 "path: 'mmap' takes no queue depth; only uring and uring-direct do"},
		{"path = uring, uring:8/uring",
		 "path: 'uring:8/uring' is in the list twice; use repeat"},
		{"path = direct, buffered, direct",
		 "path: 'direct' is in the list twice; use repeat"},
		{"fault = fire",
		 "fault: 'fire' is unknown; use one of: none, guest-kill-a, guest-kill-b, "
		 "host-crash-a, host-crash-b, guest-pause-a, guest-pause-b, cache-drop-a, "
		 "cache-drop-b, replication-cut, cluster-cut"},
		{"fault = none, host-crash-a",
		 "fault: 'host-crash-a' is not supported by this version; use none, guest-pause-a, "
		 "guest-pause-b, cache-drop-a or cache-drop-b"},
		{"fault = none, cache-drop-a, none",
		 "fault: 'none' is in the list twice; use repeat"},
		{"fault-at = noon", MOMENTS "'noon'"},
		{"fault-at = round 0", MOMENTS "'round 0'"},
		{"fault-at = round 2 or 3", MOMENTS "'round 2 or 3'"},
		{"fault-at = after -1 operations", MOMENTS "'after -1 operations'"},
		{"fault-at = after 99999999999 operations",
		 "fault-at: '99999999999' is not a number from 0 to 4294967295"},
		{"fault-for = 0s", "fault-for: more than 0 and at most 30s, not '0s'"},
		{"fault-for = 31s", "fault-for: more than 0 and at most 30s, not '31s'"},
		{"workload = ../x", "workload: '../x' is not a name of a to z, 0 to 9 and '-', at "
				    "most 24 long"},
		{"repeat = 0", "repeat: must be at least 1"},
		{"repeat = 1000", "repeat: '1000' is not a number from 0 to 999"},
	};
	static const struct {
		const char *line, *message;
	} judge[] = {
		{"confidence = 1", "confidence: must be between 0 and 1, both excluded, not 1"},
		{"confidence = 0", "confidence: must be between 0 and 1, both excluded, not 0"},
		{"confidence = 95", "confidence: '95' is not a number from 0 to 1"},
		{"max-rate = 1", "max-rate: must be below 1, not 1"},
		{"flush-scope = file", "flush-scope: 'file' is unknown; use one of: node"},
	};
	char text[256], message[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(site) / sizeof(site[0]); i++) {
		snprintf(text, sizeof(text), MATRIX "[site]\n%s\n", site[i].line);
		snprintf(message, sizeof(message), "p.conf:4: %s", site[i].message);
		expect_error(text, message);
	}
	for (i = 0; i < sizeof(matrix) / sizeof(matrix[0]); i++) {
		snprintf(text, sizeof(text), "[matrix]\n\n%s\n", matrix[i].line);
		snprintf(message, sizeof(message), "p.conf:3: %s", matrix[i].message);
		expect_error(text, message);
	}
	for (i = 0; i < sizeof(judge) / sizeof(judge[0]); i++) {
		snprintf(text, sizeof(text), MATRIX "[judge]\n%s\n", judge[i].line);
		snprintf(message, sizeof(message), "p.conf:4: %s", judge[i].message);
		expect_error(text, message);
	}
	expect_error("[matrix]\ncache =\n", "p.conf:2: cache: a value is missing after '='");
	expect_error("\n[matrix]\npath = buffered\n",
		     "p.conf:2: the matrix is empty: [matrix] needs 'cache = MODE, …'");
	expect_error("[matrix]\ncache = none, unsafe\nrepeat = 500\n",
		     "p.conf:1: the matrix has 1000 cells; at most 999 in one plan");
	/* the largest size that fits: 40M of 64M */
	{
		struct plan plan;

		parse(MATRIX "[site]\nsize = 40M\n", &plan);
		plan_done(&plan);
	}
}

/* Guards against: an expectation that is mistyped and so silently never applies. */
static void test_bad_expectations(void **state)
{
	static const struct {
		const char *text, *message;
	} cases[] = {
		{"[expect]\nfast = violated\n",
		 "p.conf:4: cache mode: 'fast' is unknown; " MODE_NAMES},
		{"[expect]\nnone = fine\n", "p.conf:4: verdict: 'fine' is unknown; " VERDICT_NAMES},
		{"[expect]\nnone = invalid\n",
		 "p.conf:4: verdict: 'invalid' is unknown; " VERDICT_NAMES},
		{"[expect]\nnone = violated\nnone/none = violated\n",
		 "p.conf:5: this expectation is given twice, first in line 4"},
		{"[expect cache=fast]\n", "p.conf:3: cache mode: 'fast' is unknown; " MODE_NAMES},
		{"[expect mode=none]\n", "p.conf:3: selector: 'mode' is unknown; " SELECTORS},
		{"[expect none]\n", "p.conf:3: 'none' in [expect …] is not of the form key=value"},
		{"[expect cache=none cache=none]\n", "p.conf:3: selector: cache given twice"},
		{"[expect cache=none]\n", "p.conf:3: [expect …] without a line 'verdict = …'"},
		{"[expect cache=none]\nnone = violated\n",
		 "p.conf:4: unknown key 'none' in [expect …]; use: verdict"},
		{"[expect cache=none]\nverdict = violated\nverdict = violated\n",
		 "p.conf:5: verdict given twice"},
	};
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), MATRIX "%s", cases[i].text);
		expect_error(text, cases[i].message);
	}
}

#define HOST(x, domain) \
	"[host " x "]\ndevice = /dev/drbd0\ndomain = " domain "\ndisk = vdb\n" \
	"resource = r0\n"

/* Guards against: hosts that are missing, half described, the same twice, or silently unused. */
static void test_bad_hosts(void **state)
{
	struct plan plan;

	(void)state;
	expect_error(MATRIX "[site]\nkind = hosts\n" HOST("a", "x"),
		     "p.conf:4: kind = hosts needs a section [host b]");
	expect_error(MATRIX "[site]\nkind = hosts\n" HOST("a", "x") "[host b]\ndomain = y\n",
		     "p.conf:10: [host b] needs 'device'");
	expect_error(
		MATRIX "[site]\nkind = hosts\n" HOST("a", "x") HOST("b", "x"),
		"p.conf:10: [host b] names the same domain as [host a]; two guests are needed");
	expect_error(MATRIX HOST("a", "x"),
		     "p.conf:3: [host a] is only for kind = hosts; the lab makes its own");
	expect_error(MATRIX "[host a]\nagent = smoke\n",
		     "p.conf:4: agent: 'smoke' is unknown; use one of: virtio, ssh, guest-agent");
	expect_error(MATRIX "[site]\nkind = hosts\nvolume-size = 1G\n",
		     "p.conf:5: volume-size: only for kind = lab; the hosts' volume has its size");
	expect_error(MATRIX "[site]\nkind = hosts\nguests = cold\n" HOST("a", "x") HOST("b", "y"),
		     "p.conf:5: guests: only with guests of ours; yours are shut down and started "
		     "for each cell anyway");
	parse(MATRIX "[site]\nguests = cold\n", &plan);
	assert_true(plan.cold);
	plan_done(&plan);
	parse(MATRIX "[site]\nkind = hosts\nsize = 1G\n" HOST("a", "x") HOST("b", "y"), &plan);
	plan_done(&plan);
}

#define AUTO(x, more) \
	"[host " x "]\ndevice = /dev/vg/r0\ndomain = auto\nssh = " x "\nlibvirt = qemu+ssh://" x \
	"/system\n" more

/* Guards against: keys that mean nothing for this kind of guest and are passed over, so that a
 * user believes they count; a guest of ours that could not reach the other. */
static void test_bad_guests(void **state)
{
	static const struct {
		const char *hosts, *message;
	} cases[] = {
		{AUTO("a", "address = 192.0.2.1\n") HOST("b", "y"),
		 "p.conf:9: domain = auto must be on both hosts or on neither: our guests form a "
		 "cluster of their own"},
		{AUTO("a", "address = 192.0.2.1\n") AUTO("b", ""),
		 "p.conf:9: [host b] needs 'address', the host's own, through which the other "
		 "host's guest reaches this one's"},
		{AUTO("a", "address = alpha\n") AUTO("b", ""),
		 "p.conf:8: address: 'alpha' is not an IPv4 address of the host, such as "
		 "192.0.2.1"},
		{AUTO("a", "agent = ssh\n") AUTO("b", ""),
		 "p.conf:8: agent: not with domain = auto, whose guest is ours"},
		{"[host a]\nlibvirt = qemu+ssh://alpha/system\n"
		 "device = /dev/vg/r0\ndomain = auto\n" AUTO("b", ""),
		 "p.conf:4: libvirt: is on another host, so [host a] needs 'ssh' to it too, not "
		 "this machine: not all can be done through libvirt"},
		/* said in a word, it is no more right */
		{"[host a]\nlibvirt = qemu+ssh://alpha/system\nssh = local\n"
		 "device = /dev/vg/r0\ndomain = auto\n" AUTO("b", ""),
		 "p.conf:4: libvirt: is on another host, so [host a] needs 'ssh' to it too, not "
		 "this machine: not all can be done through libvirt"},
		{HOST("a", "x") "agent = ssh\n" HOST("b", "y"),
		 "p.conf:3: [host a]: agent = ssh needs 'guest-ssh', the guest's address"},
		{HOST("a", "x") "guest-ssh = web1\n" HOST("b", "y"),
		 "p.conf:8: guest-ssh: only with agent = ssh"},
		{HOST("a", "x") "guest-ssh = local\n" HOST("b", "y"),
		 "p.conf:8: guest-ssh: a guest is not this machine: 'local'"},
		{HOST("a", "x") "ssh = ro$ot@alpha\n" HOST("b", "y"),
		 "p.conf:8: ssh: 'ro$ot' is not the name of a user"},
		{HOST("a", "x") "address = 192.0.2.1\n" HOST("b", "y"),
		 "p.conf:8: address: only with domain = auto; your guest has its own network"},
	};
	char text[2048];
	struct plan plan;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), MATRIX "%s[site]\nkind = hosts\n", cases[i].hosts);
		expect_error(text, cases[i].message);
	}
	parse(MATRIX "[site]\nkind = hosts\n" AUTO("a", "address = 192.0.2.1\n")
		      AUTO("b", "address = 192.0.2.2\n"),
	      &plan);
	assert_true(plan_host_is_auto(&plan.hosts[0]));
	assert_string_equal(plan.hosts[1].address, "192.0.2.2");
	plan_done(&plan);
}

/* Guards against: --only that keeps too much, or nothing without saying so. */
static void test_select(void **state)
{
	struct error err;
	struct plan plan;

	(void)state;
	assert_int_equal(plan_parse("demo", plan_demo_text, &plan, NULL), 0);
	assert_int_equal(plan_select(&plan, "cache=none, cache=unsafe,path=buffered", &err), 0);
	assert_int_equal(plan.n_cells, 2);
	assert_string_equal(plan.cells[0].id, "01-none");
	assert_string_equal(plan.cells[1].id, "05-unsafe");
	assert_int_equal(plan_select(&plan, "cache=writeback", &err), -1);
	assert_string_equal(err.text, "--only cache=writeback: no cell of the plan matches");
	assert_int_equal(err.kind, ERROR_USER);
	assert_int_equal(plan.n_cells, 2);
	assert_int_equal(plan_select(&plan, "cache=all/none,cache=all", &err), 0);
	assert_int_equal(plan.n_cells, 2);
	assert_int_equal(plan_select(&plan, "cache=fast", &err), -1);
	assert_string_equal(err.text, "--only: cache mode: 'fast' is unknown; " MODE_NAMES);
	assert_int_equal(plan_select(&plan, "colour=red", &err), -1);
	assert_string_equal(err.text, "--only: selector: 'colour' is unknown; " SELECTORS);
	assert_int_equal(plan_select(&plan, "none", &err), -1);
	assert_string_equal(err.text, "--only: 'none' is not of the form KEY=VALUE");
	assert_int_equal(plan_select(&plan, "", &err), -1);
	assert_int_equal(plan_select(&plan, "repeat=2", &err), -1);
	assert_int_equal(plan_select(&plan, "cache=unsafe,repeat=1,fault=none", &err), 0);
	assert_int_equal(plan.n_cells, 1);
	plan_done(&plan);
}

/* Guards against: a missing plan, a folder or noise in its place that is called anything else. */
static void test_files(void **state)
{
	char folder[] = "/tmp/test-plan-XXXXXX", path[64], message[256];
	struct error err;
	struct plan plan;
	FILE *file;

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_int_equal(plan_read(folder, &plan, &err), -1);
	snprintf(message, sizeof(message), "%s: is a folder, not a file", folder);
	assert_string_equal(err.text, message);
	assert_int_equal(err.kind, ERROR_USER);

	snprintf(path, sizeof(path), "%s/x.conf", folder);
	assert_int_equal(plan_read(path, &plan, &err), -1);
	snprintf(message, sizeof(message), "%s: No such file or directory", path);
	assert_string_equal(err.text, message);
	assert_int_equal(err.kind, ERROR_USER);

	file = fopen(path, "w");
	fwrite("[site]\0\n", 1, 8, file);
	fclose(file);
	assert_int_equal(plan_read(path, &plan, &err), -1);
	snprintf(message, sizeof(message), "%s: holds zero bytes; a plan is a text", path);
	assert_string_equal(err.text, message);

	file = fopen(path, "w");
	fputs(MATRIX "cache = none\n", file);
	fclose(file);
	assert_int_equal(plan_read(path, &plan, &err), -1);
	snprintf(message, sizeof(message), "%s:3: cache given twice, first in line 2", path);
	assert_string_equal(err.text, message);

	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(plan_read(path, &plan, &err), -1);
	snprintf(message, sizeof(message), "%s: is not a regular file", path);
	assert_string_equal(err.text, message);
	unlink(path);
	rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_demo),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_matrix),
		cmocka_unit_test(test_expectations),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_bad_values),
		cmocka_unit_test(test_bad_expectations),
		cmocka_unit_test(test_bad_hosts),
		cmocka_unit_test(test_bad_guests),
		cmocka_unit_test(test_select),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
