/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_drbd.c - a resource's state as drbdsetup events2 prints it: what is read, and when a test
 * may stand on it.
 *
 * The 8.4 text is what a live resource printed; the one of 9 is written after its manual and its
 * utilities' source, with a third host that only breaks ties.
 */
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#include "drbd/events.h"
#include "drbd/fit.h"
#include "drbd/watch.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char live[] =
	"exists resource name:r0 role:Primary suspended:no write-ordering:flush\n"
	"exists connection name:r0 peer-node-id:0 conn-name:peer connection:Connected role:Primary "
	"congested:no\n"
	"exists device name:r0 volume:0 minor:0 disk:UpToDate size:532424 read:37638 written:68216 "
	"al-writes:14 bm-writes:0 upper-pending:0 lower-pending:0 al-suspended:no blocked:no\n"
	"exists peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:Established "
	"peer-disk:UpToDate resync-suspended:no received:33112 sent:35104 out-of-sync:0 pending:0 "
	"unacked:0\n"
	"exists -\n";

static const char nine[] =
	"exists resource name:vm node-id:1 role:Primary suspended:no force-io-failures:no "
	"write-ordering:flush may_promote:no promotion_score:10103\n"
	"exists connection name:vm peer-node-id:0 conn-name:alpha connection:Connected "
	"role:Primary congested:no ap-in-flight:0 rs-in-flight:0\n"
	"exists connection name:vm peer-node-id:2 conn-name:gamma connection:Connected "
	"role:Secondary tls:no congested:no ap-in-flight:0 rs-in-flight:0\n"
	"exists device name:vm volume:0 minor:1000 backing_dev:/dev/vg/vm a disk:UpToDate "
	"client:no "
	"quorum:yes size:4194304 read:1 written:2 al-writes:3 bm-writes:4 upper-pending:0 "
	"lower-pending:0 al-suspended:no blocked:no\n"
	"exists peer-device name:vm peer-node-id:0 conn-name:alpha volume:0 "
	"replication:Established peer-disk:UpToDate peer-client:no resync-suspended:no received:5 "
	"sent:6 out-of-sync:0 pending:0 unacked:0 has-sync-details:no\n"
	"exists path name:vm peer-node-id:0 conn-name:alpha local:ipv4:10.0.0.2:7789 "
	"peer:ipv4:10.0.0.1:7789 established:yes\n"
	"exists peer-device name:vm peer-node-id:2 conn-name:gamma volume:0 "
	"replication:Established peer-disk:Diskless peer-client:yes resync-suspended:no "
	"received:0 sent:0 out-of-sync:0 pending:0 unacked:0\n"
	"exists -\n";

static char room[16384];

