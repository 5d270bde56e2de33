/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * domain_xml_mark.c - domain_xml.h: the mark in a definition that a run has changed.
 *
 * It says whose the change is, for as long as it stands: so that the next run does not take the
 * definition that a killed one left for the user's own, and lose that for good. libvirt keeps one
 * element of each name space in <metadata> as it is.
 */
#include <stdio.h>
#include <string.h>

#include "virt/domain_xml_internal.h"

#define NAME_SPACE "urn:stalemate:run"

static xmlNode *metadata_of(const xmlDoc *doc)
{
	xmlNode *root = xmlDocGetRootElement(doc), *node = root ? root->children : NULL;

	while (node && (node->type != XML_ELEMENT_NODE ||
			strcmp((const char *)node->name, "metadata") != 0))
		node = node->next;
	return node;
}

static xmlNode *mark_in(const xmlNode *metadata)
{
	xmlNode *node = metadata ? metadata->children : NULL;

	while (node && (node->type != XML_ELEMENT_NODE || !node->ns ||
			strcmp((const char *)node->ns->href, NAME_SPACE) != 0))
		node = node->next;
	return node;
}

/* With the indentation in front of it. */
static void take_out(xmlNode *node)
{
	xmlNode *gap = node->prev;

	if (gap && xmlNodeIsText(gap)) {
		xmlUnlinkNode(gap);
		xmlFreeNode(gap);
	}
	xmlUnlinkNode(node);
	xmlFreeNode(node);
}

/* What stood in front of a node that was put last stands behind it as well: taken out with what is
 * in front of it, it leaves all as it was. */
static void close_gap(xmlNode *node)
{
	if (node->prev && xmlNodeIsText(node->prev))
		xmlAddNextSibling(node, xmlCopyNode(node->prev, 1));
}

int domain_xml_add_mark(xmlDoc *doc, const char *run)
{
	xmlNode *root = xmlDocGetRootElement(doc), *metadata, *mark;
	xmlNs *name_space;

	domain_xml_remove_mark(doc);
	metadata = metadata_of(doc);
	if (!metadata) {
		metadata = xmlNewChild(root, NULL, XML_TEXT("metadata"), NULL);
		if (metadata)
			close_gap(metadata);
	}
	mark = metadata ? xmlNewTextChild(metadata, NULL, XML_TEXT("run"), XML_TEXT(run)) : NULL;
	name_space = mark ? xmlNewNs(mark, XML_TEXT(NAME_SPACE), XML_TEXT("stalemate")) : NULL;
	if (!name_space)
		return -1;
	xmlSetNs(mark, name_space);
	close_gap(mark);
	return 0;
}

void domain_xml_remove_mark(xmlDoc *doc)
{
	xmlNode *metadata = metadata_of(doc), *mark = mark_in(metadata);

	if (mark)
		take_out(mark);
	/* one that is left empty may have been there, or not: that is all the same */
	if (metadata && !xmlFirstElementChild(metadata))
		take_out(metadata);
}

int domain_xml_mark(const char *xml, char *ret, size_t size, struct error *err)
{
	xmlDoc *doc = domain_xml_parse(xml, err);
	xmlNode *mark;
	xmlChar *text;

	if (!doc)
		return -1;
	mark = mark_in(metadata_of(doc));
	text = mark ? xmlNodeGetContent(mark) : NULL;
	snprintf(ret, size, "%s", text ? (const char *)text : "");
	xmlFree(text);
	xmlFreeDoc(doc);
	return mark ? 1 : 0;
}
