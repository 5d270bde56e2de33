/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domain_xml_live.c - domain_xml.h: what a running guest has that its definition does not.
 *
 * Devices are told apart by what stays the same while a guest runs: a disk by its target and its
 * file, an interface by its address, a host's device by where it is there. libvirt adds to them
 * what it found out itself, so never the whole of a device is compared. Of kinds without such a
 * name only the number counts.
 */
#include <stdio.h>
#include <string.h>

#include "virt/domain_xml_internal.h"

/* The first element of that name, or of any (NULL), from node on. */
static xmlNode *from(xmlNode *node, const char *name)
{
	while (node && (node->type != XML_ELEMENT_NODE ||
			(name && strcmp((const char *)node->name, name) != 0)))
		node = node->next;
	return node;
}

static xmlNode *child(const xmlNode *parent, const char *name)
{
	return parent ? from(parent->children, name) : NULL;
}

/* An attribute of a device's child into ret, "" if there is none. */
static void attribute(const xmlNode *device, const char *element, const char *name, char *ret,
		      size_t size)
{
	xmlNode *node = child(device, element);
	xmlChar *value = node ? xmlGetNoNsProp(node, XML_TEXT(name)) : NULL;

	snprintf(ret, size, "%s", value ? (const char *)value : "");
	xmlFree(value);
}

/* The file or device that a disk is; "" for one that is elsewhere (a pool's, the network's), whose
 * medium can be taken out, or which is a throw-away copy. */
static void disk_source(const xmlNode *disk, char *ret, size_t size)
{
	xmlChar *device = xmlGetNoNsProp(disk, XML_TEXT("device"));
	bool stays = !device || !strcmp((const char *)device, "disk") ||
		     !strcmp((const char *)device, "lun");

	xmlFree(device);
	ret[0] = 0;
	if (!stays || child(disk, "transient"))
		return;
	attribute(disk, "source", "file", ret, size);
	if (!ret[0])
		attribute(disk, "source", "dev", ret, size);
}

static bool same_disk(xmlNode *live, xmlNode *defined)
{
	char target[64], other_target[64], source[1024], other_source[1024];

	attribute(live, "target", "dev", target, sizeof(target));
	attribute(defined, "target", "dev", other_target, sizeof(other_target));
	disk_source(live, source, sizeof(source));
	disk_source(defined, other_source, sizeof(other_source));
	return !strcmp(target, other_target) &&
	       (!source[0] || !other_source[0] || !strcmp(source, other_source));
}

static bool same_interface(xmlNode *live, xmlNode *defined)
{
	char mac[64], other[64];

	attribute(live, "mac", "address", mac, sizeof(mac));
	attribute(defined, "mac", "address", other, sizeof(other));
	return !strcmp(mac, other);
}

/* Whether all attributes of one are the other's, too. */
static bool has_attributes(xmlNode *node, const xmlNode *wanted)
{
	const xmlAttr *attr;
	bool has = true;

	for (attr = wanted->properties; has && attr; attr = attr->next) {
		xmlChar *value = xmlGetNoNsProp(wanted, attr->name);
		xmlChar *found = xmlGetNoNsProp(node, attr->name);

		has = value && found && !xmlStrcmp(value, found);
		xmlFree(value);
		xmlFree(found);
	}
	return has;
}

/* To the vendor of a USB device that is defined so, libvirt adds where it found one. */
static bool same_hostdev(xmlNode *live, xmlNode *defined)
{
	const xmlNode *source = child(live, "source"), *wanted;

	for (wanted = child(child(defined, "source"), NULL); wanted;
	     wanted = from(wanted->next, NULL)) {
		xmlNode *found = child(source, (const char *)wanted->name);

		if (!found || !has_attributes(found, wanted))
			return false;
	}
	return true;
}

static bool same_kind(xmlNode *live, xmlNode *defined)
{
	(void)live;
	(void)defined;
	return true;
}

static const struct kind {
	const char *element;
	bool (*same)(xmlNode *live, xmlNode *defined);
} kinds[] = {
	{"disk", same_disk},	   {"interface", same_interface}, {"hostdev", same_hostdev},
	{"filesystem", same_kind}, {"memory", same_kind},	  {"redirdev", same_kind},
	{"rng", same_kind},	   {"shmem", same_kind},
};

/* As a person would look for it: "disk vdc (/srv/c.img)", "interface 52:54:00:00:00:01". */
static void describe(const xmlNode *device, char *ret, size_t size)
{
	char name[64], source[1024];
	const xmlNode *node = child(device, "source");
	const xmlAttr *attr;
	size_t used;

	attribute(device, "target", "dev", name, sizeof(name));
	if (!strcmp((const char *)device->name, "disk")) {
		disk_source(device, source, sizeof(source));
		snprintf(ret, size, "disk %s%s%s%s", name, source[0] ? " (" : "", source,
			 source[0] ? ")" : "");
		return;
	}
	attribute(device, "mac", "address", name, sizeof(name));
	snprintf(ret, size, "%s%s%s", (const char *)device->name, name[0] ? " " : "", name);
	if (strcmp((const char *)device->name, "hostdev") != 0)
		return;
	for (node = child(node, NULL); node; node = from(node->next, NULL)) {
		for (attr = node->properties; attr; attr = attr->next) {
			xmlChar *value = xmlGetNoNsProp(node, attr->name);

			used = strlen(ret);
			snprintf(ret + used, size - used, " %s", value ? (const char *)value : "");
			xmlFree(value);
		}
	}
}

static const xmlNode *devices_of(const xmlDoc *doc)
{
	return child(xmlDocGetRootElement(doc), "devices");
}

/* The first device of a kind that has none of its own in the definition; NULL if there is none. */
static const xmlNode *find_more(const xmlNode *live, const xmlNode *defined,
				const struct kind *kind)
{
	xmlNode *device, *other;

	for (device = child(live, kind->element); device;
	     device = from(device->next, kind->element)) {
		other = child(defined, kind->element);
		while (other && (other->_private || !kind->same(device, other)))
			other = from(other->next, kind->element);
		if (!other)
			return device;
		other->_private = device; /* each stands for one */
	}
	return NULL;
}

int domain_xml_live_only(const char *live, const char *definition, char *ret, size_t size,
			 struct error *err)
{
	xmlDoc *live_doc = domain_xml_parse(live, err);
	xmlDoc *doc = live_doc ? domain_xml_parse(definition, err) : NULL;
	const xmlNode *more = NULL;
	int result = doc ? 0 : -1;
	size_t i;

	for (i = 0; doc && !more && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		more = find_more(devices_of(live_doc), devices_of(doc), &kinds[i]);
	if (more) {
		describe(more, ret, size);
		result = 1;
	}
	xmlFreeDoc(live_doc);
	xmlFreeDoc(doc);
	return result;
}