/* Text with the first `from` replaced; several of them cannot be told apart by a case. */
static const char *with(const char *text, const char *from, const char *to)
{
	const char *at = strstr(text, from);

	if (!at)
		fail_msg("the sample has no '%s'", from);
	snprintf(room, sizeof(room), "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	return room;
}

static struct drbd_state parse(const char *text)
{
	struct drbd_state state;
	struct error err;

	if (drbd_events_parse("drbdsetup", text, strlen(text), &state, &err) < 0)
		fail_msg("%s", err.text);
	return state;
}

static void expect_count(const struct drbd_count *count, uint64_t value)
{
	assert_true(count->told);
	assert_true(count->value == value);
}

/* Guards against: a key taken for another (disk and peer-disk, role here and there), a size lost.
 */
static void test_live(void **unused)
{
	struct drbd_state state = parse(live);
	struct drbd_why why = {"untouched", ""};

	(void)unused;
	assert_string_equal(state.resource, "r0");
	assert_string_equal(state.role, "Primary");
	assert_string_equal(state.suspended, "no");
	assert_int_equal(state.n_peers, 1);
	expect_count(&state.peers[0].node_id, 0);
	assert_string_equal(state.peers[0].name, "peer");
	assert_string_equal(state.peers[0].connection, "Connected");
	assert_string_equal(state.peers[0].role, "Primary");
	assert_int_equal(state.n_volumes, 1);
	expect_count(&state.volumes[0].minor, 0);
	assert_string_equal(state.volumes[0].disk, "UpToDate");
	expect_count(&state.volumes[0].size, 532424);
	expect_count(&state.volumes[0].read, 37638);
	expect_count(&state.volumes[0].written, 68216);
	expect_count(&state.volumes[0].al_writes, 14);
	expect_count(&state.volumes[0].bm_writes, 0);
	assert_int_equal(state.peers[0].n_devices, 1);
	assert_string_equal(state.peers[0].devices[0].replication, "Established");
	assert_string_equal(state.peers[0].devices[0].disk, "UpToDate");
	expect_count(&state.peers[0].devices[0].received, 33112);
	expect_count(&state.peers[0].devices[0].sent, 35104);
	expect_count(&state.peers[0].devices[0].out_of_sync, 0);
	assert_true(drbd_fit(&state, NULL, &why));
	assert_true(drbd_fit(&state, "peer", NULL));
	assert_string_equal(why.text, "untouched");
}

/* Guards against: 9 refused for its new keys, paths and a third host; values with ':' or blanks. */
static void test_nine(void **unused)
{
	struct drbd_state state = parse(nine);
	struct drbd_why why;

	(void)unused;
	assert_int_equal(state.n_peers, 2);
	assert_string_equal(state.peers[1].name, "gamma");
	expect_count(&state.peers[1].node_id, 2);
	assert_string_equal(state.peers[1].devices[0].disk, "Diskless");
	assert_string_equal(state.volumes[0].disk, "UpToDate");
	assert_string_equal(state.volumes[0].quorum, "yes");
	expect_count(&state.volumes[0].minor, 1000);
	assert_true(drbd_fit(&state, NULL, &why));
	assert_true(drbd_fit(&state, "alpha", &why));
	assert_false(drbd_fit(&state, "gamma", &why));
	assert_non_null(strstr(why.text, "peer's role is Secondary"));
	assert_false(drbd_fit(&state, "beta", &why));
	assert_non_null(strstr(why.text, "no connection to beta"));
}

/* Guards against: the last newline, which some readers take away, being needed. */
static void test_no_last_newline(void **unused)
{
	struct drbd_state state;
	struct error err;

	(void)unused;
	assert_int_equal(drbd_events_parse("x", live, strlen(live) - 1, &state, &err), 0);
	assert_true(state.whole);
}

/* Guards against: a peer that is told by its name alone (early 8.4) counted once for each line. */
static void test_no_node_id(void **unused)
{
	static const char text[] =
		"exists resource name:r0 role:Primary suspended:no\n"
		"exists connection name:r0 conn-name:peer connection:Connected role:Primary\n"
		"exists device name:r0 volume:0 minor:0 disk:UpToDate\n"
		"exists peer-device name:r0 conn-name:peer volume:0 replication:Established "
		"peer-disk:UpToDate out-of-sync:0\n"
		"exists -\n";
	struct drbd_state state = parse(text);

	(void)unused;
	assert_int_equal(state.n_peers, 1);
	assert_false(state.peers[0].node_id.told);
	assert_true(drbd_fit(&state, NULL, NULL));
}

/* Guards against: half a dump, or another program's text, being taken for a state. */
static void test_refused(void **unused)
{
	static const struct {
		const char *from, *to, *said;
	} cases[] = {
		{"exists -\n", "", "x: line 4: the end is missing"},
		{"exists -\n", "exists", "x: line 5: the end is missing"},
		{"exists -\n", "exists -\nexists -\n", "x: line 6: something after"},
		{"volume:0 minor:0", "minor:0", "x: line 3: a device without a volume"},
		{"device name:r0", "device", "x: line 3: a device without the resource's name"},
		{"device name:r0", "device name:r1",
		 "x: line 3: of resource r1, after lines of r0"},
		{"peer-node-id:0 conn-name:peer conn", "conn",
		 "x: line 2: a connection without the peer's name"},
		{"size:532424", "size:53x", "x: line 3: size: '53x' is not a number"},
		{"size:532424", "size:", "x: line 3: size: '' is not a number"},
		{"size:532424", "size:-1", "x: line 3: size: '-1' is not a number"},
		{"volume:0", "volume:4294967296", "x: line 3: volume: '4294967296'"},
		{"role:Primary", "role:PrimaryPrimaryPrimaryPrimaryPrimaryPrimaryPrimary",
		 "x: line 1: role: 'Primary"},
	};
	struct drbd_state state = {.resource = "mark"};
	struct error err;
	size_t i;

	(void)unused;
	for (i = 0; i < COUNT(cases); i++) {
		const char *text = with(live, cases[i].from, cases[i].to);

		assert_int_equal(drbd_events_parse("x", text, strlen(text), &state, &err), -1);
		assert_int_equal(err.kind, ERROR_WORLD);
		if (!strstr(err.text, cases[i].said))
			fail_msg("case %zu: %s", i, err.text);
		assert_string_equal(state.resource, "mark");
	}
	assert_int_equal(drbd_events_parse("x", "", 0, &state, &err), -1);
	assert_int_equal(drbd_events_parse("x", "exists -\n", 9, &state, &err), -1);
	assert_non_null(strstr(err.text, "no resource"));
	assert_int_equal(drbd_events_parse("x", "exists -\0\n", 10, &state, &err), -1);
	assert_non_null(strstr(err.text, "line 1: a NUL byte"));
	memset(room, 'x', sizeof(room));
	assert_int_equal(drbd_events_parse("x", room, DRBD_LINE_MAX + 1, &state, &err), -1);
	assert_non_null(strstr(err.text, "line 1: a line of more than"));
	assert_int_equal(drbd_events_parse("x", room, DRBD_LINE_MAX, &state, &err), -1);
	assert_non_null(strstr(err.text, "the end is missing"));
}

/* Guards against: a message that a hostile name turns into terminal commands. */
static void test_printable(void **unused)
{
	struct drbd_state state = parse(with(live, "disk:UpToDate", "disk:\033[2J"));
	struct drbd_why why;

	(void)unused;
	assert_false(drbd_fit(&state, NULL, &why));
	assert_null(strchr(why.text, '\033'));
	assert_non_null(strstr(why.text, "the disk here is ?[2J"));
}

/* Guards against: a bad state taken for fit, or blamed on what follows from its cause. */
static void test_unfit(void **unused)
{
	static const struct {
		const char *from, *to, *why, *remedy;
	} cases[] = {
		{"connection:Connected role:Primary", "connection:StandAlone role:Unknown",
		 "resource r0: connection StandAlone (after a split brain", "--discard-my-data r0"},
		{"connection:Connected role:Primary", "connection:Connecting role:Unknown",
		 "connection Connecting: it waits for its peer", "on the other host"},
		{"connection:Connected", "connection:NetworkFailure", "connection NetworkFailure",
		 "kernel's log"},
		{"connection:Connected", "connection:", "no connection was told", "adjust"},
		{"suspended:no", "suspended:fencing", "I/O is suspended (fencing)", "resume-io r0"},
		{"suspended:no", "", "I/O is suspended (unknown)", ""},
		{"suspended:no", "suspended:no force-io-failures:yes", "made to fail", ""},
		{"role:Primary", "role:Secondary", "its role here is Secondary", "primary r0"},
		{"role:Primary", "", "its role here is unknown", ""},
		{"Connected role:Primary", "Connected role:Secondary",
		 "the peer's role is Secondary: the volume is not dual-primary", "primary r0"},
		{"disk:UpToDate size", "disk:Inconsistent size",
		 "volume 0: the disk here is Inconsistent", "invalidate"},
		{"disk:UpToDate size", "disk:Outdated size", "disk here is Outdated", "resync"},
		{"disk:UpToDate size", "disk:Failed size", "disk here is Failed", "attach"},
		{"disk:UpToDate size", "size", "disk here is unknown", ""},
		{"peer-disk:UpToDate", "peer-disk:DUnknown", "disk of the peer is DUnknown", ""},
		{"peer-disk:UpToDate", "", "disk of the peer is unknown", ""},
		{"replication:Established peer-disk:UpToDate",
		 "replication:SyncTarget peer-disk:UpToDate", "a resync is on its way (SyncTarget)",
		 "wait for its end"},
		{"replication:Established", "replication:WFBitMapS", "a resync is on its way", ""},
		{"replication:Established", "replication:PausedSyncS", "a resync is on its", ""},
		{"replication:Established", "replication:Ahead", "a resync is on its way", ""},
		{"replication:Established", "replication:Behind", "a resync is on its way", ""},
		{"replication:Established", "replication:VerifyS", "online verify runs", ""},
		{"replication:Established", "replication:Off", "replication is Off", ""},
		{"replication:Established", "", "replication is unknown", ""},
		{"out-of-sync:0", "out-of-sync:4", "4 KiB are out of sync", "--discard-my-data"},
		{"out-of-sync:0", "", "how much is out of sync was not told", "--statistics"},
		{"blocked:no", "blocked:no quorum:no", "no quorum", ""},
	};
	size_t i;

	(void)unused;
	for (i = 0; i < COUNT(cases); i++) {
		struct drbd_state state = parse(with(live, cases[i].from, cases[i].to));
		struct drbd_why why;

		if (drbd_fit(&state, NULL, &why))
			fail_msg("case %zu is fit", i);
		if (!strstr(why.text, cases[i].why) || !strstr(why.remedy, cases[i].remedy))
			fail_msg("case %zu: %s -> %s", i, why.text, why.remedy);
		assert_false(drbd_fit(&state, NULL, NULL));
	}
}

/* Guards against: the first bad word in the text winning over what explains it. */
static void test_order_of_reasons(void **unused)
{
	static const char split[] =
		"exists resource name:r0 role:Secondary suspended:no\n"
		"exists connection name:r0 peer-node-id:0 connection:StandAlone role:Unknown\n"
		"exists device name:r0 volume:0 minor:0 disk:Inconsistent size:4\n"
		"exists peer-device name:r0 peer-node-id:0 volume:0 replication:Off "
		"peer-disk:DUnknown out-of-sync:8\n"
		"exists -\n";
	struct drbd_state state = parse(split);
	struct drbd_why why;

	(void)unused;
	assert_string_equal(state.peers[0].name, "");
	assert_false(drbd_fit(&state, NULL, &why));
	assert_non_null(strstr(why.text, "StandAlone"));
	state = parse(with(split, "connection:StandAlone", "connection:Connected"));
	assert_false(drbd_fit(&state, NULL, &why));
	assert_non_null(strstr(why.text, "its role here is Secondary (its disk is Inconsistent)"));
	assert_non_null(strstr(why.remedy, "once its data is good"));
}

/* Guards against: no connection, no volume, two Primaries beside us, no Primary at all. */
static void test_who(void **unused)
{
	static const char none[] = "exists resource name:r0 role:Primary suspended:no\nexists -\n";
	struct drbd_state state = parse(none);
	struct drbd_why why;

	(void)unused;
	assert_false(drbd_fit(&state, NULL, &why));
	assert_non_null(strstr(why.text, "it has no connection"));
	state = parse(live);
	state.n_volumes = 0;
	assert_false(drbd_fit(&state, NULL, &why));
	assert_non_null(strstr(why.text, "it has no volume"));
	state = parse(with(nine, "role:Secondary", "role:Primary"));
	assert_false(drbd_fit(&state, NULL, &why));
	assert_non_null(strstr(why.text, "2 peers are Primary"));
	assert_false(drbd_fit(&state, "alpha", &why));
	assert_non_null(strstr(why.text, "2 peers are Primary: a third host may write"));
	state = parse(with(nine, "connection:Connected role:Primary",
			   "connection:StandAlone role:Unknown"));
	assert_false(drbd_fit(&state, NULL, &why));
	assert_non_null(strstr(why.text, "none of its 2 peers is known to be Primary (alpha: "
					 "StandAlone, role Unknown)"));
	state = parse(live);
	state.whole = false;
	assert_false(drbd_fit(&state, NULL, &why));
	memset(&state, 0, sizeof(state));
	assert_false(drbd_fit(&state, NULL, &why));
	assert_non_null(strstr(why.text, "its state was not told"));
}

/* Guards against: the ninth peer or the seventeenth volume written past the end, or kept silent. */
static void test_more(void **unused)
{
	struct drbd_state state = {0};
	struct drbd_why why;
	struct error err;
	unsigned i, n_lines = 0;
	char line[200];

	(void)unused;
	for (i = 0; i < 3 * DRBD_VOLUMES; i++, n_lines++) {
		snprintf(line, sizeof(line), "exists connection name:r peer-node-id:%u", i);
		assert_int_equal(drbd_events_line(line, strlen(line), &state, &err), 0);
		snprintf(line, sizeof(line), "exists device name:r volume:%u", i);
		assert_int_equal(drbd_events_line(line, strlen(line), &state, &err), 0);
		snprintf(line, sizeof(line), "exists peer-device name:r peer-node-id:7 volume:%u",
			 i);
		assert_int_equal(drbd_events_line(line, strlen(line), &state, &err), 0);
	}
	assert_int_equal(state.n_peers, DRBD_PEERS);
	assert_int_equal(state.n_volumes, DRBD_VOLUMES);
	assert_int_equal(state.peers[7].n_devices, DRBD_VOLUMES);
	assert_true(state.more);
	state = parse(live);
	state.more = true;
	assert_false(drbd_fit(&state, NULL, &why));
	assert_non_null(strstr(why.text, "more than 8 peers or 16 volumes"));
}

/* Guards against: a volume that is not fit behind one that is. */
static void test_second_volume(void **unused)
{
	struct drbd_state state;
	struct drbd_why why;

	(void)unused;
	state = parse(with(live, "exists -\n",
			   "exists device name:r0 volume:1 minor:1 disk:UpToDate\n"
			   "exists peer-device name:r0 peer-node-id:0 volume:1 "
			   "replication:Established peer-disk:UpToDate out-of-sync:12\n"
			   "exists -\n"));
	assert_false(drbd_fit(&state, NULL, &why));
	assert_non_null(strstr(why.text, "volume 1: 12 KiB"));
	state = parse(with(live, "exists -\n",
			   "exists device name:r0 volume:1 minor:1 disk:UpToDate\nexists -\n"));
	assert_false(drbd_fit(&state, NULL, &why));
	assert_non_null(strstr(why.text, "volume 1: the disk of the peer is unknown"));
}

/* Guards against: a resource taken down and up between two looks that show the same. */
static void test_same_life(void **unused)
{
	static const struct {
		const char *from, *to, *why;
	} cases[] = {
		{"written:68216", "written:68215", "volume 0 was taken down and up"},
		{"read:37638", "read:0", "volume 0 was taken down and up"},
		{"al-writes:14", "al-writes:13", "volume 0 was taken down and up"},
		{"sent:35104", "sent:4", "volume 0 or its connection was taken down"},
		{"received:33112", "received:4", "volume 0 or its connection was taken down"},
		{"size:532424", "size:532420", "volume 0 changed its size"},
		{"minor:0", "minor:1", "its volumes changed"},
		{"volume:0 minor", "volume:1 minor", "its volumes changed"},
		{"conn-name:peer conn", "conn-name:beta conn", "its connections changed"},
	};
	struct drbd_state before = parse(live), after;
	struct drbd_why why;
	size_t i;

	(void)unused;
	assert_true(drbd_same_life(&before, &before, NULL));
	for (i = 0; i < COUNT(cases); i++) {
		after = parse(with(live, cases[i].from, cases[i].to));
		assert_false(drbd_same_life(&before, &after, &why));
		if (!strstr(why.text, cases[i].why))
			fail_msg("case %zu: %s", i, why.text);
	}
	after = parse(with(live, "written:68216", "written:99999"));
	assert_true(drbd_same_life(&before, &after, &why));
	/* the counter of 8.4 begins again at 2 TiB */
	before = parse(with(live, "written:68216", "written:2147483640"));
	assert_true(drbd_same_life(&before, &after, &why));
	after.n_volumes = 0;
	assert_false(drbd_same_life(&before, &after, &why));
	after = parse(live);
	after.peers[0].devices[0].volume = 1;
	assert_false(drbd_same_life(&before, &after, &why));
	after.n_peers = 0;
	assert_false(drbd_same_life(&before, &after, &why));
	assert_non_null(strstr(why.text, "its connections changed"));
	after = parse(nine);
	assert_false(drbd_same_life(&before, &after, &why));
	assert_non_null(strstr(why.text, "resource r0: it became vm between the two looks"));
}

static void feed(struct drbd_watch *watch, const char *text)
{
	struct error err;

	if (drbd_watch_feed(watch, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

/* Guards against: a connection that was lost and is back when one looks. */
static void test_watch_lost_and_back(void **unused)
{
	struct drbd_watch watch;
	struct drbd_why why;

	(void)unused;
	drbd_watch_init(&watch, NULL);
	assert_false(drbd_watch_fit(&watch, &why)); /* nothing was told yet */
	feed(&watch, live);
	assert_true(drbd_watch_fit(&watch, &why));
	feed(&watch, "change connection name:r0 peer-node-id:0 conn-name:peer "
		     "connection:NetworkFailure role:Unknown\n"
		     "change connection name:r0 peer-node-id:0 conn-name:peer "
		     "connection:Connected role:Primary\n");
	assert_true(drbd_fit(&watch.state, NULL, NULL));
	assert_false(drbd_watch_fit(&watch, &why));
	assert_non_null(strstr(why.text, "connection NetworkFailure"));
	assert_non_null(strstr(watch.line, "change connection name:r0"));
	assert_false(drbd_watch_fit(&watch, NULL));
}

/* Guards against: pieces of a line judged by themselves; the dump judged before it is whole. */
static void test_watch_pieces(void **unused)
{
	struct drbd_watch watch;
	struct error err;
	size_t i;

	(void)unused;
	drbd_watch_init(&watch, "peer");
	for (i = 0; i < sizeof(live) - 1; i++)
		assert_int_equal(drbd_watch_feed(&watch, live + i, 1, &err), 0);
	assert_int_equal(watch.n_lines, 5);
	assert_true(drbd_watch_fit(&watch, NULL));
	feed(&watch, "change resource name:r0 role:Sec");
	assert_true(drbd_watch_fit(&watch, NULL));
	feed(&watch, "ondary\n");
	assert_false(drbd_watch_fit(&watch, NULL));
	assert_string_equal(watch.line, "change resource name:r0 role:Secondary");
}

/* Guards against: an endless line, and an event that cannot be read passing by. */
static void test_watch_errors(void **unused)
{
	struct drbd_watch watch;
	struct error err;

	(void)unused;
	drbd_watch_init(&watch, NULL);
	feed(&watch, live);
	assert_int_equal(drbd_watch_feed(&watch, "change device name:r0\n", 22, &err), -1);
	assert_string_equal(err.text, "events2: line 6: a device without a volume");
	drbd_watch_init(&watch, NULL);
	memset(room, 'x', sizeof(room));
	assert_int_equal(drbd_watch_feed(&watch, room, DRBD_LINE_MAX, &err), 0);
	assert_int_equal(drbd_watch_feed(&watch, room, 1, &err), -1);
	assert_int_equal(err.kind, ERROR_WORLD);
}

static void one_line(struct drbd_state *state, const char *line)
{
	struct error err;

	if (drbd_events_line(line, strlen(line), state, &err) < 0)
		fail_msg("%s", err.text);
}

/* Guards against: a line that says its peer by name alone taken for the first one; an object that
 * is not known stored as one that is; a volume at a peer whose connection was never told. */
static void test_whose_line(void **unused)
{
	struct drbd_state state = parse(nine);

	(void)unused;
	one_line(&state, "change connection name:vm conn-name:gamma connection:Timeout");
	assert_string_equal(state.peers[0].connection, "Connected");
	assert_string_equal(state.peers[1].connection, "Timeout");
	one_line(&state, "create thing name:vm peer-node-id:0 volume:3");
	one_line(&state, "think peer-device name:vm peer-node-id:0 volume:3");
	assert_int_equal(state.n_peers, 2);
	assert_int_equal(state.peers[0].n_devices, 1);
	assert_false(state.more);
	one_line(&state, "create peer-device name:vm peer-node-id:3 volume:3");
	assert_true(state.more);
}

/* Guards against: what was destroyed, lost, or dated being kept, passed over, or not understood. */
static void test_watch_events(void **unused)
{
	static const struct {
		const char *events, *why; /* NULL: stays fit */
	} cases[] = {
		{"destroy connection name:r0 peer-node-id:0 conn-name:peer\n", "no connection"},
		{"destroy device name:r0 volume:0 minor:0\n", "it has no volume"},
		{"destroy peer-device name:r0 peer-node-id:0 conn-name:peer volume:0\n",
		 "the disk of the peer is unknown"},
		{"destroy resource name:r0\n", "it was taken down"},
		{"- skipped 3\n", "DRBD lost events"},
		{"2026-03-27T08:28:17.072611-07:00 change resource name:r0 suspended:user\n",
		 "I/O is suspended (user)"},
		{"call helper name:r0 peer-node-id:0 helper:before-resync-target\n", NULL},
		{"destroy device name:r0 volume:9\ndestroy connection name:r0 peer-node-id:9\n"
		 "destroy peer-device name:r0 peer-node-id:0 volume:9\n",
		 NULL},
		{"\n", NULL},
		{"change path name:r0 peer-node-id:0 established:no\n", NULL},
		{"2026-03-27T08:28:17.072611-07:00 exists -\n", NULL},
		{"rename resource name:r0 new_name:r1\n", NULL},
	};
	struct drbd_watch watch;
	struct drbd_why why;
	size_t i;

	(void)unused;
	for (i = 0; i < COUNT(cases); i++) {
		drbd_watch_init(&watch, NULL);
		feed(&watch, live);
		feed(&watch, cases[i].events);
		if (drbd_watch_fit(&watch, &why) != !cases[i].why)
			fail_msg("case %zu: %s", i, cases[i].why ? "fit" : why.text);
		if (cases[i].why && !strstr(why.text, cases[i].why))
			fail_msg("case %zu: %s", i, why.text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_nine),
		cmocka_unit_test(test_no_last_newline),
		cmocka_unit_test(test_no_node_id),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_printable),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_order_of_reasons),
		cmocka_unit_test(test_who),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_second_volume),
		cmocka_unit_test(test_same_life),
		cmocka_unit_test(test_watch_lost_and_back),
		cmocka_unit_test(test_watch_pieces),
		cmocka_unit_test(test_watch_errors),
		cmocka_unit_test(test_whose_line),
		cmocka_unit_test(test_watch_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
