/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domain_xml_disk.c - domain_xml.h: the volume's disk in a guest of ours.
 *
 * Cells differ in the cache attribute and in what the plan's other axes say, and in nothing else.
 * On a SCSI bus an iothread serves a controller, not a disk: such a disk goes to the controller
 * that has one.
 */
#include <stdio.h>
#include <string.h>

#include "virt/domain_xml_internal.h"

/* What the plan asks for, in libvirt's word; NULL: nothing. */
static const char *asked(const struct disk_setup *setup, enum disk_axis axis)
{
	unsigned value = setup->value[axis];

	return value == DISK_DEFAULT ? NULL : disk_axes[axis].names[value];
}

const char *domain_xml_disk_target(const struct disk_setup *setup)
{
	return setup->value[DISK_BUS] >= DISK_BUS_SCSI ? "sda" : "vda";
}

static void add_iothread(xmlNode *disk, xmlNode *driver, const struct disk_setup *setup)
{
	bool wanted = setup->value[DISK_IOTHREAD] == DISK_IOTHREAD_YES;

	if (setup->value[DISK_BUS] == DISK_BUS_SCSI)
		domain_xml_element(disk, "address", "type", "drive", "controller",
				   wanted ? "1" : "0", "bus", "0", "target", "0", "unit", "0",
				   NULL);
	else if (wanted)
		xmlNewProp(driver, XML_TEXT("iothread"), XML_TEXT("1"));
}

char *domain_xml_disk(const char *device, enum cache_mode cache, const struct disk_setup *setup,
		      struct error *err)
{
	const char *bus = asked(setup, DISK_BUS), *io = asked(setup, DISK_IO);
	const char *format = asked(setup, DISK_FORMAT);
	xmlNode *disk, *driver;
	xmlDoc *doc;

	disk = domain_xml_document("disk", &doc);
	xmlNewProp(disk, XML_TEXT("type"), XML_TEXT("block"));
	xmlNewProp(disk, XML_TEXT("device"), XML_TEXT("disk"));
	driver = domain_xml_element(disk, "driver", "name", "qemu", "type", format ? format : "raw",
				    NULL);
	if (cache != CACHE_DEFAULT)
		xmlNewProp(driver, XML_TEXT("cache"), XML_TEXT(cache_mode_names[cache]));
	if (io)
		xmlNewProp(driver, XML_TEXT("io"), XML_TEXT(io));
	domain_xml_element(disk, "source", "dev", device, NULL);
	domain_xml_element(disk, "target", "dev", domain_xml_disk_target(setup), "bus",
			   bus ? bus : "virtio", NULL);
	domain_xml_element(disk, "shareable", NULL);
	domain_xml_text(disk, "serial", GUEST_SERIAL);
	add_iothread(disk, driver, setup);
	return domain_xml_finish(doc, err);
}

int domain_xml_check_setup(const char *xml, const char *target, const struct disk_setup *setup,
			   char *ret, size_t size, struct error *err)
{
	struct domain_disk disk;
	const char *found[DISK_AXES] = {
		[DISK_BUS] = disk.bus, [DISK_IO] = disk.io, [DISK_FORMAT] = disk.format};
	int there = domain_xml_disk_at(xml, target, &disk, err);
	unsigned axis;

	if (there <= 0)
		return there < 0 ? -1
				 : error_set(err, ERROR_WORLD, "the guest has no disk %s", target);
	found[DISK_IOTHREAD] = disk.iothread[0] ? "yes" : "no";
	ret[0] = 0;
	for (axis = 0; axis < DISK_AXES && !ret[0]; axis++) {
		const char *wanted = asked(setup, (enum disk_axis)axis);

		/* there it is the controller's */
		if (axis == DISK_IOTHREAD && !strcmp(disk.bus, "scsi"))
			continue;
		if (wanted && strcmp(wanted, found[axis]) != 0)
			snprintf(ret, size, "%s is %s, not %s", disk_axes[axis].key,
				 found[axis][0] ? found[axis] : "not said", wanted);
	}
	return 0;
}
