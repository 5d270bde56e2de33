/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domain_xml.c - see domain_xml.h.
 *
 * The guest is as bare as it can be: a direct kernel boot, a serial console to a file, one virtio
 * port for the agent, one network card on a UDP socket pair between the hosts (works without
 * bridge, root network set-up or multicast route), and free PCIe root ports, because q35
 * can hot-plug a disk into nothing else.
 */
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "virt/domain_xml_internal.h"

#define DESCRIPTION "stalemate lab guest"
#define HEARTBEAT_DISK "vdz" /* libvirt's name for it; the guest finds it by its serial */
#define FREE_PORTS 6
#define SCSI_PORTS 2 /* more, for its controllers */

xmlNode *domain_xml_element(xmlNode *parent, const char *name, ...)
{
	xmlNode *node = xmlNewChild(parent, NULL, XML_TEXT(name), NULL);
	const char *key, *value;
	va_list args;

	va_start(args, name);
	while (node && (key = va_arg(args, const char *))) {
		value = va_arg(args, const char *);
		xmlNewProp(node, XML_TEXT(key), XML_TEXT(value));
	}
	va_end(args);
	return node;
}

void domain_xml_text(xmlNode *parent, const char *name, const char *text)
{
	xmlNewTextChild(parent, NULL, XML_TEXT(name), XML_TEXT(text));
}

char *domain_xml_finish(xmlDoc *doc, struct error *err)
{
	xmlChar *text = NULL;
	char *ret = NULL;
	xmlBuffer *buffer;

	buffer = xmlBufferCreate();
	if (buffer && xmlNodeDump(buffer, doc, xmlDocGetRootElement(doc), 0, 1) > 0)
		text = xmlBufferDetach(buffer);
	if (text) {
		ret = strdup((char *)text);
		xmlFree(text);
	}
	if (buffer)
		xmlBufferFree(buffer);
	xmlFreeDoc(doc);
	if (!ret)
		error_set(err, ERROR_WORLD, "out of memory");
	return ret;
}

xmlNode *domain_xml_document(const char *root, xmlDoc **ret)
{
	xmlDoc *doc = xmlNewDoc(XML_TEXT("1.0"));
	xmlNode *node = xmlNewNode(NULL, XML_TEXT(root));

	xmlDocSetRootElement(doc, node);
	*ret = doc;
	return node;
}

static void add_network(xmlNode *devices, const struct guest_spec *spec)
{
	char port[16], peer_port[16];
	xmlNode *card, *source;

	snprintf(port, sizeof(port), "%u", spec->port);
	snprintf(peer_port, sizeof(peer_port), "%u", spec->peer_port);
	card = domain_xml_element(devices, "interface", "type", "udp", NULL);
	domain_xml_element(card, "mac", "address", spec->mac, NULL);
	source = domain_xml_element(card, "source", "address", spec->peer_address, "port",
				    peer_port, NULL);
	domain_xml_element(source, "local", "address", spec->address, "port", port, NULL);
	domain_xml_element(card, "model", "type", "virtio", NULL);
}

/* An iothread is its controller's there, not the disk's. */
static void add_scsi(xmlNode *devices)
{
	xmlNode *controller;

	domain_xml_element(devices, "controller", "type", "scsi", "index", "0", "model",
			   "virtio-scsi", NULL);
	controller = domain_xml_element(devices, "controller", "type", "scsi", "index", "1",
					"model", "virtio-scsi", NULL);
	domain_xml_element(controller, "driver", "iothread", "1", NULL);
}

/* Both guests have it on one host, whose page cache is one: any cache mode is coherent. */
static void add_heartbeat(xmlNode *devices, const struct guest_spec *spec)
{
	xmlNode *disk = domain_xml_element(devices, "disk", "type", "file", "device", "disk", NULL);

	domain_xml_element(disk, "driver", "name", "qemu", "type", "raw", "cache", "writeback",
			   NULL);
	domain_xml_element(disk, "source", "file", spec->heartbeat, NULL);
	domain_xml_element(disk, "target", "dev", HEARTBEAT_DISK, "bus", "virtio", NULL);
	domain_xml_element(disk, "shareable", NULL);
	domain_xml_text(disk, "serial", spec->heartbeat_serial);
}

