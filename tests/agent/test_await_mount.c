/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_await_mount.c - is the volume mounted, going by texts as the kernel writes them? */
#include "tests/agent/harness.h"

#include "agent/await_mount.h"

static const char mounts[] =
	"22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n"
	"30 22 0:5 / /dev rw,nosuid shared:2 master:7 - devtmpfs udev rw,size=1k\n"
	"not a line of it\n"
	"41 22 254:16 / /srv/shared rw,noatime shared:9 - gfs2 /dev/vdb rw,locktable=x:v\n"
	"42 22 254:32 / /srv/old rw,noatime - gfs2 /dev/vdc rw\n"
	"43 42 254:48 / /srv/old rw,noatime - xfs /dev/vdd rw\n"
	"44 22 254:64 / /srv/a\\040b rw,noatime - ocfs2 /dev/vde rw\n"
	"45 22 254:80 / /srv/alone rw - gfs2 /dev/vdf rw,lockproto=lock_nolock,errors=panic\n"
	"46 22 254:96 / /srv/flocks rw,localflocks - gfs2 /dev/vdg rw\n"
	"47 22 254:112 / /srv/quiet rw - gfs2 /dev/vdh rw\n";

/* Look; expects that result, and the text in the message unless it is 1. */
static void look(const char *directory, const char *fstype, int result, const char *text)
{
	const struct fs_name_places places = {.mounts = in_scratch("mounts"),
					      .gfs2 = in_scratch("gfs2")};
	struct message_await m = {.timeout_ms = 1};
	struct error err = {0};
	int got;

	snprintf(m.directory, sizeof(m.directory), "%s", directory);
	snprintf(m.fstype, sizeof(m.fstype), "%s", fstype);
	got = await_mount_look(&places, &m, &err);
	if (got != result || (text && strcmp(err.text, text) != 0))
		fail_msg("%s: %d, '%s'", directory, got, err.text);
}

/* Guards against: a target on the guest's own disk because the volume is not mounted (yet), on what
 * is mounted beside it or over it, or on another type of file system. */
static void test_where(void **state)
{
	(void)state;
	write_file(in_scratch("mounts"), 0, mounts, sizeof(mounts) - 1);
	look("/srv/shared", "gfs2", 1, NULL);
	look("/srv/shared/below/it", "gfs2", 1, NULL);
	look("/srv/shared", "ocfs2", 0, "/srv/shared is on gfs2 (/dev/vdb), not ocfs2");
	look("/srv/sharedness", "gfs2", 0, "/srv/sharedness is on ext4 (/dev/vda1), not gfs2");
	look("/srv", "gfs2", 0, "/srv is on ext4 (/dev/vda1), not gfs2");
	look("/", "ext4", 1, NULL);
	look("/srv/old", "gfs2", 0, "/srv/old is on xfs (/dev/vdd), not gfs2");
	look("/srv/old/x", "xfs", 1, NULL);
	look("/srv/a b/x", "ocfs2", 1, NULL);
	look("srv", "gfs2", -1, NULL);
	look("/srv", "", -1, NULL);
}

/* Guards against: a GFS2 without the cluster's locks on each of two nodes, which nothing survives.
 */
static void test_locks(void **state)
{
	(void)state;
	write_file(in_scratch("mounts"), 0, mounts, sizeof(mounts) - 1);
	look("/srv/alone", "gfs2", -1,
	     "/srv/alone (/dev/vdf) is mounted with lockproto=lock_nolock: it locks for this node "
	     "alone, and two nodes destroy it; mount it with the cluster's locks");
	look("/srv/flocks/x", "gfs2", -1,
	     "/srv/flocks (/dev/vdg) is mounted with localflocks: it locks for this node "
	     "alone, and two nodes destroy it; mount it with the cluster's locks");
	/* only sysfs knows */
	look("/srv/quiet", "gfs2", 1, NULL);
	assert_int_equal(mkdir(in_scratch("gfs2"), 0755), 0);
	assert_int_equal(mkdir(in_scratch("gfs2/x:v"), 0755), 0);
	assert_int_equal(mkdir(in_scratch("gfs2/x:v/lock_module"), 0755), 0);
	write_file(in_scratch("gfs2/x:v/id"), 0, "254:112\n", 8);
	look("/srv/quiet", "gfs2", 1, NULL);
	write_file(in_scratch("gfs2/x:v/lock_module/proto_name"), 0, "lock_nolock\n", 12);
	look("/srv/quiet", "gfs2", -1,
	     "/srv/quiet (/dev/vdh) is mounted with lock_nolock: it locks for this node "
	     "alone, and two nodes destroy it; mount it with the cluster's locks");
	look("/srv/shared", "gfs2", 1, NULL);
}

/* Guards against: no answer when nothing is mounted anywhere, or the file cannot be read. */
static void test_nothing(void **state)
{
	(void)state;
	look("/srv", "gfs2", 0, NULL);
	write_file(in_scratch("mounts"), 0, "", 0);
	look("/srv", "gfs2", 0, "/srv is on no mounted file system");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_scratch, remove_scratch)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_where),
		TEST(test_locks),
		TEST(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
