/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domain_xml_internal.h - what domain_xml*.c share; nobody else includes it. */
#ifndef VIRT_DOMAIN_XML_INTERNAL_H
#define VIRT_DOMAIN_XML_INTERNAL_H

#include <libxml/tree.h>

#include "virt/domain_xml.h"

#define XML_TEXT(text) ((const xmlChar *)(text))

/* To be freed with xmlFreeDoc; NULL with ERROR_WORLD. Nothing outside of the text is read. */
xmlDoc *domain_xml_parse(const char *xml, struct error *err);

/* domain_xml.c: a new document with its root, a child element with attributes (name, value, ...,
 * NULL), a child with a text; the document as text, which frees it (NULL with *err). */
xmlNode *domain_xml_document(const char *root, xmlDoc **ret);
xmlNode *domain_xml_element(xmlNode *parent, const char *name, ...) __attribute__((sentinel));
void domain_xml_text(xmlNode *parent, const char *name, const char *text);
char *domain_xml_finish(xmlDoc *doc, struct error *err);

/* domain_xml_mark.c. Add: in the place of one that is there; -1: out of memory. */
int domain_xml_add_mark(xmlDoc *doc, const char *run);
void domain_xml_remove_mark(xmlDoc *doc);

#endif
