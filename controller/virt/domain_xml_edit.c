/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domain_xml_edit.c - domain_xml.h: a definition of somebody else's, with an attribute or three
 * changed.
 *
 * Whatever the definition holds besides (other disks, metadata of a name space that we do not know,
 * comments, secrets) passes through libxml2's tree as it is: nothing is built anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/parse.h"
#include "virt/domain_xml_internal.h"

static bool is_element(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && !node->ns &&
	       !strcmp((const char *)node->name, name);
}

/* The first child of that name after `after`, or of all; NULL if there is none. */
static xmlNode *child(const xmlNode *parent, const xmlNode *after, const char *name)
{
	xmlNode *node = after ? after->next : parent ? parent->children : NULL;

	while (node && !is_element(node, name))
		node = node->next;
	return node;
}

static bool attribute_is(xmlNode *node, const char *name, const char *value)
{
	xmlChar *text = node ? xmlGetNoNsProp(node, XML_TEXT(name)) : NULL;
	bool is = text && !strcmp((const char *)text, value);

	xmlFree(text);
	return is;
}

static const xmlNode *devices_of(const xmlDoc *doc)
{
	const xmlNode *root = xmlDocGetRootElement(doc);

	return root && is_element(root, "domain") ? child(root, NULL, "devices") : NULL;
}

static xmlNode *find_disk(const xmlDoc *doc, const char *target)
{
	const xmlNode *devices = devices_of(doc);
	xmlNode *disk = child(devices, NULL, "disk");

	while (disk && !attribute_is(child(disk, NULL, "target"), "dev", target))
		disk = child(devices, disk, "disk");
	return disk;
}

/* A driver as libvirt takes one for granted, as the disk's first child. */
static xmlNode *make_driver(xmlNode *disk)
{
	xmlNode *driver = xmlNewNode(NULL, XML_TEXT("driver"));

	if (!driver)
		return NULL;
	xmlNewProp(driver, XML_TEXT("name"), XML_TEXT("qemu"));
	xmlNewProp(driver, XML_TEXT("type"), XML_TEXT("raw"));
	if (disk->children)
		return xmlAddPrevSibling(disk->children, driver);
	return xmlAddChild(disk, driver);
}

/* value NULL: take the attribute away. */
static int set_driver(xmlNode *disk, const char *name, const char *value)
{
	xmlNode *driver = child(disk, NULL, "driver");

	if (!value) {
		if (driver)
			xmlUnsetNsProp(driver, NULL, XML_TEXT(name));
		return 0;
	}
	if (!driver)
		driver = make_driver(disk);
	return driver && xmlSetProp(driver, XML_TEXT(name), XML_TEXT(value)) ? 0 : -1;
}

static int set_cache(xmlNode *disk, enum cache_mode mode)
{
	return set_driver(disk, "cache", mode == CACHE_DEFAULT ? NULL : cache_mode_names[mode]);
}

/* What the setup leaves open stays. */
static int set_setup(xmlNode *disk, const struct disk_setup *setup)
{
	unsigned io = setup->value[DISK_IO], iothread = setup->value[DISK_IOTHREAD];

	if (io && set_driver(disk, "io", disk_axes[DISK_IO].names[io]) < 0)
		return -1;
	if (iothread &&
	    set_driver(disk, "iothread", iothread == DISK_IOTHREAD_YES ? "1" : NULL) < 0)
		return -1;
	return 0;
}

/* The document as text, without a declaration in front, as libvirt gives it. */
static char *print(xmlDoc *doc, struct error *err)
{
	xmlBuffer *buffer = xmlBufferCreate();
	const xmlNode *node;
	char *ret = NULL;

	for (node = buffer ? doc->children : NULL; node; node = node->next) {
		if (xmlNodeDump(buffer, doc, (xmlNode *)node, 0, 0) < 0 ||
		    xmlBufferCat(buffer, XML_TEXT("\n")) != 0) {
			xmlBufferEmpty(buffer);
			break;
		}
	}
	if (buffer && xmlBufferLength(buffer))
		ret = strdup((const char *)xmlBufferContent(buffer));
	if (buffer)
		xmlBufferFree(buffer);
	if (!ret)
		error_set(err, ERROR_WORLD, "out of memory");
	return ret;
}