static void add_devices(xmlNode *root, const struct guest_spec *spec)
{
	xmlNode *devices = domain_xml_element(root, "devices", NULL), *node;
	int i;

	domain_xml_element(devices, "controller", "type", "usb", "model", "none", NULL);
	domain_xml_element(devices, "controller", "type", "pci", "index", "0", "model", "pcie-root",
			   NULL);
	for (i = 0; i < FREE_PORTS + (spec->scsi ? SCSI_PORTS : 0); i++)
		domain_xml_element(devices, "controller", "type", "pci", "model", "pcie-root-port",
				   NULL);
	if (spec->scsi)
		add_scsi(devices);
	if (spec->heartbeat && spec->heartbeat[0])
		add_heartbeat(devices, spec);
	add_network(devices, spec);
	node = domain_xml_element(devices, "channel", "type", "unix", NULL);
	domain_xml_element(node, "target", "type", "virtio", "name", GUEST_CHANNEL, NULL);
	node = domain_xml_element(devices, "serial", "type", "file", NULL);
	domain_xml_element(node, "source", "path", spec->console, "append", "on", NULL);
	node = domain_xml_element(devices, "rng", "model", "virtio", NULL);
	xmlNewProp(xmlNewTextChild(node, NULL, XML_TEXT("backend"), XML_TEXT("/dev/urandom")),
		   XML_TEXT("model"), XML_TEXT("random"));
	domain_xml_element(devices, "memballoon", "model", "none", NULL);
}

static int add_disk(xmlNode *root, const char *xml, struct error *err)
{
	xmlDoc *doc = domain_xml_parse(xml, err);
	xmlNode *disk = doc ? xmlDocCopyNode(xmlDocGetRootElement(doc), root->doc, 1) : NULL;

	xmlFreeDoc(doc);
	if (!doc)
		return -1;
	if (!disk || !xmlAddChild(xmlLastElementChild(root), disk)) /* <devices> */
		return error_set(err, ERROR_WORLD, "out of memory");
	return 0;
}

char *domain_xml_guest(const struct guest_spec *spec, struct error *err)
{
	xmlNode *root, *os, *features;
	char memory[16];
	xmlDoc *doc;

	root = domain_xml_document("domain", &doc);
	xmlNewProp(root, XML_TEXT("type"), XML_TEXT(spec->kvm ? "kvm" : "qemu"));
	domain_xml_text(root, "name", spec->name);
	domain_xml_text(root, "description", DESCRIPTION);
	snprintf(memory, sizeof(memory), "%u", spec->memory_mib);
	xmlNewProp(xmlNewTextChild(root, NULL, XML_TEXT("memory"), XML_TEXT(memory)),
		   XML_TEXT("unit"), XML_TEXT("MiB"));
	domain_xml_text(root, "vcpu", "1");
	domain_xml_text(root, "iothreads", "1");
	os = domain_xml_element(root, "os", NULL);
	xmlNewProp(xmlNewTextChild(os, NULL, XML_TEXT("type"), XML_TEXT("hvm")),
		   XML_TEXT("machine"), XML_TEXT("q35"));
	domain_xml_text(os, "kernel", spec->kernel);
	domain_xml_text(os, "initrd", spec->initramfs);
	domain_xml_text(os, "cmdline", spec->command_line);
	features = domain_xml_element(root, "features", NULL);
	domain_xml_element(features, "acpi", NULL);
	domain_xml_element(features, "apic", NULL);
	if (spec->kvm)
		domain_xml_element(root, "cpu", "mode", "host-passthrough", NULL);
	domain_xml_text(root, "on_poweroff", "destroy");
	domain_xml_text(root, "on_reboot", "destroy");
	domain_xml_text(root, "on_crash", "destroy");
	add_devices(root, spec);
	if (spec->disk && add_disk(root, spec->disk, err) < 0) {
		xmlFreeDoc(doc);
		return NULL;
	}
	return domain_xml_finish(doc, err);
}

xmlDoc *domain_xml_parse(const char *xml, struct error *err)
{
	xmlDoc *doc = xmlReadMemory(xml, (int)strlen(xml), "domain.xml", NULL,
				    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);

	if (!doc)
		error_set(err, ERROR_WORLD, "libvirt's domain XML does not parse");
	return doc;
}

/* Number of nodes an XPath finds; -1 when the XML does not parse. */
static int count_nodes(const char *xml, const char *path)
{
	xmlXPathContext *context = NULL;
	xmlXPathObject *found = NULL;
	xmlDoc *doc = domain_xml_parse(xml, NULL);
	int count = -1;

	if (doc)
		context = xmlXPathNewContext(doc);
	if (context)
		found = xmlXPathEvalExpression(XML_TEXT(path), context);
	if (found)
		count = found->nodesetval ? found->nodesetval->nodeNr : 0;
	xmlXPathFreeObject(found);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
	return count;
}

