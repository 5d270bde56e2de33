/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_doctor.c - what the doctor makes of what it is told.
 *
 * Guards against: a look that failed and reads as well, an escape sequence from a guest on the
 * user's terminal, a mount without cluster locks that passes, the wrong disk of a domain.
 */
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor/diagnosis.h"
#include "doctor/guest_mounts.h"
#include "virt/domain_xml.h"

static char *text_of(const struct diagnosis *diagnosis)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	diagnosis_text(file, diagnosis, false);
	assert_int_equal(fclose(file), 0);
	return text;
}

/* Guards against: nothing looked at, and nothing wrong with that; a worst line that is not. */
static void worst_line(void **unused)
{
	struct diagnosis diagnosis = {0};

	(void)unused;
	assert_int_equal(diagnosis_level(&diagnosis), LEVEL_FAIL);
	diagnosis_add(&diagnosis, "host a", "kvm", LEVEL_OK, "there");
	assert_int_equal(diagnosis_level(&diagnosis), LEVEL_OK);
	diagnosis_add(&diagnosis, "host a", "clock", LEVEL_FAIL, "gone\nset it");
	diagnosis_add(&diagnosis, "host a", "drbd", LEVEL_WARN, "not looked at");
	assert_int_equal(diagnosis_level(&diagnosis), LEVEL_FAIL);
	diagnosis_done(&diagnosis);
}

/* Guards against: a remedy printed as part of the text, or lost; control bytes of a guest that
 * reach the terminal. */
static void lines_and_remedies(void **unused)
{
	struct diagnosis diagnosis = {0};
	char *text;

	(void)unused;
	diagnosis_add(&diagnosis, "host a", "clock", LEVEL_WARN, "%d s ahead\nrun %s", 7, "chrony");
	diagnosis_add(&diagnosis, "guest a", "mount", LEVEL_OK, "on \033]0;x\007/srv");
	text = text_of(&diagnosis);
	assert_non_null(strstr(text, "host a\n  warn  clock        7 s ahead\n"));
	assert_non_null(strstr(text, "-> run chrony\n"));
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\007'));
	free(text);
	diagnosis_done(&diagnosis);
}

static enum level judged(const char *mounts)
{
	struct diagnosis diagnosis = {0};
	struct guest_mounts given = {.text = strdup(mounts)};
	enum level level;

	guest_mounts_judge(&given, "guest a", &diagnosis);
	level = diagnosis_level(&diagnosis);
	diagnosis_done(&diagnosis);
	guest_mounts_done(&given);
	return level;
}

/* Guards against: cluster file systems that are mounted without the cluster's locks, options that
 * only begin like these, and a guest's text that is no table. */
static void mounts(void **unused)
{
	(void)unused;
	assert_int_equal(judged("/dev/vdb /srv gfs2 rw,relatime 0 0\n"), LEVEL_OK);
	assert_int_equal(judged("/dev/vdb /srv gfs2 rw,localflocks 0 0\n"), LEVEL_FAIL);
	assert_int_equal(judged("/dev/vdb /srv gfs2 rw,lockproto=lock_nolock,x 0 0\n"), LEVEL_FAIL);
	assert_int_equal(judged("/dev/vdb /srv gfs2 rw,nolocalflocks,localflocksx 0 0\n"),
			 LEVEL_OK);
	assert_int_equal(judged("/dev/vda / ext4 rw 0 0\n"), LEVEL_WARN);
	assert_int_equal(judged(""), LEVEL_WARN);
	assert_int_equal(judged("gfs2\ngfs2 gfs2 gfs2\n\n"), LEVEL_WARN);
	assert_int_equal(judged("/dev/vda / ext4 rw 0 0\n/dev/vdb /srv ocfs2 rw 0 0\n"), LEVEL_OK);
}

/* Guards against: another disk's cache mode shown as that of the one that is tested. */
static void disk_of_domain(void **unused)
{
	static const char xml[] =
		"<domain><devices>"
		"<disk type='file'><driver type='qcow2'/><source file='/x.qcow2'/>"
		"<target dev='vda' bus='virtio'/></disk>"
		"<disk type='block'><driver type='raw' cache='writeback'/><source "
		"dev='/dev/drbd0'/>"
		"<target dev='vdb' bus='scsi'/><shareable/></disk>"
		"<channel type='unix'><target type='virtio' "
		"name='org.stalemate.agent.0'/></channel>"
		"</devices></domain>";
	struct domain_disk disk;
	struct error err;

	(void)unused;
	assert_int_equal(domain_xml_disk_at(xml, "vdb", &disk, &err), 1);
	assert_string_equal(disk.source, "/dev/drbd0");
	assert_string_equal(disk.cache, "writeback");
	assert_string_equal(disk.format, "raw");
	assert_string_equal(disk.bus, "scsi");
	assert_true(disk.shareable);
	assert_int_equal(domain_xml_disk_at(xml, "vda", &disk, &err), 1);
	assert_string_equal(disk.source, "/x.qcow2");
	assert_string_equal(disk.cache, "");
	assert_false(disk.shareable);
	assert_int_equal(domain_xml_disk_at(xml, "vdc", &disk, &err), 0);
	assert_int_equal(domain_xml_disk_at("<domain", "vdb", &disk, &err), -1);
	assert_int_equal(domain_xml_has_channel(xml, GUEST_CHANNEL, &err), 1);
	assert_int_equal(domain_xml_has_channel(xml, "org.qemu.guest_agent.0", &err), 0);
	assert_int_equal(domain_xml_has_channel(xml, "a' or '1'='1", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worst_line),
		cmocka_unit_test(lines_and_remedies),
		cmocka_unit_test(mounts),
		cmocka_unit_test(disk_of_domain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