char *domain_xml_channel_of(const char *xml, const char *name, struct error *err)
{
	xmlDoc *doc = domain_xml_parse(xml, err);
	const xmlNode *devices;
	xmlBuffer *buffer;
	xmlNode *channel;
	char *ret = NULL;

	if (!doc)
		return NULL;
	devices = devices_of(doc);
	channel = child(devices, NULL, "channel");
	while (channel && !attribute_is(child(channel, NULL, "target"), "name", name))
		channel = child(devices, channel, "channel");
	buffer = channel ? xmlBufferCreate() : NULL;
	if (buffer && xmlNodeDump(buffer, doc, channel, 0, 0) > 0)
		ret = strdup((const char *)xmlBufferContent(buffer));
	if (buffer)
		xmlBufferFree(buffer);
	xmlFreeDoc(doc);
	if (!ret)
		error_set(err, ERROR_WORLD, "it has no channel %s", name);
	return ret;
}

char *domain_xml_with_cache(const char *xml, const char *disk, enum cache_mode mode,
			    const struct disk_setup *setup, const char *run, struct error *err)
{
	xmlDoc *doc = domain_xml_parse(xml, err);
	char *ret = NULL;
	xmlNode *node;

	if (!doc)
		return NULL;
	node = find_disk(doc, disk);
	if (!node)
		error_set(err, ERROR_WORLD, "it has no disk %s", disk);
	else if (set_cache(node, mode) < 0 || (setup && set_setup(node, setup) < 0) ||
		 (run && domain_xml_add_mark(doc, run) < 0))
		error_set(err, ERROR_WORLD, "out of memory");
	else
		ret = print(doc, err);
	xmlFreeDoc(doc);
	return ret;
}

/* The number in an attribute; -1 if there is none. */
static long number_of(xmlNode *node, const char *name)
{
	xmlChar *text = xmlGetNoNsProp(node, XML_TEXT(name));
	uint64_t number = 0;
	bool is = text && !parse_u64((const char *)text, INT32_MAX, name, &number, NULL);

	xmlFree(text);
	return is ? (long)number : -1;
}

static bool same_type(xmlNode *one, xmlNode *other)
{
	xmlChar *type = xmlGetNoNsProp(one, XML_TEXT("type"));
	bool same = type && attribute_is(other, "type", (const char *)type);

	xmlFree(type);
	return same;
}

/* Whether controller `late`, which stands behind `early`, comes to stand before it. */
static bool belongs_before(xmlNode *late, xmlNode *early)
{
	return same_type(late, early) && number_of(late, "index") < number_of(early, "index");
}

/*
 * Where a controller comes to stand when libvirt reads the definition: behind the last of its type
 * with no greater index, in front of the first with a greater one. NULL: where it is.
 */
static xmlNode *better_place(const xmlNode *devices, xmlNode *controller)
{
	xmlNode *at, *last = NULL;

	for (at = child(devices, NULL, "controller"); at && at != controller;
	     at = child(devices, at, "controller")) {
		if (belongs_before(controller, at))
			return at;
		if (same_type(controller, at))
			last = at;
	}
	at = last ? child(devices, last, "controller") : NULL;
	return at == controller ? NULL : at;
}

/*
 * libvirt groups controllers by type when it reads a definition, but not when it adds some of its
 * own to a guest that is defined: their order changes at the next definition, or when libvirtd is
 * started the next time. Bring them into the order that stays. Returns whether it was another.
 */