static int has_node(const char *xml, const char *path, struct error *err)
{
	int count = count_nodes(xml, path);

	if (count < 0)
		return error_set(err, ERROR_WORLD, "libvirt's domain XML does not parse");
	return count > 0;
}

int domain_xml_has_disk(const char *xml, const char *target, struct error *err)
{
	struct domain_disk ignored;

	return domain_xml_disk_at(xml, target, &ignored, err);
}

int domain_xml_channel_connected(const char *xml, struct error *err)
{
	return has_node(xml,
			"/domain/devices/channel/target[@name='" GUEST_CHANNEL
			"'][@state='connected']",
			err);
}

/* The string that an XPath with "string(...)" gives, cut to size; "" if there is none. */
static void get_string(xmlXPathContext *context, const char *path, char *ret, size_t size)
{
	xmlXPathObject *found = xmlXPathEvalExpression(XML_TEXT(path), context);

	snprintf(ret, size, "%s",
		 found && found->type == XPATH_STRING && found->stringval
			 ? (const char *)found->stringval
			 : "");
	xmlXPathFreeObject(found);
}

/* The disk that context is of (a predicate picks the target). */
static void read_disk(xmlXPathContext *context, struct domain_disk *ret)
{
	char shareable[8], readonly[8];

	get_string(context, "string(@type)", ret->type, sizeof(ret->type));
	get_string(context, "string(source/@dev | source/@file | source/@name)", ret->source,
		   sizeof(ret->source));
	get_string(context, "string(driver/@type)", ret->format, sizeof(ret->format));
	get_string(context, "string(@device)", ret->device, sizeof(ret->device));
	get_string(context, "string(driver/@cache)", ret->cache, sizeof(ret->cache));
	get_string(context, "string(driver/@io)", ret->io, sizeof(ret->io));
	get_string(context, "string(driver/@iothread)", ret->iothread, sizeof(ret->iothread));
	get_string(context, "string(target/@bus)", ret->bus, sizeof(ret->bus));
	get_string(context, "string(count(shareable))", shareable, sizeof(shareable));
	get_string(context, "string(count(readonly))", readonly, sizeof(readonly));
	ret->shareable = strcmp(shareable, "0") != 0;
	ret->readonly = strcmp(readonly, "0") != 0;
}

int domain_xml_disk_at(const char *xml, const char *target, struct domain_disk *ret,
		       struct error *err)
{
	xmlXPathContext *context = NULL;
	xmlXPathObject *disks = NULL;
	int result = -1, i;
	xmlDoc *doc = domain_xml_parse(xml, NULL);
	xmlChar *name;

	if (doc)
		context = xmlXPathNewContext(doc);
	if (context)
		disks = xmlXPathEvalExpression(XML_TEXT("/domain/devices/disk/target"), context);
	if (!disks) {
		error_set(err, ERROR_WORLD, "libvirt's domain XML does not parse");
		goto out;
	}
	result = 0;
	for (i = 0; disks->nodesetval && i < disks->nodesetval->nodeNr && !result; i++) {
		xmlNode *node = disks->nodesetval->nodeTab[i];

		name = xmlGetProp(node, XML_TEXT("dev"));
		if (name && !strcmp((const char *)name, target)) {
			context->node = node->parent;
			read_disk(context, ret);
			result = 1;
		}
		xmlFree(name);
	}
out:
	xmlXPathFreeObject(disks);
	xmlXPathFreeContext(context);
	xmlFreeDoc(doc);
	return result;
}

int domain_xml_has_channel(const char *xml, const char *name, struct error *err)
{
	char path[256];

	if (strchr(name, '\''))
		return 0;
	snprintf(path, sizeof(path), "/domain/devices/channel/target[@name='%s']", name);
	return has_node(xml, path, err);
}

char *domain_xml_channel(struct error *err)
{
	xmlNode *channel;
	xmlDoc *doc;

	channel = domain_xml_document("channel", &doc);
	xmlNewProp(channel, XML_TEXT("type"), XML_TEXT("unix"));
	domain_xml_element(channel, "target", "type", "virtio", "name", GUEST_CHANNEL, NULL);
	return domain_xml_finish(doc, err);
}

bool domain_xml_is_ours(const char *xml)
{
	return count_nodes(xml, "/domain/description[text()='" DESCRIPTION "']") == 1;
}