static bool order_controllers(const xmlDoc *doc)
{
	const xmlNode *devices = devices_of(doc);
	xmlNode *controller = child(devices, NULL, "controller"), *next, *place, *gap;
	bool moved = false;

	for (; controller; controller = next) {
		next = child(devices, controller, "controller");
		place = better_place(devices, controller);
		if (!place)
			continue;
		gap = controller->prev;
		xmlUnlinkNode(controller);
		xmlAddPrevSibling(place, controller);
		if (gap && xmlNodeIsText(gap)) { /* its indentation goes along */
			xmlUnlinkNode(gap);
			xmlAddPrevSibling(place, gap);
		}
		moved = true;
	}
	return moved;
}

/* With its controllers in the order that stays; what we change of `disk`, unless NULL, and our mark
 * taken away. */
static char *normal_form(const char *xml, const char *disk, struct error *err)
{
	xmlDoc *doc = domain_xml_parse(xml, err);
	xmlNode *node = NULL;
	char *ret = NULL;

	if (!doc)
		return NULL;
	order_controllers(doc);
	if (disk) {
		domain_xml_remove_mark(doc);
		node = find_disk(doc, disk);
	}
	if (node && !child(node, NULL, "driver"))
		make_driver(node);
	if (disk && !node)
		error_set(err, ERROR_WORLD, "it has no disk %s", disk);
	else if (!disk || (!set_cache(node, CACHE_DEFAULT) && !set_driver(node, "io", NULL) &&
			   !set_driver(node, "iothread", NULL)))
		ret = print(doc, err);
	xmlFreeDoc(doc);
	return ret;
}

int domain_xml_equal(const char *xml, const char *other, const char *but_cache_of,
		     struct error *err)
{
	char *a = normal_form(xml, but_cache_of, err);
	char *b = a ? normal_form(other, but_cache_of, err) : NULL;
	int result = b ? !strcmp(a, b) : -1;

	free(a);
	free(b);
	return result;
}

int domain_xml_order_stays(const char *xml, struct error *err)
{
	xmlDoc *doc = domain_xml_parse(xml, err);
	bool moved;

	if (!doc)
		return -1;
	moved = order_controllers(doc);
	xmlFreeDoc(doc);
	return !moved;
}

int domain_xml_disk_name(const char *xml, unsigned index, char *ret, size_t size, struct error *err)
{
	xmlDoc *doc = domain_xml_parse(xml, err);
	const xmlNode *devices;
	xmlNode *disk, *target;
	xmlChar *name = NULL;

	if (!doc)
		return -1;
	devices = devices_of(doc);
	disk = child(devices, NULL, "disk");
	while (disk && index--)
		disk = child(devices, disk, "disk");
	target = child(disk, NULL, "target");
	if (target)
		name = xmlGetNoNsProp(target, XML_TEXT("dev"));
	snprintf(ret, size, "%s", name ? (const char *)name : "");
	xmlFree(name);
	xmlFreeDoc(doc);
	return disk ? 1 : 0;
}

static void text_of(xmlNode *node, char *ret, size_t size)
{
	xmlChar *text = node ? xmlNodeGetContent(node) : NULL;

	snprintf(ret, size, "%s", text ? (const char *)text : "");
	xmlFree(text);
}

int domain_xml_identity(const char *xml, struct domain_identity *ret, struct error *err)
{
	xmlDoc *doc = domain_xml_parse(xml, err);
	const xmlNode *root;

	if (!doc)
		return -1;
	root = xmlDocGetRootElement(doc);
	if (!root || !is_element(root, "domain"))
		root = NULL;
	text_of(child(root, NULL, "name"), ret->name, sizeof(ret->name));
	text_of(child(root, NULL, "uuid"), ret->uuid, sizeof(ret->uuid));
	xmlFreeDoc(doc);
	if (!ret->name[0] || !ret->uuid[0])
		return error_set(err, ERROR_WORLD,
				 "it is no libvirt domain with a name and a uuid");
	return 0;
}
